"""The simulated world: a seeded, schematic Sahel whose truth is known.

Purpose: the default of the demo, and a yardstick for tests. Everything in it is invented; every
output made from it says so.

Owns the map, the process, its marks and how the world's source reports them. Does not own the
delivery of those reports (`data.sources.simulated`).
May import: `data.calendar`, `data.errors`, `data.events`, `data.regions`; numpy, pandas, scipy,
shapely.
Invariants: the same seed gives the same world; a world to a later day has, bit for bit, the same
earlier events, because every month draws from its own generator.

Where to go:
    shapes, names, countries          schematic_map.py
    what drives violence              process.py
    events and deaths per operation   deaths.py
    towns, districts, centroids       places.py
    day, place, actors of an event    marks.py
    what is reported when             reports.py
    putting it together               world.py
    the true probability of a sum     truth.py
"""

from __future__ import annotations

from data.simulate.reports import reports_as_known
from data.simulate.schematic_map import SCHEMATIC_COUNTRIES
from data.simulate.truth import draw_future_deaths, true_exceedance_probability
from data.simulate.world import FIRST_DAY, World, simulate_world

__all__ = [
    "FIRST_DAY",
    "SCHEMATIC_COUNTRIES",
    "World",
    "draw_future_deaths",
    "reports_as_known",
    "simulate_world",
    "true_exceedance_probability",
]
