"""The picture of a simulation of rules: what alerts save, by what acting on one costs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import altair as alt

from data.errors import NothingKnown
from service.report.pictures import inline, write_picture

_LOWEST = -0.5
_WRITTEN = "levels as written"
_COLOURS = ["#0072B2", "#E69F00", "#009E73"]


def write_alert_costs(curves: Sequence[Mapping[str, Any]], path: Path) -> None:
    """Writes the picture: one panel a rule, one line for its levels and for those beside them.

    Args:
        curves: Points, as `service.alerts.simulated_costs` gives them.
        path: A file that ends in .svg or .png.

    Raises:
        UsageError: The file has another ending.
        NothingKnown: No rule saw an episode of its outcome, so nothing can be said.
    """
    rows = [{**row, "levels": _label(row["shift"])} for row in curves if row["saved"] >= _LOWEST]
    if not rows:
        raise NothingKnown(
            "No rule saw an episode of its outcome, so there are no costs to draw.",
            "Choose a longer time with --from and --to.",
        )
    write_picture(_draw(rows), path)


def _draw(rows: Sequence[Mapping[str, Any]]) -> alt.FacetChart:
    names = list(dict.fromkeys(str(row["levels"]) for row in rows))
    rules = list(dict.fromkeys(str(row["rule"]) for row in rows))
    lines = (
        alt.Chart()
        .mark_line()
        .encode(
            x=alt.X("ratio:Q", title="cost of acting on an alert / loss of an episode"),
            y=alt.Y("saved:Q", title="share of all losses saved"),
            color=alt.Color(
                "levels:N",
                title=None,
                scale=alt.Scale(domain=names, range=_COLOURS[: len(names)]),
                legend=alt.Legend(orient="top"),
            ),
            strokeDash=alt.StrokeDash("levels:N", title=None, scale=alt.Scale(domain=names)),
        )
    )
    never = alt.Chart().mark_rule(color="#6b7680").encode(y=alt.datum(0))
    return (
        alt.layer(never, lines, data=inline(rows))
        .properties(width=260, height=190)
        .facet(facet=alt.Facet("rule:N", title=None, sort=rules), columns=2)
    )


def _label(shift: float) -> str:
    return _WRITTEN if shift == 0 else f"{shift:+.2f}"
