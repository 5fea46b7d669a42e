"""The deaths of each period ahead as the page of a region tells them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from service.feeds.fatality_feed import NEVER_MADE
from service.publications.fatality import PublishedFatalities
from service.publications.publication import Publication
from service.web import words

PERIODS_BEHIND = 24
"""Known periods that the picture shows before those ahead."""


@dataclass(frozen=True)
class AheadRow:
    """One period ahead in the table, in words."""

    period: str
    median: str
    half: str
    most: str


@dataclass(frozen=True)
class FatalitiesView:
    """What the page shows of them.

    Attributes:
        rows: The distributions of the region, by horizon.
        table: The same in words, of those that have quantiles.
        title: What the picture shows, for those who cannot see it.
        sentences: The first period ahead in one plain sentence, by language.
        worth: What closed forecasts were worth, or why there are no figures.
        is_baseline: True if the last 12 periods are served instead of the model.
    """

    rows: tuple[PublishedFatalities, ...]
    table: tuple[AheadRow, ...]
    title: str
    sentences: Mapping[str, str]
    worth: str
    is_baseline: bool


def view_fatalities(publication: Publication, region_id: str) -> FatalitiesView:
    """Returns the deaths ahead of one region."""
    rows = tuple(one for one in publication.fatalities if one.region_id == region_id)
    table = tuple(_tell(publication, one) for one in rows if one.quantiles)
    fact = publication.manifest.get("fatalities", NEVER_MADE)
    withheld = next((one.reason for one in rows if not one.quantiles), None)
    title = ""
    if table:
        title = (
            f"Deaths per {publication.step} of the last {PERIODS_BEHIND} {publication.step}s and "
            f"what is forecast from {table[0].period} to {table[-1].period}; the table below holds "
            "the figures."
        )
    return FatalitiesView(
        rows=rows,
        table=table,
        title=title,
        sentences=_sentences(table[0]) if table else {},
        worth=withheld or fact["reason"],
        is_baseline=fact["status"] == "baseline_only",
    )


def _tell(publication: Publication, one: PublishedFatalities) -> AheadRow:
    return AheadRow(
        period=publication.period_ahead(one.horizon),
        median=words.number(one.median or 0.0, 0),
        half=_span(one.interval(50)),
        most=_span(one.interval(90)),
    )


def _span(ends: tuple[float, float] | None) -> str:
    low, high = ends or (0.0, 0.0)
    # Persons are whole.
    return f"{words.number(low, 0)} to {words.number(high, 0)}"


def _sentences(row: AheadRow) -> dict[str, str]:
    half, most = row.half.replace(" to ", " and "), row.most.replace(" to ", " and ")
    return {
        "en": f"In {row.period}, half of all cases should lie between {half} deaths, nine in ten "
        f"between {most}; the median is {row.median}.",
        "fr": f"En {row.period}, la moitié des cas devrait se situer entre "
        f"{half.replace(' and ', ' et ')} morts, neuf sur dix entre "
        f"{most.replace(' and ', ' et ')}\u00a0; la médiane est {row.median}.",
    }
