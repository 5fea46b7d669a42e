"""The panel: what was known on one day, as dense arrays per region and period.

Does not own which region an event falls in (`data.placement`), nor what was known (`data.store`).

Where to go:
    what a panel holds        arrays.py
    reading what was known    reading.py
    counting                  assembly.py
    what an event adds, when  weights.py
    which periods are known   known.py; which were the newest, since when: newest.py
    details, coded kinds      details.py, kinds.py
    counts in place of events counts.py
    what others observe       observed.py; known from when: observed_spells.py, observed_series.py
    markers                   markers.py
"""

from data.panel.arrays import BASE_VARIABLES, REPORTED_VARIABLES, Panel
from data.panel.assembly import assemble_counts, assemble_panel
from data.panel.newest import FirstKnown, find_origins
from data.panel.reading import build_panel

__all__ = [
    "BASE_VARIABLES",
    "REPORTED_VARIABLES",
    "FirstKnown",
    "Panel",
    "assemble_counts",
    "assemble_panel",
    "build_panel",
    "find_origins",
]
