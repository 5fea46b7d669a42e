"""`tocsin ingest ged`: take in UCDP GED, a file or a version."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from time import perf_counter
from typing import Annotated

import typer

from data.calendar import end_of_day, parse_day
from data.errors import BadInput, UsageError
from data.sources.contract import Query
from data.sources.ged import GED, read_ged
from data.sources.gleditsch_ward import parse_countries
from data.sources.registry import ADAPTERS
from data.sources.ucdp_releases import release_days
from service.cli.output import JsonOption, print_json, progress_bar, say
from service.cli.session import open_session
from service.intake.downloads import fetch_files
from service.intake.ingestion import Origin, take_in


def ingest_ged(
    file: Annotated[
        Path | None, typer.Argument(help="GED file as distributed: CSV, or zip with one in it.")
    ] = None,
    vintage: Annotated[
        str | None, typer.Option(help="Version of the release, e.g. 24.1; needed with a file.")
    ] = None,
    known_at: Annotated[
        str | None,
        typer.Option(help="Day on which the release became known, e.g. 2022-01-15; default today."),
    ] = None,
    covers_from: Annotated[
        str | None, typer.Option(help="First day the file speaks for; default: from its events.")
    ] = None,
    covers_to: Annotated[
        str | None, typer.Option(help="Last day the file speaks for; default: from its events.")
    ] = None,
    countries: Annotated[
        str | None,
        typer.Option(
            help="Countries the file shall speak for, e.g. MLI,BFA,NER; events of others are left "
            "out. Default: those it holds events of."
        ),
    ] = None,
    download: Annotated[
        str | None, typer.Option(help="Get this version's file from UCDP, e.g. 26.1 or 26.0.8.")
    ] = None,
    api: Annotated[
        str | None, typer.Option(help="Get this version from the UCDP API (TOCSIN_UCDP_TOKEN).")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Takes in a UCDP GED file, yearly or Candidate. Bad rows go to quarantine, the rest is stored.

    The file is a full statement for its countries and days: events known before that it no longer
    holds are marked deleted from --known-at on. A suspicious file is held whole, and nothing of it
    is used until `tocsin data accept`. A Candidate month is best taken in with
    --countries: a country without events in it is then known to have none.

    Example: tocsin ingest ged ged241.csv --vintage 24.1 --known-at 2024-06-20

    Example: tocsin ingest ged --download 26.0.8 --countries MLI,BFA,NER
    """
    version = download or api
    if (file is None) == (version is None) or (download and api):
        raise UsageError(
            "Give either a file, or --download VERSION, or --api VERSION.",
            "See `tocsin ingest ged --help`.",
        )
    if vintage is None and version is None:
        raise UsageError("A file needs --vintage.", "Add --vintage 24.1, or what the release is.")
    name = vintage or version or ""
    scope = None if countries is None else parse_countries(countries)
    first, last = _day(covers_from), _day(covers_to)
    with open_session() as session:
        known_on = session.as_of(known_at)
        if file is None:
            days = release_days(name if version is None else version)
            first, last = (first or days[0], last or days[1]) if days else (first, last)
            with progress_bar(f"Fetching {version}") as on_progress:
                asked = Query(
                    tuple(scope or ()), version=version, part="file" if download else "api"
                )
                (file,) = fetch_files(
                    session.settings,
                    ADAPTERS[GED.name],
                    asked,
                    on_progress=lambda done, total: on_progress(done, total, ""),
                )
        began = perf_counter()
        with progress_bar(f"Reading {file.name}") as on_progress:
            try:
                batch = read_ged(
                    file,
                    known_at=known_on,
                    covers_from=first,
                    covers_to=last,
                    countries=scope,
                    on_progress=lambda done, total: on_progress(done, total, ""),
                )
            except BadInput:
                if version is not None:
                    # What was fetched and cannot be read is fetched anew the next time.
                    file.unlink(missing_ok=True)
                raise
        with progress_bar("Examining and storing"):
            report = take_in(
                session.database,
                batch,
                source=GED,
                vintage=name,
                known_at=min(end_of_day(known_on), session.clock()),
                received_at=session.clock(),
                origin=Origin.of_file(file),
                stated_day=None if known_at is None else known_on,
                is_scope_stated=scope is not None,
            )
        seconds = perf_counter() - began
    if as_json:
        print_json(report)
        return
    if report.already_stored:
        say(f"{file.name} is stored already as {GED.name} {name}: nothing to do.")
        return
    say(
        f"Stored {GED.name} {name}, known at {known_on}: {report.n_added} new events, "
        f"{report.n_changed} changed, {report.n_unchanged} unchanged, {report.n_deleted} deleted. "
        f"It speaks for {', '.join(batch.countries)}, {batch.covers_from} to {batch.covers_to}."
    )
    say(
        f"{report.n_rows:,} rows in {seconds:.1f} s: {report.n_rows / seconds:,.0f} rows a second, "
        "read, examined and stored."
    )
    if report.n_quarantined:
        say(
            f"{report.n_quarantined} of {report.n_rows} rows are in quarantine: "
            f"`tocsin ingest quarantine {report.delivery_id}` says why."
        )


def _day(text: str | None) -> date | None:
    return None if text is None else parse_day(text)
