"""The addresses of what people do about alerts; each needs a key and leaves an audit entry."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from fastapi import APIRouter
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from service.alerts.care import LONGEST_NOTE, add_note, assign
from service.alerts.hush import acknowledge, add_silence, end_silence, list_silences
from service.alerts.outbox import replay
from service.alerts.read import load_incident
from service.alerts.story import StoryKind, tell_story
from service.api.access import PROTECTED, require_scope
from service.api.context import ApiContext
from service.api.parameters import IncidentPath, MessagePath, SilencePath
from service.api.problem_schema import declare_problems
from service.api.schemas import Answer
from service.keys import Caller

Action = Literal["acknowledge", "assign", "note", "silence", "end_silence", "replay"]


Words = Annotated[str, Field(pattern=r"^[^\x00]*$")]
"""What somebody writes, lines and all; PostgreSQL takes no NUL."""


class Order(BaseModel):
    """Base of all bodies: no member that is not declared."""

    model_config = ConfigDict(extra="forbid")


class AcknowledgeIn(Order):
    """Somebody has taken an incident up."""

    note: Words = Field(default="", max_length=LONGEST_NOTE, description="What they say about it.")
    until: AwareDatetime | None = Field(
        default=None, description="When repeats come again; null: not at this level."
    )


class AssignIn(Order):
    """Who looks after an incident."""

    assignee: Words = Field(min_length=1, max_length=64)


class NoteIn(Order):
    """A note about an incident."""

    text: Words = Field(min_length=1, max_length=LONGEST_NOTE)


class SilenceIn(Order):
    """A time in which alerts of some labels are held; a rise is told all the same."""

    matchers: dict[Words, Words] = Field(
        min_length=1,
        max_length=16,
        description="Label to value, all must hold: `rule`, `region`, `country`, …",
    )
    starts_at: AwareDatetime | None = Field(default=None, description="Null: from now on.")
    ends_at: AwareDatetime = Field(description="At most 90 days after the start.")
    comment: Words = Field(min_length=1, max_length=LONGEST_NOTE, description="Why.")


class ActionOut(Answer):
    """What was done; the audit trail holds it too."""

    action: Action
    subject: str = Field(description="Id of the incident, silence or message.")
    actor: str = Field(description="`key:` and the name of the key.")
    at: datetime


class SilenceOut(Answer):
    """A silence."""

    silence_id: int
    matchers: dict[str, str]
    starts_at: datetime
    ends_at: datetime
    holds: bool = Field(description="True if it holds now.")
    author: str
    comment: str


class StoryEntryOut(Answer):
    """One thing in the story of an incident."""

    at: datetime
    kind: StoryKind
    who: str = Field(description="Who did it, or who was told; empty for the service itself.")
    text: str
    reference: str = Field(description="Id of the event or message; empty for what people did.")


class StoryOut(Answer):
    """The story of an incident, the oldest entry first."""

    incident_id: str
    entries: list[StoryEntryOut]


def make_action_routes(context: ApiContext) -> APIRouter:
    """Returns the routes of what people do about alerts."""
    router = APIRouter(tags=["actions"])
    may_act = require_scope(context, "alerts:act")
    may_read = require_scope(context, "operations:read", "alerts:act")
    of_incident = declare_problems(*PROTECTED, "unknown_name", "conflict")

    @router.post("/alerts/{incident_id}/acknowledge", responses=of_incident)
    def acknowledge_incident(
        incident_id: IncidentPath, order: AcknowledgeIn, caller: Caller = may_act
    ) -> ActionOut:
        """Acknowledges an open incident: repeats stop until it rises, ends, or time is up."""
        now = context.clock()
        with context.database.write() as connection:
            whole = acknowledge(
                connection,
                load_incident(connection, incident_id).incident_id,
                actor=caller.actor,
                note=order.note,
                until=order.until,
                now=now,
            )
        return ActionOut(action="acknowledge", subject=whole, actor=caller.actor, at=now)

    @router.post("/alerts/{incident_id}/assign", responses=of_incident)
    def assign_incident(
        incident_id: IncidentPath, order: AssignIn, caller: Caller = may_act
    ) -> ActionOut:
        """Says who looks after an incident."""
        now = context.clock()
        with context.database.write() as connection:
            load_incident(connection, incident_id)
            assign(connection, incident_id, actor=caller.actor, assignee=order.assignee, now=now)
        return ActionOut(action="assign", subject=incident_id, actor=caller.actor, at=now)

    @router.post("/alerts/{incident_id}/notes", responses=of_incident)
    def write_note(incident_id: IncidentPath, order: NoteIn, caller: Caller = may_act) -> ActionOut:
        """Writes a note about an incident."""
        now = context.clock()
        with context.database.write() as connection:
            load_incident(connection, incident_id)
            add_note(connection, incident_id, actor=caller.actor, text=order.text, now=now)
        return ActionOut(action="note", subject=incident_id, actor=caller.actor, at=now)

    @router.get(
        "/alerts/{incident_id}/story", responses=declare_problems(*PROTECTED, "unknown_name")
    )
    def show_story(incident_id: IncidentPath, caller: Caller = may_read) -> StoryOut:
        """Tells the story of an incident: events, who was told, CAP, what people did."""
        del caller
        with context.database.read() as connection:
            story = tell_story(connection, load_incident(connection, incident_id))
        return StoryOut(
            incident_id=incident_id,
            entries=[
                StoryEntryOut(
                    at=item.at,
                    kind=item.kind,
                    who=item.who,
                    text=item.text,
                    reference=item.reference,
                )
                for item in story
            ],
        )

    @router.get("/silences", responses=declare_problems(*PROTECTED))
    def list_all_silences(caller: Caller = may_read) -> list[SilenceOut]:
        """Lists the silences, past ones too."""
        del caller
        now = context.clock()
        with context.database.read() as connection:
            return [
                SilenceOut(
                    silence_id=item.silence_id,
                    matchers=dict(item.matchers),
                    starts_at=item.starts_at,
                    ends_at=item.ends_at,
                    holds=item.starts_at <= now < item.ends_at,
                    author=item.author,
                    comment=item.comment,
                )
                for item in list_silences(connection)
            ]

    @router.post("/silences", responses=declare_problems(*PROTECTED), status_code=201)
    def make_silence(order: SilenceIn, caller: Caller = may_act) -> ActionOut:
        """Holds the alerts that have all the labels, for at most 90 days."""
        now = context.clock()
        with context.database.write() as connection:
            number = add_silence(
                connection,
                order.matchers,
                starts_at=order.starts_at or now,
                ends_at=order.ends_at,
                author=caller.actor,
                comment=order.comment,
                now=now,
            )
        return ActionOut(action="silence", subject=str(number), actor=caller.actor, at=now)

    @router.delete("/silences/{silence_id}", responses=of_incident)
    def stop_silence(silence_id: SilencePath, caller: Caller = may_act) -> ActionOut:
        """Ends a silence now; it stays in the list."""
        now = context.clock()
        with context.database.write() as connection:
            end_silence(connection, silence_id, actor=caller.actor, now=now)
        return ActionOut(action="end_silence", subject=str(silence_id), actor=caller.actor, at=now)

    @router.post("/messages/{message_id}/replay", responses=of_incident)
    def replay_message(message_id: MessagePath, caller: Caller = may_act) -> ActionOut:
        """Makes a dead letter due again, under the same id."""
        now = context.clock()
        with context.database.write() as connection:
            replay(connection, message_id, actor=caller.actor, now=now)
        return ActionOut(action="replay", subject=message_id, actor=caller.actor, at=now)

    return router
