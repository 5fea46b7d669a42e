"""What moved a score comes back from its text exactly, whichever way it is asked for."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.score import Contribution
from service.publications.kept_drivers import KeptDrivers, write_drivers
from service.publications.rows import read_score, score_row, stored_score_row

numbers = st.floats(allow_nan=False, allow_infinity=False)
drivers = st.lists(
    st.builds(
        Contribution,
        feature=st.text(),
        label=st.text(),
        value=st.one_of(st.none(), numbers),
        unit=st.text(),
        log_odds=numbers,
    ),
    max_size=4,
).map(tuple)


@given(drivers=drivers, other=drivers)
def test_they_are_the_sequence_that_was_written(drivers, other) -> None:
    kept = KeptDrivers(write_drivers(drivers))
    assert kept == drivers
    assert drivers == kept
    assert hash(kept) == hash(drivers)
    assert (kept == other) is (drivers == other)
    assert len(kept) == len(drivers)
    assert list(kept) == list(drivers)
    assert kept[:2] == drivers[:2]
    assert kept != "drivers"


def test_they_are_read_when_first_asked_for(monkeypatch) -> None:
    kept = KeptDrivers(write_drivers((Contribution("f", "label", None, "unit", 0.5),)))
    read = []
    monkeypatch.setattr(
        "service.publications.kept_drivers.json.loads",
        lambda text: read.append(text) or json.JSONDecoder().decode(text),
    )
    assert not read
    assert kept[0].log_odds == kept[0].log_odds == 0.5
    assert len(read) == 1


@pytest.mark.parametrize("to_row", [stored_score_row, score_row], ids=["now", "before it was text"])
def test_a_stored_score_comes_back(make_publication, to_row) -> None:
    moved = (
        Contribution("f", "label", 2.0, "deaths", 0.1 + 0.2),
        Contribution("g", "", None, "", -1),
    )
    score = replace(make_publication().scores[0], contributions=moved)
    row = json.loads(json.dumps(to_row(score)))
    assert read_score(row) == score
    assert score == read_score(row)
    assert read_score(row) != replace(score, contributions=moved[1:])
