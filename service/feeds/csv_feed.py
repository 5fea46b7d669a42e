"""The CSV feed (Shafranovich 2005, RFC 4180): one row per region, outcome and horizon.

The columns are fixed, so a simulated world speaks through the columns there are: `set` and
`model_version` begin with `simulated` unless they say it already, and so does the name under which
the file is saved. The `status` column keeps its three values, because programs branch on it.

Text that a spreadsheet would run as a formula (it begins with `=`, `+`, `-`, `@`, a tab or a
carriage return) gets an apostrophe before it, which spreadsheets do not show.
"""

from __future__ import annotations

import csv
import io

from data.regions import RegionSet
from service.feeds.facts import DIGITS
from service.publication import Document, Publication

COLUMNS: tuple[str, ...] = (
    "set",
    "region_id",
    "region_name",
    "country",
    "as_of",
    "origin",
    "outcome",
    "horizon",
    "step",
    "risk_score",
    "level",
    "change",
    "status",
    "model_version",
)

_RUNS_AS_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def render(publication: Publication, region_set: RegionSet) -> Document:
    """Returns the publication as CSV: UTF-8, CRLF, empty where a value is missing."""
    del region_set  # Every format renders from the same two arguments.
    stream = io.StringIO(newline="")
    writer = csv.writer(stream, lineterminator="\r\n")
    writer.writerow(COLUMNS)
    name = _mark(publication.region_set, publication.is_simulated)
    model_version = _mark(publication.model_version, publication.is_simulated)
    for score in publication.scores:
        writer.writerow(
            (
                disarm(name),
                disarm(score.region_id),
                disarm(score.region_name),
                disarm(score.country),
                publication.as_of.isoformat(),
                publication.origin_label,
                disarm(score.outcome),
                score.horizon,
                publication.step,
                write_decimal(score.risk_score),
                disarm(score.level or ""),
                write_decimal(score.change),
                score.status,
                disarm(model_version),
            )
        )
    return Document("csv", "text/csv; charset=utf-8", stream.getvalue().encode())


def write_decimal(value: float | None) -> str:
    """Returns a plain decimal of up to 6 digits, `0.25`; empty for a missing value."""
    if value is None:
        return ""
    text = f"{value:.{DIGITS}f}".rstrip("0").rstrip(".")
    return "0" if text in ("-0", "") else text


def disarm(text: str) -> str:
    """Returns text that no spreadsheet runs as a formula."""
    return f"'{text}" if text.startswith(_RUNS_AS_FORMULA) else text


def _mark(name: str, is_simulated: bool) -> str:
    return f"simulated-{name}" if is_simulated and "simulated" not in name else name
