"""Declarations: displacement, food, rain, people. Missing until a source supplies them."""

from __future__ import annotations

from collections.abc import Iterator

from features.indicator import Indicator, Transform
from features.measures import LaggedValue

_CONTEXT: tuple[tuple[str, str, str, int, Transform, str], ...] = (
    (
        "displaced_present",
        "Displaced people in the region",
        "persons",
        1,
        "log1p",
        "Many arrivals strain a region, and tell of violence elsewhere.",
    ),
    (
        "food_price_anomaly",
        "Food prices against their seasonal level",
        "percent",
        1,
        "identity",
        "Hunger and blocked markets come with conflict, before and after.",
    ),
    (
        "rainfall_anomaly",
        "Rainfall against its long-term mean",
        "percent",
        1,
        "identity",
        "Rain decides where herds go and which roads can be used.",
    ),
    ("population", "People living in the region", "persons", 0, "log1p", "Where people are."),
    (
        "poverty_rate",
        "Share of people in poverty",
        "share",
        0,
        "identity",
        "Poor places are where recruits are cheap.",
    ),
    (
        "travel_hours_to_city",
        "Hours of travel to the nearest city",
        "hours",
        0,
        "log1p",
        "Far from cities the state is thin.",
    ),
)


def declare_context() -> Iterator[Indicator]:
    """Yields the indicators of context."""
    for variable, label, unit, lag, transform, why in _CONTEXT:
        when = "of the month before t" if lag else "of t"
        yield Indicator(
            name=variable,
            label=label,
            unit=unit,
            formula=f"the value {when}, as known",
            source="a source that measures it; missing until one is ingested",
            family="context" if lag else "structure",
            why=why,
            transform=transform,
            measure=LaggedValue(variable, lag),
        )
