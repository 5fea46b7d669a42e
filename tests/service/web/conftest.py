"""Pages of a real application over the square world, and a strict reader of HTML."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from html.parser import HTMLParser
from typing import Any

import httpx
import pandas as pd
import pytest

from data.calendar import to_epoch_day
from data.database import Database
from data.events import EVENT_COLUMNS, Batch
from data.regions import RegionSet
from data.sources.registry import SOURCES
from data.store import append_delivery
from models.artefacts.manifest import FINAL_DATA
from models.score import Contribution
from service.alerts.evaluate import evaluate_publication
from service.alerts.rule_store import apply_default_rules
from service.app import make_app
from service.feeds import csv_feed, geojson_feed, json_feed
from service.publications.assembly import summarise_model
from service.publications.publication import Publication
from service.publications.store import number_publication, store_publication

VOID = frozenset({"meta", "link", "br", "img", "input", "hr"})


@dataclass
class Table:
    """A table as a reader of the page meets it."""

    has_caption: bool = False
    column_heads: int = 0
    row_heads: int = 0
    rows: list[list[str]] = field(default_factory=list)


class Page(HTMLParser):
    """Reads a page and complains about anything that is not well formed."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.source = text
        self.open: list[str] = []
        self.ids: list[str] = []
        self.links: list[tuple[str, dict[str, str | None]]] = []
        self.tables: list[Table] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.words: list[str] = []
        self.text_of: dict[str, list[str]] = {}
        self.feed(text)
        self.close()
        assert not self.open, f"never closed: {self.open}"
        assert len(set(self.ids)) == len(self.ids), "an id twice"

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        assert len(given) == len(attrs), f"an attribute twice in <{tag}>"
        self.tags.append((tag, given))
        if given.get("id"):
            self.ids.append(str(given["id"]))
        for name in ("href", "src", "action"):
            if name in given:
                self.links.append((tag, given))
        if tag == "table":
            self.tables.append(Table())
        elif self.tables and "table" in self.open:
            self._handle_table_part(tag, given)
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        self.handle_endtag(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open, f"</{tag}> closes nothing"
        assert self.open[-1] == tag, f"</{tag}> closes <{self.open[-1]}>"
        self.open.pop()

    def handle_data(self, data: str) -> None:
        self.words.append(data)
        for tag in set(self.open):
            self.text_of.setdefault(tag, []).append(data)
        if self.tables and {"td", "th"} & set(self.open) and self.tables[-1].rows:
            cells = self.tables[-1].rows[-1]
            if cells:
                cells[-1] += data

    def _handle_table_part(self, tag: str, given: dict[str, str | None]) -> None:
        table = self.tables[-1]
        if tag == "caption":
            table.has_caption = True
        elif tag == "tr":
            table.rows.append([])
        elif tag in ("td", "th") and table.rows:
            table.rows[-1].append("")
            if tag == "th":
                assert given.get("scope") in ("col", "row"), "a head without scope"
                table.column_heads += given["scope"] == "col"
                table.row_heads += given["scope"] == "row"

    @property
    def text(self) -> str:
        """All words, spaces made single."""
        return " ".join(" ".join(self.words).split())

    def find(self, tag: str, css_class: str) -> list[dict[str, str | None]]:
        """Attributes of all elements of a class."""
        return [
            given
            for name, given in self.tags
            if name == tag and css_class in (given.get("class") or "").split()
        ]

    def hrefs(self) -> list[str]:
        """All addresses that the page leads to or loads."""
        return [
            str(given[name])
            for _, given in self.links
            for name in ("href", "src", "action")
            if name in given
        ]


@pytest.fixture
def read() -> type[Page]:
    """Reads HTML, strictly."""
    return Page


@pytest.fixture
def get(
    squares: Database, settings: Any, clock: Callable[[], datetime], browse: Any
) -> Callable[..., httpx.Response]:
    """Asks the whole application for a page, as a browser does."""
    client = browse(make_app(squares, settings, clock))

    def ask(path: str, accept: str = "text/html,*/*;q=0.8") -> httpx.Response:
        answer: httpx.Response = client.get(path, headers={"accept": accept})
        return answer

    return ask


@pytest.fixture
def publish(squares: Database, region_set: RegionSet) -> Callable[[Publication], Publication]:
    """Stores a publication under its next revision, with the files that pages name."""

    def store(publication: Publication) -> Publication:
        with squares.write() as connection:
            numbered = number_publication(connection, publication)
            documents = [
                each.render(numbered, region_set) for each in (csv_feed, json_feed, geojson_feed)
            ]
            return store_publication(connection, numbered, documents)

    return store


@pytest.fixture
def record() -> dict[str, Any]:
    """A model's record at one horizon, as training writes it."""
    return {
        "skill": {
            "n_forecasts": 1767,
            "n_positives": 205,
            "prevalence": 0.116,
            "model": {"average_precision": {"value": 0.37, "low": 0.28, "high": 0.47}},
            "skill_against": {"climatology": {"value": 0.13, "low": 0.08, "high": 0.18}},
            "reliability": [
                {"n": 90, "forecast": 0.1, "frequency": 0.12, "bar_low": 0.06, "bar_high": 0.15},
                {"n": 80, "forecast": 0.4, "frequency": 0.7, "bar_low": 0.3, "bar_high": 0.5},
            ],
            "track_record": [
                {"threshold": 0.25, "n_forecasts": 245, "n_followed": 102},
                {"threshold": 0.5, "n_forecasts": 0, "n_followed": 0},
            ],
        },
        "backtest": {"first_origin": "2017-01", "last_origin": "2021-08"},
    }


@pytest.fixture
def rich_publication(
    make_publication: Callable[..., Publication], settings: Any, record: dict[str, Any]
) -> Publication:
    """A publication with every status: the model, baseline only at 1 month, one region stale."""
    base = make_publication(risk={("BB02", 1): None, ("BB02", 3): None, ("AA01", 3): 0.62})
    scores = []
    for score in base.scores:
        if score.status == "stale":
            scores.append(replace(score, contributions=(), model_probability=None, threshold=None))
        elif score.horizon == 1:
            reason = "No proven Brier skill against climatology."
            scores.append(replace(score, status="baseline_only", reason=reason, change=None))
        else:
            many = tuple(
                Contribution(f"f{place}", f"Driver {place}", 3.0, "deaths", 0.1 / (place + 1))
                for place in range(20)
            )
            scores.append(replace(score, contributions=(*score.contributions, *many)))
    manifest = {
        "model": summarise_model({"horizons": {"1": record, "3": record}, "replay": FINAL_DATA}),
        "previous_model_version": "squares-before",
        "levels": settings.levels,
    }
    return replace(base, scores=tuple(scores), manifest=manifest, previous_as_of=date(2021, 12, 15))


@pytest.fixture
def deliver(squares: Database) -> Callable[..., None]:
    """Stores a delivery of events, each a (day, longitude, latitude, type, deaths)."""

    def store(
        events: Iterable[tuple[date, float, float, str, int]],
        covers_from: date = date(2010, 1, 1),
        covers_to: date = date(2021, 12, 31),
        countries: tuple[str, ...] = ("AAA", "BBB"),
    ) -> None:
        rows = [
            {
                "event_id": f"e{place}",
                "date_start": to_epoch_day(day),
                "date": to_epoch_day(day),
                "date_precision": 1,
                "latitude": latitude,
                "longitude": longitude,
                "where_precision": 1,
                "country": "AAA" if latitude < 1 else "BBB",
                "admin1": "",
                "admin2": "",
                "event_type": kind,
                "sub_type": "",
                "actor_a": "A",
                "actor_b": "B",
                "fatalities_best": deaths,
                "fatalities_low": deaths,
                "fatalities_high": deaths,
                "civilian_fatalities": 0,
                "n_sources": 1,
            }
            for place, (day, longitude, latitude, kind, deaths) in enumerate(events)
        ]
        table = pd.DataFrame(rows, columns=list(EVENT_COLUMNS)).astype(EVENT_COLUMNS)
        batch = Batch(table, (), len(rows), countries, covers_from, covers_to)
        known = datetime(2022, 1, 10, tzinfo=UTC)
        with squares.write() as connection:
            append_delivery(
                connection,
                batch,
                source=SOURCES["ged"],
                vintage="1",
                known_at=known,
                received_at=known,
                file_name="events.csv",
                sha256="0" * 64,
            )

    return store


@pytest.fixture
def hostile_set(region_set: RegionSet) -> RegionSet:
    """The squares under names that try to break out of the page."""
    names = ("<script>alert(1)</script>", '"><img src=x onerror=alert(1)>', "&amp;", "{{ 7*7 }}")
    regions = tuple(
        replace(region, name=name) for region, name in zip(region_set.regions, names, strict=True)
    )
    return replace(region_set, name="hostile", regions=regions)


@pytest.fixture
def evaluate(squares: Database, settings: Any, now: datetime) -> Callable[[Publication], None]:
    """Evaluates the default rules on a stored publication."""

    def run(publication: Publication) -> None:
        with squares.write() as connection:
            apply_default_rules(connection, now)
            evaluate_publication(connection, publication, settings=settings, now=now)

    return run
