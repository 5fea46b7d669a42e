"""Evaluation: from measures to numbers, for the rows that are wanted and no more.

A measure with a bounded past is computed on the panel cut to that past, a decay on the whole past.
Training asks for all rows, scoring for one; both run through the same lines, and since no sum
depends on anything outside its window, both get the same bits.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, TypeAlias, assert_never

import numpy as np
import numpy.typing as npt
from scipy import sparse

from data.calendar import months_to_periods
from data.errors import StateError
from data.panel import Panel
from features.measures import (
    CoarseShare,
    CountrySum,
    DecayedSum,
    EscalationThreshold,
    EstimateGap,
    HorizonSum,
    Measure,
    MonthsSince,
    NeighbourMax,
    NeighbourMean,
    NeighbourSum,
    ThresholdRatio,
    WindowSeason,
    WindowSum,
)
from features.outcomes import HISTORY_MONTHS, EscalationDefinition, escalation_thresholds
from features.season import june_september_shares, season_cosines, season_sines
from features.spatial import Totals, group_matrix, group_maxima, sum_by_group
from features.temporal import decay_factor, decayed_sums, periods_since, window_sums

Float32 = npt.NDArray[np.float32]
Group: TypeAlias = Literal["neighbours", "countries"]

_MONTHS_PER_PERIOD = {"month": np.float32(1), "week": np.float32(7 / 30.4375)}


class Evaluation:
    """Measures of one panel for the rows first_row … stop_row - 1.

    Args:
        panel: The panel; only its periods before `stop_row` are read.
        first_row: First row that is wanted.
        stop_row: Row after the last that is wanted.
        horizon: Forecast horizon in periods.
        definition: What an escalation is.
    """

    def __init__(
        self,
        panel: Panel,
        first_row: int,
        stop_row: int,
        horizon: int,
        definition: EscalationDefinition,
    ) -> None:
        self._panel = panel
        self._first = first_row
        self._stop = stop_row
        self._horizon = horizon
        self._definition = definition
        self._rows: dict[Measure, Float32] = {}
        self._totals: dict[tuple[Group, str, int], Totals] = {}
        self._matrices: dict[Group, sparse.csr_array] = {}
        self._chain: tuple[tuple[str, int], dict[int, Float32]] = (("", 0), {})

    def rows(self, measure: Measure, out: Float32 | None = None) -> Float32:
        """Returns the measure in natural units, shape (stop_row - first_row, n_regions).

        Args:
            measure: What to compute.
            out: Array that receives the result and is returned.

        Raises:
            StateError: The panel lacks a variable that the measure needs.
        """
        if measure not in self._rows:
            self._rows[measure] = self._compute(measure, out)
        result = self._rows[measure]
        if out is None or result is out:
            return result
        np.copyto(out, result)
        self._rows[measure] = out
        return out

    def _compute(self, measure: Measure, out: Float32 | None) -> Float32:
        match measure:
            case WindowSum(variable, months):
                return self._own_window_sum(variable, self._periods(months), out)
            case HorizonSum():
                return self._own_window_sum("deaths", self._horizon, out)
            case DecayedSum(variable, half_life):
                values = self._values(variable, 0)
                return decayed_sums(
                    values, self._periods(half_life), first_row=self._first, out=out
                )
            case MonthsSince(variable, cap):
                return self._months_since(variable, cap)
            case NeighbourMean(variable, months):
                return self._neighbour_mean(variable, self._periods(months), out)
            case NeighbourSum(variable, months):
                start = self._start(window := self._periods(months))
                totals = self._sum_over("neighbours", variable, start).of_all()
                return self._window_sum(f"all neighbours' {variable}", totals, start, window, out)
            case NeighbourMax(variable, months):
                own = self.rows(WindowSum(variable, months))
                return group_maxima(own, self._matrix("neighbours"))
            case CountrySum(variable, months):
                return self._country_sum(variable, self._periods(months))
            case EstimateGap(months):
                high = self.rows(WindowSum("deaths_high", months))
                gap = np.subtract(high, self.rows(WindowSum("deaths_low", months)), out=out)
                return np.maximum(gap, 0, out=gap)
            case CoarseShare(months):
                return self._coarse_share(months)
            case WindowSeason():
                return self._season(measure)
            case EscalationThreshold():
                return self._threshold()
            case ThresholdRatio(half_life_or_none):
                return self._threshold_ratio(half_life_or_none)
            case _:
                assert_never(measure)

    def _periods(self, months: int) -> int:
        return months_to_periods(months, self._panel.step)

    def _start(self, memory: int) -> int:
        """Returns the first row that rows from `first_row` on need to look back `memory` rows."""
        return max(0, self._first - memory + 1)

    def _values(self, variable: str, start: int) -> Float32:
        if variable not in self._panel.values:
            raise StateError(f"The panel has no variable '{variable}'.")
        return self._panel.values[variable][start : self._stop]

    def _own_window_sum(self, variable: str, window: int, out: Float32 | None) -> Float32:
        start = self._start(window)
        return self._window_sum(variable, self._values(variable, start), start, window, out)

    def _window_sum(
        self, name: str, values: Float32, start: int, window: int, out: Float32 | None
    ) -> Float32:
        """Returns the wanted rows of a window sum; sums of the series last used are kept."""
        if self._chain[0] != (name, start):
            self._chain = ((name, start), {})
        target = out if start == self._first else None
        return window_sums(values, window, chain=self._chain[1], out=target)[self._first - start :]

    def _months_since(self, variable: str, cap_months: int) -> Float32:
        cap = self._periods(cap_months)
        start = self._start(cap)
        months = periods_since(self._values(variable, start), cap)[self._first - start :]
        months *= _MONTHS_PER_PERIOD[self._panel.step]
        return np.minimum(months, cap_months, out=months)

    def _matrix(self, group: Group) -> sparse.csr_array:
        if group not in self._matrices:
            panel = self._panel
            members: Sequence[Sequence[int]] = panel.neighbours
            if group == "countries":
                countries = range(len(panel.countries))
                members = [np.flatnonzero(panel.country_of == one).tolist() for one in countries]
            self._matrices[group] = group_matrix(members, len(panel.region_ids))
        return self._matrices[group]

    def _sum_over(self, group: Group, variable: str, start: int) -> Totals:
        key = (group, variable, start)
        if key not in self._totals:
            self._totals[key] = sum_by_group(self._values(variable, start), self._matrix(group))
        return self._totals[key]

    def _neighbour_mean(self, variable: str, window: int, out: Float32 | None) -> Float32:
        start = self._start(window)
        totals = self._sum_over("neighbours", variable, start)
        name = f"known neighbours' {variable}"
        total = self._window_sum(name, totals.total, start, window, None)
        if totals.is_complete:
            n_known = totals.n_members
        else:
            # Per period: where all are known this is exactly their number, as above.
            n_known = window_sums(totals.n_known, window)[self._first - start :]
            n_known = n_known / np.float32(window)
        # Without a known neighbour the total is NaN, and so is its quotient.
        return np.divide(total, np.maximum(n_known, np.float32(1 / window)), out=out)

    def _country_sum(self, variable: str, window: int) -> Float32:
        start = self._start(window)
        held = self._panel.country_values[variable][start : self._stop]
        total = self._sum_over("countries", variable, start).of_all() + held
        by_country = window_sums(total, window)[self._first - start :]
        return np.take(by_country, self._panel.country_of, axis=1)

    def _coarse_share(self, months: int) -> Float32:
        coarse = self.rows(WindowSum("deaths_coarse", months))
        deaths = self.rows(WindowSum("deaths", months))
        share = np.full_like(deaths, np.nan)
        return np.divide(coarse, deaths, out=share, where=deaths > 0)

    def _season(self, measure: WindowSeason) -> Float32:
        build = {
            "sine": season_sines,
            "cosine": season_cosines,
            "june_september": june_september_shares,
        }[measure.part]
        periods = self._panel.periods[self._first : self._stop]
        by_period = build(periods, self._horizon, self._panel.step)
        return np.broadcast_to(by_period[:, None], (len(periods), len(self._panel.region_ids)))

    def _threshold(self) -> Float32:
        start = self._start(self._periods(HISTORY_MONTHS))
        thresholds = escalation_thresholds(
            self._values("deaths", start),
            self._panel.known[start : self._stop],
            self._horizon,
            self._definition,
            self._panel.step,
        )
        return thresholds[self._first - start :].astype(np.float32)

    def _threshold_ratio(self, half_life_months: int | None) -> Float32:
        threshold = self.rows(EscalationThreshold())
        if half_life_months is None:
            return (threshold + 1) / (self.rows(HorizonSum()) + 1)
        weight = 1 - decay_factor(self._periods(half_life_months))
        pace = self.rows(DecayedSum("deaths", half_life_months)) * np.float32(weight)
        return (threshold + 1) / (pace * np.float32(self._horizon) + 1)
