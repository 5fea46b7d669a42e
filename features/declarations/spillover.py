"""Declarations: neighbours, the country, nearness, and the front as seen from the capital."""

from __future__ import annotations

from collections.abc import Iterator

from features.declarations.sums import declare_sum
from features.declarations.words import EVENTS
from features.indicator import Indicator
from features.measures import (
    FRONT_DEATHS,
    CapitalFront,
    CountrySum,
    Exposure,
    FixedTrait,
    NeighbourMax,
    NeighbourMean,
    NeighbourSum,
)


def _neighbours() -> Iterator[Indicator]:
    touching = {"source": f"{EVENTS}; neighbours from its geometry", "family": "neighbours"}
    spreads = "Violence spreads to regions that touch, across borders too."
    for variable in ("events", "deaths"):
        for months in (1, 3, 12):
            yield declare_sum(
                NeighbourMean(variable, months),
                variable,
                name="neighbour_{variable}_mean_{months}m",
                label="{words} in an average neighbouring region in the {last}",
                unit=f"{variable} per region",
                formula="n * sum of x / number of known x, over neighbours and the n periods of "
                "the {last}",
                why=spreads,
                **touching,
            )
        yield declare_sum(
            NeighbourSum(variable, 12),
            variable,
            name="neighbour_{variable}_sum_{months}m",
            label="{words} in all neighbouring regions in the {last}",
            unit=variable,
            formula="sum of x[s] over all neighbours and the {last}",
            why=spreads,
            **touching,
        )
        for months in (3, 12):
            yield declare_sum(
                NeighbourMax(variable, months),
                variable,
                name="neighbour_{variable}_max_{months}m",
                label="{words} in the hardest hit neighbouring region in the {last}",
                unit=variable,
                formula="largest sum of x[s] over the {last} among known neighbours",
                **touching
                | {
                    "why": "One burning neighbour is another risk than many with a little violence."
                },
            )


def _countries() -> Iterator[Indicator]:
    for variable in ("events", "deaths"):
        for months in (3, 12):
            yield declare_sum(
                CountrySum(variable, months),
                variable,
                name="country_{variable}_{months}m",
                label="{words} in the whole country in the {last}",
                unit=variable,
                formula="sum of x[s] over the {last}, all regions of the country, plus what is "
                "held at country level",
                source=EVENTS,
                family="country",
                why="A war has a national course; events without a known place count only here.",
            )


def _exposures() -> Iterator[Indicator]:
    for variable, months in (("events", 3), ("deaths", 3), ("deaths", 12)):
        yield declare_sum(
            Exposure(variable, months),
            variable,
            name="exposure_{variable}_{months}m",
            label="{words} in regions nearby in the {last}, weighted by nearness",
            unit=f"{variable} per region",
            formula="sum of w * y / sum of w over known regions with a centre within 400 km, "
            "w = exp(-km / 100), y = sum of x[s] over the {last}",
            source=f"{EVENTS}; distances from its geometry",
            family="front and spillover",
            why="Groups travel: violence two regions away is nearer than a border suggests.",
        )


def _fronts() -> Iterator[Indicator]:
    source = f"{EVENTS}; capitals from the gazetteer"
    for kind, months, words, formula in (
        (
            "centroid",
            12,
            "the centroid of the country's deaths",
            "km from the capital to the mean of region centres weighted by deaths, last 12 months",
        ),
        (
            "nearest",
            3,
            "the country's active front nearest to it",
            f"least km from the capital to a region with {FRONT_DEATHS} deaths or more in the last "
            "3 months",
        ),
    ):
        name = "centroid" if kind == "centroid" else "front"
        yield Indicator(
            name=f"{name}_distance_{months}m",
            label=f"Distance from the capital to {words} (last {months} months)",
            unit="km",
            formula=f"{formula}; missing without violence or where a region is unknown",
            source=source,
            family="front and spillover",
            why="A war that nears the capital changes who decides and who flees.",
            transform="log1p",
            measure=CapitalFront("centroid" if kind == "centroid" else "nearest", months),
        )
        yield Indicator(
            name=f"{name}_advance_{months}m",
            label=f"How much nearer to the capital {words} has come in {months} months",
            unit="km",
            formula=f"d[{months} months ago] - d[t], d = {name}_distance_{months}m; positive is "
            "toward the capital",
            source=source,
            family="front and spillover",
            why="Movement of the front says more than where it stands.",
            transform="identity",
            measure=CapitalFront("centroid" if kind == "centroid" else "nearest", months, months),
        )


def _traits() -> Iterator[Indicator]:
    yield Indicator(
        name="capital_distance",
        label="Distance of the region from the capital",
        unit="km",
        formula="great-circle km from the centre of the region to the capital",
        source="geometry of the region set; capitals from the gazetteer",
        family="structure",
        why="The reach of the state ends somewhere.",
        transform="log1p",
        measure=FixedTrait("capital_km"),
    )
    yield Indicator(
        name="is_border_region",
        label="Region at a border of its country",
        unit="yes or no",
        formula="1 if a neighbour belongs to another country, else 0",
        source="geometry of the region set",
        family="structure",
        why="Borders are where groups rest, trade and cross.",
        transform="identity",
        measure=FixedTrait("is_border"),
    )


def declare_spillover() -> Iterator[Indicator]:
    """Yields the indicators of what happens around a region."""
    yield from _neighbours()
    yield from _countries()
    yield from _exposures()
    yield from _fronts()
    yield from _traits()
