"""How the challengers rank on a region set with many cells: simulated, 13,110 of them.

Prints, for escalation at 3 months over the last twelve origins that can be closed, the mean log
score in nats (less is better), the Brier skill over climatology and the seconds that it took.

    .venv/bin/python tests/benchmarks/challengers_s2.py mix logit counts boosting trees
"""

from __future__ import annotations

import sys
from pathlib import Path
from time import perf_counter

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
sys.path.insert(0, str(Path(__file__).parent))

from bench_models import settings_for
from worlds import S2, make_panel

from models.backtest import Span, run_backtest
from models.estimators.ridge import probability_of
from models.metrics import average_precision, log_losses
from models.task import build_task

HORIZON = 3
N_ORIGINS = 12


def main(recipes: list[str]) -> None:
    panel = make_panel(S2)
    settings = settings_for(panel)
    task = build_task(panel, settings, HORIZON)
    last = len(panel.periods) - 1
    span = Span(last - HORIZON - N_ORIGINS + 1, last)
    for recipe in recipes:
        start = perf_counter()
        found = run_backtest(task, settings, span=span, recipe=recipe)
        said, came = probability_of(found.log_odds), found.observed
        past = ((found.baselines["climatology"] - came) ** 2).mean()
        print(
            f"{recipe:12} log score {log_losses(said, came).mean():.5f}  "
            f"Brier skill {1 - ((said - came) ** 2).mean() / past:+.4f}  "
            f"average precision {float(average_precision(said, came)):.4f}  "
            f"{int(came.sum())} of {len(came)}  {perf_counter() - start:.0f} s",
            flush=True,
        )


if __name__ == "__main__":
    main(sys.argv[1:] or ["mix", "logit", "counts", "boosting", "trees"])
