"""The figures of fatalities, backtested or live, as tables for the terminal."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from service.cli.output import print_table, say


def print_fatalities(report: Mapping[str, Any]) -> None:
    """Prints CRPS beside baselines, and coverage and width of intervals by group.

    Args:
        report: `report` of a `models.fatalities.trial.FatalityTrial`.
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


def print_fatality_record(record: Mapping[str, Any], names: Mapping[str, str]) -> None:
    """Prints CRPS and coverage of published quantiles beside conflictology, by horizon.

    Args:
        record: What `service.record.fatality_record.describe_fatality_record` returned.
        names: What the parts `live` and `afterwards` are called.
    """
    horizons = {**record["horizons"], "all": record["all_horizons"]}
    rows = [
        [horizon, names[kind], *_tell_record(one)]
        for horizon, kinds in horizons.items()
        for kind, one in kinds.items()
        if one["n_forecasts"]
    ]
    if not rows:
        say(
            f"{record['outcome']}: no track record yet. {record['n_published']} distributions were "
            "published; no period is closed and known yet."
        )
        return
    say(
        f"{record['outcome']} per {record['step']} in {record['region_set']}, what came as known "
        f"on {record['as_of']}. In brackets: conflictology, the last 12 {record['step']}s."
    )
    print_table(
        [
            *(f"{record['step']}s ahead", "published", "forecasts", "of the model", "mean deaths"),
            *("CRPS", "gain over conflictology", "50 % held", "90 % held", "width of 90 %"),
        ],
        rows,
    )


def _tell_record(one: Mapping[str, Any]) -> list[str]:
    gain = one["gain"]
    held, theirs = (one["coverage"][name] for name in ("served", "conflictology"))
    width = one["width_90"]
    return [
        f"{one['n_forecasts']}",
        f"{one['n_model']}",
        f"{one['mean_deaths']:.2f}",
        f"{one['crps']:.3f} ({one['crps_of_conflictology']:.3f})",
        "–"
        if None in gain.values()
        else f"{gain['value']:+.3f} [{gain['low']:+.3f}, {gain['high']:+.3f}]",
        *(f"{held[level]:.1%} ({theirs[level]:.1%})" for level in ("50%", "90%")),
        f"{width['served']:.1f} ({width['conflictology']:.1f})",
    ]


def _cover(figure: Mapping[str, float]) -> str:
    return f"{figure['coverage']:.1%} ({figure['width']:.1f})"
