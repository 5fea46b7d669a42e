"""Ingest: reading, examining and storing 400,000 events, and knowing them again, on SQLite.

The same of 5 million events, a file of 800 MB, is the part `ingest_large`.
"""

from __future__ import annotations

import csv
import resource
import tempfile
from datetime import UTC, date, datetime
from pathlib import Path
from time import perf_counter

import numpy as np
import pandas as pd

from data.calendar import end_of_day, from_epoch_day, to_epoch_day
from data.database import open_database
from data.quality import receive_delivery
from data.sources.ged import GED, read_ged
from data.store import events_as_known

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

    The peak of memory is that of reading, storing and knowing; what pandas takes comes after it.
    """
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "ged.csv"
        write_file(path, n_events)
        start = perf_counter()
        batch = read_ged(path, known_at=KNOWN_ON)
        reading = perf_counter() - start
        database = open_database(f"sqlite:///{folder}/tocsin.db")
        start = perf_counter()
        with database.write() as connection:
            reception = receive_delivery(
                connection,
                batch,
                source=GED,
                vintage="1",
                known_at=end_of_day(KNOWN_ON),
                received_at=datetime(2022, 1, 15, tzinfo=UTC),
                file_name=path.name,
                sha256="0" * 64,
            )
        storing = perf_counter() - start
        if reception.report is None or reception.report.n_added != n_events:
            raise AssertionError(f"The delivery was not stored: {reception.findings}.")
        with database.read() as connection:
            start = perf_counter()
            known = events_as_known(connection, GED.name, KNOWN_ON)
            knowing = perf_counter() - start
        database.close()
        if len(known) != n_events:
            raise AssertionError(f"{len(known)} of {n_events} events are known.")
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        del batch, known
        plain = min(read_plainly(path) for _ in range(3 if n_events == N_EVENTS else 1))
    return {
        f"{name}.read_s": reading,
        f"{name}.examine_and_store_s": storing,
        f"{name}.rows_per_second": n_events / (reading + storing),
        f"{name}.over_read_csv": (reading + storing) / plain,
        f"{name}.as_known_s": knowing,
        f"{name}.as_known_over_read_csv": knowing / plain,
        f"{name}.peak_mib": peak,
    }


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
