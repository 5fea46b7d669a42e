"""What every page of a set says at its head: what it is, of when, and what to be wary of."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from data.regions import RegionSet
from service.publication import Publication
from service.publication_rows import PublicationHead
from service.settings import Settings
from service.web import words
from service.web.banners import Banner, choose_banners
from service.web.levels import Level, describe_levels


@dataclass(frozen=True)
class Frame:
    """A publication with what is needed to show it.

    Attributes:
        publication: The publication.
        region_set: Its regions.
        newest: Head of the newest publication of the set.
        levels: The levels it was published with, lowest first.
        now: The present moment, UTC.
        settings: The settings of the process.
    """

    publication: Publication
    region_set: RegionSet
    newest: PublicationHead
    levels: dict[str, Level]
    now: datetime
    settings: Settings

    @property
    def is_newest(self) -> bool:
        """Whether this is what readers get without asking for a day."""
        return self.publication.publication_id == self.newest.publication_id


@dataclass(frozen=True)
class PageHead:
    """The head of a set's page.

    Attributes:
        region_set: Name of the set.
        title: Name of the set for people.
        banners: Warnings, the gravest first.
        is_simulated: True if the events are simulated.
        as_of: Knowledge limit in words.
        data_cutoff: Last day the data speak for, in words.
        published: When it was published, in words.
        age: How long ago the as-of was, in words.
        revision: 1 unless corrected.
    """

    region_set: str
    title: str
    banners: tuple[Banner, ...]
    is_simulated: bool
    as_of: str
    data_cutoff: str
    published: str
    age: str
    revision: int


def frame_publication(
    publication: Publication,
    region_set: RegionSet,
    newest: PublicationHead,
    now: datetime,
    settings: Settings,
) -> Frame:
    """Returns a publication ready for views; levels are those of its day where it names them."""
    bounds = publication.manifest.get("levels") or settings.levels
    return Frame(publication, region_set, newest, describe_levels(bounds), now, settings)


def view_head(frame: Frame) -> PageHead:
    """Returns the head of a page about `frame`."""
    publication, today = frame.publication, frame.now.date()
    return PageHead(
        region_set=publication.region_set,
        title=set_title(publication.region_set),
        banners=choose_banners(
            publication,
            today=today,
            newest=frame.newest.as_of,
            warning_days=frame.settings.page_age_warning_days,
        ),
        is_simulated=publication.is_simulated,
        as_of=words.day(publication.as_of),
        data_cutoff=words.day(publication.data_cutoff),
        published=words.moment(publication.published_at),
        age=words.age(publication.as_of, today),
        revision=publication.revision,
    )


def set_title(name: str) -> str:
    """Returns the name of a region set for people: words, with a capital."""
    plain = words.spoken(name).replace("-", " ")
    return plain[:1].upper() + plain[1:]
