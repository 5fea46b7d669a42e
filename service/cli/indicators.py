"""`tocsin indicators`: the catalogue, and what its indicators say of a region."""

from __future__ import annotations

import math
from dataclasses import asdict
from typing import Annotated, Any

import typer

from data.errors import UnknownName, UsageError
from data.panel import build_panel
from data.regions import RegionSet, load_region_set
from features.catalogue import CATALOGUE, family_codes, find_indicator
from features.feature_sets import FEATURE_SETS
from features.indicator import Indicator
from features.page import write_page
from service.cli.output import (
    AsOfOption,
    JsonOption,
    SetOption,
    print_json,
    print_table,
    progress_bar,
    say,
)
from service.cli.session import open_session
from service.indicator_values import IndicatorValues, read_indicators

app = typer.Typer(
    help="List and show indicators, and what they say of a region.", no_args_is_help=True
)

FamilyOption = Annotated[
    str | None,
    typer.Option("--family", help="Only this family, e.g. tempo or front-and-spillover."),
]
RegionOption = Annotated[
    str | None, typer.Option("--region", help="Identifier of a region: adds its current values.")
]


@app.command("list")
def list_indicators(
    family: FamilyOption = None,
    region: RegionOption = None,
    name: SetOption = None,
    as_of: AsOfOption = None,
    as_json: JsonOption = False,
) -> None:
    """Lists the indicators, with a region's current values if one is named.

    Example: tocsin indicators list --family tempo --region ML05 --as-of 2022-01-15
    """
    shown = _of_family(family)
    rows = [_summary(one) for one in shown]
    if region is not None:
        current, _ = _current(name, as_of)
        values = current.of_region(region)
        rows = [{**row, "origin": current.period, "value": values[row["name"]]} for row in rows]
    if as_json:
        print_json(rows)
        return
    columns = ["name", "family", "unit", "window", "label"]
    if region is not None:
        say(f"{region}, {rows[0]['origin']}")
        columns = ["name", "value", "unit", "window", "label"]
    print_table(columns, [[_text(row[column]) for column in columns] for row in rows])


@app.command("show")
def show_indicator(
    indicator: Annotated[str, typer.Argument(help="Name, from `tocsin indicators list`.")],
    name: SetOption = None,
    as_of: AsOfOption = None,
    as_json: JsonOption = False,
) -> None:
    """Shows one indicator: formula, unit, source, window, why; with --set or --as-of its values.

    Example: tocsin indicators show events_trend_3m_12m --set sahel --as-of 2022-01-15
    """
    one = find_indicator(indicator)
    shown: dict[str, Any] = _summary(one)
    if name is not None or as_of is not None:
        current, region_set = _current(name, as_of)
        shown["origin"] = current.period
        values = current.of_indicator(one.name)
        shown["values"] = [
            {"region_id": each.region_id, "name": each.name, "value": values[each.region_id]}
            for each in region_set.regions
        ]
    if as_json:
        print_json(shown)
        return
    say(f"{one.name}: {one.label}")
    for field in (
        "formula",
        "unit",
        "window",
        "lag_months",
        "source",
        "family",
        "why",
        "transform",
    ):
        say(f"  {field}: {shown[field]}")
    say(f"  feature sets: {', '.join(shown['feature_sets']) or 'none'}")
    if "values" in shown:
        say(f"Values at {shown['origin']}, highest first:")
        ordered = sorted(shown["values"], key=lambda row: _descending(row["value"]))
        print_table(
            ["region", "name", one.unit],
            [[row["region_id"], row["name"], _text(row["value"])] for row in ordered],
        )


@app.command("page")
def print_page() -> None:
    """Prints the catalogue as the Markdown page docs/indicators.md.

    Example: tocsin indicators page > docs/indicators.md
    """
    print(write_page(), end="")


@app.command("gain")
def measure_gain(
    family: FamilyOption = None,
    name: SetOption = None,
    as_of: AsOfOption = None,
    horizon: Annotated[
        int | None, typer.Option("--horizon", help="Steps ahead; default: the shortest.")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Measures out of time what a family of indicators adds to the model; all without --family.

    Past forecasts are made twice, with the feature set of the settings and with the family added,
    and compared in pairs. A family has earned its place if the interval lies above 0. Nothing in
    the database changes.

    Example: tocsin indicators gain --family tempo --set sahel --as-of 2022-01-15
    """
    # Models are slow to import, and no other command here needs them.
    from models.gain import measure_gains

    families = family_codes() if family is None else (_of_family(family)[0].family_code,)
    with open_session() as session:
        day, settings = session.as_of(as_of), session.settings
        with session.database.read() as connection:
            panel = build_panel(
                connection, load_region_set(connection, session.set_name(name)), day
            )
        members = FEATURE_SETS.get(settings.feature_set, ())
        new = [
            code for code in families if any(one.name not in members for one in _of_family(code))
        ]
        if not new:
            raise UsageError(f"The feature set '{settings.feature_set}' has all of '{family}'.")
        steps = horizon or min(settings.horizons_of(panel.step))
        with progress_bar("Measuring") as on_progress:
            gains = measure_gains(panel, settings, new, steps, on_progress=on_progress)
    if as_json:
        print_json([{**asdict(one), "is_earned": one.is_earned} for one in gains])
        return
    say(
        f"Added to {settings.feature_set}, {gains[0].n_forecasts} forecasts {steps} "
        f"{panel.step}{'' if steps == 1 else 's'} ahead, {gains[0].n_positives} positive."
    )
    print_table(
        ["family", "added", "log score gained", "95 %", "Brier skill", "avg. precision", "earned"],
        [
            [
                one.family,
                one.n_added,
                f"{one.log_score.value:+.4f}",
                f"{one.log_score.low:+.4f} to {one.log_score.high:+.4f}",
                f"{one.brier_skill.value:+.3f}",
                f"{one.average_precision:+.3f}",
                "yes" if one.is_earned else "no",
            ]
            for one in sorted(gains, key=lambda one: -one.log_score.value)
        ],
    )


def _of_family(family: str | None) -> list[Indicator]:
    if family is not None and family not in family_codes():
        raise UnknownName(
            f"No family of indicators '{family}'.", f"Choose from {', '.join(family_codes())}."
        )
    return [one for one in CATALOGUE.values() if family in (None, one.family_code)]


def _current(set_name: str | None, as_of: str | None) -> tuple[IndicatorValues, RegionSet]:
    with open_session() as session:
        day = session.as_of(as_of)
        with session.database.read() as connection:
            region_set = load_region_set(connection, session.set_name(set_name))
            return read_indicators(connection, region_set, day, session.settings), region_set


def _summary(one: Indicator) -> dict[str, Any]:
    return {
        "name": one.name,
        "label": one.label,
        "family": one.family,
        "unit": one.unit,
        "window": one.window,
        "lag_months": one.lag_months,
        "formula": one.formula,
        "source": one.source,
        "why": one.why,
        "transform": one.transform,
        "feature_sets": [name for name, members in FEATURE_SETS.items() if one.name in members],
    }


def _text(value: object) -> object:
    return f"{value:.4g}" if isinstance(value, float) else value


def _descending(value: float | None) -> float:
    return math.inf if value is None else -value
