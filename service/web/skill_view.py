"""How good the forecast is, in plain words and few figures, from the model's own record.

The record is part of the publication's manifest. It may lack a horizon or a figure; what is not
there is said to be not measured, never shown as zero.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from models.artefacts.manifest import FINAL_DATA
from models.skill.group_gate import groups_without
from service.publications.publication import Publication
from service.web import words
from service.web.set_view import horizons_of, scores_at


@dataclass(frozen=True)
class SkillRow:
    """The figures of one horizon.

    Attributes:
        horizon: Steps ahead.
        horizon_words: `3 months`.
        n_forecasts: Past forecasts that were checked, in words.
        prevalence: How often the outcome came, in words.
        average_precision: With its 95 % interval, in words.
        brier_skill: Against climatology, with its 95 % interval, in words.
        verdict: What follows for what is served.
        is_passed: True if the model's number is served.
    """

    horizon: int
    horizon_words: str
    n_forecasts: str
    prevalence: str
    average_precision: str
    brier_skill: str
    verdict: str
    is_passed: bool


@dataclass(frozen=True)
class ReliabilityRow:
    """Past forecasts of about the same probability, and what came of them.

    Attributes:
        forecast: Their mean, in [0, 1].
        frequency: Share that was followed by the outcome, in [0, 1].
        low: Lower end of the consistency bar.
        high: Upper end.
        n: How many there were.
    """

    forecast: float
    frequency: float
    low: float
    high: float
    n: int

    @property
    def is_consistent(self) -> bool:
        """Whether chance alone explains the gap."""
        return self.low <= self.frequency <= self.high


@dataclass(frozen=True)
class SkillView:
    """The section on skill.

    Attributes:
        rows: One per horizon.
        record: What past forecasts were worth at the chosen horizon, in sentences.
        reliability: The curve at the chosen horizon; empty if not measured.
        period: When the past forecasts were made and what they knew, in words; empty if not said.
        is_measured: False if the manifest holds no record at all.
    """

    rows: tuple[SkillRow, ...]
    record: tuple[str, ...]
    reliability: tuple[ReliabilityRow, ...]
    period: str
    is_measured: bool


def view_skill(publication: Publication, horizon: int, event: str) -> SkillView:
    """Returns what is known of the skill behind a publication, with the record of one horizon.

    Args:
        publication: Of one outcome.
        horizon: The horizon whose record is told.
        event: The outcome in words, `an escalation`.
    """
    found = {each: _record_of(publication, each) for each in horizons_of(publication)}
    chosen = found.get(horizon, {})
    return SkillView(
        rows=tuple(_row(publication, each, record) for each, record in found.items()),
        record=_sentences(chosen, words.steps(horizon, publication.step), event),
        reliability=read_reliability(chosen),
        period=_period(publication, horizon),
        is_measured=any(found.values()),
    )


def _record_of(publication: Publication, horizon: int) -> Mapping[str, Any]:
    return _told(publication, "skill", horizon)


def _told(publication: Publication, name: str, horizon: int) -> Mapping[str, Any]:
    """A part of the model's manifest by horizon: see `service.publications.assembly`."""
    return _part(_part(_part(publication.manifest, "model"), name), str(horizon))


def _period(publication: Publication, horizon: int) -> str:
    backtest = _told(publication, "backtest", horizon)
    first, last = backtest.get("first_origin"), backtest.get("last_origin")
    if first is None or last is None:
        return ""
    told = f"At {words.steps(horizon, publication.step)} they start from {first} to {last}."
    if _part(publication.manifest, "model").get("replay") == FINAL_DATA:
        told += (
            " They were replayed on the data as corrected since, not as first reported: what was"
            " known at the time was poorer, so that the figures may flatter."
        )
    return told


def _row(publication: Publication, horizon: int, record: Mapping[str, Any]) -> SkillRow:
    scored = [score for score in scores_at(publication, horizon) if score.risk_score is not None]
    flags = [score.status for score in scored]
    is_passed = "ok" in flags
    if not flags:
        verdict = "no score is served"
    elif is_passed:
        verdict = "passed: the model's number is served"
        gate = dict(_told(publication, "gate", horizon))
        held_back = groups_without(gate)
        if held_back:
            own_groups = set(gate.get("group_of", {}).values())
            named = words.listed(
                [one if one in own_groups else words.country_name(one) for one in held_back]
            )
            verdict += f", but in {named} baseline only"
    else:
        verdict = "not passed: baseline only"
    n_forecasts, prevalence = record.get("n_forecasts"), record.get("prevalence")
    return SkillRow(
        horizon=horizon,
        horizon_words=words.steps(horizon, publication.step),
        n_forecasts="not measured" if n_forecasts is None else f"{n_forecasts:,}",
        prevalence="not measured" if prevalence is None else words.percent(prevalence),
        average_precision=interval_words(
            _part(_part(record, "model"), "average_precision"), is_signed=False
        ),
        brier_skill=interval_words(
            _part(_part(record, "skill_against"), "climatology"), is_signed=True
        ),
        verdict=verdict,
        is_passed=is_passed,
    )


def interval_words(interval: Mapping[str, Any], *, is_signed: bool) -> str:
    """Returns a figure with its 95 % interval, `+0.10 (+0.05 to +0.15)`; words if not measured."""
    value, low, high = (interval.get(name) for name in ("value", "low", "high"))
    if value is None:
        return "not measured"

    def write(number: float) -> str:
        return words.signed(number) if is_signed else f"{number:.2f}"

    if low is None or high is None:
        return write(value)
    return f"{write(value)} ({write(low)} to {write(high)})"


def _sentences(record: Mapping[str, Any], horizon: str, event: str) -> tuple[str, ...]:
    told = []
    for entry in record.get("track_record", []):
        n, followed = entry["n_forecasts"], entry["n_followed"]
        bound = words.percent(entry["threshold"])
        if n == 0:
            told.append(f"No past forecast over {horizon} said {bound} or more.")
        else:
            told.append(
                f"Of {words.counted(n, 'past forecast')} over {horizon} that said {bound} or more, "
                f"{followed:,} ({words.percent(followed / n)}) were followed by {event}."
            )
    return tuple(told)


def read_reliability(record: Mapping[str, Any]) -> tuple[ReliabilityRow, ...]:
    """Returns the reliability curve of a record; empty if it has none."""
    return tuple(
        ReliabilityRow(
            entry["forecast"], entry["frequency"], entry["bar_low"], entry["bar_high"], entry["n"]
        )
        for entry in record.get("reliability", [])
    )


def _part(whole: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    found = whole.get(name)
    return found if isinstance(found, Mapping) else {}
