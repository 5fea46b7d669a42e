"""A model's measured skill, as a table for the terminal."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from models.skill.group_gate import groups_without
from service.cli.output import print_table, say


def print_skill(manifest: Mapping[str, Any]) -> None:
    """Prints what the out-of-time forecasts of a model were worth, horizon by horizon.

    Args:
        manifest: A model's manifest.
    """
    step = manifest["step"]
    rows = []
    for horizon, described in manifest["horizons"].items():
        skill = described["skill"]
        against = skill["skill_against"]
        verdict = "served" if described["gate"]["is_passed"] else "baseline only"
        held_back = groups_without(described["gate"])
        if held_back:
            verdict += f"; baseline only in {', '.join(held_back)}"
        rows.append(
            [
                f"{horizon} {step}{'s' if int(horizon) > 1 else ''}",
                f"{skill['n_positives']} of {skill['n_forecasts']}",
                _interval(skill["model"]["average_precision"], ""),
                f"{skill['baselines']['conflictology']['average_precision']:.2f}",
                _interval(against["climatology"], "+"),
                _interval(against["conflictology"], "+"),
                _interval(skill["model"]["within_region_auc"], ""),
                verdict,
            ]
        )
    first = next(iter(manifest["horizons"].values()))["backtest"]
    say(
        f"Out of time, origins {first['first_origin']} to {first['last_origin']}, refit on closed "
        f"windows only; replay: {manifest['replay']}.\n"
        "Brier skill is over the region's climatology. In brackets: 95 % bootstrap interval."
    )
    print_table(
        [
            "horizon",
            "cases",
            "avg. precision",
            "(conflictology)",
            "Brier skill",
            "(over conflictology)",
            "AUC in regions",
            "verdict",
        ],
        rows,
    )


def _interval(figure: Mapping[str, Any], sign: str) -> str:
    if figure["value"] is None:
        return "–"
    bounds = ", ".join(format(figure[bound], f"{sign}.2f") for bound in ("low", "high"))
    return f"{figure['value']:{sign}.2f} [{bounds}]"
