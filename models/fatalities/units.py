"""Deaths by unit: the regions of a panel, or its countries with what is held at country level."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from data.calendar import Step
from data.panel import Panel
from models.metrics import Floats, Ints

By = Literal["region", "country"]


@dataclass(frozen=True)
class UnitSeries:
    """Deaths per period of each unit.

    Attributes:
        unit_ids: Identifiers, shape (n_units,).
        countries: Country of each unit, shape (n_units,).
        periods: Period ordinals, int64, shape (n_periods,).
        step: Calendar unit of a period.
        deaths: Float64, shape (n_periods, n_units), NaN where not known.
    """

    unit_ids: tuple[str, ...]
    countries: tuple[str, ...]
    periods: Ints
    step: Step
    deaths: Floats


def series_of(panel: Panel, by: By) -> UnitSeries:
    """Returns the deaths of a panel by unit.

    A country's deaths are those of its regions and those whose place within it is not known; they
    are known where all of its regions are.

    Args:
        panel: The panel.
        by: What a unit is.
    """
    deaths = np.where(panel.known, panel.values["deaths"], np.nan).astype(np.float64)
    countries = tuple(panel.countries[at] for at in panel.country_of)
    if by == "region":
        return UnitSeries(panel.region_ids, countries, panel.periods, panel.step, deaths)
    own = panel.country_values["deaths"].astype(np.float64)
    whole = np.stack(
        [
            deaths[:, panel.country_of == at].sum(axis=1) + own[:, at]
            for at in range(len(panel.countries))
        ],
        axis=1,
    )
    return UnitSeries(panel.countries, panel.countries, panel.periods, panel.step, whole)
