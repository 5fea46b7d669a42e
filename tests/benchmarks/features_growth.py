"""How the cost of features grows with regions, periods and events, as numbers and as a picture."""

from __future__ import annotations

from pathlib import Path
from time import perf_counter
from typing import Any

import altair as alt
import numpy as np
import pandas as pd
import vl_convert
from worlds import Size, make_panel

from features.build import build_features, rows_for_origin
from features.catalogue import indicators_of
from features.outcomes import EscalationDefinition

PICTURE = Path(__file__).resolve().parents[2] / "docs" / "pictures" / "features-cost.svg"
_COLUMNS = 60
_BASE = {"n_regions": 3_000, "n_periods": 430, "n_events": 90_000}
_SERIES: dict[str, tuple[int, ...]] = {
    "n_regions": (300, 1_000, 3_000, 6_000, 12_000),
    "n_periods": (60, 120, 240, 430, 860),
    "n_events": (3_000, 10_000, 30_000, 90_000, 300_000, 900_000),
}
_WORDS = {"n_regions": "regions", "n_periods": "periods", "n_events": "events"}


def measure_growth() -> list[dict[str, Any]]:
    """Returns milliseconds of a rebuild and of a scoring row, varying one size at a time."""
    definition = EscalationDefinition()
    found = []
    for varied, numbers in _SERIES.items():
        for number in numbers:
            chosen = {**_BASE, varied: number}
            size = Size("growth", n_columns=_COLUMNS, **chosen)
            panel = make_panel(size)
            shape = (len(indicators_of("wide-1")), size.n_periods, size.n_regions)
            out = np.zeros(shape, np.float32)
            for what in ("full rebuild", "scoring row"):
                times = []
                for _ in range(10):
                    start = perf_counter()
                    if what == "full rebuild":
                        build_features(panel, "wide-1", definition, 3, out=out)
                    else:
                        rows_for_origin(panel, "wide-1", definition, 3)
                    times.append(1e3 * (perf_counter() - start))
                found.append(
                    {"varied": _WORDS[varied], "number": number, "what": what, "ms": min(times)}
                )
    return found


def draw_growth(growth: list[dict[str, Any]]) -> None:
    """Writes the picture into docs/."""
    base = ", ".join(f"{number:,} {_WORDS[name]}" for name, number in _BASE.items())
    charts = [
        alt.Chart(pd.DataFrame([row for row in growth if row["varied"] == words]))
        .mark_line(point=True)
        .encode(
            x=alt.X("number:Q", title=words, scale=alt.Scale(type="log")),
            y=alt.Y("ms:Q", title="milliseconds", scale=alt.Scale(type="log")),
            color=alt.Color("what:N", title=None),
        )
        .properties(width=210, height=200)
        for words in _WORDS.values()
    ]
    chart = alt.hconcat(*charts, title=f"Cost of 76 indicators, one thread; otherwise {base}")
    PICTURE.parent.mkdir(parents=True, exist_ok=True)
    PICTURE.write_text(vl_convert.vegalite_to_svg(chart.to_dict()), encoding="utf-8")
