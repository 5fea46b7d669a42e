"""Declarations: displacement, food, rain, markers, people. Missing until a source supplies them.

Numbers of other sources come late: each period of the panel holds what was known of them at its end
(`data.panel.observed_spells`).
"""

from __future__ import annotations

from collections.abc import Iterator

from data.panel.markers import LONGEST_MONTHS
from data.panel.observed_series import LEAST_NORM_YEARS, NORM_YEARS
from features.declarations.words import capitalised, last
from features.indicator import Indicator, Transform
from features.measures import KnownValue

_FLOWS: tuple[tuple[str, str, str, str, tuple[int, ...], str, str], ...] = (
    (
        "persons_displaced",
        "people newly displaced by conflict",
        "movements",
        "civilians",
        (3, 12),
        "IDMC Internal Displacement Updates",
        "People flee before the counts of the dead rise.",
    ),
    (
        "monthly_political_violence",
        "events of political violence as counted by area",
        "events",
        "counts by area",
        (3, 12),
        "HDX HAPI, from ACLED",
        "A second count of violence, from other reports.",
    ),
    (
        "monthly_civilian_targeting",
        "events of civilian targeting as counted by area",
        "events",
        "counts by area",
        (3, 12),
        "HDX HAPI, from ACLED",
        "A second count of violence against civilians, from other reports.",
    ),
    (
        "monthly_demonstrations",
        "demonstrations",
        "events",
        "counts by area",
        (3, 12),
        "HDX HAPI, from ACLED",
        "Unrest without arms says how a government stands with its people.",
    ),
    (
        "rainfall_mm",
        "rain",
        "mm",
        "context",
        (3,),
        "CHIRPS rainfall",
        "Rain decides where herds go and which roads can be used.",
    ),
)

_VALUES: tuple[tuple[str, str, str, str, Transform, str, str, str], ...] = (
    (
        "displaced_present",
        "Displaced people in the region",
        "persons",
        "newest count of each place, at most 13 months old, summed",
        "log1p",
        "context",
        "IOM DTM",
        "Many arrivals strain a region, and tell of violence elsewhere.",
    ),
    (
        "food_price_anomaly",
        "Food prices against their seasonal level",
        "percent",
        f"median over goods and markets of 100 * (p / n - 1), p = price, n = mean of the same "
        f"month in the {NORM_YEARS} years before, of which {LEAST_NORM_YEARS} are known; nominal "
        "prices, at most 4 months old",
        "identity",
        "context",
        "WFP food prices",
        "Hunger and blocked markets come with conflict, before and after.",
    ),
    (
        "rainfall_anomaly",
        "Rain of three months against its long-term mean",
        "percent",
        "percent of the long-term mean of the three months up to the newest dekad, at most 2 "
        "months old, less 100",
        "identity",
        "context",
        "CHIRPS rainfall",
        "A failed season moves herds and people into each other's way.",
    ),
    (
        "food_crisis_share",
        "Share of people in a food crisis or worse",
        "share",
        "share of the people analysed in IPC/CH phase 3 or above, while the analysis is valid and "
        "4 months after",
        "identity",
        "context",
        "IPC and Cadre Harmonisé",
        "Hunger makes recruits cheap and aid a prize.",
    ),
    (
        "people_in_food_crisis",
        "People in a food crisis or worse",
        "persons",
        "persons in IPC/CH phase 3 or above, while the analysis is valid and 4 months after",
        "log1p",
        "context",
        "IPC and Cadre Harmonisé",
        "Hunger makes recruits cheap and aid a prize.",
    ),
)

_TRAITS: tuple[tuple[str, str, str, Transform, str], ...] = (
    ("population", "People living in the region", "persons", "log1p", "Where people are."),
    (
        "poverty_rate",
        "Share of people in poverty",
        "share",
        "identity",
        "Poor places are where recruits are cheap.",
    ),
    (
        "travel_hours_to_city",
        "Hours of travel to the nearest city",
        "hours",
        "log1p",
        "Far from cities the state is thin.",
    ),
)

_MARKERS: tuple[tuple[str, str, str, str, Transform, str], ...] = (
    (
        "months_since_coup",
        "Months since the last coup",
        "months",
        f"months from the last coup to the end of t, at most {LONGEST_MONTHS}",
        "log1p",
        "After a coup, alliances, missions and front lines are drawn anew.",
    ),
    (
        "months_since_withdrawal",
        "Months since a mission last withdrew",
        "months",
        f"months from the last withdrawal of a mission to the end of t, at most {LONGEST_MONTHS}",
        "log1p",
        "What a mission held is open when it goes.",
    ),
    (
        "months_since_election",
        "Months since the last election",
        "months",
        f"months from the first day of the last election to the end of t, at most {LONGEST_MONTHS}",
        "log1p",
        "Results are contested in the months after the vote.",
    ),
    (
        "months_to_election",
        "Months to the next election",
        "months",
        "months from the end of t to the first day of the next election whose day is known by "
        f"then, at most {LONGEST_MONTHS}",
        "log1p",
        "Before a vote, armed groups keep people from it and rivals fight over it.",
    ),
    (
        "blockades",
        "Blockades in force",
        "blockades",
        "blockades in force on the last day of t; of a country watched from its first marker on",
        "log1p",
        "A blockade is slow violence that ends in a fast one.",
    ),
    (
        "ceasefires",
        "Ceasefires in force",
        "ceasefires",
        "ceasefires in force on the last day of t; of a country watched from its first marker on",
        "log1p",
        "A truce is quiet, and breaks at once.",
    ),
)


def _missing_without(source: str) -> str:
    return f"{source}; missing until it is ingested"


def _flows() -> Iterator[Indicator]:
    for variable, words, unit, family, windows, source, why in _FLOWS:
        for months in windows:
            yield Indicator(
                name=f"{variable}_{months}m",
                label=f"{capitalised(words)} in the {last(months)}, a month late",
                unit=unit,
                formula=f"sum of x[s] over the {last(months)} before the newest, as known at the "
                f"end of t, x = {words}",
                source=_missing_without(source),
                family=family,
                why=why,
                transform="log1p",
                measure=KnownValue(f"{variable}_{months}m"),
            )


def _values() -> Iterator[Indicator]:
    for variable, label, unit, formula, transform, family, source, why in _VALUES:
        yield Indicator(
            name=variable,
            label=label,
            unit=unit,
            formula=f"as known at the end of t: {formula}",
            source=_missing_without(source),
            family=family,
            why=why,
            transform=transform,
            measure=KnownValue(variable),
        )
    for variable, label, unit, transform, why in _TRAITS:
        yield Indicator(
            name=variable,
            label=label,
            unit=unit,
            formula="the newest value given up to the end of t",
            source=_missing_without("a table of one's own observations"),
            family="structure",
            why=why,
            transform=transform,
            measure=KnownValue(variable),
        )
    for variable, label, unit, formula, transform, why in _MARKERS:
        yield Indicator(
            name=variable,
            label=label,
            unit=unit,
            formula=formula,
            source="markers entered by hand; missing until a country has one",
            family="control and coercion" if variable == "blockades" else "markers",
            why=why,
            transform=transform,
            measure=KnownValue(variable),
        )


def declare_context() -> Iterator[Indicator]:
    """Yields the indicators of context."""
    yield from _flows()
    yield from _values()
