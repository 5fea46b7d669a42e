"""What Prometheus reads: counted from the database when it asks, so that replicas agree."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, time

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.registry import Collector
from sqlalchemy import func, select

from data.database import Database
from data.regions import list_set_heads
from service.clock import Clock
from service.schedule.lateness import judge_lateness
from service.settings import Settings
from service.tables import outbox, scores, slots

MEDIA_TYPE = "text/plain; version=0.0.4; charset=utf-8"

Family = GaugeMetricFamily | CounterMetricFamily


def render_metrics(
    database: Database, settings: Settings, clock: Clock, feed_answers: Mapping[int, int]
) -> bytes:
    """Returns the metrics in the text format of Prometheus.

    Args:
        database: The open database.
        settings: The settings in force.
        clock: The clock.
        feed_answers: HTTP status to the number of feed requests that this process answered so.
    """
    registry = CollectorRegistry()
    registry.register(_Service(database, settings, clock, feed_answers))
    return generate_latest(registry)


class _Service(Collector):
    def __init__(
        self,
        database: Database,
        settings: Settings,
        clock: Clock,
        feed_answers: Mapping[int, int],
    ) -> None:
        self._database = database
        self._settings = settings
        self._clock = clock
        self._feed_answers = feed_answers

    def collect(self) -> Iterator[Family]:
        """Yields every metric."""
        yield from self._collect_publications()
        yield from self._collect_work()
        answers = CounterMetricFamily(
            "tocsin_feed_requests", "Feed requests that this process answered.", labels=["status"]
        )
        for status, number in sorted(self._feed_answers.items()):
            answers.add_metric([str(status)], number)
        yield answers

    def _collect_publications(self) -> Iterator[Family]:
        age = GaugeMetricFamily(
            "tocsin_publication_age_seconds",
            "Seconds since the as-of of the newest publication began.",
            labels=["set"],
        )
        late = GaugeMetricFamily(
            "tocsin_publication_late", "1 if a due publication is missing.", labels=["set"]
        )
        now = self._clock()
        with self._database.read() as connection:
            for region_set in list_set_heads(connection):
                judged = judge_lateness(connection, region_set, self._settings, now)
                late.add_metric([judged.region_set], float(judged.is_late))
                if judged.latest_as_of is not None:
                    began = datetime.combine(judged.latest_as_of, time(), UTC)
                    age.add_metric([judged.region_set], (now - began).total_seconds())
        yield age
        yield late

    def _collect_work(self) -> Iterator[Family]:
        cycles = GaugeMetricFamily(
            "tocsin_slots",
            "Cycles of the schedule by what became of them.",
            labels=["set", "status"],
        )
        messages = GaugeMetricFamily(
            "tocsin_outbox_messages", "Messages by what became of them.", labels=["status"]
        )
        published = GaugeMetricFamily(
            "tocsin_scores", "Stored scores by status.", labels=["status"]
        )
        with self._database.read() as connection:
            rows = connection.execute(
                select(slots.c.region_set, slots.c.status, func.count()).group_by(
                    slots.c.region_set, slots.c.status
                )
            )
            for name, status, number in rows:
                cycles.add_metric([name, status], number)
            for family, column in ((messages, outbox.c.status), (published, scores.c.status)):
                for status, number in connection.execute(
                    select(column, func.count()).group_by(column)
                ):
                    family.add_metric([status], number)
        yield from (cycles, messages, published)
