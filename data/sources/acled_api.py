"""The ACLED API: events as they stand now, with the user's own account.

The API cuts an answer off at a number of rows. Days are therefore asked for in halves until every
answer is shorter than that: no page is counted on, and none can repeat. A fetch holds all events of
its countries and days, so edits and deletions show as differences from the fetch before it.
"""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from data.errors import SettingsError
from data.sources.fetching import Fetcher
from data.sources.gleditsch_ward import STATES

ROWS_LIMIT = 5000

_HINT = "Check TOCSIN_ACLED_USERNAME and TOCSIN_ACLED_PASSWORD, and what your account may see."
_NAMES = {state.iso3: state.name for state in STATES.values()} | {
    "CIV": "Ivory Coast",
    "COD": "Democratic Republic of Congo",
    "COG": "Republic of Congo",
    "CPV": "Cape Verde",
    "SWZ": "eSwatini",
    "TLS": "East Timor",
    "TUR": "Turkey",
    "VNM": "Vietnam",
}
"""Country as ACLED spells it."""


@dataclass(frozen=True)
class AcledAccount:
    """The user's own account.

    Attributes:
        url: Address of ACLED.
        username: User name; None if not set.
        password: Password; None if not set.
    """

    url: str
    username: str | None
    password: str | None


class AcledApi:
    """A session with the API.

    Args:
        fetcher: Requests to ACLED.
        account: The account.

    Raises:
        SettingsError: User name or password is missing.
        SourceUnavailable: The account is refused.
    """

    def __init__(self, fetcher: Fetcher, account: AcledAccount) -> None:
        if not account.username or not account.password:
            raise SettingsError("ACLED wants a user name and a password.", _HINT)
        self._fetcher = fetcher
        self._url = account.url
        token_url = f"{account.url}/oauth/token"
        answer = fetcher.post_form(
            token_url,
            {
                "username": account.username,
                "password": account.password,
                "grant_type": "password",
                "client_id": "acled",
                "scope": "authenticated",
            },
            hint=_HINT,
        )
        token = answer.get("access_token") if isinstance(answer, dict) else None
        if not isinstance(token, str):
            raise fetcher.fail(token_url, "it gives no access_token", _HINT)
        self._headers = {"Authorization": f"Bearer {token}"}

    def fetch_events(
        self,
        countries: Sequence[str],
        since: date,
        until: date,
        *,
        on_progress: Callable[[int, int], None] | None = None,
    ) -> list[dict[str, Any]]:
        """Returns all rows of countries and days, as ACLED has them now.

        Args:
            countries: ISO alpha-3 codes.
            since: First day.
            until: Last day.
            on_progress: Called with days done and days in all.

        Raises:
            SourceUnavailable: It cannot be had whole, or holds nothing at all.
        """
        url = f"{self._url}/api/acled/read"
        names = [_NAMES[code] for code in countries]
        rows: list[dict[str, Any]] = []
        spans = [(since, until)]
        total = (until - since).days + 1
        while spans:
            first, last = spans.pop()
            found = self._read(
                url,
                {
                    "country": "|".join(names),
                    "event_date": f"{first}|{last}",
                    "event_date_where": "BETWEEN",
                },
            )
            if len(found) >= ROWS_LIMIT:
                if first == last:
                    raise self._fetcher.fail(url, f"it cuts off {first} at {len(found)} rows")
                middle = first + (last - first) // 2
                spans += [(middle + timedelta(days=1), last), (first, middle)]
                continue
            # The answer is not taken at its word: what was not asked for is not used.
            rows += [
                row
                for row in found
                if row.get("country") in names
                and str(first) <= str(row.get("event_date")) <= str(last)
            ]
            if on_progress is not None:
                on_progress((last - since).days + 1, total)
        if not rows:
            raise self._fetcher.fail(url, "it answers with no events", _HINT)
        identifiers = [row.get("event_id_cnty") for row in rows]
        if len(set(identifiers)) != len(identifiers):
            raise self._fetcher.fail(url, "it gives events twice", "Try again later.")
        return rows

    def _read(self, url: str, query: dict[str, str]) -> list[dict[str, Any]]:
        answer = self._fetcher.get_json(
            url,
            params={"_format": "json", "limit": ROWS_LIMIT, **query},
            headers=self._headers,
            hint=_HINT,
        )
        rows = answer.get("data") if isinstance(answer, dict) else None
        if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
            raise self._fetcher.fail(url, "its answer has no rows in 'data'", _HINT)
        if answer.get("status") != 200 or answer.get("success") is False:
            raise self._fetcher.fail(url, f"it says {answer.get('messages')}", _HINT)
        restrictions = answer.get("data_query_restrictions")
        if not rows and restrictions:
            raise self._fetcher.fail(url, f"your account is restricted: {restrictions}", _HINT)
        return rows


def save_rows(fetcher: Fetcher, rows: Iterable[dict[str, Any]], target: Path) -> None:
    """Stores rows as CSV in a file, which appears only when it is whole.

    Raises:
        SourceUnavailable: Rows have different columns.
    """
    with _whole(target) as stream:
        writer: csv.DictWriter[str] | None = None
        for row in rows:
            if writer is None:
                writer = csv.DictWriter(stream, list(row))
                writer.writeheader()
            if set(row) != set(writer.fieldnames):
                odd = ", ".join(sorted(set(row) ^ set(writer.fieldnames)))
                raise fetcher.fail("acled/read", f"rows have different columns: {odd}")
            writer.writerow(row)


@contextmanager
def _whole(target: Path) -> Iterator[Any]:
    half = target.with_name(f"{target.name}.part")
    with half.open("w", encoding="utf-8", newline="") as stream:
        yield stream
    half.replace(target)
