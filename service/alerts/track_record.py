"""How good past alerts have been: how many of them the outcome followed.

Counts alerts that reached a level, in the window that began with the publication that told them,
where that window is over by now. Looks at the region first, then at its country, then at all
regions, and says that it cannot say where even those are few.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, select

from data.panel import Panel
from models.settings import ModelSettings
from service.alerts.followed import find_outcomes
from service.alerts.wording import Scope
from service.tables import alert_events, publications

LAST = 12
"""So many alerts are looked back at."""

FEW = 5
"""Fewer alerts say nothing."""


@dataclass(frozen=True)
class PastAlert:
    """An alert whose window is over.

    Attributes:
        rule_id: The rule.
        level: The level that it reached.
        region_id: The region.
        is_followed: True if the outcome came in its window.
    """

    rule_id: str
    level: int
    region_id: str
    is_followed: bool


@dataclass(frozen=True)
class TrackRecord:
    """How good past alerts of a rule at a level have been.

    Attributes:
        n_alerts: Alerts that were looked at, at most 12.
        n_followed: Those that the outcome followed.
        scope: Where they were; None if they are too few to say.
    """

    n_alerts: int
    n_followed: int
    scope: Scope | None


def judge_past_alerts(
    connection: Connection, panel: Panel, settings: ModelSettings
) -> tuple[PastAlert, ...]:
    """Returns the alerts of a set whose window is over, the newest first.

    Args:
        connection: An open transaction.
        panel: What is known of the set by now.
        settings: For the definitions of the outcomes.
    """
    query = (
        select(alert_events, publications.c.origin)
        .join(publications, publications.c.publication_id == alert_events.c.publication_id)
        .where(
            alert_events.c.region_set == panel.region_set,
            alert_events.c.type.in_(("fired", "escalated")),
            ~alert_events.c.is_superseded,
        )
        .order_by(alert_events.c.as_of.desc(), alert_events.c.event_id)
    )
    rows = connection.execute(query).all()
    kinds = {(row.outcome, row.horizon) for row in rows}
    outcomes = find_outcomes(kinds, {row.origin for row in rows}, panel, settings)
    found = []
    for row in rows:
        came = outcomes.get((row.region_id, row.outcome, row.horizon), {}).get(row.origin)
        if came is not None:
            found.append(PastAlert(row.rule_id, row.level, row.region_id, came))
    return tuple(found)


def record_of(
    past: Sequence[PastAlert], rule_id: str, level: int, region_id: str, neighbours: frozenset[str]
) -> TrackRecord:
    """Returns how good the last alerts of a rule at a level have been, where there are enough.

    Args:
        past: Alerts whose window is over, the newest first.
        rule_id: The rule.
        level: The level.
        region_id: The region.
        neighbours: All regions of its country.
    """
    alike = [item for item in past if (item.rule_id, item.level) == (rule_id, level)]
    scopes: tuple[tuple[Scope, list[PastAlert]], ...] = (
        ("region", [item for item in alike if item.region_id == region_id]),
        ("country", [item for item in alike if item.region_id in neighbours]),
        ("set", alike),
    )
    for scope, items in scopes:
        if len(items) >= FEW:
            last = items[:LAST]
            return TrackRecord(len(last), sum(item.is_followed for item in last), scope)
    return TrackRecord(len(alike), sum(item.is_followed for item in alike), None)
