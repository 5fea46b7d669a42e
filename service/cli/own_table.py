"""`tocsin ingest table`: take in events from somebody's own table."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from data.calendar import end_of_day, parse_day
from data.errors import UsageError
from data.sources.gleditsch_ward import parse_countries
from data.sources.mapping import read_mapping
from data.sources.own_table import read_own_table
from data.sources.registry import SOURCES
from service.cli.output import JsonOption, print_json, say
from service.cli.session import open_session
from service.intake.ingestion import Origin, take_in


def ingest_table(
    file: Annotated[Path, typer.Argument(help="CSV file, UTF-8, or zip with one in it.")],
    mapping: Annotated[Path, typer.Option(help="Mapping file (TOML): see docs/sources.md.")],
    vintage: Annotated[str, typer.Option(help="Name of this state of the table, e.g. 2026-08.")],
    covers_from: Annotated[str, typer.Option(help="First day that it speaks for.")],
    covers_to: Annotated[str, typer.Option(help="Last day that it speaks for.")],
    countries: Annotated[str, typer.Option(help="Countries that it speaks for: MLI,BFA,NER.")],
    known_at: Annotated[
        str | None, typer.Option(help="Day on which it became known; default today.")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Takes in events from a table of your own, such as reports of analysts, by a mapping file.

    The table is a full statement for its countries and days, and becomes a source of its own name,
    which a region set can be built from (`tocsin regions import … --source NAME`).

    Example: tocsin ingest table reports.csv --mapping desk.toml --vintage 2026-08
    --covers-from 2026-08-01 --covers-to 2026-08-31 --countries MLI,BFA,NER
    """
    read_by = read_mapping(mapping)
    if read_by.source.name in SOURCES:
        raise UsageError(
            f"'{read_by.source.name}' is a source of Tocsin's own.", "Name yours otherwise."
        )
    with open_session() as session:
        known_on = session.as_of(known_at)
        batch = read_own_table(
            file,
            read_by,
            known_at=known_on,
            covers_from=parse_day(covers_from),
            covers_to=parse_day(covers_to),
            countries=parse_countries(countries),
        )
        report = take_in(
            session.database,
            batch,
            source=read_by.source,
            vintage=vintage,
            known_at=min(end_of_day(known_on), session.clock()),
            received_at=session.clock(),
            origin=Origin.of_file(file),
            stated_day=None if known_at is None else known_on,
            is_scope_stated=True,
        )
    if as_json:
        print_json(report)
    elif report.already_stored:
        say(f"{file.name} is stored already as {report.source} {vintage}: nothing to do.")
    else:
        say(
            f"Stored {report.source} {vintage}, known at {known_on}: {report.n_added} new events, "
            f"{report.n_changed} changed, {report.n_unchanged} unchanged, {report.n_deleted} "
            f"deleted, {report.n_quarantined} rows in quarantine."
        )
