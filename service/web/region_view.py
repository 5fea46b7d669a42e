"""The page of a region: scores per horizon, what moved them, history, neighbours."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from data.errors import UnknownName
from data.regions import RegionSet
from service.indicator_values import list_closed_indicators
from service.languages import LANGUAGES
from service.publications.explanation import explain_score
from service.publications.publication import Publication, PublishedScore
from service.web import links, words
from service.web.drivers_view import DriversView, view_drivers
from service.web.inputs_view import tell_inputs
from service.web.page_head import Frame
from service.web.score_view import ScoreView, rank_scores, view_score
from service.web.set_view import (
    SwitchLink,
    choose_horizon,
    horizons_of,
    link_horizons,
    link_outcomes,
    scores_at,
)


@dataclass(frozen=True)
class HorizonCard:
    """The score of the region at one horizon.

    Attributes:
        horizon_words: `3 months`.
        window: First and last day, in words.
        row: The score as it is shown.
        event: What counts as escalation: `at least 34 deaths between ... and ...`.
        usual: How often it happened in the region's own past, in words.
        comparison: The score against that, in words; empty where one is missing.
        is_current: True for the horizon that the page is about.
        address: The page at that horizon.
    """

    horizon_words: str
    window: str
    row: ScoreView
    event: str
    usual: str
    comparison: str
    is_current: bool
    address: str


@dataclass(frozen=True)
class Neighbour:
    """A region that touches this one."""

    name: str
    country: str
    address: str
    row: ScoreView


@dataclass(frozen=True)
class RegionView:
    """What the page of a region shows.

    Attributes:
        region_id: The region.
        name: Its name.
        country: Name of its country.
        country_code: ISO alpha-3 code.
        origins: What it is part of and for which time its borders are valid, in words; empty if
            neither is said.
        horizon: Horizon that drivers, pictures and neighbours are about.
        horizon_words: The same in words.
        window: First and last day of the window at that horizon, in words.
        row: The score at that horizon.
        cards: All horizons.
        horizons: The switch between horizons.
        outcomes: The switch between outcomes; empty if there is one only.
        drivers: What moved the score; None without a model's number.
        sentences: The score in one plain sentence, by language.
        neighbours: Highest risk first.
        threshold: Deaths in the window that count as escalation, or None.
        inputs: How well the data behind it are known, in sentences.
        back: The set's page.
    """

    region_id: str
    name: str
    country: str
    country_code: str
    origins: str
    horizon: int
    horizon_words: str
    window: str
    row: ScoreView
    cards: tuple[HorizonCard, ...]
    horizons: tuple[SwitchLink, ...]
    outcomes: tuple[SwitchLink, ...]
    drivers: DriversView | None
    sentences: Mapping[str, str]
    neighbours: tuple[Neighbour, ...]
    threshold: float | None
    inputs: tuple[str, ...]
    back: str


def view_region(frame: Frame, region_id: str, horizon: int | None) -> RegionView:
    """Returns the page of a region.

    Raises:
        UnknownName: The publication holds no such region or no such horizon.
    """
    publication = frame.publication
    own = [score for score in publication.scores if score.region_id == region_id]
    if not own:
        raise UnknownName(
            f"The set '{publication.region_set}' has no region '{region_id}'.",
            "The set's page lists all its regions.",
        )
    chosen = choose_horizon(publication, horizon)
    as_of, outcome = frame.as_of, frame.asked_outcome
    closed = list_closed_indicators(frame.region_set.source)
    ranked = {
        row.region_id: row
        for row in rank_scores(scores_at(publication, chosen), frame.levels, closed)
    }
    row = ranked[region_id]

    def address(at: int) -> str:
        return links.to_region(publication.region_set, region_id, at, as_of=as_of, outcome=outcome)

    return RegionView(
        region_id=region_id,
        name=row.name,
        country=row.country,
        country_code=row.score.country,
        origins=_origins(frame.region_set, region_id),
        horizon=chosen,
        horizon_words=words.steps(chosen, publication.step),
        window=words.day_span(*publication.window(chosen)),
        row=row,
        cards=tuple(
            _card(frame, region_id, at, is_current=at == chosen, address=address(at))
            for at in horizons_of(publication)
        ),
        horizons=link_horizons(publication, chosen, address),
        outcomes=link_outcomes(
            frame,
            lambda of: links.to_region(
                publication.region_set, region_id, horizon, as_of=as_of, outcome=of
            ),
        ),
        drivers=view_drivers(row.score, closed),
        sentences={
            language: explain_score(row.score, publication.step, language) for language in LANGUAGES
        },
        neighbours=_neighbours(frame, region_id, chosen, ranked),
        threshold=row.score.threshold,
        inputs=tell_inputs(
            row.score.inputs, publication.origin_label, is_counted=publication.is_counted
        ),
        back=links.to_set(publication.region_set, chosen, as_of=as_of, outcome=outcome),
    )


def escalation_words(publication: Publication, horizon: int, threshold: float | None) -> str:
    """Returns what counts as the outcome in a region: a number of deaths and the days it spans."""
    span = words.day_span(*publication.window(horizon)).replace(" to ", " and ", 1)
    if threshold is None:
        return f"No threshold is known for the time between {span}."
    least = math.ceil(threshold - 1e-9)
    return f"at least {words.counted(least, 'death')} between {span}"


def _origins(region_set: RegionSet, region_id: str) -> str:
    region = next(one for one in region_set.regions if one.region_id == region_id)
    told = [
        f"part of {region.parent}" if region.parent else "",
        f"since {words.day(region.valid_from)}" if region.valid_from else "",
        f"until {words.day(region.valid_to)}" if region.valid_to else "",
    ]
    return ", ".join(part for part in told if part)


def _card(
    frame: Frame, region_id: str, horizon: int, *, is_current: bool, address: str
) -> HorizonCard:
    publication = frame.publication
    score = next(score for score in scores_at(publication, horizon) if score.region_id == region_id)
    return HorizonCard(
        horizon_words=words.steps(horizon, publication.step),
        window=words.day_span(*publication.window(horizon)),
        row=view_score(score, None, frame.levels),
        event=escalation_words(publication, horizon, score.threshold),
        usual="not known" if score.climatology is None else words.percent(score.climatology),
        comparison=_compare(score),
        is_current=is_current,
        address=address,
    )


def _compare(score: PublishedScore) -> str:
    if score.status != "ok" or not score.risk_score or not score.climatology:
        return ""
    ratio = score.risk_score / score.climatology
    if ratio >= 1.25:
        return f"the score is {words.number(ratio, 1)} times that"
    if ratio <= 0.8:
        return "the score is lower" if ratio > 0.5 else "the score is less than half of that"
    return "the score is about the same"


def _neighbours(
    frame: Frame, region_id: str, horizon: int, ranked: dict[str, ScoreView]
) -> tuple[Neighbour, ...]:
    region_set = frame.region_set
    place = region_set.region_ids.index(region_id)
    touching = [region_set.region_ids[other] for other in region_set.neighbours[place]]
    rows = sorted(
        (ranked[other] for other in touching if other in ranked),
        key=lambda row: (row.rank is None, row.rank or 0),
    )
    return tuple(
        Neighbour(
            row.name,
            row.country,
            links.to_region(
                region_set.name,
                row.region_id,
                horizon,
                as_of=frame.as_of,
                outcome=frame.asked_outcome,
            ),
            row,
        )
        for row in rows
    )
