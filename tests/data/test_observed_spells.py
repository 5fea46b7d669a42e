"""A row sees what counts as known at the end of its period: against slow loops over versions."""

from __future__ import annotations

from datetime import date
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely.geometry import box

from data.calendar import (
    from_epoch_day,
    months_to_periods,
    period_end,
    period_of,
    period_start,
    to_epoch_day,
)
from data.observation import KNOWN_OBSERVATION_COLUMNS, QUANTITIES
from data.panel.observed import OBSERVED, arrange, place_spells
from data.panel.observed_spells import spells_of
from data.regions import Region, RegionSet

FIRST = date(2018, 1, 1)
NAN = float("nan")
Version = dict[str, Any]


def make_set(step: str) -> RegionSet:
    regions = (("ML01", "MLI", 0), ("ML02", "MLI", 1), ("NE001", "NER", 2))
    return RegionSet(
        name="areas",
        kind="admin1",
        step=step,
        source="ged",
        is_schematic=True,
        attribution="",
        regions=tuple(Region(code, code, own, box(x, 0, x + 1, 1)) for code, own, x in regions),
        neighbours=((1,), (0, 2), (1,)),
    )


def version(quantity: str, key: str, place: str, start: date, end: date, **more: Any) -> Version:
    row = {"indicator": quantity, "observation_key": key, "place": place, "item": ""}
    row |= {"country": "NER" if place.startswith("NE") else "MLI"}
    row |= {"latitude": NAN, "longitude": NAN, "value": 1.0}
    days = {"date_start": to_epoch_day(start), "date_end": to_epoch_day(end)}
    known = to_epoch_day(more.pop("known"))
    return {**row, **days, "date_known": known, **more}


def arrange_versions(versions: list[Version], variable: str, step: str, periods) -> np.ndarray:
    table = pd.DataFrame(versions, columns=list(KNOWN_OBSERVATION_COLUMNS))
    spells = spells_of(table.astype(KNOWN_OBSERVATION_COLUMNS))
    region_set = make_set(step)
    return arrange(place_spells(spells, region_set), OBSERVED[variable], region_set, periods)


def known_on(versions: list[Version], day: int) -> list[Version]:
    """The rule, version by version."""
    followed_from: dict[str, int] = {}
    for one in versions:
        earliest = followed_from.get(one["country"], one["date_known"])
        followed_from[one["country"]] = min(earliest, one["date_known"])
    found: dict[str, Version] = {}
    for one in sorted(versions, key=lambda one: one["date_known"]):
        quantity = QUANTITIES[one["indicator"]]
        out = one["date_start" if quantity.is_out_at_start else "date_end"] + quantity.lag_days
        if day >= followed_from[one["country"]]:
            if one["date_known"] <= day:
                found[one["observation_key"]] = one
        else:
            # The first version, which is out or not: a later one is never looked at.
            found.setdefault(one["observation_key"], one | {"is_out": out <= day})
    return [one for one in found.values() if one.get("is_out", True)]


def window_days(variable: str, period: int, step: str) -> range:
    observed = OBSERVED[variable]
    n_periods = months_to_periods(observed.months, step)
    late = 1 if step == "month" else -(-(28 + observed.figure_days) // 7)
    first, last = period - late - n_periods + 1, period - late
    days = to_epoch_day(period_start(first, step)), to_epoch_day(period_end(last, step))
    return range(days[0], days[1] + 1)


def slow_flow(known: list[Version], days: range) -> float:
    told: dict[str, dict[int, float]] = {}
    for one in known:
        length = one["date_end"] - one["date_start"] + 1
        for day in range(one["date_start"], one["date_end"] + 1):
            told.setdefault(one["place"], {})[day] = one["value"] / length
    for place in sorted({len(one) for one in told}):
        level = [own for name, own in told.items() if len(name) == place]
        pauses = any(day not in own for own in level for day in days if min(own) <= day <= max(own))
        if not pauses and all(any(day in own for own in level) for day in days):
            return sum(own.get(day, 0.0) for own in level for day in days)
    return NAN


def slow_points(known: list[Version], days: range, region: int, step: str) -> float:
    country = make_set(step).regions[region].country
    own = [one for one in known if one["country"] == country]
    told = {
        period_of(from_epoch_day(day), step)
        for one in own
        for day in range(one["date_start"], one["date_end"] + 1)
        if day in days
    }
    if told != {period_of(from_epoch_day(day), step) for day in days}:
        return NAN
    return sum(
        one["value"] / (one["date_end"] - one["date_start"] + 1)
        for one in own
        if int(one["longitude"]) == region
        for day in range(one["date_start"], one["date_end"] + 1)
        if day in days
    )


def slow_newest(known: list[Version], day: int, begins: str, longest_days: int) -> list[float]:
    series: dict[tuple[str, str], Version] = {}
    for one in sorted(known, key=lambda one: (one[begins], one["date_start"], one["date_end"])):
        if one[begins] <= day <= one["date_end"] + longest_days:
            series[one["place"], one["item"]] = one
    return [one["value"] for one in series.values()]


@st.composite
def deliveries(draw, figures: list[Version], *, days_may_change: bool = False) -> list[Version]:
    """Deliveries of a source on some days, each with a part of the figures, some of them new."""
    versions: list[Version] = []
    days = draw(st.lists(st.integers(20, 800), min_size=1, max_size=4, unique=True))
    for day in sorted(days):
        for figure in figures:
            ended = figure["date_end"] - to_epoch_day(FIRST)
            if ended < day and draw(st.booleans()):
                own = figure | {"value": float(draw(st.integers(0, 9)))}
                own["date_known"] = to_epoch_day(FIRST) + day
                if days_may_change:
                    own["date_end"] += draw(st.integers(0, 20))
                versions.append(own)
    return versions


def figures_of(quantity: str, places: tuple[str, ...], step: str, n: int, **more) -> list[Version]:
    start = period_of(FIRST, step)
    return [
        version(
            quantity,
            f"{place}/{item}/{number}",
            place,
            period_start(start + number, step),
            period_end(start + number, step),
            known=FIRST,
            item=item,
            **more,
        )
        for place in places
        for item in ("a", "b")[: more.pop("n_items", 1)]
        for number in range(n)
    ]


def periods_of_test(step: str) -> np.ndarray:
    first = period_of(FIRST, step)
    return np.arange(first, first + (24 if step == "month" else 104))


@settings(max_examples=20, deadline=None)
@given(data=st.data(), step=st.sampled_from(("month", "week")))
def test_sums_of_areas(data, step) -> None:
    places = ("ML01", "ML0201", "ML0202", "NE001")
    figures = figures_of("events_demonstration", places, "month", 14)
    versions = data.draw(deliveries(figures))
    if not versions:
        return
    periods, variable = periods_of_test(step), "monthly_demonstrations_3m"
    found = arrange_versions(versions, variable, step, periods)
    for row in range(0, len(periods), 1 if step == "month" else 5):
        period = int(periods[row])
        known = known_on(versions, to_epoch_day(period_end(period, step)))
        days = window_days(variable, period, step)
        for region, code in enumerate(("ML01", "ML02", "NE001")):
            own = [one for one in known if one["place"].startswith(code) or code == "NE001"]
            own = [one for one in own if (one["country"] == "NER") == (code == "NE001")]
            np.testing.assert_allclose(found[row, region], slow_flow(own, days), rtol=1e-5)


@settings(max_examples=20, deadline=None)
@given(data=st.data(), step=st.sampled_from(("month", "week")))
def test_sums_at_points(data, step) -> None:
    figures = []
    for number in range(data.draw(st.integers(1, 30))):
        start = from_epoch_day(to_epoch_day(FIRST) + data.draw(st.integers(0, 400)))
        x = data.draw(st.integers(0, 2))
        point = {"latitude": 0.5, "longitude": x + 0.5, "country": "NER" if x == 2 else "MLI"}
        figures.append(
            version(
                "displacements_by_conflict", str(number), "", start, start, known=FIRST, **point
            )
        )
    versions = data.draw(deliveries(figures, days_may_change=True))
    if not versions:
        return
    periods, variable = periods_of_test(step), "persons_displaced_3m"
    found = arrange_versions(versions, variable, step, periods)
    for row, period in enumerate(periods.tolist()):
        known = known_on(versions, to_epoch_day(period_end(period, step)))
        days = window_days(variable, period, step)
        for region in range(3):
            expected = slow_points(known, days, region, step)
            np.testing.assert_allclose(found[row, region], expected, rtol=1e-5)


@settings(max_examples=20, deadline=None)
@given(
    data=st.data(),
    step=st.sampled_from(("month", "week")),
    variable=st.sampled_from(("displaced_present", "people_in_food_crisis", "population")),
)
def test_newest_values_and_those_in_force(data, step, variable) -> None:
    observed = OBSERVED[variable]
    figures = figures_of(observed.quantity, ("ML01", "NE001"), "month", 14, n_items=2)
    versions = data.draw(deliveries(figures, days_may_change=True))
    if not versions:
        return
    periods = periods_of_test(step)
    found = arrange_versions(versions, variable, step, periods)
    begins = "date_end" if observed.rule == "newest" else "date_start"
    for row, period in enumerate(periods.tolist()):
        day = to_epoch_day(period_end(period, step))
        known = known_on(versions, day)
        for region, place in ((0, "ML01"), (2, "NE001")):
            own = [one for one in known if one["place"] == place]
            values = slow_newest(own, day, begins, observed.longest_days)
            np.testing.assert_allclose(found[row, region], sum(values) if values else NAN)


@settings(max_examples=20, deadline=None)
@given(data=st.data())
def test_prices_against_their_season(data) -> None:
    figures = [
        version("food_price", f"{item}/{year}-{month}", "", day, day, known=FIRST)
        | {"latitude": 0.5, "longitude": 0.5, "item": item}
        for item in ("millet", "rice", "salt")
        for year in range(2012, 2020)
        for month in (3, 4, 5)
        for day in [date(year, month, 15)]
    ]
    versions = [one | {"value": one["value"] + 1} for one in data.draw(deliveries(figures))]
    if not versions:
        return
    periods = periods_of_test("month")
    found = arrange_versions(versions, "food_price_anomaly", "month", periods)
    for row, period in enumerate(periods.tolist()):
        day = to_epoch_day(period_end(period, "month"))
        known = {(one["item"], one["date_end"]): one["value"] for one in known_on(versions, day)}
        rated: dict[str, float] = {}
        for (item, end), value in sorted(known.items()):
            own = from_epoch_day(end)
            before = [
                known.get((item, to_epoch_day(own.replace(year=own.year - years))))
                for years in range(1, 6)
            ]
            held = [one for one in before if one is not None]
            if len(held) >= 3 and end <= day <= end + 123:
                rated[item] = 100 * (value / np.mean(held) - 1)
        expected = np.median(list(rated.values())) if rated else NAN
        np.testing.assert_allclose(found[row, 0], expected, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("variable", OBSERVED)
@settings(max_examples=6, deadline=None)
@given(data=st.data())
def test_later_deliveries_change_no_row_that_had_one_of_its_own(variable, data) -> None:
    quantity = OBSERVED[variable].quantity
    at_points = quantity in ("displacements_by_conflict", "food_price")
    where = {"latitude": 0.5, "longitude": 0.5} if at_points else {}
    figures = figures_of(quantity, ("" if at_points else "ML01",), "month", 24, **where)
    versions = data.draw(deliveries(figures))
    if not versions:
        return
    periods = periods_of_test("month")
    ends = [to_epoch_day(period_end(int(one), "month")) for one in periods]
    followed_from = versions[0]["date_known"]
    for limit in {one["date_known"] for one in versions}:
        before = [one for one in versions if one["date_known"] <= limit]
        early = arrange_versions(before, variable, "month", periods)
        late = arrange_versions(versions, variable, "month", periods)
        rows = [row for row, end in enumerate(ends) if followed_from <= end <= limit]
        np.testing.assert_array_equal(early[rows], late[rows])
        # Nor does a number that is not out by the end of a row's period.
        row = data.draw(st.integers(0, len(ends) - 1))
        known = {
            (one["observation_key"], one["date_known"]) for one in known_on(versions, ends[row])
        }
        others = [
            one if (one["observation_key"], one["date_known"]) in known else one | {"value": 777.0}
            for one in versions
        ]
        again = arrange_versions(others, variable, "month", periods)
        np.testing.assert_array_equal(again[row], late[row])


def test_what_was_loaded_at_once_counts_from_its_lag_and_what_was_followed_from_its_day() -> None:
    loaded, next_day = date(2018, 6, 10), date(2018, 8, 20)
    span = {number: (date(2018, number, 1), date(2018, number, 28)) for number in range(1, 9)}
    versions = [
        version("displaced_persons", str(n), "ML01", *span[n], known=loaded, value=float(n))
        for n in range(1, 5)
    ]
    versions += [
        version("displaced_persons", str(n), "ML01", *span[n], known=next_day, value=10.0 * n)
        for n in (3, 5, 6, 7)
    ]
    found = arrange_versions(versions, "displaced_present", "month", periods_of_test("month")[:9])
    # January's figure is out on 25 February. Up to August the second delivery does not exist.
    np.testing.assert_array_equal(found[:, 0], [NAN, 1, 2, 3, 4, 4, 4, 70, 70])
    later = [replace_known(one, date(2019, 5, 1)) for one in versions]
    found = arrange_versions(later, "displaced_present", "month", periods_of_test("month")[:9])
    np.testing.assert_array_equal(found[:, 0], [NAN, 1, 2, 3, 4, 50, 60, 70, 70])


def replace_known(one: Version, day: date) -> Version:
    return one | {"date_known": to_epoch_day(day)}


def test_a_window_of_a_weekly_panel_ends_before_a_figure_that_straddles_its_end() -> None:
    for variable in ("monthly_demonstrations_3m", "rainfall_mm_3m"):
        quantity = OBSERVED[variable].quantity
        figures = figures_of(quantity, ("ML01",), "month", 14)
        if quantity == "rainfall_mm":
            figures = [
                version(quantity, str(day), "ML01", *span, known=FIRST)
                for day in range(0, 400, 10)
                for at in [to_epoch_day(FIRST) + day]
                for span in [(from_epoch_day(at), from_epoch_day(at + 9))]
            ]
        late = [replace_known(one, date(2020, 1, 1)) for one in figures]
        found = arrange_versions(late, variable, "week", periods_of_test("week")[25:50])
        assert np.isfinite(found[:, 0]).all()
