"""`tocsin models`: the registry."""

from __future__ import annotations

from typing import Annotated

import typer

from models.registry import list_models, promote, show_model
from models.signing import load_or_make_key
from service.cli.output import JsonOption, SetOption, print_json, print_table, say
from service.cli.session import open_session
from service.cli.skill_table import print_skill

app = typer.Typer(help="List, show and promote trained models.", no_args_is_help=True)

VersionArgument = Annotated[str, typer.Argument(help="Model version, from `tocsin models list`.")]


@app.command("list")
def list_all(name: SetOption = None, as_json: JsonOption = False) -> None:
    """Lists the stored models, newest first."""
    with open_session() as session, session.database.read() as connection:
        entries = list_models(connection, name)
    if as_json:
        print_json(entries)
    elif entries:
        print_table(
            ["model", "set", "outcome", "as of", "trained at", "role"],
            [
                [
                    entry.model_version,
                    entry.region_set,
                    entry.outcome,
                    entry.as_of,
                    f"{entry.created_at:%Y-%m-%d %H:%M}",
                    entry.role,
                ]
                for entry in entries
            ],
        )
    else:
        say("No models yet: see `tocsin train --help`.")


@app.command("show")
def show(version: VersionArgument, as_json: JsonOption = False) -> None:
    """Shows one model: data, definition, features, measured skill, verdict of the gate."""
    with open_session() as session, session.database.read() as connection:
        entry = show_model(connection, version)
    if as_json:
        print_json(entry)
        return
    manifest = entry.manifest
    say(f"{entry.model_version} ({entry.role}), trained {entry.created_at:%Y-%m-%d %H:%M} UTC")
    say(f"outcome {manifest['outcome']['version']}, features {manifest['feature_set']}")
    known = manifest["data"]
    say(f"data as of {known['as_of']}, origin {known['origin']}, {', '.join(known['vintages'])}")
    print_skill(manifest)


@app.command("promote")
def promote_model(version: VersionArgument, as_json: JsonOption = False) -> None:
    """Puts a stored model into service; the one before it is kept and can be promoted again."""
    with open_session() as session:
        key = load_or_make_key(session.settings.state_dir)
        with session.database.write() as connection:
            replaced = promote(connection, version, key.public)
    if as_json:
        print_json({"model_version": version, "replaced": replaced})
    elif replaced is None:
        say(f"{version} is in service.")
    else:
        say(f"{version} is in service instead of {replaced}.")
