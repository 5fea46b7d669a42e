"""UCDP releases: what a version is called, for which days it speaks, where it can be had.

Yearly `25.1`, Candidate monthly `26.0.8` (August 2026) and quarterly `24.01.24.03`. The files need
no key, the API needs a token since February 2026.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import date
from pathlib import Path
from urllib.parse import urlencode, urlsplit

from data.calendar import period_end, period_of
from data.errors import SettingsError, UsageError
from data.sources.contract import Access, OnProgress, Query
from data.sources.fetching import Fetcher
from data.sources.gleditsch_ward import numbers_of
from data.sources.paging import Page, collect_pages
from data.sources.saving import save_rows

PAGE_ROWS = 1000

_YEARLY = re.compile(r"(\d\d)\.1")
_MONTHLY = re.compile(r"(\d\d)\.0\.([1-9]|1[0-2])")
_QUARTERLY = re.compile(r"(\d\d)\.(0[1-9]|1[0-2])\.(\d\d)\.(0[1-9]|1[0-2])")
_KEY_HINT = "Set TOCSIN_UCDP_TOKEN to a valid token, or use --download, which needs none."


def release_path(version: str) -> str:
    """Returns where the file of a version lies below UCDP's downloads.

    Raises:
        UsageError: The version is none.
    """
    if match := _YEARLY.fullmatch(version):
        return f"ged/ged{match[1]}1-csv.zip"
    if _MONTHLY.fullmatch(version) or _QUARTERLY.fullmatch(version):
        return f"candidateged/GEDEvent_v{version.replace('.', '_')}.csv"
    raise UsageError(
        f"'{version}' is no UCDP version.",
        "Write 26.1 (yearly), 26.0.8 (Candidate, a month) or 26.01.26.03 (a quarter).",
    )


def release_days(version: str) -> tuple[date, date] | None:
    """Returns the first and last day that a Candidate release speaks for; None for a yearly one.

    Raises:
        UsageError: The version is none.
    """
    release_path(version)
    if match := _MONTHLY.fullmatch(version):
        first = last = date(2000 + int(match[1]), int(match[2]), 1)
    elif match := _QUARTERLY.fullmatch(version):
        first = date(2000 + int(match[1]), int(match[2]), 1)
        last = date(2000 + int(match[3]), int(match[4]), 1)
        if last < first:
            raise UsageError(f"The version '{version}' ends before it begins.")
    else:
        return None
    return first, period_end(period_of(last, "month"), "month")


def fetch_ged(access: Access, query: Query) -> list[Path]:
    """Returns the file of a version: without a key (part `file`), or from the API (part `api`).

    Raises:
        UsageError: The version is none.
        SettingsError: The API is asked without a token.
        SourceUnavailable: The release cannot be had whole.
    """
    version, settings = query.version or "", access.settings
    if query.part != "api":
        return [
            download_release(
                access.fetcher,
                settings.ucdp_files_url,
                version,
                access.folder,
                on_progress=access.on_progress,
            )
        ]
    token = settings.ucdp_token
    return [
        fetch_release(
            access.fetcher,
            settings.ucdp_api_url,
            version,
            access.folder,
            token=None if token is None else token.get_secret_value(),
            countries=query.countries or None,
            on_progress=access.on_progress,
        )
    ]


def download_release(
    fetcher: Fetcher,
    files_url: str,
    version: str,
    folder: Path,
    *,
    on_progress: OnProgress | None = None,
) -> Path:
    """Returns the file of a version, fetched without a key unless it is there already.

    Args:
        fetcher: Requests to UCDP.
        files_url: Address of UCDP's downloads.
        version: The version.
        folder: Where files are kept.
        on_progress: Called with bytes stored and bytes in all (0 if not known).

    Raises:
        UsageError: The version is none.
        SourceUnavailable: The file cannot be had whole.
    """
    path = release_path(version)
    folder.mkdir(parents=True, exist_ok=True)
    target = folder / path.rpartition("/")[2]
    if not target.exists():
        fetcher.download(f"{files_url}/{path}", target, on_progress=on_progress)
    return target


def fetch_release(
    fetcher: Fetcher,
    api_url: str,
    version: str,
    folder: Path,
    *,
    token: str | None,
    countries: Iterable[str] | None = None,
    on_progress: OnProgress | None = None,
) -> Path:
    """Returns a CSV file of a version with what the API answers, in the columns of the files.

    Args:
        fetcher: Requests to UCDP.
        api_url: Address of the API.
        version: The version.
        folder: Where the file goes; it appears when all pages are there.
        token: Access token.
        countries: Only these, ISO alpha-3 codes.
        on_progress: Called with rows so far and rows in all.

    Raises:
        SettingsError: There is no token.
        UsageError: The version is none, or a country is unknown.
        SourceUnavailable: The answer cannot be had whole, or is empty.
    """
    release_path(version)
    if token is None:
        raise SettingsError("The UCDP API wants a token.", _KEY_HINT)
    query: dict[str, str | int] = {"pagesize": PAGE_ROWS}
    if countries is not None:
        query["Country"] = ",".join(str(number) for number in numbers_of(countries))
    first_url = f"{api_url}/gedevents/{version}?{urlencode(query)}"

    def read_page(url: str) -> Page:
        return _read_page(fetcher, url, api_url, token)

    rows = collect_pages(
        fetcher, folder, first_url, read_page, is_fixed=True, on_progress=on_progress
    )
    if not rows:
        raise fetcher.fail(first_url, "it answers with no events", "Check version and countries.")
    target = folder / f"ged-{version}-api.csv"
    save_rows(fetcher, first_url, rows, target)
    return target


def _read_page(fetcher: Fetcher, url: str, api_url: str, token: str) -> Page:
    answer = fetcher.get_json(url, headers={"x-ucdp-access-token": token}, hint=_KEY_HINT)
    try:
        rows, total, following = answer["Result"], int(answer["TotalCount"]), answer["NextPageUrl"]
        is_table = isinstance(rows, list) and all(isinstance(row, dict) for row in rows)
    except (KeyError, TypeError, ValueError, OverflowError):
        is_table = False
    if not is_table:
        found = sorted(answer) if isinstance(answer, dict) else type(answer).__name__
        raise fetcher.fail(url, f"no Result, TotalCount and NextPageUrl in its answer: {found}")
    if not following:
        return Page(rows, None, total)
    here, there = urlsplit(api_url), urlsplit(str(following))
    if there.hostname != here.hostname:
        # The token goes to nobody else.
        raise fetcher.fail(url, f"its next page lies on another host, {there.hostname}")
    return Page(rows, there._replace(scheme=here.scheme, netloc=here.netloc).geturl(), total)
