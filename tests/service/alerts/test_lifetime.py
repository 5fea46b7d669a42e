"""The whole life of alerts against a slow and obvious model: anything, in any order.

Publications, corrections, backfills, a redraw, edits of the rule, acknowledgements, silences, lost
messages, restarts and replays come in any order, under a rule that asks for an active neighbour or
one that does not. The model tells the history of a region from all
its scores each time anew, and knows of a contact point only what its messages said.
"""

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from lxml import etree
from shapely.geometry import box
from sqlalchemy import select, update

from data.database import open_database
from data.regions import Region, RegionSet, digest_shapes, save_region_set
from service.alerts.audit import verify_audit
from service.alerts.evaluate import evaluate_publication
from service.alerts.hush import acknowledge, add_silence
from service.alerts.message import MAX_BYTES
from service.publications.redraws import SHAPES
from service.publications.store import load_publication
from service.tables import (
    alert_events,
    alert_states,
    cap_messages,
    notifications,
    outbox,
    publications,
)
from tests.service.alerts.slow_life import (
    AT_LEAST,
    LEVELS,
    UNTIL_BELOW,
    Seen,
    tell_slowly,
)

DAY = timedelta(days=1)
VALUES = st.sampled_from([None, 0.05, 0.15, 0.3, 0.45, 0.6, 0.9])
BOTH = st.fixed_dictionaries({"P": VALUES | st.just("come"), "Q": VALUES | st.just("come")})
ACTIVE = st.fixed_dictionaries({"P": VALUES, "Q": VALUES})
CLOSING = ("resolved", "occurred", "withdrawn")
COUNTRIES = {"P": "MLI", "Q": "NER"}
NAMES = {"P": "P", "P2": "P", "Q": "Q"}
"""Identifier to the region that it names: one is called otherwise after the redraw."""


def draw_borders(*names: str, touching: bool) -> RegionSet:
    regions = tuple(
        Region(name, f"Region {name}", COUNTRIES[NAMES[name]], box(place, 0, place + 1, 1))
        for place, name in enumerate(names)
    )
    neighbours = ((1,), (0,)) if touching else ((), ())
    return RegionSet("lived", "admin1", "month", "ged", False, "", regions, neighbours)


BORDERS = (draw_borders("P", "Q", touching=True), draw_borders("P2", "Q", touching=False))


@dataclass(frozen=True)
class Told:
    """One line of a message, as its reader knows it."""

    publication_id: int
    reason: str
    incident_id: str
    region: str
    level: int
    is_stale: bool
    at: datetime


class Lifetime(RuleBasedStateMachine):
    """One rule, two regions, one contact point."""

    def __init__(self, new_world: Callable[[], Any], build: Any) -> None:
        super().__init__()
        self.world, self.build = new_world(), build
        self.values: dict[int, dict[str, float | str | None]] = {}
        self.active: dict[int, dict[str, float | str | None]] = {}
        self.versions: dict[int, int | None] = {}
        self.version, self.is_enabled, self.borders = 1, True, 0
        self.silences: list[tuple[str, datetime, datetime]] = []
        self.taken: dict[str, set[tuple[Any, ...]]] = {}
        self.n_actions = 0
        with self.world.database.write() as connection:
            save_region_set(connection, BORDERS[0], self.world.clock())

    def teardown(self) -> None:
        self.world.database.close()

    @initialize(
        counts=st.fixed_dictionaries({name: st.integers(1, 2) for name in ("for_n", "clear_n")}),
        stale_n=st.integers(1, 2),
        repeat=st.sampled_from([None, 25, 45]),
        is_near=st.booleans(),
    )
    def begin(
        self, counts: dict[str, int], stale_n: int, repeat: int | None, is_near: bool
    ) -> None:
        self.counts, self.repeat = {**counts, "stale_n": stale_n}, repeat
        bounds = {"at_least": AT_LEAST, "until_below": UNTIL_BELOW}
        self.near = {"outcome": "severe", **bounds} if is_near else None
        self.apply()

    def apply(self) -> None:
        levels = [
            {"name": f"l{number}", "enter": enter, "exit": leave}
            for number, (enter, leave) in enumerate(LEVELS, 1)
        ]
        repeat = {} if self.repeat is None else {"repeat_after_days": self.repeat}
        edited = {"name": f"Version {self.version}", "enabled": self.is_enabled}
        self.n_actions += 1
        self.world.apply(
            self.build.rule(levels=levels, near=self.near, **self.counts, **repeat, **edited)
        )

    # What may happen.

    @rule(values=BOTH, active=ACTIVE, skipped=st.integers(0, 5))
    def publish_next(
        self, values: dict[str, float | str | None], active: dict[str, float | None], skipped: int
    ) -> None:
        number = max(self.values, default=0) + (2 if skipped == 5 else 1)
        day = datetime.combine(self.build.month(number), time(6), UTC) + DAY
        self.world.clock.now = max(self.world.clock.now, day)
        self.publish(number, values, active, self.borders)

    @precondition(lambda self: self.values)
    @rule(values=BOTH, active=ACTIVE, data=st.data())
    def correct_or_fill(
        self,
        values: dict[str, float | str | None],
        active: dict[str, float | None],
        data: st.DataObject,
    ) -> None:
        number = data.draw(st.integers(0, max(self.values)))
        self.publish(number, values, active, data.draw(st.integers(0, self.borders)))

    @precondition(lambda self: self.borders == 0)
    @rule()
    def redraw(self) -> None:
        self.borders = 1
        with self.world.database.write() as connection:
            save_region_set(connection, BORDERS[1], self.world.clock(), replace=True)

    @rule(is_enabled=st.sampled_from([True, True, False]))
    def edit_the_rule(self, is_enabled: bool) -> None:
        self.version, self.is_enabled = self.version + 1, is_enabled
        self.apply()

    @rule(country=st.sampled_from(["MLI", "NER"]), days=st.integers(1, 80))
    def silence(self, country: str, days: int) -> None:
        now = self.world.clock()
        with self.world.database.write() as connection:
            add_silence(
                connection, {"country": country}, starts_at=now, ends_at=now + days * DAY,
                author="awa", comment="known", now=now,
            )  # fmt: skip
        self.silences.append((country, now, now + days * DAY))
        self.n_actions += 1

    @rule(region=st.sampled_from(["P", "Q"]))
    def take_up(self, region: str) -> None:
        open_ids = [self.open_id(region)] if self.stand(self.tell(region))[0] else []
        for incident_id in open_ids:
            with self.world.database.write() as connection:
                acknowledge(
                    connection, incident_id, actor="awa", note="", until=None,
                    now=self.world.clock(),
                )  # fmt: skip
            self.taken[incident_id] = self.rises_of(incident_id)
            self.n_actions += 1

    @rule(days=st.integers(1, 12))
    def wait(self, days: int) -> None:
        self.world.clock.move(days=days)

    @rule(status=st.sampled_from(["delivered", "dead"]))
    def end_of_the_post(self, status: str) -> None:
        """What waits arrives, or is lost for good."""
        pending = [row["message_id"] for row in self.world.messages() if row["status"] == "pending"]
        with self.world.database.write() as connection:
            connection.execute(
                update(outbox).where(outbox.c.message_id.in_(pending)).values(status=status)
            )
            if status == "delivered":
                connection.execute(
                    update(notifications)
                    .where(notifications.c.message_id.in_(pending))
                    .values(accepted_at=self.world.clock())
                )

    @rule()
    def restart(self) -> None:
        url = self.world.database.engine.url.render_as_string(hide_password=False)
        self.world.database.close()
        self.world.database = open_database(url)

    @precondition(lambda self: self.values)
    @rule(data=st.data())
    def replay(self, data: st.DataObject) -> None:
        """Evaluating again, from anywhere on, changes no byte of the history.

        Only the newest publication queues messages: of what a backfill changed since, if any.
        """
        before = self.dump()
        number = data.draw(st.sampled_from(sorted(self.values)))
        with self.world.database.write() as connection:
            query = select(publications.c.publication_id).where(
                publications.c.region_set == "lived",
                publications.c.as_of == self.build.month(number),
            )
            newest = max(connection.scalars(query))
            evaluate_publication(
                connection, load_publication(connection, newest),
                settings=self.world.settings, now=self.world.clock(),
            )  # fmt: skip
        after = self.dump()
        if number == max(self.values):
            for name in ("notifications", "outbox"):
                assert set(before.pop(name)) <= set(after.pop(name))
        assert after == before

    # What must hold.

    def publish(
        self,
        number: int,
        values: dict[str, float | str | None],
        active: dict[str, float | None],
        borders: int,
    ) -> None:
        is_newest = number >= max(self.values, default=0)
        if is_newest:
            version = self.version if self.is_enabled else None
        elif number in self.versions:
            version = self.versions[number]
        else:
            earlier = [other for other in self.versions if other < number]
            now = self.version if self.is_enabled else None
            version = self.versions[max(earlier)] if earlier else now
        self.values[number], self.versions[number] = values, version
        beside: dict[str, float | str | None] = {"P": active["Q"], "Q": active["P"]}
        if borders:
            beside = dict.fromkeys(values, "apart")
        self.active[number] = beside if self.near else dict.fromkeys(values, "any")
        names = dict(zip(("P", "Q"), BORDERS[borders].region_ids, strict=True))
        scores = tuple(
            self.build.score(names[region], ("not_asked", None) if value == "come" else value)
            for region, value in values.items()
        )
        scores += tuple(
            replace(self.build.score(names[region], value), outcome="severe")
            for region, value in active.items()
        )
        scores = tuple(
            type(score)(**{**vars(score), "country": COUNTRIES[NAMES[score.region_id]]})
            for score in scores
        )
        before = self.read_told()
        publication, _ = self.world.publish(
            self.build.month(number), {}, scores=scores, region_set="lived",
            manifest={SHAPES: digest_shapes(BORDERS[borders])},
        )  # fmt: skip
        fresh = [item for item in self.read_told() if item not in before]
        if not is_newest:
            assert not fresh
            return
        assert {item.publication_id for item in fresh} <= {publication.publication_id}
        for region in ("P", "Q"):
            ours = [item for item in fresh if item.region == region]
            self.check_told(region, [item for item in before if item.region == region], ours)
        self.check_cap()

    def check_told(self, region: str, before: list[Told], fresh: list[Told]) -> None:
        """After a publication its contact point believes what is true, and heard nothing twice."""
        now, country = self.world.clock(), COUNTRIES[region]
        events = self.tell(region)
        true = self.stand(events)
        is_silenced = any(
            name == country and start <= now < end for name, start, end in self.silences
        )
        was, believed = self.believe(before), self.believe([*before, *fresh])
        has_risen = bool(events) and events[-1][1] == "escalated"
        if is_silenced:
            assert all(item.level > was[0] for item in fresh)
            if true[0] > was[0] and (has_risen or was[0]):
                assert believed == true
            return
        assert believed == true
        if was != true or not true[0]:
            assert was != true or not fresh
            return
        last = self.last_of(before)
        is_over = any(name == country and last.at < end <= now for name, _, end in self.silences)
        is_due = self.repeat is not None and now - last.at >= timedelta(days=self.repeat)
        is_taken = self.is_taken(self.open_id(region))
        if last.incident_id == self.open_id(region):
            assert bool(fresh) == (is_over or (is_due and not is_taken))

    def check_cap(self) -> None:
        """A reader of CAP alone knows which incidents are open, and at which level."""
        if self.world.clock() > datetime.combine(
            self.build.month(max(self.values)), time(), UTC
        ) + timedelta(days=75):
            return
        believed: dict[str, tuple[str, int]] = {}
        query = select(cap_messages).order_by(
            cap_messages.c.publication_id, cap_messages.c.incident_id
        )
        with self.world.database.read() as connection:
            rows = connection.execute(query).mappings().all()
        for row in rows:
            root = etree.fromstring(row["body"])
            references = root.findtext("{*}references") or ""
            for reference in references.split():
                believed.pop(reference.split(",")[1], None)
            if (
                row["type"] != "Cancel"
                and row["reason"] not in CLOSING
                and (row["expires_at"] > self.world.clock())
            ):
                believed[row["identifier"]] = (row["incident_id"], row["said"]["level"])
        true = {
            (self.open_id(region), level)
            for region in ("P", "Q")
            if (level := self.stand(self.tell(region))[0])
        }
        assert sorted(believed.values()) == sorted(true)

    @invariant()
    def the_history_is_that_of_a_fresh_run(self) -> None:
        rows = self.world.events()
        for region in ("P", "Q"):
            found = [
                (
                    row["as_of"], row["type"], row["level"],
                    date.fromisoformat(row["incident_id"].rpartition(":")[2]), row["sequence"],
                )
                for row in rows
                if NAMES[row["region_id"]] == region
            ]  # fmt: skip
            assert sorted(found, key=lambda item: (item[0], item[3], item[4])) == self.tell(region)

    @invariant()
    def at_most_one_small_message_for_each_group(self) -> None:
        rows = self.world.messages()
        groups = [(row["publication_id"], row["contact_point"], row["group_key"]) for row in rows]
        assert len(set(groups)) == len(groups)
        assert all(len(row["body"].encode()) <= MAX_BYTES for row in rows)

    @invariant()
    def every_action_is_sealed(self) -> None:
        with self.world.database.read() as connection:
            report = verify_audit(connection)
        assert (report.n_entries, report.is_good) == (self.n_actions, True)

    # What is asked above.

    def tell(self, region: str) -> list[tuple[date, str, int, date, int]]:
        return tell_slowly(
            self.counts,
            [
                Seen(
                    self.build.month(number),
                    self.values[number][region],
                    self.versions[number],
                    self.active[number][region],
                )
                for number in sorted(self.values)
            ],
        )

    def stand(self, events: Sequence[tuple[Any, ...]]) -> tuple[int, bool]:
        if not events or events[-1][1] in CLOSING:
            return 0, False
        return events[-1][2], events[-1][1] == "stale"

    def open_id(self, region: str) -> str:
        rows = [row for row in self.world.events() if NAMES[row["region_id"]] == region]
        last = max(rows, key=lambda row: (row["as_of"], row["incident_id"][-10:], row["sequence"]))
        return str(last["incident_id"])

    def rises_of(self, incident_id: str) -> set[tuple[Any, ...]]:
        return {
            (row["as_of"], row["level"])
            for row in self.world.events()
            if row["incident_id"] == incident_id and row["type"] == "escalated"
        }

    def is_taken(self, incident_id: str) -> bool:
        return incident_id in self.taken and self.rises_of(incident_id) <= self.taken[incident_id]

    def read_told(self) -> list[Told]:
        """The lines of all messages that are not lost, in order."""
        query = (
            select(
                outbox.c.publication_id, notifications.c.reason, notifications.c.incident_id,
                notifications.c.accepted_at, notifications.c.created_at,
                alert_events.c.region_id, alert_events.c.level, alert_events.c.type,
            )
            .join_from(notifications, outbox)
            .join(alert_events, alert_events.c.event_id == notifications.c.event_id)
            .where(outbox.c.status != "dead")
            .order_by(outbox.c.publication_id)
        )  # fmt: skip
        with self.world.database.read() as connection:
            rows = connection.execute(query).all()
        return [
            Told(
                publication_id=row.publication_id,
                reason=row.reason,
                incident_id=row.incident_id,
                region=NAMES[row.region_id],
                level=0 if row.type in CLOSING or row.reason == "cancelled" else row.level,
                is_stale=row.type == "stale" and row.reason != "cancelled",
                at=row.accepted_at or row.created_at,
            )
            for row in rows
        ]

    def last_of(self, lines: Sequence[Told]) -> Told:
        return [item for item in lines if item.level][-1]

    def believe(self, lines: Sequence[Told]) -> tuple[int, bool]:
        """Level and staleness of what the lines leave open; a region may have had two keys."""
        by_key = {item.incident_id.partition(":")[0]: item for item in lines}
        open_lines = [item for item in by_key.values() if item.level]
        assert len(open_lines) <= 1
        return (open_lines[0].level, open_lines[0].is_stale) if open_lines else (0, False)

    def dump(self) -> dict[str, list[str]]:
        with self.world.database.read() as connection:
            return {
                table.name: sorted(map(repr, connection.execute(select(table)).all()))
                for table in (alert_states, alert_events, notifications, outbox)
            }


def test_any_life_of_an_alert_is_as_the_model_tells_it(
    new_world: Callable[..., Any], build: Any
) -> None:
    """`LIFETIMES=2000` looks further."""
    run_state_machine_as_test(
        lambda: Lifetime(new_world, build),
        settings=settings(
            max_examples=int(os.environ.get("LIFETIMES", "12")),
            stateful_step_count=25,
            deadline=None,
            suppress_health_check=[*HealthCheck],
        ),
    )
