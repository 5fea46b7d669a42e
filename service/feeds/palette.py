"""Colours of risk levels in files: one hue, the darker the higher, in order in grey print too."""

from __future__ import annotations

from collections.abc import Iterable

MISSING = "#d9d9d9"
"""Colour of a region without a score: grey is no level."""

_RAMP: tuple[str, ...] = (
    "#fff3d6",
    "#fdd49e",
    "#fdbb84",
    "#fc8d59",
    "#e34a33",
    "#b30000",
    "#7f0000",
)
_DARK_BELOW = 128.0


def colour_levels(names: Iterable[str]) -> dict[str, str]:
    """Returns a colour per level, spread over the ramp.

    Args:
        names: Names of the levels, lowest first.
    """
    listed = list(names)
    last = max(len(listed) - 1, 1)
    return {name: _RAMP[round(rank * (len(_RAMP) - 2) / last)] for rank, name in enumerate(listed)}


def is_dark(colour: str) -> bool:
    """Returns True if white letters are read better than black ones on `#rrggbb`."""
    red, green, blue = (int(colour[start : start + 2], 16) for start in (1, 3, 5))
    return 0.299 * red + 0.587 * green + 0.114 * blue < _DARK_BELOW
