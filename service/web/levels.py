"""Risk levels as they are shown: a word, a rank and a place on the colour ramp, never colour alone.

The style sheet holds a sequential ramp of nine steps whose lightness rises or falls without a turn,
so that it stays in order for every kind of colour blindness and in grey print. A deployment may
name as many levels as it likes; they are spread over the ramp.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from service.web.words import DASH, spoken

RAMP_STEPS = 9
"""Steps of the ramp in the style sheet, classes `ramp-1` to `ramp-9`."""


@dataclass(frozen=True)
class Level:
    """One risk level, ready to be shown.

    Attributes:
        name: As stored, `very_high`.
        words: As read, `very high`.
        rank: 1 for the lowest.
        n_levels: How many there are.
        ramp: Step of the ramp, 1 to 9.
        bounds: Band of the risk score in words, `25% to under 50%`.
        low: Lower bound of the risk score, inclusive.
        high: Upper bound, exclusive; above 1 for the highest.
    """

    name: str
    words: str
    rank: int
    n_levels: int
    ramp: int
    bounds: str
    low: float
    high: float

    @property
    def pips(self) -> tuple[bool, ...]:
        """One mark per level, filled up to this one: the sign beside the colour."""
        return tuple(place < self.rank for place in range(self.n_levels))


def describe_levels(bounds: Mapping[str, float]) -> dict[str, Level]:
    """Returns the levels of a deployment by name, lowest first.

    Args:
        bounds: Level name to the least risk score, rising from 0.
    """
    names = list(bounds)
    last = len(names) - 1
    described = {}
    for place, name in enumerate(names):
        low = bounds[name]
        if place == last:
            band = f"{_bound(low)} and above"
        elif place == 0:
            band = f"under {_bound(bounds[names[1]])}"
        else:
            band = f"{_bound(low)} to under {_bound(bounds[names[place + 1]])}"
        ramp = 1 + round(place * (RAMP_STEPS - 1) / last) if last else RAMP_STEPS
        high = bounds[names[place + 1]] if place < last else 1.01
        described[name] = Level(name, spoken(name), place + 1, last + 1, ramp, band, low, high)
    return described


def level_of(name: str | None, levels: Mapping[str, Level]) -> Level | None:
    """Returns the level of a stored name.

    A publication is immutable while settings are not: a name that the settings of today do not
    know is shown as a word without rank, at the foot of the ramp.
    """
    if name is None:
        return None
    return levels.get(name) or Level(name, spoken(name), 0, len(levels), 1, DASH, 0.0, 1.01)


def _bound(share: float) -> str:
    return f"{share * 100:g}%"
