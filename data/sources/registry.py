"""All sources of events, by name."""

from __future__ import annotations

from data.sources.contract import SourceInfo
from data.sources.ged import GED

SOURCES: dict[str, SourceInfo] = {source.name: source for source in (GED,)}
"""Name to source."""
