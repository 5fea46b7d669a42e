"""Alert states and events in the database.

The states after each publication are kept, so that any publication can be evaluated again from the
one before it. An event that a correction or a backfill took out of the history stays as a row,
marked as superseded: somebody may have been told of it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date, timedelta
from typing import Any

from sqlalchemy import Connection, delete, func, insert, null, select, update

from service.alerts.advance import AlertEvent
from service.alerts.identity import Series, rule_key
from service.alerts.machine import SeriesState
from service.alerts.measures import Key, Past
from service.alerts.rules import Rule
from service.alerts.tracking import States, TrackedSeries
from service.publications.redraws import shapes_column
from service.tables import alert_events, alert_states, publications, scores


@dataclass(frozen=True)
class Snapshot:
    """What the evaluation of one publication left.

    Attributes:
        states: Series that are not at rest, by dedup key.
        rule_versions: Id and version of each rule that was in force, maybe none; None if the
            publication was never evaluated.
    """

    states: States
    rule_versions: frozenset[tuple[str, int]] | None


_NO_RULE = ""
"""Id in the row of a publication at which no rule was in force: that, too, is remembered."""


def load_past_scores(
    connection: Connection,
    region_set: str,
    before: date,
    years: int,
    lines: Mapping[str, Mapping[str, str]] | None = None,
) -> Past:
    """Returns the risk scores of status `ok` before an as-of, by region, outcome and horizon.

    The newest revision of each as-of counts: it is what stands. One year more than asked for is
    read, so that it can be told whether the history is long enough.

    Args:
        connection: An open transaction.
        region_set: Name of the set.
        before: Look only at as-ofs before this day.
        years: How far to look back.
        lines: Digest of other borders to region id there to the region that continues it; see
            `service.publications.redraws.lines_into`.
    """
    lines = lines or {}
    newest = (
        select(publications.c.as_of, func.max(publications.c.revision).label("revision"))
        .where(
            publications.c.region_set == region_set,
            publications.c.as_of < before,
            publications.c.as_of >= before - timedelta(days=366 * (years + 1)),
        )
        .group_by(publications.c.as_of)
        .subquery()
    )
    query = (
        select(
            publications.c.as_of,
            (shapes_column() if lines else null()).label("shapes"),
            scores.c.region_id,
            scores.c.outcome,
            scores.c.horizon,
            scores.c.risk_score,
        )
        .join_from(scores, publications)
        .join(
            newest,
            (newest.c.as_of == publications.c.as_of)
            & (newest.c.revision == publications.c.revision),
        )
        .where(
            publications.c.region_set == region_set,
            scores.c.status == "ok",
            scores.c.risk_score.is_not(None),
        )
        .order_by(publications.c.as_of)
    )
    past: dict[Key, list[tuple[date, float]]] = defaultdict(list)
    for row in connection.execute(query):
        region_id = row.region_id
        if row.shapes in lines:
            region_id = lines[row.shapes].get(region_id)
        if region_id is not None:
            past[region_id, row.outcome, row.horizon].append((row.as_of, row.risk_score))
    return {key: tuple(rows) for key, rows in past.items()}


def load_snapshot(connection: Connection, publication_id: int | None) -> Snapshot:
    """Returns what the evaluation of a publication left; nothing for None."""
    query = select(alert_states).where(alert_states.c.publication_id == publication_id)
    states: dict[str, TrackedSeries] = {}
    versions = set()
    for row in connection.execute(query.order_by(alert_states.c.dedup_key)):
        if row.dedup_key == rule_key(row.rule_id):
            versions.add((row.rule_id, row.rule_version))
        else:
            states[row.dedup_key] = _read_state(row.rule_id, row.rule_version, row.state)
    in_force = frozenset(item for item in versions if item[0] != _NO_RULE)
    return Snapshot(states, in_force if versions else None)


def save_snapshot(
    connection: Connection, publication_id: int, states: States, rules: Sequence[Rule]
) -> None:
    """Writes the states after a publication, and which rules were in force.

    A rule in force has a row of its own, under its key without labels: a later replay must use the
    same versions, even where a rule left no series in any state, or where no rule was in force.
    """
    in_force = [(rule.id, rule.version) for rule in rules] or [(_NO_RULE, 0)]
    rows = [
        {"dedup_key": rule_key(rule_id), "rule_id": rule_id, "rule_version": version}
        | {"publication_id": publication_id, "state": {}}
        for rule_id, version in in_force
    ]
    rows += [
        {
            "publication_id": publication_id,
            "dedup_key": key,
            "rule_id": tracked.series.rule_id,
            "rule_version": tracked.rule_version,
            "state": _write_state(tracked),
        }
        for key, tracked in sorted(states.items())
    ]
    connection.execute(delete(alert_states).where(alert_states.c.publication_id == publication_id))
    connection.execute(insert(alert_states), rows)


def save_events(connection: Connection, publication_id: int, events: Iterable[AlertEvent]) -> None:
    """Makes the stored events of a publication equal to `events`.

    What is there already is not written again; what is no longer true is marked as superseded.
    """
    query = select(alert_events).where(alert_events.c.publication_id == publication_id)
    stored = {row["event_id"]: dict(row) for row in connection.execute(query).mappings()}
    fresh = []
    for event in events:
        values = {**asdict(event), "publication_id": publication_id, "is_superseded": False}
        before = stored.pop(event.event_id, None)
        if before is None:
            fresh.append(values)
        elif before != values:
            connection.execute(
                update(alert_events).where(alert_events.c.event_id == event.event_id).values(values)
            )
    if fresh:
        connection.execute(insert(alert_events), fresh)
    gone = [event_id for event_id, row in stored.items() if not row["is_superseded"]]
    for event_id in gone:
        connection.execute(
            update(alert_events)
            .where(alert_events.c.event_id == event_id)
            .values(is_superseded=True)
        )


def supersede_revisions(
    connection: Connection, region_set: str, as_of: date, revision: int
) -> None:
    """Marks the events of all revisions of an as-of before `revision` as superseded."""
    earlier = select(publications.c.publication_id).where(
        publications.c.region_set == region_set,
        publications.c.as_of == as_of,
        publications.c.revision < revision,
    )
    connection.execute(
        update(alert_events)
        .where(alert_events.c.publication_id.in_(earlier), ~alert_events.c.is_superseded)
        .values(is_superseded=True)
    )


def _write_state(tracked: TrackedSeries) -> dict[str, Any]:
    series, state = asdict(tracked.series), asdict(tracked.state)
    del series["rule_id"]
    state["opened"] = tracked.state.opened and tracked.state.opened.isoformat()
    return {"country": tracked.country, **series, **state, "recent": list(tracked.state.recent)}


def _read_state(rule_id: str, version: int, row: Mapping[str, Any]) -> TrackedSeries:
    series = Series(rule_id, row["region_set"], row["region_id"], row["outcome"], row["horizon"])
    opened = row["opened"]
    state = SeriesState(
        level=row["level"],
        level_name=row["level_name"],
        opened=date.fromisoformat(opened) if opened else None,
        sequence=row["sequence"],
        recent=tuple(row["recent"]),
        missing=row["missing"],
        is_stale=row["is_stale"],
    )
    return TrackedSeries(series, row["country"], version, state)
