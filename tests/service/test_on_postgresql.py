"""The whole way on PostgreSQL: deliveries, a model, publications, alerts, messages, chains."""

from __future__ import annotations

import threading
from dataclasses import replace
from datetime import date

import pytest
from sqlalchemy import text

import service.pipeline
from data.actors import ActorAlias, ActorTable, load_actors, save_aliases
from data.regions import list_editions, load_region_set, save_region_set
from service.alerts.audit import verify_audit
from service.alerts.delivery import deliver_due
from service.alerts.read import list_messages
from service.alerts.rule_store import apply_rules
from service.alerts.rules import parse_rule
from service.alerts.system import report_condition
from service.app import make_app
from service.intake.fetching import ingest_new
from service.pipeline import run_cycle
from service.publications.store import list_publications, load_document
from service.record.forecast_ledger import verify_ledger

EVERYWHERE = parse_rule(
    {
        "id": "any",
        "name": "Any risk",
        "why": "So that the trail has an entry.",
        "measure": "risk_score",
        "selector": {"outcome": "escalation", "horizons": [3]},
        "levels": [{"name": "any", "enter": 0.01, "exit": 0.005}],
    }
)
AS_OFS = (date(2021, 12, 15), date(2022, 1, 15))


@pytest.mark.parametrize("backend", ["postgres"], indirect=True)
def test_the_whole_way(demo):
    with demo.database.write() as connection:
        apply_rules(connection, [EVERYWHERE], actor="awa", now=demo.clock())
    ingest_new(demo.database, demo.settings, demo.clock, region_set="demo")
    for as_of in AS_OFS:
        run_cycle(demo.database, demo.settings, demo.clock, region_set="demo", as_of=as_of)
    with demo.database.write() as connection:
        report_condition(
            connection,
            "source_stale",
            "demo",
            is_bad=True,
            detail="A test.",
            settings=demo.settings,
            now=demo.clock(),
        )
    deliver_due(demo.database, demo.settings, demo.clock)
    with demo.database.read() as connection:
        assert [head.as_of for head in list_publications(connection, "demo")] == [*AS_OFS[::-1]]
        assert load_document(connection, "demo", AS_OFS[1], "csv").body.startswith(b"set,region_id")
        messages = list_messages(connection)
        assert messages
        assert {message.status for message in messages} == {"delivered"}
        assert verify_ledger(connection).is_good
        trail = verify_audit(connection)
        assert trail.is_good
        assert trail.n_entries > 0


@pytest.mark.parametrize("backend", ["postgres"], indirect=True)
def test_two_cycles_at_once_publish_once(demo, monkeypatch):
    """As by hand, at the moment at which the schedule does it."""
    together, render = threading.Barrier(2), service.pipeline.render_documents

    def render_and_wait(*arguments):
        documents = render(*arguments)
        together.wait()
        return documents

    monkeypatch.setattr(service.pipeline, "render_documents", render_and_wait)
    found = []

    def run():
        try:
            report = run_cycle(
                demo.database, demo.settings, demo.clock, region_set="demo", as_of=AS_OFS[0]
            )
            found.append((report.revision, report.is_unchanged))
        except Exception as problem:
            found.append((-1, type(problem).__name__))

    threads = [threading.Thread(target=run) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(found) == [(1, False), (1, True)]
    with demo.database.read() as connection:
        assert len(list_publications(connection, "demo")) == 1
        report = verify_ledger(connection)
    assert (report.is_good, report.chain.n_entries) == (True, 1)


def is_waited_for(database):
    """Returns whether a transaction waits for what another holds."""
    waiting = text(
        "SELECT count(*) FROM pg_stat_activity "
        "WHERE datname = current_database() AND wait_event_type = 'Lock'"
    )
    with database.read() as connection:
        return connection.scalar(waiting) > 0


def save_during(database, saving, while_saving):
    """Saves while a transaction that saved is open; returns what came of it.

    Args:
        database: On PostgreSQL.
        saving: Saves in a transaction that it is given, beside the one that is open.
        while_saving: Saves in the transaction that is open.
    """
    results = []

    def save():
        try:
            with database.write() as connection:
                results.append(saving(connection))
        except Exception as problem:
            results.append(problem)

    thread = threading.Thread(target=save)
    with database.write() as connection:
        assert while_saving(connection) is True
        thread.start()
        while not is_waited_for(database):
            assert thread.is_alive(), results
    thread.join()
    return results[0]


@pytest.mark.parametrize("backend", ["postgres"], indirect=True)
def test_a_region_set_that_is_imported_twice_at_once_is_stored_once(database, region_set, now):
    def save(connection):
        return save_region_set(connection, region_set, now)

    assert save_during(database, save, save) is False
    with database.read() as connection:
        assert load_region_set(connection, region_set.name) == region_set


@pytest.mark.parametrize("backend", ["postgres"], indirect=True)
def test_of_two_redraws_at_once_the_later_replaces_the_earlier(squares, region_set, now):
    three, two = (
        replace(region_set, regions=region_set.regions[:n], neighbours=((),) * n) for n in (3, 2)
    )
    done = save_during(
        squares,
        lambda connection: save_region_set(connection, two, now, replace=True),
        lambda connection: save_region_set(connection, three, now, replace=True),
    )
    assert done is True
    with squares.read() as connection:
        assert load_region_set(connection, region_set.name) == two
        editions = list_editions(connection, region_set.name)
    assert sorted(len(edition.regions) for edition in editions) == [3, 4]


@pytest.mark.parametrize("backend", ["postgres"], indirect=True)
def test_a_table_of_actors_that_is_imported_twice_at_once_is_stored_once(database):
    table = ActorTable([ActorAlias("Reds", "Reds", "rebel")])

    def save(connection):
        return save_aliases(connection, table)

    assert save_during(database, save, save) is False
    with database.read() as connection:
        assert load_actors(connection).aliases == table.aliases


@pytest.mark.parametrize("backend", ["postgres"], indirect=True)
def test_an_address_with_a_nul_is_refused(squares, settings, clock, browse):
    """PostgreSQL takes none in a text, and a file system none in a path."""
    browser = browse(make_app(squares, settings, clock))
    for path, status in (
        ("/feeds/a%00/latest.csv", 404),
        ("/feeds/a%00/", 404),
        ("/ogc/collections/a%00/items", 422),
        ("/api/v1/alerts/a%00", 422),
        ("/api/v1/scores?set=a%00", 422),
        ("/sets/a%00", 422),
        ("/static/a%00.css", 422),
    ):
        assert (browser.get(path).status_code, path) == (status, path)


@pytest.mark.parametrize("backend", ["postgres"], indirect=True)
def test_a_walk_through_a_publication_that_no_number_can_name_is_refused(
    squares, settings, clock, browse
):
    browser = browse(make_app(squares, settings, clock))
    walk = "/ogc/collections/squares/items?publication="
    assert browser.get(f"{walk}{2**31}").status_code == 400
    assert browser.get(f"{walk}{2**31 - 1}").status_code == 404
