"""`tocsin keys`: who may do what through the API."""

from __future__ import annotations

from datetime import UTC, datetime, time
from typing import Annotated

import typer

from data.calendar import parse_day
from service.cli.actor import ByOption
from service.cli.output import JsonOption, print_json, print_table, say
from service.cli.session import open_session
from service.keys import SCOPES, list_keys, make_key, revoke_key

app = typer.Typer(help="Keys of the API, with what each may do.", no_args_is_help=True)


@app.command("create")
def create(
    name: Annotated[str, typer.Argument(help="Name of the key: who or what will use it.")],
    by: ByOption,
    scope: Annotated[
        list[str],
        typer.Option(
            "--scope",
            help="What it may do; give it several times. "
            + "; ".join(f"{word}: {meaning}" for word, meaning in SCOPES.items())
            + ".",
        ),
    ],
    expires: Annotated[
        str | None, typer.Option("--expires", help="First day (UTC) on which it does not hold.")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Makes a key and shows it, once: only its SHA-256 is kept.

    Example: tocsin keys create field-office --scope alerts:act --expires 2027-01-01
    """
    expires_at = None if expires is None else datetime.combine(parse_day(expires), time(), UTC)
    with open_session() as session, session.database.write() as connection:
        secret = make_key(
            connection,
            name,
            scope,
            actor=by,
            expires_at=expires_at,
            now=session.clock(),
        )
    if as_json:
        print_json({"name": name, "scopes": sorted(set(scope)), "key": secret})
        return
    say(secret)
    say("Keep it now: it is not shown again. Send it as `Authorization: Bearer KEY`.")


@app.command("list")
def list_them(as_json: JsonOption = False) -> None:
    """Lists the keys, those that do not hold any more too; never the secrets.

    Example: tocsin keys list --json
    """
    with open_session() as session, session.database.read() as connection:
        keys, now = list_keys(connection), session.clock()
    if as_json:
        print_json(keys)
    elif keys:
        print_table(
            ["name", "begins", "may", "state", "made", "expires", "last used"],
            [
                [
                    key.name,
                    f"tocsin_{key.prefix}_",
                    ", ".join(key.scopes),
                    "revoked" if key.revoked_at else "holds" if key.holds(now) else "expired",
                    f"{key.created_at:%Y-%m-%d}",
                    key.expires_at and f"{key.expires_at:%Y-%m-%d}",
                    key.last_used,
                ]
                for key in keys
            ],
        )
    else:
        say("No keys. `tocsin keys create NAME --scope alerts:act` makes one.")


@app.command("revoke")
def revoke(name: Annotated[str, typer.Argument(help="Name of the key.")], by: ByOption) -> None:
    """Ends a key now, for good.

    Example: tocsin keys revoke field-office
    """
    with open_session() as session, session.database.write() as connection:
        revoke_key(connection, name, actor=by, now=session.clock())
    say(f"Key {name} does not hold any more.")
