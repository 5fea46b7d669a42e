"""Countries by the number that VIEWS gives them, its `country_id`; not the Gleditsch-Ward number.

After `countries.csv` in the repository of the VIEWS prediction challenge
(https://github.com/prio-data/prediction_competition_2023). A country whose borders changed has a
number for each shape; where that table does not say which is in force, the country is left out.
"""

from __future__ import annotations

from data.errors import UsageError

_TABLE = """
AFG:133 AGO:165 ALB:82 AND:68 ARE:132 ARG:7 ARM:125 ATG:35 AUS:177 AUT:97 AZE:126 BDI:155
BEL:104 BEN:74 BFA:47 BGD:138 BGR:89 BHR:127 BHS:26 BIH:83 BLR:110 BLZ:27 BOL:8 BRA:9 BRB:18
BRN:140 BTN:139 BWA:154 CAF:70 CAN:183 CHE:109 CHL:10 CHN:199 CIV:41 CMR:69 COD:167 COG:166
COL:28 COM:159 CPV:40 CRI:29 CUB:30 CYP:90 CZE:98 DEU:184 DJI:55 DMA:19 DNK:99 DOM:23 DZA:67
ECU:11 EGY:222 ERI:56 ESP:46 EST:111 ETH:57 FIN:112 FJI:168 FRA:105 FSM:153 GAB:169 GBR:39
GEO:92 GHA:42 GIN:48 GMB:54 GNB:49 GNQ:76 GRC:93 GRD:20 GTM:16 GUY:1 HND:32 HRV:84 HTI:24
HUN:100 IND:223 IRL:38 IRN:128 IRQ:60 ISL:37 ISR:218 ITA:85 JAM:25 JOR:62 JPN:142 KAZ:63 KEN:237
KGZ:134 KHM:147 KIR:77 KNA:36 KOR:146 KWT:129 LAO:148 LBN:94 LBR:43 LBY:213 LCA:21 LIE:106
LKA:121 LSO:160 LTU:114 LUX:107 LVA:113 MAR:243 MCO:72 MDA:115 MDG:172 MDV:118 MEX:17 MHL:152
MKD:86 MLI:50 MLT:87 MMR:149 MNE:231 MNG:58 MOZ:162 MRT:244 MUS:173 MWI:161 MYS:205 NAM:170
NER:78 NGA:79 NIC:33 NLD:108 NOR:64 NPL:135 NRU:178 NZL:171 OMN:119 PAK:136 PAN:34 PER:13
PHL:145 PLW:144 PNG:179 POL:101 PRK:143 PRT:45 PRY:12 QAT:130 ROU:116 RUS:65 RWA:156 SDN:245
SEN:52 SGP:206 SLB:180 SLE:53 SLV:31 SMR:88 SOM:120 SSD:246 STP:80 SUR:2 SVK:102 SVN:103 SWE:66
SWZ:164 SYC:174 SYR:220 TCD:214 TGO:81 THA:150 TJK:137 TKM:122 TLS:176 TON:6 TTO:3 TUN:73 TUR:96
TUV:181 TWN:198 UGA:235 UKR:117 URY:14 USA:234 UZB:123 VCT:22 VEN:4 VNM:151 VUT:182 WSM:5
XKX:232 ZMB:157 ZWE:158
"""

COUNTRY_IDS: dict[str, int] = {
    code: int(number) for code, number in (pair.split(":") for pair in _TABLE.split())
}
"""ISO 3166-1 alpha-3 code to `country_id`, for countries whose number is known without doubt."""

SEVERAL: dict[str, tuple[int, ...]] = {
    "IDN": (208, 209),
    "SAU": (131, 239),
    "SRB": (230, 233),
    "TZA": (236, 242),
    "YEM": (124, 240),
    "ZAF": (163, 192),
}
"""Countries with several numbers, of which the table does not say which is in force."""


def country_id(code: str) -> int:
    """Returns the number of a country.

    Args:
        code: ISO 3166-1 alpha-3 code.

    Raises:
        UsageError: It has none, or several.
    """
    if code in COUNTRY_IDS:
        return COUNTRY_IDS[code]
    if code in SEVERAL:
        numbers = " and ".join(str(number) for number in SEVERAL[code])
        raise UsageError(
            f"VIEWS has the numbers {numbers} for {code}, and which is in force is not known.",
            "Leave the country out of the set.",
        )
    raise UsageError(
        f"VIEWS has no number for {code}.", "Leave it out of the set: only states have one."
    )
