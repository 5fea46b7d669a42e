"""`tocsin sources`: the event sources Tocsin knows, with licence and attribution."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

import typer

from data.errors import UnknownName
from data.sources.registry import SOURCES
from service.cli.output import JsonOption, print_json, print_table, say

app = typer.Typer(help="The event sources, with licence and attribution.", no_args_is_help=True)


@app.command("list")
def list_sources(as_json: JsonOption = False) -> None:
    """Lists the sources."""
    if as_json:
        print_json([asdict(source) for source in SOURCES.values()])
    else:
        print_table(
            ["name", "title", "licence"],
            [[source.name, source.title, source.licence] for source in SOURCES.values()],
        )


@app.command("show")
def show_source(
    name: Annotated[str, typer.Argument(help="Name of the source.")], as_json: JsonOption = False
) -> None:
    """Shows one source: where it comes from, its licence, how to name it.

    Example: tocsin sources show ged
    """
    if name not in SOURCES:
        raise UnknownName(f"There is no source '{name}'.", f"Known: {', '.join(SOURCES)}.")
    facts = asdict(SOURCES[name])
    if as_json:
        print_json(facts)
    else:
        for key, value in facts.items():
            say(f"{key}: {value}")
