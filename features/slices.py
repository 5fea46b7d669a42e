"""A slice of a panel: some rows and regions, with what windows need of the past and the neighbours.

Training asks for all rows and regions, scoring for one row, an update for a few cells. All three
read through here. What a window needs of the past is cut off before any arithmetic, and every
column is computed for itself, so all three get the same bits.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from data.calendar import months_to_periods
from data.errors import StateError
from data.panel import BASE_VARIABLES, Panel
from features.geography import Geography, Group
from features.members import Members
from features.spatial import Links, pick_rows, sum_by_country
from features.tempo import lag_rows
from features.windows import window_sums

Float32 = npt.NDArray[np.float32]
Int64 = npt.NDArray[np.int64]

_SHARED_MONTHS = 24


class PanelSlice:
    """Rows first_row … stop_row - 1 of some regions of a panel.

    Args:
        panel: The panel; only its periods before `stop_row` are read.
        first_row: First row that is wanted.
        stop_row: Row after the last that is wanted.
        geography: Geography of the panel.
        regions: Sorted positions of the wanted regions, shape (n_regions,); None for all.
    """

    def __init__(
        self,
        panel: Panel,
        first_row: int,
        stop_row: int,
        geography: Geography,
        regions: Int64 | None = None,
    ) -> None:
        self.panel = panel
        self.first = first_row
        self.stop = stop_row
        self.geography = geography
        self.is_whole = regions is None
        self.regions: Int64 = np.arange(len(panel.region_ids)) if regions is None else regions
        first, last = int(self.regions[0]), int(self.regions[-1])
        is_run = last - first + 1 == len(self.regions)
        # How the regions are indexed; a run of them is a view into the panel, not a copy.
        self.columns: slice | Int64 = slice(first, last + 1) if is_run else self.regions
        self._values: dict[tuple[str, int], Float32] = {}
        self._chains: dict[tuple[str, int], dict[int, Float32]] = {}
        self._national: dict[tuple[str, int], Float32] = {}
        self._links: dict[Group, tuple[Links, slice | Int64]] = {}

    @property
    def shape(self) -> tuple[int, int]:
        """Number of wanted rows and regions."""
        return self.stop - self.first, len(self.regions)

    def periods(self, months: int) -> int:
        """Returns a window of months in periods of the panel."""
        return months_to_periods(months, self.panel.step)

    def start(self, memory: int) -> int:
        """Returns the first row that wanted rows need to look back `memory` rows, own included."""
        return max(0, self.first - memory + 1)

    def values(self, variable: str, start: int) -> Float32:
        """Returns a variable from row `start` on, shape (stop - start, n_regions).

        A variable that only some sources supply is missing where the panel has none.

        Raises:
            StateError: The panel lacks a variable that every panel has.
        """
        key = (variable, start)
        if key not in self._values:
            self._values[key] = self.values_of(self.columns, variable, start)
        return self._values[key]

    def window_sum(
        self, variable: str, window: int, *, lag: int = 0, out: Float32 | None = None
    ) -> Float32:
        """Returns sums over the `window` periods that end `lag` periods before each wanted row."""
        if lag:
            start = self.start(window + lag)
            sums = window_sums(self.values(variable, start), window)
            return lag_rows(sums, lag)[self.first - start :]
        start = self.start(max(window, self.periods(_SHARED_MONTHS)))
        chain = self._chains.setdefault((variable, start), {})
        target = out if start == self.first else None
        sums = window_sums(self.values(variable, start), window, chain=chain, out=target)
        return sums[self.first - start :]

    def neighbours(self, variables: Sequence[str], start: int) -> Members:
        """Returns the neighbours of each region, with their values from row `start` on.

        Of several variables those of one follow on those of the other, as if they were periods.
        """
        matrix, members = self._linked("neighbours")
        values = [self.values_of(members, variable, start) for variable in variables]
        return Members.of(values[0] if len(values) == 1 else np.concatenate(values), matrix)

    def national(self, variable: str, start: int) -> Float32:
        """Returns a variable's sums by country, with what is held at country level.

        Shape (stop - start, n_countries); NaN where any region of the country is unknown.
        """
        key = (variable, start)
        if key not in self._national:
            by_country, starts = self.geography.by_country, self.geography.country_starts
            values = self.everywhere(start).values(variable, start)
            total = sum_by_country(values, by_country, starts)
            total += self.panel.country_values[variable][start : self.stop]
            self._national[key] = total
        return self._national[key]

    def nearby_mean(self, variable: str, window: int) -> Float32:
        """Returns the weighted mean of window sums over known regions nearby."""
        start = self.start(window)
        matrix, members = self._linked("nearby")
        sums = window_sums(self.values_of(members, variable, start), window)[self.first - start :]
        by_region = np.ascontiguousarray(sums.T)
        known = ~np.isnan(by_region)
        weighted = (matrix @ np.where(known, by_region, np.float32(0))).T
        weights = (matrix @ known.astype(np.float32)).T
        result = np.full(weighted.shape, np.nan, np.float32)
        return np.divide(weighted, weights, out=result, where=weights > 0)

    def everywhere(self, first_row: int) -> PanelSlice:
        """Returns the slice of all regions from another row on."""
        return PanelSlice(self.panel, first_row, self.stop, self.geography)

    def values_of(self, columns: slice | Int64, variable: str, start: int) -> Float32:
        """Returns `values` of any regions, whose shape takes the place of theirs."""
        held = self.panel.values.get(variable)
        if held is None:
            if variable in BASE_VARIABLES:
                raise StateError(f"The panel has no variable '{variable}'.")
            n_regions = len(self.panel.region_ids)
            nothing = np.broadcast_to(np.float32(np.nan), (self.stop - start, n_regions))
            return nothing[:, columns]
        rows: Float32 = held[start : self.stop]
        if isinstance(columns, slice):
            return rows[:, columns]
        # Every column is in range; `clip` only spares numpy a copy to be sure of it.
        return rows.take(columns, axis=1, mode="clip")

    def _linked(self, group: Group) -> tuple[Links, slice | Int64]:
        """Returns the links of the wanted regions, and the regions that its columns stand for."""
        if group not in self._links:
            links = self.geography.links(group)
            if self.is_whole:
                self._links[group] = links, slice(None)
            else:
                self._links[group] = pick_rows(links, self.regions)
        return self._links[group]
