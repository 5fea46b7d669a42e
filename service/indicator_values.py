"""What every indicator says of every region, as known on a day: for the page, the API, the CLI."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import date
from functools import cache, cached_property

from sqlalchemy import Connection

from data.calendar import period_label
from data.errors import UnknownName
from data.observation import QUANTITIES
from data.panel import build_panel
from data.panel.counts import COUNTED
from data.panel.markers import MARKED
from data.panel.observed import OBSERVED
from data.regions import RegionSet
from data.sources.registry import SOURCES
from features.build import FeatureMatrix, rows_for_origin
from features.catalogue import ALL, CATALOGUE, find_indicator
from features.indicator import Indicator
from features.measures import EscalationThreshold, FixedTrait, WindowSeason
from models.outcome import definition_of
from models.settings import ModelSettings


@dataclass(frozen=True)
class IndicatorValues:
    """All indicators of a region set at the last period that is known.

    Attributes:
        region_set: Name of the set.
        as_of: Knowledge limit.
        data_cutoff: Last day that the event source speaks for.
        period: Label of the period, e.g. `2021-07`.
        region_ids: The regions.
        matrix: The values, one period.
    """

    region_set: str
    as_of: date
    data_cutoff: date
    period: str
    region_ids: tuple[str, ...]
    matrix: FeatureMatrix

    def of_region(self, region_id: str) -> dict[str, float | None]:
        """Returns the value of each indicator by name, None where it is missing.

        Raises:
            UnknownName: The set has no such region.
        """
        if region_id not in self._position_of:
            raise UnknownName(
                f"No region '{region_id}' in '{self.region_set}'.",
                "See `tocsin regions list`.",
            )
        row = self.matrix.raw[0, self._position_of[region_id]]
        return dict(zip(self.matrix.names, map(_number, row), strict=True))

    def of_indicator(self, name: str) -> dict[str, float | None]:
        """Returns the value of each region by identifier, None where it is missing.

        Raises:
            UnknownName: There is no such indicator.
        """
        column = self.matrix.names.index(find_indicator(name).name)
        values = self.matrix.raw[0, :, column]
        return dict(zip(self.region_ids, map(_number, values), strict=True))

    @cached_property
    def _position_of(self) -> dict[str, int]:
        return {region_id: position for position, region_id in enumerate(self.region_ids)}


def read_indicators(
    connection: Connection, region_set: RegionSet, as_of: date, settings: ModelSettings
) -> IndicatorValues:
    """Returns all indicators of all regions at the last period that is known on a day.

    Args:
        connection: Any connection.
        region_set: The regions.
        as_of: The knowledge limit.
        settings: Definition of escalation, horizons: the shortest one is used.

    Raises:
        NothingKnown: Nothing is known of the set's countries, or of no whole period.
    """
    panel = build_panel(connection, region_set, as_of)
    definition, horizon = definition_of(settings), min(settings.horizons_of(panel.step))
    return IndicatorValues(
        region_set=region_set.name,
        as_of=as_of,
        data_cutoff=panel.data_cutoff,
        period=period_label(panel.origin, panel.step),
        region_ids=panel.region_ids,
        matrix=rows_for_origin(panel, ALL, definition, horizon),
    )


@cache
def list_closed_indicators(source: str) -> frozenset[str]:
    """Returns the indicators that are read off observations which may not be passed on.

    Sums and newest values of a source's own numbers are near enough to these numbers to stand for
    them: they inform scores, and are told to nobody outside.

    Args:
        source: Source of the region set.
    """
    closed = {
        variable
        for variable, observed in OBSERVED.items()
        if not SOURCES[QUANTITIES[observed.quantity].source].redistributable
    }
    is_base_closed = are_counts_closed(source)
    return frozenset(
        name
        for name, indicator in CATALOGUE.items()
        if not closed.isdisjoint(indicator.variables)
        or (is_base_closed and _needs_counts(indicator))
    )


def _needs_counts(indicator: Indicator) -> bool:
    """Returns True for what is computed from the panel's base: a ratio gives its parts away too.

    The threshold of an outcome is no such thing: without it nobody knows what a score means.
    """
    if isinstance(indicator.measure, WindowSeason | FixedTrait | EscalationThreshold):
        return False
    return not indicator.variables or not {*OBSERVED, *MARKED}.issuperset(indicator.variables)


def are_counts_closed(source: str) -> bool:
    """Returns True if a set's panel is made of counts that may not be passed on as they are."""
    return source in COUNTED and not SOURCES[source].redistributable


def _number(value: float) -> float | None:
    return float(value) if math.isfinite(value) else None
