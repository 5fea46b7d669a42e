"""The feed of alerts: an Atom index of CAP messages, each at its own stable address."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest
from lxml import etree

from service.alerts.evaluate import evaluate_publication
from service.alerts.rule_store import apply_default_rules
from service.feeds.app import FeedsApp
from service.feeds.cap_feed import render_cap_feed
from service.feeds.manifest import NAME
from service.pipeline import run_cycle
from service.publications.store import store_documents

ATOM = "{http://www.w3.org/2005/Atom}"
CAP = "{urn:oasis:names:tc:emergency:cap:1.2}"


BASE = "https://tocsin.example"


@pytest.fixture
def told(squares, publish, make_publication, settings, now):
    """Stores a publication with what follows from it, as a cycle does."""

    def tell(risk, **changes):
        chosen = settings.model_copy(update={"public_url": f"{BASE}/"})
        stored = publish(make_publication(risk={("AA01", 3): risk}, **changes))
        with squares.write() as connection:
            apply_default_rules(connection, now)
            evaluate_publication(connection, stored, settings=chosen, now=now)
            feed = render_cap_feed(connection, stored, public_url=chosen.public_url)
            store_documents(connection, stored.publication_id, [feed])

    return tell


@pytest.fixture
def feeds(squares, browse):
    return browse(FeedsApp(squares, recheck_seconds=0))


def read_entries(feeds):
    answer = feeds.get("/feeds/squares/alerts.cap.xml")
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/atom+xml; charset=utf-8"
    return list(etree.fromstring(answer.content).iter(f"{ATOM}entry"))


def test_the_feed_lists_messages_that_lie_where_it_says(told, feeds):
    told(0.3, is_simulated=True)
    entries = read_entries(feeds)
    assert entries
    for entry in entries:
        link = entry.find(f"{ATOM}link")
        assert link.attrib["type"] == "application/cap+xml"
        assert link.attrib["href"] == entry.findtext(f"{ATOM}id")
        path = link.attrib["href"].removeprefix(BASE)
        answer = feeds.get(path)
        assert answer.headers["content-type"] == "application/cap+xml"
        assert answer.headers["cache-control"].endswith("immutable")
        message = etree.fromstring(answer.content)
        assert path.endswith(f"/cap/{message.findtext(f'{CAP}identifier')}.xml")
        assert message.findtext(f"{CAP}info/{CAP}headline") == entry.findtext(f"{ATOM}title")
        assert entry.findtext(f"{ATOM}title").startswith("SIMULATED: ")
        assert message.findtext(f"{CAP}status") == "Exercise"
        assert message.findtext(f".//{CAP}polygon")
        again = feeds.get(path, headers={"if-none-match": answer.headers["etag"]})
        assert again.status_code == 304
        assert feeds.get(path.replace("/squares/", "/other/")).status_code == 404


def test_a_feed_holds_what_has_not_expired_and_stays_with_its_publication(told, feeds):
    told(0.3)
    first = feeds.get("/feeds/squares/alerts.cap.xml")
    told(0.6, as_of=date(2022, 2, 15))
    newest = feeds.get("/feeds/squares/alerts.cap.xml")
    assert feeds.get("/feeds/squares/2022-01-15.cap.xml").content == first.content
    assert feeds.get("/feeds/squares/2022-02-15.cap.xml").content == newest.content
    titles = [entry.findtext(f"{ATOM}title") for entry in read_entries(feeds)]
    assert any("rises to very high" in title for title in titles)
    assert len(titles) == len(list(etree.fromstring(first.content).iter(f"{ATOM}entry"))) + 1
    assert feeds.get("/feeds/squares/").json()["latest"]["cap.xml"] == (
        "/feeds/squares/alerts.cap.xml"
    )


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/feeds/squares/cap/tocsin-0.xml", 404),
        ("/feeds/nowhere/alerts.cap.xml", 404),
        ("/feeds/squares/cap/", 404),
        ("/feeds/squares/cap/a%20b.xml", 404),
        ("/feeds/squares/cap/tocsin-0.xml?country=MLI", 422),
        ("/feeds/squares/alerts.cap.xml?country=MLI", 404),
        ("/feeds/squares/alerts.cap.xml?outcome=peace", 404),
        ("/feeds/squares/alerts.cap.xml?hxl=1", 422),
    ],
)
def test_what_is_not_there_is_a_problem(told, feeds, path, status):
    told(0.3)
    answer = feeds.get(path)
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"


def test_the_feed_is_cut_by_country_and_outcome(told, feeds):
    told(0.3)
    whole = {entry.findtext(f"{ATOM}id") for entry in read_entries(feeds)}
    parts = []
    for country in ("AAA", "BBB"):
        answer = feeds.get(f"/feeds/squares/alerts.cap.xml?country={country}&outcome=escalation")
        entries = list(etree.fromstring(answer.content).iter(f"{ATOM}entry"))
        assert entries
        assert all(f"({country})" in entry.findtext(f"{ATOM}title") for entry in entries)
        parts.append({entry.findtext(f"{ATOM}id") for entry in entries})
    assert parts[0] | parts[1] == whole
    assert parts[0].isdisjoint(parts[1])


def test_a_cycle_writes_the_feed_and_signs_it_but_a_backfill_has_none(demo, browse):
    now = datetime(2022, 1, 16, 6, tzinfo=UTC)
    for as_of in (date(2022, 1, 15), date(2021, 12, 20)):
        run_cycle(demo.database, demo.settings, lambda: now, region_set="demo", as_of=as_of)
    feeds = browse(FeedsApp(demo.database, recheck_seconds=0))
    assert feeds.get("/feeds/demo/alerts.cap.xml").status_code == 200
    assert '\\"cap.xml\\"' in feeds.get(f"/feeds/demo/latest.{NAME}").text
    assert feeds.get("/feeds/demo/2021-12-20.cap.xml").status_code == 404
