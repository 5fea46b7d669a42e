"""`tocsin ingest observations`: rainfall, displacement, prices, counts per area and month."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from data.errors import UnknownName
from data.sources.contract import Query
from data.sources.gleditsch_ward import parse_countries
from data.sources.registry import ADAPTERS
from service.cli.output import JsonOption, describe_report, print_json, say
from service.cli.session import open_session
from service.intake.fetching import read_and_take_in

_NAMES = [name for name, adapter in ADAPTERS.items() if adapter.info.kind == "observations"]


def ingest_observations(
    source: Annotated[str, typer.Argument(help=f"One of {', '.join(_NAMES)}.")],
    file: Annotated[Path, typer.Argument(help="The file as distributed.")],
    vintage: Annotated[str, typer.Option(help="Name of this state of the data, e.g. 2026-08.")],
    countries: Annotated[
        str | None, typer.Option(help="Country of a file that does not say it: MLI.")
    ] = None,
    known_at: Annotated[
        str | None, typer.Option(help="Day on which the file became known; default today.")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Takes in dated numbers about places: rain, displacement, prices, food crises, counts.

    They are kept as they became known, like events. Indicators of context are made from them, which
    people read and a feature set may hold. What a later file leaves out stays known. A table of
    one's own (own_observations) gives population, poverty_rate or travel_hours_to_city of regions
    in columns indicator, country, place, date, value.

    Example: tocsin ingest observations chirps mli-rainfall-subnational.csv --vintage 2026-08
    """
    if source not in _NAMES:
        raise UnknownName(f"There is no source '{source}'.", f"Known: {', '.join(_NAMES)}.")
    query = Query(parse_countries(countries) if countries else ())
    with open_session() as session:
        report = read_and_take_in(
            session.database,
            session.clock,
            ADAPTERS[source],
            file,
            query,
            vintage=vintage,
            known_on=None if known_at is None else session.as_of(known_at),
        )
    if as_json:
        print_json(report)
    else:
        say(describe_report(report, "observations"))
