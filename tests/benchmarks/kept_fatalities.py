"""What the deaths ahead cost a publication: walked anew, and taken up from the one before.

Prints CPU seconds on a simulated world of 30 regions, the best of three, and checks that both say
the same.

    .venv/bin/python tests/benchmarks/kept_fatalities.py
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from data.panel import Panel, assemble_panel
from data.simulate import simulate_world
from data.sources.simulated import deliver_simulated
from data.store import Coverage
from models.fatalities.keep import pack_release
from service.publications.kept_fatalities import release_or_take_up
from service.settings import Settings

AS_OF, SEED, TIMES = date(2022, 1, 15), 11, 3


def make_panel() -> Panel:
    """Returns the panel of what is told of a simulated world."""
    regions = simulate_world(AS_OF, SEED).region_set
    batch = deliver_simulated(AS_OF, SEED)
    countries = sorted({region.country for region in regions.regions})
    coverage = [Coverage(one, batch.covers_from, batch.covers_to) for one in countries]
    return assemble_panel(batch.events, coverage, regions, AS_OF, is_simulated=True)


def measure(work: Callable[[], Any]) -> tuple[float, Any]:
    """Returns the least CPU seconds of three times, and the result."""
    least, found = float("inf"), None
    for _ in range(TIMES):
        begun = time.process_time()
        found = work()
        least = min(least, time.process_time() - begun)
    return least, found


def main() -> None:
    """Prints both."""
    panel, settings = make_panel(), Settings()
    fresh, (walked, kept) = measure(lambda: release_or_take_up(panel, settings, None))
    again, (taken, _) = measure(lambda: release_or_take_up(panel, settings, kept))
    if pack_release(walked) != pack_release(taken):
        sys.exit("What was kept is not what is fresh.")
    print(
        f"{len(panel.region_ids)} regions, {len(panel.periods)} periods, {len(kept.body):,} bytes"
    )
    print(f"walked anew {fresh:.2f} s CPU, taken up {again:.3f} s CPU")


if __name__ == "__main__":
    main()
