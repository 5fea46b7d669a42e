"""`tocsin actors`: which spelling means which actor, as a table that can be edited."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from data.actors import (
    ActorAlias,
    forget_aliases,
    load_actors,
    read_alias_file,
    save_aliases,
    write_aliases,
)
from data.errors import StateError, UnknownName
from data.names import plain_words
from data.panel.details import split_actors
from data.store import events_as_known
from service.cli.output import JsonOption, print_json, print_table, say
from service.cli.session import open_session

app = typer.Typer(
    help="One name for each armed actor: list, show, import and export the table of aliases.",
    no_args_is_help=True,
)

_SHOWN_UNLISTED = 50


@app.command("list")
def list_actors(
    group: Annotated[
        str | None, typer.Option(help="Only actors of this group, e.g. self_defence.")
    ] = None,
    unlisted: Annotated[
        str | None,
        typer.Option(
            "--unlisted", help="Instead: names in the events of this source that no alias finds."
        ),
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Lists the actors with their groups, or the names that the table does not know yet.

    Example: tocsin actors list --group outside_force

    Example: tocsin actors list --unlisted ged
    """
    rows: list[dict[str, Any]]
    with open_session() as session, session.database.read() as connection:
        table = load_actors(connection)
        if unlisted is None:
            rows = [
                {"actor": name, "group": aliases[0].group, "aliases": len(aliases)}
                for name, aliases in table.actors.items()
                if group is None or aliases[0].group == group
            ]
        else:
            events = events_as_known(connection, unlisted, session.today())
            sides = split_actors(events, table)
            counts = sides[sides["group"] == ""]["actor"].value_counts()
            rows = [{"name": str(name), "events": int(n)} for name, n in counts.items()]
    if as_json:
        print_json(rows)
    elif rows:
        shown = rows if unlisted is None else rows[:_SHOWN_UNLISTED]
        print_table(list(rows[0]), [list(row.values()) for row in shown])
        if len(shown) < len(rows):
            say(f"… and {len(rows) - len(shown)} more: see --json.")
    else:
        say("No such actor." if unlisted is None else "Every name is listed.")


@app.command("show")
def show(
    name: Annotated[str, typer.Argument(help="Name of an actor, or a spelling of it.")],
    as_json: JsonOption = False,
) -> None:
    """Shows what an actor is called, where and when.

    Example: tocsin actors show "Wagner Group"
    """
    with open_session() as session, session.database.read() as connection:
        actors = load_actors(connection).actors
    key = " ".join(plain_words(name))
    found = {
        actor: aliases
        for actor, aliases in actors.items()
        if " ".join(plain_words(actor)) == key or any(alias.key == key for alias in aliases)
    }
    if not found:
        raise UnknownName(f"No actor is called '{name}'.", "See `tocsin actors list`.")
    rows = [_describe(actor, alias) for actor, aliases in found.items() for alias in aliases]
    if as_json:
        print_json(rows)
    else:
        print_table(list(rows[0]), [list(row.values()) for row in rows])


@app.command("import")
def import_aliases(
    file: Annotated[Path, typer.Argument(help="CSV, as `tocsin actors export` writes it.")],
    as_json: JsonOption = False,
) -> None:
    """Takes a table in place of the one in force; it is used from the next panel on.

    A model that was trained with other names should be trained again.

    Example: tocsin actors export actors.csv, edit it, then tocsin actors import actors.csv
    """
    table = read_alias_file(file)
    with open_session() as session, session.database.write() as connection:
        is_new = save_aliases(connection, table)
    n_actors, n_aliases = len(table.actors), len(table.aliases)
    if as_json:
        print_json({"actors": n_actors, "aliases": n_aliases, "is_new": is_new})
    elif is_new:
        say(
            f"Stored {n_aliases} aliases of {n_actors} actors. Indicators of actors count under "
            "these names from now on; a model that reads them does not score until it is trained "
            "again."
        )
    else:
        say(f"Unchanged: these {n_aliases} aliases are in force already.")


@app.command("export")
def export(
    file: Annotated[
        Path | None, typer.Argument(help="Where to; left out: the standard output.")
    ] = None,
) -> None:
    """Writes the table in force as CSV.

    Example: tocsin actors export actors.csv
    """
    with open_session() as session, session.database.read() as connection:
        aliases = load_actors(connection).aliases
    text = write_aliases(aliases)
    if file is None:
        typer.echo(text, nl=False)
        return
    try:
        file.write_text(text, encoding="utf-8")
    except OSError as problem:
        raise StateError(f"{file} cannot be written: {problem.strerror}.") from None
    say(f"Wrote {len(aliases)} aliases to {file}.")


@app.command("reset")
def reset() -> None:
    """Puts the table that comes with Tocsin in force again.

    Example: tocsin actors reset
    """
    with open_session() as session, session.database.write() as connection:
        forget_aliases(connection)
        n_aliases = len(load_actors(connection).aliases)
    say(f"The table that comes with Tocsin is in force: {n_aliases} aliases.")


def _describe(actor: str, alias: ActorAlias) -> dict[str, Any]:
    return {
        "actor": actor,
        "alias": alias.alias,
        "group": alias.group,
        "countries": " ".join(alias.countries) or None,
        "valid_from": alias.valid_from,
        "valid_to": alias.valid_to,
    }
