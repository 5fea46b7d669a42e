"""A backtest of deaths that was killed goes on, and says what it would have said."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from datetime import date
from pathlib import Path

import pandas as pd
import pytest

from models.fatalities import path as fatality_path
from service.modelling.backtesting import backtest_fatalities, fold_folder

ROOT = Path(__file__).parents[2]
N_BEFORE = 75

DRIVER = """
import os, signal, sys

from models.fatalities import path as fatality_path
from service.cli.main import app

real, drawn = fatality_path.draw_fatalities, []


def die_late(*given):
    drawn.append(given[2])
    if len(drawn) > int(sys.argv[1]):
        os.kill(os.getpid(), signal.SIGKILL)
    return real(*given)


fatality_path.draw_fatalities = die_late
app(sys.argv[2:])
"""


@pytest.fixture
def drawn(monkeypatch):
    """Rows of the origins that are drawn."""
    rows = []
    real = fatality_path.draw_fatalities

    def count(series, levels, row, *more):
        rows.append(row)
        return real(series, levels, row, *more)

    monkeypatch.setattr(fatality_path, "draw_fatalities", count)
    return rows


def backtest(demo, out, **changes):
    settings = demo.settings.model_copy(update={"train_from": "2009-01"})
    options = {"by": "country", "horizons": (1, 2), "first": "2019-01", "last": "2021-06"}
    return backtest_fatalities(
        demo.database,
        settings,
        region_set="demo",
        as_of=date(2021, 12, 15),
        out=out,
        **{**options, **changes},
    )


def kill_late(demo, out, *more):
    words = (
        "backtest --set demo --as-of 2021-12-15 --outcome fatalities --by country --horizons 1,2 "
        "--from 2019-01 --to 2021-06 --out"
    )
    done = subprocess.run(
        [sys.executable, "-c", DRIVER, str(N_BEFORE), *words.split(), str(out), *more],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=120,
        env={
            **os.environ,
            "PYTHONPATH": str(ROOT),
            "TOCSIN_STATE_DIR": str(demo.settings.state_dir),
            "TOCSIN_TRAIN_FROM": "2009-01",
        },
    )
    assert done.returncode == -signal.SIGKILL, done.stderr


def test_a_killed_backtest_goes_on_and_says_the_same(demo, drawn, tmp_path):
    whole = backtest(demo, tmp_path / "whole.parquet")
    n_origins = len(drawn)
    assert n_origins > N_BEFORE + 2
    assert not fold_folder(tmp_path / "whole.parquet").exists()
    out = tmp_path / "killed.parquet"
    kill_late(demo, out)
    assert not out.exists()
    (run,) = fold_folder(out).iterdir()
    assert len(list(run.glob("ends-*.npz"))) == N_BEFORE
    # What was being written when the power went is no more than not done yet.
    damaged = max(run.glob("figures-*.npz"), key=lambda path: int(path.stem.split("-")[1]))
    damaged.write_bytes(damaged.read_bytes()[:-9])
    drawn.clear()
    found = backtest(demo, out)
    assert len(drawn) == n_origins - N_BEFORE + 1
    assert found.report == whole.report
    pd.testing.assert_frame_equal(found.predictions, whole.predictions)
    assert out.read_bytes() == (tmp_path / "whole.parquet").read_bytes()
    assert not fold_folder(out).exists()


def test_origins_of_other_data_or_another_trial_are_not_taken_up(demo, drawn, tmp_path):
    out = tmp_path / "killed.parquet"
    kill_late(demo, out)
    backtest(demo, out, horizons=(1, 3))
    n_origins = len(drawn)
    assert n_origins > N_BEFORE + 2
    drawn.clear()
    kill_late(demo, out)
    # What the other widening remembers is not kept: it begins anew.
    backtest(demo, out, widening="adaptive")
    assert len(drawn) > N_BEFORE
