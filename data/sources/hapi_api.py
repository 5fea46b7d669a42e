"""The HDX Humanitarian API: rows of one of its tables, page by page.

Every request names the application that asks (`TOCSIN_HAPI_APP_IDENTIFIER`, in a header, so that
it is in no address). Pages are asked for by offset; the last one is shorter than the limit.
"""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from data.sources.contract import Access, Query, SourceInfo, read_credential
from data.sources.paging import Page, collect_pages

PAGE_ROWS = 10_000
"""The most that the API gives at once."""

_HINT = "Check TOCSIN_HAPI_APP_IDENTIFIER, made at /api/v2/encode_app_identifier."


def fetch_hapi_rows(
    access: Access, query: Query, source: SourceInfo, table: str, **filters: str
) -> tuple[str, list[dict[str, Any]]]:
    """Returns the address and the rows of a table for countries and days.

    What was not asked for and comes all the same is left out.

    Args:
        access: With what to ask.
        query: Countries, and days if they matter; a row counts if its reference period touches
            them.
        source: Who asks, for messages and the credential.
        table: Path of the table, e.g. `coordination-context/conflict-events`.
        **filters: Further parameters.

    Raises:
        SettingsError: There is no app identifier.
        SourceUnavailable: The rows cannot be had whole, or there is none.
    """
    identifier = read_credential(access.settings, source, "hapi_app_identifier")
    headers = {"X-HDX-HAPI-APP-IDENTIFIER": identifier}
    url = f"{access.settings.hapi_url}/api/v2/{table}"
    first, last = str(query.since or ""), str(query.until or "9999")
    found: list[dict[str, Any]] = []
    for country in query.countries:
        asked = {"location_code": country, "output_format": "json", "limit": PAGE_ROWS, **filters}
        if query.since is not None:
            asked["start_date"] = str(query.since)
        if query.until is not None:
            asked["end_date"] = str(query.until)

        def read_page(page_url: str) -> Page:
            answer = access.fetcher.get_json(page_url, headers=headers, hint=_HINT)
            rows = answer.get("data") if isinstance(answer, dict) else None
            if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
                raise access.fetcher.fail(page_url, "its answer has no rows in 'data'", _HINT)
            if len(rows) < PAGE_ROWS:
                return Page(rows, None, None)
            start, _, offset = page_url.rpartition("offset=")
            return Page(rows, f"{start}offset={int(offset) + PAGE_ROWS}", None)

        rows = collect_pages(
            access.fetcher,
            access.folder,
            f"{url}?{urlencode(asked)}&offset=0",
            read_page,
            is_fixed=False,
            on_progress=access.on_progress,
        )
        kept = [row for row in rows if row.get("location_code", country) == country]
        if not kept:
            raise access.fetcher.fail(
                url, f"it answers with no rows of {country}", "Check the country code."
            )
        found += kept
    inside = [
        row
        for row in found
        if str(row.get("reference_period_end", first))[:10] >= first
        and str(row.get("reference_period_start", last))[:10] <= last
    ]
    if not inside:
        raise access.fetcher.fail(url, "it answers with no rows of these days", "Check the days.")
    return url, inside
