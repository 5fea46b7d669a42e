"""The commands that users rely on, word by word, on the real files."""

import csv
import io
import re
import signal
import subprocess
import sys
import urllib.request
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

COLUMNS = (
    "set,region_id,region_name,country,as_of,origin,outcome,horizon,step,lead_time_days,"
    "risk_score,low,high,level,change,status,completeness,model_version,outcome_version"
)


@pytest.fixture(scope="module")
def trained(run_process: Callable[..., Any], shared_data: Path) -> None:
    regions = f"{shared_data}/sahel_admin1.geojson --set sahel --id-property pcode"
    for line in (
        f"regions import {regions} --name-property name --country-property iso3",
        f"ingest ged {shared_data}/ged_sahel_1989_2021.csv --vintage 24.1 --known-at 2022-01-15",
        "train --set sahel --as-of 2022-01-15",
        "score --set sahel --as-of 2022-01-15",
    ):
        done = run_process(*line.split())
        assert done.returncode == 0, done.stderr


@pytest.mark.usefixtures("trained")
def test_all_events_are_stored(run_json: Callable[..., Any]) -> None:
    (delivery,) = run_json("ingest", "list")
    assert (delivery["n_rows"], delivery["n_quarantined"]) == (2487, 0)
    assert delivery["countries"] == ["BFA", "MLI", "NER"]
    assert (delivery["covers_from"], delivery["covers_to"]) == ("1989-01-01", "2021-12-31")


@pytest.mark.usefixtures("trained")
def test_a_second_run_changes_nothing(run: Callable[..., Any], run_json: Any) -> None:
    before = run_json("models", "list")
    report = run_json("score", "--set", "sahel", "--as-of", "2022-01-15")
    assert report["is_unchanged"]
    assert report["revision"] == 1
    assert run("train", "--set", "sahel", "--as-of", "2022-01-15").returncode == 0
    assert run_json("models", "list") == before


@pytest.mark.usefixtures("trained")
def test_doctor_finds_nothing_broken(run_process: Callable[..., Any], run_json: Any) -> None:
    found = run_json("doctor")
    assert {finding["verdict"] for finding in found["findings"]} <= {"ok", "warning"}
    assert run_process("doctor").returncode == 0


@pytest.mark.usefixtures("trained")
def test_serve_shows_31_regions_at_three_horizons(state: Path, free_port: int) -> None:
    command = [str(Path(sys.executable).parent / "tocsin"), "serve", "--port", str(free_port)]
    with subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env={"TOCSIN_STATE_DIR": str(state), "PYTHONUNBUFFERED": "1"},
        text=True,
    ) as server:
        try:
            assert server.stdout is not None
            for line in server.stdout:
                if "openapi.json" in line:
                    break
            address = f"http://127.0.0.1:{free_port}"
            with urllib.request.urlopen(f"{address}/feeds/sahel/latest.csv") as answer:
                text = answer.read().decode()
            with urllib.request.urlopen(f"{address}/sets/sahel") as answer:
                page = answer.read().decode()
        finally:
            server.send_signal(signal.SIGINT)
            server.communicate(timeout=60)
    assert text.splitlines()[0] == COLUMNS
    rows = list(csv.DictReader(io.StringIO(text)))
    assert Counter((row["outcome"], row["horizon"]) for row in rows) == {
        (outcome, horizon): 31
        for outcome in ("escalation", "severe", "onset")
        for horizon in ("1", "3", "6")
    }
    assert len({row["region_id"] for row in rows}) == 31
    asked = [row for row in rows if row["status"] != "not_asked"]
    assert {row["outcome"] for row in rows if row not in asked} == {"onset"}
    assert all(0 <= float(row["risk_score"]) <= 1 and row["level"] for row in asked)
    assert {row["status"] for row in asked} <= {"ok", "baseline_only"}
    assert {row["origin"] for row in rows} == {"2021-12"}
    assert "Mopti" in page
    assert len(re.findall(r"/sets/sahel/regions/[A-Z0-9]+", page)) >= 31


@pytest.mark.usefixtures("trained")
def test_no_command_before_the_data_were_known(run_process: Callable[..., Any]) -> None:
    done = run_process("train", "--set", "sahel", "--as-of", "2021-06-30")
    assert (done.returncode, done.stdout) == (7, "")
    assert "2021-06-30" in done.stderr
    assert "2022-01-15" in done.stderr
