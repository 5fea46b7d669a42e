"""What the outcome of fatalities is called, and which of its quantiles are told."""

from __future__ import annotations

FATALITIES = "fatalities"
VERSION = "fatalities-1"
QUANTILES: tuple[float, ...] = tuple(round(0.05 * step, 2) for step in range(1, 20))
