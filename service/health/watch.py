"""Watching the service itself: what is wrong now becomes an alert, what is right again ends it.

Each finding is a condition of one kind and subject. Writes only where a condition differs from the
alerts that are open, so that looking often costs nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from data.database import Database
from data.errors import TocsinError
from data.regions import list_set_heads
from models.drift import DriftVerdict
from service.alerts.system import (
    SystemAlertKind,
    list_system_alerts,
    report_condition,
    tell_system_alerts,
)
from service.clock import Clock
from service.languages import name_outcome
from service.publications.publication import Publication
from service.schedule.lateness import Lateness, judge_lateness
from service.settings import Settings


@dataclass(frozen=True)
class Condition:
    """What was found about one thing.

    Attributes:
        kind: What was looked at.
        region_set: The region set; it is the subject.
        is_bad: True if something is wrong.
        detail: One sentence of facts.
        outcome: The outcome that it is about; empty if it is about no single one.
    """

    kind: SystemAlertKind
    region_set: str
    is_bad: bool
    detail: str
    outcome: str = ""


def watch_lateness(database: Database, settings: Settings, clock: Clock) -> None:
    """Opens or resolves `feed_late` of every set, and tells what contact points do not know yet."""
    now = clock()
    with database.read() as connection:
        judged = [
            judge_lateness(connection, region_set, settings, now)
            for region_set in list_set_heads(connection)
        ]
        open_alerts = list_system_alerts(connection)
    conditions = [_lateness_condition(item) for item in judged]
    late = {alert.subject for alert in open_alerts if alert.kind == "feed_late"}
    if open_alerts or any(item.is_bad is not (item.region_set in late) for item in conditions):
        with database.write() as connection:
            report_conditions(connection, conditions, settings, now)
            tell_system_alerts(connection, settings=settings, now=now)


def watch_publication(
    connection: Connection, publication: Publication, settings: Settings, now: datetime
) -> None:
    """Opens or resolves what a publication shows, in the transaction that writes it.

    Args:
        connection: A write transaction.
        publication: The newest of its set.
        settings: For the bounds, contact points and links.
        now: The present moment.
    """
    report_conditions(connection, judge_publication(publication, settings), settings, now)


def judge_publication(publication: Publication, settings: Settings) -> tuple[Condition, ...]:
    """Returns whether a publication covers its regions, and whether its source is current."""
    name = publication.region_set
    regions = {row.region_id for row in publication.scores}
    scored = {row.region_id for row in publication.scores if row.risk_score is not None}
    share = len(scored) / len(regions) if regions else 0.0
    age_days = (publication.as_of - publication.data_cutoff).days
    return (
        Condition(
            "coverage_low",
            name,
            share < settings.coverage_low_share,
            f"{len(scored)} of {len(regions)} regions have a score as of {publication.as_of}.",
        ),
        Condition(
            "source_stale",
            name,
            age_days > settings.source_stale_days,
            f"Data end on {publication.data_cutoff}, {age_days} days before the as-of "
            f"{publication.as_of}.",
        ),
    )


def watch_drift(
    connection: Connection,
    region_set: str,
    verdicts: Mapping[str, DriftVerdict],
    settings: Settings,
    now: datetime,
) -> None:
    """Opens or resolves `drift` of each outcome, in the transaction that writes a publication.

    What stands open for an outcome that is not published any more ends too.

    Args:
        connection: The write transaction.
        region_set: The set.
        verdicts: By outcome, on the model that scored it.
        settings: Settings in force.
        now: The present moment.
    """
    conditions = [
        Condition(
            "drift",
            region_set,
            verdict.is_drifted,
            f"Outcome {name_outcome(outcome, 'en')}: "
            + (" ".join(verdict.reasons[:3]) or "inputs and forecasts are like those of training."),
            outcome,
        )
        for outcome, verdict in verdicts.items()
    ]
    conditions += [
        Condition("drift", region_set, False, "No model scores this outcome.", alert.outcome)
        for alert in list_system_alerts(connection)
        if (alert.kind, alert.subject) == ("drift", region_set) and alert.outcome not in verdicts
    ]
    report_conditions(connection, conditions, settings, now)


def judge_cycle(
    region_set: str, problem: TocsinError | None, detail: str, *, is_given_up: bool
) -> tuple[Condition, ...]:
    """Returns what the end of a scheduled cycle shows.

    A cycle that will be tried again says nothing yet.

    Args:
        region_set: The set.
        problem: Why it failed, as far as it is known.
        detail: What became of it, one line.
        is_given_up: True if it failed and is not tried again.
    """
    is_good = problem is None and not is_given_up
    found = []
    if is_good or (problem is not None and problem.code == "refused"):
        found.append(Condition("model_refused", region_set, not is_good, detail))
    if is_good or is_given_up:
        found.append(Condition("cycle_failed", region_set, not is_good, detail))
    return tuple(found)


def report_conditions(
    connection: Connection, conditions: Iterable[Condition], settings: Settings, now: datetime
) -> None:
    """Opens or resolves the alerts of conditions, in a write transaction."""
    for item in conditions:
        report_condition(
            connection,
            item.kind,
            item.region_set,
            is_bad=item.is_bad,
            detail=item.detail,
            settings=settings,
            now=now,
            region_set=item.region_set,
            outcome=item.outcome,
        )


def _lateness_condition(judged: Lateness) -> Condition:
    newest = f"as of {judged.latest_as_of}" if judged.latest_as_of else "none"
    due = f", due since {judged.due_at:%Y-%m-%d %H:%M} UTC" if judged.due_at else ""
    is_late = judged.is_late and judged.latest_as_of is not None
    # A set that was never published is being set up: `tocsin doctor` says so.
    return Condition("feed_late", judged.region_set, is_late, f"Newest publication: {newest}{due}.")
