"""All sources by name, of events and of observations."""

from __future__ import annotations

from data.sources.acled import ACLED
from data.sources.chirps import CHIRPS
from data.sources.contract import SourceInfo
from data.sources.ged import GED
from data.sources.hapi import HAPI
from data.sources.idmc import IDMC
from data.sources.own_observations import OWN_OBSERVATIONS
from data.sources.simulated import SIMULATED

SOURCES: dict[str, SourceInfo] = {
    source.name: source for source in (GED, ACLED, SIMULATED, CHIRPS, HAPI, IDMC, OWN_OBSERVATIONS)
}
"""Name to source."""
