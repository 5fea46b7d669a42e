"""`tocsin audit`: who did what, and whether the trail is whole."""

from __future__ import annotations

from typing import Annotated

import typer

from service.alerts.audit import list_actions, verify_audit
from service.cli.output import JsonOption, print_json, print_table, say
from service.cli.session import open_session

app = typer.Typer(help="The audit trail: who did what, and when.", no_args_is_help=True)


@app.command("list")
def list_them(as_json: JsonOption = False) -> None:
    """Lists the last 200 actions, the newest first.

    Example: tocsin audit list --json
    """
    with open_session() as session, session.database.read() as connection:
        entries = list_actions(connection)
    if as_json:
        print_json(entries)
    elif entries:
        print_table(
            ["number", "at (UTC)", "who", "action", "on"],
            [
                [
                    item.sequence,
                    f"{item.at:%Y-%m-%d %H:%M:%S}",
                    item.actor,
                    item.action,
                    item.subject,
                ]
                for item in entries
            ],
        )
    else:
        say("No actions.")


@app.command("verify")
def verify(
    head: Annotated[
        str | None, typer.Option("--head", help="Head that you noted earlier: must still be there.")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Verifies that no entry was changed or removed; ends with exit code 1 if one was.

    Note the head it prints somewhere else: it shows later that nothing was cut off at the end.

    Example: tocsin audit verify --head 5d41402a…
    """
    with open_session() as session, session.database.read() as connection:
        report = verify_audit(connection, head)
    if as_json:
        print_json(report)
    elif report.broken_at is not None:
        say(f"BROKEN at entry {report.broken_at} of {report.n_entries}: {report.reason}")
    elif report.is_head_found is False:
        say(f"CUT OFF: the head you noted is not among the {report.n_entries} entries.")
    else:
        say(f"Whole: {report.n_entries} entries, head {report.head}")
    if not report.is_good:
        raise typer.Exit(1)
