"""Evaluation: from measures to numbers, for the rows and regions that are wanted and no more.

A measure with a bounded past is computed on the panel cut to that past, a decay on the whole past.
"""

from __future__ import annotations

from typing import TypeAlias, assert_never

import numpy as np
import numpy.typing as npt

from data.calendar import Step
from features.actors import count_actors, count_entries
from features.decays import decay_factor, decayed_sums
from features.fronts import centroid_km, nearest_front_km
from features.measures import (
    ActorEntries,
    ActorMeasure,
    Burstiness,
    CapitalFront,
    CoarseShare,
    CountrySum,
    DecayedSum,
    EscalationThreshold,
    EstimateGap,
    Exposure,
    FirstIn,
    FixedTrait,
    HorizonSum,
    KnownValue,
    LesserSum,
    Measure,
    MonthsSince,
    NeighbourMax,
    NeighbourMean,
    NeighbourSum,
    PaceRatio,
    RecordHigh,
    ThresholdRatio,
    WentQuiet,
    WindowSeason,
    WindowShare,
    WindowSum,
)
from features.neighbours import fill_neighbours, neighbour_targets
from features.outcomes import (
    HISTORY_MONTHS,
    MEAN_MONTHS,
    EscalationDefinition,
    escalation_thresholds,
)
from features.runs import compute_in_runs
from features.season import june_september_shares, season_cosines, season_sines
from features.since import periods_since
from features.slices import PanelSlice
from features.tempo import (
    burstiness,
    first_in,
    is_record,
    lag_rows,
    pace_ratio,
    share_of,
    went_quiet,
)
from features.windows import window_sums

Float32 = npt.NDArray[np.float32]

Given: TypeAlias = dict[Measure, Float32]
"""Measures that are computed already, each of the shape of the slice."""

_MONTHS_PER_WEEK = np.float32(7 / 30.4375)


class Evaluation:
    """Measures of one slice of a panel.

    Args:
        wanted: Which rows and regions.
        horizon: Forecast horizon in periods.
        definition: What an escalation is.
        given: Measures that are computed already.
    """

    def __init__(
        self,
        wanted: PanelSlice,
        horizon: int,
        definition: EscalationDefinition,
        given: Given | None = None,
    ) -> None:
        self._slice = wanted
        self._horizon = horizon
        self._definition = definition
        self._rows: Given = dict(given or {})

    def rows(self, measure: Measure, out: Float32 | None = None) -> Float32:
        """Returns the measure in natural units, shape (n_rows, n_regions) of the slice.

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
        wanted = self._slice
        match measure:
            case WindowSum(variable, months):
                return wanted.window_sum(variable, wanted.periods(months), out=out)
            case HorizonSum():
                return wanted.window_sum("deaths", self._horizon, out=out)
            case DecayedSum(variable, half_life):
                decayed = self._new(out)
                targets = {wanted.periods(half_life): decayed}
                decayed_sums(wanted.values(variable, 0), targets, first_row=wanted.first)
                return decayed
            case MonthsSince(variable, cap):
                return self._months_since(variable, cap, out)
            case FirstIn(variable, months):
                window = wanted.periods(months)
                start = wanted.start(window + 1)
                found = first_in(wanted.values(variable, start), window)
                return found[wanted.first - start :]
            case PaceRatio(variable, short, long):
                short_sum = self.rows(WindowSum(variable, short))
                long_sum = self.rows(WindowSum(variable, long))
                windows = wanted.periods(short), wanted.periods(long)
                return pace_ratio(short_sum, long_sum, *windows)
            case Burstiness(variable, months):
                window = wanted.periods(months)
                start = wanted.start(window)
                return burstiness(wanted.values(variable, start), window)[wanted.first - start :]
            case RecordHigh(variable, years):
                month, window = wanted.periods(1), wanted.periods(12 * years)
                start = wanted.start(window + month)
                # Rounded, so that a tie does not hang on the last bit.
                sums = np.round(window_sums(wanted.values(variable, start), month), 3)
                return is_record(sums, window)[wanted.first - start :]
            case WindowShare(part, whole, months):
                whole_sum = self.rows(WindowSum(whole, months))
                part_sum = self.rows(WindowSum(part, months))
                return compute_in_runs(share_of, part_sum, whole_sum, out=out)
            case CoarseShare(months):
                coarse = self.rows(WindowSum("deaths_coarse", months))
                deaths = self.rows(WindowSum("deaths", months))
                return compute_in_runs(share_of, coarse, deaths, out=out)
            case EstimateGap(months):
                high = self.rows(WindowSum("deaths_high", months))
                low = self.rows(WindowSum("deaths_low", months))
                return compute_in_runs(_gap, high, low, out=out)
            case LesserSum(first, second, months):
                one = self.rows(WindowSum(first, months))
                return np.minimum(one, self.rows(WindowSum(second, months)), out=out)
            case ActorMeasure() | ActorEntries():
                return self._actors(measure)
            case WentQuiet(variable, months):
                window = wanted.periods(months)
                before = wanted.window_sum(variable, window, lag=window)
                return went_quiet(self.rows(WindowSum(variable, months)), before)
            case KnownValue(variable):
                return wanted.window_sum(variable, 1)
            case NeighbourMean() | NeighbourSum() | NeighbourMax():
                target = self._new(out)
                fill_neighbours(wanted, neighbour_targets({measure: target}, wanted.periods))
                return target
            case Exposure(variable, months):
                return wanted.nearby_mean(variable, wanted.periods(months))
            case CountrySum(variable, months):
                return self._country_sum(variable, wanted.periods(months), out)
            case CapitalFront():
                return self._front(measure)
            case FixedTrait(kind):
                by_region = getattr(wanted.geography, kind)[wanted.regions]
                return np.broadcast_to(by_region, wanted.shape)
            case WindowSeason():
                return self._season(measure)
            case EscalationThreshold():
                return self._threshold(out)
            case ThresholdRatio(half_life_or_none):
                return self._threshold_ratio(half_life_or_none, out)
            case _:
                assert_never(measure)

    def _new(self, out: Float32 | None) -> Float32:
        return np.empty(self._slice.shape, np.float32) if out is None else out

    def _months_since(self, variable: str, cap_months: int, out: Float32 | None) -> Float32:
        wanted = self._slice
        cap = wanted.periods(cap_months)
        start = wanted.start(cap)
        values, first_row = wanted.values(variable, start), wanted.first - start
        found = periods_since(values, cap, first_row=first_row, out=out)
        return in_months(found, cap_months, wanted.panel.step)

    def _actors(self, measure: ActorMeasure | ActorEntries) -> Float32:
        wanted = self._slice
        window = wanted.periods(measure.months)
        if isinstance(measure, ActorEntries):
            windows: tuple[int, ...] = (window, window + wanted.periods(measure.quiet_months))
        else:
            windows = (window,)
        activity = wanted.panel.actors
        if activity is None:
            return np.full(wanted.shape, np.nan, np.float32)
        counts = count_actors(activity, wanted.regions, wanted.first, wanted.stop, windows)
        match measure:
            case ActorEntries():
                result = count_entries(*counts)
            case ActorMeasure("active"):
                result = counts[0].active()
            case ActorMeasure("entropy"):
                result = counts[0].entropy()
            case ActorMeasure():
                result = counts[0].dominance()
        result[np.isnan(wanted.window_sum("events", max(windows)))] = np.nan
        return result

    def _country_sum(self, variable: str, window: int, out: Float32 | None) -> Float32:
        wanted = self._slice
        start = wanted.start(max(window, wanted.periods(MEAN_MONTHS)))
        by_country = window_sums(wanted.national(variable, start), window)[wanted.first - start :]
        # Every country is in range; `clip` only spares numpy a copy to be sure of it.
        countries = wanted.panel.country_of[wanted.regions]
        return np.take(by_country, countries, axis=1, out=out, mode="clip")

    def _front(self, measure: CapitalFront) -> Float32:
        wanted = self._slice
        back = wanted.periods(measure.back_months) if measure.back_months else 0
        first = wanted.start(back + 1)
        sums = wanted.everywhere(first).window_sum("deaths", wanted.periods(measure.months))
        find = {"centroid": centroid_km, "nearest": nearest_front_km}[measure.kind]
        km = find(sums, wanted.geography)
        if back:
            km = lag_rows(km, back) - km
        by_country = km[wanted.first - first :]
        return np.take(by_country, wanted.panel.country_of[wanted.regions], axis=1)

    def _season(self, measure: WindowSeason) -> Float32:
        wanted = self._slice
        build = {
            "sine": season_sines,
            "cosine": season_cosines,
            "june_september": june_september_shares,
        }[measure.part]
        periods = wanted.panel.periods[wanted.first : wanted.stop]
        by_period = build(periods, self._horizon, wanted.panel.step)
        return np.broadcast_to(by_period[:, None], wanted.shape)

    def _threshold(self, out: Float32 | None) -> Float32:
        wanted = self._slice
        start = wanted.start(wanted.periods(HISTORY_MONTHS))
        deaths = wanted.values("deaths", start)
        is_all = out is not None and start == wanted.first
        thresholds = escalation_thresholds(
            deaths,
            wanted.panel.known[start : wanted.stop, wanted.columns],
            self._horizon,
            self._definition,
            wanted.panel.step,
            out=out if is_all else np.empty(deaths.shape, np.float32),
        )
        return thresholds[wanted.first - start :]

    def _threshold_ratio(self, half_life_months: int | None, out: Float32 | None) -> Float32:
        wanted = self._slice
        threshold = self.rows(EscalationThreshold())
        if half_life_months is None:
            return compute_in_runs(_one_more_ratio, threshold, self.rows(HorizonSum()), out=out)
        weight = np.float32(1 - decay_factor(wanted.periods(half_life_months)))
        horizon = np.float32(self._horizon)

        def over_pace(threshold: Float32, decayed: Float32, *, out: Float32) -> None:
            _one_more_ratio(threshold, decayed * weight * horizon, out=out)

        decayed = self.rows(DecayedSum("deaths", half_life_months))
        return compute_in_runs(over_pace, threshold, decayed, out=out)


def in_months(periods: Float32, cap_months: int, step: Step) -> Float32:
    """Returns periods as months, at most so many; the array itself, changed if need be."""
    if step == "week":
        periods *= _MONTHS_PER_WEEK
        np.minimum(periods, cap_months, out=periods)
    return periods


def _gap(high: Float32, low: Float32, *, out: Float32) -> None:
    np.maximum(high - low, 0, out=out)


def _one_more_ratio(one: Float32, other: Float32, *, out: Float32) -> None:
    np.divide(one + np.float32(1), other + np.float32(1), out=out)
