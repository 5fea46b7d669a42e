"""Somebody's own table of events, by a mapping file."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from data.calendar import to_epoch_day
from data.errors import BadInput, MissingInput, UsageError
from data.events import Batch, check_batch
from data.sources.mapping import read_mapping
from data.sources.own_table import read_own_table

MAPPING = """
[source]
name = "desk"
title = "Desk"
licence = "internal"
attribution = "Our desk"

[columns]
event_id = "ref"
date = "day"
country = "state"
latitude = "lat"
longitude = "lon"
event_type = "kind"
fatalities_best = "killed"
civilian_fatalities = "civilians"

[values]
date_precision = 1
where_precision = 2

[event_types]
"Attack on village" = "one_sided"
clash = "non_state"

[format]
date = "%d/%m/%Y"
"""
HEADER = "ref,day,state,lat,lon,kind,killed,civilians\n"
GOOD = "1,05/03/2024,Mali,14.5,-4.2,ATTACK ON VILLAGE,4,\n"


@pytest.fixture
def read(tmp_path: Path) -> Callable[..., Batch]:
    def run(text: str, mapping: str = MAPPING, **values: Any) -> Batch:
        table, by = tmp_path / "t.csv", tmp_path / "m.toml"
        table.write_text(text, encoding="utf-8")
        by.write_text(mapping, encoding="utf-8")
        scope = {
            "known_at": date(2024, 4, 2),
            "covers_from": date(2024, 3, 1),
            "covers_to": date(2024, 3, 31),
            "countries": ["NER", "MLI"],
        }
        batch = read_own_table(table, read_mapping(by), **{**scope, **values})
        check_batch(batch)
        return batch

    return run


def test_a_row(read: Callable[..., Batch]) -> None:
    batch = read(HEADER + GOOD)
    (event,) = batch.events.to_dict("records")
    assert event["date"] == event["date_start"] == to_epoch_day(date(2024, 3, 5))
    assert (event["country"], event["event_type"]) == ("MLI", "one_sided")
    assert [event[f"fatalities_{name}"] for name in ("low", "best", "high")] == [4, 4, 4]
    assert (event["date_precision"], event["where_precision"], event["actor_a"]) == (1, 2, "")
    assert pd.isna(event["civilian_fatalities"])
    assert pd.isna(event["n_sources"])
    assert batch.countries == ("MLI", "NER")


def test_what_it_does_not_speak_for_is_left_out(read: Callable[..., Batch]) -> None:
    others = (
        "2,05/03/2024,NE,14,2,clash,0,0\n"
        "3,05/03/2024,Bénin,10,2,clash,0,0\n"
        "4,05/02/2024,MLI,14,2,clash,0,0\n"
    )
    assert read(HEADER + GOOD + others).events["event_id"].tolist() == ["1", "2"]


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ("2,2024-03-05,Mali,14,2,clash,0,0", "impossible_date"),
        ("2,05/03/2024,Atlantis,14,2,clash,0,0", "unknown_country"),
        ("2,05/03/2024,Mali,,2,clash,0,0", "impossible_latitude"),
        ("2,05/03/2024,Mali,14,2,dance,0,0", "unknown_type"),
        ("2,05/03/2024,Mali,14,2,clash,,0", "bad_number"),
        ("2,05/03/2024,Mali,14,2,clash,0,some", "negative_fatalities"),
        ("1,05/03/2024,Mali,14,2,clash,0,0", "duplicate_id"),
        ("2,05/03/2024,Mali,14,2,clash,0,0,9", "wrong_column_count"),
    ],
)
def test_refused_rows(read: Callable[..., Batch], row: str, reason: str) -> None:
    batch = read(HEADER + GOOD + row + "\n")
    assert [(item.line, item.reason) for item in batch.refusals] == [(3, reason)]
    assert batch.n_rows == 2


def test_tables_that_do_not_fit(read: Callable[..., Batch], tmp_path: Path) -> None:
    with pytest.raises(BadInput, match=r"no column killed.*correct the mapping"):
        read(HEADER.replace("killed", "dead") + GOOD)
    with pytest.raises(BadInput, match="no row that can be used"):
        read(HEADER)
    with pytest.raises(UsageError, match="cannot speak for"):
        read(HEADER + GOOD, covers_to=date(2024, 4, 3))
    with pytest.raises(MissingInput):
        read_mapping(tmp_path / "none.toml")


@pytest.mark.parametrize(
    ("old", "new", "found"),
    [
        ('latitude = "lat"\n', "", "'latitude' is left open"),
        ('latitude = "lat"', 'width = "lat"', "no event has 'width'"),
        ('"one_sided"', '"massacre"', "'massacre' is no event type"),
        ('licence = "internal"\n', "", "lacks 'licence'"),
        ('name = "desk"', 'name = "Our desk"', "cannot name a source"),
        ("[format]", "[formats]", "no table 'formats'"),
        ("[format]", "[format", "no TOML"),
    ],
)
def test_mappings_that_are_none(read: Callable[..., Batch], old: str, new: str, found: str) -> None:
    with pytest.raises(BadInput, match=found):
        read(HEADER + GOOD, MAPPING.replace(old, new))


def test_what_nobody_said_may_be_passed_on_may_not(tmp_path: Path) -> None:
    path = tmp_path / "m.toml"
    path.write_text(MAPPING)
    assert not read_mapping(path).source.redistributable
    path.write_text(MAPPING.replace("[columns]", "redistributable = true\n[columns]"))
    assert read_mapping(path).source.redistributable


def test_a_table_may_say_how_sure_it_is(read: Callable[..., Batch]) -> None:
    mapping = MAPPING.replace('killed"\n', 'killed"\nconfidence = "sure"\n')
    text = HEADER.replace("\n", ",sure\n")
    row = GOOD.replace("\n", ",{}\n")
    rows = [("1", "0.5"), ("2", ""), ("3", "often"), ("4", "1.2")]
    batch = read(text + "".join(key + row[1:].format(sure) for key, sure in rows), mapping)
    assert batch.confidences == {"1": 0.5}
    assert batch.events["event_id"].tolist() == ["1", "2"]
    assert [item.reason for item in batch.refusals] == ["bad_confidence", "bad_confidence"]
