"""`tocsin backtest --replay as-known` on a world that is told month by month."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from typer.testing import CliRunner

from data.database import open_database
from service.cli.main import app
from tests.told_months import delivery_day, last_day, store_world

WORDS = ("backtest", "--set", "own", "--as-of", last_day().isoformat(), "--horizons", "1")


@pytest.fixture(scope="module")
def call(state: Path) -> Callable[..., str]:
    database = open_database(f"sqlite:///{state / 'tocsin.db'}")
    with database.write() as connection:
        store_world(connection)
    database.close()

    def invoke(*words: str) -> str:
        environment = {"TOCSIN_STATE_DIR": str(state), "TOCSIN_BOOTSTRAP_DRAWS": "100"}
        done = CliRunner().invoke(app, [*WORDS, *words], env=environment, catch_exceptions=False)
        assert done.exit_code == 0, done.output
        return done.stdout

    return invoke


def test_all_that_a_final_replay_writes_is_written(
    call: Callable[..., str], tmp_path: Path
) -> None:
    out, page = tmp_path / "predictions.parquet", tmp_path / "report.html"
    words = ("--replay", "as-known", "--also", "beside")
    said = call(*words, "--out", str(out), "--report", str(page))
    assert (
        f"'beside' trains beside it as known on the days of the refits, from {delivery_day(0)}"
        in said
    )
    assert "replay: as known" in said
    assert "14 origins, 2018-12 to 2020-01, each from what was known when" in said
    assert f"deliveries month 0 ({delivery_day(0)}) to month 13 ({delivery_day(13)})" in said
    assert "71 other months never were" in said
    assert f"What came is told by month 14, as known on {last_day()}" in said
    table = pd.read_parquet(out)
    assert table["origin"].nunique() == 14
    assert "as known: 14 origins" in page.read_text(encoding="utf-8")
    assert sorted(path.name for path in tmp_path.iterdir()) == [out.name, page.name]


def test_figures_are_those_of_the_chosen_replay(call: Callable[..., str]) -> None:
    def ask(*words: str) -> dict[str, Any]:
        report: dict[str, Any] = json.loads(call("--from", "2018-12", "--json", *words))
        return report

    final, default, then = ask("--replay", "final"), ask(), ask("--replay", "as-known")
    assert final == default
    assert (final["replay"], then["replay"]) == ("final data", "as known")
    assert "as_known" not in final
    skills = [one["horizons"]["1"]["skill"] for one in (final, then)]
    assert skills[0]["n_forecasts"] == skills[1]["n_forecasts"]
    assert skills[0]["model"] != skills[1]["model"]
