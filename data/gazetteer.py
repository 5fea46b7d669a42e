"""What analysts of a theatre name: capitals of countries, and groups whose contest is watched.

Pure data. A country or a source that is not listed has no capital or no rivals here, and what is
computed from them is then missing.
"""

from __future__ import annotations

from dataclasses import dataclass

CAPITALS: dict[str, tuple[float, float]] = {
    "AGO": (13.23, -8.84),
    "BDI": (29.92, -3.43),
    "BEN": (2.63, 6.50),
    "BFA": (-1.52, 12.37),
    "BWA": (25.91, -24.65),
    "CAF": (18.56, 4.36),
    "CIV": (-5.28, 6.82),
    "CMR": (11.52, 3.85),
    "COD": (15.31, -4.32),
    "COG": (15.28, -4.27),
    "CPV": (-23.51, 14.92),
    "DJI": (43.15, 11.59),
    "DZA": (3.06, 36.75),
    "EGY": (31.24, 30.04),
    "ERI": (38.93, 15.34),
    "ETH": (38.75, 9.02),
    "GAB": (9.45, 0.39),
    "GHA": (-0.19, 5.56),
    "GIN": (-13.71, 9.54),
    "GMB": (-16.58, 13.45),
    "GNB": (-15.60, 11.86),
    "GNQ": (8.78, 3.75),
    "KEN": (36.82, -1.29),
    "LBR": (-10.80, 6.30),
    "LBY": (13.19, 32.89),
    "LSO": (27.48, -29.32),
    "MAR": (-6.84, 34.02),
    "MDG": (47.52, -18.88),
    "MLI": (-8.00, 12.64),
    "MOZ": (32.58, -25.97),
    "MRT": (-15.98, 18.08),
    "MWI": (33.79, -13.97),
    "NAM": (17.08, -22.56),
    "NER": (2.11, 13.51),
    "NGA": (7.49, 9.06),
    "RWA": (30.06, -1.95),
    "SDN": (32.53, 15.59),
    "SEN": (-17.45, 14.69),
    "SLE": (-13.23, 8.48),
    "SOM": (45.34, 2.04),
    "SSD": (31.58, 4.85),
    "SWZ": (31.14, -26.31),
    "TCD": (15.04, 12.11),
    "TGO": (1.22, 6.14),
    "TUN": (10.18, 36.81),
    "TZA": (35.74, -6.17),
    "UGA": (32.58, 0.32),
    "ZAF": (28.19, -25.75),
    "ZMB": (28.28, -15.42),
    "ZWE": (31.05, -17.83),
}
"""Longitude and latitude of the seat of government by ISO alpha-3 code, degrees, WGS 84.

In Benin and Côte d'Ivoire the constitutional capital (Porto-Novo, Yamoussoukro)."""


@dataclass(frozen=True)
class Rivals:
    """Two groups of actors whose contest is watched, by their names in the table of actors.

    Attributes:
        first: The one, e.g. `jnim`.
        second: The other.
    """

    first: str
    second: str


RIVALS: dict[str, Rivals] = {
    "ged": Rivals("jnim", "islamic_state"),
    "acled": Rivals("jnim", "islamic_state"),
    "simulated": Rivals("dune_column", "northern_banner"),
}
"""Rivals by name of the event source."""
