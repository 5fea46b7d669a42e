"""`tocsin models drivers`: what would move the scores of a challenger of trees."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

import numpy as np
import typer

from data.panel import build_panel
from data.regions import load_region_set
from models.challengers.tree_drivers import EXPLAINED, explain_trees
from models.outcome import ESCALATION
from models.task import build_task
from service.cli.output import AsOfOption, JsonOption, SetOption, print_json, print_table, say
from service.cli.session import open_session

_SHOWN = 3


def drivers(
    name: SetOption = None,
    as_of: AsOfOption = None,
    model: Annotated[
        str, typer.Option("--model", help=f"{' or '.join(EXPLAINED)}: a challenger of trees.")
    ] = EXPLAINED[0],
    outcome: Annotated[str, typer.Option("--outcome", help="Name of the outcome.")] = ESCALATION,
    horizon: Annotated[int, typer.Option("--horizon", help="Steps ahead.")] = 3,
    as_json: JsonOption = False,
) -> None:
    """Shows what would move the scores of a challenger of trees, by exact Shapley values.

    The challenger is fitted to all windows that are closed at the as-of and forecasts the present;
    nothing is stored or served. It needs the extra `explain`. The scores that are served are
    explained on the page of each region.

    Example: tocsin models drivers --set sahel --as-of 2022-01-15 --model boosting --horizon 3
    """
    with open_session() as session:
        region_set, day = session.set_name(name), session.as_of(as_of)
        with session.database.read() as connection:
            panel = build_panel(connection, load_region_set(connection, region_set), day)
        task = build_task(panel, session.settings, horizon, outcome)
        row = panel.origin - int(panel.periods[0])
        region = np.flatnonzero(np.isfinite(task.history.thresholds[row])).astype(np.int64)
        found = explain_trees(
            model, task.closed_rows(row), task.origin_rows(row, region), session.settings
        )
    order = np.argsort(-found.total, kind="stable")
    labels = task.features.labels
    rows = [
        {
            "region_id": panel.region_ids[region[at]],
            "total": float(found.total[at]),
            "drivers": [
                {
                    "feature": task.features.names[column],
                    "label": labels[column],
                    "added": float(found.added[at, column]),
                }
                for column in np.argsort(-np.abs(found.added[at]), kind="stable")
            ],
        }
        for at in order
    ]
    if as_json:
        told = {key: value for key, value in asdict(found).items() if key in ("unit", "base")}
        print_json({"model": model, "outcome": outcome, "horizon": horizon, **told, "scores": rows})
        return
    say(
        f"{model}, {outcome} over {horizon} {panel.step}s, in {found.unit}; an average row has "
        f"{found.base:+.2f}."
    )
    print_table(
        ["region", found.unit, *[f"driver {place + 1}" for place in range(_SHOWN)]],
        [
            [
                panel.region_ids[region[at]],
                f"{found.total[at]:+.2f}",
                *[
                    f"{labels[column]} {found.added[at, column]:+.2f}"
                    for column in np.argsort(-np.abs(found.added[at]), kind="stable")[:_SHOWN]
                ],
            ]
            for at in order
        ],
    )
