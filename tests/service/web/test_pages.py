"""Pages as a reader and a browser meet them."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import date, timedelta

import pytest

from data.regions import save_region_set
from service.app import make_app
from service.publications.store import store_publication
from service.web.templating import STATIC

PAGES = (
    "/",
    "/sets/squares",
    "/sets/squares?horizon=1",
    "/sets/squares?sort=change",
    "/sets/squares/regions/AA01",
    "/sets/squares/regions/AA01?horizon=1",
    "/sets/squares/regions/BB02",
    "/sets/squares/alerts",
    "/sets/squares/publications",
    "/sets/squares/reliability",
    "/about",
)
LICENCE_LINKS = (
    "https://creativecommons.org/",
    "https://opendatacommons.org/",
    "https://www.apache.org/",
)


@pytest.fixture
def published(publish, rich_publication, deliver):
    deliver(
        [
            (date(2021, 3, 5), 0.5, 0.5, "state_based", 12),
            (date(2021, 3, 9), 0.5, 0.5, "one_sided", 30),
        ]
    )
    return publish(rich_publication)


@pytest.mark.parametrize("path", PAGES)
def test_page_is_well_formed_and_accessible(path, published, evaluate, get, read):
    evaluate(published)
    answer = get(path)
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    page = read(answer.text)
    assert len([tag for tag, _ in page.tags if tag == "h1"]) == 1
    assert page.text_of["title"]
    assert [given for tag, given in page.tags if tag == "html"] == [{"lang": "en"}]
    assert not [tag for tag, _ in page.tags if tag in ("script", "style", "img", "iframe")]
    assert not [given for _, given in page.tags if "style" in given or "onclick" in given]
    for table in page.tables:
        assert table.has_caption
        assert table.column_heads == len(table.rows[0]) >= 2
        assert {len(row) for row in table.rows} == {len(table.rows[0])}
    for tag, given in page.tags:
        if tag == "svg":
            assert given.get("aria-hidden") == "true" or given.get("aria-label")


def test_pages_load_and_name_nothing_outside(published, get, read):
    for path in PAGES:
        page = read(get(path).text)
        outside = [href for href in page.hrefs() if not href.startswith(("/", "#"))]
        assert bool(outside) == (path == "/about"), path
        assert all(href.startswith(LICENCE_LINKS) for href in outside)
        left = page.source.replace('xmlns="http://www.w3.org/2000/svg"', "")
        for href in outside:
            left = left.replace(href, "")
        assert not re.search(r"https?://", left), path


def test_every_link_of_every_page_leads_somewhere(published, evaluate, get, read):
    evaluate(published)
    seen, todo = set(), {*PAGES}
    while todo:
        path = todo.pop()
        seen.add(path)
        answer = get(path)
        assert answer.status_code == 200, path
        if answer.headers["content-type"].startswith("text/html"):
            page = read(answer.text)
            own = {href.partition("#")[0] for href in page.hrefs() if href.startswith("/")}
            todo |= own - seen
            inside = {href[1:] for href in page.hrefs() if href.startswith("#")}
            assert inside <= set(page.ids)
    assert "/feeds/squares/latest.csv" in seen
    assert "/api/v1/openapi.json" in seen
    assert len(seen) > 25


def test_style_and_icon_are_served_and_load_nothing(published, get, read):
    page = read(get("/").text)
    addresses = {
        given["href"]
        for tag, given in page.links
        if tag == "link" and given["rel"] in ("stylesheet", "icon")
    }
    assert len(addresses) == 2
    assert all(get(address).status_code == 200 for address in addresses)
    for file in STATIC.iterdir():
        text = file.read_text(encoding="utf-8").replace("http://www.w3.org/2000/svg", "")
        assert not re.search(r"https?:|@import|url\(", text), file.name


def test_answer_forbids_scripts_and_outside_sources(published, get):
    policy = get("/").headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "script-src" not in policy
    assert "unsafe-inline" not in policy


def test_only_set_is_the_start_page(published, get):
    assert get("/").text == get("/sets/squares").text


def test_several_sets_make_an_index(published, squares, region_set, now, get, read):
    other = replace(region_set, name="other", is_schematic=True, source="simulated")
    with squares.write() as connection:
        save_region_set(connection, other, now)
    page = read(get("/").text)
    assert "/sets/squares" in page.hrefs()
    assert "Nothing is published yet." in page.text
    assert "1 day ago" in page.text
    assert "Simulated" in page.text


def test_map_has_one_link_and_title_per_region(published, get, read):
    page = read(get("/").text)
    places = page.find("a", "place")
    assert len(places) == 4
    assert {str(given["href"]).partition("?")[0] for given in places} == {
        f"/sets/squares/regions/{name}" for name in ("AA01", "AA02", "BB01", "BB02")
    }
    titles = [given["aria-label"] for given in places]
    assert "Ségou, nord, country AAA: 62%, very high" in titles
    assert "Tillabéri, country BBB: no score" in titles


def test_region_without_score_is_hatched_named_and_unranked(published, get, read):
    page = read(get("/").text)
    hatched = [
        given for given in page.find("path", "region") if given.get("fill") == "url(#no-score)"
    ]
    assert len(hatched) == 1
    ranking = page.tables[1]
    last = ranking.rows[-1]
    assert last[0] == "–"
    assert last[1] == "Tillabéri"
    assert "The data end in 2021-08." in last[-1]
    assert "0%" not in "".join(last)
    assert "No score does not mean no risk" in page.text


@pytest.mark.parametrize(
    ("sort", "first", "last"),
    [
        ("risk", "Ségou, nord", "Tillabéri"),
        ("region", '=SUM("A1")', "Tillabéri"),
        ("country", '=SUM("A1")', "Tillabéri"),
        ("change", "Ségou, nord", "Tillabéri"),
    ],
)
def test_table_sorts_without_script(sort, first, last, published, get, read):
    page = read(get(f"/sets/squares?sort={sort}").text)
    regions = [row[1] for row in page.tables[1].rows[1:]]
    assert (regions[0], regions[-1]) == (first, last)
    sorted_heads = [given for tag, given in page.tags if tag == "th" and "aria-sort" in given]
    assert len(sorted_heads) == 1


@pytest.mark.parametrize("sort", ["risk", "region"])
def test_pages_of_the_table_hold_every_region_once_in_order(
    sort, published, get, read, monkeypatch
):
    place = f"/sets/squares?sort={sort}&horizon=3"
    whole = read(get(place).text)
    assert not [given for tag, given in whole.tags if given.get("rel") == "next"]
    monkeypatch.setattr("service.web.set_view.REGIONS_ON_A_PAGE", 2)
    rows, pages = [], 0
    while place:
        page = read(get(place).text)
        assert len(page.tables[1].rows) <= 3
        # The map and the sum above it are of all regions on every page.
        assert page.text_of["h1"] == whole.text_of["h1"]
        assert count_places(page) == count_places(whole) > 2
        rows += page.tables[1].rows[1:]
        pages += 1
        more = [given["href"] for tag, given in page.tags if given.get("rel") == "next"]
        place = more[0].partition("#")[0] if more else None
    assert rows == whole.tables[1].rows[1:]
    assert pages == -(-len(rows) // 2)
    answer = get(f"/sets/squares?page={pages + 1}")
    assert answer.status_code == 404
    assert f"The last one is {pages}." in answer.text


def count_places(page):
    return sum(given.get("class") == "place" for _, given in page.tags)


def test_horizon_that_is_baseline_only_says_so(published, get, read):
    page = read(get("/sets/squares?horizon=1").text)
    assert "Baseline only: 1 month" in page.text
    statuses = {row[6] for row in page.tables[1].rows[1:]}
    assert statuses == {"baseline only", "no score"}
    assert "The region's own past frequency" in page.text


def test_skill_is_told_with_interval_and_verdict(published, get, read):
    text = read(get("/sets/squares?horizon=3").text).text
    assert "+0.13 (+0.08 to +0.18)" in text
    assert "0.37 (0.28 to 0.47)" in text
    assert "passed: the model's number is served" in text
    assert "not passed: baseline only" in text
    assert (
        "Of 245 past forecasts over 3 months that said 25% or more, 102 (42%) were followed" in text
    )
    assert "No past forecast over 3 months said 50% or more." in text
    assert "start from 2017-01 to 2021-08" in text


def test_missing_skill_is_said_not_shown_as_zero(publish, make_publication, get, read):
    publish(make_publication())
    text = read(get("/").text).text
    assert "No record of past forecasts comes with this publication." in text
    assert text.count("not measured") == 8


def test_region_page_tells_threshold_window_and_usual_frequency(published, get, read):
    text = read(get("/sets/squares/regions/AA01").text).text
    assert "at least 13 deaths between 1 January and 31 March 2022" in text
    assert "Risk of escalation from 1 January to 31 March 2022: 62% , very high" in text
    assert "10%; the score is 6.2 times that" in text
    assert "definition escalation-1" in text


def test_region_page_shows_history_by_type_and_links_neighbours(published, get, read):
    page = read(get("/sets/squares/regions/AA01").text)
    row = next(row for table in page.tables for row in table.rows if row and row[0] == "2021-03")
    assert row == ["2021-03", "12", "0", "30", "42", "42", "0%"]
    assert len(page.find("svg", "chart")) == 2
    neighbours = next(table for table in page.tables if table.rows[0][0] == "Region")
    assert [row[0] for row in neighbours.rows[1:]] == ["@home", '=SUM("A1")']


def test_unknown_months_are_not_zero(publish, rich_publication, deliver, get, read):
    deliver([(date(2021, 3, 5), 0.5, 0.5, "state_based", 12)], covers_to=date(2021, 9, 30))
    publish(rich_publication)
    page = read(get("/sets/squares/regions/AA01").text)
    rows = {row[0]: row for table in page.tables for row in table.rows if row}
    assert rows["2021-12"][1:] == [*["not known"] * 5, "–"]
    assert rows["2021-09"][1:] == [*["0"] * 5, "–"]
    assert page.source.count('fill="url(#unknown)"') == 2


def test_region_without_any_history_has_a_page(publish, rich_publication, get, read):
    publish(rich_publication)
    page = read(get("/sets/squares/regions/BB02").text)
    assert "Nothing is known of this region's history" in page.text
    assert "No score for 1 January to 31 March 2022" in page.text
    assert "No score does not mean no risk" in page.text


def test_score_history_needs_two_publications(publish, make_publication, get, read):
    publish(make_publication(as_of=date(2021, 12, 15)))
    assert "This is the first publication" in read(get("/sets/squares/regions/AA01").text).text
    publish(make_publication(as_of=date(2022, 1, 15)))
    page = read(get("/sets/squares/regions/AA01").text)
    assert any("2 publications" in str(given["aria-label"]) for given in page.find("svg", "chart"))


def test_older_publication_keeps_its_own_links(publish, make_publication, get, read):
    publish(make_publication(as_of=date(2021, 12, 15)))
    publish(make_publication(as_of=date(2022, 1, 15)))
    page = read(get("/sets/squares?as_of=2021-12-15").text)
    assert "An older publication" in page.text
    assert "15 December 2021" in page.text
    assert "/feeds/squares/2021-12-15.csv" in page.hrefs()
    to_regions = [str(given["href"]) for given in page.find("a", "place")]
    assert all("as_of=2021-12-15" in href for href in to_regions)
    assert get("/sets/squares?as_of=2022-01-15").text == get("/sets/squares").text


def test_old_news_is_called_stale(publish, make_publication, now, settings, get, read):
    old = now.date() - timedelta(days=settings.page_age_warning_days + 1)
    publish(make_publication(as_of=old))
    text = read(get("/").text).text
    assert "Stale." in text
    assert "is 41 days old" in text
    assert "Stale." in read(get("/sets/squares/alerts").text).text
    assert "Stale." not in read(get("/about").text).text


def test_simulated_is_said_on_every_page(
    squares, region_set, now, rich_publication, browse, settings, clock, read
):
    world = replace(region_set, name="world", source="simulated", is_schematic=True)
    publication = replace(
        rich_publication, region_set="world", is_simulated=True, is_schematic=True
    )
    with squares.write() as connection:
        connection.exec_driver_sql("DELETE FROM neighbours")
        connection.exec_driver_sql("DELETE FROM regions")
        connection.exec_driver_sql("DELETE FROM region_sets")
        save_region_set(connection, world, now)
        store_publication(connection, publication, [])
    client = browse(make_app(squares, settings, clock))
    for path in PAGES:
        page = read(client.get(path.replace("squares", "world")).text)
        assert page.find("p", "simulated"), path
        assert "Simulated" in page.text
        if path == "/" or "horizon" in path or "regions" in path:
            assert "SIMULATED" in "".join(page.text_of["title"])
            assert "Schematic" in page.text


def test_hostile_names_stay_text(
    squares, hostile_set, now, rich_publication, evaluate, settings, clock, browse, read
):
    names = {region.region_id: region.name for region in hostile_set.regions}
    publication = replace(
        rich_publication,
        region_set="hostile",
        scores=tuple(
            replace(score, region_name=names[score.region_id], reason=score.reason and "<b>no</b>")
            for score in rich_publication.scores
        ),
    )
    with squares.write() as connection:
        save_region_set(connection, hostile_set, now)
        stored = store_publication(connection, publication, [])
    evaluate(stored)
    client = browse(make_app(squares, settings, clock))
    for path in PAGES:
        page = read(client.get(path.replace("squares", "hostile")).text)
        assert not [tag for tag, _ in page.tags if tag in ("script", "img")], path
        assert not [given for _, given in page.tags if any(name.startswith("on") for name in given)]
        assert "alert(1)" not in "".join(page.text_of.get("script", []))
    text = read(client.get("/sets/hostile").text).text
    assert all(name in text for name in names.values())
    assert "49" not in text
    assert "<b>no</b>" in text


def test_a_region_says_what_it_is_part_of_and_since_when(published, squares, region_set, now, get):
    first, *others = region_set.regions
    first = replace(first, parent="AA", valid_from=date(2025, 7, 2))
    with squares.write() as connection:
        dated = replace(region_set, regions=(first, *others))
        assert save_region_set(connection, dated, now, replace=True)
    assert "AA01 · part of AA, since 2 July 2025" in get("/sets/squares/regions/AA01").text
    assert "part of" not in get("/sets/squares/regions/AA02").text


def test_a_score_stands_beside_its_interval(publish, rich_publication, get, read):
    scores = tuple(
        replace(score, low=0.05, high=0.45) if score.region_id == "AA01" else score
        for score in rich_publication.scores
    )
    publish(replace(rich_publication, scores=scores))
    page = read(get("/sets/squares").text)
    assert len(page.find("span", "interval")) == 1
    assert "5% to 45%" in page.text
