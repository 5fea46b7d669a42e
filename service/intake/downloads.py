"""Getting files from their sources into the state folder: by a source's API, or by an address."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from urllib.parse import urlsplit

from data.errors import UsageError
from data.sources.contract import Access, Adapter, Query, SourceInfo
from data.sources.fetching import Fetcher, Patience
from service.channels.guarded_client import GuardedTransport
from service.settings import Settings

Wait = Callable[[float], None]
OnProgress = Callable[[int, int], None]

_LONGEST_NAME = 120


def fetch_files(
    settings: Settings,
    adapter: Adapter,
    query: Query,
    *,
    wait: Wait = time.sleep,
    on_progress: OnProgress | None = None,
) -> Sequence[Path]:
    """Returns the files that a source's API gives for a query, in the state folder.

    Args:
        settings: Addresses, credentials, state folder.
        adapter: The source.
        query: What is asked for.
        wait: Waits that many seconds.
        on_progress: Told how far it is.

    Raises:
        UsageError: The source has no API, or the query lacks what it needs.
        SettingsError: A credential is not set.
        Refused: The source is off, or names an address that may not be called.
        SourceUnavailable: The files cannot be had whole.
    """
    title = adapter.info.title
    if adapter.fetch is None:
        raise UsageError(
            f"{title} has no API that is asked here.",
            "Give a file or an address of one: --from FILE|URL.",
        )
    lacking = [name for name in adapter.needs if not getattr(query, name)]
    if lacking:
        options = ", ".join(f"--{name}" for name in lacking)
        raise UsageError(f"{title} must be told {', '.join(lacking)}.", f"Add {options}.")
    if query.part is not None and query.part not in adapter.parts:
        known = ", ".join(adapter.parts) or "none"
        raise UsageError(f"{title} has no part '{query.part}'.", f"Known: {known}.")
    transport = None
    if adapter.is_guarded:
        transport = GuardedTransport(allow_loopback=settings.fetch_allow_loopback)
    with open_fetcher(settings, adapter.info, wait, transport) as fetcher:
        return adapter.fetch(
            Access(fetcher, settings, download_folder(settings), on_progress), query
        )


def fetch_address(
    settings: Settings,
    source: SourceInfo,
    address: str,
    *,
    wait: Wait = time.sleep,
    on_progress: OnProgress | None = None,
) -> Path:
    """Returns the file that lies at an address that somebody gave, in the state folder.

    Args:
        settings: State folder; whether this machine may be asked.
        source: The source, for messages.
        address: An https address; only what is on the public internet is called.
        wait: Waits that many seconds.
        on_progress: Called with bytes so far, and in all.

    Raises:
        Refused: The address may not be called.
        SourceUnavailable: The file cannot be had whole.
    """
    last = urlsplit(address).path.rpartition("/")[2]
    name = re.sub(r"[^A-Za-z0-9._-]", "_", last).lstrip(".")[-_LONGEST_NAME:] or "file"
    target = download_folder(settings) / f"{source.name}-{name}"
    transport = GuardedTransport(allow_loopback=settings.fetch_allow_loopback)
    with open_fetcher(settings, source, wait, transport) as fetcher:
        fetcher.download(address, target, on_progress=on_progress)
    return target


def download_folder(settings: Settings) -> Path:
    """Returns the folder of what was fetched, made if need be."""
    folder = settings.state_dir / "downloads"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def open_fetcher(
    settings: Settings, source: SourceInfo, wait: Wait, transport: GuardedTransport | None = None
) -> Fetcher:
    """Returns a client for a source, by default for the addresses that stand in the settings."""
    patience = Patience(
        timeout_seconds=settings.fetch_timeout_seconds,
        most_bytes=settings.fetch_megabytes_max * 1_000_000,
    )
    return Fetcher(source.title, wait, patience, transport)
