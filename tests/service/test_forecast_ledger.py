"""The ledger proves what was published: any later change, removal or addition shows."""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from datetime import date

import pytest
from sqlalchemy import delete, select, update
from typer.testing import CliRunner

from models.registry import list_models
from service.cli.main import app
from service.pipeline import run_cycle
from service.publications.store import load_document, number_publication, store_publication
from service.record.forecast_ledger import (
    append_publication,
    digest_forecasts,
    list_entries,
    verify_ledger,
)
from service.tables import ledger_entries, publications, scores

pytestmark = pytest.mark.both_databases

DAYS = tuple(date(2022, 1, day) for day in (13, 14, 15))


@pytest.fixture
def three(squares, make_publication):
    """Three publications in the ledger."""
    for as_of in DAYS:
        _publish(squares, make_publication(as_of))
    return squares


def _publish(database, publication, *, is_listed=True):
    with database.write() as connection:
        numbered = number_publication(connection, publication)
        if is_listed:
            append_publication(connection, numbered)
        store_publication(connection, numbered, ())


def _verify(database, head=None):
    with database.read() as connection:
        return verify_ledger(connection, head)


def _alter(database, *statements):
    with database.write() as connection:
        for statement in statements:
            connection.execute(statement)


def test_an_untouched_ledger_is_whole_and_holds_every_head(three):
    with three.read() as connection:
        entries = list_entries(connection)
    assert [entry.sequence for entry in entries] == [3, 2, 1]
    assert [entry.as_of for entry in reversed(entries)] == list(DAYS)
    for entry in entries:
        report = _verify(three, entry.entry_hash)
        assert (report.is_good, report.chain.n_entries) == (True, 3)
    assert not _verify(three, "f" * 64).is_good


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (update(scores).where(scores.c.risk_score > 0.3).values(risk_score=0.9), "not those"),
        (update(scores).where(scores.c.horizon == 3).values(status="stale"), "not those"),
        (delete(scores).where(scores.c.horizon == 3), "not those"),
        (update(publications).values(model_version="better"), "not those"),
    ],
)
def test_what_changes_in_the_second_publication_is_named(three, change, says):
    second = select(publications.c.publication_id).where(publications.c.as_of == DAYS[1])
    table = change.table
    _alter(three, change.where(table.c.publication_id.in_(second)))
    report = _verify(three)
    assert (report.is_good, report.chain.broken_at) == (False, 2)
    assert says in report.chain.reason


def test_a_removed_publication_is_named_and_so_is_one_slipped_in(three, make_publication):
    second = select(publications.c.publication_id).where(publications.c.as_of == DAYS[1])
    _alter(
        three,
        delete(scores).where(scores.c.publication_id.in_(second)),
        delete(publications).where(publications.c.as_of == DAYS[1]),
    )
    report = _verify(three)
    assert (report.chain.broken_at, report.unlisted) == (2, ())
    assert "gone" in report.chain.reason
    _publish(three, make_publication(date(2022, 1, 16)), is_listed=False)
    assert _verify(three).unlisted == ("squares 2022-01-16 revision 1",)


def test_entries_that_are_changed_removed_or_sealed_anew_show(three):
    with three.read() as connection:
        head = list_entries(connection)[0].entry_hash
    where = ledger_entries.c.sequence == 2
    with three.engine.connect() as connection, connection.begin() as undone:
        connection.execute(update(ledger_entries).where(where).values(digest="0" * 64))
        assert verify_ledger(connection).chain.broken_at == 2
        undone.rollback()
    _alter(three, delete(ledger_entries).where(ledger_entries.c.sequence == 3))
    report = _verify(three)
    assert report.chain.is_good
    assert report.unlisted == ("squares 2022-01-15 revision 1",)
    assert _verify(three, head).chain.is_head_found is False


def test_publications_before_the_ledger_are_counted_not_accused(squares, make_publication):
    _publish(squares, make_publication(DAYS[0]), is_listed=False)
    assert (_verify(squares).is_good, _verify(squares).n_before) == (True, 1)
    _publish(squares, make_publication(DAYS[1]))
    assert (_verify(squares).is_good, _verify(squares).n_before) == (True, 1)


def test_a_reader_of_the_json_feed_computes_the_digest_of_the_signed_manifest(demo):
    run_cycle(demo.database, demo.settings, demo.clock, region_set="demo", as_of=date(2022, 1, 15))
    with demo.database.read() as connection:
        feed, manifest = (
            json.loads(load_document(connection, "demo", None, name).body)
            for name in ("json", "manifest.json")
        )
        (entry,) = list_entries(connection)
        assert verify_ledger(connection, entry.entry_hash).is_good
    head = [
        "tocsin-forecasts-2",
        *(feed[name] for name in ("set", "as_of", "revision", "step", "origin")),
        *(feed[name] for name in ("model_version", "outcome_version", "simulated")),
    ]
    names = ("outcome", "horizon", "region_id", "status", "risk_score", "threshold", "climatology")
    outcomes = sorted(
        {(one["outcome"], one["model_version"], one["outcome_version"]) for one in feed["horizons"]}
    )
    assert [version for _, version, _ in outcomes] == sorted(_models_in_service(demo.database))
    rows = sorted([score[name] for name in names] for score in feed["scores"])
    text = "".join(
        json.dumps(line, separators=(",", ":"), ensure_ascii=False) + "\n"
        for line in (head, *outcomes, *rows)
    )
    told = json.loads(manifest["signed"])["ledger"]
    assert told["digest"] == hashlib.sha256(text.encode()).hexdigest() == entry.digest
    assert told["entry_hash"] == entry.entry_hash


def _models_in_service(database):
    with database.read() as connection:
        return [
            one.model_version for one in list_models(connection, "demo") if one.role == "champion"
        ]


def test_entries_of_the_first_format_stay_good_and_are_watched(squares, make_publication):
    publication = make_publication()
    old = digest_forecasts(publication, "tocsin-forecasts-1")
    assert old != digest_forecasts(publication)
    monkey = pytest.MonkeyPatch()
    with monkey.context() as patch:
        patch.setattr("service.record.forecast_ledger.digest_forecasts", lambda _one: old)
        _publish(squares, publication)
    _publish(squares, make_publication(DAYS[2]))
    assert _verify(squares).is_good
    _alter(squares, update(scores).where(scores.c.risk_score > 0.3).values(risk_score=0.9))
    assert _verify(squares).chain.broken_at == 1


def test_the_model_of_each_score_is_sealed(make_publication):
    one = make_publication()
    row = replace(one.scores[0], model_version="another")
    other = replace(one, scores=(row, *one.scores[1:]))
    assert digest_forecasts(one) != digest_forecasts(other)


def test_words_do_not_count_and_numbers_do(make_publication):
    one = make_publication()
    assert digest_forecasts(one) == digest_forecasts(make_publication(manifest={}))
    other = make_publication(risk={("AA01", 1): 0.050001})
    assert digest_forecasts(one) != digest_forecasts(other)


def test_the_commands_and_the_api_tell_it(three, settings, monkeypatch, ask):
    monkeypatch.setenv("TOCSIN_STATE_DIR", str(settings.state_dir))
    run = CliRunner().invoke
    listed = json.loads(run(app, ["ledger", "list", "--set", "squares", "--json"]).stdout)
    assert ask("/ledger").json() == listed
    assert [entry["sequence"] for entry in ask("/ledger", before=3, limit=1).json()] == [2]
    assert "2022-01-15" in run(app, ["ledger", "list"]).stdout
    whole = run(app, ["ledger", "verify", "--head", listed[1]["entry_hash"]])
    assert (whole.exit_code, "Whole: 3 entries" in whole.stdout) == (0, True)
    cut = run(app, ["ledger", "verify", "--head", "f" * 64])
    assert (cut.exit_code, "CUT OFF" in cut.stdout) == (1, True)
    _alter(three, update(scores).values(risk_score=0.5))
    broken = run(app, ["ledger", "verify"])
    assert broken.exit_code == 1
    assert "BROKEN at entry 1 of 3: The forecasts of squares 2022-01-13" in broken.stdout


def test_an_entry_falls_with_its_transaction(squares, make_publication):
    publication = make_publication()

    def fail():
        with squares.write() as connection:
            append_publication(connection, publication)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    with squares.read() as connection:
        assert list_entries(connection) == ()
