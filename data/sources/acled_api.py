"""The ACLED API: events as they stand now, with the user's own account.

The API cuts an answer off at a number of rows. Days are therefore asked for in halves until every
answer is shorter than that: no page is counted on, and none can repeat. A fetch of events holds all
of its countries and days. A fetch of changes holds what was edited since a moment, and what was
deleted; it is asked for in the same way, by the moments at which ACLED touched its rows.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

from data.errors import Refused, SettingsError, UsageError
from data.settings import DataSettings
from data.sources.contract import Access, Query
from data.sources.fetching import Fetcher
from data.sources.gleditsch_ward import STATES
from data.sources.saving import save_rows

ROWS_LIMIT = 5000

_TABLES = {"read": "acled/read", "deleted": "deleted/read"}

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


@dataclass(frozen=True)
class AcledChanges:
    """What ACLED changed since a moment.

    Attributes:
        rows: Rows that were added or edited, as they stand now.
        deleted: Identifiers of events that are gone, of any country, sorted.
    """

    rows: tuple[dict[str, Any], ...]
    deleted: tuple[str, ...]


def fetch_acled(access: Access, query: Query) -> list[Path]:
    """Returns a CSV file with what ACLED has of countries and days now.

    Raises:
        Refused: ACLED is off.
        SettingsError: The account is not set.
        SourceUnavailable: The events cannot be had whole.
    """
    api = open_acled(access)
    if query.since is None or query.until is None:
        raise UsageError("ACLED is asked for days.", "Name the first and the last one.")
    rows = api.fetch_events(
        query.countries, query.since, query.until, on_progress=access.on_progress
    )
    target = access.folder / f"acled-{query.since}-{query.until}.csv"
    save_rows(access.fetcher, "acled/read", rows, target)
    return [target]


def open_acled(access: Access) -> AcledApi:
    """Returns a session with the account of the settings.

    Raises:
        Refused: ACLED is off.
        SettingsError: The account is not set.
        SourceUnavailable: The account is refused.
    """
    require_acled_enabled(access.settings)
    password = access.settings.acled_password
    account = AcledAccount(
        access.settings.acled_url,
        access.settings.acled_username,
        None if password is None else password.get_secret_value(),
    )
    return AcledApi(access.fetcher, account)


def require_acled_enabled(settings: DataSettings) -> None:
    """Does nothing if ACLED data may come in.

    Raises:
        Refused: They may not: somebody must say so first, for the terms are theirs to keep.
    """
    if not settings.acled_enabled:
        raise Refused(
            "ACLED is off.",
            "Set TOCSIN_ACLED_ENABLED=true if you have an account of your own and keep its terms.",
        )


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

    def fetch_changes(
        self, countries: Sequence[str], changed_since: datetime, now: datetime
    ) -> AcledChanges:
        """Returns what was added, edited or deleted from a moment to now.

        Nothing having changed is no error: it is what most hours bring.

        Args:
            countries: ISO alpha-3 codes.
            changed_since: The moment.
            now: The clock.

        Raises:
            SourceUnavailable: It cannot be had whole.
        """
        names = [_NAMES[code] for code in countries]
        first, last = int(changed_since.timestamp()), int(now.timestamp())
        rows = [
            row
            for row in self._fetch_touched(
                "read", "timestamp", first, last, {"country": "|".join(names)}
            )
            if row.get("country") in names
        ]
        url = f"{self._url}/api/acled/read"
        identifiers = [row.get("event_id_cnty") for row in rows]
        if len(set(identifiers)) != len(identifiers):
            raise self._fetcher.fail(url, "it gives events twice", "Try again later.")
        deleted = self._fetch_touched("deleted", "deleted_timestamp", first, last, {})
        return AcledChanges(tuple(rows), tuple(sorted({str(r["event_id_cnty"]) for r in deleted})))

    def _fetch_touched(
        self, table: str, column: str, first: int, last: int, query: dict[str, str]
    ) -> list[dict[str, Any]]:
        """Returns rows by the second at which they were touched, in halves until none is cut off.

        The last span is left open: a clock of ACLED that runs ahead hides nothing.
        """
        url = f"{self._url}/api/{_TABLES[table]}"
        rows: list[dict[str, Any]] = []
        spans: list[tuple[int, int | None]] = [(first, None)]
        while spans:
            begin, end = spans.pop()
            asked = {**query, column: str(begin), f"{column}_where": ">="}
            if end is not None:
                asked |= {column: f"{begin}|{end}", f"{column}_where": "BETWEEN"}
            found = self._read(url, asked)
            for row in found:
                if "event_id_cnty" not in row or not str(row.get(column, "")).isdecimal():
                    raise self._fetcher.fail(url, f"its rows have no event_id_cnty and {column}")
            if len(found) >= ROWS_LIMIT:
                final = last if end is None else end
                if final <= begin:
                    raise self._fetcher.fail(
                        url, f"it cuts off what it touched at {begin}", "Fetch whole days instead."
                    )
                middle = begin + (final - begin) // 2
                spans += [(middle + 1, end), (begin, middle)]
                continue
            rows += [
                row
                for row in found
                if begin <= int(row[column]) and (end is None or int(row[column]) <= end)
            ]
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
