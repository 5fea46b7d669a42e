"""Every indicator of the catalogue against a slow, obvious reference."""

from __future__ import annotations

import math
from datetime import timedelta

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from data.calendar import Step, months_to_periods, period_end, period_start
from data.panel import Panel
from features import measures
from features.build import build_features
from features.catalogue import CATALOGUE
from features.measures import Measure
from features.outcomes import EscalationDefinition, escalation_thresholds

NAN = math.nan
DEFINITION = EscalationDefinition()


def total(panel: Panel, variable: str, row: int, region: int, window: int) -> float:
    """Sum over the window, NaN if any period of it is not known."""
    result = 0.0
    for period in range(row - window + 1, row + 1):
        if period < 0:
            return NAN
        result += float(panel.values[variable][period, region])
    return result


def decayed(panel: Panel, variable: str, row: int, region: int, half_life: int) -> float:
    result = 0.0
    age = 0
    while age <= row and not math.isnan(panel.values[variable][row - age, region]):
        result += float(panel.values[variable][row - age, region]) * 0.5 ** (age / half_life)
        age += 1
    return result if age >= 3 * half_life else NAN


def months_since(panel: Panel, variable: str, row: int, region: int, cap_months: int) -> float:
    for age in range(months_to_periods(cap_months, panel.step)):
        value = float(panel.values[variable][row - age, region]) if age <= row else NAN
        if math.isnan(value):
            return NAN
        if value > 0:
            return min(age if panel.step == "month" else age * 7 / 30.4375, cap_months)
    return cap_months


def neighbour_mean(panel: Panel, variable: str, row: int, region: int, window: int) -> float:
    counted, n_known = 0.0, 0
    for period in range(row - window + 1, row + 1):
        if period < 0:
            return NAN
        near = [float(panel.values[variable][period, other]) for other in panel.neighbours[region]]
        known = [value for value in near if not math.isnan(value)]
        if not known:
            return NAN
        counted += sum(known)
        n_known += len(known)
    return window * counted / n_known


def country_total(panel: Panel, variable: str, row: int, region: int, window: int) -> float:
    country = panel.country_of[region]
    members = np.flatnonzero(panel.country_of == country)
    result = 0.0
    for period in range(row - window + 1, row + 1):
        if period < 0:
            return NAN
        result += float(panel.country_values[variable][period, country])
        result += sum(float(panel.values[variable][period, member]) for member in members)
    return result


def season(panel: Panel, row: int, part: str, horizon: int) -> float:
    origin = int(panel.periods[row])
    day, days = period_start(origin + 1, panel.step), []
    while day <= period_end(origin + horizon, panel.step):
        days.append(day)
        day += timedelta(days=1)
    if part == "june_september":
        return sum(6 <= one.month <= 9 for one in days) / len(days)
    middle = days[len(days) // 2]
    half_day = 0.5 if len(days) % 2 else 0.0
    year_days = 366 if middle.year % 4 == 0 else 365
    angle = 2 * math.pi * (middle.timetuple().tm_yday - 1 + half_day) / year_days
    return math.sin(angle) if part == "sine" else math.cos(angle)


def reference(panel: Panel, measure: Measure, row: int, region: int, horizon: int) -> float:
    def periods(months: int) -> int:
        return months_to_periods(months, panel.step)

    def threshold() -> float:
        known, deaths = panel.known, panel.values["deaths"]
        found = escalation_thresholds(deaths, known, horizon, DEFINITION, panel.step)
        return float(found[row, region])

    match measure:
        case measures.WindowSum(variable, months):
            return total(panel, variable, row, region, periods(months))
        case measures.DecayedSum(variable, half_life):
            return decayed(panel, variable, row, region, periods(half_life))
        case measures.MonthsSince(variable, cap):
            return months_since(panel, variable, row, region, cap)
        case measures.NeighbourMean(variable, months):
            return neighbour_mean(panel, variable, row, region, periods(months))
        case measures.NeighbourSum(variable, months):
            near = [
                total(panel, variable, row, other, periods(months))
                for other in panel.neighbours[region]
            ]
            return sum(near) if near else NAN
        case measures.NeighbourMax(variable, months):
            near = [
                total(panel, variable, row, other, periods(months))
                for other in panel.neighbours[region]
            ]
            return max((value for value in near if not math.isnan(value)), default=NAN)
        case measures.CountrySum(variable, months):
            return country_total(panel, variable, row, region, periods(months))
        case measures.EstimateGap(months):
            high = total(panel, "deaths_high", row, region, periods(months))
            gap = high - total(panel, "deaths_low", row, region, periods(months))
            return gap if math.isnan(gap) else max(gap, 0.0)
        case measures.CoarseShare(months):
            deaths = total(panel, "deaths", row, region, periods(months))
            coarse = total(panel, "deaths_coarse", row, region, periods(months))
            return coarse / deaths if deaths > 0 else NAN
        case measures.WindowSeason(part):
            return season(panel, row, part, horizon)
        case measures.EscalationThreshold():
            return threshold()
        case measures.ThresholdRatio(None):
            return (threshold() + 1) / (total(panel, "deaths", row, region, horizon) + 1)
        case measures.ThresholdRatio(months):
            pace = decayed(panel, "deaths", row, region, periods(months))
            pace *= 1 - 0.5 ** (1 / periods(months))
            return (threshold() + 1) / (horizon * pace + 1)
        case _:
            raise AssertionError(f"no reference for {measure}")


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(data=st.data())
def test_every_indicator_equals_its_slow_reference(panels, everything, data) -> None:
    panel = data.draw(panels)
    horizon = data.draw(st.sampled_from((1, 3, 6)))
    rows = {len(panel.periods) - 1, data.draw(st.integers(0, len(panel.periods) - 1))}
    matrix = build_features(panel, everything, DEFINITION, horizon)
    for column, name in enumerate(matrix.names):
        for row in rows:
            expected = [
                reference(panel, CATALOGUE[name].measure, row, region, horizon)
                for region in range(len(panel.region_ids))
            ]
            np.testing.assert_allclose(
                matrix.raw[row, :, column], expected, rtol=2e-5, atol=1e-3, err_msg=f"{name} {row}"
            )


@pytest.mark.parametrize("step", ["month", "week"])
def test_every_indicator_has_a_value_somewhere(make_panel, everything, step: Step) -> None:
    n_periods = 90 if step == "month" else 330
    panel = make_panel(n_periods=n_periods, n_regions=6, step=step, seed=4)
    matrix = build_features(panel, everything, DEFINITION, 3)
    for column, name in enumerate(matrix.names):
        values = matrix.raw[:, :, column]
        assert len(np.unique(values[np.isfinite(values)])) > 1, name
