"""The catalogue: every indicator by name, and those of a feature set.

An indicator is published for people in its natural unit. What a model sees is the same number
after the declared transform.
"""

from __future__ import annotations

from collections.abc import Mapping
from difflib import get_close_matches
from types import MappingProxyType

from data.errors import UnknownName
from features.declarations import declare_indicators
from features.feature_sets import FEATURE_SETS
from features.indicator import Indicator

CATALOGUE: Mapping[str, Indicator] = MappingProxyType(
    {indicator.name: indicator for indicator in declare_indicators()}
)
"""Every indicator by name, in order of declaration."""

ALL = "all"
"""The set of the whole catalogue, for people; it grows with the catalogue."""


def indicators_of(feature_set: str) -> tuple[Indicator, ...]:
    """Returns the indicators of a feature set, in the order of the model's columns.

    Args:
        feature_set: A name in `features.feature_sets.FEATURE_SETS`; or `all`; or a name with
            families added for a trial, as in `small-1+tempo+contested-reports`: those of their
            indicators that the set lacks come after it, in order of the catalogue.

    Raises:
        UnknownName: There is no such feature set or family.
    """
    if feature_set == ALL:
        return tuple(CATALOGUE.values())
    base, *added = feature_set.split("+")
    if base not in FEATURE_SETS:
        raise UnknownName(
            f"No feature set '{feature_set}'.", f"Choose from {', '.join(FEATURE_SETS)}."
        )
    families = family_codes()
    for code in added:
        if code not in families:
            raise UnknownName(
                f"No family of indicators '{code}'.", f"Choose from {', '.join(families)}."
            )
    names = FEATURE_SETS[base]
    more = (one for one in CATALOGUE.values() if one.family_code in added and one.name not in names)
    return (*(CATALOGUE[name] for name in names), *more)


def find_indicator(name: str) -> Indicator:
    """Returns the indicator of a name.

    Raises:
        UnknownName: There is none.
    """
    if name not in CATALOGUE:
        near = get_close_matches(name, CATALOGUE, n=3) or ["tocsin indicators list"]
        raise UnknownName(f"No indicator '{name}'.", f"See {', '.join(near)}.")
    return CATALOGUE[name]


def family_codes() -> tuple[str, ...]:
    """Returns the families of indicators, as words that a feature set can name."""
    return tuple(dict.fromkeys(one.family_code for one in CATALOGUE.values()))
