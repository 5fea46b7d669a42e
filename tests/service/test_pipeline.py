"""One cycle: what it writes, that it writes it whole, and that it knows nothing of the future."""

from __future__ import annotations

import csv
import io
import json
import os
import signal
import subprocess
import sys
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pandas as pd
import pytest
from sqlalchemy import delete, func, select, update

from data.calendar import end_of_day, to_epoch_day
from data.database import METADATA, open_database
from data.errors import NothingKnown, NotReady, Refused, UnknownName, UsageError
from data.events import conform_events
from data.regions import save_region_set
from data.store import events_as_known, events_known_at, list_deliveries
from data.store.blocks import insert_events
from data.tables import deliveries, event_blocks, examinations
from models.tables import models
from service.alerts.rule_store import list_rules
from service.feeds.formats import FORMATS
from service.intake.fetching import ingest_new
from service.pipeline import run_cycle
from service.publications.store import (
    find_publication,
    latest_publication,
    list_publications,
    load_document,
)
from service.tables import alert_states, documents, outbox, publications, scores

FIRST, SECOND = date(2021, 12, 15), date(2022, 1, 15)
TABLES = (publications, scores, documents, alert_states, outbox)

DRIVER = """
import os, signal, sys
from datetime import UTC, date, datetime
from pathlib import Path

import service.pipeline
from data.database import open_database
from service.settings import Settings

settings = Settings.model_validate_json(sys.argv[1])
real = service.pipeline.evaluate_publication


def die_after(connection, publication, **options):
    real(connection, publication, **options)
    os.kill(os.getpid(), signal.SIGKILL)


service.pipeline.evaluate_publication = die_after
service.pipeline.run_cycle(
    open_database(sys.argv[3]),
    settings,
    lambda: datetime(2022, 1, 16, 6, tzinfo=UTC),
    region_set="demo",
    as_of=date.fromisoformat(sys.argv[2]),
)
"""


def cycle(demo, as_of, **options):
    return run_cycle(
        demo.database, demo.settings, demo.clock, region_set="demo", as_of=as_of, **options
    )


def count_rows(database):
    with database.read() as connection:
        return {
            table.name: connection.scalar(select(func.count()).select_from(table))
            for table in TABLES
        }


def read_files(database, as_of):
    with database.read() as connection:
        return {name: load_document(connection, "demo", as_of, name) for name in FORMATS}


def test_a_cycle_publishes_scores_files_and_alert_states(demo):
    told = []
    report = cycle(demo, FIRST, on_progress=lambda *step: told.append(step))
    assert (report.revision, report.is_unchanged, report.is_simulated) == (1, False, True)
    assert report.n_scores + report.n_withheld == 60
    with demo.database.read() as connection:
        publication = find_publication(connection, "demo", FIRST)
        assert list_rules(connection)
    assert publication.publication_id == report.publication_id
    assert publication.is_simulated
    assert publication.origin_label == "2021-11"
    assert publication.attributions[0].licence == "CC0-1.0"
    assert set(publication.manifest["model"]["skill"]) == {"1", "3"}
    assert all(document is not None for document in read_files(demo.database, FIRST).values())
    assert [done for done, _, _ in told] == [0, 1, 2, 3, 4]
    assert {total for _, total, _ in told} == {4}


def test_every_number_of_the_feed_comes_from_the_model(demo):
    cycle(demo, FIRST)
    rows = list(csv.DictReader(io.StringIO(read_files(demo.database, FIRST)["csv"].body.decode())))
    assert len(rows) == 60
    assert {row["horizon"] for row in rows} == {"1", "3"}
    assert len({row["risk_score"] for row in rows}) > 20
    assert all(row["model_version"].startswith("simulated-") for row in rows)
    skill = json.loads(read_files(demo.database, FIRST)["json"].body)["skill"]
    assert skill["1"]["n_forecasts"] > 0


def test_the_second_cycle_tells_the_change(demo):
    cycle(demo, FIRST)
    cycle(demo, SECOND)
    with demo.database.read() as connection:
        before = find_publication(connection, "demo", FIRST)
        after = find_publication(connection, "demo", SECOND)
    assert before.previous_as_of is None
    assert all(score.change is None for score in before.scores)
    assert after.previous_as_of == FIRST
    for old, new in zip(before.scores, after.scores, strict=True):
        if old.status == new.status == "ok":
            assert new.change == new.risk_score - old.risk_score
        else:
            assert new.change is None


def test_running_it_again_writes_nothing(demo):
    first = cycle(demo, FIRST)
    rows, files = count_rows(demo.database), read_files(demo.database, FIRST)
    later = replace(demo, clock=lambda: demo.clock() + timedelta(days=3))
    again = cycle(later, FIRST)
    assert again.is_unchanged
    assert again.publication_id == first.publication_id
    assert "unchanged" in again.summary
    assert count_rows(demo.database) == rows
    assert read_files(demo.database, FIRST) == files


def test_a_later_delivery_corrects_only_what_may_know_it(demo):
    cycle(demo, FIRST)
    files = read_files(demo.database, FIRST)
    with demo.database.write() as connection:
        alter_events(connection, known_after=FIRST)
    assert cycle(demo, FIRST).is_unchanged
    assert read_files(demo.database, FIRST) == files


def alter_events(connection, known_after):
    """Multiplies the deaths of everything that became known later, and adds events of before."""
    last = list_deliveries(connection, "simulated")[-1]
    before = events_as_known(connection, "simulated", known_after)
    after = events_known_at(connection, "simulated", last.known_at)
    told = after[~after["event_id"].isin(before["event_id"])]
    assert len(told) > 0
    late = pd.concat([after.head(1)] * 20, ignore_index=True).assign(
        event_id=[f"late-{number}" for number in range(20)],
        date_start=to_epoch_day(date(2021, 11, 20)),
        date=to_epoch_day(date(2021, 11, 20)),
        fatalities_best=300,
        fatalities_high=300,
    )
    deaths = {f"fatalities_{name}": 500 for name in ("best", "low", "high")}
    connection.execute(
        delete(event_blocks).where(event_blocks.c.known_at > end_of_day(known_after))
    )
    insert_events(
        connection,
        conform_events(pd.concat([told.assign(**deaths), late])),
        (),
        source="simulated",
        known_at=last.known_at,
        delivery_id=last.delivery_id,
    )


def refers_to_publications(table):
    return any(
        key.column.table is publications or refers_to_publications(key.column.table)
        for key in table.foreign_keys
    )


def test_altering_events_after_the_as_of_changes_no_byte(demo):
    cycle(demo, FIRST)
    expected = read_files(demo.database, FIRST)
    cycle(demo, SECOND)
    known_later = read_files(demo.database, SECOND)
    with demo.database.write() as connection:
        for table in reversed(METADATA.sorted_tables):
            if table is publications or refers_to_publications(table):
                connection.execute(delete(table))
        alter_events(connection, known_after=FIRST)
    cycle(demo, FIRST)
    assert read_files(demo.database, FIRST) == expected
    cycle(demo, SECOND)
    assert read_files(demo.database, SECOND) != known_later  # The alteration does matter.


def test_a_process_killed_in_mid_publication_leaves_the_one_before(demo):
    cycle(demo, FIRST)
    rows, files = count_rows(demo.database), read_files(demo.database, None)
    killed = subprocess.run(
        [
            *(sys.executable, "-c", DRIVER, demo.settings.model_dump_json(), str(SECOND)),
            # The settings write no secret, and an address may hold one.
            demo.settings.resolved_database_url,
        ],
        cwd=Path(__file__).parents[2],
        capture_output=True,
        text=True,
        timeout=120,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])},
    )
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    demo.database.close()
    database = open_database(demo.settings.resolved_database_url)
    assert count_rows(database) == rows
    assert read_files(database, None) == files
    report = cycle(replace(demo, database=database), SECOND)
    assert (report.revision, report.is_unchanged) == (1, False)
    with database.read() as connection:
        assert latest_publication(connection, "demo").as_of == SECOND
        assert len(list_publications(connection, "demo")) == 2
    database.close()


def test_a_failing_evaluation_publishes_nothing(demo, monkeypatch):
    def fail(connection, publication, **options):
        raise RuntimeError("no")

    monkeypatch.setattr("service.pipeline.evaluate_publication", fail)
    with pytest.raises(RuntimeError):
        cycle(demo, FIRST)
    assert set(count_rows(demo.database).values()) == {0}


def test_a_model_that_knows_the_future_is_refused(demo):
    with pytest.raises(Refused, match="nobody knew on 2021-12-14"):
        cycle(demo, FIRST - timedelta(days=1))
    assert set(count_rows(demo.database).values()) == {0}


def test_an_altered_model_is_refused_and_the_feed_stays(demo):
    cycle(demo, FIRST)
    files = read_files(demo.database, None)
    with demo.database.write() as connection:
        artefact = bytearray(connection.scalar(select(models.c.artefact)))
        artefact[len(artefact) // 2] ^= 1
        connection.execute(update(models).values(artefact=bytes(artefact)))
    with pytest.raises(Refused):
        cycle(demo, SECOND)
    assert read_files(demo.database, None) == files


def test_without_a_model_it_is_not_ready(demo):
    with demo.database.write() as connection:
        connection.execute(delete(models))
    with pytest.raises(NotReady, match="demo") as caught:
        cycle(demo, FIRST)
    assert "tocsin train" in caught.value.hint


def test_an_unknown_set_and_the_future_are_refused(demo):
    with pytest.raises(UsageError, match="future"):
        cycle(demo, date(2022, 1, 17))
    with pytest.raises(UnknownName, match="nowhere"):
        run_cycle(demo.database, demo.settings, demo.clock, region_set="nowhere", as_of=FIRST)


def test_before_any_data_nothing_is_known(demo):
    with demo.database.write() as connection:
        for table in (examinations, event_blocks, deliveries):
            connection.execute(delete(table))
    with pytest.raises(NothingKnown):
        cycle(demo, FIRST)


def test_new_releases_are_taken_in_once_and_in_order(demo):
    with demo.database.read() as connection:
        stored = list_deliveries(connection, "simulated")
    assert [delivery.known_at.date() for delivery in stored] == [
        date(2021, 12, 10),
        date(2022, 1, 10),
    ]
    assert ingest_new(demo.database, demo.settings, demo.clock, region_set="demo") == []
    later = demo.clock() + timedelta(days=62)
    told = []
    reports = ingest_new(
        demo.database,
        demo.settings,
        lambda: later,
        region_set="demo",
        on_progress=lambda *step: told.append(step),
    )
    assert [report.vintage for report in reports] == ["2022-02", "2022-03"]
    assert told == [(1, 2, "2022-02"), (2, 2, "2022-03")]
    assert all(report.n_added > 0 for report in reports)


def test_without_a_past_only_the_newest_release_is_taken(demo):
    with demo.database.write() as connection:
        for table in (examinations, event_blocks, deliveries):
            connection.execute(delete(table))
    (report,) = ingest_new(demo.database, demo.settings, demo.clock, region_set="demo")
    assert report.known_at.date() == date(2022, 1, 10)


def test_a_set_that_is_fed_by_hand_cannot_be_fetched(demo, region_set):
    with demo.database.write() as connection:
        save_region_set(connection, region_set, demo.clock())
    with pytest.raises(UsageError, match="ged"):
        ingest_new(demo.database, demo.settings, demo.clock, region_set="squares")
    with pytest.raises(UnknownName, match="nowhere"):
        ingest_new(demo.database, demo.settings, demo.clock, region_set="nowhere")


def test_a_race_of_two_cycles_publishes_once(demo, monkeypatch):
    real = run_cycle.__globals__["render_documents"]
    raced = []

    def publish_in_between(publication, regions):
        if not raced:
            raced.append(True)
            cycle(demo, FIRST)
        return real(publication, regions)

    monkeypatch.setattr("service.pipeline.render_documents", publish_in_between)
    report = cycle(demo, FIRST)
    assert (report.revision, report.is_unchanged) == (1, True)
    with demo.database.read() as connection:
        assert len(list_publications(connection, "demo")) == 1


def test_moments_are_those_of_the_clock(demo):
    cycle(demo, FIRST)
    with demo.database.read() as connection:
        assert latest_publication(connection, "demo").published_at == demo.clock()


def test_publishing_again_with_a_reason_makes_a_revision_that_says_so(demo):
    cycle(demo, FIRST)
    again = run_cycle(
        demo.database,
        demo.settings,
        demo.clock,
        region_set="demo",
        as_of=FIRST,
        note="The source corrected itself.",
    )
    assert (again.revision, again.is_unchanged) == (2, False)
    with demo.database.read() as connection:
        first = load_document(connection, "demo", FIRST, "csv", revision=1)
        second = load_document(connection, "demo", FIRST, "json")
        atom = load_document(connection, "demo", None, "atom")
    assert first is not None
    assert "The source corrected itself." in " ".join(json.loads(second.body)["notice"])
    assert b"correction" in atom.body
    # The cycle as it is run on any day leaves the correction standing.
    assert (cycle(demo, FIRST).revision, cycle(demo, FIRST).is_unchanged) == (2, True)
