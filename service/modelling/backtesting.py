"""A backtest as a use case: what was known becomes predictions and figures in files."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from pathlib import Path

import pandas as pd

from data.database import Database
from data.errors import UsageError
from data.panel import build_panel
from data.regions import load_region_set
from data.simulate import simulate_world
from data.sources.simulated import SIMULATED
from data.store import list_deliveries
from models.fatalities.trial import (
    DEFAULT_WIDENING,
    FatalityTrial,
    check_widening,
    run_fatality_trial,
)
from models.fatalities.units import By
from models.fatalities.views_layout import ViewsDraws
from models.registry import find_champion
from models.trial import Plan, Trial, auxiliary_names, run_trial
from service.modelling.knowledge import open_knowledge
from service.modelling.training import load_auxiliary
from service.settings import Settings

FORMATS: tuple[str, ...] = (".parquet", ".csv")


def backtest_set(
    database: Database,
    settings: Settings,
    plan: Plan,
    *,
    region_set: str,
    as_of: date,
    is_as_known: bool = False,
    out: Path | None = None,
    on_progress: Callable[[int, int, str], None] | None = None,
) -> Trial:
    """Runs a backtest of a region set on what was known on a day.

    While it runs, finished folds are kept in a folder beside `out`; run again after a kill, it goes
    on from them. Without `out` nothing is written.

    Args:
        database: The database.
        settings: Settings in force.
        plan: What is tried; without a model in service, the one that stands is its baseline.
        region_set: Name of the set.
        as_of: Knowledge limit.
        is_as_known: True if each forecast is made from what was known at its time, False if from
            what is known now. What came is told by what is known now.
        out: File for the predictions, `.parquet` or `.csv`.
        on_progress: Called with folds done, folds in all and what was done.

    Raises:
        UnknownName: There is no such set, outcome or model.
        UsageError: The origins lie outside what is known, or the file has another ending.
        NothingKnown: Nothing is known as of that day.
        NotReady: There is too little history, or too little is known of what was known when.
        Conflict: Something was taken in meanwhile that changes what was known.
    """
    folder = None if out is None else fold_folder(out)
    with database.read() as connection:
        regions = load_region_set(connection, region_set)
        panel = build_panel(connection, regions, as_of)
        champion = find_champion(connection, region_set, plan.outcome)
        if plan.in_service is None and champion is not None:
            plan = replace(plan, in_service=champion.manifest)
        theirs = () if plan.in_service is None else auxiliary_names(plan.in_service)
        beside, knowledge = (*plan.also, *theirs), None
        if is_as_known:
            knowledge = open_knowledge(database, connection, regions, beside, as_of)
        auxiliary = () if is_as_known else load_auxiliary(connection, beside, as_of)
        newest = list_deliveries(connection, regions.source, as_of)[-1]
    world = simulate_world(as_of, settings.seed) if regions.source == SIMULATED.name else None
    trial = run_trial(
        panel,
        settings,
        plan,
        auxiliary=auxiliary,
        knowledge=knowledge,
        vintage=newest.vintage,
        folder=folder,
        world=world,
        on_progress=on_progress,
    )
    if out is not None:
        write_predictions(trial.predictions, out)
    return trial


def backtest_fatalities(
    database: Database,
    settings: Settings,
    *,
    region_set: str,
    as_of: date,
    by: By,
    horizons: tuple[int, ...],
    first: str,
    last: str,
    widening: str = DEFAULT_WIDENING,
    out: Path | None = None,
    views_draws: Path | None = None,
    on_progress: Callable[[int, int, str], None] | None = None,
) -> FatalityTrial:
    """Runs a backtest of fatalities on what was known on a day.

    While it runs, finished origins are kept in a folder beside `out`; run again after a kill, it
    goes on from them. Adaptive widening begins anew: it hangs on all that it said before.

    Args:
        database: The database.
        settings: Settings in force.
        region_set: Name of the set.
        as_of: Knowledge limit.
        by: What a unit is.
        horizons: Periods ahead.
        first: Label of the first origin.
        last: Label of the last period that is forecast.
        widening: A name in `models.fatalities.trial.WIDENERS`.
        out: File for the predictions, `.parquet` or `.csv`.
        views_draws: Folder for the draws in the layout of VIEWS; see
            `models.fatalities.views_layout`.
        on_progress: Called with origins done, origins in all and what was done.

    Raises:
        UnknownName: There is no such set.
        UsageError: The origins lie outside what is known, the file has another ending, or VIEWS has
            no number for a unit.
        NothingKnown: Nothing is known as of that day.
    """
    check_widening(widening)
    folder = None if out is None else fold_folder(out)
    with database.read() as connection:
        regions = load_region_set(connection, region_set)
        views = None if views_draws is None else ViewsDraws(views_draws, regions, by, settings.seed)
        panel = build_panel(connection, regions, as_of)
    trial = run_fatality_trial(
        panel,
        settings,
        by=by,
        horizons=horizons,
        first=first,
        last=last,
        widening=widening,
        on_origin=views,
        folder=folder,
        on_progress=on_progress,
    )
    if out is not None:
        write_predictions(trial.predictions, out)
    return trial


def fold_folder(out: Path) -> Path:
    """Returns the folder for finished folds beside a file of predictions.

    Raises:
        UsageError: The file has an ending that is no known format.
    """
    if out.suffix not in FORMATS:
        raise UsageError(
            f"'{out}' is no file of predictions.", f"End it in {' or '.join(FORMATS)}."
        )
    return out.with_name(f"{out.name}.folds")


def draws_folder(out: Path) -> Path:
    """Returns the folder for draws in the layout of VIEWS beside a file of predictions."""
    return out.with_name(f"{out.stem}.views")


def write_predictions(predictions: pd.DataFrame, out: Path) -> None:
    """Writes predictions whole, as Parquet or CSV by the ending of the file."""
    out.parent.mkdir(parents=True, exist_ok=True)
    unfinished = out.with_name(f"{out.name}.part")
    if out.suffix == ".parquet":
        predictions.to_parquet(unfinished, index=False)
    else:
        predictions.to_csv(unfinished, index=False)
    unfinished.replace(out)
