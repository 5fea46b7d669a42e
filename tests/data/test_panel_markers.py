"""Markers in the panel: months since, what is in force, and who is watched."""

from __future__ import annotations

from datetime import date

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from shapely.geometry import box

from data.calendar import from_epoch_day, period_end, period_of, to_epoch_day
from data.marker import KNOWN_MARKER_COLUMNS
from data.panel.markers import mark_regions
from data.regions import Region, RegionSet

PERIODS = np.arange(period_of(date(2020, 1, 1), "month"), period_of(date(2020, 7, 1), "month"))
NAN = np.nan


def make_set(step: str = "month") -> RegionSet:
    regions = (("ML01", "MLI"), ("ML02", "MLI"), ("NE001", "NER"), ("BF13", "BFA"))
    return RegionSet(
        "areas",
        "admin1",
        step,
        "ged",
        True,
        "",
        tuple(
            Region(code, code, land, box(x, 0, x + 1, 1)) for x, (code, land) in enumerate(regions)
        ),
        ((), (), (), ()),
    )


def table_of(
    *rows: tuple[str, str, str, date, date | None], known: date = date(1999, 1, 1)
) -> pd.DataFrame:
    filled = [
        {
            "marker_id": str(number),
            "kind": kind,
            "country": country,
            "place": place,
            "date_start": to_epoch_day(start),
            "date_end": pd.NA if end is None else to_epoch_day(end),
            "title": "",
            "reference": "",
            "author": "",
            "date_known": to_epoch_day(known),
        }
        for number, (kind, country, place, start, end) in enumerate(rows)
    ]
    return pd.DataFrame(filled, columns=list(KNOWN_MARKER_COLUMNS)).astype(KNOWN_MARKER_COLUMNS)


def test_nothing_marked_is_nothing_known() -> None:
    assert mark_regions(table_of(), make_set(), PERIODS) == {}
    elsewhere = table_of(("coup", "GIN", "", date(2019, 1, 1), None))
    assert mark_regions(elsewhere, make_set(), PERIODS) == {}


def test_blockades_count_while_they_are_in_force_and_where() -> None:
    found = mark_regions(
        table_of(
            ("blockade", "MLI", "ML0201", date(2020, 2, 29), date(2020, 4, 30)),
            ("blockade", "MLI", "ML02", date(2020, 4, 1), None),
            ("blockade", "NER", "", date(2020, 6, 2), date(2020, 6, 15)),
        ),
        make_set(),
        PERIODS,
    )
    expected = [
        [NAN, NAN, NAN, NAN],
        [0, 1, NAN, NAN],
        [0, 1, NAN, NAN],
        [0, 2, NAN, NAN],
        [0, 1, NAN, NAN],
        # The one of June is over on its last day; its country is watched from then on.
        [0, 1, 0, NAN],
    ]
    np.testing.assert_array_equal(found["blockades"], expected)
    np.testing.assert_array_equal(found["ceasefires"], np.asarray(expected) * 0)
    assert set(found) == {"blockades", "ceasefires"}


@pytest.mark.parametrize(
    ("kind", "name"),
    [
        ("coup", "months_since_coup"),
        ("mission_withdrawal", "months_since_withdrawal"),
        ("election", "months_since_election"),
    ],
)
def test_months_since_the_last_one(kind, name) -> None:
    marked = table_of(
        (kind, "MLI", "", date(2000, 1, 1), date(2000, 1, 1)),
        (kind, "MLI", "", date(2020, 3, 31), date(2020, 3, 31)),
        (kind, "MLI", "ML01", date(2020, 5, 1), None),
    )
    found = mark_regions(marked, make_set(), PERIODS)[name]
    since_march = [30 / 30.4375, 61 / 30.4375, 91 / 30.4375]
    np.testing.assert_allclose(found[:, 1], [120, 120, 0, *since_march], rtol=1e-5)
    np.testing.assert_allclose(found[4:, 0], [30 / 30.4375, 60 / 30.4375], rtol=1e-5)
    assert np.isnan(found[:, 2:]).all()


def test_what_comes_later_changes_no_earlier_period() -> None:
    early = ("blockade", "MLI", "", date(2020, 1, 10), None)
    ended = ("blockade", "MLI", "", date(2020, 1, 10), date(2020, 5, 3))
    later = ("coup", "MLI", "", date(2020, 5, 3), None)
    before = mark_regions(table_of(early), make_set(), PERIODS)
    after = mark_regions(table_of(ended, later), make_set(), PERIODS)
    np.testing.assert_array_equal(before["blockades"][:4], after["blockades"][:4])
    assert (before["blockades"][4:, :2] != after["blockades"][4:, :2]).all()
    assert np.isnan(after["months_since_coup"][:4]).all()


days = st.integers(to_epoch_day(date(2019, 6, 1)), to_epoch_day(date(2021, 1, 1)))


@given(st.lists(st.tuples(days, days), max_size=5), st.sampled_from(("month", "week")))
def test_an_election_lies_ahead_once_its_day_is_known(told: list[tuple[int, int]], step) -> None:
    tables = [
        table_of(
            ("election", "MLI", "", from_epoch_day(start), from_epoch_day(start)),
            known=from_epoch_day(known),
        )
        for start, known in told
    ]
    periods = PERIODS if step == "month" else PERIODS + 2000
    found = mark_regions(pd.concat([table_of(), *tables]), make_set(step), periods)
    ahead = found.get("months_to_election", np.full((len(periods), 4), np.nan))
    for row, period in enumerate(periods):
        end = to_epoch_day(period_end(int(period), step))
        coming = [start - end for start, known in told if known <= end < start]
        expected = min(coming) / 30.4375 if coming else np.nan
        np.testing.assert_allclose(ahead[row, :2], expected, rtol=1e-5)
    assert np.isnan(ahead[:, 2:]).all()
