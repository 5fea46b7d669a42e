"""The addresses of alerts: incidents with their events."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Literal

from fastapi import APIRouter, Query
from pydantic import Field

from data.errors import UnknownName
from data.regions import load_region_set
from service.alerts.cap_decision import CapReason, CapType
from service.alerts.cap_log import list_cap_messages
from service.alerts.machine import TransitionType
from service.alerts.read import Incident, IncidentStatus, list_incidents, load_incident
from service.api.context import ApiContext
from service.api.parameters import IncidentPath, SetQuery
from service.api.problem_schema import declare_problems
from service.api.schemas import Answer
from service.feeds.addresses import write_message_address
from service.feeds.facts import round_number


class IncidentEventOut(Answer):
    """One event of an incident."""

    event_id: str = Field(description="The same id, however often it is evaluated.")
    sequence: int = Field(description="Number in the incident, from 1, without gaps.")
    type: TransitionType
    level_from: str
    level_to: str
    as_of: date
    revision: int
    value: float | None = Field(description="The measure; null without a score.")
    note: str = Field(
        description="What else than the score brought it about: a redraw of the region, or a "
        "condition of the rule; else empty."
    )


class IncidentOut(Answer):
    """A series of scores from the moment an alert fired until it was over."""

    incident_id: str
    rule_id: str
    rule_name: str
    region_id: str
    region_name: str
    country: str = Field(description="Empty if the region is no longer in the set.")
    outcome: str
    horizon: int = Field(description="Steps ahead.")
    status: IncidentStatus
    is_stale: bool = Field(description="True if it is open and there is no score.")
    level: int = Field(description="1 to 4; of a past incident the last one that stood.")
    level_name: str
    since: date = Field(description="As-of that opened it.")
    changed: date = Field(description="As-of of the last event.")
    events: list[IncidentEventOut]


class CapMessageOut(Answer):
    """A CAP message about an incident."""

    identifier: str
    type: CapType
    reason: CapReason
    sent_at: datetime
    expires_at: datetime
    headline: str
    path: str = Field(description="Where the message is.")


class IncidentDetailOut(Answer):
    """One incident."""

    set: str
    incident: IncidentOut
    cap_messages: list[CapMessageOut] = Field(description="The oldest first.")


class AlertsOut(Answer):
    """Incidents of a region set: open ones first, then the highest level, then the newest."""

    set: str
    incidents: list[IncidentOut]


def make_alert_routes(context: ApiContext) -> APIRouter:
    """Returns the routes of alerts."""
    router = APIRouter(tags=["alerts"])

    @router.get("/alerts", responses=declare_problems("unknown_name"))
    def list_alerts(
        set_name: SetQuery,
        region_id: Annotated[str | None, Query(description="Identifier of a region.")] = None,
        status: Annotated[
            Literal["open", "past"] | None, Query(description="Only open ones, or only past ones.")
        ] = None,
    ) -> AlertsOut:
        """Lists the incidents of a region set with their events."""
        with context.database.read() as connection:
            region_set = load_region_set(connection, set_name)
            if region_id is not None and region_id not in region_set.region_ids:
                raise UnknownName(
                    f"There is no region '{region_id}' in '{set_name}'.",
                    f"/api/v1/sets/{set_name}/regions lists them.",
                )
            incidents = list_incidents(
                connection,
                set_name,
                region_id,
                is_open=None if status is None else status == "open",
            )
        return AlertsOut(set=set_name, incidents=[_describe(item) for item in incidents])

    @router.get("/alerts/{incident_id}", responses=declare_problems("unknown_name"))
    def show_alert(incident_id: IncidentPath) -> IncidentDetailOut:
        """Shows an incident with its events and its CAP messages."""
        with context.database.read() as connection:
            incident = load_incident(connection, incident_id)
            messages = list_cap_messages(connection, incident_id)
        return IncidentDetailOut(
            set=incident.region_set,
            incident=_describe(incident),
            cap_messages=[
                CapMessageOut(
                    identifier=item.identifier,
                    type=item.type,
                    reason=item.reason,
                    sent_at=item.sent_at,
                    expires_at=item.expires_at,
                    headline=item.headline,
                    path=write_message_address(incident.region_set, item.identifier),
                )
                for item in messages
            ],
        )

    return router


def _describe(incident: Incident) -> IncidentOut:
    return IncidentOut(
        incident_id=incident.incident_id,
        rule_id=incident.rule_id,
        rule_name=incident.rule_name,
        region_id=incident.region_id,
        region_name=incident.region_name,
        country=incident.country,
        outcome=incident.outcome,
        horizon=incident.horizon,
        status=incident.status,
        is_stale=incident.is_stale,
        level=incident.level,
        level_name=incident.level_name,
        since=incident.since,
        changed=incident.changed,
        events=[
            IncidentEventOut(
                event_id=event.event_id,
                sequence=event.sequence,
                type=event.type,
                level_from=event.level_from,
                level_to=event.level_to,
                as_of=event.as_of,
                revision=event.revision,
                value=round_number(event.value),
                note=event.note,
            )
            for event in incident.events
        ],
    )
