"""The events that API and command line list as known on a day, against a slow replay."""

from __future__ import annotations

import json
import shutil
import tempfile
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI
from hypothesis import given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

from data.calendar import from_epoch_day
from data.database import open_database
from data.sources.ged import GED
from service.api.router import make_api
from service.cli.main import app
from service.clock import system_clock
from service.settings import Settings
from tests.histories import (
    COUNTRIES,
    DAYS,
    MOMENTS,
    Said,
    Told,
    histories,
    replay,
    store_history,
)

Shown = dict[str, dict[str, Any]]
days_or_none = st.sampled_from((None, *DAYS))
wanted = st.fixed_dictionaries(
    {"country": st.sampled_from((None, *COUNTRIES)), "since": days_or_none, "until": days_or_none}
)


def is_wanted(said: Said, country: str | None, since: date | None, until: date | None) -> bool:
    return (
        (country is None or said.country == country)
        and (since is None or said.date >= since)
        and (until is None or said.date <= until)
    )


def expect(state: dict[str, Said], wanted: dict[str, Any], names: set[str]) -> Shown:
    """The events as they should be listed, the fields of which the names are given."""
    rows = {key: said.row(key) for key, said in state.items() if is_wanted(said, **wanted)}
    for row in rows.values():
        row["date_start"] = str(from_epoch_day(row["date_start"]))
        row["date"] = row["date_end"] = str(from_epoch_day(row["date"]))
    return {key: {name: row[name] for name in names} for key, row in rows.items()}


@settings(max_examples=10, deadline=None)
@given(history=histories, as_of=st.sampled_from(MOMENTS), wanted=wanted, limit=st.integers(1, 4))
def test_api_and_command_list_what_a_replay_knows(
    empty_database_file: Path,
    browse: Any,
    history: list[Told],
    as_of: date,
    wanted: dict[str, Any],
    limit: int,
) -> None:
    with tempfile.TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patched:
        state_dir = Path(folder)
        shutil.copy(empty_database_file, state_dir / "tocsin.db")
        patched.setenv("TOCSIN_STATE_DIR", folder)
        database = open_database(f"sqlite:///{state_dir / 'tocsin.db'}")
        with database.write() as connection:
            taken = list(store_history(connection, history, GED).values())
        api = FastAPI(openapi_url=None)
        api.include_router(make_api(database, Settings(state_dir=state_dir), system_clock))
        state = replay(taken, as_of)

        asked = {key: str(value) for key, value in wanted.items() if value is not None}
        pages: list[dict[str, Any]] = []
        cursor: dict[str, str] | None = {}
        while cursor is not None:
            answer = browse(api).get(
                "/api/v1/sources/ged/events",
                params={"as_of": str(as_of), "limit": str(limit), **asked, **cursor},
            )
            assert answer.status_code == 200
            page = answer.json()
            assert len(page["events"]) <= limit
            pages += page["events"]
            cursor = page["next_cursor"] and {"cursor": page["next_cursor"]}
        listed = {event["event_id"]: event for event in pages}
        assert len(listed) == len(pages)
        names = set(pages[0]) if pages else set()
        assert listed == expect(state, wanted, names)

        words = ["data", "events", "ged", "--as-of", str(as_of), "--json"]
        for key, option in (("country", "--country"), ("since", "--from"), ("until", "--to")):
            words += [option, asked[key]] if key in asked else []
        done = CliRunner().invoke(app, words)
        database.close()
    if all(told.known_on > as_of for told in taken):
        assert done.exit_code != 0
        return
    assert done.exit_code == 0, done.output
    rows = json.loads(done.stdout)
    assert {row["event_id"]: row for row in rows} == expect(
        state, wanted, set(rows[0]) if rows else set()
    )
    assert [row["date"] for row in rows] == sorted(row["date"] for row in rows)
