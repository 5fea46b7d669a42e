"""`tocsin verify`: what was published, against what came."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

import typer

from models.fatalities.names import FATALITIES
from service.cli.fatality_table import print_fatality_record
from service.cli.output import AsOfOption, JsonOption, SetOption, print_json, print_table, say
from service.cli.session import open_session
from service.modelling.shadowing import describe_shadows
from service.record.track_record import list_outcomes, verify_set

_NAMES = {"live": "before the window was over", "afterwards": "made up afterwards"}


def verify(
    name: SetOption = None,
    as_of: AsOfOption = None,
    outcome: Annotated[
        str | None,
        typer.Option(
            "--outcome",
            help=f"Name of an outcome, or {FATALITIES}; default: all that were published.",
        ),
    ] = None,
    is_shadow: Annotated[
        bool,
        typer.Option("--shadow", help="Show the live record of shadows, as cycles stored it."),
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Scores every published forecast whose window is closed, beside the region's climatology.

    Of several publications with the same origin the first counts. The bar is the published one, the
    deaths are those that are known at the as-of. Fatalities are scored period by period: CRPS of
    the published quantiles, and how often the nominal 90 % interval held, beside the last 12
    periods (conflictology).

    Example: tocsin verify --set sahel
    Example: tocsin verify --set sahel --outcome fatalities
    Example: tocsin verify --set sahel --shadow
    """
    if is_shadow:
        _show_shadows(name, outcome, as_json=as_json)
        return
    with open_session() as session:
        records = verify_set(
            session.database,
            session.settings,
            region_set=session.set_name(name),
            outcome=outcome,
            as_of=session.as_of(as_of),
        )
    if as_json:
        print_json(records)
        return
    if any(record["is_simulated"] for record in records):
        say("The events are simulated: none of this happened.")
    for record in records:
        if record["outcome"] == FATALITIES:
            print_fatality_record(record, _NAMES)
        else:
            _tell(record)


def _tell(record: Mapping[str, Any]) -> None:
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
        say(
            f"{record['outcome']}: {record['n_published']} forecasts were published; no window is "
            "closed and known yet."
        )
        return
    say(f"{record['outcome']} in {record['region_set']}, what came as known on {record['as_of']}.")
    print_table(
        ["horizon", "published", "cases", "mean", "Brier", "(climatology)", "Brier skill"], rows
    )


def _figures(one: Mapping[str, Any]) -> list[str]:
    return [
        f"{one['mean_forecast']:.1%}",
        f"{one['brier']:.4f}",
        f"{one['brier_of_climatology']:.4f}",
        _interval(one["brier_skill"]),
    ]


def _show_shadows(name: str | None, outcome: str | None, *, as_json: bool) -> None:
    with open_session() as session, session.database.read() as connection:
        region_set = session.set_name(name)
        asked = (outcome,) if outcome else list_outcomes(connection, session.settings, region_set)
        records = [describe_shadows(connection, session.settings, region_set, one) for one in asked]
    if as_json:
        print_json(records)
        return
    rows = [
        [
            record["outcome"],
            version,
            horizon,
            one["n_scored"],
            one["n_forecasts"],
            *_shadow_figures(one),
        ]
        for record in records
        for version, horizons in record["shadows"].items()
        for horizon, one in horizons.items()
    ]
    if not rows:
        say("No shadow was scored yet: see `tocsin models shadow --help`.")
        return
    say(f"Shadows in {region_set}, on live forecasts.")
    print_table(
        [
            *("outcome", "shadow", "horizon", "scored", "verified", "its Brier"),
            *("served: skill over it", "gain in log score"),
        ],
        rows,
    )
    say("Below 0 the shadow is better; an interval that holds 0 proves nothing.")


def _shadow_figures(one: Mapping[str, Any]) -> list[str]:
    if not one["n_forecasts"]:
        return ["–", "–", "–"]
    return [
        f"{one['brier']:.4f}",
        _interval(one["brier_skill"]),
        _interval(one["gain_in_log_score"]),
    ]


def _interval(figure: Mapping[str, float | None]) -> str:
    value, low, high = (figure[name] for name in ("value", "low", "high"))
    if value is None or low is None or high is None:
        return "–"
    return f"{value:+.3f} [{low:+.3f}, {high:+.3f}]"
