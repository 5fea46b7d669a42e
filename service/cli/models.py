"""`tocsin models`: the registry."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer

from data.errors import UsageError
from models.artefacts.card import build_card
from models.outcome import ESCALATION
from models.registry import find_earlier, list_models, show_model
from models.trial import IN_SERVICE, Plan, auxiliary_names, settings_of
from service.cli.model_drivers import drivers
from service.cli.model_watch import drift, shadow
from service.cli.output import (
    AsOfOption,
    JsonOption,
    SetOption,
    print_json,
    print_table,
    progress_bar,
    say,
)
from service.cli.places import check_place
from service.cli.session import Session, open_session
from service.cli.skill_table import print_skill
from service.modelling.backtesting import backtest_set
from service.modelling.drift import load_verdict
from service.modelling.promotion import Preview, preview_promotion, promote_model

app = typer.Typer(
    help="List, show, compare and promote trained models, and roll back.", no_args_is_help=True
)

VersionArgument = Annotated[str, typer.Argument(help="Model version, from `tocsin models list`.")]
YesOption = Annotated[bool, typer.Option("--yes", help="Go on although many risk levels change.")]
OutcomeOption = Annotated[str, typer.Option("--outcome", help="Name of the outcome.")]


@app.command("list")
def list_all(name: SetOption = None, as_json: JsonOption = False) -> None:
    """Lists the stored models, newest first.

    Example: tocsin models list --set sahel
    """
    with open_session() as session, session.database.read() as connection:
        entries = list_models(connection, name)
    if as_json:
        print_json(entries)
    elif entries:
        print_table(
            ["model", "set", "outcome", "as of", "trained at", "role"],
            [
                [
                    entry.model_version,
                    entry.region_set,
                    entry.outcome,
                    entry.as_of,
                    f"{entry.created_at:%Y-%m-%d %H:%M}",
                    f"{entry.role}, shadow" if entry.is_shadow else entry.role,
                ]
                for entry in entries
            ],
        )
    else:
        say("No models yet: see `tocsin train --help`.")


@app.command("show")
def show(version: VersionArgument, as_json: JsonOption = False) -> None:
    """Shows one model: data, definition, features, measured skill, verdict of the gate.

    Example: tocsin models show sahel-escalation-20220115-1a2b3c4d
    """
    with open_session() as session, session.database.read() as connection:
        entry = show_model(connection, version)
    if as_json:
        print_json(entry)
        return
    manifest = entry.manifest
    say(f"{entry.model_version} ({entry.role}), trained {entry.created_at:%Y-%m-%d %H:%M} UTC")
    say(
        f"outcome {manifest['outcome']['version']}, features {manifest['feature_set']}, "
        f"model '{manifest.get('recipe', 'logit')}'"
    )
    known = manifest["data"]
    say(f"data as of {known['as_of']}, origin {known['origin']}, {', '.join(known['vintages'])}")
    actors = manifest.get("actors", {})
    if actors.get("are_read"):
        say(f"reads actors, as the table {actors['table_sha256'][:16]}… names them")
    print_skill(manifest)


@app.command("card")
def card(
    version: VersionArgument,
    html: Annotated[
        Path | None,
        typer.Option("--html", callback=check_place, help="Also write the card as one HTML page."),
    ] = None,
) -> None:
    """Prints the model card as JSON: what it is for, made from and worth, as training measured it.

    Example: tocsin models card sahel-escalation-20220115-1a2b3c4d --html card.html
    """
    with open_session() as session, session.database.read() as connection:
        entry = show_model(connection, version)
        verdict = load_verdict(connection, entry.region_set, entry.outcome)
        is_judged = verdict is not None and verdict["model_version"] == version
        made = build_card(entry.manifest, verdict if is_judged else None)
    if html is not None:
        # Drawing is slow to import, and no other command here needs it.
        from service.report.card import write_card

        write_card(made, html)
    print_json(made)


@app.command("compare")
def compare(
    before: Annotated[str, typer.Argument(help="A model version, the one to beat.")],
    after: Annotated[str, typer.Argument(help="Another of the same set and outcome.")],
    as_of: AsOfOption = None,
    as_json: JsonOption = False,
) -> None:
    """Learns two models anew at the same past origins and pairs their forecasts.

    Example: tocsin models compare sahel-escalation-20211215-… sahel-escalation-20220115-…
    """
    with open_session() as session:
        with session.database.read() as connection:
            first, second = show_model(connection, before), show_model(connection, after)
        if (first.region_set, first.outcome) != (second.region_set, second.outcome):
            raise UsageError(
                f"{before} and {after} forecast different things.",
                "Compare models of the same region set and outcome.",
            )
        described = second.manifest["horizons"]
        plan = Plan(
            outcome=second.outcome,
            horizons=tuple(int(horizon) for horizon in described),
            first=next(iter(described.values()))["backtest"]["first_origin"],
            recipe=second.manifest.get("recipe", "logit"),
            also=auxiliary_names(second.manifest),
            in_service=first.manifest,
        )
        with progress_bar(f"Comparing with {before}") as on_progress:
            trial = backtest_set(
                session.database,
                settings_of(session.settings, second.manifest),
                plan,
                region_set=second.region_set,
                as_of=session.as_of(as_of),
                on_progress=on_progress,
            )
    if as_json:
        print_json(trial.report)
        return
    _print_comparison(trial.report, before, after)
    if second.is_shadow or first.is_shadow:
        say("One of them is a shadow: `tocsin verify --shadow` shows what it would have published.")


@app.command("promote")
def promote(
    version: VersionArgument,
    as_of: AsOfOption = None,
    is_confirmed: YesOption = False,
    as_json: JsonOption = False,
) -> None:
    """Puts a stored model into service, after showing every region's score before and after.

    Where more risk levels change than the settings let pass, nothing is done without --yes. The
    model before it is kept: see `tocsin models rollback`.

    Example: tocsin models promote sahel-escalation-20220115-1a2b3c4d --as-of 2022-01-15
    """
    with open_session() as session:
        preview = preview_promotion(
            session.database,
            session.settings,
            model_version=version,
            as_of=session.as_of(as_of),
        )
        _change(session, preview, is_confirmed=is_confirmed, is_rollback=False, as_json=as_json)


@app.command("rollback")
def rollback(
    name: SetOption = None,
    outcome: OutcomeOption = ESCALATION,
    as_of: AsOfOption = None,
    is_confirmed: YesOption = False,
    as_json: JsonOption = False,
) -> None:
    """Puts the model back into service that the one in service replaced.

    Example: tocsin models rollback --set sahel --yes
    """
    with open_session() as session:
        with session.database.read() as connection:
            earlier = find_earlier(connection, session.set_name(name), outcome)
        preview = preview_promotion(
            session.database,
            session.settings,
            model_version=earlier,
            as_of=session.as_of(as_of),
        )
        _change(session, preview, is_confirmed=is_confirmed, is_rollback=True, as_json=as_json)


app.command("drift")(drift)
app.command("drivers")(drivers)
app.command("shadow")(shadow)


def _change(
    session: Session, preview: Preview, *, is_confirmed: bool, is_rollback: bool, as_json: bool
) -> None:
    if not as_json:
        _print_preview(preview)
    replaced = promote_model(
        session.database,
        session.settings,
        session.clock,
        preview,
        is_confirmed=is_confirmed,
        kind="rollback" if is_rollback else "promotion",
    )
    if as_json:
        print_json({**asdict(preview), "replaced": replaced})
    elif replaced is None:
        say(f"{preview.model_version} is in service.")
    else:
        say(f"{preview.model_version} is in service instead of {replaced}.")


def _print_preview(preview: Preview) -> None:
    if preview.note:
        say(preview.note)
    print_table(
        ["region", "horizon", "now", "level", "then", "level", ""],
        [
            [
                one.region_id,
                one.horizon,
                _percent(one.before),
                one.level_before,
                _percent(one.after),
                one.level_after,
                "changes" if one.is_level_change else "",
            ]
            for one in preview.changes
        ],
    )
    say(f"As of {preview.as_of}: {preview.level_share:.0%} of the risk levels change.")


def _print_comparison(report: Mapping[str, Any], before: str, after: str) -> None:
    say(f"{after} against {before}, on the same origins; in brackets: paired 95 % intervals.")
    rows = []
    for horizon, figures in report["horizons"].items():
        paired, skill = figures["paired"][IN_SERVICE], figures["skill"]
        rows.append(
            [
                f"{horizon} {report['step']}{'s' if int(horizon) > 1 else ''}",
                f"{figures['first_origin']} to {figures['last_origin']}",
                f"{skill['n_positives']} of {skill['n_forecasts']}",
                _interval(paired["average_precision"], "+.3f"),
                _interval(paired["log_score"], "+.4f"),
                _interval(skill["skill_against"][IN_SERVICE], "+.3f"),
            ]
        )
    print_table(["horizon", "origins", "cases", "avg. precision", "log score", "Brier skill"], rows)
    say("Above 0 the new model is better; an interval that holds 0 proves nothing.")


def _percent(value: float | None) -> str | None:
    return None if value is None else f"{value:.1%}"


def _interval(figure: Mapping[str, float | None], form: str) -> str:
    value, low, high = (figure[name] for name in ("value", "low", "high"))
    if value is None or low is None or high is None:
        return "–"
    return f"{value:{form}} [{low:{form}}, {high:{form}}]"
