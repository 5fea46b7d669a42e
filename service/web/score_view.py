"""A published score as it is shown: words, marks and lengths of bars, nothing to work out."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from models.score import Contribution, Status
from service.publications.publication import PublishedScore
from service.web import words
from service.web.levels import Level, level_of

NOT_SHOWN = "not shown"
"""What stands for a value that informs a score and may not be passed on."""

DRIVERS_IN_TABLE = 2
_LEAST_LOG_ODDS = 0.05

STATUS_WORDS: dict[Status, str] = {
    "ok": "model",
    "baseline_only": "baseline only",
    "stale": "no score",
    "too_early": "too early to tell",
    "not_asked": "not asked",
}


@dataclass(frozen=True)
class DriverNote:
    """One driver in a few words.

    Attributes:
        raises: True if it raises the score.
        words: What it is, with its value.
    """

    raises: bool
    words: str


@dataclass(frozen=True)
class ChangeView:
    """The change against the publication before.

    Attributes:
        arrow: `▲`, `▼`, `=`, or a dash where there is none to tell.
        points: Signed percentage points.
        spoken: The same as a phrase.
        kind: `up`, `down`, `same` or `none`.
    """

    arrow: str
    points: str
    spoken: str
    kind: str


@dataclass(frozen=True)
class ScoreView:
    """One region at one horizon.

    Attributes:
        rank: 1 for the highest score; None without a score.
        region_id: The region.
        name: Its name.
        country: Name of its country.
        percent: The score in words.
        interval: What the model might say with far more history, in words; empty if not known.
        bar: Length of the bar, 0 to 100.
        level: The level, or None without a score.
        change: Against the publication before.
        status: What may be said of it.
        status_words: The same in words.
        reason: Why it is not `ok`.
        drivers: The strongest drivers; empty where the model's number is not what is served.
        score: The score itself, for sorting and further words.
    """

    rank: int | None
    region_id: str
    name: str
    country: str
    percent: str
    interval: str
    bar: float
    level: Level | None
    change: ChangeView
    status: Status
    status_words: str
    reason: str
    drivers: tuple[DriverNote, ...]
    score: PublishedScore

    @property
    def tooltip(self) -> str:
        """One line for the map."""
        if self.level is None:
            return f"{self.name}, {self.country}: no score"
        told = f"{self.name}, {self.country}: {self.percent}, {self.level.words}"
        return told if self.status == "ok" else f"{told} ({self.status_words})"


def view_score(
    score: PublishedScore,
    rank: int | None,
    levels: Mapping[str, Level],
    closed: Collection[str] = (),
) -> ScoreView:
    """Returns a score as it is shown.

    Args:
        score: The score.
        rank: Its place; None without a score.
        levels: By name.
        closed: Features whose values may not be passed on.
    """
    level = level_of(score.level, levels)
    return ScoreView(
        rank=rank,
        region_id=score.region_id,
        name=score.region_name,
        country=words.country_name(score.country),
        percent=(
            words.percent(score.risk_score)
            if level is None
            else words.percent_within(score.risk_score, level.low, level.high)
        ),
        interval=(
            ""
            if score.low is None or score.high is None
            else f"{words.percent(score.low)} to {words.percent(score.high)}"
        ),
        bar=round(100 * (score.risk_score or 0.0), 1),
        level=level,
        change=view_change(score.change),
        status=score.status,
        status_words=STATUS_WORDS[score.status],
        reason=score.reason,
        drivers=note_drivers(score, closed=closed) if score.status == "ok" else (),
        score=score,
    )


def rank_scores(
    scores: list[PublishedScore], levels: Mapping[str, Level], closed: Collection[str] = ()
) -> tuple[ScoreView, ...]:
    """Returns the scores of one horizon, highest first; those without a score last, unranked."""
    ordered = sorted(
        scores,
        key=lambda score: (
            score.risk_score is None,
            -(score.risk_score or 0.0),
            score.region_name,
        ),
    )
    return tuple(
        view_score(score, None if score.risk_score is None else place, levels, closed)
        for place, score in enumerate(ordered, start=1)
    )


def view_change(change: float | None) -> ChangeView:
    """Returns a change of the risk score as arrow, sign and words."""
    if change is None:
        return ChangeView(words.DASH, "", "no earlier score to compare with", "none")
    text = words.points(change)
    if text == "0":
        return ChangeView("=", "0", "no change", "same")
    size = words.counted(abs(round(change * 100)), "percentage point")
    if change > 0:
        return ChangeView("▲", text, f"up {size}", "up")
    return ChangeView("▼", text, f"down {size}", "down")


def note_drivers(
    score: PublishedScore, most: int = DRIVERS_IN_TABLE, *, closed: Collection[str] = ()
) -> tuple[DriverNote, ...]:
    """Returns the strongest drivers of a score in words; weak ones are left out."""
    return tuple(
        DriverNote(item.log_odds > 0, f"{item.label}: {value_words(item, closed, with_unit=False)}")
        for item in score.contributions[:most]
        if abs(item.log_odds) >= _LEAST_LOG_ODDS
    )


def value_words(item: Contribution, closed: Collection[str] = (), *, with_unit: bool = True) -> str:
    """Returns the value of a feature, with its unit unless its label says it already.

    Args:
        item: What the feature adds.
        closed: Features whose values may not be passed on.
        with_unit: Whether the unit is said.
    """
    if item.value is None:
        return NOT_SHOWN if item.feature in closed else "not known"
    if item.unit == "share":
        return words.percent(item.value)
    digits = 0 if abs(item.value) >= 100 else 1 if abs(item.value) >= 1 else 2
    unit = "" if item.unit in ("1", "ratio") or not with_unit else item.unit
    return f"{words.number(item.value, digits)} {unit}".strip()
