"""How fast feeds are served and published: ratios to a bare ASGI application, in one run.

Two servers, the same uvicorn: one with an application that returns the same bytes and nothing
else, one with Tocsin as `tocsin serve` makes it. They are asked in turns over kept connections, and
the median of the ratios counts. A publication is rendered in every format, stored and evaluated as
a cycle does it.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import random
import resource
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

import uvicorn
from shapely.geometry import box

from data.calendar import last_complete_period, period_end
from data.database import Database, open_database
from data.regions import Region, RegionSet, save_region_set
from models.score import Contribution
from service.alerts.evaluate import evaluate_publication
from service.alerts.rule_store import apply_default_rules
from service.app import make_app
from service.cli.serve import SWITCH_SECONDS
from service.feeds.formats import render_documents
from service.publications.publication import Attribution, Inputs, Publication, PublishedScore
from service.publications.store import load_document, number_publication, store_publication
from service.settings import Settings

NOW = datetime(2022, 1, 16, 6, tzinfo=UTC)
ROUNDS, ROUND_SECONDS, CONNECTIONS = 25, 0.3, 16
PATH = "/feeds/r31/latest.json"


def make_regions(name: str, n_regions: int, n_columns: int) -> RegionSet:
    """Returns a set of half-degree cells."""
    places = [(number % n_columns, number // n_columns) for number in range(n_regions)]
    regions = tuple(
        Region(
            f"C{x:03}-{y:03}",
            f"Cell {x} {y}",
            "MLI",
            box(x / 2 - 17, y / 2, x / 2 - 16.5, y / 2 + 0.5),
        )
        for x, y in places
    )
    return RegionSet(
        name=name,
        kind="priogrid",
        step="month",
        source="ged",
        is_schematic=False,
        attribution="",
        regions=regions,
        neighbours=((),) * n_regions,
    )


def make_publication(region_set: RegionSet, as_of: date, seed: int) -> Publication:
    """Returns a publication at three horizons with 20 drivers a score."""
    chance, settings = random.Random(seed), Settings()
    drivers = tuple(
        Contribution(f"deaths_{n}", f"Deaths in {n} months", 12.0 + n, "deaths", 0.7 / (n + 1))
        for n in range(20)
    )
    scores = []
    for horizon in (1, 3, 6):
        for region in region_set.regions:
            risk = chance.random() ** 3
            scores.append(
                PublishedScore(
                    region_id=region.region_id,
                    region_name=region.name,
                    country=region.country,
                    outcome="escalation",
                    horizon=horizon,
                    status="ok",
                    risk_score=risk,
                    level=settings.level_of(risk),
                    change=chance.uniform(-0.1, 0.1),
                    model_probability=risk,
                    climatology=0.1,
                    threshold=10.0,
                    base_log_odds=-2.0,
                    contributions=drivers,
                    reason="",
                    inputs=Inputs(1.0, 12, 30.0, 20.0, 45.0, 0.1),
                )
            )
    origin = last_complete_period(as_of, "month")
    return Publication(
        region_set=region_set.name,
        as_of=as_of,
        revision=1,
        step="month",
        origin=origin,
        data_cutoff=period_end(origin, "month"),
        published_at=NOW,
        model_version="bench",
        outcome_version="escalation-1",
        is_simulated=True,
        is_schematic=False,
        attributions=(Attribution("ged", "CC-BY-4.0", "UCDP GED"),),
        previous_as_of=None,
        manifest={"levels": settings.levels, "model": {}},
        scores=tuple(scores),
    )


def publish(database: Database, region_set: RegionSet, publication: Publication) -> None:
    """Renders, stores and evaluates a publication as a cycle does."""
    with database.read() as connection:
        numbered = number_publication(connection, publication)
    documents = render_documents(numbered, region_set)
    with database.write() as connection:
        stored = store_publication(connection, numbered, documents)
        apply_default_rules(connection, NOW)
        evaluate_publication(connection, stored, settings=Settings(), now=NOW)


def serve_bare(body: bytes, status: int, port: int) -> None:
    """Serves the bytes and nothing else."""
    headers = [(b"content-type", b"application/json"), (b"content-encoding", b"br")]
    headers += [(b"content-length", str(len(body)).encode())] if status == 200 else []
    start = {"type": "http.response.start", "status": status, "headers": headers}
    rest = {"type": "http.response.body", "body": body if status == 200 else b""}

    async def app(scope, receive, send) -> None:
        if scope["type"] == "lifespan":
            return
        await send(start)
        await send(rest)

    uvicorn.run(app, port=port, log_level="warning", access_log=False, lifespan="off")


def serve_tocsin(folder: Path, port: int) -> None:
    """Serves as `tocsin serve` does; SIGUSR1 publishes 13,110 cells in a thread beside it."""
    import threading

    settings = Settings(state_dir=folder)
    database = open_database(settings.resolved_database_url)
    cells = make_regions("cells", 13_110, 120)

    def work() -> None:
        publish(database, cells, make_publication(cells, date(2022, 1, 15), seed=3))
        (folder / "published").touch()

    signal.signal(signal.SIGUSR1, lambda *_: threading.Thread(target=work, daemon=True).start())
    sys.setswitchinterval(SWITCH_SECONDS)
    app = make_app(database, settings, lambda: NOW)
    uvicorn.run(app, port=port, log_level="warning", access_log=False, server_header=False)


async def load(port: int, headers: str, seconds: float, connections: int) -> list[float]:
    """Asks over kept connections as fast as answers come; returns the time of each, seconds."""
    request = f"GET {PATH} HTTP/1.1\r\nhost: x\r\naccept-encoding: br\r\n{headers}\r\n".encode()
    end = time.perf_counter() + seconds
    taken: list[float] = []

    async def ask() -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        while (began := time.perf_counter()) < end:
            writer.write(request)
            head = await reader.readuntil(b"\r\n\r\n")
            found = head.find(b"content-length: ")
            if found >= 0:
                await reader.readexactly(int(head[found + 16 : head.index(b"\r", found)]))
            taken.append(time.perf_counter() - began)
        writer.close()

    await asyncio.gather(*(ask() for _ in range(connections)))
    return taken


@contextlib.contextmanager
def server(*words: str) -> Iterator[tuple[int, subprocess.Popen[bytes]]]:
    """Starts one of the servers in a process of its own."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    with subprocess.Popen([sys.executable, __file__, *words, str(port)]) as process:
        try:
            while True:
                with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port)):
                    break
                time.sleep(0.1)
            yield port, process
        finally:
            process.terminate()


def compare(port: int, bare_port: int, headers: str) -> float:
    """Returns the median ratio of requests per second, measured in turns."""
    ratios = []
    for _ in range(ROUNDS + 1):
        ours = len(asyncio.run(load(port, headers, ROUND_SECONDS, CONNECTIONS)))
        bare = len(asyncio.run(load(bare_port, headers, ROUND_SECONDS, CONNECTIONS)))
        ratios.append(ours / bare)
    return statistics.median(ratios[1:])  # The first round warms up.


def measure() -> dict[str, float]:
    """Returns the figures of feeds by their key."""
    figures: dict[str, float] = {}
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made)
        settings = Settings(state_dir=folder)
        database = open_database(settings.resolved_database_url)
        small = make_regions("r31", 31, 8)
        with database.write() as connection:
            save_region_set(connection, small, NOW)
            save_region_set(connection, make_regions("cells", 13_110, 120), NOW)
        began = time.perf_counter()
        publish(database, small, make_publication(small, date(2022, 1, 15), seed=1))
        figures["feeds.publish_31_seconds"] = time.perf_counter() - began
        with database.read() as connection:
            stored = load_document(connection, "r31", None, "json")
        database.close()
        (folder / "body").write_bytes(stored.brotli_body)
        with server("tocsin", made) as (port, process):
            with server("bare", f"{made}/body", "200") as (bare_port, _):
                figures["feeds.cached_over_bare"] = compare(port, bare_port, "")
            tag = f'if-none-match: {stored.etag[:-1]}-br"\r\n'
            with server("bare", f"{made}/body", "304") as (bare_port, _):
                figures["feeds.not_modified_over_bare"] = compare(port, bare_port, tag)
            process.send_signal(signal.SIGUSR1)
            began, taken = time.perf_counter(), []
            while not (folder / "published").exists():
                taken += asyncio.run(load(port, "", 1.0, 64))
                if process.poll() is not None or time.perf_counter() - began > 300:
                    raise RuntimeError("13,110 cells were not published")
            taken.sort()
            figures["feeds.p99_ms_while_publishing"] = taken[int(len(taken) * 0.99)] * 1000
        with server("publish", made):
            pass
        seconds, peak = (folder / "cells").read_text().split()
        figures["feeds.publish_13110_seconds"] = float(seconds)
        figures["feeds.publish_13110_peak_gib"] = float(peak)
    return figures


def publish_cells(folder: Path, port: int) -> None:
    """Publishes 13,110 cells, writes the seconds and the peak of memory, then listens."""
    database = open_database(Settings(state_dir=folder).resolved_database_url)
    cells = make_regions("cells", 13_110, 120)
    publication = make_publication(cells, date(2022, 1, 15), seed=5)
    began = time.perf_counter()
    publish(database, cells, replace(publication, model_version="bench-2"))
    seconds = time.perf_counter() - began
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024**2
    (folder / "cells").write_text(f"{seconds} {peak}")
    with socket.create_server(("127.0.0.1", port)) as listener:
        listener.accept()


def main() -> None:
    """Runs one of the servers, or the whole benchmark."""
    match sys.argv[1:]:
        case ["bare", file, status, port]:
            serve_bare(Path(file).read_bytes(), int(status), int(port))
        case ["tocsin", folder, port]:
            serve_tocsin(Path(folder), int(port))
        case ["publish", folder, port]:
            publish_cells(Path(folder), int(port))
        case _:
            for key, value in measure().items():
                print(f"{key:<36} {value:.3f}")


if __name__ == "__main__":
    os.environ.pop("TOCSIN_STATE_DIR", None)
    main()
