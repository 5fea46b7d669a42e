"""`tocsin train`: fit, measure, sign and store a model."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

import typer

from features.cluster import on_cluster
from models.outcome import OUTCOMES, check_outcome
from models.recipes import DEFAULT_RECIPE, SERVED
from service.cli.output import (
    AlsoOption,
    AsOfOption,
    JsonOption,
    SchedulerOption,
    SetOption,
    print_json,
    progress_bar,
    say,
)
from service.cli.session import open_session
from service.cli.skill_table import print_skill
from service.modelling.training import train_outcomes


def train(
    name: SetOption = None,
    as_of: AsOfOption = None,
    outcome: Annotated[
        str | None,
        typer.Option(
            "--outcome", help=f"One of {', '.join(OUTCOMES)}; default: all of TOCSIN_OUTCOMES."
        ),
    ] = None,
    also: AlsoOption = None,
    model: Annotated[
        str, typer.Option("--model", help=f"What is fitted: one of {', '.join(SERVED)}.")
    ] = DEFAULT_RECIPE,
    scheduler: SchedulerOption = None,
    as_json: JsonOption = False,
) -> None:
    """Trains models on what was known, and measures them out of time against simple baselines.

    The first model of a set and outcome goes into service. Later ones are stored as challengers:
    see `tocsin models compare` and `tocsin models promote`.

    Example: tocsin train --set sahel --as-of 2022-01-15

    Example: tocsin train --set sahel --as-of 2022-01-15 --outcome severe --also west_africa

    Example: tocsin train --set sahel-grid --as-of 2022-01-15 --model boosting
    """
    with open_session() as session, on_cluster(scheduler):
        settings, region_set = session.settings, session.set_name(name)
        if outcome is not None:
            check_outcome(outcome)
            settings = settings.model_copy(update={"outcomes": (outcome,)})
        with progress_bar(f"Training {', '.join(settings.outcomes)} in {region_set}") as tell:
            run = train_outcomes(
                session.database,
                settings,
                session.clock,
                region_set=region_set,
                as_of=session.as_of(as_of),
                also=also,
                recipe=model,
                on_progress=tell,
            )
    if as_json:
        first, *more = run.reports
        if outcome is None:
            print_json({**asdict(first), "more": more, "not_trained": run.not_trained})
        else:
            print_json(first)
        return
    for report in run.reports:
        done = "Trained" if report.is_new else "Unchanged:"
        say(f"{done} {report.model_version} ({report.role}).")
        print_skill(report.manifest)
        if report.role == "challenger":
            say(f"`tocsin models promote {report.model_version}` puts it into service.")
    for missing, reason in run.not_trained.items():
        say(f"Not trained: {missing}. {reason}")
