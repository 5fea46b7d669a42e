"""`tocsin train`: fit, measure, sign and store a model."""

from __future__ import annotations

from typing import Annotated

import typer

from models.outcome import ESCALATION, OUTCOMES
from service.cli.output import (
    AlsoOption,
    AsOfOption,
    JsonOption,
    SetOption,
    print_json,
    progress_bar,
    say,
)
from service.cli.session import open_session
from service.cli.skill_table import print_skill
from service.training import train_set


def train(
    name: SetOption = None,
    as_of: AsOfOption = None,
    outcome: Annotated[
        str, typer.Option("--outcome", help=f"One of {', '.join(OUTCOMES)}.")
    ] = ESCALATION,
    also: AlsoOption = None,
    as_json: JsonOption = False,
) -> None:
    """Trains a model on what was known, and measures it out of time against simple baselines.

    The first model of a set and outcome goes into service. Later ones are stored as challengers:
    see `tocsin models compare` and `tocsin models promote`.

    Example: tocsin train --set sahel --as-of 2022-01-15

    Example: tocsin train --set sahel --as-of 2022-01-15 --also west_africa
    """
    with open_session() as session:
        region_set, day = session.set_name(name), session.as_of(as_of)
        with progress_bar(f"Training {outcome} in {region_set}") as on_progress:
            report = train_set(
                session.database,
                session.settings,
                session.clock,
                region_set=region_set,
                as_of=day,
                outcome=outcome,
                also=also,
                on_progress=on_progress,
            )
    if as_json:
        print_json(report)
        return
    done = "Trained" if report.is_new else "Unchanged:"
    say(f"{done} {report.model_version} ({report.role}).")
    print_skill(report.manifest)
    if report.role == "challenger":
        say(f"`tocsin models promote {report.model_version}` puts it into service.")
