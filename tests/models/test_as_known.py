"""A replay as known makes each forecast from what was known at its time, and from nothing later."""

from __future__ import annotations

import shutil
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from data.database import Database, open_database
from data.errors import Conflict
from models.as_known import AsKnown
from models.backtest import backtest_folds, run_backtest
from models.baselines import BASELINES
from models.forecasts import COLUMNS, Forecasts
from models.recipes import RECIPES
from models.settings import ModelSettings
from models.task import build_task
from models.verification import PublishedForecast, verify_forecasts
from tests.models.knowing import FIRST, HORIZON, SETTINGS, know, read_panel
from tests.told_months import (
    N_AT_ONCE,
    N_MONTHLY,
    delivery_day,
    event_row,
    last_day,
    store_delivery,
)


@pytest.fixture(scope="module")
def settings() -> ModelSettings:
    return SETTINGS


def replay_slowly(
    database: Database,
    settings: ModelSettings,
    folds: list[list[int]],
    outcome: str,
    also: tuple[str, ...],
) -> list[tuple[Any, ...]]:
    """Every forecast from a panel and features that are built anew: its numbers, one by one."""
    found = []
    with database.read() as connection:
        final = read_panel(connection, "own", last_day())
        deaths = final.values["deaths"].astype(np.float64)
        for origins in folds:
            forecast = None
            for row in origins:
                day = delivery_day(row - FIRST)
                panel = read_panel(connection, "own", day)
                beside = [read_panel(connection, name, day) for name in also]
                task = build_task(panel, settings, HORIZON, outcome, beside)
                assert len(panel.periods) == row + 1
                if forecast is None:
                    forecast = RECIPES["mix"](task.closed_rows(row), settings)
                asked = np.flatnonzero(np.isfinite(task.history.thresholds[row]))
                log_odds = forecast(task.origin_rows(row, asked))
                for position, region in enumerate(asked.tolist()):
                    bar = task.history.thresholds[row, region]
                    came = sum(deaths[row + ahead, region] for ahead in range(1, HORIZON + 1))
                    baselines = [one(task.history, row)[region] for one in BASELINES.values()]
                    head = row, region, origins[0], row + 1, bar
                    found.append((*head, log_odds[position], float(came >= bar), *baselines))
    return found


def numbers_of(forecasts: Forecasts) -> list[tuple[Any, ...]]:
    names = ("row", "region", "refit", "n_known", "threshold", "log_odds", "observed")
    columns = [getattr(forecasts, name) for name in names]
    return list(zip(*columns, *(forecasts.baselines[name] for name in BASELINES), strict=True))


@pytest.mark.parametrize(
    ("outcome", "also", "feature_set"),
    [
        ("escalation", (), "small-1"),
        ("severe", ("beside",), "small-1"),
        ("onset", (), "wide-1"),
    ],
)
def test_forecasts_are_those_of_a_slow_replay(told, settings, outcome, also, feature_set):
    settings = settings.model_copy(update={"feature_set": feature_set})
    panel, knowledge = know(told)
    replay = AsKnown(panel, knowledge, settings, HORIZON, outcome, also)
    folds = backtest_folds(replay, settings)
    assert [row for origins in folds for row in origins] == list(
        range(FIRST, FIRST + N_MONTHLY - HORIZON + 1)
    )
    slow = replay_slowly(told, settings, folds, outcome, also)
    assert numbers_of(run_backtest(replay, settings)) == slow
    # Again with two workers; from the last origin the replay goes back to the first.
    two = settings.model_copy(update={"n_jobs": 2})
    assert numbers_of(run_backtest(replay, two)) == slow


def test_final_data_would_have_said_otherwise(told, settings):
    """So that a replay as known that looked at the newest panel would be found out."""
    panel, knowledge = know(told)
    then = run_backtest(AsKnown(panel, knowledge, settings, HORIZON, "escalation"), settings)
    now = run_backtest(build_task(panel, settings, HORIZON), settings)
    assert set(then.row) < set(now.row)
    here = np.isin(now.row, then.row)
    assert len(then) == here.sum()
    for name in ("threshold", "log_odds"):
        assert (getattr(now, name)[here] != getattr(then, name)).any()
    assert (now.observed[here] != then.observed).any()


def test_what_came_is_what_verification_of_published_forecasts_says(told, settings):
    panel, knowledge = know(told)
    replay = AsKnown(panel, knowledge, settings, HORIZON, "escalation")
    found = run_backtest(replay, settings)
    published = [
        PublishedForecast(
            region_id=panel.region_ids[region],
            outcome="escalation",
            horizon=HORIZON,
            origin=int(panel.periods[row]),
            as_of=knowledge.origins[int(panel.periods[row])].as_of,
            published_on=knowledge.origins[int(panel.periods[row])].as_of,
            risk_score=0.5,
            climatology=0.5,
            threshold=float(threshold),
            is_model=True,
        )
        for row, region, threshold in zip(found.row, found.region, found.threshold, strict=True)
    ]
    verified = verify_forecasts(published, panel)
    assert [one.observed for one in verified] == found.observed.tolist()
    assert {0.0, 1.0} == set(found.observed)
    held = replay.history.held_against(found.row, found.region, found.threshold)
    assert (held.labels[found.row, found.region] == found.observed).all()
    assert np.isfinite(held.labels).sum() == len(found)


twists = st.fixed_dictionaries(
    {
        "from_delivery": st.integers(1, N_MONTHLY),
        "seed": st.integers(0, 1_000),
        "added": st.lists(
            st.tuples(st.integers(0, N_AT_ONCE - 1), st.integers(0, 5), st.integers(0, 90)),
            max_size=5,
        ),
    }
)


def twist_rows(rows: list[dict[str, Any]], twist: dict[str, Any]) -> list[dict[str, Any]]:
    """Other deaths for a third of the events, a tenth withdrawn, and some old ones found."""
    generator = np.random.default_rng(twist["seed"])
    told = []
    for row in rows:
        fate, deaths = generator.random(), int(generator.integers(60))
        if fate > 0.1:
            told.append(
                row if fate > 0.4 else {**row, "fatalities_best": deaths, "fatalities_high": 120}
            )
    for number, (month, region, deaths) in enumerate(twist["added"]):
        told.append(event_row(f"X{number}", month, region, deaths))
    return told


@hypothesis_settings(max_examples=5)
@given(twist=twists)
def test_nothing_known_later_changes_a_forecast(snapshots, told, settings, tmp_path_factory, twist):
    first = twist["from_delivery"]
    path = tmp_path_factory.mktemp("twisted") / "tocsin.db"
    shutil.copy(snapshots[first - 1], path)
    twisted = open_database(f"sqlite:///{path}")
    with twisted.write() as connection:
        for number in range(first, N_MONTHLY + 1):
            store_delivery(connection, number, lambda rows: twist_rows(rows, twist))
    one, other = (
        run_backtest(
            AsKnown(*know(database), settings, HORIZON, "escalation", ("beside",)), settings
        )
        for database in (told, twisted)
    )
    twisted.close()
    earlier = one.row < FIRST + first
    assert earlier.any()
    assert earlier.sum() == (other.row < FIRST + first).sum()
    for name in set(COLUMNS) - {"observed"}:
        assert (getattr(one, name)[earlier] == getattr(other, name)[: earlier.sum()]).all()
    for name, values in one.baselines.items():
        assert (values[earlier] == other.baselines[name][: earlier.sum()]).all()


def test_what_was_changed_meanwhile_is_said(told, settings):
    panel, knowledge = know(told)
    changed = replace(knowledge, read=lambda name, day: knowledge.read(name, last_day()))
    replay = AsKnown(panel, changed, settings, HORIZON, "escalation")
    with pytest.raises(Conflict, match="is not what it was") as refused:
        replay.at(FIRST)
    assert "run the same command again" in refused.value.hint


def test_a_set_trains_beside_from_the_day_on_which_it_was_known(told, settings):
    panel, knowledge = know(told)
    later = replace(knowledge, known_from={"beside": delivery_day(5)})
    both, alone, beside = (
        AsKnown(panel, what, settings, HORIZON, "escalation", names)
        for what, names in ((later, ("beside",)), (later, ()), (knowledge, ("beside",)))
    )
    for row, same in ((FIRST + 4, alone), (FIRST + 5, beside)):
        one, other = both.closed_rows(row).others, same.closed_rows(row).others
        assert (one is None) == (other is None) == (same is alone)
        if one is not None and other is not None:
            assert one.labels.tolist() == other.labels.tolist()
