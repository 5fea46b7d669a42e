"""The address at which analysts report events, one or many, each with a confidence."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from data.events import FATALITIES_LIMIT, EventType, Refusal
from data.quality import receive_delivery
from data.sources.reported import REPORTS, read_reports
from service.alerts.audit import record_action
from service.api.access import PROTECTED, require_scope
from service.api.context import ApiContext
from service.api.problem_schema import declare_problems
from service.api.schemas import Answer
from service.intake.ingestion import Origin
from service.keys import Caller

MOST_EVENTS = 1000
"""The most events of one call."""

_DAY_LENGTH = len("2026-08-31")


def _read_day(value: Any) -> Any:
    # A number would be read as a moment, and a moment is no day.
    if not isinstance(value, date) and not (isinstance(value, str) and len(value) == _DAY_LENGTH):
        raise ValueError("a day is written as 2026-08-31")
    return value


Day = Annotated[date, BeforeValidator(_read_day), Field(strict=False)]
Text = Annotated[str, Field(max_length=500, pattern=r"^[^\x00-\x1f]*$")]
Deaths = Annotated[int, Field(ge=0, le=FATALITIES_LIMIT)]


class ReportedEventIn(BaseModel):
    """An event that an analyst reports; under the same identifier again, it is corrected."""

    model_config = ConfigDict(extra="forbid", strict=True, allow_inf_nan=False)

    event_id: str = Field(
        pattern=r"^[A-Za-z0-9._:-]{1,128}$", description="Chosen by who reports; stays the same."
    )
    date_start: Day | None = Field(default=None, description="First day; null: the last one.")
    date: Day = Field(description="Last day: the event counts in its period.")
    date_precision: int = Field(ge=1, le=5, description="1 (day) to 5 (year), as UCDP GED.")
    latitude: float = Field(ge=-90, le=90)
    longitude: float = Field(ge=-180, le=180)
    where_precision: int = Field(ge=1, le=7, description="1 (exact) to 7, as UCDP GED.")
    country: str = Field(pattern="^[A-Z]{3}$", description="ISO 3166-1 alpha-3 code.")
    admin1: Text = ""
    admin2: Text = ""
    event_type: EventType
    sub_type: Text = ""
    actor_a: Text = ""
    actor_b: Text = ""
    fatalities_best: Deaths
    fatalities_low: Deaths | None = Field(default=None, description="Null: the best estimate.")
    fatalities_high: Deaths | None = Field(default=None, description="Null: the best estimate.")
    civilian_fatalities: Deaths | None = Field(default=None, description="Null: not said.")
    n_sources: Deaths | None = Field(default=None, description="Null: not said.")
    confidence: float = Field(ge=0, le=1, description="0 (a rumour) to 1 (no doubt).")


class ReportIn(BaseModel):
    """Events that are reported together."""

    model_config = ConfigDict(extra="forbid", strict=True)

    report: str | None = Field(
        default=None,
        pattern=r"^[A-Za-z0-9._:-]{1,64}$",
        description="Name of the report: sent again with the same events, it changes nothing. "
        "Null: the moment.",
    )
    events: list[ReportedEventIn] = Field(min_length=1, max_length=MOST_EVENTS)


class RefusedEventOut(Answer):
    """An event that was not taken."""

    position: int = Field(description="Its place in the report, from 1.")
    event_id: str | None
    reason: str = Field(description="Stable code, e.g. `date_after_known_at`.")
    message: str


class FindingOut(Answer):
    """What is unusual about the report."""

    code: str
    suspicious: bool
    message: str


class ReportOut(Answer):
    """What became of a report."""

    report: str = Field(description="Its name.")
    state: Literal["stored", "held", "repeated"] = Field(
        description="`held`: nothing of it is used until an operator accepts it; `repeated`: it "
        "was taken before."
    )
    known_at: datetime
    n_added: int
    n_changed: int
    n_unchanged: int
    taken: list[str] = Field(description="Identifiers of the events that were taken, or are held.")
    refused: list[RefusedEventOut]
    findings: list[FindingOut]


def make_event_routes(context: ApiContext) -> APIRouter:
    """Returns the route of reported events."""
    router = APIRouter(tags=["sources"])
    may_report = require_scope(context, "events:write")

    @router.post("/events", responses=declare_problems(*PROTECTED, "conflict", "refused"))
    def report_events(order: ReportIn, caller: Caller = may_report) -> ReportOut:
        """Takes in events of the source `reports`: examined, then stored or held whole.

        A report adds to what is known and says nothing of what it leaves out.
        """
        now = context.clock().replace(microsecond=0)
        name = order.report or f"{now:%Y-%m-%dT%H:%M:%SZ}"
        batch = read_reports([_read(event) for event in order.events], known_at=now.date())
        origin = Origin.of_bytes(
            f"reported by {caller.actor}", order.model_dump_json(exclude={"report"}).encode()
        )
        with context.database.write() as connection:
            reception = receive_delivery(
                connection,
                batch,
                source=REPORTS,
                vintage=name,
                known_at=now,
                received_at=now,
                file_name=origin.name,
                sha256=origin.sha256,
            )
            done = reception.report
            state: Literal["stored", "held", "repeated"] = (
                "held" if done is None else "repeated" if done.already_stored else "stored"
            )
            if state != "repeated":
                record_action(
                    connection,
                    actor=caller.actor,
                    action="report_events",
                    subject=name,
                    detail={"state": state, "n_events": len(batch.events)},
                    now=now,
                )
        return ReportOut(
            report=name,
            state=state,
            known_at=now if done is None else done.known_at,
            n_added=0 if done is None else done.n_added,
            n_changed=0 if done is None else done.n_changed,
            n_unchanged=0 if done is None else done.n_unchanged,
            taken=batch.events["event_id"].tolist(),
            refused=_tell(batch.refusals),
            findings=[
                FindingOut(code=item.code, suspicious=item.is_suspicious, message=item.message)
                for item in reception.findings
            ],
        )

    return router


def _read(event: ReportedEventIn) -> dict[str, Any]:
    row = event.model_dump()
    row["date_start"] = row["date_start"] or row["date"]
    for name in ("fatalities_low", "fatalities_high"):
        if row[name] is None:
            row[name] = row["fatalities_best"]
    return row


def _tell(refusals: Iterable[Refusal]) -> list[RefusedEventOut]:
    return [
        RefusedEventOut(
            position=item.line,
            event_id=item.event_id,
            reason=item.reason,
            message=item.message,
        )
        for item in refusals
    ]
