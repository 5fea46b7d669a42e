"""Addresses of pages and feeds, always relative to this service."""

from __future__ import annotations

from datetime import date
from urllib.parse import quote, urlencode

from service.feeds.addresses import write_address, write_index_address

to_feed = write_address
to_feeds = write_index_address


def to_set(
    region_set: str,
    horizon: int | None = None,
    *,
    as_of: date | None = None,
    sort: str | None = None,
    outcome: str | None = None,
    page: int | None = None,
) -> str:
    """Returns the address of a set's map and table.

    Args:
        region_set: Name of the set.
        horizon: Steps ahead; None for the default.
        as_of: Only for an older publication.
        sort: Order of the table.
        outcome: Only for another outcome than the first.
        page: Page of the table; None for the first.
    """
    query = _query(outcome=outcome, horizon=horizon, as_of=as_of, sort=sort, page=page)
    return f"/sets/{_part(region_set)}{query}"


def to_region(
    region_set: str,
    region_id: str,
    horizon: int | None = None,
    *,
    as_of: date | None = None,
    outcome: str | None = None,
) -> str:
    """Returns the address of a region's page; `outcome` only for another than the first."""
    place = f"/sets/{_part(region_set)}/regions/{_part(region_id)}"
    return place + _query(outcome=outcome, horizon=horizon, as_of=as_of)


def to_alerts(region_set: str) -> str:
    """Returns the address of a set's alerts."""
    return f"/sets/{_part(region_set)}/alerts"


def to_reliability(region_set: str, horizon: int | None = None, outcome: str | None = None) -> str:
    """Returns the address of a set's track record; `outcome` only for another than the first."""
    return f"/sets/{_part(region_set)}/reliability{_query(outcome=outcome, horizon=horizon)}"


def to_incident(incident_id: str) -> str:
    """Returns the address of an incident's page."""
    return f"/alerts/{quote(incident_id, safe=':')}"


def to_sign_in(then: str) -> str:
    """Returns the address for signing in, from where it goes on to `then`."""
    return f"/sign-in{_query(next=then)}"


def to_publications(region_set: str, page: int | None = None) -> str:
    """Returns the address of a set's list of publications."""
    return f"/sets/{_part(region_set)}/publications{_query(page=page)}"


def _part(name: str) -> str:
    return quote(name, safe="")


def _query(**values: object) -> str:
    given = {name: str(value) for name, value in values.items() if value is not None}
    return f"?{urlencode(given)}" if given else ""
