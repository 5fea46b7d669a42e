"""What a family of indicators adds, forecast by forecast."""

from __future__ import annotations

import numpy as np
import pytest

from data.errors import NotReady, UnknownName
from models.backtest import run_backtest
from models.estimators.ridge import probability_of
from models.gain import measure_gains
from models.metrics import log_score
from models.task import build_task


def test_missing_indicators_gain_nothing_and_known_ones_something(panel, settings) -> None:
    steps: list[tuple[int, int, str]] = []
    context, decays = measure_gains(
        panel, settings, ["context", "decays"], 3, on_progress=lambda *step: steps.append(step)
    )
    assert [step[:2] for step in steps] == [(1, 3), (2, 3), (3, 3)]
    # Nothing supplies the context: a missing feature adds nothing to a forecast.
    assert (context.n_added, decays.n_added) == (6, 6)
    assert context.log_score.value == pytest.approx(0, abs=1e-9)
    assert context.average_precision == pytest.approx(0, abs=1e-9)
    assert decays.log_score.value != 0
    assert decays.log_score.low <= decays.log_score.value <= decays.log_score.high
    assert decays.n_forecasts == context.n_forecasts > decays.n_positives > 0
    assert decays.is_earned == (decays.log_score.low > 0)


def test_the_gain_is_the_difference_of_log_scores(panel, settings) -> None:

    (gain,) = measure_gains(panel, settings, ["tempo"], 1)
    scores = []
    for feature_set in ("small-1", "small-1+tempo"):
        chosen = settings.model_copy(update={"feature_set": feature_set})
        forecasts = run_backtest(build_task(panel, chosen, 1), chosen)
        scores.append(log_score(probability_of(forecasts.log_odds), forecasts.observed))
    assert gain.log_score.value == pytest.approx(float(np.subtract(*scores)), abs=1e-12)


def test_what_cannot_be_measured_is_refused(panel, settings, make_panel) -> None:
    with pytest.raises(UnknownName, match="no-such-family"):
        measure_gains(panel, settings, ["no-such-family"], 1)
    with pytest.raises(NotReady):
        measure_gains(make_panel(is_quiet=True), settings, ["tempo"], 1)
