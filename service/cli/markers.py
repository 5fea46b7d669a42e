"""`tocsin markers`: structural events entered by hand, such as a coup or a blockade."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from data.calendar import end_of_day, from_epoch_day
from data.errors import UsageError
from data.marker import MARKER_KINDS, Marker
from data.sources.marker_file import make_marker, read_markers
from data.store import append_markers, markers_as_known, withdraw_marker
from service.cli.output import AsOfOption, JsonOption, print_json, print_table, say
from service.cli.session import open_session

app = typer.Typer(
    help="Structural events entered by hand: coups, withdrawals, blockades.", no_args_is_help=True
)

NameArgument = Annotated[str, typer.Argument(help="Name of the marker, e.g. timbuktu-2023.")]
AuthorOption = Annotated[str, typer.Option(help="Who enters it.")]
KnownOption = Annotated[
    str | None,
    typer.Option(
        help="Day from which on it counts as known; default today. For what everybody knew on the "
        "day it happened, that day: backtests see it from then on."
    ),
]


@app.command("add")
def add(
    name: NameArgument,
    kind: Annotated[str, typer.Option(help=f"One of {', '.join(MARKER_KINDS)}.")],
    country: Annotated[str, typer.Option(help="ISO code: MLI.")],
    start: Annotated[str, typer.Option(help="First day, e.g. 2023-08-08.")],
    title: Annotated[str, typer.Option(help="One line for people.")],
    reference: Annotated[str, typer.Option(help="Where it is told: a title, an address.")],
    author: AuthorOption,
    place: Annotated[
        str, typer.Option(help="P-code or region identifier; left out: the whole country.")
    ] = "",
    end: Annotated[
        str, typer.Option(help="Last day; left out while it lasts. For one day: the same day.")
    ] = "",
    known_at: KnownOption = None,
    as_json: JsonOption = False,
) -> None:
    """Enters a marker, or corrects it: the same name again, known later.

    Example: tocsin markers add timbuktu-2023 --kind blockade --country MLI --place ML06
    --start 2023-08-08 --title "Blockade of Timbuktu" --reference "OCHA, 2023-08-24" --author desk
    """
    values = {
        "marker_id": name,
        "kind": kind,
        "country": country,
        "place": place,
        "date_start": start,
        "date_end": end,
        "title": title,
        "reference": reference,
        "author": author,
    }
    _enter([make_marker(values)], known_at, as_json)


@app.command("import")
def import_file(
    file: Annotated[
        Path,
        typer.Argument(
            help="CSV with marker_id, kind, country, place, date_start, date_end, title, "
            "reference, author."
        ),
    ],
    known_at: KnownOption = None,
    as_json: JsonOption = False,
) -> None:
    """Enters the markers of a table, all or none; those that are stored as they stand are left.

    Example: tocsin markers import markers.csv --known-at 2024-01-15
    """
    _enter(read_markers(file), known_at, as_json)


@app.command("withdraw")
def withdraw(name: NameArgument, author: AuthorOption) -> None:
    """Withdraws a marker from now on; what was known before stays known.

    Example: tocsin markers withdraw timbuktu-2023 --author desk
    """
    with open_session() as session, session.database.write() as connection:
        now = session.clock()
        withdraw_marker(connection, name, author=author, known_at=now, entered_at=now)
    say(f"Withdrew '{name}'.")


@app.command("list")
def list_markers(as_of: AsOfOption = None, as_json: JsonOption = False) -> None:
    """Lists the markers known on a day.

    Example: tocsin markers list --as-of 2023-12-31
    """
    with open_session() as session, session.database.read() as connection:
        known = markers_as_known(connection, session.as_of(as_of))
    rows = [
        {
            **row,
            "date_start": from_epoch_day(int(row["date_start"])),
            "date_end": None if has_no_end else from_epoch_day(int(row["date_end"])),
        }
        for row, has_no_end in zip(
            known.to_dict("records"), known["date_end"].isna().tolist(), strict=True
        )
    ]
    if as_json:
        print_json(rows)
    elif rows:
        names = ["marker_id", "kind", "country", "place", "date_start", "date_end", "title"]
        print_table(
            ["name", "kind", "country", "place", "from", "to", "title"],
            [[row[name] or None for name in names] for row in rows],
        )
    else:
        say("No marker is known: see `tocsin markers add --help`.")


def _enter(given: Sequence[Marker], known_at: str | None, as_json: bool) -> None:
    with open_session() as session:
        day = session.as_of(known_at)
        early = [marker for marker in given if marker.date_start > day]
        if early:
            raise UsageError(
                f"'{early[0].marker_id}' begins on {early[0].date_start}, after {day}.",
                "Nobody knows that yet: check --start and --known-at.",
            )
        with session.database.write() as connection:
            n_stored = append_markers(
                connection,
                given,
                known_at=min(end_of_day(day), session.clock()),
                entered_at=session.clock(),
            )
    if as_json:
        print_json({"n_given": len(given), "n_stored": n_stored, "known_at": day})
    else:
        say(f"{n_stored} of {len(given)} markers are new or corrected, known at {day}.")
