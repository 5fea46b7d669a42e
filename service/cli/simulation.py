"""`tocsin alerts simulate`: what rules would have told, before they go live."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from typing import Annotated

import typer

from data.calendar import Step, parse_period, period_label
from data.errors import NothingKnown
from data.panel import build_panel
from data.regions import load_region_set
from service.alerts.past import PastScores, read_predictions, read_publications, with_indicators
from service.alerts.rule_files import read_rules
from service.alerts.rules import Rule
from service.alerts.simulate import Figures, RuleSimulation, simulate_rule
from service.alerts.simulated_costs import cost_curves
from service.cli.output import JsonOption, SetOption, print_json, print_table, say
from service.cli.places import check_place
from service.cli.session import open_session

_COLUMNS = (
    "rule",
    "levels",
    "alerts",
    "a year",
    "years between, a region",
    "precision",
    "missed",
    "median lead",
    "flaps",
)


def simulate(
    path: Annotated[Path, typer.Argument(help="Rule file (TOML).")],
    name: SetOption = None,
    first: Annotated[str | None, typer.Option("--from", help="First origin, e.g. 2019-01.")] = None,
    last: Annotated[str | None, typer.Option("--to", help="Last origin, e.g. 2020-12.")] = None,
    predictions: Annotated[
        list[Path] | None,
        typer.Option(
            "--predictions",
            help="Forecasts of `tocsin backtest --out` instead of the stored publications; give it "
            "once for each outcome.",
        ),
    ] = None,
    picture: Annotated[
        Path | None,
        typer.Option(
            "--picture",
            callback=check_place,
            help="What the alerts save by what acting costs: a .svg or .png file.",
        ),
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Runs the rules of a file over past scores and says what they would have told; stores nothing.

    Every rule begins at rest, whether it is enabled or not. Beside it stand the same rule with its
    levels 0.05 lower and higher. Indicators that a rule asks for come from the publications; with
    --predictions from what is known now of the periods up to each origin.

    Example: tocsin alerts simulate rules.toml --set sahel --from 2019-01 --picture costs.svg
    """
    rules = read_rules(path)
    with open_session() as session, session.database.read() as connection:
        region_set = load_region_set(connection, session.set_name(name))
        step = region_set.step
        begin, end = (None if text is None else parse_period(text, step) for text in (first, last))
        if predictions:
            scores = read_predictions(predictions, region_set, begin, end)
            if any(rule.where is not None for rule in rules):
                # Nothing known, no indicators: what comes of that is told for each rule that asks.
                with suppress(NothingKnown):
                    panel = build_panel(connection, region_set, session.today())
                    scores = with_indicators(scores, panel, session.settings)
        else:
            panel = build_panel(connection, region_set, session.today())
            scores = read_publications(connection, panel, session.settings, begin, end, rules)
    found = [
        simulate_rule(
            rule,
            scores.publications,
            scores.outcomes,
            steps_a_year=12 if step == "month" else 52,
            neighbours=scores.neighbours,
        )
        for rule in rules
    ]
    if picture is not None:
        # Drawing is slow to import, and no other command here needs it.
        from service.report.alert_costs import write_alert_costs

        write_alert_costs(cost_curves(found), picture)
    if as_json:
        earliest, latest = _ends(scores, step)
        print_json(
            {
                "region_set": region_set.name,
                "from": earliest,
                "to": latest,
                "n_as_ofs": len(scores.publications),
                "step": step,
                "rules": found,
            }
        )
    else:
        _print(rules, found, scores, step)
        if picture is not None:
            say(f"Picture: {picture}")


def _ends(scores: PastScores, step: Step) -> tuple[str, str]:
    origins = [publication.origin for publication in scores.publications]
    return period_label(origins[0], step), period_label(origins[-1], step)


def _print(
    rules: tuple[Rule, ...], found: list[RuleSimulation], scores: PastScores, step: Step
) -> None:
    begin, end = _ends(scores, step)
    say(f"{len(scores.publications)} as-ofs, origins {begin} to {end}")
    rows: list[list[object]] = []
    for rule, result in zip(rules, found, strict=True):
        label = rule.id if rule.enabled else f"{rule.id} (disabled)"
        rows.append(_row(label, result.figures, step))
        rows += [_row("", figures, step) for figures in result.beside]
    print_table(_COLUMNS, rows)
    for result in found:
        if not result.figures.n_series:
            say(f"{result.rule_id}: there are no scores that it follows, so it told nothing.")
        for asked, n_lacking in result.unanswered.items():
            say(
                f"{result.rule_id}: {n_lacking} of {len(scores.publications)} as-ofs hold no "
                f"'{asked}', which it asks for: there it did nothing."
            )
        most = ", ".join(
            f"{row.region_name} {row.n_alerts}" for row in result.regions[:5] if row.n_alerts
        )
        if most:
            say(f"{result.rule_id}: most in {most}")
    say(
        "precision: alerts that the outcome followed in the window, of those whose window is "
        "closed. missed: episodes of the outcome without an open alert. --json has every region."
    )


def _row(label: str, figures: Figures, step: Step) -> list[object]:
    return [
        label,
        "as written" if figures.shift == 0 else f"{figures.shift:+.2f}",
        figures.n_alerts,
        f"{figures.alerts_a_year:.1f}",
        None if figures.return_period_years is None else f"{figures.return_period_years:.1f}",
        _share(figures.n_followed, figures.n_judged, figures.precision),
        _share(figures.n_missed, figures.n_episodes, figures.miss_rate),
        None if figures.median_lead is None else _steps(figures.median_lead, step),
        figures.n_flaps,
    ]


def _steps(count: float, step: Step) -> str:
    return f"{count:g} {step}{'' if count == 1 else 's'}"


def _share(part: int, whole: int, share: float | None) -> str | None:
    return None if share is None else f"{share:.0%} ({part} of {whole})"
