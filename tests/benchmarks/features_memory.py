"""Prints how much memory a full rebuild at S2 takes beside the panel and its output, in MiB.

A process of its own, because the peak of a process is kept for its whole life.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parents[1])]

from worlds import S2, make_panel  # noqa: E402

from features.build import build_features  # noqa: E402
from features.outcomes import EscalationDefinition  # noqa: E402


def resident_mib(field: str) -> float:
    """Returns resident memory, now (`VmRSS`) or at most so far (`VmHWM`)."""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith(f"{field}:"):
            return int(line.split()[1]) / 1024
    raise RuntimeError(f"no {field} in /proc/self/status")


panel = make_panel(S2)
before = resident_mib("VmRSS")
n_jobs = os.cpu_count() or 1
matrix = build_features(panel, "wide-1", EscalationDefinition(), 3, n_jobs=n_jobs)
print(resident_mib("VmHWM") - before - matrix.raw.nbytes / 2**20)
