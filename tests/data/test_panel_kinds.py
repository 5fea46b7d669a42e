"""Kinds of events: what a source codes is counted, what none codes is missing."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import numpy as np

from data.panel import assemble_panel
from data.panel.kinds import KINDS
from data.store import Coverage

YEAR = [Coverage(code, date(2021, 1, 1), date(2021, 12, 31)) for code in ("MLI", "NER")]


def panel_of(events, region_set, source: str):
    region_set = replace(region_set, source=source)
    return assemble_panel(events, YEAR, region_set, date(2022, 1, 15), is_simulated=False)


def test_words_mean_one_kind() -> None:
    words = [word for kind in KINDS.values() for word in kind]
    assert len(set(words)) == len(words)
    assert all(word == word.lower().strip() and ";" not in word for word in words)


def test_acled_codes_some_kinds_from_the_beginning(make_events, squares) -> None:
    events = make_events(
        {"sub_type": "Abduction/forced disappearance", "date": date(2021, 7, 1)},
        {"sub_type": "Attack; attack on aid workers", "date": date(2021, 7, 1)},
        {"sub_type": "Armed clash", "date": date(2021, 7, 1)},
    )
    values = panel_of(events, squares, "acled").values
    assert values.keys() & KINDS.keys() == {
        *("events_abduction", "events_on_aid_workers", "territory_taken", "territory_regained")
    }
    for name, expected in (
        ("events_abduction", 1),
        ("events_on_aid_workers", 1),
        ("territory_taken", 0),
    ):
        assert values[name][6, 0] == expected
        assert values[name][:6].sum() == 0


def test_a_table_of_ones_own_is_missing_before_its_first(make_events, squares) -> None:
    events = make_events(
        {"sub_type": "Base overrun; looting", "date": date(2021, 5, 1)},
        {"sub_type": "looting", "date": date(2021, 3, 1)},
        {"sub_type": "attack on convoy", "date": date(1999, 3, 1), "date_start": date(1999, 3, 1)},
    )
    values = panel_of(events, squares, "analysts").values
    assert values.keys() & KINDS.keys() == {"bases_overrun", "events_looting"}
    nan = np.nan
    np.testing.assert_array_equal(
        values["bases_overrun"][:, 0], [nan, nan, nan, nan, 1, 0, 0, 0, 0, 0, 0, 0]
    )
    np.testing.assert_array_equal(
        values["events_looting"][:, 0], [nan, nan, 1, 0, 1, 0, 0, 0, 0, 0, 0, 0]
    )
    assert not np.isnan(values["events_looting"][2:, 1:]).any()
    assert not np.isnan(values["events"]).any()


def test_ged_codes_none(make_events, squares) -> None:
    values = panel_of(make_events({"sub_type": "JNIM - Civilians"}), squares, "ged").values
    assert not values.keys() & KINDS.keys()
