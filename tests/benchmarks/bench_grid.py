"""A grid end to end by the command line: `make bench ONLY=grid`, a quarter of an hour.

From an empty database: 13,080 cells of half a degree, 430 months and 400,000 invented events in
GED's columns are ingested, trained on, scored, published and served. Each command is a process of
its own, whose seconds and peak of memory are told. `BENCH_GRID=s3` does it with 64,800 cells and 5
million events, `BENCH_GRID_FOLDER` keeps what is made; settings such as `TOCSIN_HORIZONS` hold.
"""

from __future__ import annotations

import csv
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from time import perf_counter
from urllib.request import urlopen

import numpy as np
from worlds import S2, S3, Size, draw_events

from data.calendar import from_epoch_day, period_start, to_epoch_day
from data.regions.priogrid import priogrid_gid
from data.sources.gleditsch_ward import STATES

LAST_PERIOD = 635
"""December 2022: the last month of the events."""

AS_OF = "2023-01-15"
RUN = "from service.cli.main import run; run()"
COUNTRIES = (432, 433, 434, 435, 436, 437, 438, 439, 450, 451, 452, 461, 471, 475)
COLUMNS = (
    *("id", "type_of_violence", "dyad_name", "side_a", "side_b", "number_of_sources"),
    *("where_prec", "adm_1", "adm_2", "latitude", "longitude", "country_id", "date_prec"),
    *("date_start", "date_end", "deaths_civilians", "best", "high", "low"),
)
PAGES = {
    "home": "/",
    "map_and_table": "/sets/grid",
    "region_page": "/sets/grid/regions/{cell}",
    "csv": "/feeds/grid/latest.csv",
    "json": "/feeds/grid/latest.json",
    "geojson": "/feeds/grid/latest.geojson",
    "xlsx": "/feeds/grid/latest.xlsx",
    "pdf": "/feeds/grid/latest.pdf",
    "html": "/feeds/grid/latest.html",
    "atom": "/feeds/grid/latest.atom",
    "alerts": "/sets/grid/alerts",
    "scores_api": "/api/v1/scores?set=grid",
}


@dataclass(frozen=True)
class Grid:
    """Whole cells from a south-west corner: columns, rows, in degrees."""

    size: Size
    n_columns: int
    west: float
    south: float


GRIDS = {
    "s2": Grid(Size("s2", 13_080, 120, S2.n_events), 120, -20.0, -20.0),
    "s3": Grid(Size("s3", 64_800, 360, S3.n_events), 360, -90.0, -45.0),
}


def measure() -> dict[str, float]:
    """Returns seconds and peak MiB of each command, seconds and MiB of each page and feed."""
    grid = GRIDS[os.environ.get("BENCH_GRID", "s2")]
    kept = os.environ.get("BENCH_GRID_FOLDER")
    if kept:
        return _measure(grid, Path(kept))
    with tempfile.TemporaryDirectory() as folder:
        return _measure(grid, Path(folder))


def _measure(grid: Grid, folder: Path) -> dict[str, float]:
    found: dict[str, float] = {}
    areas, events = folder / "areas.geojson", folder / "events.csv"
    write_areas(grid, areas)
    busiest = write_events(grid, events)
    commands = {
        "import": ["regions", "import", str(areas), "--set", "areas"],
        "cells": ["regions", "grid", "--set", "grid", "--over", "areas"],
        "ingest": ["ingest", "ged", str(events), "--vintage", "1", "--known-at", AS_OF],
        "train": ["train", "--set", "grid", "--as-of", AS_OF],
        "score": ["score", "--set", "grid", "--as-of", AS_OF],
    }
    prefix = f"grid.{grid.size.name}"
    for step, arguments in commands.items():
        seconds, peak = run(arguments, folder)
        found |= {f"{prefix}.{step}_s": seconds, f"{prefix}.{step}_peak_mib": peak}
        print(f"{step}: {seconds:.1f} s, {peak:.0f} MiB", flush=True)
    return found | {f"{prefix}.{key}": value for key, value in serve(busiest, folder).items()}


def run(arguments: list[str], folder: Path) -> tuple[float, float]:
    """Runs a command; returns its seconds and its peak of memory in MiB.

    Raises:
        AssertionError: The command failed.
    """
    start = perf_counter()
    process = subprocess.Popen(
        [sys.executable, "-c", RUN, *arguments, "--json"],
        env=environment(folder),
        stdout=subprocess.DEVNULL,
    )
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise AssertionError(f"`tocsin {' '.join(arguments)}` ended with {process.returncode}.")
    return perf_counter() - start, usage.ru_maxrss / 1024


def serve(cell: int, folder: Path) -> dict[str, float]:
    """Returns the seconds and MiB of pages and feeds from a server, and the server's peak."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    process = subprocess.Popen(
        [sys.executable, "-c", RUN, "serve", "--port", str(port)],
        env=environment(folder),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    found: dict[str, float] = {}
    try:
        wait_for(port)
        for name, place in PAGES.items():
            start = perf_counter()
            with urlopen(f"http://127.0.0.1:{port}{place.format(cell=cell)}") as answer:
                size = len(answer.read())
            found[f"{name}_s"] = perf_counter() - start
            found[f"{name}_mib"] = size / 2**20
        status = Path(f"/proc/{process.pid}/status").read_text()
        peak = next(line for line in status.splitlines() if line.startswith("VmHWM"))
        found["serve_peak_mib"] = int(peak.split()[1]) / 1024
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait()
    return found


def wait_for(port: int, limit_seconds: float = 120) -> None:
    """Waits until a server listens.

    Raises:
        AssertionError: It does not in that time.
    """
    end = perf_counter() + limit_seconds
    while perf_counter() < end:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.2)
    raise AssertionError("The server does not listen.")


def environment(folder: Path) -> dict[str, str]:
    return {**os.environ, "TOCSIN_STATE_DIR": str(folder / "var")}


def write_areas(grid: Grid, path: Path) -> None:
    """Writes a region file of countries side by side, each of whole columns of cells."""
    south, north = grid.south, grid.south + grid.size.n_regions // grid.n_columns / 2
    features = []
    for number, country in enumerate(COUNTRIES):
        west, east = (
            grid.west + border / 2 for border in borders(grid)[number : number + 2].tolist()
        )
        ring = [[west, south], [east, south], [east, north], [west, north], [west, south]]
        iso3 = STATES[country].iso3
        features.append(
            {
                "type": "Feature",
                "properties": {"pcode": iso3, "name": iso3, "iso3": iso3},
                "geometry": {"type": "Polygon", "coordinates": [ring]},
            }
        )
    path.write_text(json.dumps({"type": "FeatureCollection", "features": features}))


def borders(grid: Grid) -> np.ndarray:
    """Returns the columns where countries begin and end."""
    return np.arange(len(COUNTRIES) + 1) * grid.n_columns // len(COUNTRIES)


def write_events(grid: Grid, path: Path) -> int:
    """Writes the events of a size in GED's columns; returns the cell that saw most of them."""
    size = grid.size
    events = draw_events(size)
    draws = np.random.default_rng(1)
    firsts = [
        to_epoch_day(period_start(LAST_PERIOD + 1 - ago, "month"))
        for ago in range(size.n_periods, -1, -1)
    ]
    starts = np.array(firsts)
    length = np.diff(starts)[events["period"]]
    days = starts[events["period"]] + (length * draws.random(size.n_events)).astype(np.int64)
    # GED begins in 1989: what was drawn earlier is left out.
    is_taken = days >= to_epoch_day(date(1989, 1, 1))
    texts = {day: from_epoch_day(day).isoformat() for day in np.unique(days).tolist()}
    row, column = np.divmod(events["region"], grid.n_columns)
    latitude, longitude = grid.south + row / 2 + 0.25, grid.west + column / 2 + 0.25
    country = np.array(COUNTRIES)[np.searchsorted(borders(grid), column, side="right") - 1]
    group = draws.integers(0, 97, size.n_events)
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(COLUMNS)
        of_events = (
            *(events["kind"], latitude, longitude, country, days, group, is_taken),
            *(events["civilians"], events["best"], events["high"], events["low"]),
        )
        rows = zip(*(column.tolist() for column in of_events), strict=True)
        for number, (kind, north, east, state, day, side, taken, *deaths) in enumerate(rows):
            if taken:
                names = ["Government - Group", "Government", f"Group {side}"]
                place = [1, f"Region {state}", "", north, east, state]
                when = [1, texts[day], texts[day]]
                writer.writerow([number, kind + 1, *names, 2, *place, *when, *deaths])
    most = int(np.bincount(events["region"]).argmax())
    return priogrid_gid(
        float(grid.west + most % grid.n_columns / 2 + 0.25),
        float(grid.south + most // grid.n_columns / 2 + 0.25),
    )
