"""What the service notices about itself."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any

import pytest

from data.database import Database
from data.errors import NotReady, Refused
from data.regions import RegionSet
from service.alerts.system import list_system_alerts
from service.health.watch import (
    judge_cycle,
    judge_publication,
    report_conditions,
    watch_lateness,
    watch_publication,
)
from service.publications.publication import Publication
from service.publications.store import store_publication
from service.settings import Settings


def open_kinds(database: Database) -> list[str]:
    with database.read() as connection:
        return sorted(alert.kind for alert in list_system_alerts(connection))


@pytest.fixture
def publication(make_publication: Callable[..., Publication]) -> Publication:
    return make_publication()


@pytest.mark.parametrize(
    ("n_without", "age_days", "expected"),
    [(0, 16, []), (3, 16, ["coverage_low"]), (0, 75, []), (0, 76, ["source_stale"])],
)
def test_a_publication_shows_its_coverage_and_its_source(
    database: Database,
    region_set: RegionSet,
    publication: Publication,
    settings: Settings,
    now: datetime,
    n_without: int,
    age_days: int,
    expected: list[str],
) -> None:
    without = set(region_set.region_ids[:n_without])
    scores = tuple(
        replace(row, risk_score=None if row.region_id in without else 0.2, status="ok")
        for row in publication.scores
    )
    changed = replace(
        publication, scores=scores, data_cutoff=publication.as_of - timedelta(days=age_days)
    )
    with database.write() as connection:
        watch_publication(connection, changed, settings, now)
    assert open_kinds(database) == expected
    good = replace(
        publication,
        scores=tuple(replace(row, risk_score=0.2) for row in publication.scores),
        data_cutoff=publication.as_of,
    )
    with database.write() as connection:
        watch_publication(connection, good, settings, now)
    assert open_kinds(database) == []


def test_no_regions_are_no_coverage(publication: Publication, settings: Settings) -> None:
    found = judge_publication(replace(publication, scores=()), settings)
    assert [item.is_bad for item in found if item.kind == "coverage_low"] == [True]


def test_cycles_that_are_refused_given_up_and_good_again(
    database: Database, settings: Settings, now: datetime
) -> None:
    def end(*arguments: Any, is_given_up: bool) -> list[str]:
        with database.write() as connection:
            conditions = judge_cycle("sahel", *arguments, is_given_up=is_given_up)
            report_conditions(connection, conditions, settings, now)
        return open_kinds(database)

    refused, other = Refused("The signature is wrong."), NotReady("No model.")
    assert end(other, "not_ready: No model.", is_given_up=False) == []
    assert end(refused, "refused: The signature is wrong.", is_given_up=False) == ["model_refused"]
    assert end(other, "not_ready", is_given_up=True) == ["cycle_failed", "model_refused"]
    assert end(other, "not_ready", is_given_up=False) == ["cycle_failed", "model_refused"]
    assert end(None, "Published.", is_given_up=False) == []


def test_a_late_feed_opens_once_and_ends_with_the_publication(
    squares: Database, region_set: RegionSet, publication: Publication, now: datetime
) -> None:
    schedules = {region_set.name: {"cron": "0 6 12 * *"}}
    settings = Settings(schedules=schedules)
    moment = now

    def watch() -> list[str]:
        watch_lateness(squares, settings, lambda: moment)
        return open_kinds(squares)

    def publish(as_of: date) -> None:
        with squares.write() as connection:
            store_publication(connection, replace(publication, as_of=as_of), [])

    assert watch() == []  # Nothing was ever published: it is being set up.
    publish(now.date())
    assert watch() == []
    moment = now + timedelta(days=40)
    assert watch() == watch() == ["feed_late"]
    publish(moment.date())
    assert watch() == []
