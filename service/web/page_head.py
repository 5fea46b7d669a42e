"""What every page of a set says at its head: what it is, of when, and what to be wary of."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from data.errors import UnknownName
from data.regions import RegionSet
from service.publications.publication import Publication
from service.publications.rows import PublicationHead
from service.settings import Settings
from service.web import words
from service.web.banners import SIMULATED, Banner, choose_banners, warn_of_age
from service.web.levels import Level, describe_levels
from service.web.outcome_words import OutcomeWords, describe_outcome_words


@dataclass(frozen=True)
class Frame:
    """A publication with what is needed to show one of its outcomes.

    Attributes:
        publication: The publication, narrowed to the outcome that is shown.
        whole: The publication with all its outcomes.
        region_set: Its regions.
        newest: Head of the newest publication of the set.
        levels: The levels it was published with, lowest first.
        now: The present moment, UTC.
        settings: The settings of the process.
    """

    publication: Publication
    whole: Publication
    region_set: RegionSet
    newest: PublicationHead
    levels: dict[str, Level]
    now: datetime
    settings: Settings

    @property
    def outcomes(self) -> tuple[str, ...]:
        """All outcomes of the publication; the first is shown unless another is asked for."""
        return self.whole.outcomes

    @property
    def outcome(self) -> str:
        """The outcome that is shown; empty if the publication holds no scores."""
        return next(iter(self.publication.outcomes), "")

    @property
    def asked_outcome(self) -> str | None:
        """The outcome as addresses name it: None for the first."""
        return None if self.outcome in self.outcomes[:1] else self.outcome or None

    @property
    def as_of(self) -> date | None:
        """The as-of as addresses name it: None for the newest publication."""
        return None if self.is_newest else self.publication.as_of

    @property
    def outcome_words(self) -> OutcomeWords:
        """What the page calls the outcome."""
        return self.words_of(self.outcome)

    def words_of(self, outcome: str) -> OutcomeWords:
        """Returns what the page calls an outcome, with the numbers it was published with."""
        model = self.whole.of_outcome(outcome).manifest.get("model") if outcome else None
        definition = (model or {}).get("outcome", {})
        return describe_outcome_words(outcome, definition, self.settings)

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
    outcome: str | None = None,
) -> Frame:
    """Returns a publication ready for views; levels are those of its day where it names them.

    Args:
        publication: The publication.
        region_set: Its regions.
        newest: Head of the newest publication of the set.
        now: The present moment, UTC.
        settings: The settings of the process.
        outcome: The outcome to show; None for the first.

    Raises:
        UnknownName: It holds no such outcome.
    """
    bounds = publication.manifest.get("levels") or settings.levels
    outcomes = publication.outcomes
    if outcome is not None and outcome not in outcomes:
        raise UnknownName(
            f"Nothing is published of the outcome '{outcome}'.",
            f"Choose from {', '.join(outcomes)}.",
        )
    shown = outcome or next(iter(outcomes), None)
    return Frame(
        publication if shown is None else publication.of_outcome(shown),
        publication,
        region_set,
        newest,
        describe_levels(bounds),
        now,
        settings,
    )


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
            warning_days=frame.settings.warning_days(publication.step),
        ),
        is_simulated=publication.is_simulated,
        as_of=words.day(publication.as_of),
        data_cutoff=words.day(publication.data_cutoff),
        published=words.moment(publication.published_at),
        age=words.age(publication.as_of, today),
        revision=publication.revision,
    )


def warn_of_set(frame: Frame | None, *, is_simulated: bool) -> tuple[Banner, ...]:
    """Returns the warnings of a page about a set's alerts: events made up, a stale publication.

    Args:
        frame: The newest publication of the set; None if there is none.
        is_simulated: True if its source makes events up.
    """
    warnings = (SIMULATED,) if is_simulated else ()
    if frame is None:
        return warnings
    days = frame.settings.warning_days(frame.publication.step)
    return (
        *warnings,
        *warn_of_age(frame.publication, today=frame.now.date(), warning_days=days),
    )


def set_title(name: str) -> str:
    """Returns the name of a region set for people: words, with a capital."""
    plain = words.spoken(name).replace("-", " ")
    return plain[:1].upper() + plain[1:]
