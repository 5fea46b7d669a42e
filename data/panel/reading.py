"""Reading what was known on a day out of the store, and making a panel of it."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

from sqlalchemy import Connection

from data.actors import load_actors
from data.errors import NothingKnown
from data.panel.arrays import Panel
from data.panel.assembly import assemble_counts, assemble_panel
from data.panel.counts import COUNTED, require_countable
from data.panel.markers import mark_regions
from data.panel.observed import observe_regions
from data.regions import RegionSet
from data.store import (
    coverage_as_known,
    events_as_known,
    list_deliveries,
    markers_as_known,
    observations_as_known,
)


def build_panel(
    connection: Connection, region_set: RegionSet, as_of: date, *, is_base_only: bool = False
) -> Panel:
    """Returns the panel of a region set from what its source had told by the end of a day (UTC).

    With it comes what other sources had observed of its regions and what markers say of them.

    Args:
        connection: Any connection.
        region_set: The regions.
        as_of: The knowledge limit.
        is_base_only: Only `BASE_VARIABLES` are wanted: what takes time beside them is left out.

    Raises:
        NothingKnown: Nothing is known of the set's countries, or of no whole period.
        UsageError: The source tells of no events, and of no counts that fit the set.
    """
    require_countable(region_set)
    delivered = list_deliveries(connection, region_set.source, as_of)
    if not delivered:
        later = list_deliveries(connection, region_set.source)
        hint = (
            f"The first delivery became known on {later[0].known_at.date()}."
            if later
            else "Take in a delivery first: see `tocsin ingest --help`."
        )
        raise NothingKnown(f"Nothing from '{region_set.source}' is known as of {as_of}.", hint)
    coverage = coverage_as_known(connection, region_set.source, as_of)
    is_simulated = any(delivery.is_simulated for delivery in delivered)
    if region_set.source in COUNTED:
        panel = assemble_counts(
            observations_as_known(connection, region_set.source, as_of),
            coverage,
            region_set,
            as_of,
            is_simulated=is_simulated,
        )
    else:
        panel = assemble_panel(
            events_as_known(connection, region_set.source, as_of),
            coverage,
            region_set,
            as_of,
            is_simulated=is_simulated,
            actors=load_actors(connection),
            is_base_only=is_base_only,
        )
    if is_base_only:
        return panel
    observed = observe_regions(connection, region_set, panel.periods, as_of)
    marked = mark_regions(markers_as_known(connection, as_of), region_set, panel.periods)
    return replace(panel, values=panel.values | observed | marked)
