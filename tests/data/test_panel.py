"""The panel: counts against a loop over days, what is known, and no look into the future."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from data.calendar import (
    from_epoch_day,
    parse_period,
    period_end,
    period_label,
    period_of,
    period_start,
    to_epoch_day,
)
from data.database import Database
from data.errors import NothingKnown
from data.events import Batch
from data.panel import BASE_VARIABLES, Panel, assemble_panel, build_panel
from data.panel_details import DETAIL_VARIABLES
from data.placement import place_events
from data.regions import RegionSet
from data.sources.contract import SourceInfo
from data.store import Coverage, DeliveryReport

MakeEvents = Callable[..., pd.DataFrame]
Deliver = Callable[..., DeliveryReport]
MakeBatch = Callable[..., Batch]

YEAR = [
    Coverage("MLI", date(2021, 1, 1), date(2021, 12, 31)),
    Coverage("NER", date(2021, 1, 1), date(2021, 12, 31)),
]
AS_OF = date(2022, 1, 15)


def assemble(
    events: pd.DataFrame,
    region_set: RegionSet,
    coverage: list[Coverage] = YEAR,
    as_of: date = AS_OF,
) -> Panel:
    return assemble_panel(events, coverage, region_set, as_of, is_simulated=False)


def cell(panel: Panel, variable: str, label: str, region_id: str) -> float:
    row = parse_period(label, panel.step) - int(panel.periods[0])
    return float(panel.values[variable][row, panel.region_ids.index(region_id)])


def test_shapes_and_description(make_events: MakeEvents, squares: RegionSet) -> None:
    panel = assemble(make_events({}), squares)
    assert (panel.region_set, panel.step, panel.as_of) == ("squares", "month", AS_OF)
    assert [period_label(int(p), "month") for p in panel.periods[[0, -1]]] == ["2021-01", "2021-12"]
    assert set(panel.values) == {*BASE_VARIABLES, *DETAIL_VARIABLES}
    for array in panel.values.values():
        assert (array.shape, array.dtype) == ((12, 3), np.float32)
    assert panel.known.all()
    assert panel.countries == ("MLI", "NER")
    assert panel.country_of.tolist() == [0, 0, 1]
    assert {name: array.shape for name, array in panel.country_values.items()} == {
        "events": (12, 2),
        "deaths": (12, 2),
    }
    assert panel.neighbours == squares.neighbours
    assert panel.data_cutoff == date(2021, 12, 31)
    assert period_label(panel.origin, "month") == "2021-12"
    assert not panel.is_simulated


def test_an_event_counts_where_and_when_it_ended(
    make_events: MakeEvents, squares: RegionSet
) -> None:
    panel = assemble(
        make_events(
            {"date_start": date(2021, 6, 28), "date": date(2021, 7, 1), "date_precision": 4},
            {"event_type": "one_sided", "fatalities_best": 10, "fatalities_high": 12},
            {"event_type": "non_state", "longitude": 1.5, "where_precision": 5},
        ),
        squares,
    )
    july = {name: cell(panel, name, "2021-07", "ML1") for name in BASE_VARIABLES}
    assert july == {
        "events": 2,
        "events_state_based": 1,
        "events_non_state": 0,
        "events_one_sided": 1,
        "deaths": 13,
        "deaths_state_based": 3,
        "deaths_non_state": 0,
        "deaths_one_sided": 10,
        "deaths_low": 4,
        "deaths_high": 17,
        "deaths_civilians": 2,
        "deaths_coarse": 0,
    }
    assert cell(panel, "deaths", "2021-06", "ML1") == 0
    assert cell(panel, "deaths_coarse", "2021-07", "ML2") == 3
    assert cell(panel, "deaths_non_state", "2021-07", "ML2") == 3
    assert np.nansum(panel.values["deaths"]) == 16


def test_a_vague_date_is_spread_over_its_days(make_events: MakeEvents, squares: RegionSet) -> None:
    event = {
        "date_start": date(2021, 2, 27),
        "date": date(2021, 4, 5),
        "date_precision": 5,
        "fatalities_best": 380,
        "fatalities_high": 380,
    }
    panel = assemble(make_events(event), squares)
    found = [cell(panel, "deaths", f"2021-0{month}", "ML1") for month in range(1, 6)]
    assert found == pytest.approx([0, 20, 310, 50, 0])
    assert cell(panel, "events", "2021-03", "ML1") == pytest.approx(31 / 38)
    assert cell(panel, "deaths_coarse", "2021-03", "ML1") == pytest.approx(310)
    assert cell(panel, "deaths_civilians", "2021-04", "ML1") == pytest.approx(5 / 38)


def test_in_weeks_a_month_is_vague_too(make_events: MakeEvents, squares: RegionSet) -> None:
    weekly = replace(squares, step="week")
    event = {"date_start": date(2021, 7, 4), "date": date(2021, 7, 13), "fatalities_best": 10}
    vague = assemble(make_events({**event, "date_precision": 4}), weekly)
    found = [cell(vague, "deaths", f"2021-W{week}", "ML1") for week in range(25, 30)]
    assert found == pytest.approx([0, 1, 7, 2, 0])
    sharp = assemble(make_events({**event, "date_precision": 3}), weekly)
    assert cell(sharp, "deaths", "2021-W28", "ML1") == 10
    # 2021 begins on a Friday: its first whole week is the one that ISO numbers 1.
    assert period_label(int(vague.periods[0]), "week") == "2021-W01"
    assert period_label(vague.origin, "week") == "2021-W51"


def test_what_is_held_at_country_level(make_events: MakeEvents, squares: RegionSet) -> None:
    panel = assemble(
        make_events(
            {"where_precision": 6, "fatalities_best": 7, "fatalities_high": 9},
            {"where_precision": 7, "country": "NER"},
            {"where_precision": 6, "country": "NGA"},
        ),
        squares,
    )
    row = parse_period("2021-07", "month") - int(panel.periods[0])
    assert panel.country_values["deaths"][row].tolist() == [7, 3]
    assert panel.country_values["events"][row].tolist() == [1, 1]
    assert np.nansum(panel.country_values["deaths"]) == 10
    assert np.nansum(panel.values["deaths"]) == 0


def test_unknown_is_not_zero(make_events: MakeEvents, squares: RegionSet) -> None:
    coverage = [
        Coverage("MLI", date(2021, 2, 1), date(2021, 3, 31)),
        Coverage("MLI", date(2021, 6, 2), date(2021, 8, 30)),
        Coverage("NER", date(2020, 12, 31), date(2021, 4, 29)),
        Coverage("NGA", date(1989, 1, 1), date(2021, 12, 31)),
    ]
    events = make_events({"date": date(2021, 6, 15)}, {"date": date(2021, 7, 15)})
    panel = assemble(events, squares, coverage)
    labels = [period_label(int(p), "month") for p in panel.periods]
    assert (labels[0], labels[-1]) == ("2021-01", "2021-12")
    of_mali = [label for label, is_known in zip(labels, panel.known[:, 0], strict=True) if is_known]
    of_niger = [
        label for label, is_known in zip(labels, panel.known[:, 2], strict=True) if is_known
    ]
    assert of_mali == ["2021-02", "2021-03", "2021-07"]
    assert of_niger == ["2021-01", "2021-02", "2021-03"]
    for array in panel.values.values():
        assert np.array_equal(np.isnan(array), ~panel.known)
    country_known = np.stack([panel.known[:, 0], panel.known[:, 2]], axis=1)
    for array in panel.country_values.values():
        assert np.array_equal(np.isnan(array), ~country_known)
    # The event of June is not shown, and nobody was active then.
    assert np.nansum(panel.values["deaths"]) == 3
    assert panel.actors is not None
    assert set(panel.actors.row.tolist()) == {labels.index("2021-07")}
    assert panel.data_cutoff == date(2021, 8, 30)
    assert period_label(panel.origin, "month") == "2021-07"


@pytest.mark.parametrize(
    ("as_of", "last"),
    [("2021-07-30", "2021-06"), ("2021-07-31", "2021-07"), ("2021-08-01", "2021-07")],
)
def test_periods_end_with_the_last_complete_one(
    make_events: MakeEvents, squares: RegionSet, as_of: str, last: str
) -> None:
    panel = assemble(make_events(), squares, as_of=date.fromisoformat(as_of))
    assert period_label(int(panel.periods[-1]), "month") == last


def test_missing_civilians_are_not_zero(make_events: MakeEvents, squares: RegionSet) -> None:
    panel = assemble(
        make_events(
            {"civilian_fatalities": None},
            {"civilian_fatalities": 2},
            {"civilian_fatalities": 2, "longitude": 1.5},
            {"civilian_fatalities": None, "date": date(2021, 8, 1), "longitude": 9},
        ),
        squares,
    )
    assert np.isnan(cell(panel, "deaths_civilians", "2021-07", "ML1"))
    assert cell(panel, "deaths", "2021-07", "ML1") == 6
    assert cell(panel, "deaths_civilians", "2021-07", "ML2") == 2
    assert cell(panel, "deaths_civilians", "2021-08", "ML1") == 0


def test_nothing_known(make_events: MakeEvents, squares: RegionSet) -> None:
    for coverage in (
        [],
        [Coverage("NGA", date(2021, 1, 1), date(2021, 12, 31))],
        [Coverage("MLI", date(2021, 7, 2), date(2021, 8, 30))],
        [Coverage("MLI", date(2022, 1, 1), date(2022, 1, 31))],
    ):
        with pytest.raises(NothingKnown, match="No whole month of MLI, NER is known"):
            assemble(make_events({}), squares, coverage)


days = st.integers(to_epoch_day(date(2020, 11, 1)), to_epoch_day(date(2021, 12, 31)))
random_events = st.lists(
    st.fixed_dictionaries(
        {
            "date": days,
            "n_days": st.integers(1, 70),
            "date_precision": st.integers(1, 5),
            "where_precision": st.integers(1, 7),
            "longitude": st.integers(-8, 36).map(lambda n: n / 10 + 0.05),
            "country": st.sampled_from(["MLI", "NER", "NGA"]),
            "fatalities_best": st.integers(0, 50),
        }
    ),
    max_size=12,
)
spans = st.lists(
    st.tuples(st.sampled_from(["MLI", "NER"]), days, st.integers(20, 300)).map(
        lambda s: Coverage(s[0], from_epoch_day(s[1]), from_epoch_day(s[1] + s[2]))
    ),
    min_size=1,
    max_size=3,
)


def spread_slowly(event: Any, is_spread: bool) -> list[int]:
    """The days on which an event counts, one share each."""
    return list(range(event.date_start, event.date + 1)) if is_spread else [event.date]


@settings(deadline=None, max_examples=60)
@given(random_events, spans, st.sampled_from(["month", "week"]))
def test_deaths_against_a_loop_over_days(
    make_events: MakeEvents,
    squares: RegionSet,
    drawn: list[dict[str, Any]],
    coverage: list[Coverage],
    step: Any,
) -> None:
    region_set = replace(squares, step=step)
    events = make_events(
        *[
            {**event, "date_start": event["date"] - event["n_days"] + 1, "fatalities_high": 50}
            for event in drawn
        ]
    )
    try:
        panel = assemble(events, region_set, coverage)
    except NothingKnown:
        assert all(not _known_periods(span, step) for span in coverage)
        return
    known = {(span.country, p) for span in coverage for p in _known_periods(span, step)}
    assert int(panel.periods[0]) == min(p for _, p in known)
    placement = place_events(events, region_set)
    in_regions: dict[tuple[int, int], float] = {}
    at_country: dict[tuple[int, str], float] = {}
    for number, event in enumerate(events.itertuples()):
        is_spread = event.date_precision >= (5 if step == "month" else 4)
        shares = spread_slowly(event, is_spread)
        for day in shares:
            period = period_of(from_epoch_day(day), step)
            if (event.country, period) not in known:
                continue
            deaths = event.fatalities_best / len(shares)
            region = int(placement.region[number])
            if region >= 0:
                in_regions[period, region] = in_regions.get((period, region), 0) + deaths
            elif placement.method[number] == "country":
                key = (period, event.country)
                at_country[key] = at_country.get(key, 0) + deaths
    for row, period in enumerate(panel.periods.tolist()):
        for region, country in enumerate(panel.countries[n] for n in panel.country_of):
            is_known = (country, period) in known
            assert panel.known[row, region] == is_known
            found = float(panel.values["deaths"][row, region])
            if is_known:
                assert found == pytest.approx(in_regions.get((period, region), 0), rel=1e-5)
            else:
                assert np.isnan(found)
        for number, country in enumerate(panel.countries):
            if (country, period) in known:
                found = float(panel.country_values["deaths"][row, number])
                assert found == pytest.approx(at_country.get((period, country), 0), rel=1e-5)


def _known_periods(span: Coverage, step: Any) -> list[int]:
    first, last = period_of(span.covers_from, step), period_of(span.covers_to, step)
    return [
        period
        for period in range(first, last + 1)
        if span.covers_from <= period_start(period, step)
        and period_end(period, step) <= min(span.covers_to, AS_OF)
    ]


@settings(deadline=None, max_examples=30)
@given(random_events)
def test_no_death_is_lost(
    make_events: MakeEvents, squares: RegionSet, drawn: list[dict[str, Any]]
) -> None:
    events = make_events(
        *[
            {**event, "date_start": event["date"] - event["n_days"] + 1, "fatalities_high": 50}
            for event in drawn
        ]
    )
    long = [replace(span, covers_from=date(2020, 1, 1)) for span in YEAR]
    panel = assemble(events, squares, long)
    placement = place_events(events, squares)
    held = events["country"].isin(squares.countries) & (placement.method != "outside")
    for variable, expected in (("deaths", "fatalities_best"), ("events", None)):
        total = float(events.loc[held, expected].sum()) if expected else float(held.sum())
        shown = np.nansum(panel.values[variable], dtype=np.float64) + np.nansum(
            panel.country_values[variable], dtype=np.float64
        )
        assert shown == pytest.approx(total, rel=1e-5)
    by_type = sum(
        panel.values[f"deaths_{name}"] for name in ("state_based", "non_state", "one_sided")
    )
    np.testing.assert_allclose(by_type, panel.values["deaths"], rtol=1e-5)
    assert (panel.values["deaths_coarse"] <= panel.values["deaths"] + 1e-4).all()


def same(one: Panel, other: Panel) -> bool:
    for name in ("values", "country_values"):
        for key, array in getattr(one, name).items():
            if array.tobytes() != getattr(other, name)[key].tobytes():
                return False
    return (
        one.periods.tolist() == other.periods.tolist()
        and one.known.tobytes() == other.known.tobytes()
        and one.data_cutoff == other.data_cutoff
        and one.is_simulated == other.is_simulated
    )


def test_a_panel_is_built_from_what_is_stored(
    database: Database, deliver: Deliver, make_batch: MakeBatch, squares: RegionSet
) -> None:
    batch = make_batch({}, {"longitude": 1.5, "fatalities_best": 4}, {"country": "NER"})
    deliver(database, batch, "2022-01-15")
    with database.read() as connection:
        panel = build_panel(connection, squares, date(2022, 1, 15))
    assert same(panel, assemble(batch.events, squares))


def test_what_becomes_known_later_changes_nothing(
    sqlite: Database, deliver: Deliver, make_batch: MakeBatch, squares: RegionSet
) -> None:
    covers = (date(2021, 1, 1), date(2021, 11, 30))
    deliver(sqlite, make_batch({}, {"longitude": 1.5}, covers=covers), "2021-12-20")
    as_of = date(2022, 1, 19)
    with sqlite.read() as connection:
        before = build_panel(connection, squares, as_of)
    simulated = SourceInfo("ged", "S", "CC0-1.0", "nobody", "", True, True)
    later = [{"fatalities_best": 40, "fatalities_high": 99}, {"date": date(2021, 12, 9)}, {}, {}]
    deliver(sqlite, make_batch(*later), "2022-01-20", source=simulated)
    deliver(sqlite, make_batch({}), "2022-01-21")
    with sqlite.read() as connection:
        after = build_panel(connection, squares, as_of)
        later_panel = build_panel(connection, squares, as_of + timedelta(days=1))
    assert same(before, after)
    assert not same(before, later_panel)
    assert later_panel.is_simulated
    assert later_panel.data_cutoff == date(2021, 12, 31)
    assert (period_label(before.origin, "month"), before.data_cutoff) == ("2021-11", covers[1])


def test_nothing_delivered_yet(
    sqlite: Database, deliver: Deliver, make_batch: MakeBatch, squares: RegionSet
) -> None:
    with sqlite.read() as connection, pytest.raises(NothingKnown) as caught:
        build_panel(connection, squares, date(2022, 1, 15))
    assert "tocsin ingest" in caught.value.hint
    deliver(sqlite, make_batch({}), "2022-01-15")
    with sqlite.read() as connection, pytest.raises(NothingKnown) as caught:
        build_panel(connection, squares, date(2022, 1, 14))
    assert caught.value.hint == "The first delivery became known on 2022-01-15."
