"""`tocsin ingest list` and `quarantine`: what was taken in, and what of it was refused."""

from __future__ import annotations

from typing import Annotated

import typer

from data.store import list_deliveries, list_quarantine
from service.cli.output import LARGEST_NUMBER, JsonOption, print_json, print_table, say
from service.cli.session import open_session


def list_stored(as_json: JsonOption = False) -> None:
    """Lists the deliveries taken in so far."""
    with open_session() as session, session.database.read() as connection:
        stored = list_deliveries(connection)
    if as_json:
        print_json(stored)
    elif stored:
        print_table(
            ["id", "source", "vintage", "known at", "from", "to", "rows", "quarantined"],
            [
                [
                    row.delivery_id,
                    row.source,
                    row.vintage,
                    row.known_at.date(),
                    row.covers_from,
                    row.covers_to,
                    row.n_rows,
                    row.n_quarantined,
                ]
                for row in stored
            ],
        )
    else:
        say("No deliveries yet: see `tocsin ingest ged --help`.")


def show_quarantine(
    delivery_id: Annotated[
        int,
        typer.Argument(min=1, max=LARGEST_NUMBER, help="Number of the delivery, from the list."),
    ],
    as_json: JsonOption = False,
) -> None:
    """Lists the rows of a delivery that were refused, with line and reason."""
    with open_session() as session, session.database.read() as connection:
        refusals = list_quarantine(connection, delivery_id)
    if as_json:
        print_json(refusals)
    elif refusals:
        print_table(
            ["line", "event", "reason", "what was found"],
            [[row.line, row.event_id, row.reason, row.message] for row in refusals],
        )
    else:
        say(f"Delivery {delivery_id} has no rows in quarantine.")
