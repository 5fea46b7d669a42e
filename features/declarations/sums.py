"""Declarations of one shape: sums over windows, of a region's own counts or of those around it."""

from __future__ import annotations

from features.declarations.words import capitalised, last
from features.indicator import Indicator
from features.measures import (
    CountrySum,
    Exposure,
    NeighbourMax,
    NeighbourMean,
    NeighbourSum,
    WindowSum,
)

_Sum = WindowSum | CountrySum | Exposure | NeighbourMax | NeighbourMean | NeighbourSum


def declare_sum(
    measure: _Sum,
    words: str,
    *,
    unit: str,
    source: str,
    family: str,
    why: str,
    name: str = "{variable}_{months}m",
    label: str = "{words} in the {last}",
    formula: str = "sum of x[s] over the {last}",
) -> Indicator:
    """Returns the indicator of a sum over a window.

    Args:
        measure: The sum.
        words: What is summed, in words.
        unit: As for an indicator.
        source: As for an indicator.
        family: As for an indicator.
        why: As for an indicator.
        name: As for an indicator; `{variable}` and `{months}` are the measure's.
        label: As for an indicator; `{words}` begins with a capital, `{last}` is the window.
        formula: As for an indicator, x being what is summed.
    """
    window = last(measure.months)
    return Indicator(
        name=name.format(variable=measure.variable, months=measure.months),
        label=label.format(words=capitalised(words), last=window),
        unit=unit,
        formula=f"{formula.format(last=window)}, x = {words}",
        source=source,
        family=family,
        why=why,
        transform="log1p",
        measure=measure,
    )
