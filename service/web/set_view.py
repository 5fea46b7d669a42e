"""The page of a set: the map, the ranked table, the summary."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from data.errors import NotReady, UnknownName
from service.indicator_values import list_closed_indicators
from service.publications.publication import Publication, PublishedScore
from service.web import links, words
from service.web.levels import Level
from service.web.page_head import Frame
from service.web.score_view import ScoreView, rank_scores

DEFAULT_HORIZON = 3

REGIONS_ON_A_PAGE = 500
"""Rows of the table on one page: a country's second-order areas are one page, a grid is many."""

_Key = tuple[bool, float, str, str]
_SORTS: dict[str, tuple[str, Callable[[ScoreView], _Key]]] = {
    "risk": ("descending", lambda row: _highest_first(row.score.risk_score)),
    "region": ("ascending", lambda row: (False, 0.0, row.name.casefold(), "")),
    "country": ("ascending", lambda row: (False, 0.0, row.country.casefold(), row.name.casefold())),
    "change": ("descending", lambda row: _highest_first(row.score.change)),
}
SORTS: tuple[str, ...] = tuple(_SORTS)
"""Orders of the table."""


@dataclass(frozen=True)
class SwitchLink:
    """One choice in a switch.

    Attributes:
        words: `3 months`, `Escalation`.
        note: What it covers, in words.
        address: The page with that choice.
        is_current: True for the one that is shown.
    """

    words: str
    note: str
    address: str
    is_current: bool


@dataclass(frozen=True)
class LevelCount:
    """How many regions are at a level; None counts those without a score."""

    level: Level | None
    count: int


@dataclass(frozen=True)
class SortLink:
    """The link in a column's head.

    Attributes:
        address: The page in that order.
        direction: Value of `aria-sort` if the table is in that order, else None.
    """

    address: str
    direction: str | None


@dataclass(frozen=True)
class SetView:
    """What the page of a set shows.

    Attributes:
        horizon: Steps ahead.
        horizon_words: `3 months`.
        window: What the scores are about, in words.
        horizons: The switch between horizons.
        outcomes: The switch between outcomes; empty if there is one only.
        summary: The picture in one sentence.
        counts: Regions per level, highest first; without a score last.
        n_regions: Regions in all.
        rows: The page of the table that was asked for, in the order asked for.
        by_region: All regions by id.
        earlier: The page of the table before, or None.
        later: The page after it, or None.
        sorts: Column to link.
        countries: Names of the countries.
        has_changes: True if any region has a change to tell.
        is_baseline: True if no region's score comes from the model.
    """

    horizon: int
    horizon_words: str
    window: str
    horizons: tuple[SwitchLink, ...]
    outcomes: tuple[SwitchLink, ...]
    summary: str
    counts: tuple[LevelCount, ...]
    n_regions: int
    rows: tuple[ScoreView, ...]
    by_region: dict[str, ScoreView]
    earlier: str | None
    later: str | None
    sorts: dict[str, SortLink]
    countries: str
    has_changes: bool
    is_baseline: bool


def view_set(frame: Frame, horizon: int | None, sort: str | None, page: int = 1) -> SetView:
    """Returns the page of a publication.

    Args:
        frame: The publication and its set.
        horizon: Steps ahead; None takes the default.
        sort: One of `SORTS`; None sorts by risk.
        page: Page of the table, from 1.

    Raises:
        UnknownName: The publication has no such horizon, or the table no such order or page.
    """
    publication = frame.publication
    chosen = choose_horizon(publication, horizon)
    order = "risk" if sort is None else sort
    if order not in _SORTS:
        raise UnknownName(f"The table has no order '{order}'.", f"Use {words.listed(SORTS, 'or')}.")
    closed = list_closed_indicators(frame.region_set.source)
    scores = scores_at(publication, chosen)
    ranked = rank_scores(scores, frame.levels, closed)
    # The sort is stable: what the order does not tell apart stays in order of risk.
    rows = tuple(sorted(ranked, key=_SORTS[order][1]))
    last_page = max(1, math.ceil(len(rows) / REGIONS_ON_A_PAGE))
    if page > last_page:
        raise UnknownName(f"The table has no page {page}.", f"The last one is {last_page}.")
    as_of, outcome = frame.as_of, frame.asked_outcome

    def link_page(number: int) -> str | None:
        if not 1 <= number <= last_page:
            return None
        return links.to_set(
            publication.region_set,
            horizon,
            as_of=as_of,
            sort=sort,
            outcome=outcome,
            page=None if number == 1 else number,
        )

    counts = count_levels(scores, frame.levels)
    return SetView(
        horizon=chosen,
        horizon_words=words.steps(chosen, publication.step),
        window=words.day_span(*publication.window(chosen)),
        horizons=link_horizons(
            publication,
            chosen,
            lambda h: links.to_set(
                publication.region_set, h, as_of=as_of, sort=sort, outcome=outcome
            ),
        ),
        outcomes=link_outcomes(
            frame,
            lambda of: links.to_set(
                publication.region_set, horizon, as_of=as_of, sort=sort, outcome=of
            ),
        ),
        summary=_summarise(counts, len(ranked), words.day_span(*publication.window(chosen))),
        counts=counts,
        n_regions=len(rows),
        rows=rows[(page - 1) * REGIONS_ON_A_PAGE : page * REGIONS_ON_A_PAGE],
        by_region={row.region_id: row for row in ranked},
        earlier=link_page(page - 1),
        later=link_page(page + 1),
        sorts=_link_sorts(frame, chosen, order),
        countries=words.listed(
            sorted({words.country_name(region.country) for region in frame.region_set.regions})
        ),
        has_changes=any(row.score.change is not None for row in ranked),
        is_baseline=all(row.status != "ok" for row in ranked),
    )


def link_horizons(
    publication: Publication, chosen: int, address: Callable[[int], str]
) -> tuple[SwitchLink, ...]:
    """Returns the switch between the horizons of a publication."""
    return tuple(
        SwitchLink(
            words=words.steps(horizon, publication.step),
            note=words.day_span(*publication.window(horizon)),
            address=address(horizon),
            is_current=horizon == chosen,
        )
        for horizon in horizons_of(publication)
    )


def link_outcomes(frame: Frame, address: Callable[[str | None], str]) -> tuple[SwitchLink, ...]:
    """Returns the switch between the outcomes of a publication; empty if it holds one only.

    Args:
        frame: The publication.
        address: Maps an outcome, None for the first, to the page about it.
    """
    if len(frame.outcomes) < 2:
        return ()
    return tuple(
        SwitchLink(
            words=frame.words_of(outcome).name,
            note=frame.words_of(outcome).brief,
            address=address(None if outcome == frame.outcomes[0] else outcome),
            is_current=outcome == frame.outcome,
        )
        for outcome in frame.outcomes
    )


def horizons_of(publication: Publication) -> list[int]:
    """Returns the horizons of a publication, nearest first."""
    return sorted({score.horizon for score in publication.scores})


def scores_at(publication: Publication, horizon: int) -> list[PublishedScore]:
    """Returns the scores of a publication of one outcome at one horizon, in region order."""
    return [score for score in publication.scores if score.horizon == horizon]


def choose_horizon(publication: Publication, asked: int | None) -> int:
    """Returns the horizon to show: the one asked for, else the default, else the nearest.

    Raises:
        UnknownName: The publication has no scores at the horizon that was asked for.
        NotReady: It has no scores at all.
    """
    there = horizons_of(publication)
    if not there:
        raise NotReady("This publication holds no scores.", "Publish again with `tocsin score`.")
    if asked is None:
        return DEFAULT_HORIZON if DEFAULT_HORIZON in there else there[0]
    if asked not in there:
        named = words.listed([words.steps(horizon, publication.step) for horizon in there], "or")
        raise UnknownName(
            f"Nothing is published for {words.steps(asked, publication.step)} ahead.",
            f"Choose {named}.",
        )
    return asked


def _highest_first(value: float | None) -> _Key:
    """What is missing comes last, whatever the order."""
    return value is None, -(value or 0.0), "", ""


def _link_sorts(frame: Frame, horizon: int, order: str) -> dict[str, SortLink]:
    return {
        name: SortLink(
            links.to_set(
                frame.publication.region_set,
                horizon,
                as_of=frame.as_of,
                sort=name,
                outcome=frame.asked_outcome,
            ),
            direction if name == order else None,
        )
        for name, (direction, _) in _SORTS.items()
    }


def count_levels(
    scores: Sequence[PublishedScore], levels: dict[str, Level]
) -> tuple[LevelCount, ...]:
    """Returns how many scores are at each level, highest first; without a score last, if any."""
    found = Counter(score.level for score in scores)
    counts = [LevelCount(level, found[name]) for name, level in reversed(levels.items())]
    without = found[None]
    return (*counts, LevelCount(None, without)) if without else tuple(counts)


def _summarise(counts: tuple[LevelCount, ...], n_regions: int, window: str) -> str:
    found = [(item.level, item.count) for item in counts if item.level is not None and item.count]
    if not found:
        return f"No region has a score for {window}."
    (level, count), *others = found
    told = f"{count} of {n_regions} regions {'is' if count == 1 else 'are'} at {level.words} risk"
    if others and others[0][0].rank > 1:
        told += f", {others[0][1]} at {others[0][0].words}"
    return f"{told}, from {window}."
