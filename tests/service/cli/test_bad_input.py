"""Bad input: one line that says what is wrong, a stable exit code, nothing written."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

SQUARE = [[[0, 0], [1, 0], [1, 1], [0, 1], [0, 0]]]


@pytest.fixture(scope="module")
def region_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("regions") / "regions.geojson"
    feature = {
        "type": "Feature",
        "properties": {"pcode": "ML01", "name": "One", "iso3": "MLI"},
        "geometry": {"type": "Polygon", "coordinates": SQUARE},
    }
    path.write_text(json.dumps({"type": "FeatureCollection", "features": [feature]}))
    return path


@pytest.fixture(scope="module")
def csv_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("events") / "events.csv"
    path.write_text("a,b\n1,2\n")
    return path


def assert_refused(done: Any, code: int, *words: str) -> None:
    assert done.returncode == code, done.stderr
    lines = [line for line in done.stderr.splitlines() if line.startswith("tocsin: ")]
    assert len(lines) == 1, done.stderr
    assert "Traceback" not in done.stderr
    for word in words:
        assert word in lines[0]


def test_missing_file(run_process: Callable[..., Any]) -> None:
    done = run_process("regions", "import", "none.geojson", "--set", "x")
    assert_refused(done, 4, "none.geojson")
    done = run_process("ingest", "ged", "none.csv", "--vintage", "1", "--known-at", "2022-01-15")
    assert_refused(done, 4, "none.csv")


def test_a_csv_that_is_no_ged_file(
    run: Callable[..., Any], run_json: Callable[..., Any], csv_file: Path
) -> None:
    done = run("ingest", "ged", str(csv_file), "--vintage", "1", "--known-at", "2022-01-15")
    assert_refused(done, 5, "date_start")
    assert run_json("ingest", "list") == []


def test_a_region_file_without_the_property(run: Callable[..., Any], region_file: Path) -> None:
    words = ("regions", "import", str(region_file), "--set", "x", "--id-property", "code")
    assert_refused(run(*words), 5, "code", "pcode")


def test_unknown_region_set(run: Callable[..., Any]) -> None:
    for command in ("train", "score"):
        assert_refused(run(command, "--set", "nowhere"), 6, "nowhere")


def test_an_import_says_that_no_schedule_scores_the_set(
    run: Callable[..., Any], region_file: Path
) -> None:
    for step, cron in (("month", "0 6 12 * *"), ("week", "0 6 * * wed")):
        done = run("regions", "import", str(region_file), "--set", f"by-{step}", "--step", step)
        told = " ".join(done.stderr.split())
        assert f'TOCSIN_SCHEDULES=\'{{"by-{step}": {{"cron": "{cron}"}}}}\'' in told
        assert f"1, 3, 6 {step}s" in told


def test_nothing_known_yet(
    run: Callable[..., Any], run_json: Callable[..., Any], region_file: Path
) -> None:
    assert run("regions", "import", str(region_file), "--set", "one").returncode == 0
    assert_refused(run("train", "--set", "one", "--as-of", "2022-01-15"), 7, "2022-01-15")
    assert_refused(run("score", "--set", "one", "--as-of", "2022-01-15"), 8, "tocsin train")
    assert run_json("models", "list") == []


def test_as_of_that_is_no_day_or_lies_ahead(run: Callable[..., Any]) -> None:
    assert_refused(run("train", "--set", "one", "--as-of", "2022-13-01"), 2, "2022-13-01")
    assert_refused(run("train", "--set", "one", "--as-of", "2999-01-01"), 2, "2999-01-01")


def test_an_error_is_json_for_machines(run_process: Callable[..., Any]) -> None:
    done = run_process("score", "--set", "nowhere", "--json")
    assert json.loads(done.stdout)["error"]["code"] == "unknown_name"


def test_brackets_in_the_names_of_others_are_printed_as_they_are(
    run: Callable[..., Any], tmp_path: Path
) -> None:
    names = ("Unidentified [armed] group", "[/x]", "[bold]Loud", ":warning:")
    features = [
        {
            "type": "Feature",
            "properties": {"pcode": f"ML{number}", "name": name, "iso3": "MLI"},
            "geometry": {"type": "Polygon", "coordinates": SQUARE},
        }
        for number, name in enumerate(names)
    ]
    path = tmp_path / "bracketed.geojson"
    path.write_text(json.dumps({"type": "FeatureCollection", "features": features}))
    assert run("regions", "import", str(path), "--set", "bracketed").returncode == 0
    done = run("regions", "show", "--set", "bracketed")
    assert done.returncode == 0, done.stderr
    for name in names:
        assert name in done.stdout


def test_doctor_prints_what_a_source_said_as_it_is(run: Callable[..., Any]) -> None:
    fetches = json.dumps({"[/x]": {"source": "hapi", "cron": "0 4 * * *"}})
    done = run("doctor", fetches=fetches)
    assert done.returncode == 1, done.stderr
    assert "fetch [/x]" in done.stdout


def test_a_place_that_cannot_be_written_to_is_one_line(
    run: Callable[..., Any], tmp_path: Path
) -> None:
    file = tmp_path / "file"
    file.write_text("")
    assert_refused(run("doctor", state_dir=str(file / "state")), 3, str(file))
    (tmp_path / "state").mkdir()
    (tmp_path / "state" / "downloads").write_text("")
    address = ("sources", "fetch", "wfp", "--from", "https://127.0.0.1/a.csv")
    done = run(*address, state_dir=str(tmp_path / "state"))
    assert_refused(done, 70, "downloads", "File exists")
    assert done.stdout == ""


def test_numbers_that_no_database_holds_are_refused(run: Callable[..., Any]) -> None:
    for words in (
        ("ingest", "quarantine", str(2**63)),
        ("alerts", "unsilence", str(2**63), "--by", "awa"),
        ("alerts", "ack", "abc", "--by", "awa", "--days", "99999999999"),
    ):
        done = run(*words)
        assert done.returncode == 2, done.stderr
        assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    "words",
    [
        ("backtest", "--set", "x", "--out"),
        ("backtest", "--set", "x", "--report"),
        ("fatalities", "--set", "x", "--out"),
        ("data", "diff", "--set", "x", "--picture"),
        ("alerts", "simulate", "rules.toml", "--set", "x", "--picture"),
        ("models", "card", "1", "--html"),
    ],
)
def test_a_place_that_cannot_be_written_is_refused_before_the_work(run, tmp_path, words) -> None:
    (tmp_path / "file").touch()
    # No set and no model is there either: the place is looked at first.
    under_a_file = str(tmp_path / "file" / "new" / "out.csv")
    assert_refused(run(*words, under_a_file), 2, f"{under_a_file} cannot be written.")
    assert_refused(run(*words, str(tmp_path)), 2, f"{tmp_path} is a folder.")
