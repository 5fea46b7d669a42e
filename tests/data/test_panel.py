"""The panel: where and when an event counts, what is known, and what is not."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date

import numpy as np
import pandas as pd
import pytest

from data.calendar import (
    parse_period,
    period_label,
)
from data.errors import NothingKnown
from data.panel import BASE_VARIABLES
from data.panel.details import DETAIL_VARIABLES
from data.regions import RegionSet
from data.store import Coverage
from tests.data.panels import AS_OF, assemble, cell

MakeEvents = Callable[..., pd.DataFrame]


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


def test_of_the_base_only_the_numbers_are_those_of_the_whole(
    make_events: MakeEvents, squares: RegionSet
) -> None:
    events = make_events({}, {"longitude": 1.5, "where_precision": 4}, {"date_precision": 5})
    whole, base = assemble(events, squares), assemble(events, squares, is_base_only=True)
    assert set(base.values) == set(BASE_VARIABLES)
    for name, array in base.values.items():
        np.testing.assert_array_equal(array, whole.values[name], err_msg=name)
    np.testing.assert_array_equal(base.known, whole.known)
    assert base.actors is None
    assert base.actor_table is None


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
