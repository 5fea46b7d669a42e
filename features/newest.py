"""The newest period: its indicators go on from what lies before it, which is kept.

A delivery of one day changes the newest period of a few regions. What windows, decays, times since
and thresholds take from the periods before is the same from one such delivery to the next, so it is
looked up once. All is added up in the order of a full build: the result has the same bits.
"""

from __future__ import annotations

from typing import Protocol

import numpy as np
import numpy.typing as npt

from data.panel import Panel
from features.decays import decayed_sums
from features.evaluation import Given, in_months
from features.geography import Geography
from features.measures import (
    CountrySum,
    EscalationThreshold,
    MonthsSince,
    NeighbourMax,
    NeighbourMean,
    NeighbourSum,
)
from features.neighbours import average_known
from features.outcomes import HISTORY_MONTHS, EscalationDefinition, thresholds_of
from features.plan import Needs, target_of
from features.since import LastRows
from features.slices import PanelSlice
from features.windows import SumsBefore

Float32 = npt.NDArray[np.float32]
Bools = npt.NDArray[np.bool_]


class NewestPeriod:
    """What the newest period of a panel goes on from, for some measures and all regions.

    It holds as long as nothing but the newest period changes.

    Args:
        panel: The panel.
        geography: Its geography.
        needs: The measures.
        horizon: Forecast horizon in periods.
        definition: What an escalation is.
    """

    def __init__(
        self,
        panel: Panel,
        geography: Geography,
        needs: Needs,
        horizon: int,
        definition: EscalationDefinition,
    ) -> None:
        past = PanelSlice(panel, 0, len(panel.periods) - 1, geography)
        self._parts: list[_Part] = []
        if needs.sums:
            self._parts.append(_Sums(past, needs))
        if needs.decays:
            self._parts.append(_Decays(past, needs))
        if needs.neighbours:
            self._parts.append(_Neighbours(past, needs))
        for place, one in enumerate(needs.measures):
            match one:
                case MonthsSince():
                    self._parts.append(_Since(past, one, place))
                case CountrySum():
                    self._parts.append(_National(past, one, place))
                case EscalationThreshold():
                    self._parts.append(_Threshold(past, horizon, definition, place))

    def fill(self, wanted: PanelSlice, found: Float32) -> Given:
        """Writes the measures that go on from the past, and returns what others are made of.

        Args:
            wanted: The newest period of some regions.
            found: Receives the measures, shape (n_measures, 1, n_regions).

        Returns:
            What need not be computed any more. The rest of the measures are left as they were.
        """
        given: Given = {}
        for part in self._parts:
            given |= part.fill(wanted, found)
        return given


class _Part(Protocol):
    def fill(self, wanted: PanelSlice, found: Float32) -> Given:
        """Writes some of the measures; see `NewestPeriod.fill`."""


class _Sums:
    """Window sums, of all variables side by side."""

    def __init__(self, past: PanelSlice, needs: Needs) -> None:
        self._variables = list(needs.sums)
        self._windows = sorted({window for windows in needs.sums.values() for window in windows})
        series = [past.values(variable, 0) for variable in self._variables]
        self._before = SumsBefore.in_rows(series, self._windows)
        all_of_them = [
            (place, self._windows.index(window), number, alike)
            for number, windows in enumerate(needs.sums.values())
            for window, (alike, place) in windows.items()
        ]
        self._wanted = np.array(
            [one[:3] for one in all_of_them if one[0] is not None], np.int64
        ).reshape(-1, 3)
        self._shared = [
            (measure, window, number)
            for _, window, number, alike in all_of_them
            for measure in alike
            if measure in needs.shared
        ]

    def fill(self, wanted: PanelSlice, found: Float32) -> Given:
        current = [wanted.values(variable, wanted.first) for variable in self._variables]
        by_window = self._before.of(wanted.regions).then(np.concatenate(current))
        sums = np.stack([by_window[window] for window in self._windows])
        places, windows, numbers = self._wanted.T
        found[places, 0] = sums[windows, numbers]
        return {
            measure: sums[window, number : number + 1] for measure, window, number in self._shared
        }


class _Decays:
    """Decayed sums."""

    def __init__(self, past: PanelSlice, needs: Needs) -> None:
        nothing = np.empty((0, past.shape[1]), np.float32)
        self._needs = needs
        self._before = {
            variable: decayed_sums(
                past.values(variable, 0), dict.fromkeys(half_lives, nothing), first_row=past.stop
            )
            for variable, half_lives in needs.decays.items()
        }

    def fill(self, wanted: PanelSlice, found: Float32) -> Given:
        given: Given = {}
        for variable, half_lives in self._needs.decays.items():
            targets = {}
            for half_life, (one, place) in half_lives.items():
                targets[half_life] = target = target_of(found, place, wanted)
                if one in self._needs.shared:
                    given[one] = target
            before = self._before[variable].of(wanted.columns)
            decayed_sums(wanted.values(variable, wanted.first), targets, first_row=0, before=before)
        return given


class _Since:
    """Months since, of one variable."""

    def __init__(self, past: PanelSlice, measure: MonthsSince, place: int) -> None:
        self._measure, self._place = measure, place
        self._last = LastRows.in_rows(past.values(measure.variable, 0))

    def fill(self, wanted: PanelSlice, found: Float32) -> Given:
        variable, cap = self._measure.variable, self._measure.cap_months
        current = wanted.values(variable, wanted.first)[0]
        last = self._last.of(wanted.columns)
        since = last.periods_since(current, wanted.first, wanted.periods(cap))
        found[self._place, 0] = in_months(since, cap, wanted.panel.step)
        return {self._measure: found[self._place]}


class _National:
    """One sum over a country."""

    def __init__(self, past: PanelSlice, measure: CountrySum, place: int) -> None:
        self._measure, self._place = measure, place
        window = past.periods(measure.months)
        by_country = past.national(measure.variable, max(0, past.stop - window))
        self._before = SumsBefore.in_rows([by_country], [window])

    def fill(self, wanted: PanelSlice, found: Float32) -> Given:
        current = wanted.national(self._measure.variable, wanted.first)
        sums = self._before.then(current)[wanted.periods(self._measure.months)][0]
        country_of = wanted.panel.country_of[wanted.columns]
        # Every country is in range; `clip` only spares numpy a copy to be sure of it.
        sums.take(country_of, out=found[self._place, 0], mode="clip")
        return {self._measure: found[self._place]}


class _Threshold:
    """The escalation threshold, from the deaths that it looks back on."""

    def __init__(
        self, past: PanelSlice, horizon: int, definition: EscalationDefinition, place: int
    ) -> None:
        self._horizon, self._definition, self._place = horizon, definition, place
        start = max(0, past.stop - past.periods(HISTORY_MONTHS) + 1)
        known = past.panel.known[start : past.stop]
        counted = np.where(known, past.values("deaths", start), np.nan)
        # Region by region in memory, as they are looked up.
        self._deaths = np.ascontiguousarray(counted.T, np.float64)

    def fill(self, wanted: PanelSlice, found: Float32) -> Given:
        current = wanted.values("deaths", wanted.first)
        known = wanted.panel.known[wanted.first : wanted.stop, wanted.columns]
        before = self._deaths[wanted.columns].T
        counted = np.concatenate([before, np.where(known, current, np.nan)])
        step = wanted.panel.step
        newest = thresholds_of(counted, self._horizon, self._definition, step)[-1]
        found[self._place, 0] = newest
        return {EscalationThreshold(): found[self._place]}


class _Neighbours:
    """Sums, averages and maxima over neighbours, of all variables side by side."""

    def __init__(self, past: PanelSlice, needs: Needs) -> None:
        self._wanted = [(one, past.periods(one.months), place) for one, place in needs.neighbours]
        self._variables = list(dict.fromkeys(one.variable for one, _ in needs.neighbours))
        maxima = {window for one, window, _ in self._wanted if isinstance(one, NeighbourMax)}
        series = [past.values(variable, 0) for variable in self._variables]
        self._of_members = SumsBefore.in_rows(series, maxima)
        windows = {window for _, window, _ in self._wanted}
        start = max(0, past.stop - max(windows))
        totals = [past.neighbours((one,), start).totals().series() for one in self._variables]
        by_kind = [series for kind in zip(*totals, strict=True) for series in kind]
        self._of_totals = SumsBefore.in_rows(by_kind, windows)

    def fill(self, wanted: PanelSlice, found: Float32) -> Given:
        members = wanted.geography.neighbour_table.take(wanted.regions, axis=1)
        is_member = members >= 0
        current = np.concatenate(
            [wanted.values_of(members, one, wanted.first) for one in self._variables]
        )
        current[:, ~is_member] = np.nan
        of_totals = self._of_totals.of(wanted.regions).then(_totals(current, is_member))
        of_members = self._of_members.of(members).then(current)
        n_variables = len(self._variables)
        for one, window, place in self._wanted:
            number, target = self._variables.index(one.variable), found[place, 0]
            total, of_all, n_known = of_totals[window][number::n_variables]
            match one:
                case NeighbourMean():
                    average_known(total, n_known, window, target)
                case NeighbourSum():
                    target[...] = of_all
                case NeighbourMax():
                    np.fmax.reduce(of_members[window][number], axis=0, out=target)
        return {}


def _totals(members: Float32, is_member: Bools) -> Float32:
    """Returns what `features.members.Totals.series` has for one period, kind after kind.

    Args:
        members: Values of the members of groups, shape (n_variables, n_ranks, n_groups), NaN where
            not known and where there is no such member.
        is_member: Where there is one, shape (n_ranks, n_groups).

    Returns:
        Shape (3 * n_variables, n_groups).
    """
    is_known = ~np.isnan(members)
    n_known = is_known.sum(axis=1, dtype=np.float32)
    counted = np.where(is_known, members, np.float32(0))
    total = counted[:, 0]
    # One after the other, as a matrix adds them up: the order decides the last bits.
    for rank in range(1, members.shape[1]):
        total += counted[:, rank]
    total[n_known == 0] = np.nan
    of_all = np.where(n_known == is_member.sum(axis=0), total, np.float32(np.nan))
    return np.concatenate([total, of_all, n_known])
