"""Files of what was fetched: each appears when it is whole, and is then read like any other."""

from __future__ import annotations

import csv
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from data.sources.fetching import Fetcher


def save_rows(fetcher: Fetcher, url: str, rows: Sequence[dict[str, Any]], target: Path) -> None:
    """Stores rows as CSV.

    Args:
        fetcher: Names the source in errors.
        url: Where the rows come from.
        rows: At least one.
        target: The file.

    Raises:
        SourceUnavailable: Rows have different columns.
    """
    columns = list(rows[0])
    expected = set(columns)
    for number, row in enumerate(rows, start=1):
        if set(row) != expected:
            odd = ", ".join(sorted(set(row) ^ expected))
            raise fetcher.fail(url, f"row {number} has other columns than the first: {odd}")
    half = target.with_name(f"{target.name}.part")
    with half.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, columns)
        writer.writeheader()
        writer.writerows(rows)
    half.replace(target)


def save_json(content: Any, target: Path) -> None:
    """Stores what JSON can hold."""
    half = target.with_name(f"{target.name}.part")
    half.write_text(json.dumps(content, ensure_ascii=False), encoding="utf-8")
    half.replace(target)
