"""Observations in the panel: sums by day, newest values, seasons, and nothing out of nothing."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely.geometry import box

from data.area_placement import find_regions_of_areas, find_regions_touched
from data.calendar import period_end, period_of, period_start, to_epoch_day
from data.database import Database
from data.errors import BadInput
from data.observation import OBSERVATION_COLUMNS, QUANTITIES, ObservationBatch
from data.panel import build_panel
from data.panel import observed as panel_observed
from data.panel.observed import OBSERVED, ObservedVariable
from data.panel.observed_spells import known_throughout
from data.regions import Region, RegionSet
from data.sources.own_observations import OWN_OBSERVATIONS, read_own_observations
from data.sources.registry import SOURCES
from data.store import append_observations

FIRST = date(2018, 1, 1)
REGIONS = (("ML01", "MLI", 0), ("ML02", "MLI", 1), ("NE001", "NER", 2))


def make_set(step: str = "month") -> RegionSet:
    return RegionSet(
        name="areas",
        kind="admin1",
        step=step,
        source="ged",
        is_schematic=True,
        attribution="",
        regions=tuple(
            Region(code, code, country, box(x, 0, x + 1, 1)) for code, country, x in REGIONS
        ),
        neighbours=((1,), (0, 2), (1,)),
    )


def table_of(quantity: str, *rows: dict[str, Any]) -> pd.DataFrame:
    filled = [
        {
            "observation_key": str(number),
            "indicator": quantity,
            "place": "",
            "country": "MLI",
            "latitude": np.nan,
            "longitude": np.nan,
            "value": 1.0,
            "item": "",
            **row,
            "date_start": to_epoch_day(row["start"]),
            "date_end": to_epoch_day(row.get("end", row["start"])),
        }
        for number, row in enumerate(rows)
    ]
    return pd.DataFrame(filled)[list(OBSERVATION_COLUMNS)].astype(OBSERVATION_COLUMNS)


def of_period(quantity: str) -> ObservedVariable:
    return ObservedVariable(quantity, "flow", "sum")


def arrange(
    table: pd.DataFrame, observed: ObservedVariable, region_set: RegionSet, periods: np.ndarray
) -> np.ndarray:
    """As all rows see it that know all there is."""
    placed = panel_observed.place_spells(known_throughout(table), region_set)
    return panel_observed.arrange(placed, observed, region_set, periods)


def months(n: int = 12) -> np.ndarray:
    return np.arange(period_of(FIRST, "month"), period_of(FIRST, "month") + n)


def month(number: int) -> dict[str, date]:
    here = int(months()[0]) + number
    return {"start": period_start(here, "month"), "end": period_end(here, "month")}


def test_areas_lie_in_the_region_whose_code_begins_theirs() -> None:
    places = ["ML01", "ML0102", "ML", "NE00103", "", "", "XX01", "ML010203", "BF01"]
    countries = ["MLI", "MLI", "MLI", "NER", "NER", "MLI", "MLI", "MLI", "BFA"]
    found = find_regions_of_areas(places, countries, make_set())
    assert found.tolist() == [0, 0, -1, 2, 2, -1, -1, 0, -1]


@pytest.mark.parametrize(
    ("place", "country", "expected"),
    [("", "MLI", [0, 1]), ("ML02", "MLI", [1]), ("ML0203", "MLI", [1]), ("ML", "MLI", [])],
)
def test_a_marker_touches_what_lies_in_its_area_or_holds_it(place, country, expected) -> None:
    assert find_regions_touched(place, country, make_set()) == expected


def test_a_flow_at_points_is_shared_out_by_day_and_zero_only_where_its_country_reports() -> None:
    table = table_of(
        "displacements_by_conflict",
        {
            "latitude": 0.5,
            "longitude": 0.5,
            "start": date(2018, 1, 22),
            "end": date(2018, 2, 10),
            "value": 200,
        },
        {"latitude": 0.5, "longitude": 1.5, "start": date(2018, 4, 5), "value": 7},
    )
    found = arrange(table, of_period("displacements_by_conflict"), make_set(), months(5))
    nan = np.nan
    np.testing.assert_allclose(
        found, [[100, 0, nan], [100, 0, nan], [nan, nan, nan], [0, 7, nan], [nan, nan, nan]]
    )


@settings(max_examples=40, deadline=None)
@given(data=st.data())
def test_a_flow_of_areas_equals_a_loop_over_days(data) -> None:
    step = data.draw(st.sampled_from(("month", "week")))
    region_set = make_set(step)
    rows = []
    for place in ("ML01", "ML0201", "ML0202"):
        day = FIRST + timedelta(days=data.draw(st.integers(-20, 40)))
        for _ in range(data.draw(st.integers(0, 12))):
            length = data.draw(st.integers(1, 25))
            last = day + timedelta(days=length - 1)
            if data.draw(st.integers(0, 4)):
                value = data.draw(st.integers(0, 50))
                rows.append({"place": place, "start": day, "end": last, "value": float(value)})
            day = last + timedelta(days=1)
    if not rows:
        return
    periods = np.arange(period_of(FIRST, step), period_of(FIRST, step) + 6)
    table = table_of("events_demonstration", *rows)
    found = arrange(table, of_period("events_demonstration"), region_set, periods)

    told: dict[str, dict[date, float]] = {}
    for one in rows:
        length = (one["end"] - one["start"]).days + 1
        for number in range(length):
            own = told.setdefault(one["place"], {})
            own[one["start"] + timedelta(days=number)] = one["value"] / length

    for row, ordinal in enumerate(periods.tolist()):
        first, last = period_start(ordinal, step), period_end(ordinal, step)
        days = [first + timedelta(days=n) for n in range((last - first).days + 1)]
        for region, code in enumerate(("ML01", "ML02")):
            places = [own for place, own in told.items() if place.startswith(code)]
            pauses = any(
                min(own) <= day <= max(own) and day not in own for own in places for day in days
            )
            is_whole = all(any(day in own for own in places) for day in days)
            total = sum(own.get(day, 0.0) for own in places for day in days)
            expected = total if is_whole and not pauses else np.nan
            np.testing.assert_allclose(found[row, region], expected, rtol=1e-5)
    assert np.isnan(found[:, 2]).all()


def test_the_newest_count_stands_until_it_is_too_old_and_places_add_up() -> None:
    table = table_of(
        "displaced_persons",
        {"place": "ML0101", "start": date(2018, 2, 10), "value": 100, "item": "north"},
        {"place": "ML0101", "start": date(2018, 5, 31), "value": 40, "item": "north"},
        {"place": "ML0102", "start": date(2018, 3, 1), "value": 9, "item": "north"},
        {"place": "ML0102", "start": date(2018, 3, 1), "value": 1, "item": "south"},
    )
    found = arrange(table, OBSERVED["displaced_present"], make_set(), months(19))[:, 0]
    expected = [np.nan, 100, 110, 110, 50, *[50] * 10, 40, 40, 40, np.nan]
    np.testing.assert_allclose(found, expected)


def test_the_figure_of_an_area_counts_before_those_of_its_parts() -> None:
    table = table_of(
        "displaced_persons",
        {"place": "ML01", "start": date(2018, 3, 1), "value": 500},
        {"place": "ML0101", "start": date(2018, 1, 1), "value": 100},
        {"place": "ML0101", "start": date(2018, 4, 1), "value": 120},
    )
    found = arrange(table, OBSERVED["displaced_present"], make_set(), months(4))[:, 0]
    assert found.tolist() == [100, 100, 500, 500]


def test_an_analysis_is_in_force_from_its_first_day_to_four_months_after_its_last() -> None:
    table = table_of(
        "share_in_phase_3_plus",
        {"place": "ML01", "start": date(2018, 3, 1), "end": date(2018, 5, 31), "value": 0.2},
        {"place": "ML01", "start": date(2018, 6, 1), "end": date(2018, 8, 31), "value": 0.3},
    )
    found = arrange(table, OBSERVED["food_crisis_share"], make_set(), months(13))[:, 0]
    expected = [np.nan] * 2 + [0.2] * 3 + [0.3] * 7 + [np.nan]
    np.testing.assert_allclose(found, expected, rtol=1e-6)


def test_prices_are_held_against_the_same_month_of_the_years_before() -> None:
    prices = {2013: 90, 2014: 100, 2015: 110, 2017: 100, 2018: 150}
    rows = [
        {"latitude": 0.5, "longitude": 0.5, "item": item, **span, "value": price * scale}
        for item, scale in (("millet", 1), ("rice", 7), ("salt", 2))
        for year, price in prices.items()
        for span in [{"start": date(year, 8, 1), "end": date(year, 8, 31)}]
    ]
    # Another month of the year and a young series say nothing of August.
    rows += [{**rows[0], "start": date(2018, 7, 1), "end": date(2018, 7, 31), "value": 9e9}]
    rows += [{**rows[4], "item": "oil", "value": 9e9}]
    found = arrange(
        table_of("food_price", *rows), OBSERVED["food_price_anomaly"], make_set(), months(12)
    )[:, 0]
    np.testing.assert_allclose(found, [np.nan] * 7 + [50] * 5, rtol=1e-5)


def test_rain_is_measured_against_its_norm() -> None:
    rows = [
        {
            "place": "ML02",
            "start": date(2018, 1, 1 + 10 * n),
            "end": date(2018, 1, 10 + 10 * n + n // 2),
            "value": value,
        }
        for n, value in enumerate((90, 130, 80))
    ]
    percent = table_of("rainfall_3_months_percent", *rows)
    found = arrange(percent, OBSERVED["rainfall_anomaly"], make_set(), months(3))
    np.testing.assert_allclose(found[:, 1], [-20, -20, -20])
    rain = ObservedVariable("rainfall_mm", "flow", "mean")
    total = arrange(table_of("rainfall_mm", *rows), rain, make_set(), months(2))
    np.testing.assert_allclose(total[:, 1], [300, np.nan])


def test_what_lies_in_no_region_makes_nothing() -> None:
    table = table_of("displaced_persons", {"country": "BFA", "place": "BF13", "start": FIRST})
    assert np.isnan(arrange(table, OBSERVED["displaced_present"], make_set(), months())).all()


def test_every_quantity_that_is_used_is_one_that_a_source_gives() -> None:
    for observed in OBSERVED.values():
        assert QUANTITIES[observed.quantity].source
        if observed.rule != "flow":
            assert observed.longest_days > 0


def test_own_observations(tmp_path: Path) -> None:
    path = tmp_path / "people.csv"
    path.write_text(
        "indicator,country,place,date,value\n"
        "population,ML,ML01,2015-01-01,1200\n"
        "population,NER,,2015-01-01,900\n"
        "poverty_rate,MLI,ML02,2015-01-01,\n"
        + "".join(f"travel_hours_to_city,MLI,ML02,20{n:02}-01-01,{n}\n" for n in range(1, 18))
        + "poverty_rate,MLI,ML02,2015-01-01,45\n"
    )
    batch = read_own_observations(path)
    assert [refusal.reason for refusal in batch.refusals] == ["bad_number"]
    assert batch.countries == ("MLI", "NER")
    people = batch.observations[batch.observations["indicator"] == "population"]
    found = arrange(people, OBSERVED["population"], make_set(), months(2))
    np.testing.assert_allclose(found, [[1200, np.nan, 900]] * 2)
    path.write_text("indicator,country,place,date,value\nhappiness,MLI,ML01,2015-01-01,3\n")
    with pytest.raises(BadInput, match="Own observations"):
        read_own_observations(path)
    assert SOURCES["own_observations"] is OWN_OBSERVATIONS


def test_a_panel_holds_what_was_observed_as_it_was_known(
    sqlite: Database, deliver, make_batch, squares: RegionSet
) -> None:
    deliver(sqlite, make_batch({}), "2022-01-15")
    counted = table_of("displaced_persons", {"place": "ML1", "start": date(2021, 6, 1), "value": 5})
    for day, value in ((16, 5.0), (18, 6.0)):
        with sqlite.write() as connection:
            append_observations(
                connection,
                ObservationBatch(counted.assign(value=value), (), 1),
                source=SOURCES["chirps"].__class__("dtm", "DTM", "x", "IOM", "", False, False),
                vintage=str(day),
                known_at=datetime(2022, 1, day, tzinfo=UTC),
                received_at=datetime(2022, 1, day, tzinfo=UTC),
                file_name="dtm.csv",
                sha256=f"{day:064x}",
            )
    with sqlite.read() as connection:
        panels = {day: build_panel(connection, squares, date(2022, 1, day)) for day in (15, 17, 18)}
    assert "displaced_present" not in panels[15].values
    # The first version is what a row of the past sees, whatever came later.
    for day in (17, 18):
        held = panels[day].values["displaced_present"]
        assert (held.dtype, held.shape) == (np.float32, panels[day].known.shape)
        np.testing.assert_array_equal(held[:, 0], [*[np.nan] * 5, *[5] * 7])
        assert np.isnan(held[:, 1:]).all()


def test_a_quantity_of_several_windows_is_placed_once(
    sqlite: Database, squares: RegionSet, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = [
        {"place": "ML1", "start": date(2021, month, 1), "end": date(2021, month, last)}
        for month, last in ((3, 31), (4, 30), (5, 31))
    ]
    told = table_of("displacements_by_conflict", *rows)
    with sqlite.write() as connection:
        append_observations(
            connection,
            ObservationBatch(told, (), len(rows)),
            source=SOURCES["idmc"],
            vintage="1",
            known_at=datetime(2022, 1, 16, tzinfo=UTC),
            received_at=datetime(2022, 1, 16, tzinfo=UTC),
            file_name="idmc.json",
            sha256="0" * 64,
        )
    placed = []

    def place_and_count(spells: pd.DataFrame, region_set: RegionSet) -> pd.DataFrame:
        placed.extend(spells["indicator"].unique().tolist())
        return place_spells(spells, region_set)

    place_spells = panel_observed.place_spells
    monkeypatch.setattr(panel_observed, "place_spells", place_and_count)
    windows = [name for name, one in OBSERVED.items() if one.quantity == told["indicator"][0]]
    periods = np.arange(period_of(date(2021, 1, 1), "month"), period_of(date(2022, 1, 1), "month"))
    with sqlite.read() as connection:
        found = panel_observed.observe_regions(connection, squares, periods, date(2022, 1, 31))
    assert len(windows) == 2
    assert placed == ["displacements_by_conflict"]
    assert "persons_displaced_3m" in found
