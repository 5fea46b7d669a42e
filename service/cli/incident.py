"""`tocsin alerts show|assign|note`: one incident, with its story and who looks after it."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

import typer

from service.alerts.care import add_note, assign, assignee_of
from service.alerts.hush import find_incident
from service.alerts.read import load_incident
from service.alerts.story import tell_story
from service.cli.output import JsonOption, print_json, print_table, say
from service.cli.session import open_session

IncidentArgument = Annotated[str, typer.Argument(help="Id of an incident, or how it begins.")]
ByOption = Annotated[str, typer.Option("--by", help="Who does it; stands in the audit trail.")]


def show(incident_id: IncidentArgument, as_json: JsonOption = False) -> None:
    """Shows an incident: what happened, who was told, and what people did.

    Example: tocsin alerts show 3f9a1c
    """
    with open_session() as session, session.database.read() as connection:
        incident = load_incident(connection, find_incident(connection, incident_id))
        story = tell_story(connection, incident)
        assignee = assignee_of(connection, incident.incident_id)
    if as_json:
        print_json({**asdict(incident), "assignee": assignee, "story": story})
        return
    stale = ", stale" if incident.is_stale else ""
    say(f"{incident.region_name}: {incident.rule_name}, horizon {incident.horizon}")
    say(f"{incident.status}{stale} at {incident.level_name}, since {incident.since}")
    say(f"Incident {incident.incident_id}, looked after by {assignee or 'nobody'}.")
    print_table(
        ["when", "what", "who", "told"],
        [[f"{entry.at:%Y-%m-%d %H:%M}", entry.kind, entry.who, entry.text] for entry in story],
    )


def assign_incident(
    incident_id: IncidentArgument,
    assignee: Annotated[str, typer.Argument(help="Who looks after it from now on.")],
    by: ByOption,
) -> None:
    """Says who looks after an incident; who is told does not change.

    Example: tocsin alerts assign 3f9a1c bintou --by awa
    """
    with open_session() as session, session.database.write() as connection:
        now = session.clock()
        whole = assign(connection, incident_id, actor=by, assignee=assignee, now=now)
    say(f"{assignee.strip()} looks after {whole}.")


def note(
    incident_id: IncidentArgument,
    text: Annotated[str, typer.Argument(help="The note.")],
    by: ByOption,
) -> None:
    """Writes a note about an incident; it stands in its story for good.

    Example: tocsin alerts note 3f9a1c "Road to Dori is closed" --by awa
    """
    with open_session() as session, session.database.write() as connection:
        whole = add_note(connection, incident_id, actor=by, text=text, now=session.clock())
    say(f"Noted about {whole}.")
