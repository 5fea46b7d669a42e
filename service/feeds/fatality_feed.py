"""Fatalities in the feeds: a CSV file of their own, and a member of the JSON feed.

A risk score is of a window and has one number; fatalities are of one period and have nineteen. So
they are no columns of the other tables. Where a publication has none, the CSV file has no rows and
the JSON feed says why.
"""

from __future__ import annotations

import csv
import io
from typing import Any

from data.regions import RegionSet
from models.fatalities.names import VERSION
from service.feeds.columns import mark_simulated
from service.feeds.csv_feed import disarm, write_decimal
from service.feeds.facts import round_number, round_numbers
from service.publications.fatality import NAMES, PublishedFatalities
from service.publications.publication import Document, Publication

FORMAT = "fatalities.csv"
COLUMNS: tuple[str, ...] = (
    *("set", "region_id", "region_name", "country", "as_of", "origin", "horizon", "step", "period"),
    *("status", *NAMES, "reason", "outcome_version"),
)


def render(publication: Publication, region_set: RegionSet) -> Document:
    """Returns the fatalities as CSV: UTF-8, CRLF, empty where a value is missing."""
    del region_set  # Every format renders from the same two arguments.
    stream = io.StringIO(newline="")
    writer = csv.writer(stream, lineterminator="\r\n")
    writer.writerow(COLUMNS)
    name = mark_simulated(publication.region_set, publication.is_simulated)
    for one in publication.fatalities:
        writer.writerow(
            [
                *map(disarm, (name, one.region_id, one.region_name, one.country)),
                publication.as_of.isoformat(),
                publication.origin_label,
                one.horizon,
                publication.step,
                publication.period_ahead(one.horizon),
                one.status,
                *(map(write_decimal, one.quantiles) if one.quantiles else [""] * len(NAMES)),
                disarm(one.reason),
                VERSION,
            ]
        )
    return Document(FORMAT, "text/csv; charset=utf-8", stream.getvalue().encode())


def describe_fatalities(publication: Publication, one: PublishedFatalities) -> dict[str, Any]:
    """Returns a row, JSON-ready; null where there is no quantile."""
    values = one.quantiles or (None,) * len(NAMES)
    return {
        "region_id": one.region_id,
        "region_name": one.region_name,
        "country": one.country,
        "horizon": one.horizon,
        "period": publication.period_ahead(one.horizon),
        "status": one.status,
        "reason": one.reason,
        **{name: round_number(value) for name, value in zip(NAMES, values, strict=True)},
    }


def describe_fatality_fact(publication: Publication) -> dict[str, Any]:
    """Returns how the fatalities are made, whether they are the baseline, and why, JSON-ready."""
    fact = publication.manifest.get("fatalities", NEVER_MADE)
    return {name: fact[name] for name in ("version", "status", "reason")}


def describe_all_fatalities(publication: Publication) -> dict[str, Any]:
    """Returns the fatalities of a publication and what they are worth, JSON-ready."""
    return {
        **round_numbers(publication.manifest.get("fatalities", NEVER_MADE)),
        "rows": [describe_fatalities(publication, one) for one in publication.fatalities],
    }


NEVER_MADE = {
    "version": VERSION,
    "status": "not_made",
    "reason": "This was published before fatalities were.",
}
"""What a publication says that was made before there were any."""
