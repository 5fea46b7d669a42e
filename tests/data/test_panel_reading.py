"""A panel out of the store: what was known by the as-of, and nothing else."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta

import pytest

from data.calendar import period_label
from data.database import Database
from data.errors import NothingKnown
from data.events import Batch
from data.panel import Panel, build_panel
from data.regions import RegionSet
from data.sources.contract import SourceInfo
from data.store import DeliveryReport
from tests.data.panels import assemble

Deliver = Callable[..., DeliveryReport]
MakeBatch = Callable[..., Batch]


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
