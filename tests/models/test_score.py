"""Scores are the model's own, explained exactly, and silent where nothing may be said."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import numpy as np
import pytest
from scipy import stats

from data.errors import Refused, UsageError
from features.build import build_features
from models.artefacts.artefact import LoadedModel
from models.artefacts.manifest import describe_training
from models.baselines import climatology
from models.estimators.calibration import Calibration
from models.estimators.ridge import probability_of, standardise
from models.history import build_history
from models.outcome import definition_of
from models.score import score_panel


def _gated(model: LoadedModel, is_passed: bool, reason: str = "") -> LoadedModel:
    horizons = {
        horizon: {**described, "gate": {"is_passed": is_passed, "reason": reason}}
        for horizon, described in model.manifest["horizons"].items()
    }
    return replace(model, manifest={**model.manifest, "horizons": horizons})


@pytest.fixture(scope="module")
def passed(trained) -> LoadedModel:
    return _gated(trained.model, True)


@pytest.fixture(scope="module")
def run(passed, panel, settings):
    return score_panel(passed, panel, settings)


def test_every_region_has_a_score_at_every_horizon(run, panel, trained):
    assert [(one.horizon, one.region_id) for one in run.scores] == [
        (horizon, region) for horizon in (1, 3, 6) for region in panel.region_ids
    ]
    assert {one.status for one in run.scores} == {"ok"}
    assert {one.reason for one in run.scores} == {""}
    assert run.origin == panel.origin
    assert run.model_version == trained.model_version
    assert run.outcome_version == "escalation-1"


def test_contributions_sum_to_the_score(run):
    for one in run.scores:
        log_odds = np.log(one.model_probability / (1 - one.model_probability))
        summed = one.base_log_odds + sum(part.log_odds for part in one.contributions)
        assert abs(summed - log_odds) < 1e-9
        sizes = [abs(part.log_odds) for part in one.contributions]
        assert sizes == sorted(sizes, reverse=True)
        assert one.risk_score == one.model_probability


def test_a_score_is_what_scikit_learn_and_scipy_say_of_the_training_row(
    run, passed, panel, settings
):
    for horizon, part in passed.horizons.items():
        matrix = build_features(panel, settings.feature_set, definition_of(settings), horizon)
        logit, counts = part.estimator.logit, part.estimator.counts
        rows = standardise(matrix.values[-1], logit.centre, logit.scale)
        said = logit.logit.decision_function(rows)
        mean = np.exp(counts.mean[0] + rows @ counts.mean[1:])
        size = np.exp(-(counts.dispersion[0] + rows @ counts.dispersion[1:]))
        bar = np.ceil(build_history(panel, settings, horizon).thresholds[-1]) - 1
        law = stats.nbinom(size, size / (size + mean))
        expected = (said + law.logsf(bar) - law.logcdf(bar)) / 2
        assert part.calibration.slope == 1
        found = [one.model_probability for one in run.scores if one.horizon == horizon]
        assert found == pytest.approx(probability_of(expected), abs=1e-9)


def test_a_recalibrated_model_is_explained_as_exactly(passed, panel, settings):
    line = Calibration(0.3, 0.8)
    moved = replace(
        passed,
        horizons={h: replace(part, calibration=line) for h, part in passed.horizons.items()},
    )
    plain = score_panel(passed, panel, settings).scores
    for before, after in zip(plain, score_panel(moved, panel, settings).scores, strict=True):
        log_odds = np.log(after.model_probability / (1 - after.model_probability))
        was = np.log(before.model_probability / (1 - before.model_probability))
        assert log_odds == pytest.approx(0.3 + 0.8 * was)
        summed = after.base_log_odds + sum(part.log_odds for part in after.contributions)
        assert abs(summed - log_odds) < 1e-9


def test_values_and_thresholds_are_in_natural_units(run, panel, settings):
    first = run.scores[0]
    values = {part.feature: part for part in first.contributions}
    deaths = panel.values["deaths"][-12:, 0].sum()
    assert values["deaths_12m"].value == pytest.approx(float(deaths))
    assert values["deaths_12m"].unit == "deaths"
    history = build_history(panel, settings, 1)
    assert first.threshold == history.thresholds[-1, 0]
    assert first.climatology == pytest.approx(climatology(history, len(panel.periods) - 1)[0])


def test_without_proven_skill_the_past_frequency_is_served(trained, panel, settings):
    closed = score_panel(_gated(trained.model, False, "No proven skill."), panel, settings)
    for one in closed.scores:
        assert one.status == "baseline_only"
        assert one.risk_score == one.climatology
        assert one.model_probability is not None
        assert one.contributions
        assert one.reason.startswith("No proven skill.")


@pytest.mark.parametrize(
    ("steps_behind", "status"),
    [(0, "ok"), (1, "baseline_only"), (2, "baseline_only"), (3, "stale"), (30, "stale")],
)
def test_a_region_without_recent_data_gets_no_model_number(
    passed, panel, settings, blank_rows, steps_behind, status
):
    assert settings.stale_after_steps == 2
    behind = blank_rows(panel, 5, len(panel.periods) - steps_behind)
    scores = score_panel(passed, behind, settings).scores
    here = [one for one in scores if one.region_id == "R05"]
    assert {one.status for one in here} == {status}
    for one in here:
        assert (one.risk_score is None) is (status == "stale")
        assert (one.model_probability is None) is (status != "ok")
        assert bool(one.reason) is (status != "ok")
        assert bool(one.contributions) is (status == "ok")
    assert {one.status for one in scores if one.region_id == "R09"} == {"ok"}


def test_the_reason_says_how_far_the_data_are_behind(passed, panel, settings, blank_rows):
    behind = blank_rows(panel, 5, len(panel.periods) - 4)
    reason = score_panel(passed, behind, settings).scores[5].reason
    assert reason == "The data of this region end with 2019-08, 4 months before 2019-12."


def test_a_region_that_was_never_known_is_stale(passed, panel, settings, blank_rows):
    one = score_panel(passed, blank_rows(panel, 2, 0), settings).scores[2]
    assert (one.status, one.risk_score, one.climatology) == ("stale", None, None)
    assert "Nothing is known" in one.reason


def test_when_all_data_end_early_everything_is_stale(passed, panel, settings):
    known = panel.known.copy()
    known[-3:] = False
    values = {name: np.where(known, a, np.float32(np.nan)) for name, a in panel.values.items()}
    run = score_panel(passed, replace(panel, known=known, values=values), settings)
    assert run.origin == panel.origin - 3
    assert {one.status for one in run.scores} == {"stale"}


def test_a_region_with_a_short_history_gets_its_baseline(passed, panel, settings):
    known = panel.known.copy()
    known[:-20, 7] = False
    values = {name: np.where(known, a, np.float32(np.nan)) for name, a in panel.values.items()}
    one = score_panel(passed, replace(panel, known=known, values=values), settings).scores[7]
    assert (one.status, one.threshold, one.model_probability) == ("baseline_only", None, None)
    assert one.risk_score == one.climatology > 0
    assert "too short" in one.reason


def test_what_lies_after_the_origin_changes_nothing(passed, panel, settings):
    n = 160

    def cut(source):
        return replace(
            panel,
            as_of=date(2018, 5, 15),
            periods=panel.periods[:n],
            known=panel.known[:n],
            values={name: array[:n].copy() for name, array in source.items()},
            country_values={name: array[:n] for name, array in panel.country_values.items()},
        )

    louder = {name: array.copy() for name, array in panel.values.items()}
    for name in ("deaths", "events"):
        louder[name][n:] += 100
    assert score_panel(passed, cut(louder), settings) == score_panel(
        passed, cut(panel.values), settings
    )
    # Unknown months after the origin are no different from months that are not there.
    known = panel.known.copy()
    known[n:] = False
    unknown = replace(panel, known=known, values=louder)
    patient = settings.model_copy(update={"stale_after_steps": 100})
    assert score_panel(passed, unknown, patient).scores == (
        score_panel(passed, cut(panel.values), settings).scores
    )


def test_a_model_of_other_regions_or_definitions_is_refused(passed, panel, settings):
    with pytest.raises(UsageError, match="region set 'plain'"):
        score_panel(passed, replace(panel, region_set="other"), settings)
    with pytest.raises(Refused, match="other regions"):
        score_panel(passed, replace(panel, region_ids=panel.region_ids[::-1]), settings)
    with pytest.raises(Refused, match="settings ask for escalation-1-"):
        score_panel(passed, panel, settings.model_copy(update={"escalation_floor": 5}))
    read, other = (
        replace(
            passed,
            manifest={
                **passed.manifest,
                "actors": {"table_sha256": "0" * 64, "are_read": are_read},
            },
        )
        for are_read in (True, False)
    )
    with pytest.raises(Refused, match="another table of actors"):
        score_panel(read, panel, settings)
    score_panel(read, replace(panel, actor_table="0" * 64), settings)
    score_panel(other, panel, settings)
    manifest = {
        **passed.manifest,
        "horizons": {
            horizon: {**described, "feature_fingerprint": "0" * 64}
            for horizon, described in passed.manifest["horizons"].items()
        },
    }
    with pytest.raises(Refused, match="other features"):
        score_panel(replace(passed, manifest=manifest), panel, settings)


@pytest.mark.parametrize(
    ("feature_set", "are_read"), [("small-1", False), ("small-1+actors", True)]
)
def test_a_manifest_names_the_table_of_actors(panel, settings, feature_set, are_read):
    named = replace(panel, actor_table="a" * 64)
    asked = settings.model_copy(update={"feature_set": feature_set})
    described = describe_training(named, asked, ["1"], "escalation")
    assert described["actors"] == {"table_sha256": "a" * 64, "are_read": are_read}
