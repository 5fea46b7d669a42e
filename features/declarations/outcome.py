"""Declarations: the season of the forecast window and the bar of an escalation."""

from __future__ import annotations

from collections.abc import Iterator

from features.declarations.words import EVENTS
from features.indicator import Indicator
from features.measures import EscalationThreshold, ThresholdRatio, WindowSeason


def _seasons() -> Iterator[Indicator]:
    why = "Rains, roads and harvests set when armed groups can move."
    yield Indicator(
        name="season_sin",
        label="Season: first against second half of the year",
        unit="1",
        formula="sin(2 pi u), u = share of the year gone by on the window's middle day",
        source="calendar",
        family="season",
        why=why,
        transform="identity",
        measure=WindowSeason("sine"),
    )
    yield Indicator(
        name="season_cos",
        label="Season: turn of the year against midyear",
        unit="1",
        formula="cos(2 pi u), u = share of the year gone by on the window's middle day",
        source="calendar",
        family="season",
        why=why,
        transform="identity",
        measure=WindowSeason("cosine"),
    )
    yield Indicator(
        name="season_june_september",
        label="Share of the forecast window in June to September",
        unit="share",
        formula="days of the window in June to September / days of the window",
        source="calendar",
        family="season",
        why=why,
        transform="identity",
        measure=WindowSeason("june_september"),
    )


def _thresholds() -> Iterator[Indicator]:
    yield Indicator(
        name="escalation_threshold",
        label="Deaths that would count as an escalation",
        unit="deaths",
        formula="max(multiple * h * mean of the last 12 months, quantile of own h-sums over the "
        "last 36 months, floor)",
        source=f"{EVENTS}; the definition of escalation",
        family="threshold",
        why="The higher the bar, the less often it is passed.",
        transform="log1p",
        measure=EscalationThreshold(),
    )
    yield Indicator(
        name="threshold_over_current",
        label="Escalation bar as a multiple of the last window",
        unit="ratio",
        formula="(threshold + 1) / (sum of the last h periods + 1)",
        source=f"{EVENTS}; the definition of escalation",
        family="threshold",
        why="How far violence has to rise from where it is.",
        transform="log",
        measure=ThresholdRatio(),
    )
    for months, period in ((3, "recent months"), (12, "the past year")):
        yield Indicator(
            name=f"threshold_over_pace_{months}m",
            label=f"Escalation bar as a multiple of the pace of {period}",
            unit="ratio",
            formula="(threshold + 1) / (h * weighted mean of x + 1), weights "
            f"0.5 ** ((t - s) / {months} months), x = deaths",
            source=f"{EVENTS}; the definition of escalation",
            family="threshold",
            why="How far violence has to rise from its usual pace.",
            transform="log",
            measure=ThresholdRatio(months),
        )


def declare_outcome() -> Iterator[Indicator]:
    """Yields the indicators of the forecast window itself."""
    yield from _seasons()
    yield from _thresholds()
