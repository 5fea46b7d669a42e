"""`tocsin verify`: what was published, against what came."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

import typer

from models.outcome import ESCALATION
from service.cli.output import AsOfOption, JsonOption, SetOption, print_json, print_table, say
from service.cli.session import open_session
from service.verification import verify_set

_NAMES = {"live": "before the window was over", "afterwards": "made up afterwards"}


def verify(
    name: SetOption = None,
    as_of: AsOfOption = None,
    outcome: Annotated[str, typer.Option("--outcome", help="Name of the outcome.")] = ESCALATION,
    as_json: JsonOption = False,
) -> None:
    """Scores every published forecast whose window is closed, beside the region's climatology.

    Of several publications with the same origin the first counts. The bar is the published one, the
    deaths are those that are known at the as-of.

    Example: tocsin verify --set sahel
    """
    with open_session() as session:
        record = verify_set(
            session.database,
            session.settings,
            region_set=session.set_name(name),
            outcome=outcome,
            as_of=session.as_of(as_of),
        )
    if as_json:
        print_json(record)
        return
    if record["is_simulated"]:
        say("The events are simulated: none of this happened.")
    rows = [
        [
            f"{horizon} {record['step']}{'s' if horizon != '1' else ''}",
            _NAMES[kind],
            f"{one['n_positives']} of {one['n_forecasts']}",
            *_figures(one),
        ]
        for horizon, kinds in record["horizons"].items()
        for kind, one in kinds.items()
        if one["n_forecasts"]
    ]
    if not rows:
        say(f"{record['n_published']} forecasts were published; no window is closed and known yet.")
        return
    say(f"{record['outcome']} in {record['region_set']}, what came as known on {record['as_of']}.")
    print_table(
        ["horizon", "published", "cases", "mean", "Brier", "(climatology)", "Brier skill"], rows
    )


def _figures(one: Mapping[str, Any]) -> list[str]:
    skill = one["brier_skill"]
    shown = "–"
    if skill["value"] is not None and skill["low"] is not None:
        shown = f"{skill['value']:+.3f} [{skill['low']:+.3f}, {skill['high']:+.3f}]"
    return [
        f"{one['mean_forecast']:.1%}",
        f"{one['brier']:.4f}",
        f"{one['brier_of_climatology']:.4f}",
        shown,
    ]
