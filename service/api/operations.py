"""The addresses of what operators read: contact points, messages, alerts of the service, audit."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Query
from pydantic import Field

from service.alerts.audit import list_actions
from service.alerts.contact_store import load_book
from service.alerts.read import MessageStatus, list_messages
from service.alerts.system import SystemAlertKind, list_system_alerts
from service.api.access import PROTECTED, require_scope
from service.api.context import ApiContext
from service.api.problem_schema import declare_problems
from service.api.schemas import Answer
from service.channels.contacts import ChannelKind
from service.keys import Caller
from service.languages import Language

LimitQuery = Annotated[int, Query(ge=1, le=1000, description="At most so many.")]


class ContactPointOut(Answer):
    """A contact point; where it is reached is told to nobody."""

    name: str
    channel: ChannelKind
    language: Language
    labels: dict[str, str] = Field(description="Words by which routes choose it.")


class MessageOut(Answer):
    """A message of the outbox."""

    message_id: str
    contact_point: str
    title: str
    status: MessageStatus
    attempts: int
    created_at: datetime
    due_at: datetime = Field(description="When it is tried next, while it is pending.")
    last_result: str | None = Field(description="Result of the last try; null before the first.")
    last_detail: str = Field(description="What the receiver or the network said.")


class SystemAlertOut(Answer):
    """An alert about the service itself."""

    alert_id: str
    kind: SystemAlertKind
    subject: str
    set: str | None = Field(description="The region set that it touches, if it is one.")
    outcome: str | None = Field(description="The outcome that it is about, if it is one.")
    detail: str
    opened_at: datetime
    resolved_at: datetime | None


class AuditEntryOut(Answer):
    """One thing that somebody did."""

    sequence: int
    at: datetime
    actor: str
    action: str
    subject: str
    detail: dict[str, Any]
    entry_hash: str = Field(description="SHA-256 of all of this and of the hash before.")


def make_operation_routes(context: ApiContext) -> APIRouter:
    """Returns the routes of what only operators read."""
    router = APIRouter(tags=["operations"])
    may_read = require_scope(context, "operations:read", "alerts:act")
    responses = declare_problems(*PROTECTED)

    @router.get("/contact-points", responses=responses)
    def list_contact_points(caller: Caller = may_read) -> list[ContactPointOut]:
        """Lists the contact points."""
        del caller
        with context.database.read() as connection:
            contacts = load_book(connection, context.settings).book.contacts
        return [
            ContactPointOut(
                name=item.name, channel=item.channel, language=item.language, labels=item.labels
            )
            for item in contacts
        ]

    @router.get("/messages", responses=responses)
    def list_all_messages(
        status: Annotated[
            MessageStatus | None, Query(description="Only these; `dead`: the dead letters.")
        ] = None,
        limit: LimitQuery = 200,
        caller: Caller = may_read,
    ) -> list[MessageOut]:
        """Lists messages of the outbox, the newest first, with what became of them."""
        del caller
        with context.database.read() as connection:
            messages = list_messages(connection, status, limit)
        return [
            MessageOut(
                message_id=item.message_id,
                contact_point=item.contact_point,
                title=item.title,
                status=item.status,
                attempts=item.attempts,
                created_at=item.created_at,
                due_at=item.due_at,
                last_result=item.last_result,
                last_detail=item.last_detail,
            )
            for item in messages
        ]

    @router.get("/system-alerts", responses=responses)
    def list_alerts_of_the_service(caller: Caller = may_read) -> list[SystemAlertOut]:
        """Lists what is wrong with the service itself now."""
        del caller
        with context.database.read() as connection:
            alerts = list_system_alerts(connection)
        return [
            SystemAlertOut(
                alert_id=item.alert_id,
                kind=item.kind,
                subject=item.subject,
                set=item.region_set,
                outcome=item.outcome or None,
                detail=item.detail,
                opened_at=item.opened_at,
                resolved_at=item.resolved_at,
            )
            for item in alerts
        ]

    @router.get("/audit", responses=responses)
    def list_audit_trail(limit: LimitQuery = 200, caller: Caller = may_read) -> list[AuditEntryOut]:
        """Lists who did what, the newest first; `tocsin audit verify` checks the chain."""
        del caller
        with context.database.read() as connection:
            entries = list_actions(connection, limit)
        return [
            AuditEntryOut(
                sequence=item.sequence,
                at=item.at,
                actor=item.actor,
                action=item.action,
                subject=item.subject,
                detail=dict(item.detail),
                entry_hash=item.entry_hash,
            )
            for item in entries
        ]

    return router
