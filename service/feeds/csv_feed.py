"""The CSV feed (Shafranovich 2005, RFC 4180): the columns of `service.feeds.columns`.

Text that a spreadsheet would run as a formula (it begins with `=`, `+`, `-`, `@`, a tab or a
carriage return) gets an apostrophe before it, which spreadsheets do not show.
"""

from __future__ import annotations

import csv
import io
from datetime import date

from data.regions import RegionSet
from service.feeds.columns import COLUMNS, NAMES, Value, write_rows
from service.feeds.facts import DIGITS
from service.publications.publication import Document, Publication

_RUNS_AS_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def render(publication: Publication, region_set: RegionSet) -> Document:
    """Returns the publication as CSV: UTF-8, CRLF, empty where a value is missing."""
    del region_set  # Every format renders from the same two arguments.
    return _write(publication, has_hashtags=False)


def render_with_hashtags(publication: Publication, region_set: RegionSet) -> Document:
    """Returns the CSV feed with a row of HXL hashtags under the header."""
    del region_set
    return _write(publication, has_hashtags=True)


def _write(publication: Publication, *, has_hashtags: bool) -> Document:
    stream = io.StringIO(newline="")
    writer = csv.writer(stream, lineterminator="\r\n")
    writer.writerow(NAMES)
    if has_hashtags:
        writer.writerow(column.hashtag for column in COLUMNS)
    for row in write_rows(publication):
        writer.writerow([_write_value(value) for value in row])
    return Document("csv", "text/csv; charset=utf-8", stream.getvalue().encode())


def _write_value(value: Value) -> str:
    if isinstance(value, str):
        return disarm(value)
    if isinstance(value, date):
        return value.isoformat()
    return write_decimal(value)


def write_decimal(value: float | None) -> str:
    """Returns a plain decimal of up to 6 digits, `0.25`; empty for a missing value."""
    if value is None:
        return ""
    text = f"{value:.{DIGITS}f}".rstrip("0").rstrip(".")
    return "0" if text in ("-0", "") else text


def disarm(text: str) -> str:
    """Returns text that no spreadsheet runs as a formula."""
    return f"'{text}" if text.startswith(_RUNS_AS_FORMULA) else text
