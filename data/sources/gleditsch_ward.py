"""States by Gleditsch-Ward number, the `country_id` of UCDP data.

The list holds every independent state since 1989, microstates included, after Gleditsch & Ward
(1999), "A revised list of independent states since the Congress of Vienna", International
Interactions 25(4), doi:10.1080/03050629908434958. A state that is gone has the code that ISO
3166-3 keeps for it, so that its events are never mixed with those of a later state; Yugoslavia and
Yemen before 1990 count as the states that carry on their number. Kosovo has no ISO code; XKX is
the user-assigned one in general use.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from data.errors import UsageError


class State(NamedTuple):
    """One independent state.

    Attributes:
        number: Gleditsch-Ward number.
        iso3: ISO 3166-1 alpha-3 code.
        name: English short name.
    """

    number: int
    iso3: str
    name: str


_TABLE = """
2 USA United States
20 CAN Canada
31 BHS Bahamas
40 CUB Cuba
41 HTI Haiti
42 DOM Dominican Republic
51 JAM Jamaica
52 TTO Trinidad and Tobago
53 BRB Barbados
54 DMA Dominica
55 GRD Grenada
56 LCA Saint Lucia
57 VCT Saint Vincent and the Grenadines
58 ATG Antigua and Barbuda
60 KNA Saint Kitts and Nevis
70 MEX Mexico
80 BLZ Belize
90 GTM Guatemala
91 HND Honduras
92 SLV El Salvador
93 NIC Nicaragua
94 CRI Costa Rica
95 PAN Panama
100 COL Colombia
101 VEN Venezuela
110 GUY Guyana
115 SUR Suriname
130 ECU Ecuador
135 PER Peru
140 BRA Brazil
145 BOL Bolivia
150 PRY Paraguay
155 CHL Chile
160 ARG Argentina
165 URY Uruguay
200 GBR United Kingdom
205 IRL Ireland
210 NLD Netherlands
211 BEL Belgium
212 LUX Luxembourg
220 FRA France
221 MCO Monaco
223 LIE Liechtenstein
225 CHE Switzerland
230 ESP Spain
232 AND Andorra
235 PRT Portugal
260 DEU Germany
265 DDR German Democratic Republic
290 POL Poland
305 AUT Austria
310 HUN Hungary
315 CSK Czechoslovakia
316 CZE Czechia
317 SVK Slovakia
325 ITA Italy
331 SMR San Marino
338 MLT Malta
339 ALB Albania
340 SRB Serbia
341 MNE Montenegro
343 MKD North Macedonia
344 HRV Croatia
345 SRB Serbia (Yugoslavia)
346 BIH Bosnia and Herzegovina
347 XKX Kosovo
349 SVN Slovenia
350 GRC Greece
352 CYP Cyprus
355 BGR Bulgaria
359 MDA Moldova
360 ROU Romania
365 RUS Russia
366 EST Estonia
367 LVA Latvia
368 LTU Lithuania
369 UKR Ukraine
370 BLR Belarus
371 ARM Armenia
372 GEO Georgia
373 AZE Azerbaijan
375 FIN Finland
380 SWE Sweden
385 NOR Norway
390 DNK Denmark
395 ISL Iceland
402 CPV Cabo Verde
403 STP Sao Tome and Principe
404 GNB Guinea-Bissau
411 GNQ Equatorial Guinea
420 GMB Gambia
432 MLI Mali
433 SEN Senegal
434 BEN Benin
435 MRT Mauritania
436 NER Niger
437 CIV Côte d'Ivoire
438 GIN Guinea
439 BFA Burkina Faso
450 LBR Liberia
451 SLE Sierra Leone
452 GHA Ghana
461 TGO Togo
471 CMR Cameroon
475 NGA Nigeria
481 GAB Gabon
482 CAF Central African Republic
483 TCD Chad
484 COG Congo
490 COD Democratic Republic of the Congo
500 UGA Uganda
501 KEN Kenya
510 TZA Tanzania
516 BDI Burundi
517 RWA Rwanda
520 SOM Somalia
522 DJI Djibouti
530 ETH Ethiopia
531 ERI Eritrea
540 AGO Angola
541 MOZ Mozambique
551 ZMB Zambia
552 ZWE Zimbabwe
553 MWI Malawi
560 ZAF South Africa
565 NAM Namibia
570 LSO Lesotho
571 BWA Botswana
572 SWZ Eswatini
580 MDG Madagascar
581 COM Comoros
590 MUS Mauritius
591 SYC Seychelles
600 MAR Morocco
615 DZA Algeria
616 TUN Tunisia
620 LBY Libya
625 SDN Sudan
626 SSD South Sudan
630 IRN Iran
640 TUR Türkiye
645 IRQ Iraq
651 EGY Egypt
652 SYR Syria
660 LBN Lebanon
663 JOR Jordan
666 ISR Israel
670 SAU Saudi Arabia
678 YEM Yemen
680 YMD South Yemen
690 KWT Kuwait
692 BHR Bahrain
694 QAT Qatar
696 ARE United Arab Emirates
698 OMN Oman
700 AFG Afghanistan
701 TKM Turkmenistan
702 TJK Tajikistan
703 KGZ Kyrgyzstan
704 UZB Uzbekistan
705 KAZ Kazakhstan
710 CHN China
712 MNG Mongolia
713 TWN Taiwan
731 PRK North Korea
732 KOR South Korea
740 JPN Japan
750 IND India
760 BTN Bhutan
770 PAK Pakistan
771 BGD Bangladesh
775 MMR Myanmar
780 LKA Sri Lanka
781 MDV Maldives
790 NPL Nepal
800 THA Thailand
811 KHM Cambodia
812 LAO Laos
816 VNM Viet Nam
820 MYS Malaysia
830 SGP Singapore
835 BRN Brunei
840 PHL Philippines
850 IDN Indonesia
860 TLS Timor-Leste
900 AUS Australia
910 PNG Papua New Guinea
920 NZL New Zealand
935 VUT Vanuatu
940 SLB Solomon Islands
950 FJI Fiji
970 KIR Kiribati
971 NRU Nauru
972 TON Tonga
973 TUV Tuvalu
983 MHL Marshall Islands
986 PLW Palau
987 FSM Micronesia
990 WSM Samoa
"""


def _read_table() -> dict[int, State]:
    rows = (line.split(" ", 2) for line in _TABLE.strip().splitlines())
    return {int(number): State(int(number), iso3, name) for number, iso3, name in rows}


STATES: dict[int, State] = _read_table()
"""Gleditsch-Ward number to state."""


def parse_countries(text: str) -> tuple[str, ...]:
    """Returns the sorted ISO alpha-3 codes of a list such as `MLI,BFA,NER`.

    Raises:
        UsageError: One of them is no state of the list.
    """
    codes = {code.strip().upper() for code in text.split(",")}
    unknown = sorted(codes - {state.iso3 for state in STATES.values()})
    if unknown:
        raise UsageError(
            f"'{unknown[0]}' is no country code.", "Write ISO alpha-3 codes: MLI,BFA,NER."
        )
    return tuple(sorted(codes))


def numbers_of(countries: Iterable[str]) -> list[int]:
    """Returns the Gleditsch-Ward numbers of countries; a code may have had several states.

    Raises:
        UsageError: A code is no state of the list.
    """
    codes = parse_countries(",".join(countries))
    return [state.number for state in STATES.values() if state.iso3 in codes]
