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
    if variable not in panel.values:
        return NAN
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


def first_in(panel: Panel, variable: str, row: int, region: int, window: int) -> float:
    before = total(panel, variable, row - 1, region, window)
    now = total(panel, variable, row, region, 1)
    return NAN if math.isnan(before + now) else float(now > 0 and before == 0)


def burstiness(panel: Panel, variable: str, row: int, region: int, window: int) -> float:
    if row - window + 1 < 0:
        return NAN
    counts = panel.values[variable][row - window + 1 : row + 1, region].astype(np.float64)
    mean, deviation = counts.mean(), counts.std()
    return (deviation - mean) / (deviation + mean) if mean > 0 else NAN


def record(panel: Panel, variable: str, row: int, region: int, window: int, month: int) -> float:
    now = round(total(panel, variable, row, region, month), 3)
    before = [
        round(total(panel, variable, row - age, region, month), 3) for age in range(1, window + 1)
    ]
    return NAN if math.isnan(now + sum(before)) else float(now > max(before))


def actor_counts(panel: Panel, region: int, first: int, last: int) -> dict[int, int]:
    activity, counts = panel.actors, {}
    for number in range(len(activity.actor)):
        if activity.region[number] == region and first <= activity.row[number] <= last:
            actor = int(activity.actor[number])
            counts[actor] = counts.get(actor, 0) + int(activity.n_events[number])
    return counts


def actor_measure(panel: Panel, kind: str, row: int, region: int, window: int) -> float:
    if math.isnan(total(panel, "events", row, region, window)):
        return NAN
    counts = actor_counts(panel, region, row - window + 1, row).values()
    if kind == "active":
        return len(counts)
    shares = [count / sum(counts) for count in counts]
    if not shares:
        return NAN
    return max(shares) if kind == "dominance" else -sum(p * math.log(p) for p in shares)


def km_between(first: np.ndarray, second: np.ndarray) -> float:
    """Haversine."""
    (lon_a, lat_a), (lon_b, lat_b) = np.radians(first), np.radians(second)
    half = math.sin((lat_b - lat_a) / 2) ** 2
    half += math.cos(lat_a) * math.cos(lat_b) * math.sin((lon_b - lon_a) / 2) ** 2
    return 2 * 6371.0088 * math.asin(math.sqrt(half))


def exposure(panel: Panel, variable: str, row: int, region: int, window: int) -> float:
    weighted = weights = 0.0
    for other in range(len(panel.region_ids)):
        km = km_between(panel.centres[region], panel.centres[other])
        value = total(panel, variable, row, other, window)
        if other != region and km <= 400 and not math.isnan(value):
            weighted += math.exp(-km / 100) * value
            weights += math.exp(-km / 100)
    return weighted / weights if weights else NAN


def front_km(panel: Panel, kind: str, row: int, region: int, window: int) -> float:
    country = panel.country_of[region]
    members = np.flatnonzero(panel.country_of == country)
    capital = panel.capitals[country]
    sums = [total(panel, "deaths", row, member, window) for member in members]
    if math.isnan(sum(sums)) or np.isnan(capital).any():
        return NAN
    if kind == "nearest":
        return min(
            (
                km_between(panel.centres[member], capital)
                for member, deaths in zip(members, sums, strict=True)
                if round(deaths, 3) >= 5
            ),
            default=NAN,
        )
    if sum(sums) == 0:
        return NAN
    lon, lat = np.radians(panel.centres[members]).T
    x, y, z = (
        float((np.array(sums) * part).sum())
        for part in (np.cos(lat) * np.cos(lon), np.cos(lat) * np.sin(lon), np.sin(lat))
    )
    centre = np.degrees([math.atan2(y, x), math.atan2(z, math.hypot(x, y))])
    return km_between(centre, capital)


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
        case measures.FirstIn(variable, months):
            return first_in(panel, variable, row, region, periods(months))
        case measures.PaceRatio(variable, short, long):
            scale = periods(long) / periods(short)
            short_sum = total(panel, variable, row, region, periods(short))
            return (short_sum * scale + 1) / (
                total(panel, variable, row, region, periods(long)) + 1
            )
        case measures.Burstiness(variable, months):
            return burstiness(panel, variable, row, region, periods(months))
        case measures.RecordHigh(variable, years):
            return record(panel, variable, row, region, periods(12 * years), periods(1))
        case measures.WindowShare(part, whole, months):
            whole_sum = total(panel, whole, row, region, periods(months))
            return (
                total(panel, part, row, region, periods(months)) / whole_sum
                if whole_sum > 0
                else NAN
            )
        case measures.LesserSum(first, second, months):
            one, two = (
                total(panel, name, row, region, periods(months)) for name in (first, second)
            )
            return NAN if math.isnan(one + two) else min(one, two)
        case measures.ActorMeasure(kind, months):
            return actor_measure(panel, kind, row, region, periods(months))
        case measures.ActorEntries(months, quiet_months):
            window, quiet = periods(months), periods(quiet_months)
            if math.isnan(total(panel, "events", row, region, window + quiet)):
                return NAN
            recent = actor_counts(panel, region, row - window + 1, row)
            before = actor_counts(panel, region, row - window - quiet + 1, row - window)
            return len(set(recent) - set(before))
        case measures.Exposure(variable, months):
            return exposure(panel, variable, row, region, periods(months))
        case measures.CapitalFront(kind, months, back):
            now = front_km(panel, kind, row, region, periods(months))
            if not back:
                return now
            before = row - periods(back)
            return front_km(panel, kind, before, region, periods(months)) - now
        case measures.FixedTrait("capital_km"):
            return km_between(panel.centres[region], panel.capitals[panel.country_of[region]])
        case measures.FixedTrait():
            country = panel.country_of
            return any(country[other] != country[region] for other in panel.neighbours[region])
        case measures.WentQuiet(variable, months):
            now = total(panel, variable, row, region, periods(months))
            before = total(panel, variable, row - periods(months), region, periods(months))
            return NAN if math.isnan(now + before) else float(now == 0 and before > 0)
        case measures.KnownValue(variable):
            return total(panel, variable, row, region, 1)
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


def test_every_kind_of_measure_has_a_reference(make_panel) -> None:
    """No kind can be declared without one: here it fails at once, whatever hypothesis draws."""
    panel = make_panel(n_periods=3, n_regions=2)
    for declared in CATALOGUE.values():
        reference(panel, declared.measure, 0, 0, 1)


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
    n_periods = 200 if step == "month" else 800
    matrices = [
        build_features(
            make_panel(
                n_periods=n_periods, n_regions=6, step=step, seed=4, density=density, unknown=False
            ),
            everything,
            DEFINITION,
            3,
        )
        for density in (0.005, 0.1)
    ]
    for column, name in enumerate(matrices[0].names):
        values = np.concatenate([matrix.raw[:, :, column] for matrix in matrices])
        is_fixed = name in ("is_border_region", "capital_distance")
        assert len(np.unique(values[np.isfinite(values)])) > (0 if is_fixed else 1), name
