"""Counts per area and month as the base of a panel, for a desk that has no events.

Owns which sources can stand in for events, which of their quantities means which base variable,
and for which region sets they can. Does not own how counts of areas become counts of regions
(`data.panel.observed`). What no count tells (kinds of fighting, ranges, actors, precision) is NaN.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd

from data.errors import UsageError
from data.panel.observed import ObservedVariable, arrange, place_spells
from data.panel.observed_spells import known_throughout
from data.regions import RegionSet
from data.sources.registry import SOURCES

COUNTED: dict[str, dict[str, str]] = {
    "hapi": {
        "events": "events_political_violence",
        "deaths": "fatalities_political_violence",
        "events_one_sided": "events_civilian_targeting",
        "deaths_one_sided": "fatalities_civilian_targeting",
    }
}
"""Source to base variable to the quantity of `data.observation.QUANTITIES` that it is made of.

Each is one quantity: kinds that overlap are never added up. Demonstrations are no violence of
which a forecast speaks; they are an indicator of context.
"""

NEEDED = ("events", "deaths")
"""A region's month is known if the source tells of it both of these."""


def require_countable(region_set: RegionSet) -> None:
    """Does nothing if the source of a set tells of events, or of counts that fit its regions.

    Raises:
        UsageError: It tells of neither, or its counts are of other areas or longer periods.
    """
    source = SOURCES.get(region_set.source)
    if source is None or source.kind == "events":
        return
    if source.name not in COUNTED:
        raise UsageError(
            f"'{source.name}' delivers {source.kind}: no panel can be built from them.",
            f"Use a source of events, or of counts ({', '.join(COUNTED)}).",
        )
    if region_set.step != "month":
        raise UsageError(
            f"'{source.name}' counts by month: '{region_set.name}' cannot go by "
            f"{region_set.step} with it.",
            "Use --step month, or a source of events.",
        )
    if region_set.kind == "priogrid":
        raise UsageError(
            f"'{source.name}' counts by administrative area: '{region_set.name}' is a grid.",
            "Use administrative areas with P-codes, or a source of events.",
        )


def count_regions(
    observations: pd.DataFrame, region_set: RegionSet, periods: npt.NDArray[np.int64]
) -> dict[str, npt.NDArray[np.float32]]:
    """Returns the base variables that counts tell of, shape (n_periods, n_regions) each.

    NaN where the source tells nothing: it is not taken for none.

    Args:
        observations: Columns `data.observation.OBSERVATION_COLUMNS`, of the set's source.
        region_set: The regions; identifiers are P-codes.
        periods: Consecutive ordinals, shape (n_periods,).
    """
    spells = known_throughout(observations)
    return {
        variable: arrange(
            place_spells(spells[spells["indicator"] == quantity], region_set),
            ObservedVariable(quantity, "flow", "sum"),
            region_set,
            periods,
        )
        for variable, quantity in COUNTED[region_set.source].items()
    }
