"""`tocsin ingest acled`: take in ACLED data, with an account of one's own."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from data.calendar import end_of_day, parse_day
from data.errors import UsageError
from data.sources.acled import ACLED, read_acled
from data.sources.acled_api import require_acled_enabled
from data.sources.contract import Query
from data.sources.gleditsch_ward import parse_countries
from data.sources.registry import ADAPTERS
from data.store import DeliveryReport
from service.cli.output import JsonOption, describe_report, print_json, progress_bar, say
from service.cli.session import open_session
from service.intake.downloads import fetch_files
from service.intake.fetching import fetch_acled_changes
from service.intake.ingestion import Origin, take_in


def ingest_acled(
    covers_from: Annotated[
        str | None,
        typer.Option(help="First day that was, or shall be, asked for, e.g. 2024-01-01."),
    ] = None,
    covers_to: Annotated[
        str | None, typer.Option(help="Last day that was, or shall be, asked for.")
    ] = None,
    countries: Annotated[
        str | None,
        typer.Option(help="Countries that were, or shall be, asked for: MLI,BFA,NER."),
    ] = None,
    file: Annotated[
        Path | None, typer.Argument(help="ACLED export, CSV; without one it is fetched.")
    ] = None,
    vintage: Annotated[
        str | None, typer.Option(help="Name of this state of the data; default: the day.")
    ] = None,
    known_at: Annotated[
        str | None, typer.Option(help="Day on which a file was exported; default today.")
    ] = None,
    changes: Annotated[
        bool,
        typer.Option(
            "--changes",
            help="Only what ACLED added, edited and deleted since the newest delivery, for its "
            "countries and on to yesterday.",
        ),
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Takes in violent events of ACLED: battles, remote violence, violence against civilians.

    Off unless TOCSIN_ACLED_ENABLED is true. The events may not be passed on; scores may, with the
    attribution. Each export or fetch is a full statement for its countries and days: what ACLED
    edited or deleted since the last one shows as changed or deleted.

    Example: tocsin ingest acled --countries MLI,BFA,NER --covers-from 2024-01-01 --covers-to
    2024-12-31

    Example: tocsin ingest acled --changes
    """
    if changes:
        if covers_from or countries or file or known_at or vintage:
            raise UsageError(
                "Changes go on from the newest delivery.", "Give --changes without its scope."
            )
        with open_session() as session:
            report = fetch_acled_changes(
                session.database,
                session.settings,
                session.clock,
                until=None if covers_to is None else parse_day(covers_to),
            )
        _tell(report, as_json)
        return
    if covers_from is None or covers_to is None or countries is None:
        raise UsageError(
            "ACLED is asked for countries and days.",
            "Add --countries, --covers-from and --covers-to, or --changes.",
        )
    scope, first, last = parse_countries(countries), parse_day(covers_from), parse_day(covers_to)
    if file is None and known_at is not None:
        raise UsageError("What is fetched is known today.", "Leave --known-at out.")
    with open_session() as session:
        require_acled_enabled(session.settings)
        known_on = session.as_of(known_at)
        if file is None:
            with progress_bar("Fetching from ACLED") as on_progress:
                (file,) = fetch_files(
                    session.settings,
                    ADAPTERS[ACLED.name],
                    Query(tuple(scope), first, last),
                    on_progress=lambda done, total: on_progress(done, total, ""),
                )
        batch = read_acled(
            file, known_at=known_on, covers_from=first, covers_to=last, countries=scope
        )
        report = take_in(
            session.database,
            batch,
            source=ACLED,
            vintage=vintage or str(known_on),
            known_at=min(end_of_day(known_on), session.clock()),
            received_at=session.clock(),
            origin=Origin.of_file(file),
            stated_day=None if known_at is None else known_on,
            is_scope_stated=True,
        )
    _tell(report, as_json)


def _tell(report: DeliveryReport, as_json: bool) -> None:
    if as_json:
        print_json(report)
    else:
        say(describe_report(report, "events"))
