"""`tocsin ledger`: what was published, and whether it still says what it said."""

from __future__ import annotations

from typing import Annotated

import typer

from service.cli.output import JsonOption, print_json, print_table, say
from service.cli.session import open_session
from service.record.forecast_ledger import LedgerReport, describe_entry, list_entries, verify_ledger

app = typer.Typer(
    help="The forecast ledger: a sealed chain of all that was published.", no_args_is_help=True
)


@app.command("list")
def list_them(
    name: Annotated[
        str | None, typer.Option("--set", help="Only this region set; all without it.")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Lists the last 200 publications in the ledger, the newest first.

    Example: tocsin ledger list --set sahel
    """
    with open_session() as session, session.database.read() as connection:
        entries = list_entries(connection, region_set=name)
    if as_json:
        print_json([describe_entry(entry) for entry in entries])
    elif entries:
        print_table(
            ["number", "published (UTC)", "set", "as of", "rev.", "model", "forecasts", "hash"],
            [
                [
                    entry.sequence,
                    f"{entry.published_at:%Y-%m-%d %H:%M:%S}",
                    entry.region_set,
                    entry.as_of,
                    entry.revision,
                    entry.model_version,
                    entry.n_forecasts,
                    f"{entry.entry_hash[:12]}…",
                ]
                for entry in entries
            ],
        )
    else:
        say("Nothing is in the ledger: it begins with the next publication.")


@app.command("verify")
def verify(
    head: Annotated[
        str | None,
        typer.Option("--head", help="`entry_hash` of a manifest you kept: must still be there."),
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Verifies that no forecast was changed, removed or added since it was published.

    Each entry must follow the one before, and the scores in the database must be those that it
    sealed; the first that fails is named, and the exit code is 1. The signed manifest of every
    publication holds its entry: a head that somebody kept shows that nothing was cut off.

    Example: tocsin ledger verify --head 5d41402a…
    """
    with open_session() as session, session.database.read() as connection:
        report = verify_ledger(connection, head)
    if as_json:
        print_json(report)
    else:
        _tell(report)
    if not report.is_good:
        raise typer.Exit(1)


def _tell(report: LedgerReport) -> None:
    chain = report.chain
    if chain.broken_at is not None:
        say(f"BROKEN at entry {chain.broken_at} of {chain.n_entries}: {chain.reason}")
    elif chain.is_head_found is False:
        say(f"CUT OFF: the head you named is not among the {chain.n_entries} entries.")
    for name in report.unlisted:
        say(f"NOT IN THE LEDGER: {name}.")
    if report.is_good:
        say(f"Whole: {chain.n_entries} entries, head {chain.head}")
    if report.n_before:
        say(f"{report.n_before} publications were written before the ledger began.")
