"""Declarations: what is new, rising, in bursts, at a record."""

from __future__ import annotations

from collections.abc import Iterator

from features.declarations.words import EVENTS, capitalised
from features.indicator import Indicator
from features.measures import Burstiness, FirstIn, PaceRatio, RecordHigh


def declare_tempo() -> Iterator[Indicator]:
    """Yields the indicators of tempo."""
    for months in (12, 60):
        yield Indicator(
            name=f"first_event_in_{months}m",
            label=f"First event after {months} months without one",
            unit="yes or no",
            formula=f"1 if x[t] > 0 and x[s] = 0 in all of the {months} months before t, else 0, "
            "x = events",
            source=EVENTS,
            family="tempo",
            why="A quiet region that wakes is the hardest case and the costliest to miss.",
            transform="identity",
            measure=FirstIn("events", months),
        )
    for variable in ("events", "deaths"):
        yield Indicator(
            name=f"{variable}_trend_3m_12m",
            label=f"{capitalised(variable)} of the last 3 months against the pace of the last 12",
            unit="ratio",
            formula="(4 * sum over the last 3 months + 1) / (sum over the last 12 months + 1), "
            f"x = {variable}",
            source=EVENTS,
            family="tempo",
            why="Above 1 violence rises, below it fades.",
            transform="log",
            measure=PaceRatio(variable, 3, 12),
        )
        yield Indicator(
            name=f"{variable}_burstiness_24m",
            label=f"Burstiness of {variable} over the last 24 months",
            unit="1",
            formula="(s - m) / (s + m), m mean and s standard deviation of x over the periods of "
            f"the last 24 months, x = {variable}; missing if all are 0 (after Goh & Barabási 2008, "
            "doi:10.1209/0295-5075/81/48002)",
            source=EVENTS,
            family="tempo",
            why="Steady attrition and rare large attacks call for different readiness.",
            transform="identity",
            measure=Burstiness(variable, 24),
        )
        for years in (3, 10):
            yield Indicator(
                name=f"{variable}_record_{years}y",
                label=f"Most {variable} in a month for {years} years",
                unit="yes or no",
                formula=f"1 if the last month is above every month of the {years} years before it, "
                f"else 0, x = {variable}",
                source=EVENTS,
                family="tempo",
                why="A record is what no plan was made for.",
                transform="identity",
                measure=RecordHigh(variable, years),
            )
