"""Indicators that a publication keeps for the rules of alerts: as known when it was made.

What an indicator says of a past period changes with every late report. A rule that asks for one is
therefore answered from what was frozen with the publication, and a replay finds the same. They are
not rendered into any file.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping
from dataclasses import replace

import numpy as np

from data.panel import Panel
from features.catalogue import CATALOGUE
from features.fill import fill_indicators
from models.outcome import definition_of
from models.settings import ModelSettings
from service.publications.publication import Publication

RULE_INDICATORS: tuple[str, ...] = tuple(
    name for name, indicator in CATALOGUE.items() if indicator.family_code == "front-and-spillover"
)
"""Names of the indicators that a rule may ask for: the front seen from the capital, and what
happens nearby. The names never change, like those of all indicators."""

_DECIMALS = 3

IndicatorsByRegion = Mapping[str, Mapping[str, float | None]]
"""Indicator to region to value, None where it has none."""


def attach_indicators(
    publication: Publication, panel: Panel, settings: ModelSettings
) -> Publication:
    """Returns the publication with the indicators that rules may ask for, at its origin."""
    found = read_rule_indicators(panel, {publication.origin}, settings)
    return replace(publication, indicators=found[publication.origin])


def read_rule_indicators(
    panel: Panel, origins: Collection[int], settings: ModelSettings
) -> dict[int, IndicatorsByRegion]:
    """Returns the indicators that rules may ask for, by origin; from no later period than that.

    Args:
        panel: What is known.
        origins: Ordinals of periods; those outside the panel are left out.
        settings: Definition of escalation and horizons; none of these indicators depends on them.
    """
    first = int(panel.periods[0])
    rows = sorted(origin - first for origin in origins if origin in panel.periods)
    if not rows:
        return {}
    indicators = [CATALOGUE[name] for name in RULE_INDICATORS]
    begin, end = rows[0], rows[-1] + 1
    values = np.empty((len(indicators), end - begin, len(panel.region_ids)), np.float32)
    horizon, definition = min(settings.horizons_of(panel.step)), definition_of(settings)
    fill_indicators(panel, indicators, (begin, end), horizon, definition, values)
    return {
        first + row: {
            name: dict(zip(panel.region_ids, map(_number, of_one[row - begin]), strict=True))
            for name, of_one in zip(RULE_INDICATORS, values, strict=True)
        }
        for row in rows
    }


def _number(value: np.float32) -> float | None:
    """A plain float, rounded: the last bits of a sum are nobody's bound."""
    return round(float(value), _DECIMALS) + 0.0 if math.isfinite(value) else None
