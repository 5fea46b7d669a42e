"""Rows that are wrong, missing, doubled or zero: refused or held, and nothing becomes zero."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from data.errors import BadInput, Refused, SourceUnavailable
from data.quality import accept_held, list_examinations
from data.store import observations_as_known
from tests.service.misbehaving_sources.rows import Rows
from tests.service.misbehaving_sources.world import NOW, World

EDITS: dict[str, Callable[[Rows, str], Rows]] = {
    "empty data": lambda _rows, _column: [],
    "a renamed column": lambda rows, column: [
        {("renamed" if name == column else name): value for name, value in row.items()}
        for row in rows
    ],
    "rows twice": lambda rows, _column: [*rows, *rows],
}


@pytest.mark.parametrize("edit", list(EDITS))
def test_rows_that_are_wrong(world: World, edit: str) -> None:
    world.begin()
    before = world.dump()
    world.edit = lambda rows: EDITS[edit](rows, world.spec.column)
    if edit == "rows twice" and world.spec.name == "views":
        # VIEWS is known to repeat rows: once is enough.
        assert world.fetch(world.spec.second)[0].n_added == 24
        return
    with pytest.raises((SourceUnavailable, BadInput, Refused)):
        world.fetch(world.spec.second)
    assert world.dump() == before


def test_a_month_of_zeros_is_not_taken_in(world: World) -> None:
    world.begin()
    before = world.dump()
    world.zero = True
    with pytest.raises((BadInput, Refused)) as caught:
        world.fetch(world.spec.second)
    assert "zero" in str(caught.value) or " 0 " in str(caught.value) or "price" in str(caught.value)
    assert world.dump() == before
    # What is right is taken in afterwards all the same.
    world.zero, world.moment = False, NOW.replace(hour=20)
    again = world.spec.second
    if again.version is not None and world.spec.name == "ged":
        for path in (world.settings.state_dir / "downloads").glob("GEDEvent*"):
            path.unlink()
    assert world.fetch(again)[0].n_added > 0


@pytest.mark.parametrize("world", ["hapi", "idmc", "dtm", "chirps"], indirect=True)
def test_held_observations_are_known_once_accepted(world: World) -> None:
    world.begin()
    world.zero = True
    with pytest.raises(Refused, match="zero_fill"):
        world.fetch(world.spec.second)
    with world.database.write() as connection:
        before = observations_as_known(connection, world.spec.name, NOW.date())
        (held,) = list_examinations(connection, "held")
        report = accept_held(connection, held.examination_id, decided_at=NOW, note="so it is")
        after = observations_as_known(connection, world.spec.name, NOW.date())
    assert len(after) == len(before) + report.n_added > len(before)
    assert (after["value"] == 0).sum() == report.n_added
