"""Declarations: counts by type over windows, decays, time since."""

from __future__ import annotations

from collections.abc import Iterator

from features.declarations.sums import declare_sum
from features.declarations.words import EVENTS, VARIABLE_WORDS, capitalised
from features.indicator import Indicator
from features.measures import DecayedSum, MonthsSince, WindowSum

WINDOW_MONTHS: tuple[int, ...] = (1, 3, 6, 12, 24)
HALF_LIVES: tuple[int, ...] = (1, 3, 12)
SINCE_CAP_MONTHS = 60

TYPE_REASONS: dict[str, str] = {
    "state_based": "Fighting with the state follows its own course: offensives, bases, seasons.",
    "non_state": "Groups at war with one another can inflame a region that the state has left.",
    "one_sided": "Attacks on civilians often come before or after a change of control.",
    "civilians": "Who is killed says more about the need for help than how many.",
}


def _window_sums() -> Iterator[Indicator]:
    for variable, words in VARIABLE_WORDS.items():
        unit, _, kind = variable.partition("_")
        for months in (3, 12) if kind == "civilians" else WINDOW_MONTHS:
            yield declare_sum(
                WindowSum(variable, months),
                words,
                unit=unit,
                source=EVENTS,
                family=unit if not kind else f"{unit} by type",
                why=TYPE_REASONS.get(kind, "What happened lately is the best guide to what comes."),
            )


def _decayed_sums() -> Iterator[Indicator]:
    for variable in ("events", "deaths"):
        for months in HALF_LIVES:
            half_life = "1 month" if months == 1 else f"{months} months"
            yield Indicator(
                name=f"{variable}_decay_{months}m",
                label=f"{capitalised(variable)} so far, halved in weight every {half_life}",
                unit=variable,
                formula=f"sum of x[s] * 0.5 ** ((t - s) / {half_life}) over all known s <= t, "
                f"x = {variable}",
                source=EVENTS,
                family="decays",
                why="Violence feeds on itself, and its memory fades without a sharp edge.",
                transform="log1p",
                measure=DecayedSum(variable, months),
            )


def _times_since() -> Iterator[Indicator]:
    for variable, name, words, condition in (
        ("events", "months_since_event", "last event", "an event"),
        ("deaths", "months_since_death", "last death", "a death"),
    ):
        yield Indicator(
            name=name,
            label=f"Months since the {words}",
            unit="months",
            formula=f"t - s in months, s the last period with {condition}, "
            f"at most {SINCE_CAP_MONTHS}",
            source=EVENTS,
            family="tempo",
            why="The longer a region is quiet, the likelier it stays quiet.",
            transform="log1p",
            measure=MonthsSince(variable, SINCE_CAP_MONTHS),
        )


def declare_history() -> Iterator[Indicator]:
    """Yields the indicators of a region's own counts."""
    yield from _window_sums()
    yield from _decayed_sums()
    yield from _times_since()
