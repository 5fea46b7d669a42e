"""The walk behind published deaths is made once for the same data, and anew for other data."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest
from sqlalchemy import delete, select, update

from service.pipeline import run_cycle
from service.publications import kept_fatalities as keeping
from service.publications.store import latest_publication
from service.tables import kept_fatalities

FIRST, SECOND = date(2022, 1, 15), date(2022, 1, 16)


@pytest.fixture
def walks(monkeypatch):
    """Counts the walks."""
    made = []
    real = keeping.release_fatalities

    def count(panel, settings):
        made.append(panel.as_of)
        return real(panel, settings)

    monkeypatch.setattr(keeping, "release_fatalities", count)
    return made


def cycle(demo, as_of, **changes):
    settings = demo.settings.model_copy(update={"train_from": "2009-01", **changes})
    now = datetime(2022, 1, 16, 6, tzinfo=UTC)
    return run_cycle(demo.database, settings, lambda: now, region_set="demo", as_of=as_of)


def newest(demo):
    with demo.database.read() as connection:
        return latest_publication(connection, "demo")


def forget(demo):
    with demo.database.write() as connection:
        connection.execute(delete(kept_fatalities))


def test_the_same_data_are_walked_once_and_say_the_same_as_fresh(demo, walks):
    cycle(demo, FIRST)
    first = newest(demo)
    assert first.manifest["fatalities"]["status"] != "not_made"
    cycle(demo, SECOND)
    assert walks == [FIRST]
    second = newest(demo)
    assert second.as_of == SECOND
    assert second.fatalities == first.fatalities
    # Made afresh the content is the same to the last bit, so that nothing new is published.
    forget(demo)
    assert cycle(demo, SECOND).is_unchanged
    assert walks == [FIRST, SECOND]


def test_what_is_damaged_is_made_anew(demo, walks):
    cycle(demo, FIRST)
    with demo.database.write() as connection:
        connection.execute(update(kept_fatalities).values(body=b"nothing"))
    cycle(demo, SECOND)
    assert walks == [FIRST, SECOND]
    with demo.database.read() as connection:
        assert connection.scalar(select(kept_fatalities.c.body)) != b"nothing"


def test_other_settings_and_other_data_throw_it_away(demo, walks):
    cycle(demo, FIRST)
    cycle(demo, FIRST, seed=5)
    assert walks == [FIRST, FIRST]
    before = date(2021, 12, 15)
    cycle(demo, before, seed=5)
    assert walks == [FIRST, FIRST, before]
    with demo.database.read() as connection:
        assert connection.scalar(select(kept_fatalities.c.region_set)) == "demo"
