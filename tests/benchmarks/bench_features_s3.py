"""Features at S3, 64,818 cells: rebuild over copy, and memory, into memory and into a mapped file.

Takes 10 GiB of memory and 8 GiB of disk for a while, so it runs only if it is asked for.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter

import numpy as np
from worlds import S3, make_panel

from data.panel import Panel
from features.build import build_features
from features.catalogue import indicators_of
from features.outcomes import EscalationDefinition

FEATURE_SET = "wide-1"
HORIZON = 3
ROUNDS = 3
VAR = Path(__file__).resolve().parents[2] / "var"
_GIB = 2**30
_SECONDS_BETWEEN_LOOKS = 0.01


def measure() -> dict[str, float]:
    """Returns ratios, times and memory; also checks that both ways give the same bits."""
    panel = make_panel(S3)
    shape = (len(indicators_of(FEATURE_SET)), *panel.known.shape)
    panel_memory = anonymous_memory()
    VAR.mkdir(exist_ok=True)
    with TemporaryDirectory(dir=VAR) as folder:
        mapped = np.memmap(Path(folder) / "features", np.float32, "w+", shape=shape)
        with peak_memory() as mapped_peak:
            mapping = seconds(lambda: (rebuild(panel, mapped), mapped.flush()))
        out = np.empty(shape, np.float32)
        with peak_memory() as peak:
            fresh = seconds(lambda: rebuild(panel, out))
        for one, other in zip(out, mapped, strict=True):
            np.testing.assert_array_equal(one.view(np.uint32), other.view(np.uint32))
    # A second array of this size is not at hand everywhere: it is copied plane by plane.
    plane = np.zeros(shape[1:], np.float32)
    rounds = [
        (seconds(lambda: copy_all(out, plane)), seconds(lambda: rebuild(panel, out)))
        for _ in range(ROUNDS)
    ]
    copying, rebuilding = (min(times) for times in zip(*rounds, strict=True))
    return {
        "features.s3.output_gib": out.nbytes / _GIB,
        "features.s3.panel_gib": panel_memory / _GIB,
        "features.s3.peak_gib": peak[0] / _GIB,
        "features.s3.peak_mapped_gib": mapped_peak[0] / _GIB,
        "features.s3.copy_seconds": copying,
        "features.s3.rebuild_seconds": rebuilding,
        "features.s3.rebuild_fresh_seconds": fresh,
        "features.s3.rebuild_mapped_seconds": mapping,
        "features.s3.rebuild_over_copy": rebuilding / copying,
    }


def rebuild(panel: Panel, out: np.ndarray) -> None:
    n_jobs = os.cpu_count() or 1
    build_features(panel, FEATURE_SET, EscalationDefinition(), HORIZON, out=out, n_jobs=n_jobs)


def copy_all(out: np.ndarray, plane: np.ndarray) -> None:
    for one in out:
        np.copyto(plane, one)


def seconds(work: Callable[[], object]) -> float:
    start = perf_counter()
    work()
    return perf_counter() - start


def anonymous_memory(process: int | None = None) -> int:
    """Returns the bytes that a process, by default this, holds and no file stands behind."""
    status = Path(f"/proc/{process or 'self'}/status")
    for line in status.read_text().splitlines():
        if line.startswith("RssAnon:"):
            return 1024 * int(line.split()[1])
    raise RuntimeError(f"no RssAnon in {status}")


@contextmanager
def peak_memory(*processes: int | None) -> Iterator[list[int]]:
    """Gives a list of the most anonymous memory seen of each process while it is open, bytes.

    None, the default, is this process.
    """
    watched = processes or (None,)
    peaks, done = [anonymous_memory(one) for one in watched], threading.Event()

    def look() -> None:
        while not done.wait(_SECONDS_BETWEEN_LOOKS):
            peaks[:] = [
                max(peak, anonymous_memory(one)) for peak, one in zip(peaks, watched, strict=True)
            ]

    watcher = threading.Thread(target=look)
    watcher.start()
    try:
        yield peaks
    finally:
        done.set()
        watcher.join()
