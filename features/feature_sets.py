"""Feature sets: the named lists of indicators that models use.

A feature set never changes: a change is a new name, so that the name in an old model's manifest
keeps its meaning. Only names stand here, so that settings need no indicator; what is behind a name
is in `features.catalogue`.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

_SEASON = ("season_sin", "season_cos", "season_june_september")
_THRESHOLD = (
    "escalation_threshold",
    "threshold_over_current",
    "threshold_over_pace_3m",
    "threshold_over_pace_12m",
)


def _over(months: tuple[int, ...], *variables: str) -> tuple[str, ...]:
    return tuple(f"{variable}_{window}m" for variable in variables for window in months)


FEATURE_SETS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "small-1": (*_over((1, 3, 6, 12, 24), "deaths", "events"), *_THRESHOLD, *_SEASON),
        "wide-1": (
            *_over((1, 3, 6, 12, 24), "events", "events_state_based", "events_non_state"),
            *_over((1, 3, 6, 12, 24), "events_one_sided", "deaths", "deaths_state_based"),
            *_over((1, 3, 6, 12, 24), "deaths_non_state", "deaths_one_sided"),
            *_over((3, 12), "deaths_civilians"),
            *_over((1, 3, 12), "events_decay", "deaths_decay"),
            *("months_since_event", "months_since_death"),
            *_over((1, 3, 12), "neighbour_events_mean", "neighbour_deaths_mean"),
            *_over((12,), "neighbour_events_sum", "neighbour_deaths_sum"),
            *_over((3, 12), "neighbour_events_max", "neighbour_deaths_max"),
            *_over((3, 12), "country_events", "country_deaths", "estimate_gap"),
            "coarse_share_12m",
            *_THRESHOLD,
            *_SEASON,
        ),
    }
)
"""Names by feature set: `small-1` is what helps out of time, `wide-1` is for trials."""

DEFAULT_FEATURE_SET = "small-1"
"""Name of the feature set that a model is trained on unless settings say otherwise."""
