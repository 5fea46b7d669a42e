"""From the database to what a view needs, remembering what belongs to a publication for good."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from markupsafe import Markup
from sqlalchemy import Connection, select

from data.database import Database
from data.errors import NothingKnown, NotReady, UnknownName
from data.panel import build_panel
from data.regions import RegionSet, load_edition, load_region_set
from service.clock import Clock
from service.feeds.formats import FORMATS
from service.indicator_values import are_counts_closed
from service.memo import Memo
from service.publications.history import score_history
from service.publications.publication import Publication
from service.publications.store import find_head, load_publication
from service.record.track_record import read_record
from service.settings import Settings
from service.tables import documents
from service.web import words
from service.web.charts import (
    WIDTHS,
    Point,
    Window,
    draw_deaths,
    draw_fan,
    draw_reliability,
    draw_scores,
    draw_skill,
)
from service.web.fatalities_view import PERIODS_BEHIND, FatalitiesView
from service.web.history import DeathsHistory, read_histories
from service.web.page_head import Frame, frame_publication
from service.web.shapes import MapShapes, draw_shapes
from service.web.skill_view import ReliabilityRow


@dataclass(frozen=True)
class _Stored:
    publication: Publication
    region_set: RegionSet


def _read_stored(connection: Connection, name: str, publication_id: int) -> _Stored:
    """The publication with the borders of its time."""
    publication = load_publication(connection, publication_id)
    shapes = publication.manifest.get("shapes")
    return _Stored(publication, load_edition(connection, name, shapes))


class Reader:
    """Reads for pages.

    Args:
        database: The database.
        settings: The settings of the process.
        clock: The clock.
    """

    def __init__(self, database: Database, settings: Settings, clock: Clock) -> None:
        self.database = database
        self.settings = settings
        self.clock = clock
        self._stored: Memo[_Stored] = Memo(16)
        self._shapes: Memo[MapShapes] = Memo(16)
        self._histories: Memo[dict[str, DeathsHistory] | None] = Memo(4)
        self._points: Memo[tuple[tuple[date, str, int, float | None], ...]] = Memo(256)
        self._records: Memo[dict[str, Any]] = Memo(16)
        self._pictures: Memo[tuple[Markup, ...]] = Memo(256)

    def frame(
        self,
        connection: Connection,
        name: str,
        as_of: date | None = None,
        outcome: str | None = None,
    ) -> Frame:
        """Returns the newest publication of a set, or the newest revision of an as-of.

        Args:
            connection: An open transaction.
            name: Name of the set.
            as_of: Knowledge limit; None for the newest.
            outcome: The outcome that is shown; None for the first.

        Raises:
            UnknownName: There is no such set, nothing was published for that as-of, or not of that
                outcome.
            NotReady: Nothing is published of the set yet.
        """
        newest = find_head(connection, name)
        if newest is None:
            load_region_set(connection, name)
            raise NotReady(
                f"Nothing is published for '{name}' yet.",
                f"`tocsin train --set {name}` and `tocsin score --set {name}` make the first "
                "publication.",
            )
        head = newest if as_of is None else find_head(connection, name, as_of)
        if head is None:
            raise UnknownName(
                f"Nothing of '{name}' was published as of {as_of}.",
                "The list of publications names all as-ofs.",
            )
        stored = self._stored.get(
            head.publication_id,
            lambda: _read_stored(connection, name, head.publication_id),
        )
        return frame_publication(
            stored.publication, stored.region_set, newest, self.clock(), self.settings, outcome
        )

    def newest(self, connection: Connection, name: str) -> Frame | None:
        """Returns the newest publication of a set, or None if nothing is published."""
        return self.frame(connection, name) if find_head(connection, name) else None

    def points(
        self, connection: Connection, frame: Frame, region_id: str, horizon: int
    ) -> tuple[Point, ...]:
        """Returns a region's risk scores over publications up to the one shown, oldest first."""
        publication = frame.publication
        outcome = frame.outcome
        # Past scores carry all their drivers: what the picture needs is read once.
        known = self._points.get(
            (frame.newest.publication_id, region_id),
            lambda: tuple(
                (past.as_of, past.score.outcome, past.score.horizon, past.score.risk_score)
                for past in score_history(connection, publication.region_set, region_id)
            ),
        )
        return tuple(
            (as_of, risk_score)
            for as_of, of, at, risk_score in known
            if of == outcome and at == horizon and as_of <= publication.as_of
        )

    def files(self, connection: Connection, publication_id: int | None) -> tuple[str, ...]:
        """Returns the formats in which a publication is stored; older ones may lack new formats."""
        query = select(documents.c.name).where(documents.c.publication_id == publication_id)
        stored = set(connection.scalars(query))
        known = [name for name in FORMATS if name in stored]
        return (*known, *sorted(stored - set(known)))

    def shapes(self, frame: Frame) -> MapShapes:
        """Returns the map of a publication's regions."""
        key = frame.publication.publication_id
        return self._shapes.get(key, lambda: draw_shapes(frame.region_set))

    def history(self, connection: Connection, frame: Frame, region_id: str) -> DeathsHistory | None:
        """Returns a region's deaths as known at the publication's as-of.

        None if nothing is known, or if they are counts that may not be passed on.
        """
        publication = frame.publication
        if are_counts_closed(frame.region_set.source):
            return None

        def build() -> dict[str, DeathsHistory] | None:
            try:
                panel = build_panel(
                    connection, frame.region_set, publication.as_of, is_base_only=True
                )
            except NothingKnown:
                return None
            return read_histories(panel)

        histories = self._histories.get(publication.publication_id, build)
        return None if histories is None else histories.get(region_id)

    def deaths_pictures(
        self, frame: Frame, history: DeathsHistory, region_id: str, horizon: int
    ) -> tuple[Markup, ...]:
        """Returns the picture of deaths, for a wide page and for a phone."""
        publication = frame.publication
        score = next(
            score
            for score in publication.scores
            if score.region_id == region_id and score.horizon == horizon
        )
        window = Window(publication.origin, horizon, score.threshold)
        title = (
            f"Deaths per {publication.step} in {score.region_name} over the last ten years, up to "
            f"{words.day(publication.data_cutoff)}; the table below holds the latest figures."
        )
        return self._pictures.get(
            ("deaths", publication.publication_id, frame.outcome, region_id, horizon),
            lambda: tuple(draw_deaths(history, window, width, title) for width in WIDTHS),
        )

    def fan_pictures(
        self, frame: Frame, history: DeathsHistory, view: FatalitiesView
    ) -> tuple[Markup, ...]:
        """Returns the picture of the deaths of each period ahead; none without quantiles."""
        ahead = [one for one in view.rows if one.quantiles]
        if not ahead:
            return ()
        publication = frame.publication
        recent = history.latest(PERIODS_BEHIND)
        return self._pictures.get(
            ("fan", publication.publication_id, ahead[0].region_id),
            lambda: tuple(
                draw_fan(recent, ahead, publication.origin, width, view.title) for width in WIDTHS
            ),
        )

    def score_pictures(
        self,
        frame: Frame,
        region_id: str,
        horizon: int,
        points: Sequence[Point],
    ) -> tuple[Markup, ...]:
        """Returns the picture of a region's scores over publications; none below two scores."""
        scored = [score for _, score in points if score is not None]
        if len(scored) < 2:
            return ()
        step = words.steps(horizon, frame.publication.step)
        title = (
            f"Risk score {step} ahead over {words.counted(len(points), 'publication')}, from "
            f"{words.percent(scored[0])} to {words.percent(scored[-1])}."
        )
        levels = list(frame.levels.values())
        return self._pictures.get(
            ("scores", region_id, horizon, tuple(points), tuple(levels)),
            lambda: tuple(draw_scores(points, levels, width, title) for width in WIDTHS),
        )

    def record(self, connection: Connection, name: str, outcome: str) -> dict[str, Any]:
        """Returns the track record of an outcome or of fatalities, as cycles have stored it.

        Raises:
            UnknownName: There is no such set.
        """
        head = find_head(connection, name)

        def read() -> dict[str, Any]:
            return read_record(connection, self.settings, name, outcome)

        # It changes with a publication, and with nothing else.
        newest = None if head is None else head.publication_id
        return self._records.get((name, newest, outcome), read)

    def skill_pictures(self, years: Sequence[tuple[int, float]]) -> tuple[Markup, ...]:
        """Returns the skill by year; nothing below two years."""
        if len(years) < 2:
            return ()
        title = f"Brier skill over climatology by year, {years[0][0]} to {years[-1][0]}."
        return self._pictures.get(
            ("skill", tuple(years)),
            lambda: tuple(draw_skill(years, width, title) for width in WIDTHS),
        )

    def reliability_pictures(self, rows: Sequence[ReliabilityRow]) -> tuple[Markup, ...]:
        """Returns the reliability curve; nothing if it was not measured."""
        if not rows:
            return ()
        title = "Reliability curve: forecast probability against how often it came true."
        return self._pictures.get(
            ("reliability", tuple(rows)),
            lambda: tuple(draw_reliability(rows, width, title) for width in WIDTHS),
        )
