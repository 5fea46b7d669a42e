"""`tocsin sources`: what Tocsin can take in, under which terms; and fetching it."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

import typer

from data.calendar import parse_day
from data.errors import UnknownName, UsageError
from data.sources.contract import Query
from data.sources.gleditsch_ward import parse_countries
from data.sources.registry import ADAPTERS, SOURCES
from service.cli.output import (
    JsonOption,
    describe_report,
    print_json,
    print_table,
    progress_bar,
    say,
)
from service.cli.session import open_session
from service.intake.fetching import fetch_source
from service.schedule.scheduled_fetches import list_fetch_states

app = typer.Typer(help="Sources: terms, credentials, fetching.", no_args_is_help=True)


@app.command("list")
def list_sources(as_json: JsonOption = False) -> None:
    """Lists the sources: what they hold, whether they can be fetched and may be passed on.

    Example: tocsin sources list
    """
    if as_json:
        print_json([_describe(name) for name in SOURCES])
        return
    print_table(
        ["name", "title", "kind", "fetched", "may be passed on", "licence"],
        [
            [
                name,
                source.title,
                source.kind,
                "yes" if _is_fetched(name) else None,
                "yes" if source.redistributable else "no",
                source.licence,
            ]
            for name, source in SOURCES.items()
        ],
    )


@app.command("show")
def show_source(
    name: Annotated[str, typer.Argument(help="Name of the source.")], as_json: JsonOption = False
) -> None:
    """Shows one source: its terms, how to name it, what a fetch needs and which settings it reads.

    Example: tocsin sources show hapi
    """
    if name not in SOURCES:
        raise UnknownName(f"There is no source '{name}'.", f"Known: {', '.join(SOURCES)}.")
    facts = _describe(name)
    if as_json:
        print_json(facts)
    else:
        for key, value in facts.items():
            shown = ", ".join(value) if isinstance(value, list) else value
            say(f"{key}: {shown}")


@app.command("fetch")
def fetch(
    name: Annotated[str, typer.Argument(help="Name of the source.")],
    place: Annotated[
        str | None,
        typer.Option("--from", help="A file, or its https address, instead of the source's API."),
    ] = None,
    countries: Annotated[str | None, typer.Option(help="Countries, e.g. MLI,BFA,NER.")] = None,
    since: Annotated[str | None, typer.Option(help="First day, e.g. 2024-01-01.")] = None,
    until: Annotated[str | None, typer.Option(help="Last day.")] = None,
    version: Annotated[
        str | None, typer.Option(help="Version, run or vintage, as the source names it.")
    ] = None,
    part: Annotated[
        str | None, typer.Option(help="Which of the source's tables: see `tocsin sources show`.")
    ] = None,
    box: Annotated[
        str | None,
        typer.Option(help="Only cells inside west,south,east,north, e.g. -12.5,9,16,25."),
    ] = None,
    vintage: Annotated[
        str | None, typer.Option(help="Name of this state of the data; default: version or day.")
    ] = None,
    known_at: Annotated[
        str | None,
        typer.Option(help="Day on which a file (--from) became known; default today."),
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Fetches from a source and takes in what it gives, whole or not at all.

    Credentials are read from the settings that `tocsin sources show NAME` names. A source that
    misbehaves changes nothing that is stored; a fetch that broke off goes on when it is run again.

    Example: tocsin sources fetch hapi --countries MLI,BFA,NER

    Example: tocsin sources fetch chirps --countries MLI,BFA,NER

    Example: tocsin sources fetch wfp --from https://data.example.org/wfp_food_prices_mli.csv

    Example: tocsin sources fetch views --version fatalities003_2026_05_t01 --countries MLI,BFA,NER
    """
    query = Query(
        countries=parse_countries(countries) if countries else (),
        since=None if since is None else parse_day(since),
        until=None if until is None else parse_day(until),
        version=version,
        part=part,
        box=None if box is None else _read_box(box),
    )
    with open_session() as session:
        with progress_bar(f"Fetching {name}") as on_progress:
            reports = fetch_source(
                session.database,
                session.settings,
                session.clock,
                name=name,
                query=query,
                place=place,
                vintage=vintage,
                known_on=None if known_at is None else session.as_of(known_at),
                on_progress=lambda done, total: on_progress(done, total, ""),
            )
    if as_json:
        print_json(reports)
    else:
        for report in reports:
            say(describe_report(report, SOURCES[name].kind))


@app.command("schedule")
def show_schedule(as_json: JsonOption = False) -> None:
    """Lists what is fetched on schedule (TOCSIN_FETCHES), what came of it, and when it is due next.

    Exit code 1 if the last fetch of one failed.

    Example: tocsin sources schedule
    """
    with open_session() as session:
        states = list_fetch_states(session.database, session.settings, session.clock())
    if as_json:
        print_json(states)
    elif not states:
        say("Nothing is fetched on schedule: set TOCSIN_FETCHES, see docs/operations.md.")
    else:
        print_table(
            ["fetch", "source", "last", "status", "what came of it", "due next"],
            [
                [
                    state.name,
                    state.source,
                    f"{state.slot.slot_at:%Y-%m-%d %H:%M}" if state.slot else None,
                    state.slot.status if state.slot else None,
                    state.slot.detail if state.slot else state.problem,
                    f"{state.due_at:%Y-%m-%d %H:%M}" if state.due_at else None,
                ]
                for state in states
            ],
        )
    if any(state.is_failing for state in states):
        raise typer.Exit(1)


def _is_fetched(name: str) -> bool:
    return name in ADAPTERS and ADAPTERS[name].fetch is not None


def _describe(name: str) -> dict[str, object]:
    facts: dict[str, object] = {**asdict(SOURCES[name])}
    facts["credentials"] = [f"TOCSIN_{field.upper()}" for field in SOURCES[name].credentials]
    facts["fetched"] = _is_fetched(name)
    facts["needs"] = [f"--{need}" for need in ADAPTERS[name].needs] if name in ADAPTERS else []
    facts["parts"] = list(ADAPTERS[name].parts) if name in ADAPTERS else []
    return facts


def _read_box(text: str) -> tuple[float, float, float, float]:
    try:
        west, south, east, north = (float(part) for part in text.split(","))
    except ValueError:
        raise UsageError(
            f"'{text}' is no box.", "Write west,south,east,north: -12.5,9,16,25."
        ) from None
    if not (-180 <= west <= east <= 180 and -90 <= south <= north <= 90):
        raise UsageError(f"'{text}' is no box.", "West before east, south before north, degrees.")
    return west, south, east, north
