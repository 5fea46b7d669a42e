"""`tocsin data events`: the events of a source as they were known on a day."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from data.calendar import from_epoch_day, parse_day
from data.errors import NothingKnown
from data.sources.registry import SOURCES
from data.store import events_as_known, list_deliveries, select_events
from service.cli.output import AsOfOption, JsonOption, messages, print_json, print_table, say
from service.cli.session import open_session

_MOST_SHOWN = 200


def list_events(
    source: Annotated[str, typer.Argument(help="Name of the source, e.g. ged.")],
    as_of: AsOfOption = None,
    country: Annotated[str | None, typer.Option(help="Only this country, e.g. MLI.")] = None,
    since: Annotated[
        str | None, typer.Option("--from", help="Only those that ended on this day or later.")
    ] = None,
    until: Annotated[
        str | None, typer.Option("--to", help="Only those that ended on this day or before.")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Lists the events of a source as they were known on a day, whatever was told of them later.

    The newest come last; the table shows the last 200, --json has all.

    Example: tocsin data events ged --as-of 2022-01-15 --country MLI --from 2021-12-01
    """
    days = [None if text is None else parse_day(text) for text in (since, until)]
    with open_session() as session, session.database.read() as connection:
        day = session.as_of(as_of)
        if not list_deliveries(connection, source, day):
            raise NothingKnown(
                f"Nothing from '{source}' is known as of {day}.",
                "`tocsin ingest list` says what was taken in, and when it became known.",
            )
        known = events_as_known(connection, source, day)
    chosen = select_events(known, country=country, since=days[0], until=days[1])
    chosen = chosen.sort_values(["date", "event_id"], kind="stable")
    rows = [_read(row) for row in chosen.astype(object).to_dict("records")]
    info = SOURCES.get(source)
    if info is None or not info.redistributable:
        messages.print(f"The events of '{source}' may not be passed on.", markup=False)
    if as_json:
        print_json(rows)
        return
    if rows:
        print_table(
            ["event", "from", "to", "country", "area", "type", "actors", "deaths"],
            [
                [
                    row["event_id"],
                    row["date_start"],
                    row["date"],
                    row["country"],
                    row["admin1"] or None,
                    row["event_type"],
                    " – ".join(side for side in (row["actor_a"], row["actor_b"]) if side),
                    row["fatalities_best"],
                ]
                for row in rows[-_MOST_SHOWN:]
            ],
        )
    if len(rows) > _MOST_SHOWN:
        say(f"… and {len(rows) - _MOST_SHOWN} before them: see --json.")
    say(f"{len(rows)} events of {source} as known on {day}.")


def _read(row: dict[Any, Any]) -> dict[str, Any]:
    """Returns an event with days as days, and None for what the source does not say."""
    values = {str(name): row[name] for name in row}
    for name in ("date_start", "date"):
        values[name] = from_epoch_day(int(values[name]))
    for name in ("civilian_fatalities", "n_sources"):
        values[name] = values[name] if isinstance(values[name], int) else None
    return values
