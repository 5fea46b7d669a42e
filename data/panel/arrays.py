"""What a panel holds: dense arrays per region and period, and what is known of them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from functools import cached_property

import numpy as np
import numpy.typing as npt

from data.calendar import Step
from data.panel.details import ActorActivity
from data.panel.kinds import KINDS
from data.panel.markers import MARKED
from data.panel.observed import OBSERVED

BASE_VARIABLES: tuple[str, ...] = (
    "events",
    "events_state_based",
    "events_non_state",
    "events_one_sided",
    "deaths",
    "deaths_state_based",
    "deaths_non_state",
    "deaths_one_sided",
    "deaths_low",
    "deaths_high",
    "deaths_civilians",
    "deaths_coarse",
)

REPORTED_VARIABLES: tuple[str, ...] = (*KINDS, *OBSERVED, *MARKED)
"""Variables that a panel holds if a source supplies them, per region and period; else absent."""


@dataclass(frozen=True)
class Panel:
    """Dense arrays of base variables for one region set and one as-of.

    Attributes:
        region_set: Name of the region set.
        step: Calendar unit of a period.
        as_of: Knowledge limit: only records known on that day went in.
        data_cutoff: Last day that any delivery known at the as-of speaks for.
        region_ids: Identifiers, shape (n_regions,).
        periods: Consecutive period ordinals, int64, shape (n_periods,), the last being the last
            period that is complete at the as-of.
        values: Base variable to float32 array, shape (n_periods, n_regions): all of
            `BASE_VARIABLES`, those of `DETAIL_VARIABLES` (`data.panel.details`) and
            `REPORTED_VARIABLES` that a source supplies; persons or events per period, >= 0,
            NaN where not known; in `deaths_civilians` also NaN where the source does not say of
            every event.
        known: Bool, shape (n_periods, n_regions): the sources known at the as-of speak for the
            whole period and the region's country.
        countries: Sorted ISO alpha-3 codes, shape (n_countries,).
        country_of: Position in `countries` per region, int64, shape (n_regions,).
        country_values: `events` and `deaths` held at country level because no place within it is
            known, float32, shape (n_periods, n_countries).
        neighbours: For each region the positions of its neighbours.
        is_simulated: True if any delivery behind the panel is simulated.
        centres: Longitude and latitude of a point in the middle of each region, degrees, shape
            (n_regions, 2); None if not given.
        capitals: Longitude and latitude of each country's capital, degrees, shape
            (n_countries, 2), NaN where not given; None if no capital is given.
        actors: Who was active where and when; None if not known.
        actor_table: SHA-256 of the table of actors that named them; None without one.
        is_counted: True if the source tells only counts per area and month: what needs events is
            NaN throughout.
    """

    region_set: str
    step: Step
    as_of: date
    data_cutoff: date
    region_ids: tuple[str, ...]
    periods: npt.NDArray[np.int64]
    values: dict[str, npt.NDArray[np.float32]]
    known: npt.NDArray[np.bool_]
    countries: tuple[str, ...]
    country_of: npt.NDArray[np.int64]
    country_values: dict[str, npt.NDArray[np.float32]]
    neighbours: tuple[tuple[int, ...], ...]
    is_simulated: bool
    centres: npt.NDArray[np.float64] | None = None
    capitals: npt.NDArray[np.float64] | None = None
    actors: ActorActivity | None = None
    actor_table: str | None = None
    is_counted: bool = False

    # Asked for region by region, and the answer takes a look at the whole panel.
    @cached_property
    def origin(self) -> int:
        """The last period that is known in at least one region: what a forecast starts from."""
        known_periods = np.flatnonzero(self.known.any(axis=1))
        return int(self.periods[known_periods[-1]])
