"""Lists: alerts, publications, and what is said while there is nothing to list."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

from data.regions import save_region_set
from service.app import make_app
from service.publications.publication import Document
from service.publications.store import store_publication
from service.web import list_pages


def test_alerts_page_tells_open_past_and_rules(publish, rich_publication, evaluate, get, read):
    empty = read(get("/sets/squares/alerts").text).text
    assert "No alert has been raised yet." in empty
    assert "No alert is open." in empty
    assert "No rule is in force" in empty
    evaluate(publish(rich_publication))
    page = read(get("/sets/squares/alerts").text)
    assert page.tables[0].rows[1][:5] == [
        "Ségou, nordcountry AAA",
        "open",
        "very high",
        "as of 15 January 2022",
        "62%",
    ]
    assert "No alert has ended yet." in page.text
    assert "high from 25% (until below 20%)" in page.text
    region = read(get("/sets/squares/regions/AA01").text).text
    assert "Raised at very high (15 January 2022)." in region
    assert (
        "No alert has been raised for Tillabéri."
        in read(get("/sets/squares/regions/BB02").text).text
    )


def test_ended_alert_is_past(publish, make_publication, evaluate, get, read):
    for month, risk in ((10, 0.6), (11, 0.01), (12, 0.01)):
        given = {(name, 3): risk for name in ("AA01", "AA02", "BB01", "BB02")}
        evaluate(publish(make_publication(as_of=date(2021, month, 15), risk=given)))
    page = read(get("/sets/squares/alerts").text)
    assert "0 alerts are open, 4 have ended." in page.text
    assert page.tables[0].rows[1][1:5] == [
        "resolved",
        "very high → ended",
        "as of 15 October 2021, ended 15 December 2021",
        "1%",
    ]


def test_publications_list_names_corrections_and_files(publish, make_publication, get, read):
    publish(make_publication())
    publish(make_publication(risk={("AA01", 1): 0.9}))
    page = read(get("/sets/squares/publications").text)
    rows = page.tables[0].rows[1:]
    assert [row[1] for row in rows] == ["2", "1 (corrected since)"]
    assert {"/feeds/squares/2022-01-15-r1.csv", "/feeds/squares/2022-01-15-r2.geojson"} <= set(
        page.hrefs()
    )


def test_nothing_published_says_what_to_do(squares, get, read):
    start = read(get("/").text)
    assert "Nothing is published yet." in start.text
    answer = get("/sets/squares")
    assert answer.status_code == 503
    assert "tocsin score --set squares" in read(answer.text).text


def test_empty_database_says_what_to_do(database, settings, clock, browse, read):
    page = read(browse(make_app(database, settings, clock)).get("/").text)
    assert "There is nothing to show yet" in page.text
    assert "tocsin regions import FILE --set NAME" in page.text


def test_only_files_that_are_stored_are_offered(squares, make_publication, get, read):
    with squares.write() as connection:
        store_publication(connection, make_publication(), [Document("xyz", "text/x", b"x")])
    assert {"/feeds/squares/latest.xyz"} == {
        href for href in read(get("/").text).hrefs() if href.startswith("/feeds/squares/")
    }
    assert (
        "/feeds/squares/2022-01-15-r1.xyz" in read(get("/sets/squares/publications").text).hrefs()
    )


def test_long_list_of_publications_has_pages(publish, make_publication, get, read, monkeypatch):
    monkeypatch.setattr(list_pages, "ROWS_ON_A_PAGE", 2)
    for month in (8, 9, 10):
        publish(make_publication(as_of=date(2021, month, 15)))
    first = read(get("/sets/squares/publications").text)
    assert [row[0] for row in first.tables[0].rows[1:]] == ["15 October 2021", "15 September 2021"]
    assert "3 publications so far." in first.text
    assert "/sets/squares/publications?page=2" in first.hrefs()
    second = read(get("/sets/squares/publications?page=2").text)
    assert [row[0] for row in second.tables[0].rows[1:]] == ["15 August 2021"]
    assert "/sets/squares/publications?page=1" in second.hrefs()
    assert (
        "This page of the list is empty."
        in read(get("/sets/squares/publications?page=9").text).text
    )


def test_a_set_of_weeks_goes_by_weeks(database, settings, region_set, clock, now, browse):
    with database.write() as connection:
        save_region_set(connection, replace(region_set, step="week"), now)
    words = browse(make_app(database, settings, clock)).get("/about").text
    assert "1 week, 3 weeks or 6 weeks" in words
    assert "3 months" not in words
    assert "older than 17 days" in words
