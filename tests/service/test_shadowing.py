"""Shadows and drift: written with the publication, never served, told where somebody looks."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime

import numpy as np
import pytest
from sqlalchemy import select, update
from typer.testing import CliRunner

from data.errors import UsageError
from models.artefacts.signing import load_or_make_key
from models.drift import judge_drift
from models.registry import find_champion, promote, show_model
from models.sequential import CalibrationTest
from models.shadows import load_shadows, set_shadow
from models.tables import models
from service.alerts.system import list_system_alerts
from service.cli.main import app
from service.modelling.shadowing import describe_shadows
from service.modelling.training import train_set
from service.pipeline import run_cycle
from service.publications.store import find_publication
from service.record.verification import load_verified
from service.tables import drift_verdicts, shadow_scores

FIRST, SECOND = date(2021, 12, 15), date(2022, 1, 15)


@pytest.fixture
def shadowed(demo):
    """The demo with a second model, trained with another penalty, as a shadow."""
    other = demo.settings.model_copy(update={"ridge_c": 0.0005})
    saved = train_set(demo.database, other, demo.clock, region_set="demo", as_of=FIRST)
    assert saved.role == "challenger"
    with demo.database.write() as connection:
        set_shadow(connection, saved.model_version, is_shadow=True)
    return demo, saved.model_version


def cycle(demo, as_of, published_at):
    return run_cycle(
        demo.database, demo.settings, lambda: published_at, region_set="demo", as_of=as_of
    )


def live(as_of):
    return datetime(as_of.year, as_of.month, as_of.day, 18, tzinfo=UTC)


def test_a_shadow_is_scored_with_the_publication_and_never_served(shadowed):
    demo, version = shadowed
    cycle(demo, FIRST, live(FIRST))
    with demo.database.read() as connection:
        publication = find_publication(connection, "demo", FIRST)
        rows = connection.execute(select(shadow_scores)).mappings().all()
        champion = find_champion(connection, "demo", "escalation")
    assert champion.model_version == publication.model_version != version
    assert {row["model_version"] for row in rows} == {version}
    assert {row["publication_id"] for row in rows} == {publication.publication_id}
    served = {(s.region_id, s.horizon): s.model_probability for s in publication.scores}
    assert {(row["region_id"], row["horizon"]) for row in rows} == set(served)
    assert any(row["model_probability"] != served[row["region_id"], row["horizon"]] for row in rows)
    # Without the shadow the publication is the same.
    with demo.database.write() as connection:
        set_shadow(connection, version, is_shadow=False)
    assert cycle(demo, FIRST, live(FIRST)).is_unchanged


def test_its_live_record_stands_beside_what_was_served(shadowed, monkeypatch):
    demo, version = shadowed
    cycle(demo, FIRST, live(FIRST))
    cycle(demo, SECOND, live(SECOND))
    with demo.database.read() as connection:
        record = describe_shadows(connection, demo.settings, "demo", "escalation")
        came = {
            (one.forecast.publication_id, one.forecast.region_id): one
            for one in load_verified(connection, "demo")
        }
        said = connection.execute(
            select(shadow_scores).where(
                shadow_scores.c.horizon == 1, shadow_scores.c.risk_score.is_not(None)
            )
        ).mappings().all()  # fmt: skip
    pairs = [
        (row["risk_score"], came[row["publication_id"], row["region_id"]].observed)
        for row in said
        if (row["publication_id"], row["region_id"]) in came
    ]
    found = record["shadows"][version]
    assert found["1"]["n_forecasts"] == len(pairs) > 0
    assert found["1"]["brier"] == pytest.approx(np.mean([(p - y) ** 2 for p, y in pairs]))
    assert found["3"]["n_forecasts"] == 0
    monkeypatch.setenv("TOCSIN_STATE_DIR", str(demo.settings.state_dir))
    done = CliRunner().invoke(app, ["verify", "--set", "demo", "--shadow"])
    assert version in done.stdout
    assert f"{found['1']['brier']:.4f}" in done.stdout


def test_the_model_in_service_is_no_shadow_and_a_promoted_shadow_is_none(shadowed, monkeypatch):
    demo, version = shadowed
    key = load_or_make_key(demo.settings.state_dir).public
    with demo.database.write() as connection:
        champion = find_champion(connection, "demo", "escalation").model_version
        with pytest.raises(UsageError, match="in service"):
            set_shadow(connection, champion, is_shadow=True)
        promote(connection, version, key, promoted_at=demo.clock())
        assert not show_model(connection, version).is_shadow
        assert load_shadows(connection, "demo", "escalation", key) == ((), ())
    monkeypatch.setenv("TOCSIN_STATE_DIR", str(demo.settings.state_dir))
    run = CliRunner().invoke
    assert "not served" in run(app, ["models", "shadow", champion, "on"]).stdout
    assert "shadow" in run(app, ["models", "list"]).stdout
    assert "no longer" in run(app, ["models", "shadow", champion, "off"]).stdout
    assert isinstance(run(app, ["models", "shadow", champion, "maybe"]).exception, UsageError)


def test_an_altered_shadow_is_left_out_and_the_publication_goes_out(shadowed, caplog):
    demo, version = shadowed
    with demo.database.write() as connection:
        connection.execute(
            update(models).where(models.c.model_version == version).values(artefact=b"altered")
        )
    assert cycle(demo, FIRST, live(FIRST)).n_scores > 0
    assert "altered or cut short" in caplog.text
    with demo.database.read() as connection:
        assert connection.execute(select(shadow_scores)).all() == []


def test_a_verdict_is_stored_shown_and_on_the_card(demo, monkeypatch, tmp_path):
    monkeypatch.setenv("TOCSIN_STATE_DIR", str(demo.settings.state_dir))
    run = CliRunner().invoke
    assert "was judged" in str(run(app, ["models", "drift"]).exception)
    cycle(demo, FIRST, live(FIRST))
    cycle(demo, SECOND, live(SECOND))
    (told,) = json.loads(run(app, ["models", "drift", "--json"]).stdout)
    assert told["outcome"] == "escalation"
    assert told["as_of"] == "2022-01-15"
    assert {one["horizon"] for one in told["inputs"]} == {1, 3}
    with demo.database.read() as connection:
        served = [
            one
            for one in load_verified(connection, "demo")
            if one.is_live and one.forecast.is_model and one.forecast.horizon == 1
        ]
        (alert,) = [*list_system_alerts(connection), None][:1]
    assert bool(told["calibration"]) is bool(served)
    if served:
        assert told["calibration"]["1"]["n_forecasts"] == len(served)
    assert (alert is not None and alert.kind == "drift") is told["is_drifted"]
    shown = run(app, ["models", "drift", "--all"])
    assert shown.exit_code == int(told["is_drifted"])
    assert "stability index" in shown.stdout
    version = told["model_version"]
    card = json.loads(
        run(app, ["models", "card", version, "--html", str(tmp_path / "card.html")]).stdout
    )
    assert card["drift"]["inputs"] == told["inputs"]
    assert "stability index" in (tmp_path / "card.html").read_text()


def test_drift_opens_the_alert_and_its_end_resolves_it(demo, monkeypatch):
    test = CalibrationTest(500.0, 30, 900, "the outcome comes more often than forecast")
    monkeypatch.setattr("service.pipeline.judge_model", lambda *given: judge_drift((), {1: test}))
    cycle(demo, FIRST, live(FIRST))
    with demo.database.read() as connection:
        (alert,) = [one for one in list_system_alerts(connection) if one.kind == "drift"]
        assert "more often than forecast" in alert.detail
        assert alert.detail.startswith("Outcome escalation: ")
        assert (alert.subject, alert.outcome) == ("demo", "escalation")
        assert connection.scalar(select(drift_verdicts.c.is_drifted))
    monkeypatch.setattr("service.pipeline.judge_model", lambda *given: judge_drift((), {}))
    cycle(demo, SECOND, live(SECOND))
    with demo.database.read() as connection:
        assert [one for one in list_system_alerts(connection) if one.kind == "drift"] == []
