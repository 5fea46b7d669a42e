"""Outcomes are named, versioned, trained and scored alike."""

from __future__ import annotations

from datetime import UTC, datetime

import numpy as np
import pytest

from data.errors import Refused, UnknownName
from models.artefacts.admission import StoredModel, open_model
from models.artefacts.signing import load_or_make_key, sign
from models.history import build_history
from models.outcome import OUTCOMES, describe_outcome, outcome_definition, read_outcome
from models.score import score_panel
from models.train import train_model

NOW = datetime(2020, 1, 15, tzinfo=UTC)


@pytest.mark.parametrize("outcome", OUTCOMES)
def test_a_description_leads_back_to_the_definition(settings, outcome):
    described = describe_outcome(settings, outcome)
    assert described["version"] == f"{outcome}-1"
    assert read_outcome(described) == outcome_definition(settings, outcome)


def test_an_unknown_outcome_is_refused(settings, panel):
    with pytest.raises(UnknownName, match="'peace'"):
        build_history(panel, settings, 1, "peace")
    with pytest.raises(UnknownName):
        read_outcome({"name": "peace", "version": "peace-1"})


@pytest.mark.parametrize("outcome", OUTCOMES)
def test_the_threshold_is_reached_in_the_period_that_is_named(panel, settings, outcome):
    history = build_history(panel, settings, 6, outcome)
    rows, regions = np.nonzero(history.labels > 0)
    assert len(rows)
    assert (np.isfinite(history.reached_after) == (history.labels > 0)).all()
    for row, region in zip(rows[:200], regions[:200], strict=True):
        after = int(history.reached_after[row, region])
        deaths = history.deaths[row + 1 : row + 7, region].cumsum()
        assert deaths[after - 1] >= history.thresholds[row, region]
        assert after == 1 or deaths[after - 2] < history.thresholds[row, region]
        assert history.window_sums[row, region] == deaths[-1]


@pytest.mark.parametrize("outcome", ["severe", "onset"])
def test_other_outcomes_are_trained_and_scored(panel, settings, outcome, tmp_path):
    chosen = settings.model_copy(update={"horizons": (3,)})
    trained = train_model(panel, chosen, created_at=NOW, outcome=outcome)
    assert trained.model_version.startswith(f"plain-{outcome}-20200115-")
    assert set(trained.backtest["outcome"]) == {outcome}
    key = load_or_make_key(tmp_path)
    stored = StoredModel(
        trained.model_version,
        "plain",
        outcome,
        trained.manifest_bytes,
        trained.artefact,
        sign(key, trained.manifest_bytes),
    )
    run = score_panel(open_model(stored, key.public), panel, chosen)
    assert run.outcome_version == f"{outcome}-1"
    assert {score.outcome for score in run.scores} == {outcome}
    for score in run.scores:
        assert score.threshold in {25.0, None}
        if outcome == "onset" and score.threshold is None:
            assert (score.status, score.risk_score) == ("not_asked", None)
            assert "quiet year" in score.reason
    with pytest.raises(Refused, match=f"forecasts {outcome}-1"):
        score_panel(
            open_model(stored, key.public),
            panel,
            chosen.model_copy(update={"severe_deaths": 30.0}),
        )
