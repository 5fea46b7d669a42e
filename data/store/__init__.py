"""The event store: what each source told, and when it became known. Appended to, never changed.

Owns deliveries, the history of every event, quarantine, and what was known on a day. Does not own
how a source is read (`data.sources`) nor arrays (`data.panel`).
May import: `data.sources.contract`, `data.events`, `data.tables`, `data.database`,
`data.calendar`, `data.errors`; pandas, pyarrow, SQLAlchemy.
Invariants: a delivery is stored whole or not at all; a row once stored stays; knowledge as of a
day never holds a row that became known later; a later delivery never hides an earlier as-of.

Where to go:
    storing a delivery                append.py
    what a delivery changes           changes.py
    the row of a delivery             deliveries.py
    how rows of events lie            blocks.py
    events and coverage as of a day   as_known.py
    deliveries, quarantine            listing.py
    observations of places            observations.py
    confidence of reported events     confidences.py
    structural events entered by hand markers.py
    forecasts of others               forecasts.py
    some of the events                selection.py
    every version of every event      versions.py
"""

from __future__ import annotations

from data.store.append import append_delivery
from data.store.as_known import (
    Coverage,
    coverage_as_known,
    coverage_known_at,
    drop_deleted,
    events_as_known,
    events_known_at,
    is_covered,
    read_latest,
)
from data.store.changes import is_claimed, is_listed
from data.store.confidences import append_confidences, confidences_as_known
from data.store.deliveries import DeliveryReport
from data.store.forecasts import append_forecasts, forecasts_as_known, list_forecast_runs
from data.store.listing import Delivery, QuarantinedRow, list_deliveries, list_quarantine
from data.store.markers import append_markers, markers_as_known, withdraw_marker
from data.store.observations import (
    append_observations,
    observation_versions,
    observations_as_known,
    observations_known_at,
)
from data.store.selection import select_events
from data.store.versions import STILL, read_versions

__all__ = [
    "STILL",
    "Coverage",
    "Delivery",
    "DeliveryReport",
    "QuarantinedRow",
    "append_confidences",
    "append_delivery",
    "append_forecasts",
    "append_markers",
    "append_observations",
    "confidences_as_known",
    "coverage_as_known",
    "coverage_known_at",
    "drop_deleted",
    "events_as_known",
    "events_known_at",
    "forecasts_as_known",
    "is_claimed",
    "is_covered",
    "is_listed",
    "list_deliveries",
    "list_forecast_runs",
    "list_quarantine",
    "markers_as_known",
    "observation_versions",
    "observations_as_known",
    "observations_known_at",
    "read_latest",
    "read_versions",
    "select_events",
    "withdraw_marker",
]
