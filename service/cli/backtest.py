"""`tocsin backtest`: forecasts as they would have been made, and what they were worth."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from data.errors import UsageError
from data.regions import load_region_set
from features.cluster import on_cluster
from models.fatalities.names import FATALITIES
from models.fatalities.trial import DEFAULT_WIDENING, WIDENERS
from models.fatalities.units import By
from models.outcome import ESCALATION, OUTCOMES
from models.recipes import DEFAULT_RECIPE, RECIPES
from models.trial import IN_SERVICE, Plan
from service.cli.fatality_table import print_fatalities
from service.cli.output import (
    AlsoOption,
    AsOfOption,
    JsonOption,
    SchedulerOption,
    SetOption,
    print_json,
    print_table,
    progress_bar,
    say,
)
from service.cli.places import check_place
from service.cli.session import open_session
from service.modelling.backtesting import backtest_fatalities, backtest_set, draws_folder

BASELINE_COLUMNS = ("avg. precision", "Brier", "log score", "AUC", "AUC in regions")


def backtest(
    name: SetOption = None,
    as_of: AsOfOption = None,
    first: Annotated[str | None, typer.Option("--from", help="First origin, e.g. 2017-01.")] = None,
    last: Annotated[
        str | None,
        typer.Option("--to", help="Period by whose end every window is closed, e.g. 2021-12."),
    ] = None,
    outcome: Annotated[
        str,
        typer.Option("--outcome", help=f"One of {', '.join(OUTCOMES)}, or {FATALITIES}."),
    ] = ESCALATION,
    horizons: Annotated[
        str | None, typer.Option("--horizons", help="Steps ahead, e.g. 1,3,6; default: settings.")
    ] = None,
    model: Annotated[
        str | None,
        typer.Option(
            "--model",
            help=f"One of {', '.join(RECIPES)}; for {FATALITIES} of {', '.join(WIDENERS)}. "
            "Default: the first.",
        ),
    ] = None,
    replay: Annotated[
        str,
        typer.Option(
            "--replay",
            help="From what forecasts are made: `final`, the data as corrected since, or "
            "`as-known`, what was known when each period was the newest.",
        ),
    ] = "final",
    also: AlsoOption = None,
    by: Annotated[
        str, typer.Option("--by", help="Fatalities only: a unit is a region or a country.")
    ] = "region",
    jobs: Annotated[
        int | None, typer.Option("--jobs", help="Folds side by side; -1 uses every core.")
    ] = None,
    scheduler: SchedulerOption = None,
    out: Annotated[
        Path | None,
        typer.Option(
            "--out",
            callback=check_place,
            help="Predictions: a .parquet or .csv file. A killed run goes on.",
        ),
    ] = None,
    draws: Annotated[
        str | None,
        typer.Option(
            "--draws",
            help="Fatalities of a set of countries or PRIO-GRID cells, or --by country: `views` "
            "writes 1,000 draws per unit and month in the layout of the VIEWS challenge, one file "
            "per origin, into a folder beside --out.",
        ),
    ] = None,
    report: Annotated[
        Path | None,
        typer.Option(
            "--report", callback=check_place, help="Report: one HTML page that needs nothing else."
        ),
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Makes past forecasts as they would have been made, and measures them beside baselines.

    At each refit only windows that were closed by then are learned from. The data are the newest
    known at the as-of, replayed; with --replay as-known each forecast is made from what was known
    at its time, for every period that a delivery once made the newest. Either way what came is told
    by the newest data. Nothing in the database changes.

    Example: tocsin backtest --set sahel --as-of 2022-01-15 --from 2017-01 --to 2021-12
    --outcome escalation --horizons 1,3,6 --out predictions.parquet --report report.html

    Example: tocsin backtest --set sahel --as-of 2022-01-15 --outcome fatalities --by country
    --from 2017-01 --to 2021-12 --out fatalities.parquet --draws views

    Example: tocsin backtest --set demo --replay as-known --from 2025-06 --out as-known.parquet

    Example: tocsin backtest --set sahel --from 2017-01 --scheduler tcp://10.0.0.5:8786
    """
    views_draws = parse_draws(draws, outcome, out)
    is_as_known = parse_replay(replay, outcome)
    if scheduler is not None and (jobs is not None or outcome == FATALITIES):
        raise UsageError(
            "--scheduler goes with neither --jobs nor fatalities.", "Leave one of them out."
        )
    with open_session() as session, on_cluster(scheduler):
        settings = session.settings
        if jobs is not None:
            settings = settings.model_copy(update={"n_jobs": jobs})
        region_set, day = session.set_name(name), session.as_of(as_of)
        with session.database.read() as connection:
            step = load_region_set(connection, region_set).step
        steps = settings.horizons_of(step) if horizons is None else parse_horizons(horizons)
        if outcome == FATALITIES:
            with progress_bar(f"Backtest of {outcome} in {region_set}") as on_progress:
                found = backtest_fatalities(
                    session.database,
                    settings,
                    region_set=region_set,
                    as_of=day,
                    by=parse_by(by),
                    horizons=tuple(range(1, 13)) if horizons is None else steps,
                    first=_need(first, "--from"),
                    last=_need(last, "--to"),
                    widening=model or DEFAULT_WIDENING,
                    out=out,
                    views_draws=views_draws,
                    on_progress=on_progress,
                )
            if report is not None:
                # Drawing is slow to import and asked for by few.
                from service.report.fatalities import write_fatality_report

                write_fatality_report(found.report, report, made_at=session.clock())
            if as_json:
                print_json(found.report)
            else:
                print_fatalities(found.report)
                _name_files((out, "Predictions"), (views_draws, "Draws"), (report, "Report"))
            return
        plan = Plan(
            outcome=outcome,
            horizons=steps,
            first=first,
            last=last,
            recipe=model or DEFAULT_RECIPE,
            also=tuple(settings.auxiliary_sets.get(region_set, ()) if also is None else also),
        )
        with progress_bar(f"Backtest of {outcome} in {region_set}") as on_progress:
            trial = backtest_set(
                session.database,
                settings,
                plan,
                region_set=region_set,
                as_of=day,
                is_as_known=is_as_known,
                out=out,
                on_progress=on_progress,
            )
        if report is not None:
            # Drawing is slow to import and asked for by few.
            from service.report.page import write_report

            write_report(trial.report, report, made_at=session.clock())
    if as_json:
        print_json(trial.report)
        return
    _print_trial(trial.report)
    _name_files((out, "Predictions"), (report, "Report"))


def parse_horizons(text: str) -> tuple[int, ...]:
    """Returns the horizons of `1,3,6`, rising.

    Raises:
        UsageError: They are no whole numbers.
    """
    try:
        found = tuple(sorted({int(part) for part in text.split(",")}))
    except ValueError:
        raise UsageError(f"'{text}' are no horizons.", "Write them as 1,3,6.") from None
    return found


def parse_replay(text: str, outcome: str) -> bool:
    """Returns whether past forecasts are made from what was known at their time.

    Raises:
        UsageError: There is no such replay, or none of this outcome.
    """
    if text not in {"final", "as-known"}:
        raise UsageError(f"There is no replay '{text}'.", "Choose from final, as-known.")
    if text == "as-known" and outcome == FATALITIES:
        raise UsageError(
            f"{FATALITIES} are replayed on final data only: the widths of their intervals are "
            "learned from one panel, all of it.",
            "Leave --replay out, or choose another --outcome.",
        )
    return text == "as-known"


def parse_by(text: str) -> By:
    """Returns what a unit is.

    Raises:
        UsageError: It is neither a region nor a country.
    """
    if text == "region":
        return "region"
    if text == "country":
        return "country"
    raise UsageError(f"A unit cannot be a '{text}'.", "Choose from region, country.")


def parse_draws(draws: str | None, outcome: str, out: Path | None) -> Path | None:
    """Returns the folder for draws in the layout of VIEWS; None if none are asked for.

    Raises:
        UsageError: There is no such layout, the outcome has no draws, or no file is named.
    """
    if draws is None:
        return None
    if draws != "views":
        raise UsageError(f"There is no layout '{draws}' of draws.", "Write --draws views.")
    if outcome != FATALITIES:
        raise UsageError(f"{outcome} has no draws.", f"Add --outcome {FATALITIES}.")
    if out is None:
        raise UsageError("The draws need a place.", "Add --out predictions.parquet.")
    return draws_folder(out)


def _name_files(*files: tuple[Path | None, str]) -> None:
    for path, content in files:
        if path is not None:
            say(f"{content}: {path}")


def _need(text: str | None, option: str) -> str:
    if text is None:
        raise UsageError(f"A backtest of {FATALITIES} needs {option}.", "Write it as 2017-01.")
    return text


def _print_trial(report: dict[str, Any]) -> None:
    step = report["step"]
    say(
        f"{report['outcome']['version']} in {report['region_set']} ({report['n_regions']} regions),"
        f" model '{report['recipe']}' on {report['settings']['feature_set']}; replay: "
        f"{report['replay']}. In brackets: 95 % block bootstrap over region-years."
    )
    if "as_known" in report:
        _print_origins(report)
    for horizon, figures in report["horizons"].items():
        skill, timing = figures["skill"], figures["where_when"]
        say(
            f"\n{horizon} {step}{'s' if int(horizon) > 1 else ''}, origins "
            f"{figures['first_origin']} to {figures['last_origin']}, {figures['n_refits']} refits: "
            f"{skill['n_positives']} of {skill['n_forecasts']} ({skill['prevalence']:.1%})"
        )
        print_table(["", *BASELINE_COLUMNS, "Brier skill of the model over it"], _rows(skill))
        within = {name: _interval(one) for name, one in timing["within_region_auc"].items()}
        shuffled = timing["shuffled_timing"]
        say(
            f"AUC in regions: {within['model']}; region-specific part "
            f"{within['region_specific']}; calendar only {within['calendar']}"
        )
        say(
            f"Timing shuffled: avg. precision {_figure(shuffled['average_precision'])}, Brier "
            f"skill {_figure(shuffled['brier_skill'])}, AUC in regions "
            f"{_figure(shuffled['within_region_auc'])}"
        )
        gained = figures["paired"]["conflictology"]["average_precision"]
        say(f"Avg. precision above conflictology's: {_interval(gained)}")
        if IN_SERVICE in figures["paired"]:
            better = figures["paired"][IN_SERVICE]["log_score"]
            say(f"Gain in log score over the model in service: {_interval(better, '+', 4)}")
        if "truth" in figures:
            truth = figures["truth"]
            say(
                f"Truth of the simulated world: calibration error "
                f"{truth['calibration_error']:.3f} (climatology "
                f"{truth['calibration_error_of_climatology']:.3f}); Brier skill over climatology "
                f"{truth['reached']['brier_skill']:+.3f} of {truth['best']['brier_skill']:+.3f} "
                f"that can be had"
            )
        gate = figures["gate"]
        say(f"Gate: {'passed' if gate['is_passed'] else 'not passed. ' + gate['reason']}")
        for group, verdict in gate["groups"].items():
            if verdict["is_own"]:
                said = "passed" if verdict["is_passed"] else f"not passed. {verdict['reason']}"
                say(f"Gate, {group} by itself ({verdict['n_positives']} cases): {said}")


def _print_origins(report: dict[str, Any]) -> None:
    told, step = report["as_known"], report["step"]
    first, last = told["origins"][0], told["origins"][-1]
    say(
        f"{told['n_origins']} origins, {first['origin']} to {last['origin']}, each from what was "
        f"known when it first was the newest {step}: deliveries {', '.join(first['vintages'])} "
        f"({first['as_of']}) to {', '.join(last['vintages'])} ({last['as_of']}). "
        f"{told['n_never_newest']} other {step}s never were. What came is told by "
        f"{report['vintage']}, as known on {report['as_of']}."
    )
    for name, day in told["auxiliary_known_from"].items():
        say(f"'{name}' trains beside it as known on the days of the refits, from {day} on.")


def _rows(skill: dict[str, Any]) -> list[list[object]]:
    model = skill["model"]
    rows: list[list[object]] = [
        [
            "model",
            _interval(model["average_precision"]),
            f"{model['brier']['value']:.4f}",
            _figure(model["log_score"], 4),
            _figure(model["auc"]),
            _figure(model["within_region_auc"]["value"]),
            "",
        ]
    ]
    for name, one in skill["baselines"].items():
        rows.append(
            [
                name,
                _figure(one["average_precision"]),
                _figure(one["brier"], 4),
                _figure(one["log_score"], 4),
                _figure(one["auc"]),
                _figure(one["within_region_auc"]),
                _interval(skill["skill_against"][name], "+"),
            ]
        )
    return rows


def _figure(value: float | None, digits: int = 3) -> str:
    return "–" if value is None else f"{value:.{digits}f}"


def _interval(figure: dict[str, Any], sign: str = "", digits: int = 3) -> str:
    if figure["value"] is None:
        return "–"
    form = f"{sign}.{digits}f"
    bounds = ", ".join(format(figure[bound], form) for bound in ("low", "high"))
    return f"{figure['value']:{form}} [{bounds}]"
