"""`tocsin backtest` on the real file: predictions, report, and errors in one line."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from typer.testing import CliRunner

from data.errors import TocsinError
from service.cli.main import app
from service.problems import exit_code_of

SPAN = ("--as-of", "2022-01-15", "--from", "2019-01", "--to", "2021-12")


@pytest.fixture(scope="module")
def ready(state: Path, shared_data: Path) -> Callable[..., Any]:
    """Runs a command in this process, on a state that holds the real file."""

    def invoke(*words: str) -> Any:
        environment = {"TOCSIN_STATE_DIR": str(state), "TOCSIN_BOOTSTRAP_DRAWS": "100"}
        return CliRunner().invoke(app, list(words), env=environment)

    events = str(shared_data / "ged_sahel_1989_2021.csv")
    for words in (
        ("regions", "import", str(shared_data / "sahel_admin1.geojson"), "--set", "sahel"),
        ("ingest", "ged", events, "--vintage", "24.1", "--known-at", "2022-01-15"),
    ):
        done = invoke(*words)
        assert done.exit_code == 0, done.output
    return invoke


def test_predictions_and_report_are_written(ready: Callable[..., Any], tmp_path: Path) -> None:
    out, report = tmp_path / "predictions.parquet", tmp_path / "report.html"
    done = ready(
        *("backtest", "--set", "sahel", *SPAN, "--horizons", "3"),
        *("--out", str(out), "--report", str(report)),
    )
    assert done.exit_code == 0, done.output
    for words in ("conflictology", "region-specific part", "Timing shuffled", "Gate:"):
        assert words in done.stdout
    table = pd.read_parquet(out)
    assert set(table["horizon"]) == {3}
    assert (table["origin"].min(), table["origin"].max()) == ("2019-01", "2021-09")
    assert len(table) == 31 * 33
    assert table["probability"].between(0, 1).all()
    assert "escalation-1" in report.read_text(encoding="utf-8")
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "predictions.parquet",
        "report.html",
    ]


def test_csv_holds_the_same_and_json_the_figures(ready: Callable[..., Any], tmp_path: Path) -> None:
    out = tmp_path / "predictions.csv"
    done = ready(
        *("backtest", "--set", "sahel", *SPAN, "--horizons", "1", "--outcome", "severe"),
        *("--model", "mix", "--jobs", "2", "--out", str(out), "--json"),
    )
    assert done.exit_code == 0, done.output
    report = json.loads(done.stdout)
    figures = report["horizons"]["1"]
    table = pd.read_csv(out)
    assert report["outcome"] == {"name": "severe", "version": "severe-1", "deaths": 25}
    assert figures["skill"]["n_forecasts"] == len(table)
    assert figures["skill"]["n_positives"] == table["observed"].sum()


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("--horizons", "one"), 2, "no horizons"),
        (("--outcome", "fatalities"), 2, "needs --from"),
        (("--outcome", "fatalities", "--by", "village"), 2, "village"),
        (
            ("--outcome", "fatalities", "--from", "2020-01", "--to", "2020-04", "--model", "logit"),
            6,
            "conformal, adaptive",
        ),
        (("--outcome", "fatalities", "--draws", "views"), 2, "need a place"),
        (("--outcome", "fatalities", "--draws", "arff"), 2, "arff"),
        (("--draws", "views"), 2, "has no draws"),
        (("--outcome", "peace"), 6, "peace"),
        (("--model", "oracle"), 6, "oracle"),
        (("--out", "predictions.xls"), 2, ".parquet or .csv"),
        (("--from", "1950-01"), 2, "1989-01"),
        (("--replay", "as-known", "--from", "2017-01"), 8, "0 were the newest one known"),
        (("--replay", "as-known", "--outcome", "fatalities"), 2, "final data only"),
        (("--replay", "backwards"), 2, "backwards"),
        (("--from", "spring"), 2, "2021-07"),
    ],
)
def test_what_makes_no_sense_is_refused(
    ready: Callable[..., Any], words: tuple[str, ...], code: int, said: str
) -> None:
    done = ready("backtest", "--set", "sahel", "--as-of", "2022-01-15", *words)
    assert isinstance(done.exception, TocsinError)
    assert exit_code_of(done.exception) == code
    assert said in f"{done.exception}"


def test_fatalities_by_country(ready: Callable[..., Any], tmp_path: Path) -> None:
    out, report = tmp_path / "fatalities.csv", tmp_path / "fatalities.html"
    words = ("backtest", "--set", "sahel", *SPAN, "--outcome", "fatalities", "--by", "country")
    done = ready(*words, "--horizons", "1,6", "--out", str(out), "--report", str(report))
    assert done.exit_code == 0, done.output
    assert "escalating unit-years" in done.stdout
    table = pd.read_csv(out)
    assert set(table["region_id"]) == {"BFA", "MLI", "NER"}
    assert len(table) == 3 * (35 + 30)
    assert (table["q05"] <= table["q95"]).all()
    page = report.read_text(encoding="utf-8")
    assert "data:image/svg+xml;base64," in page
    assert "fatalities-1" in page


def test_draws_go_into_a_folder_beside_the_predictions(
    ready: Callable[..., Any], tmp_path: Path
) -> None:
    out = tmp_path / "fatalities.parquet"
    words = ("backtest", "--set", "sahel", "--as-of", "2022-01-15", "--outcome", "fatalities")
    span = ("--from", "2020-01", "--to", "2020-04", "--horizons", "1,2")
    by_region = ready(*words, *span, "--out", str(out), "--draws", "views")
    assert isinstance(by_region.exception, TocsinError)
    assert "--by country" in f"{by_region.exception} {by_region.exception.hint}"
    done = ready(*words, *span, "--by", "country", "--out", str(out), "--draws", "views")
    assert done.exit_code == 0, done.output
    assert "Draws: " in done.stdout
    files = sorted((tmp_path / "fatalities.views").rglob("*.parquet"))
    assert [path.name for path in files] == [f"cm_2020-0{month}.parquet" for month in (1, 2, 3)]
    drawn = pd.read_parquet(files[0])
    assert set(drawn["country_id"]) == {47, 50, 78}
    assert len(drawn) == 2 * 3 * 1_000
