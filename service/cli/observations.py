"""`tocsin ingest observations`: rainfall, displacement, counts per area and month."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Annotated

import typer

from data.calendar import end_of_day
from data.errors import UnknownName
from data.sources.chirps import CHIRPS, read_chirps
from data.sources.hapi import HAPI, read_hapi
from data.sources.idmc import IDMC, read_idmc
from data.sources.own_observations import OWN_OBSERVATIONS, read_own_observations
from data.store import append_observations
from service.cli.output import JsonOption, print_json, say
from service.cli.session import open_session

_READERS = {
    CHIRPS.name: (CHIRPS, read_chirps),
    HAPI.name: (HAPI, read_hapi),
    IDMC.name: (IDMC, read_idmc),
    OWN_OBSERVATIONS.name: (OWN_OBSERVATIONS, read_own_observations),
}


def ingest_observations(
    source: Annotated[str, typer.Argument(help="chirps, hapi, idmc or own_observations.")],
    file: Annotated[Path, typer.Argument(help="The file as distributed.")],
    vintage: Annotated[str, typer.Option(help="Name of this state of the data, e.g. 2026-08.")],
    known_at: Annotated[
        str | None, typer.Option(help="Day on which the file became known; default today.")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Takes in dated numbers about places: rain (chirps), displacement (idmc), counts (hapi).

    They are kept as they became known, like events. Indicators of context are made from them, which
    people read and a feature set may hold. What a later file leaves out stays known. A table of
    one's own (own_observations) gives population, poverty_rate or travel_hours_to_city of regions
    in columns indicator, country, place, date, value.

    Example: tocsin ingest observations chirps mli-rainfall-subnational.csv --vintage 2026-08
    """
    if source not in _READERS:
        raise UnknownName(f"There is no source '{source}'.", f"Known: {', '.join(_READERS)}.")
    info, read = _READERS[source]
    batch = read(file)
    with file.open("rb") as stream:
        sha256 = hashlib.file_digest(stream, "sha256").hexdigest()
    with open_session() as session:
        known_on = session.as_of(known_at)
        with session.database.write() as connection:
            report = append_observations(
                connection,
                batch,
                source=info,
                vintage=vintage,
                known_at=min(end_of_day(known_on), session.clock()),
                received_at=session.clock(),
                file_name=file.name,
                sha256=sha256,
            )
    if as_json:
        print_json(report)
    elif report.already_stored:
        say(f"{file.name} is stored already as {source} {vintage}: nothing to do.")
    else:
        say(
            f"Stored {source} {vintage}, known at {known_on}: {report.n_added} new observations, "
            f"{report.n_changed} changed, {report.n_unchanged} unchanged, {report.n_quarantined} "
            "rows in quarantine."
        )
