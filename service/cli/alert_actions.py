"""`tocsin alerts ack|silence|silences|unsilence`: what people do about alerts."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated

import typer

from data.errors import UsageError
from service.alerts.hush import (
    LONGEST_SILENCE,
    acknowledge,
    add_silence,
    end_silence,
    list_silences,
)
from service.alerts.labels import LABELS
from service.cli.output import LARGEST_NUMBER, JsonOption, print_json, print_table, say
from service.cli.session import open_session

ByOption = Annotated[str, typer.Option("--by", help="Who does it; stands in the audit trail.")]


def ack(
    incident_id: Annotated[str, typer.Argument(help="Id of an open incident, or how it begins.")],
    by: ByOption,
    note: Annotated[str, typer.Option("--note", help="What you say about it.")] = "",
    days: Annotated[
        int | None,
        typer.Option("--days", min=1, max=3_650, help="Repeats come again after so many days."),
    ] = None,
) -> None:
    """Acknowledges an incident: repeats stop until it rises, ends, or the days are over.

    Example: tocsin alerts ack 3f9a1c --by awa --note "Called the field office" --days 14
    """
    with open_session() as session, session.database.write() as connection:
        now = session.clock()
        until = None if days is None else now + timedelta(days=days)
        whole = acknowledge(connection, incident_id, actor=by, note=note, until=until, now=now)
    say(f"{whole} is acknowledged by {by}{'' if until is None else f' until {until:%Y-%m-%d}'}.")


def silence(
    by: ByOption,
    match: Annotated[
        list[str],
        typer.Option("--match", help=f"LABEL=VALUE, all must hold: {', '.join(LABELS)}, or own."),
    ],
    comment: Annotated[str, typer.Option("--comment", help="Why.")],
    days: Annotated[
        int, typer.Option("--days", min=1, max=LONGEST_SILENCE.days, help="For so many days.")
    ],
) -> None:
    """Holds the alerts that have all the labels; a rise to a higher level is told all the same.

    Example: tocsin alerts silence --match country=MLI --match rule=sharp-rise --days 30
    --by awa --comment "Known from the briefing"
    """
    matchers = dict(_parse(text) for text in match)
    with open_session() as session, session.database.write() as connection:
        now = session.clock()
        number = add_silence(
            connection,
            matchers,
            starts_at=now,
            ends_at=now + timedelta(days=days),
            author=by,
            comment=comment,
            now=now,
        )
    say(f"Silence {number} holds until {now + timedelta(days=days):%Y-%m-%d %H:%M} UTC.")


def silences(as_json: JsonOption = False) -> None:
    """Lists the silences, past ones too.

    Example: tocsin alerts silences --json
    """
    with open_session() as session, session.database.read() as connection:
        listed, now = list_silences(connection), session.clock()
    if as_json:
        print_json(listed)
    elif listed:
        print_table(
            ["silence", "labels", "from", "to", "state", "by", "comment"],
            [
                [
                    item.silence_id,
                    ", ".join(f"{name}={value}" for name, value in item.matchers.items()),
                    f"{item.starts_at:%Y-%m-%d %H:%M}",
                    f"{item.ends_at:%Y-%m-%d %H:%M}",
                    "holds" if item.starts_at <= now < item.ends_at else "does not hold",
                    item.author,
                    item.comment,
                ]
                for item in listed
            ],
        )
    else:
        say("No silences.")


def unsilence(
    silence_id: Annotated[
        int, typer.Argument(min=1, max=LARGEST_NUMBER, help="Number of the silence, from the list.")
    ],
    by: ByOption,
) -> None:
    """Ends a silence now; what still goes on is told with the next publication.

    Example: tocsin alerts unsilence 3 --by awa
    """
    with open_session() as session, session.database.write() as connection:
        end_silence(connection, silence_id, actor=by, now=session.clock())
    say(f"Silence {silence_id} has ended.")


def _parse(text: str) -> tuple[str, str]:
    name, sign, value = text.partition("=")
    if not (name and sign and value):
        raise UsageError(f"'{text}' is no label.", "Write it as country=MLI.")
    return name, value
