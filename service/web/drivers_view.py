"""What moved a score: an exact sum in log-odds, told as a table with bars.

The model is additive in log-odds, so that the start (an average region and period) plus all
drivers is the score, with nothing left over. Bars show log-odds; words show factors on the odds.
"""

from __future__ import annotations

import math
from collections.abc import Collection
from dataclasses import dataclass

from service.publications.explanation import explain_no_comparison, group_by_family, name_family
from service.publications.publication import PublishedScore
from service.web import words
from service.web.score_view import value_words

DRIVERS_SHOWN = 12
_NEUTRAL = 0.005


@dataclass(frozen=True)
class DriverRow:
    """One driver, or all weak ones together.

    Attributes:
        label: The feature in words.
        value: Its value with unit; empty for the sum of weak ones.
        effect: What it does to the odds, in words: `odds × 1.8`.
        log_odds: What it adds, signed.
        bar_start: Left end of the bar, -50 to 50.
        bar_length: Length of the bar, 0 to 50.
        raises: True if it raises the score.
    """

    label: str
    value: str
    effect: str
    log_odds: str
    bar_start: float
    bar_length: float
    raises: bool


@dataclass(frozen=True)
class FamilyRow:
    """One family of drivers.

    Attributes:
        name: The family in words.
        effect: What it does to the odds now, in words.
        log_odds: What it adds, signed.
        change: What it added since the publication before, signed; empty if that is not known.
        raises: True if it raises the score.
    """

    name: str
    effect: str
    log_odds: str
    change: str
    raises: bool


@dataclass(frozen=True)
class DriversView:
    """The explanation of one score.

    Attributes:
        rows: Drivers, the strongest first, then the sum of the rest.
        start: Chance of an average region and period, in words.
        start_log_odds: The same in log-odds, signed.
        total_log_odds: Sum of all drivers, signed.
        end: What the model says, in words.
        end_log_odds: The same in log-odds, signed.
        is_served: False if the number that is served is another one.
        families: The drivers by family of indicators, the strongest first.
        total_change: Change of the log-odds since the publication before, signed; empty if that is
            not known.
        no_change: Why the families are not compared with those before; empty if they are.
        has_withheld: True if a value in the rows may not be passed on.
    """

    rows: tuple[DriverRow, ...]
    start: str
    start_log_odds: str
    total_log_odds: str
    end: str
    end_log_odds: str
    is_served: bool
    families: tuple[FamilyRow, ...]
    total_change: str
    no_change: str
    has_withheld: bool


def view_drivers(score: PublishedScore, closed: Collection[str] = ()) -> DriversView | None:
    """Returns the explanation of a score, or None where the model says nothing.

    Args:
        score: The score.
        closed: Features whose values may not be passed on.
    """
    if score.model_probability is None:
        return None
    shown = score.contributions[:DRIVERS_SHOWN]
    rest = score.contributions[DRIVERS_SHOWN:]
    parts = [(item.label, value_words(item, closed), item.log_odds) for item in shown]
    if rest:
        label = f"{words.counted(len(rest), 'weaker driver')} together"
        parts.append((label, "", math.fsum(item.log_odds for item in rest)))
    longest = max((abs(log_odds) for _, _, log_odds in parts), default=0.0) or 1.0
    total = math.fsum(item.log_odds for item in score.contributions)
    return DriversView(
        rows=tuple(_row(*part, longest) for part in parts),
        start=words.percent(_chance(score.base_log_odds)),
        start_log_odds=words.signed(score.base_log_odds),
        total_log_odds=words.signed(total),
        end=words.percent(score.model_probability),
        end_log_odds=words.signed(score.base_log_odds + total),
        is_served=score.status == "ok",
        families=_families(score),
        total_change=(
            words.signed(math.fsum(one.log_odds for one in score.changed_families))
            if score.changed_families
            else ""
        ),
        no_change=explain_no_comparison(score, "en"),
        has_withheld=any(item.value is None and item.feature in closed for item in shown),
    )


def _families(score: PublishedScore) -> tuple[FamilyRow, ...]:
    now = {one.family: one.log_odds for one in group_by_family(score.contributions)}
    changes = {one.family: one.log_odds for one in score.changed_families}
    return tuple(
        FamilyRow(
            name=name_family(family, "en"),
            effect=_effect(now.get(family, 0.0)),
            log_odds=words.signed(now.get(family, 0.0)),
            change=words.signed(changes.get(family, 0.0)) if changes else "",
            raises=now.get(family, 0.0) > 0,
        )
        for family in dict.fromkeys([*now, *changes])
    )


def _row(label: str, value: str, log_odds: float, longest: float) -> DriverRow:
    length = 50 * abs(log_odds) / longest
    return DriverRow(
        label=label,
        value=value,
        effect=_effect(log_odds),
        log_odds=words.signed(log_odds),
        bar_start=round(0 if log_odds > 0 else -length, 2),
        bar_length=round(length, 2),
        raises=log_odds > 0,
    )


def _effect(log_odds: float) -> str:
    if abs(log_odds) < _NEUTRAL:
        return "hardly any"
    factor = math.exp(abs(log_odds))
    size = f"{factor:.2f}" if factor < 10 else f"{factor:.0f}"
    return f"odds × {size}" if log_odds > 0 else f"odds ÷ {size}"


def _chance(log_odds: float) -> float:
    return 1 / (1 + math.exp(-log_odds))
