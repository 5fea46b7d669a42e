"""An indicator: a named quantity per region and period, declared before it is computed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from features.measures import Measure

Transform = Literal["identity", "log1p", "log"]


@dataclass(frozen=True)
class Indicator:
    """One declared quantity per region and period.

    Attributes:
        name: Identifier, unique, in snake_case; `3m` is a window of 3 months.
        label: The quantity in words, for people.
        unit: Unit of the natural value; `1` if it has none.
        formula: How it is computed.
        source: What it is computed from.
        family: Group of indicators that answer the same question.
        why: Why an analyst looks at it.
        transform: What a model sees of it: the value, log(1 + value) or log(value).
        measure: The arithmetic.
    """

    name: str
    label: str
    unit: str
    formula: str
    source: str
    family: str
    why: str
    transform: Transform
    measure: Measure
