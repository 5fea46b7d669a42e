"""`tocsin alerts`: incidents and the messages about them."""

from __future__ import annotations

from typing import Annotated

import typer

from service.alerts.outbox import replay
from service.alerts.read import MessageStatus, list_incidents, list_messages
from service.cli.alert_actions import ack, silence, silences, unsilence
from service.cli.incident import assign_incident, note, show
from service.cli.output import JsonOption, SetOption, print_json, print_table, say
from service.cli.session import open_session
from service.cli.simulation import simulate

app = typer.Typer(help="Incidents, messages about them, and dead letters.", no_args_is_help=True)


@app.command("list")
def list_alerts(
    name: SetOption = None,
    is_open: Annotated[
        bool | None, typer.Option("--open/--past", help="Only open, or only past incidents.")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Lists the incidents, open ones first.

    Example: tocsin alerts list --set sahel --open
    """
    with open_session() as session, session.database.read() as connection:
        incidents = list_incidents(connection, name, is_open=is_open)
    if as_json:
        print_json(incidents)
    elif incidents:
        print_table(
            ["id", "set", "region", "rule", "horizon", "status", "level", "since", "changed"],
            [
                [
                    item.incident_id[:12],
                    item.region_set,
                    item.region_name,
                    item.rule_name,
                    item.horizon,
                    f"{item.status}, stale" if item.is_stale else item.status,
                    item.level_name,
                    item.since,
                    item.changed,
                ]
                for item in incidents
            ],
        )
    else:
        say("No incidents.")


@app.command("messages")
def show_messages(
    status: Annotated[
        MessageStatus | None, typer.Option(help="Only pending, delivered or dead ones.")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Lists the messages of the outbox, newest first; dead letters with --status dead.

    A dead letter is a message that was given up: after ten tries, or because its receiver wants
    none. `tocsin alerts replay` makes one due again, and `tocsin deliver` sends what is due.

    Example: tocsin alerts messages --status dead
    """
    with open_session() as session, session.database.read() as connection:
        queued = list_messages(connection, status=status)
    if as_json:
        print_json(queued)
    elif queued:
        print_table(
            ["message", "to", "status", "tries", "title", "last result"],
            [
                [
                    item.message_id,
                    item.contact_point,
                    item.status,
                    item.attempts,
                    item.title,
                    item.last_detail,
                ]
                for item in queued
            ],
        )
        if any(item.status == "dead" for item in queued):
            say("Dead letters are sent again by: tocsin alerts replay MESSAGE --by YOU")
    else:
        say("No messages.")


@app.command("replay")
def replay_message(
    message_id: Annotated[
        str, typer.Argument(help="Its id, from `tocsin alerts messages --status dead`.")
    ],
    by: Annotated[str, typer.Option("--by", help="Who does it; stands in the audit trail.")],
) -> None:
    """Makes a dead letter due again, under the same id; `tocsin deliver` sends it.

    Example: tocsin alerts replay msg_5d41402abc4b2a76b9719d911017c592 --by awa
    """
    with open_session() as session, session.database.write() as connection:
        replay(connection, message_id, actor=by, now=session.clock())
    say(f"{message_id} is due again; `tocsin deliver` sends it now, a running server by itself.")


app.command("simulate")(simulate)
app.command("assign")(assign_incident)
for action in (show, note, ack, silence, silences, unsilence):
    app.command()(action)
