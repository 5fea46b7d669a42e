"""Scores in the API: filters and paging."""

from __future__ import annotations

import base64
from datetime import date

import pytest
from fastapi import FastAPI
from hypothesis import given
from hypothesis import strategies as st

from data.errors import UsageError
from service.api.paging import Cursor, digest_filters, read_cursor, write_cursor
from service.api.router import make_api


def test_scores_are_those_of_the_latest_publication(ask, publish, make_publication):
    publish(make_publication(date(2021, 12, 15)))
    publication = publish(make_publication(risk={("AA01", 1): 1 / 3, ("BB01", 3): None}))
    answer = ask("/scores", set="squares").json()
    assert answer["publication"]["as_of"] == "2022-01-15"
    assert answer["next_cursor"] is None
    assert [(score["region_id"], score["horizon"]) for score in answer["scores"]] == [
        (score.region_id, score.horizon) for score in publication.scores
    ]
    assert answer["scores"][0]["risk_score"] == 0.333333
    assert answer["scores"][0]["window_to"] == "2022-01-31"
    assert answer["scores"][6]["risk_score"] is None
    assert answer["notice"] == [
        "Stale, escalation over 3 months: 1 of 4 regions have no score, because their data end "
        "too early."
    ]


@pytest.mark.parametrize(
    ("filters", "regions"),
    [
        ({"country": "BBB", "horizon": "1"}, ["BB01", "BB02"]),
        ({"region_id": "AA02"}, ["AA02", "AA02"]),
        ({"outcome": "escalation", "horizon": "3"}, ["AA01", "AA02", "BB01", "BB02"]),
        ({"level": "high", "horizon": "1"}, ["BB01", "BB02"]),
        ({"level": "very_high", "horizon": "1"}, []),
        ({"as_of": "2021-12-15", "region_id": "BB02", "horizon": "3"}, ["BB02"]),
    ],
)
def test_scores_are_filtered(ask, publish, make_publication, filters, regions):
    publish(make_publication(date(2021, 12, 15)))
    publish(make_publication())
    answer = ask("/scores", set="squares", **filters).json()
    assert [score["region_id"] for score in answer["scores"]] == regions


@pytest.mark.parametrize(
    ("filters", "says"),
    [
        ({"level": "hgih"}, "low, moderate, high, very_high"),
        ({"country": "ZZZ"}, "AAA, BBB"),
        ({"outcome": "peace"}, "escalation"),
        ({"horizon": "12"}, "1, 3"),
        ({"region_id": "AA99"}, "AA01, AA02, BB01, BB02"),
        ({"as_of": "2020-01-01"}, "/feeds/squares/"),
    ],
)
def test_a_filter_that_matches_nothing_is_a_mistake(ask, publish, make_publication, filters, says):
    publish(make_publication())
    answer = ask("/scores", set="squares", **filters)
    assert (answer.status_code, answer.json()["code"]) == (404, "unknown_name")
    assert says in answer.json()["hint"]


@pytest.mark.parametrize("limit", [1, 3, 8, 1000])
def test_pages_hold_every_score_once(ask, publish, make_publication, limit):
    publication = publish(make_publication())
    found, cursor = [], None
    while True:
        more = {} if cursor is None else {"cursor": cursor}
        answer = ask("/scores", set="squares", limit=limit, **more).json()
        assert len(answer["scores"]) <= limit
        found += [(score["region_id"], score["horizon"]) for score in answer["scores"]]
        cursor = answer["next_cursor"]
        if cursor is None:
            break
    assert found == [(score.region_id, score.horizon) for score in publication.scores]


def test_a_walk_stays_in_its_publication(ask, publish, make_publication):
    publish(make_publication())
    first = ask("/scores", set="squares", limit=4).json()
    publish(make_publication(risk={("AA01", 3): 0.9}))
    second = ask("/scores", set="squares", limit=4, cursor=first["next_cursor"]).json()
    assert second["publication"]["revision"] == 1
    assert second["scores"][0]["risk_score"] == 0.08


@pytest.mark.parametrize(
    "changes", [{"horizon": "1"}, {"as_of": "2022-01-15"}, {"cursor": "nonsense"}, {"cursor": "é"}]
)
def test_a_cursor_fits_only_where_it_comes_from(ask, publish, make_publication, changes):
    publish(make_publication())
    cursor = ask("/scores", set="squares", limit=1).json()["next_cursor"]
    answer = ask("/scores", **({"set": "squares", "limit": "1", "cursor": cursor} | changes))
    assert (answer.status_code, answer.json()["code"]) == (422, "usage")


@given(st.integers(0, 2**63 - 1), st.integers(0, 2**31), st.dictionaries(st.text(), st.text()))
def test_a_cursor_comes_back(publication_id, position, filters):
    digest = digest_filters(filters)
    cursor = Cursor(publication_id, position, digest)
    word = write_cursor(cursor)
    assert read_cursor(word, digest) == cursor
    assert word.isascii()
    assert "=" not in word


@given(st.text(max_size=60))
def test_no_word_breaks_the_cursor_reader(text):
    with pytest.raises(UsageError):
        read_cursor(text, "filters")


@pytest.mark.parametrize(
    "place", ["[1, 1e999]", "[1e999, 1]", f"[1, {2**63}]", f"[{2**63}, 1]", "[1, -2]", "[-1, 1]"]
)
def test_a_cursor_that_somebody_made_up_is_refused(place, ask, publish, make_publication):
    publish(make_publication())
    asked = dict.fromkeys(("as_of", "bbox", "country", "region_id", "outcome", "horizon", "level"))
    digest = digest_filters({"set": "squares", **asked})
    text = f'{place[:-1]}, "{digest}"]'
    word = base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")
    answer = ask("/scores", set="squares", cursor=word)
    assert (answer.status_code, answer.json()["code"]) == (422, "usage")


def test_levels_of_other_settings_change_no_past_answer(
    squares, clock, browse, settings, publish, make_publication
):
    publish(make_publication())
    other = settings.model_copy(update={"levels": {"calm": 0.0, "alarm": 0.9}})
    app = FastAPI()
    app.include_router(make_api(squares, other, clock))
    found = browse(app).get("/api/v1/scores?set=squares&level=high").json()["scores"]
    assert {score["level"] for score in found} == {"high"}
