"""`tocsin data`: what was examined and held, what a release changed."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from data.calendar import parse_period, period_label
from data.errors import UnknownName
from data.quality import (
    accept_held,
    estimate_completeness,
    list_examinations,
    reject_held,
)
from data.regions import load_region_set
from data.revisions import CellChange, diff_vintages
from service.cli.events import list_events
from service.cli.output import AsOfOption, JsonOption, SetOption, print_json, print_table, say
from service.cli.places import check_place
from service.cli.session import open_session

app = typer.Typer(help="What was examined and held; what releases changed.", no_args_is_help=True)

NumberArgument = Annotated[int, typer.Argument(help="Number of the examination, from the list.")]
NoteOption = Annotated[str, typer.Option(help="Why; it is kept with the decision.")]


@app.command("list")
def list_all(
    held: Annotated[bool, typer.Option("--held", help="Only those that wait.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Lists the examined deliveries with what became of them.

    Example: tocsin data list --held
    """
    with open_session() as session, session.database.read() as connection:
        found = list_examinations(connection, "held" if held else None)
    if as_json:
        print_json(found)
    elif found:
        print_table(
            ["number", "source", "vintage", "known at", "state", "suspicious", "noted"],
            [
                [
                    item.examination_id,
                    item.source,
                    item.vintage,
                    item.known_at.date(),
                    item.state,
                    sum(finding.is_suspicious for finding in item.findings),
                    sum(not finding.is_suspicious for finding in item.findings),
                ]
                for item in found
            ],
        )
    else:
        say("No delivery is held." if held else "No delivery was examined yet.")


@app.command("show")
def show(number: NumberArgument, as_json: JsonOption = False) -> None:
    """Shows what was found in a delivery, the suspicious first.

    Example: tocsin data show 3
    """
    with open_session() as session, session.database.read() as connection:
        found = [item for item in list_examinations(connection) if item.examination_id == number]
    if not found:
        raise UnknownName(f"There is no examination {number}.", "See `tocsin data list`.")
    (item,) = found
    if as_json:
        print_json(item)
        return
    say(
        f"{item.source} {item.vintage} ({item.file_name}, {item.n_rows} rows, known at "
        f"{item.known_at.date()}) is {item.state}. {item.note or ''}"
    )
    if item.findings:
        print_table(
            ["finding", "country", "suspicious", "what was found"],
            [
                [finding.code, finding.country, finding.is_suspicious or None, finding.message]
                for finding in item.findings
            ],
        )
    else:
        say("Nothing unusual was found.")


@app.command("accept")
def accept(number: NumberArgument, note: NoteOption = "", as_json: JsonOption = False) -> None:
    """Takes in a held delivery: from now on it is known from the day on which it became known.

    Example: tocsin data accept 3 --note "the offensive is real"
    """
    with open_session() as session, session.database.write() as connection:
        report = accept_held(connection, number, decided_at=session.clock(), note=note)
    if as_json:
        print_json(report)
    else:
        say(
            f"Stored {report.source} {report.vintage}: {report.n_added} new events, "
            f"{report.n_changed} changed, {report.n_deleted} deleted."
        )


@app.command("reject")
def reject(number: NumberArgument, note: NoteOption = "") -> None:
    """Drops the rows of a held delivery; the examination stays.

    Example: tocsin data reject 3 --note "all deaths are zero"
    """
    with open_session() as session, session.database.write() as connection:
        reject_held(connection, number, decided_at=session.clock(), note=note)
    say(f"Rejected: nothing of delivery {number} is used.")


@app.command("completeness")
def completeness(
    name: SetOption = None, as_of: AsOfOption = None, as_json: JsonOption = False
) -> None:
    """Shows what share of the newest months' events and deaths is probably known by now.

    Learnt from how earlier months filled up. A dash: past deliveries do not tell.

    Example: tocsin data completeness --set sahel
    """
    with open_session() as session, session.database.read() as connection:
        region_set = load_region_set(connection, session.set_name(name))
        found = estimate_completeness(connection, region_set, session.as_of(as_of))
    rows = [
        {
            "period": period_label(period, region_set.step),
            "region_id": region.region_id,
            "n_known": _number(found.n_known[row, column]),
            "events": _number(found.events[row, column]),
            "deaths": _number(found.deaths[row, column]),
        }
        for row, period in enumerate(found.periods.tolist())
        for column, region in enumerate(region_set.regions)
    ]
    if as_json:
        print_json(rows)
        return
    print_table(
        ["period", "region", "events known", "share of events", "share of deaths"],
        [
            [
                row["period"],
                row["region_id"],
                None if row["n_known"] is None else f"{row['n_known']:.0f}",
                None if row["events"] is None else f"{row['events']:.0%}",
                None if row["deaths"] is None else f"{row['deaths']:.0%}",
            ]
            for row in rows
            if row["events"] != 1
        ],
    )


def _number(value: float) -> float | None:
    return None if math.isnan(value) else float(value)


@app.command("diff")
def diff(
    first: Annotated[str, typer.Argument(help="The earlier vintage, e.g. 24.1.")],
    second: Annotated[str, typer.Argument(help="The later vintage, e.g. 24.0.10.")],
    name: SetOption = None,
    since: Annotated[
        str | None, typer.Option("--from", help="First month to show, e.g. 2023-10.")
    ] = None,
    until: Annotated[
        str | None, typer.Option("--to", help="Last month to show, e.g. 2023-10.")
    ] = None,
    picture: Annotated[
        Path | None,
        typer.Option(
            "--picture",
            callback=check_place,
            help="Also draw it by region and month: a .svg or .png file.",
        ),
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Shows what a release changed: events and deaths per region and month, before and after.

    A dash means that the month was not known at that time; it does not mean zero.

    Example: tocsin data diff 23.1 23.0.10 --set sahel --from 2023-10

    Example: tocsin data diff 23.1 24.1 --set sahel --from 2022-01 --picture changes.svg
    """
    bounds = [None if text is None else parse_period(text, "month") for text in (since, until)]
    lowest, highest = (None if bound is None else period_label(bound, "month") for bound in bounds)
    with open_session() as session, session.database.read() as connection:
        region_set = load_region_set(connection, session.set_name(name))
        found = diff_vintages(connection, region_set, first, second)
    cells = [
        cell
        for cell in found.cells
        if (lowest is None or cell.month >= lowest) and (highest is None or cell.month <= highest)
    ]
    if picture is not None:
        # Drawing is slow to import, and no other command here needs it.
        from service.report.release_changes import write_release_changes

        write_release_changes(
            cells, picture, f"{region_set.name}: {found.source} {first} to {second}"
        )
    if as_json:
        print_json(
            {
                "source": found.source,
                "first": found.first,
                "second": found.second,
                "first_known_at": found.first_known_at,
                "second_known_at": found.second_known_at,
                "n_kept": found.n_kept,
                "cells": cells,
            }
        )
        return
    say(
        f"{found.source} {first} (known {found.first_known_at.date()}) to {second} (known "
        f"{found.second_known_at.date()}): {sum(cell.n_added for cell in cells)} added, "
        f"{sum(cell.n_deleted for cell in cells)} deleted, in {len(cells)} regions and months; "
        f"{found.n_kept} events known both times."
    )
    if cells:
        print_table(
            ["country", "region", "month", "events", "deaths", "added", "changed", "deleted"],
            [
                [
                    cell.country,
                    cell.region_name or "(no region)",
                    cell.month,
                    _step(cell.events_before, cell.events_after),
                    _step(cell.deaths_before, cell.deaths_after),
                    cell.n_added,
                    cell.n_changed,
                    cell.n_deleted,
                ]
                for cell in sorted(cells, key=_order)
            ],
        )
        for country in sorted({cell.country for cell in cells}):
            own = [cell for cell in cells if cell.country == country]
            events = _step(*(_total(own, f"events_{when}") for when in ("before", "after")))
            deaths = _step(*(_total(own, f"deaths_{when}") for when in ("before", "after")))
            say(f"{country}, all of these: events {events}, deaths {deaths}.")
    if picture is not None:
        say(f"Picture: {picture}")


app.command("events")(list_events)


def _step(before: int | None, after: int | None) -> str:
    return " → ".join("–" if count is None else str(count) for count in (before, after))


def _total(cells: Sequence[CellChange], name: str) -> int | None:
    """Returns the sum over cells; None if none of them was known."""
    known = [getattr(cell, name) for cell in cells if getattr(cell, name) is not None]
    return sum(known) if known else None


def _order(cell: CellChange) -> tuple[str, str, str]:
    return cell.month, cell.country, cell.region_name or ""
