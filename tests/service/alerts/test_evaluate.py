"""Evaluation in the database: reruns, corrections, backfills, rules that change."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, func, select

from data.errors import StateError
from service.alerts.evaluate import evaluate_publication
from service.alerts.history import load_snapshot
from service.publications.store import load_publication
from service.tables import alert_events, alert_states, notifications, outbox, rules

HIGH, TOP, LOW = 0.3, 0.6, 0.1


def brief(events: Any) -> list[tuple[str, int]]:
    return [(item["type"], item["level"]) for item in events]


def test_fire_escalate_resolve(world: Any, build: Any) -> None:
    world.apply(build.rule())
    reports = [
        world.publish(build.month(number), {"ML01": value, "NE06": LOW})[1]
        for number, value in enumerate([LOW, HIGH, TOP, LOW, LOW])
    ]
    assert [[(item.type, item.level) for item in report.events] for report in reports] == [
        [], [("fired", 1)], [("escalated", 2)], [], [("resolved", 0)],
    ]  # fmt: skip
    assert {report.n_replayed for report in reports} == {0}
    events = world.events()
    assert [row["sequence"] for row in events] == [1, 2, 3]
    assert len({row["incident_id"] for row in events}) == 1
    assert events[0]["incident_id"] == f"{events[0]['dedup_key']}:2022-02-15"
    assert [row["value"] for row in events] == [HIGH, TOP, LOW]
    assert [row["level_name"] for row in events] == ["high", "very_high", "none"]


def test_a_baseline_and_a_stale_region_move_nothing(world: Any, build: Any) -> None:
    world.apply(build.rule(clear_n=1))
    world.publish(build.month(0), {"ML01": ("baseline_only", TOP), "ML05": HIGH, "NE06": HIGH})
    world.publish(build.month(1), {"ML05": ("baseline_only", LOW), "NE06": None})
    world.publish(build.month(2), {"ML05": ("baseline_only", LOW), "NE06": HIGH})
    assert brief(world.events()) == [
        ("fired", 1), ("fired", 1), ("stale", 1), ("stale", 1), ("restored", 1),
    ]  # fmt: skip


def test_what_was_warned_of_has_come(world: Any, build: Any) -> None:
    world.apply(build.rule(clear_n=3))
    come = ("not_asked", None)
    world.publish(build.month(0), {"ML01": HIGH, "ML05": HIGH, "NE06": LOW})
    world.publish(build.month(1), {"ML01": come, "ML05": None, "NE06": come})
    world.publish(build.month(2), {"ML01": come, "ML05": come, "NE06": come})
    world.publish(build.month(3), {"ML01": HIGH, "ML05": come, "NE06": come})
    found = [(row["region_id"], row["type"], row["level"]) for row in world.events()]
    assert found == [
        ("ML01", "fired", 1), ("ML05", "fired", 1),
        ("ML01", "occurred", 1), ("ML05", "stale", 1),
        ("ML05", "occurred", 1),
        ("ML01", "fired", 1),
    ]  # fmt: skip
    told = [
        (alert["region_id"], alert["reason"], alert["level_to"]["level"])
        for row in world.messages()
        for alert in json.loads(row["body"])["data"]["alerts"]
    ]
    assert sorted(told) == [
        ("ML01", "new", 1), ("ML01", "new", 1), ("ML01", "occurred", 0),
        ("ML05", "new", 1), ("ML05", "occurred", 0), ("ML05", "stale", 1),
    ]  # fmt: skip


def test_a_correction_takes_back_that_what_was_warned_of_has_come(world: Any, build: Any) -> None:
    world.apply(build.rule())
    world.publish(build.month(0), {"ML01": HIGH})
    world.publish(build.month(1), {"ML01": ("not_asked", None)})
    world.publish(build.month(1), {"ML01": HIGH})
    assert brief(world.events()) == [("fired", 1)]
    reasons = [json.loads(row["body"])["data"]["alerts"][0]["reason"] for row in world.messages()]
    assert reasons == ["new", "occurred", "corrected"]


def test_a_region_without_a_row_is_no_data(world: Any, build: Any) -> None:
    world.apply(build.rule(clear_n=1))
    world.publish(build.month(0), {"ML01": HIGH, "ML05": LOW})
    world.publish(build.month(1), {"ML05": LOW})
    assert brief(world.events()) == [("fired", 1), ("stale", 1)]


def test_a_change_is_compared_with_the_levels(world: Any, build: Any) -> None:
    rise = {"measure": "change", "levels": [{"name": "rise", "enter": 0.15, "exit": 0.05}]}
    world.apply(build.rule(**rise))
    score = build.score("ML01", 0.4)
    for number, change in enumerate([None, 0.15]):
        changed = type(score)(**{**vars(score), "change": change})
        world.publish(build.month(number), {}, scores=(changed,))
    (event,) = world.events()
    assert (event["type"], event["value"], event["as_of"]) == ("fired", 0.15, build.month(1))


def test_only_selected_series_are_followed(world: Any, build: Any) -> None:
    world.apply(
        build.rule(selector={"outcome": "escalation", "horizons": [3], "countries": ["MLI"]}),
        build.rule(id="other-set", selector={"outcome": "escalation", "region_set": "asia"}),
        build.rule(id="off", enabled=False),
    )
    scores = (
        build.score("ML01", TOP),
        build.score("ML05", TOP, horizon=1),
        build.score("NE06", TOP),
    )
    _, report = world.publish(build.month(0), {}, scores=scores)
    assert report.n_rules == 2
    assert [(event.rule_id, event.region_id) for event in report.events] == [("risk", "ML01")]


def dump(world: Any) -> dict[str, list[Any]]:
    with world.database.read() as connection:
        return {
            table.name: sorted(map(repr, connection.execute(select(table)).all()))
            for table in (alert_states, alert_events, notifications, outbox)
        }


def test_running_again_changes_nothing(world: Any, build: Any) -> None:
    world.apply(build.rule())
    world.publish(build.month(0), {"ML01": HIGH})
    publication, _ = world.publish(build.month(1), {"ML01": TOP})
    before = dump(world)
    world.apply(build.rule(enabled=False))
    with world.database.write() as connection:
        again = load_publication(connection, publication.publication_id)
        report = evaluate_publication(connection, again, settings=world.settings, now=world.clock())
    assert report.message_ids == ()
    assert dump(world) == before


def test_a_replay_of_all_history_is_identical(world: Any, build: Any) -> None:
    world.apply(build.rule(for_n=2, clear_n=1))
    course = [HIGH, TOP, None, TOP, LOW, HIGH, HIGH, LOW]
    for number, value in enumerate(course):
        world.publish(build.month(number), {"ML01": value, "NE06": course[-number]})
    before = dump(world)
    with world.database.write() as connection:
        first = load_publication(connection, 1)
        report = evaluate_publication(connection, first, settings=world.settings, now=world.clock())
    assert report.n_replayed == len(course) - 1
    assert dump(world) == before


def test_a_correction_starts_before_what_it_corrects(world: Any, build: Any) -> None:
    world.apply(build.rule(for_n=2))
    world.publish(build.month(0), {"ML01": HIGH})
    world.publish(build.month(1), {"ML01": HIGH})
    assert brief(world.events()) == [("fired", 1)]
    publication, report = world.publish(build.month(1), {"ML01": TOP})
    assert publication.revision == 2
    assert [(event.type, event.level, event.revision) for event in report.events] == [
        ("fired", 1, 2)
    ]
    world.publish(build.month(1), {"ML01": LOW})
    assert world.events() == []
    with world.database.read() as connection:
        assert connection.scalar(select(func.count()).select_from(alert_events)) == 2


def test_an_old_revision_or_an_unstored_publication_is_refused(world: Any, build: Any) -> None:
    first, _ = world.publish(build.month(0), {"ML01": HIGH})
    world.publish(build.month(0), {"ML01": LOW})
    for publication in (first, build.publication(build.month(1), {})):
        with pytest.raises(StateError, match="not the newest"), world.database.write() as writing:
            evaluate_publication(writing, publication, settings=world.settings, now=world.clock())


def test_a_backfill_moves_the_opening_and_queues_nothing(world: Any, build: Any) -> None:
    world.apply(build.rule())
    world.publish(build.month(0), {"ML01": LOW})
    world.publish(build.month(2), {"ML01": HIGH})
    n_messages = len(world.messages())
    _, report = world.publish(build.month(1), {"ML01": TOP})
    assert (report.n_replayed, report.message_ids, report.decisions) == (1, (), {})
    assert len(world.messages()) == n_messages
    events = world.events()
    assert [(row["type"], row["level"], row["as_of"]) for row in events] == [
        ("fired", 2, build.month(1))
    ]


def test_a_rule_that_ends_withdraws_and_does_not_resolve(world: Any, build: Any) -> None:
    world.apply(build.rule(), build.rule(id="kept"))
    world.publish(build.month(0), {"ML01": HIGH, "ML05": LOW})
    world.apply(build.rule(enabled=False))
    world.publish(build.month(1), {"ML01": LOW, "ML05": LOW})
    world.publish(build.month(2), {"ML01": HIGH, "ML05": LOW})
    found = {(row["rule_id"], row["type"], row["as_of"].month) for row in world.events()}
    assert found == {("risk", "fired", 1), ("kept", "fired", 1), ("risk", "withdrawn", 2)}


def test_a_rule_that_vanished_or_looks_elsewhere_withdraws(world: Any, build: Any) -> None:
    world.apply(build.rule(), build.rule(id="moved"))
    world.publish(build.month(0), {"ML01": HIGH})
    elsewhere = {"outcome": "escalation", "regions": ["NE06"]}
    world.apply(build.rule(id="moved", selector=elsewhere))
    with world.database.write() as connection:
        connection.execute(delete(rules).where(rules.c.rule_id == "risk"))
    world.publish(build.month(1), {"ML01": HIGH})
    assert sorted(brief(world.events())) == [
        ("fired", 1), ("fired", 1), ("withdrawn", 1), ("withdrawn", 1),
    ]  # fmt: skip
    assert [json.loads(row["body"])["data"]["rule"] for row in world.messages()].count(None) == 1


def test_an_edit_keeps_the_incident_but_not_the_counts(world: Any, build: Any) -> None:
    world.apply(build.rule())
    world.publish(build.month(0), {"ML01": HIGH})
    world.publish(build.month(1), {"ML01": LOW})
    world.apply(build.rule(name="Renamed"))
    world.publish(build.month(2), {"ML01": LOW})
    assert brief(world.events()) == [("fired", 1)]
    world.publish(build.month(3), {"ML01": LOW})
    assert brief(world.events()) == [("fired", 1), ("resolved", 0)]
    assert [row["rule_version"] for row in world.events()] == [1, 2]


def test_a_replay_uses_the_rules_of_its_time(world: Any, build: Any) -> None:
    world.apply(build.rule())
    world.publish(build.month(0), {"ML01": LOW})
    world.publish(build.month(2), {"ML01": HIGH})
    world.apply(build.rule(levels=[{"name": "extreme", "enter": 0.9, "exit": 0.8}]))
    world.publish(build.month(3), {"ML01": HIGH})
    before = world.events()
    world.publish(build.month(1), {"ML01": LOW})
    assert world.events() == before
    with world.database.read() as connection:
        publication_ids = connection.scalars(select(alert_states.c.publication_id).distinct())
        versions = [
            dict(load_snapshot(connection, publication_id).rule_versions)["risk"]
            for publication_id in sorted(publication_ids)
        ]
    assert versions == [1, 1, 2, 1]


def test_a_correction_of_the_past_uses_the_rules_of_its_time(world: Any, build: Any) -> None:
    world.apply(build.rule())
    world.publish(build.month(0), {"ML01": LOW})
    world.apply(build.rule(id="risk", name="Renamed"))
    world.publish(build.month(1), {"ML01": LOW})
    world.apply(build.rule(enabled=False))
    world.publish(build.month(2), {"ML01": LOW})
    world.publish(build.month(1), {"ML01": HIGH})
    found = [(row["type"], row["rule_version"], row["as_of"].month) for row in world.events()]
    assert found == [("fired", 2, 2), ("withdrawn", 2, 3)]


def test_that_no_rule_was_in_force_is_remembered(world: Any, build: Any) -> None:
    world.apply(build.rule())
    world.publish(build.month(0), {"ML01": LOW})
    world.apply(build.rule(enabled=False))
    publication, _ = world.publish(build.month(1), {"ML01": HIGH})
    world.apply(build.rule())
    before = dump(world)
    with world.database.write() as connection:
        again = load_publication(connection, publication.publication_id)
        evaluate_publication(connection, again, settings=world.settings, now=world.clock())
    assert dump(world) == before
    world.publish(build.month(2), {"ML01": LOW})
    _, report = world.publish(build.month(1), {"ML01": TOP})
    assert (report.n_rules, world.events()) == (0, [])


def test_a_correction_of_the_present_uses_the_rules_of_now(world: Any, build: Any) -> None:
    world.apply(build.rule())
    world.publish(build.month(0), {"ML01": LOW})
    world.apply(build.rule(levels=[{"name": "extreme", "enter": 0.9, "exit": 0.8}]))
    world.publish(build.month(0), {"ML01": HIGH})
    assert world.events() == []


def test_series_at_rest_are_not_kept(world: Any, build: Any) -> None:
    world.apply(build.rule())
    publication, _ = world.publish(build.month(0), {"ML01": HIGH, "ML05": LOW, "NE06": None})
    with world.database.read() as connection:
        snapshot = load_snapshot(connection, publication.publication_id)
    assert [item.series.region_id for item in snapshot.states.values()] == ["ML01"]


values = st.fixed_dictionaries(
    {region: st.sampled_from([None, 0.1, 0.22, 0.3, 0.45, 0.6]) for region in ("ML01", "NE06")}
)


@given(
    st.lists(st.tuples(st.integers(0, 7), values), min_size=1, max_size=12),
    st.sampled_from([{}, {"for_n": 2}, {"clear_n": 1, "stale_n": 2}]),
)
@settings(
    max_examples=25,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
def test_any_order_of_corrections_and_backfills_equals_a_fresh_run(
    new_world: Callable[[], Any], build: Any, acts: list[Any], counts: dict[str, int]
) -> None:
    rule = build.rule(**counts)
    world, fresh = new_world(), new_world()
    for one in (world, fresh):
        one.apply(rule)
    for number, scores in acts:
        world.publish(build.month(number), scores)
    final: dict[int, Any] = dict(acts)
    for number in sorted(final):
        fresh.publish(build.month(number), final[number])

    def comparable(one: Any) -> list[dict[str, Any]]:
        rows = one.events()
        for row in rows:  # A correction has another revision, and so another event id.
            del row["revision"], row["event_id"]
        return rows

    assert comparable(world) == comparable(fresh)
