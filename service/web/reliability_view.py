"""The track record as it is shown: what was published and came, in words and rows.

What is not measured is said to be not measured, never shown as zero.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from data.calendar import Step
from data.errors import UnknownName
from service.web import links, words
from service.web.set_view import DEFAULT_HORIZON, SwitchLink
from service.web.skill_view import ReliabilityRow, interval_words, read_reliability

LIVE, AFTERWARDS = "live", "afterwards"

_BASELINES = {
    "zeros": "never",
    "climatology": "the region\u2019s own past frequency",
    "conflictology": "the last twelve windows, come again",
}


@dataclass(frozen=True)
class RecordRow:
    """The record of one horizon.

    Attributes:
        horizon_words: `3 months`.
        n_forecasts: Forecasts whose window is closed.
        n_positives: Those that were followed by the outcome.
        mean_forecast: In words.
        brier_skill: Over climatology, with its interval, in words.
        average_precision: In words.
    """

    horizon_words: str
    n_forecasts: str
    n_positives: str
    mean_forecast: str
    brier_skill: str
    average_precision: str


@dataclass(frozen=True)
class BaselineRow:
    """A baseline beside what was served, on the same cases."""

    name: str
    brier: str
    average_precision: str
    brier_skill: str
    n_forecasts: str


@dataclass(frozen=True)
class LevelRow:
    """A risk level, and how many of its forecasts came true."""

    name: str
    n_forecasts: str
    n_followed: str
    n_missed: str
    share: str
    mean_forecast: str


@dataclass(frozen=True)
class OtherRow:
    """Another\u2019s forecast beside ours, as rankings of the same cases."""

    source: str
    meaning: str
    n_forecasts: str
    average_precision: str
    own_average_precision: str


@dataclass(frozen=True)
class RecordPart:
    """The record of live forecasts, or of replays, at the chosen horizon.

    Attributes:
        rows: All horizons.
        is_empty: True if no window is closed.
        reliability: The curve.
        years: Year of the origin and Brier skill over climatology; None where it has none.
        year_rows: The same with counts, in words.
        baselines: Beside baselines.
        levels: The highest level first.
        others: Beside others.
    """

    rows: tuple[RecordRow, ...]
    is_empty: bool
    reliability: tuple[ReliabilityRow, ...]
    years: tuple[tuple[int, float], ...]
    year_rows: tuple[tuple[str, str, str, str], ...]
    baselines: tuple[BaselineRow, ...]
    levels: tuple[LevelRow, ...]
    others: tuple[OtherRow, ...]


@dataclass(frozen=True)
class ReliabilityView:
    """The page of the track record.

    Attributes:
        outcome: Name of the outcome, in words.
        outcome_name: The name.
        horizon_words: The chosen horizon.
        outcomes: Links to the outcomes; empty if there is one only.
        switch: Links to the horizons.
        as_of: Day up to which it is known what came, in words; empty if nothing is verified.
        n_published: Forecasts so far, in words.
        live: Forecasts that were published before their window was over.
        afterwards: Replays.
    """

    outcome: str
    outcome_name: str
    horizon_words: str
    outcomes: tuple[SwitchLink, ...]
    switch: tuple[SwitchLink, ...]
    as_of: str
    n_published: str
    live: RecordPart
    afterwards: RecordPart


def view_reliability(
    record: Mapping[str, Any],
    horizon: int | None,
    *,
    named: str | None = None,
    asked_outcome: str | None = None,
    outcomes: tuple[SwitchLink, ...] = (),
) -> ReliabilityView:
    """Returns the page of a track record.

    Args:
        record: What `service.record.track_record.describe_record` returned.
        horizon: The horizon that is asked for.
        named: The outcome in words; None for its own name.
        asked_outcome: The outcome, if it is not the first.
        outcomes: Links to the outcomes.

    Raises:
        UnknownName: Nothing was published at that horizon.
    """
    step: Step = record["step"]
    there = [int(name) for name in record["horizons"]]
    chosen = horizon
    if chosen is None:
        chosen = DEFAULT_HORIZON if DEFAULT_HORIZON in there or not there else there[0]
    elif chosen not in there:
        named = words.listed([words.steps(each, step) for each in there], "or") or "no horizon"
        raise UnknownName(
            f"Nothing was published {words.steps(chosen, step)} ahead.", f"There is {named}."
        )
    return ReliabilityView(
        outcome=named or words.spoken(record["outcome"]),
        outcome_name=record["outcome"],
        horizon_words=words.steps(chosen, step),
        outcomes=outcomes,
        switch=tuple(
            SwitchLink(
                words=words.steps(each, step),
                note=words.counted(
                    record["horizons"][str(each)][LIVE]["n_forecasts"], "live forecast"
                ),
                address=links.to_reliability(record["region_set"], each, asked_outcome),
                is_current=each == chosen,
            )
            for each in there
        ),
        as_of="" if record["as_of"] is None else words.day(date.fromisoformat(record["as_of"])),
        n_published=words.counted(record["n_published"], "forecast"),
        live=_part(record, LIVE, chosen),
        afterwards=_part(record, AFTERWARDS, chosen),
    )


def _part(record: Mapping[str, Any], kind: str, chosen: int) -> RecordPart:
    horizons: Mapping[str, Any] = record["horizons"]
    own: Mapping[str, Any] = horizons.get(str(chosen), {}).get(kind, {})
    years: Sequence[Mapping[str, Any]] = own.get("by_year", [])
    return RecordPart(
        rows=tuple(_row(name, kinds[kind], record["step"]) for name, kinds in horizons.items()),
        is_empty=not any(kinds[kind]["n_forecasts"] for kinds in horizons.values()),
        reliability=read_reliability(own),
        years=tuple(
            (row["year"], row["brier_skill"]) for row in years if row["brier_skill"] is not None
        ),
        year_rows=tuple(
            (
                str(row["year"]),
                f"{row['n_forecasts']:,}",
                f"{row['n_positives']:,}",
                _figure(row["brier_skill"], is_signed=True),
            )
            for row in years
        ),
        baselines=tuple(
            _baseline(name, found)
            for name, found in own.get("baselines", {}).items()
            if found["n_forecasts"]
        ),
        levels=tuple(_level(row) for row in reversed(own.get("by_level", []))),
        others=tuple(_other(row) for row in own.get("others", [])),
    )


def _row(horizon: str, own: Mapping[str, Any], step: Step) -> RecordRow:
    is_measured = own["n_forecasts"] > 0
    return RecordRow(
        horizon_words=words.steps(int(horizon), step),
        n_forecasts=f"{own['n_forecasts']:,}",
        n_positives=f"{own['n_positives']:,}" if is_measured else words.DASH,
        mean_forecast=words.percent(own["mean_forecast"]) if is_measured else words.DASH,
        brier_skill=(
            interval_words(own["brier_skill"], is_signed=True) if is_measured else words.DASH
        ),
        average_precision=_figure(own.get("average_precision")),
    )


def _baseline(name: str, found: Mapping[str, Any]) -> BaselineRow:
    return BaselineRow(
        name=_BASELINES.get(name, words.spoken(name)),
        brier=f"{found['brier']:.4f}",
        average_precision=_figure(found["average_precision"]),
        brier_skill=interval_words(found["brier_skill"], is_signed=True),
        n_forecasts=f"{found['n_forecasts']:,}",
    )


def _level(row: Mapping[str, Any]) -> LevelRow:
    n, followed = row["n_forecasts"], row["n_followed"]
    return LevelRow(
        name=words.spoken(row["level"]),
        n_forecasts=f"{n:,}",
        n_followed=f"{followed:,}",
        n_missed=f"{n - followed:,}",
        share=words.percent(followed / n),
        mean_forecast=words.percent(row["mean_forecast"]),
    )


def _other(row: Mapping[str, Any]) -> OtherRow:
    return OtherRow(
        source=row["source"],
        meaning=row["meaning"],
        n_forecasts=f"{row['n_forecasts']:,}",
        average_precision=_figure(row["average_precision"]),
        own_average_precision=_figure(row["own_average_precision"]),
    )


def _figure(value: float | None, *, is_signed: bool = False) -> str:
    if value is None:
        return "not measured"
    return words.signed(value) if is_signed else f"{value:.2f}"
