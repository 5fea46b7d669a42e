"""`tocsin models drift|shadow`: is the model still good, and is another one better?"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

import typer

from data.errors import NotReady, UsageError
from models.registry import show_model
from models.shadows import set_shadow
from service.cli.output import JsonOption, SetOption, print_json, print_table, say
from service.cli.session import open_session
from service.modelling.drift import load_verdicts

_INPUTS_SHOWN = 8

OutcomeOption = Annotated[
    str | None,
    typer.Option("--outcome", help="Name of an outcome; default: all that are published."),
]


def drift(
    name: SetOption = None,
    outcome: OutcomeOption = None,
    is_whole: Annotated[bool, typer.Option("--all", help="Show every input.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Shows whether inputs or calibration of each model have drifted.

    Judged with the newest publication.
    Inputs: population stability index of the last year against the rows of training. Calibration:
    a sequential test on live forecasts whose window is closed. Ends with exit code 1 on drift.

    Example: tocsin models drift --set sahel
    """
    with open_session() as session, session.database.read() as connection:
        region_set = session.set_name(name)
        verdicts = [
            one
            for one in load_verdicts(connection, region_set)
            if outcome is None or one["outcome"] == outcome
        ]
    if not verdicts:
        of = "" if outcome is None else f" for '{outcome}'"
        raise NotReady(
            f"No publication of '{region_set}' was judged{of} yet.",
            f"`tocsin score --set {region_set}` makes the next one.",
        )
    if as_json:
        print_json(verdicts)
    else:
        for verdict in verdicts:
            _tell(verdict, None if is_whole else _INPUTS_SHOWN)
    if any(verdict["is_drifted"] for verdict in verdicts):
        raise typer.Exit(1)


def shadow(
    version: Annotated[str, typer.Argument(help="Model version, from `tocsin models list`.")],
    state: Annotated[str, typer.Argument(help="`on` or `off`.")],
    as_json: JsonOption = False,
) -> None:
    """Scores a stored model beside the one in service with each publication, without serving it.

    `tocsin verify --shadow` shows its live record.

    Example: tocsin models shadow sahel-escalation-20220115-1a2b3c4d on
    """
    if state not in {"on", "off"}:
        raise UsageError(f"'{state}' is neither on nor off.", "Write `on` or `off`.")
    with open_session() as session, session.database.write() as connection:
        set_shadow(connection, version, is_shadow=state == "on")
        entry = show_model(connection, version)
    if as_json:
        print_json({"model_version": version, "is_shadow": entry.is_shadow})
    elif entry.is_shadow:
        say(f"{version} is scored with each publication of {entry.region_set}, and not served.")
    else:
        say(f"{version} is a shadow no longer; what it said is kept.")


def _tell(verdict: Mapping[str, Any], most: int | None) -> None:
    say(f"{verdict['outcome']}: {verdict['model_version']}, as of {verdict['as_of']}")
    if verdict["inputs"]:
        print_table(
            ["input", "horizon", "stability index", "limit", ""],
            [
                [
                    one["feature"],
                    one["horizon"],
                    f"{one['psi']:.3f}",
                    f"{one['limit']:.3f}",
                    "DRIFTED" if one["is_drifted"] else "",
                ]
                for one in verdict["inputs"][:most]
            ],
        )
    else:
        say("The model does not say what it was trained on: its inputs cannot be compared.")
    if verdict["calibration"]:
        print_table(
            ["horizon", "periods", "forecasts", "evidence against calibration"],
            [
                [horizon, one["n_periods"], one["n_forecasts"], f"{one['e_value']:.1f} to 1"]
                for horizon, one in verdict["calibration"].items()
            ],
        )
    else:
        say("No live forecast of this model is verified yet: its calibration is not tested.")
    for reason in verdict["reasons"]:
        say(f"DRIFT: {reason}")
    if not verdict["is_drifted"]:
        say("No drift.")
