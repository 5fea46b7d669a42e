"""`tocsin indicators`: the catalogue, and its values on the simulated world."""

from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest

from data.database import open_database
from data.regions import save_region_set
from data.simulate import simulate_world
from data.sources.simulated import SIMULATED, deliver_simulated
from data.store import append_delivery

AS_OF = "2021-06-15"
SEED = 3


@pytest.fixture(scope="module")
def filled(state: Path) -> str:
    day = date.fromisoformat(AS_OF)
    now = datetime(2021, 6, 15, tzinfo=UTC)
    batch = deliver_simulated(day, SEED)
    database = open_database(f"sqlite:///{state / 'tocsin.db'}")
    with database.write() as connection:
        save_region_set(connection, simulate_world(day, SEED).region_set, now)
        append_delivery(
            connection,
            batch,
            source=SIMULATED,
            vintage="1",
            known_at=now,
            received_at=now,
            file_name="simulated",
            sha256="0" * 64,
        )
    database.close()
    return AS_OF


def test_the_catalogue_is_listed_and_shown(run_json: Callable[..., Any]) -> None:
    listed = run_json("indicators", "list")
    assert len({row["name"] for row in listed}) == len(listed) > 100
    assert all(row["formula"] and row["why"] and row["window"] for row in listed)
    tempo = run_json("indicators", "list", "--family", "tempo")
    assert {row["family"] for row in tempo} == {"tempo"}
    shown = run_json("indicators", "show", "deaths_12m")
    assert shown["feature_sets"] == ["small-1", "wide-1"]
    assert "values" not in shown


def test_values_of_a_region_and_of_a_set_agree(
    run_json: Callable[..., Any], run_process: Callable[..., Any], filled: str
) -> None:
    shown = run_json("indicators", "show", "events_12m", "--as-of", filled)
    assert shown["origin"] == "2021-05"
    first = max(shown["values"], key=lambda row: row["value"])
    assert first["value"] > 0
    rows = run_json("indicators", "list", "--region", first["region_id"], "--as-of", filled)
    values = {row["name"]: row["value"] for row in rows}
    assert values["events_12m"] == first["value"]
    assert values["actors_active_12m"] > 0
    assert values["rainfall_anomaly"] is None
    table = run_process("indicators", "list", "--region", first["region_id"], "--as-of", filled)
    assert first["region_id"] in table.stdout.splitlines()[0]


@pytest.mark.parametrize(
    "words",
    [
        ("show", "no-such-indicator"),
        ("list", "--family", "no-such-family"),
        ("list", "--region", "no-such-region", "--as-of", AS_OF),
    ],
)
def test_an_unknown_name_is_one_line(
    run: Callable[..., Any], filled: str, words: tuple[str, ...]
) -> None:
    done = run("indicators", *words)
    assert done.returncode != 0
    assert "no-such" in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_a_gain_is_measured(run_json: Callable[..., Any], filled: str) -> None:
    (gain,) = run_json("indicators", "gain", "--family", "contested-reports", "--as-of", filled)
    assert gain["n_added"] == 5
    assert gain["log_score"]["low"] <= gain["log_score"]["value"] <= gain["log_score"]["high"]
    assert gain["is_earned"] == (gain["log_score"]["low"] > 0)


def test_what_the_set_has_already_gains_nothing(run: Callable[..., Any], filled: str) -> None:
    done = run("indicators", "gain", "--family", "threshold", "--as-of", filled)
    assert done.returncode != 0
    assert "has all of 'threshold'" in done.stderr
