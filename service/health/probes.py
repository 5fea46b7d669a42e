"""Probes for machines that watch: `/health/…` and `/metrics`.

`/health/live` answers as long as the process does; `/health/ready` as long as its database does;
`/health/publication` says 503 when a publication that was due is missing, so that a dead feed is
noticed by whoever asks from outside. `/.well-known/tocsin-keys.json` is the key that manifests are
checked with.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from fastapi import APIRouter, Response
from sqlalchemy import select
from sqlalchemy.exc import SQLAlchemyError

from data.database import Database
from data.regions import list_set_heads
from models.artefacts.signing import load_or_make_key
from service.clock import Clock
from service.feeds.facts import write_moment
from service.feeds.manifest import write_key_set
from service.health.metrics import MEDIA_TYPE, render_metrics
from service.schedule.lateness import Lateness, judge_lateness
from service.settings import Settings


def make_probes(
    database: Database, settings: Settings, clock: Clock, feed_answers: Mapping[int, int]
) -> APIRouter:
    """Returns the routes of the probes.

    Args:
        database: The open database.
        settings: The settings in force.
        clock: The clock.
        feed_answers: HTTP status to the number of feed requests that were answered so.
    """
    router = APIRouter(include_in_schema=False)

    @router.get("/health/live")
    async def show_life() -> Response:
        return _answer(200, {"status": "ok"})

    @router.get("/health/ready")
    def show_readiness() -> Response:
        try:
            with database.read() as connection:
                connection.execute(select(1)).scalar_one()
        except SQLAlchemyError:
            return _answer(503, {"status": "no_database"})
        return _answer(200, {"status": "ok"})

    @router.get("/health/publication")
    def show_punctuality() -> Response:
        now = clock()
        try:
            with database.read() as connection:
                judged = [
                    judge_lateness(connection, region_set, settings, now)
                    for region_set in list_set_heads(connection)
                ]
        except SQLAlchemyError:
            return _answer(503, {"status": "no_database", "now": write_moment(now), "sets": []})
        is_late = any(item.is_late for item in judged) or not judged
        content = {
            "status": "late" if is_late else "ok",
            "now": write_moment(now),
            "sets": [_describe(item) for item in judged],
        }
        return _answer(503 if is_late else 200, content)

    @router.get("/.well-known/tocsin-keys.json")
    def show_keys() -> Response:
        body = write_key_set(load_or_make_key(settings.state_dir).public)
        headers = {"cache-control": "public, max-age=3600", "access-control-allow-origin": "*"}
        return Response(body, media_type="application/jwk-set+json", headers=headers)

    @router.get("/metrics")
    def show_metrics() -> Response:
        body = render_metrics(database, settings, clock, feed_answers)
        return Response(body, headers={"content-type": MEDIA_TYPE, "cache-control": "no-store"})

    return router


def _describe(item: Lateness) -> dict[str, Any]:
    return {
        "set": item.region_set,
        "status": item.punctuality,
        "latest_as_of": None if item.latest_as_of is None else item.latest_as_of.isoformat(),
        "published_at": None if item.published_at is None else write_moment(item.published_at),
        "due_at": None if item.due_at is None else write_moment(item.due_at),
    }


def _answer(status: int, content: Mapping[str, Any]) -> Response:
    return Response(
        json.dumps(content),
        status_code=status,
        media_type="application/json",
        headers={"cache-control": "no-store"},
    )
