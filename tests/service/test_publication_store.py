"""Publications in the database: exact there and back, revisions, nothing half-written."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select

from data.errors import Conflict, StateError
from models.score import Contribution
from service.publications.history import score_history
from service.publications.publication import Document
from service.publications.store import (
    content_digest,
    find_head,
    find_publication,
    latest_publication,
    list_publications,
    load_document,
    load_publication,
    store_publication,
)
from service.tables import publications, scores

pytestmark = pytest.mark.both_databases

DAY = date(2022, 1, 15)
FLOATS = st.floats(allow_nan=False, allow_infinity=False)


def test_a_publication_comes_back_exactly(squares, publish, make_publication):
    written = publish(make_publication(risk={("AA01", 1): 0.1 + 0.2, ("AA02", 3): None}))
    with squares.read() as connection:
        assert load_publication(connection, written.publication_id) == written
        assert latest_publication(connection, "squares") == written
        assert find_publication(connection, "squares", DAY) == written


@settings(
    max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    risk=st.floats(0, 1),
    log_odds=st.lists(FLOATS, max_size=3),
    value=st.none() | FLOATS,
    text=st.text(max_size=20),
)
def test_any_score_comes_back_exactly(squares, make_publication, risk, log_odds, value, text):
    publication = make_publication()
    row = replace(
        publication.scores[0],
        risk_score=risk,
        threshold=value,
        region_name=text,
        reason=text,
        contributions=tuple(Contribution("f", text, value, "u", odds) for odds in log_odds),
    )
    publication = replace(publication, scores=(row, *publication.scores[1:]))
    with squares.read() as connection:  # A read transaction is rolled back: each example is first.
        stored = store_publication(connection, publication, ())
        assert load_publication(connection, stored.publication_id) == stored
        assert replace(stored, publication_id=None) == publication


def test_the_same_content_makes_no_new_revision(squares, publish, make_publication):
    first = publish(make_publication())
    again = publish(replace(make_publication(), published_at=first.published_at + timedelta(1)))
    assert again == first
    with squares.read() as connection:
        assert len(list_publications(connection, "squares")) == 1
        assert connection.scalar(select(func.count()).select_from(scores)) == 8


def test_other_content_makes_a_revision_and_keeps_the_old_one(squares, publish, make_publication):
    first = publish(make_publication())
    second = publish(make_publication(risk={("AA01", 1): 0.9}))
    assert (first.revision, second.revision) == (1, 2)
    with squares.read() as connection:
        assert find_publication(connection, "squares", DAY) == second
        assert find_publication(connection, "squares", DAY, revision=1) == first
        assert find_publication(connection, "squares", DAY, revision=3) is None
        old = load_document(connection, "squares", DAY, "csv", revision=1)
        new = load_document(connection, "squares", DAY, "csv")
    assert old.body != new.body


def test_going_back_to_earlier_content_is_a_revision_too(publish, make_publication):
    publish(make_publication())
    publish(make_publication(risk={("AA01", 1): 0.9}))
    assert publish(make_publication()).revision == 3


def test_a_revision_that_is_not_the_next_is_refused(squares, publish, make_publication):
    publish(make_publication())
    late = make_publication(risk={("AA01", 1): 0.9})
    with pytest.raises(Conflict), squares.write() as connection:
        store_publication(connection, late, ())
    with squares.read() as connection:
        assert connection.scalar(select(func.count()).select_from(publications)) == 1


@pytest.mark.parametrize(
    "changes",
    [
        {"as_of": date(2022, 1, 14)},
        {"model_version": "other"},
        {"is_simulated": True},
        {"manifest": {}},
        {"attributions": ()},
        {"previous_as_of": date(2021, 1, 1)},
    ],
)
def test_the_digest_covers_what_is_said(make_publication, changes):
    publication = make_publication()
    assert content_digest(replace(publication, **changes)) != content_digest(publication)


def test_the_digest_leaves_out_when_and_which(make_publication, now):
    publication = make_publication()
    other = replace(publication, published_at=now + timedelta(1), revision=7, publication_id=12)
    assert content_digest(other) == content_digest(publication)


def test_a_number_that_is_none_is_not_stored(squares, make_publication):
    publication = make_publication()
    row = replace(publication.scores[0], risk_score=float("nan"))
    with pytest.raises(StateError), squares.write() as connection:
        store_publication(connection, replace(publication, scores=(row,)), ())


def test_the_latest_is_the_newest_as_of_whenever_written(squares, publish, make_publication, now):
    newest = publish(make_publication(DAY))
    backfilled = make_publication(date(2021, 6, 15), published_at=now + timedelta(1))
    older = publish(backfilled)
    with squares.read() as connection:
        assert latest_publication(connection, "squares") == newest
        assert latest_publication(connection, "squares", before=DAY) == older
        assert latest_publication(connection, "squares", before=older.as_of) is None
        assert [head.as_of for head in list_publications(connection, "squares")] == [
            DAY,
            older.as_of,
        ]
        assert find_head(connection, "squares").origin_label == "2021-12"


def test_nothing_published_is_none(squares):
    with squares.read() as connection:
        assert latest_publication(connection, "squares") is None
        assert find_publication(connection, "squares", DAY) is None
        assert load_document(connection, "squares", None, "csv") is None
        with pytest.raises(StateError):
            load_publication(connection, 99)


def test_documents_come_back_byte_by_byte(squares, make_publication):
    document = Document("csv", "text/csv; charset=utf-8", bytes(range(256)))
    with squares.write() as connection:
        store_publication(connection, make_publication(), [document])
        assert load_document(connection, "squares", None, "csv") == document
        assert load_document(connection, "squares", DAY, "json") is None


def test_the_history_of_a_region_has_the_newest_revisions_in_order(
    squares, publish, make_publication
):
    publish(make_publication(DAY, {("AA01", 1): 0.2}))
    publish(make_publication(date(2021, 12, 15), {("AA01", 1): 0.1}))
    publish(make_publication(DAY, {("AA01", 1): 0.3}))
    with squares.read() as connection:
        history = score_history(connection, "squares", "AA01")
    assert [
        (past.as_of, past.revision, past.score.risk_score)
        for past in history
        if past.score.horizon == 1
    ] == [(date(2021, 12, 15), 1, 0.1), (DAY, 2, 0.3)]
    assert {past.score.region_id for past in history} == {"AA01"}
