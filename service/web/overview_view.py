"""The region sets of this installation, in short."""

from __future__ import annotations

from dataclasses import dataclass

from data.regions import RegionSet
from service.web import links, words
from service.web.page_head import Frame, set_title
from service.web.set_view import LevelCount, choose_horizon, count_levels, scores_at


@dataclass(frozen=True)
class SetCard:
    """One region set on the start page.

    Attributes:
        title: Its name for people.
        address: Its page, or None if nothing is published.
        about: How many regions of which countries.
        is_simulated: True if its events are simulated.
        is_schematic: True if its shapes are computed.
        is_stale: True if its newest publication is too old.
        as_of: Newest as-of in words, or empty.
        age: Its age in words, or empty.
        horizon_words: Horizon of the counts, or empty.
        counts: Regions per level, highest first; empty if nothing is published.
    """

    title: str
    address: str | None
    about: str
    is_simulated: bool
    is_schematic: bool
    is_stale: bool = False
    as_of: str = ""
    age: str = ""
    horizon_words: str = ""
    counts: tuple[LevelCount, ...] = ()


def view_unpublished(region_set: RegionSet, *, is_simulated: bool) -> SetCard:
    """Returns the card of a set of which nothing is published."""
    return SetCard(
        title=set_title(region_set.name),
        address=None,
        about=_about(region_set),
        is_simulated=is_simulated,
        is_schematic=region_set.is_schematic,
    )


def view_published(frame: Frame) -> SetCard:
    """Returns the card of a set with its newest publication."""
    publication, today = frame.publication, frame.now.date()
    horizon = choose_horizon(publication, None)
    return SetCard(
        title=set_title(publication.region_set),
        address=links.to_set(publication.region_set),
        about=_about(frame.region_set),
        is_simulated=publication.is_simulated,
        is_schematic=publication.is_schematic,
        is_stale=(today - publication.as_of).days > frame.settings.warning_days(publication.step),
        as_of=words.day(publication.as_of),
        age=words.age(publication.as_of, today),
        horizon_words=words.steps(horizon, publication.step),
        counts=count_levels(scores_at(publication, horizon), frame.levels),
    )


def _about(region_set: RegionSet) -> str:
    countries = sorted({words.country_name(code) for code in region_set.countries})
    if len(countries) > 8:
        return f"{len(region_set.regions):,} regions in {len(countries)} countries"
    regions = words.counted(len(region_set.regions), "region")
    return f"{regions} in {words.listed(countries)}"
