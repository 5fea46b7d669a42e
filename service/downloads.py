"""Getting a release from its source into the state folder, by file or by API."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from datetime import date
from pathlib import Path
from typing import Literal

from data.errors import Refused
from data.sources.acled import ACLED
from data.sources.acled_api import AcledAccount, AcledApi, save_rows
from data.sources.fetching import Fetcher, Patience
from data.sources.ged import GED
from data.sources.ucdp_releases import download_release, fetch_release
from service.settings import Settings

Route = Literal["file", "api"]


def get_ged_release(
    settings: Settings,
    version: str,
    route: Route,
    *,
    countries: Sequence[str] | None = None,
    wait: Callable[[float], None] = time.sleep,
    on_progress: Callable[[int, int], None] | None = None,
) -> Path:
    """Returns the file of a UCDP version in the state folder, fetched if need be.

    Args:
        settings: Addresses, token, state folder.
        version: The version, e.g. `26.1` or `26.0.8`.
        route: `file` for the keyless file, `api` for the API, which needs a token.
        countries: Only these from the API; the file always holds all.
        wait: Waits that many seconds.
        on_progress: Called with bytes or rows so far, and in all.

    Raises:
        UsageError: The version is none.
        SettingsError: The API is asked for without a token.
        SourceUnavailable: The release cannot be had whole.
    """
    folder = settings.state_dir / "downloads"
    folder.mkdir(parents=True, exist_ok=True)
    patience = Patience(timeout_seconds=settings.fetch_timeout_seconds)
    with Fetcher(GED.title, wait, patience) as fetcher:
        if route == "file":
            return download_release(
                fetcher, settings.ucdp_files_url, version, folder, on_progress=on_progress
            )
        token = settings.ucdp_token
        return fetch_release(
            fetcher,
            settings.ucdp_api_url,
            version,
            folder,
            token=None if token is None else token.get_secret_value(),
            countries=countries,
            on_progress=on_progress,
        )


def require_acled_enabled(settings: Settings) -> None:
    """Does nothing if ACLED data may come in.

    Raises:
        Refused: They may not: somebody must say so first, for the terms are theirs to keep.
    """
    if not settings.acled_enabled:
        raise Refused(
            "ACLED is off.",
            "Set TOCSIN_ACLED_ENABLED=true if you have an account of your own and keep its terms.",
        )


def get_acled_events(
    settings: Settings,
    countries: Sequence[str],
    since: date,
    until: date,
    *,
    wait: Callable[[float], None] = time.sleep,
    on_progress: Callable[[int, int], None] | None = None,
) -> Path:
    """Returns a CSV file in the state folder with what ACLED has of countries and days now.

    Args:
        settings: Address, account, state folder.
        countries: ISO alpha-3 codes.
        since: First day.
        until: Last day.
        wait: Waits that many seconds.
        on_progress: Called with days so far, and in all.

    Raises:
        Refused: ACLED is off.
        SettingsError: The account is not set.
        SourceUnavailable: The events cannot be had whole.
    """
    require_acled_enabled(settings)
    folder = settings.state_dir / "downloads"
    folder.mkdir(parents=True, exist_ok=True)
    password = settings.acled_password
    account = AcledAccount(
        settings.acled_url,
        settings.acled_username,
        None if password is None else password.get_secret_value(),
    )
    patience = Patience(timeout_seconds=settings.fetch_timeout_seconds)
    with Fetcher(ACLED.title, wait, patience) as fetcher:
        rows = AcledApi(fetcher, account).fetch_events(
            countries, since, until, on_progress=on_progress
        )
        target = folder / f"acled-{since}-{until}.csv"
        save_rows(fetcher, rows, target)
    return target
