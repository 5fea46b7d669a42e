"""`tocsin data`: what a release changed."""

from __future__ import annotations

from typing import Annotated

import typer

from data.calendar import parse_period, period_label
from data.regions import load_region_set
from data.revisions import CellChange, diff_vintages
from service.cli.output import JsonOption, SetOption, print_json, print_table, say
from service.cli.session import open_session

app = typer.Typer(help="What releases changed.", no_args_is_help=True)


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
    as_json: JsonOption = False,
) -> None:
    """Shows what a release changed: events and deaths per region and month, before and after.

    A dash means that the month was not known at that time; it does not mean zero.

    Example: tocsin data diff 23.1 23.0.10 --set sahel --from 2023-10
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


def _step(before: int | None, after: int | None) -> str:
    return " → ".join("–" if count is None else str(count) for count in (before, after))


def _order(cell: CellChange) -> tuple[str, str, str]:
    return cell.month, cell.country, cell.region_name or ""
