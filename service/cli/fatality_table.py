"""The figures of a backtest of fatalities, as tables for the terminal."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from service.cli.output import print_table, say


def print_fatalities(report: Mapping[str, Any]) -> None:
    """Prints CRPS beside baselines, and coverage and width of intervals by group.

    Args:
        report: `report` of a `models.fatality_trial.FatalityTrial`.
    """
    figures, step = report["figures"], report["step"]
    ahead = report["horizons"]
    say(
        f"{report['outcome']['version']} in {report['region_set']} by {report['by']}, model "
        f"'{report['widening']}', origins from "
        f"{report['from']}, periods to {report['to']}, {min(ahead)} to {max(ahead)} {step}s ahead: "
        f"{figures['n_forecasts']} forecasts; replay: {report['replay']}."
    )
    rows: list[list[object]] = [["model", f"{figures['crps']:.3f}", ""]]
    for name, value in figures["crps_of_baselines"].items():
        gain = figures["gain_over"][name]
        rows.append(
            [
                name,
                f"{value:.3f}",
                f"{gain['value']:+.3f} [{gain['low']:+.3f}, {gain['high']:+.3f}]",
            ]
        )
    print_table(["", "CRPS (deaths)", "gain of the model, share of CRPS"], rows)
    say("\nShare of cases inside the interval (its mean width in deaths)")
    levels = list(figures["coverage"]["all"]["model"])
    print_table(
        [
            "",
            "forecasts",
            *(f"{level}" for level in levels),
            *(f"conflictology {level}" for level in levels),
        ],
        [
            [
                name,
                one["n_forecasts"],
                *(
                    _cover(one[which][level])
                    for which in ("model", "conflictology")
                    for level in levels
                ),
            ]
            for name, one in figures["coverage"].items()
        ],
    )


def _cover(figure: Mapping[str, float]) -> str:
    return f"{figure['coverage']:.1%} ({figure['width']:.1f})"
