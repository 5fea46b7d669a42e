"""All sources by name, and how each is read and fetched.

A source without an adapter has a way in of its own: the simulated world makes its releases, reports
come by the API, markers by hand.
"""

from __future__ import annotations

from datetime import date
from pathlib import Path

from data.errors import UsageError
from data.events import Batch
from data.observation import ObservationBatch
from data.sources.acled import ACLED, read_acled
from data.sources.acled_api import fetch_acled, require_acled_enabled
from data.sources.chirps import CHIRPS, fetch_chirps, read_chirps
from data.sources.chirps import PARTS as CHIRPS_PARTS
from data.sources.conflictforecast import (
    CONFLICTFORECAST,
    fetch_conflictforecast,
    read_conflictforecast,
)
from data.sources.contract import Adapter, Query, SourceInfo
from data.sources.dtm import DTM, fetch_dtm, read_dtm
from data.sources.dtm import LEVELS as DTM_LEVELS
from data.sources.ged import GED, read_ged
from data.sources.hapi import HAPI, fetch_hapi, read_hapi
from data.sources.idmc import IDMC, fetch_idmc, read_idmc
from data.sources.ipc import IPC, fetch_ipc, read_ipc
from data.sources.own_observations import OWN_OBSERVATIONS, read_own_observations
from data.sources.reported import REPORTS
from data.sources.simulated import SIMULATED
from data.sources.ucdp_releases import fetch_ged, release_days
from data.sources.views import LEVELS as VIEWS_LEVELS
from data.sources.views import VIEWS, fetch_views, read_views
from data.sources.wfp import WFP, fetch_wfp, read_wfp


def _read_ged(path: Path, query: Query, known_at: date) -> Batch:
    days = release_days(query.version) if query.version else None
    first, last = days or (None, None)
    return read_ged(
        path,
        known_at=known_at,
        covers_from=query.since or first,
        covers_to=query.until or last,
        countries=query.countries or None,
    )


def _read_acled(path: Path, query: Query, known_at: date) -> Batch:
    if query.since is None or query.until is None:
        raise UsageError("A file of ACLED does not say its days.", "Add --since and --until.")
    return read_acled(
        path,
        known_at=known_at,
        covers_from=query.since,
        covers_to=query.until,
        countries=query.countries or None,
    )


def _read_chirps(path: Path, _query: Query, _known_at: date) -> ObservationBatch:
    return read_chirps(path)


def _read_hapi(path: Path, _query: Query, known_at: date) -> ObservationBatch:
    return read_hapi(path, known_at)


def _read_idmc(path: Path, _query: Query, _known_at: date) -> ObservationBatch:
    return read_idmc(path)


def _read_own_observations(path: Path, _query: Query, _known_at: date) -> ObservationBatch:
    return read_own_observations(path)


ADAPTERS: dict[str, Adapter] = {
    adapter.info.name: adapter
    for adapter in (
        Adapter(GED, _read_ged, fetch_ged, needs=("version",), parts=("file", "api")),
        Adapter(
            ACLED,
            _read_acled,
            fetch_acled,
            needs=("countries", "since", "until"),
            guard=require_acled_enabled,
        ),
        Adapter(HAPI, _read_hapi, fetch_hapi, needs=("countries",)),
        Adapter(IDMC, _read_idmc, fetch_idmc),
        Adapter(DTM, read_dtm, fetch_dtm, needs=("countries",), parts=DTM_LEVELS),
        Adapter(IPC, read_ipc, fetch_ipc, needs=("countries",)),
        Adapter(WFP, read_wfp, fetch_wfp, needs=("countries",), is_guarded=True),
        Adapter(
            CHIRPS,
            _read_chirps,
            fetch_chirps,
            needs=("countries",),
            parts=CHIRPS_PARTS,
            is_guarded=True,
        ),
        Adapter(OWN_OBSERVATIONS, _read_own_observations),
        Adapter(VIEWS, read_views, fetch_views, parts=VIEWS_LEVELS),
        Adapter(CONFLICTFORECAST, read_conflictforecast, fetch_conflictforecast),
    )
}
"""Name to adapter, of every source that is read from files."""

SOURCES: dict[str, SourceInfo] = {
    source.name: source
    for source in (
        GED,
        ACLED,
        REPORTS,
        SIMULATED,
        *(adapter.info for adapter in ADAPTERS.values() if adapter.info.kind != "events"),
    )
}
"""Name to source."""
