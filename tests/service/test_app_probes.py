"""Probes: alive, ready, on time; and what Prometheus reads."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime

import pytest
from fastapi import FastAPI
from prometheus_client.parser import text_string_to_metric_families
from sqlalchemy import make_url

from service.health.probes import make_probes
from service.schedule.lateness import judge_lateness
from service.schedule.slots import claim_slot, finish_slot
from service.settings import OwnSchedule

DUE = datetime(2022, 1, 16, 0, 0, tzinfo=UTC)


@pytest.fixture
def scheduled(settings):
    own = {"squares": OwnSchedule(cron="0 0 * * *")}
    return settings.model_copy(update={"schedules": own})


@pytest.fixture
def client(squares, scheduled, clock, browse):
    app = FastAPI(openapi_url=None)
    app.include_router(make_probes(squares, scheduled, clock, {200: 7, 304: 2}))
    return browse(app)


def judge(database, region_set, settings, now):
    with database.read() as connection:
        return judge_lateness(connection, region_set, settings, now).punctuality


def test_alive_and_ready(client):
    assert client.get("/health/live").status_code == 200
    answer = client.get("/health/ready")
    assert (answer.status_code, answer.headers["cache-control"]) == (200, "no-store")


def test_without_its_database_it_is_alive_but_not_ready(
    client, squares, settings, tmp_path, request
):
    squares.close()
    if settings.database_url is None:
        for file in (tmp_path / "state").glob("tocsin.db*"):
            file.unlink()
        (tmp_path / "state").rmdir()
    else:
        name = make_url(settings.resolved_database_url).database
        request.getfixturevalue("postgres_server").drop(name)
    assert client.get("/health/live").status_code == 200
    assert client.get("/health/ready").status_code == 503
    assert client.get("/health/publication").status_code == 503


def test_a_missing_publication_is_said_with_503(client, publish, make_publication):
    answer = client.get("/health/publication")
    assert answer.status_code == 503
    assert answer.json()["sets"][0]["status"] == "never_published"
    publish(make_publication(date(2022, 1, 15)))
    answer = client.get("/health/publication")
    assert (answer.status_code, answer.json()["status"]) == (503, "late")
    assert answer.json()["sets"] == [
        {
            "set": "squares",
            "status": "late",
            "latest_as_of": "2022-01-15",
            "published_at": "2022-01-16T06:00:00Z",
            "due_at": "2022-01-16T00:00:00Z",
        }
    ]
    publish(make_publication(date(2022, 1, 16)))
    answer = client.get("/health/publication")
    assert (answer.status_code, answer.json()["status"]) == (200, "ok")


def test_a_publication_is_late_when_its_grace_is_over(
    squares, region_set, scheduled, publish, make_publication
):
    publish(make_publication(date(2022, 1, 15)))
    assert judge(squares, region_set, scheduled, DUE.replace(hour=5, minute=59)) == "on_time"
    assert judge(squares, region_set, scheduled, DUE.replace(hour=6)) == "late"
    claim_slot(squares, "squares", DUE, DUE)
    with squares.write() as connection:
        finish_slot(connection, "squares", DUE, status="failed", now=DUE, detail="")
    assert judge(squares, region_set, scheduled, DUE.replace(hour=6)) == "cycle_failed"


def test_a_set_without_a_schedule_is_judged_by_its_age(
    squares, region_set, settings, publish, make_publication
):
    publish(make_publication(date(2022, 1, 15)))
    assert judge(squares, region_set, settings, datetime(2022, 2, 24, tzinfo=UTC)) == "on_time"
    assert judge(squares, region_set, settings, datetime(2022, 2, 25, tzinfo=UTC)) == "too_old"


def test_metrics_are_what_prometheus_reads(client, squares, publish, make_publication):
    publish(replace(make_publication(risk={("AA01", 1): None})))
    claim_slot(squares, "squares", DUE, DUE)
    answer = client.get("/metrics")
    samples = {
        (sample.name, *sorted(sample.labels.values())): sample.value
        for family in text_string_to_metric_families(answer.text)
        for sample in family.samples
    }
    assert samples[("tocsin_publication_late", "squares")] == 1
    assert samples[("tocsin_publication_age_seconds", "squares")] == 30 * 3600
    assert samples[("tocsin_slots", "running", "squares")] == 1
    assert samples[("tocsin_scores", "stale")] == 1
    assert samples[("tocsin_scores", "ok")] == 7
    assert samples[("tocsin_feed_requests_total", "304")] == 2
