"""All sources of events, by name."""

from __future__ import annotations

from data.sources.acled import ACLED
from data.sources.contract import SourceInfo
from data.sources.ged import GED
from data.sources.simulated import SIMULATED

SOURCES: dict[str, SourceInfo] = {source.name: source for source in (GED, ACLED, SIMULATED)}
"""Name to source."""
