"""A panel of counts per area and month: what is told is there, and nothing else."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from shapely.geometry import box
from sqlalchemy import Connection

from data.calendar import parse_period, period_end, period_start
from data.database import Database
from data.errors import NothingKnown, UsageError
from data.panel import BASE_VARIABLES, FirstKnown, Panel, build_panel, find_origins
from data.panel.counts import COUNTED, require_countable
from data.panel.details import DETAIL_VARIABLES, RIVAL_VARIABLES
from data.quality import estimate_completeness
from data.regions import Region, RegionKind, RegionSet
from data.revisions import diff_vintages
from data.sources.hapi import HAPI, read_hapi
from data.store import append_observations

FIRST = parse_period("2024-01", "month")
AREAS = ("ML01", "ML02", "NE001")
KINDS = ("political_violence", "civilian_targeting", "demonstration")
HEAD = (
    "location_code,admin1_code,admin2_code,event_type,events,fatalities,"
    "reference_period_start,reference_period_end"
)


def make_set(step: str = "month", kind: RegionKind = "admin1", source: str = "hapi") -> RegionSet:
    return RegionSet(
        name="areas",
        kind=kind,
        step=step,  # type: ignore[arg-type]
        source=source,
        is_schematic=True,
        attribution="",
        regions=tuple(
            Region(code, code, {"ML": "MLI", "NE": "NER"}[code[:2]], box(x, 0, x + 1, 1))
            for x, code in enumerate(AREAS)
        ),
        neighbours=((1,), (0, 2), (1,)),
    )


def line(
    area: str,
    month: int,
    events: int | str,
    deaths: int | str,
    kind: str = KINDS[0],
    part: str = "",
) -> str:
    start, end = (str(of(FIRST + month, "month")) for of in (period_start, period_end))
    country = {"ML": "MLI", "NE": "NER"}[area[:2]]
    return f"{country},{area},{part},{kind},{events},{deaths},{start},{end}"


def take_in(connection: Connection, folder: Path, day: date, *lines: str) -> None:
    path = folder / f"{day}.csv"
    path.write_text("\n".join([HEAD, *lines]) + "\n")
    moment = datetime(day.year, day.month, day.day, 12, tzinfo=UTC)
    append_observations(
        connection,
        read_hapi(path, day),
        source=HAPI,
        vintage=str(day),
        known_at=moment,
        received_at=moment,
        file_name=path.name,
        sha256=str(day).ljust(64, "0"),
    )


def build(connection: Connection, as_of: date) -> Panel:
    return build_panel(connection, make_set(), as_of)


@pytest.fixture
def connection(sqlite: Database) -> Iterator[Connection]:
    with sqlite.write() as opened:
        yield opened


def test_counts_are_the_base_of_the_panel_and_the_rest_is_missing(
    connection: Connection, tmp_path: Path
) -> None:
    take_in(
        connection,
        tmp_path,
        date(2024, 4, 10),
        line("ML01", 0, 3, 9),
        line("ML01", 0, 2, 5, KINDS[1]),
        line("ML01", 0, 7, 0, KINDS[2]),
        line("ML01", 1, 0, 0),
        line("ML02", 0, 1, 2, part="ML0201"),
        line("ML02", 0, 4, 1, part="ML0202"),
        line("ML02", 1, 6, ""),
        line("NE001", 2, 8, 20),
    )
    panel = build(connection, date(2024, 4, 29))
    assert panel.is_counted
    assert panel.actors is None
    assert not panel.is_simulated
    nan = np.nan
    for name, expected in {
        "events": [[3, 5, nan], [0, nan, nan], [nan, nan, 8]],
        "deaths": [[9, 3, nan], [0, nan, nan], [nan, nan, 20]],
        "events_one_sided": [[2, nan, nan], [nan, nan, nan], [nan, nan, nan]],
        "deaths_one_sided": [[5, nan, nan], [nan, nan, nan], [nan, nan, nan]],
    }.items():
        np.testing.assert_array_equal(panel.values[name], np.array(expected, np.float32))
    assert panel.known.tolist() == (~np.isnan(panel.values["deaths"])).tolist()
    untold = {*BASE_VARIABLES, *DETAIL_VARIABLES} - {*COUNTED["hapi"], *RIVAL_VARIABLES}
    assert all(np.isnan(panel.values[name]).all() for name in untold)
    assert (panel.data_cutoff, panel.origin) == (date(2024, 3, 31), FIRST + 2)


def test_a_month_that_was_not_over_is_not_known_until_it_is_told_whole(
    connection: Connection, tmp_path: Path
) -> None:
    january, february = line("ML01", 0, 3, 9), line("ML01", 1, 1, 1)
    take_in(connection, tmp_path, date(2024, 2, 15), january, february)
    panel = build(connection, date(2024, 3, 31))
    assert panel.known[:, 0].tolist() == [True, False, False]
    take_in(connection, tmp_path, date(2024, 4, 2), january, february)
    assert build(connection, date(2024, 4, 1)).known[:, 0].tolist() == [True, False, False]
    assert build(connection, date(2024, 4, 2)).known[:, 0].tolist() == [True, True, False]


def test_an_origin_is_the_newest_month_that_is_counted(
    connection: Connection, tmp_path: Path
) -> None:
    january, february = line("ML01", 0, 3, 9), line("ML01", 1, 1, 1)
    take_in(connection, tmp_path, date(2024, 2, 15), january)
    take_in(connection, tmp_path, date(2024, 3, 15), january, line("ML01", 1, 1, ""))
    take_in(connection, tmp_path, date(2024, 4, 15), january, february)
    assert find_origins(connection, make_set(), date(2024, 4, 30)) == {
        FIRST: FirstKnown(date(2024, 2, 15), ("2024-02-15",)),
        FIRST + 1: FirstKnown(date(2024, 4, 15), ("2024-04-15",)),
    }


def test_what_cannot_be_built_says_what_to_do(connection: Connection, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="counts by month"):
        require_countable(make_set(step="week"))
    with pytest.raises(UsageError, match="is a grid"):
        require_countable(make_set(kind="priogrid"))
    with pytest.raises(UsageError, match="delivers observations"):
        require_countable(make_set(source="wfp"))
    with pytest.raises(NothingKnown, match="Nothing from 'hapi'"):
        build(connection, date(2024, 4, 30))
    take_in(connection, tmp_path, date(2024, 4, 10), line("ML09", 0, 3, 9), line("ML09", 1, 3, 9))
    with pytest.raises(NothingKnown, match="counts nothing in any region"):
        build(connection, date(2024, 4, 30))
    with pytest.raises(UsageError, match="no events to compare"):
        diff_vintages(connection, make_set(), "2024-04-10", "2024-04-10")
    found = estimate_completeness(connection, make_set(), date(2024, 4, 30))
    assert all(np.isnan(table).all() for table in (found.n_known, found.events, found.deaths))


Told = list[tuple[int, int, int, int]]
"""Area, month, events, deaths of one delivery."""


def deliveries() -> st.SearchStrategy[list[tuple[int, Told]]]:
    cell = st.tuples(*(st.integers(0, high) for high in (2, 3, 9, 40)))
    told = st.lists(cell, min_size=1, max_size=8, unique_by=lambda row: row[:2])
    return st.lists(st.tuples(st.integers(20, 200), told), max_size=4, unique_by=lambda one: one[0])


@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(given_deliveries=deliveries(), after=st.integers(0, 220))
def test_counts_as_known_equal_a_loop_over_all_deliveries(
    given_deliveries: list[tuple[int, Told]], after: int, sqlite: Database, tmp_path: Path
) -> None:
    as_of = date(2024, 1, 1) + timedelta(days=after)
    newest: dict[tuple[int, int], int] = {}
    with sqlite.read() as connection:
        for days, told in sorted(given_deliveries):
            day = date(2024, 1, 1) + timedelta(days=days)
            whole = [one for one in told if period_end(FIRST + one[1], "month") < day]
            if whole:
                lines = [line(AREAS[area], month, *counts) for area, month, *counts in told]
                take_in(connection, tmp_path, day, *lines)
            if day <= as_of:
                newest.update({(area, month): deaths for area, month, _, deaths in whole})
        if not newest:
            with pytest.raises(NothingKnown):
                build(connection, as_of)
        else:
            panel = build(connection, as_of)
            deaths = panel.values["deaths"]
            found = {
                (int(area), int(panel.periods[row]) - FIRST): int(deaths[row, area])
                for row, area in zip(*np.nonzero(~np.isnan(deaths)), strict=True)
            }
            assert found == newest
        connection.rollback()
