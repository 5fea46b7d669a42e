"""Collecting an answer that comes page by page.

Where the answer never changes, as that of a release, each page is kept in a file until all are
there, so that a fetch that broke off goes on. Pages of a table that changes are never mixed with
those of another day. A source that repeats a page, changes its total on
the way, ends too early or never ends has not answered, and nothing of it is used.
"""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from data.sources.fetching import Fetcher

_HINT = "Try again later; nothing was taken in."


@dataclass(frozen=True)
class Page:
    """One page of an answer.

    Attributes:
        rows: Its rows as the source sends them.
        next_url: Address of the next page; None on the last.
        total: Rows in all pages, as the source says on this page; None if it does not say.
    """

    rows: list[dict[str, Any]]
    next_url: str | None
    total: int | None


def collect_pages(
    fetcher: Fetcher,
    folder: Path,
    first_url: str,
    read_page: Callable[[str], Page],
    *,
    is_fixed: bool,
    on_progress: Callable[[int, int], None] | None = None,
) -> list[dict[str, Any]]:
    """Returns the rows of all pages, in the order of the source.

    Args:
        fetcher: Names the source in errors.
        folder: Pages are kept in a folder of their own in it until all are there.
        first_url: Address of the first page.
        read_page: Returns the page of an address.
        is_fixed: True if what lies at the address never changes: then what was kept of it is gone
            on with.
        on_progress: Called with rows so far and rows in all (0 if the source does not say).

    Raises:
        SourceUnavailable: A page cannot be had, comes twice, the rows are not as many as said, or
            all pages together are larger than the fetcher's `most_bytes`.
    """
    kept = folder / f"pages-{hashlib.sha256(first_url.encode()).hexdigest()[:16]}"
    if not is_fixed:
        shutil.rmtree(kept, ignore_errors=True)
    kept.mkdir(parents=True, exist_ok=True)
    rows: list[dict[str, Any]] = []
    seen: dict[str, int] = {}
    total: int | None = None
    url: str | None = first_url
    number, n_bytes = 0, 0
    while url is not None:
        number += 1
        path = kept / f"{number:06d}.json"
        page = _page_at(path, url, read_page)
        n_bytes += path.stat().st_size
        if n_bytes > fetcher.most_bytes:
            shutil.rmtree(kept)
            raise fetcher.refuse_size(first_url, fetcher.most_bytes)
        digest = hashlib.sha256(json.dumps(page.rows, sort_keys=True).encode()).hexdigest()
        found = ""
        if page.rows and digest in seen:
            found = f"page {number} repeats page {seen[digest]}"
        elif total is not None and page.total != total:
            found = f"it said {total} rows, and says {page.total} on page {number}"
        elif not page.rows and page.next_url is not None:
            found = f"page {number} is empty and not the last"
        if found:
            shutil.rmtree(kept)
            raise fetcher.fail(first_url, found, _HINT)
        seen[digest] = number
        total = page.total
        rows.extend(page.rows)
        url = page.next_url
        if on_progress is not None:
            on_progress(len(rows), total or 0)
    shutil.rmtree(kept)
    if total is not None and total != len(rows):
        raise fetcher.fail(first_url, f"it says {total} rows and gives {len(rows)}", _HINT)
    return rows


def _page_at(path: Path, url: str, read_page: Callable[[str], Page]) -> Page:
    try:
        held = json.loads(path.read_text())
        if held["url"] == url:
            return Page(held["rows"], held["next_url"], held["total"])
    except (OSError, ValueError, KeyError):
        pass
    page = read_page(url)
    half = path.with_suffix(".part")
    half.write_text(
        json.dumps({"url": url, "rows": page.rows, "next_url": page.next_url, "total": page.total})
    )
    half.replace(path)
    return page
