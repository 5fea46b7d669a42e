"""Excel, Parquet, Atom and the bulletin: what they say, and that each is what it claims to be."""

from __future__ import annotations

import csv
import io
import json
import string
import zipfile
from dataclasses import replace
from datetime import UTC, date, datetime
from xml.etree import ElementTree as ET

import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st
from openpyxl import load_workbook

from data.calendar import period_end
from models.score import Contribution
from service.feeds import atom_feed, bulletin_feed, csv_feed, parquet_feed, xlsx_feed
from service.feeds.bulletin import compose_bulletin
from service.feeds.bulletin_words import WORDS
from service.feeds.columns import COLUMNS, NAMES
from service.feeds.formats import FORMATS
from service.feeds.map_picture import draw_map
from service.feeds.palette import colour_levels
from service.languages import LANGUAGES, write_percent
from service.publications.publication import Inputs

ATOM = "{http://www.w3.org/2005/Atom}"
SPREADSHEET = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"


def open_book(publication, region_set):
    return load_workbook(io.BytesIO(xlsx_feed.render(publication, region_set).body))


def read_atom(publication, region_set):
    return ET.fromstring(atom_feed.render(publication, region_set).body)


@pytest.mark.parametrize("name", list(FORMATS))
def test_the_same_publication_gives_the_same_bytes(make_publication, region_set, name):
    publication = make_publication(risk={("AA02", 1): None})
    first = FORMATS[name](publication, region_set)
    assert first.name == name
    assert FORMATS[name](publication, region_set).body == first.body
    assert FORMATS[name](replace(publication, revision=2), region_set).body != first.body or (
        name.endswith("csv")
    )


def test_excel_parquet_and_csv_say_the_same(make_publication, region_set):
    publication = make_publication(risk={("AA01", 1): 1 / 3, ("BB02", 3): None})
    publication = replace(
        publication,
        scores=tuple(
            replace(row, inputs=Inputs(0.75, 12, 30.0, 20.0, 45.0, 0.1))
            for row in publication.scores
        ),
    )
    text = csv_feed.render(publication, region_set).body.decode()
    plain = list(csv.DictReader(io.StringIO(text, newline="")))
    table = pq.read_table(io.BytesIO(parquet_feed.render(publication, region_set).body))
    sheet = open_book(publication, region_set)["Scores"]
    rows = list(sheet.values)
    assert tuple(table.column_names) == rows[0] == NAMES == tuple(plain[0])
    assert len(plain) == table.num_rows == len(rows) - 1
    for line, record, cells in zip(plain, table.to_pylist(), rows[1:], strict=True):
        for column, cell in zip(COLUMNS, cells, strict=True):
            value = record[column.name]
            shown = cell.date() if isinstance(cell, datetime) else cell
            assert shown == value
            told = line[column.name].removeprefix("'")
            if value is None:
                assert told == ""
            elif column.kind in ("whole", "number"):
                assert float(told) == value
            else:
                assert told == str(value)
    assert plain[0]["completeness"] == "0.75"


def test_parquet_is_typed_and_carries_its_facts(make_publication, region_set):
    table = pq.read_table(
        io.BytesIO(parquet_feed.render(make_publication(is_simulated=True), region_set).body)
    )
    types = {field.name: str(field.type) for field in table.schema}
    assert types["risk_score"] == types["low"] == "double"
    assert types["as_of"] == "date32[day]"
    assert types["horizon"] == "int32"
    assert b'"simulated": true' in table.schema.metadata[b"tocsin"]
    assert table["set"][0].as_py() == "simulated-squares"


def test_no_cell_of_the_workbook_is_a_formula(make_publication, region_set):
    publication = make_publication(model_version="=HYPERLINK(1)\x07")
    body = xlsx_feed.render(publication, region_set).body
    with zipfile.ZipFile(io.BytesIO(body)) as archive:
        for name in ("xl/worksheets/sheet1.xml", "xl/worksheets/sheet2.xml"):
            assert ET.fromstring(archive.read(name)).find(f".//{SPREADSHEET}f") is None
    book = load_workbook(io.BytesIO(body))
    assert book["Scores"]["C3"].value == '=SUM("A1")'
    assert book["Scores"]["C3"].data_type == "s"
    assert book["Scores"]["R2"].value == "=HYPERLINK(1)"


def test_the_workbook_is_ready_to_be_read(make_publication, region_set):
    book = open_book(make_publication(is_simulated=True), region_set)
    sheet = book["Scores"]
    assert sheet.freeze_panes == "D2"
    assert sheet.auto_filter.ref == "A1:S9"
    rules = [rule for area in sheet.conditional_formatting for rule in area.rules]
    assert [rule.formula for rule in rules] == [
        [f'$N2="{level}"'] for level in ("low", "moderate", "high", "very_high")
    ]
    told = {(row[0], row[1]) for row in book["Read me"].values}
    assert {column.name for column in COLUMNS} <= {name for name, _ in told}
    assert any(name == "Notice" and "did not happen" in text for name, text in told)
    assert ("ged", "UCDP GED, Uppsala University – CC-BY-4.0") in told


def shifted(publication, changes):
    """Returns the publication with changes by (region, horizon)."""
    rows = tuple(
        replace(row, change=changes.get((row.region_id, row.horizon))) for row in publication.scores
    )
    return replace(publication, scores=rows)


def test_atom_has_one_entry_per_changed_level(make_publication, region_set):
    publication = shifted(
        make_publication(risk={("AA01", 1): 0.3, ("AA02", 1): 0.3, ("BB01", 3): 0.05}),
        {("AA01", 1): 0.1, ("AA02", 1): 0.01, ("BB01", 3): -0.05},
    )
    feed = read_atom(publication, region_set)
    entries = feed.findall(f"{ATOM}entry")
    titles = [entry.findtext(f"{ATOM}title") for entry in entries]
    assert titles == [
        "squares: risk scores as of 2022-01-15",
        "Ségou, nord (AAA): moderate to high, escalation over 1 month",
        "@home (BBB): moderate to low, escalation over 3 months",
    ]
    ids = [entry.findtext(f"{ATOM}id") for entry in entries] + [feed.findtext(f"{ATOM}id")]
    assert len(set(ids)) == 4
    assert all(identity.startswith("urn:uuid:") for identity in ids)
    assert feed.findtext(f"{ATOM}updated") == "2022-01-16T06:00:00Z"
    assert feed.find(f"{ATOM}author/{ATOM}name").text == "Tocsin"
    assert feed.find(f"{ATOM}link").get("href") == "/feeds/squares/latest.atom"


def test_atom_announces_a_correction_and_keeps_the_old_one_in_reach(make_publication, region_set):
    first = read_atom(make_publication(), region_set).find(f"{ATOM}entry")
    second = read_atom(
        make_publication(revision=2, manifest={"revision_note": "A source corrected itself."}),
        region_set,
    ).find(f"{ATOM}entry")
    assert "correction" in second.findtext(f"{ATOM}title")
    assert "A source corrected itself." in second.findtext(f"{ATOM}content")
    assert "/feeds/squares/2022-01-15-r1.html" in second.findtext(f"{ATOM}content")
    assert first.findtext(f"{ATOM}id") != second.findtext(f"{ATOM}id")


@given(
    st.lists(st.floats(0.01, 0.99), min_size=1, max_size=3, unique=True).map(sorted),
    st.floats(0, 1),
    st.floats(0, 1),
)
def test_a_change_of_level_is_found_from_score_and_change(bounds, before, now):
    from service.publications.publication import Publication, PublishedScore

    levels = {"l0": 0.0} | {f"l{n}": bound for n, bound in enumerate(bounds, 1)}

    def level_of(score):
        return [name for name, bound in levels.items() if score >= bound][-1]

    if any(abs(before - bound) < 1e-9 for bound in bounds):
        return
    row = PublishedScore(
        "r", "R", "AAA", "escalation", 1, "ok", now, level_of(now), now - before,
        now, 0.1, 1.0, 0.0, (), "",
    )  # fmt: skip
    publication = Publication(
        "s", date(2022, 1, 15), 1, "month", 623, period_end(623, "month"),
        datetime(2022, 1, 16, tzinfo=UTC), "m", "o", False, False, (), None, {}, (row,),
    )  # fmt: skip
    found = [was for _, was in atom_feed.changes_of_level(publication, levels)]
    expected = [level_of(before)] if level_of(before) != level_of(now) else []
    assert found == expected


@pytest.mark.parametrize("language", ["en", "fr"])
def test_the_bulletin_lists_what_rose_most(make_publication, region_set, language):
    publication = shifted(
        make_publication(is_simulated=True), {("AA02", 3): 0.2, ("BB01", 3): 0.1, ("BB02", 3): -0.3}
    )
    bulletin = compose_bulletin(publication, region_set, language)
    assert [row[0] for row in bulletin["rows"]] == ['=SUM("A1")', "@home"]
    assert bulletin["rows"][0][3] == "+20 points"
    family = {"en": "other parts of the model", "fr": "d’autres éléments du modèle"}[language]
    assert bulletin["rows"][0][5] == f"▲ {family}"
    assert bulletin["notices"][0].startswith("SIMUL")
    assert len(bulletin["caveats"]) == 4
    assert bulletin["sources"] == ["ged – UCDP GED, Uppsala University – CC-BY-4.0"]


def test_where_nothing_rose_the_bulletin_says_so(make_publication, region_set):
    bulletin = compose_bulletin(shifted(make_publication(), {}), region_set, "en")
    assert bulletin["table_note"]
    assert [row[2] for row in bulletin["rows"]] == ["51%", "37%", "22%", "8%"]


def test_the_record_is_told_or_said_to_be_missing(make_publication, region_set):
    skill = {
        "n_forecasts": 300,
        "skill_against": {"climatology": {"value": 0.123}},
        "track_record": [{"threshold": 0.25, "n_forecasts": 40, "n_followed": 13}],
    }
    manifest = {"model": {"skill": {"1": skill}, "gate": {"1": {"is_passed": True}}}, "levels": {}}
    bulletin = compose_bulletin(make_publication(manifest=manifest), region_set, "en")
    assert bulletin["record"][0] == [
        "1 month", "model", "300", "0.12", "Said 25% or more: 13 of 40 came true",
    ]  # fmt: skip
    assert bulletin["record"][1][1].startswith("Too early to tell")


def test_both_languages_say_the_same_things():
    assert WORDS["en"].keys() == WORDS["fr"].keys()
    for key, text in WORDS["en"].items():
        fields = {name for _, name, _, _ in string.Formatter().parse(text) if name}
        other = {name for _, name, _, _ in string.Formatter().parse(WORDS["fr"][key]) if name}
        assert fields == other, key


@pytest.mark.parametrize(
    ("share", "text"), [(0.0, "0%"), (0.001, "<1%"), (0.31, "31%"), (0.999, ">99%"), (1.0, "100%")]
)
def test_percents_do_not_round_to_certainty(share, text):
    assert write_percent(share, "en") == text


@pytest.mark.parametrize("language", ["en", "fr"])
def test_the_page_escapes_names_and_runs_no_script(make_publication, region_set, language):
    publication = make_publication(
        region_set="<script>alert(1)</script>", model_version="<img src=x onerror=y>"
    )
    page = bulletin_feed.render_html(publication, region_set, language).body.decode()
    assert "<script" not in page
    assert "<img" not in page
    assert f'lang="{language}"' in page
    assert "<svg" in page


@pytest.mark.parametrize("render", [bulletin_feed.render_pdf, bulletin_feed.render_pdf_fr])
def test_the_bulletin_is_set_whatever_the_names_hold(make_publication, region_set, render):
    names = ('#panic("no")', "*bold* _it_ $x$ @ref <label> // \\", "", "Ségou \u202e 北")
    publication = make_publication()
    rows = tuple(
        replace(
            row,
            region_name=names[place % 4],
            contributions=(Contribution("f", "#eval(1)", 1.0, "u", 1.0),),
        )
        for place, row in enumerate(publication.scores)
    )
    body = render(replace(publication, scores=rows), region_set).body
    assert body.startswith(b"%PDF-")
    assert body.rstrip().endswith(b"%%EOF")


def test_a_publication_without_scores_has_every_format(make_publication, region_set):
    empty = replace(make_publication(), scores=())
    for render in FORMATS.values():
        assert render(empty, region_set).body


def test_the_map_colours_each_region_once(region_set):
    picture = ET.fromstring(draw_map(region_set, {"AA01": "#112233", "BB02": "#445566"}))
    paths = {path.get("fill"): path.get("d") for path in picture.iter() if path.get("d")}
    assert set(paths) == {"#112233", "#445566", "#d9d9d9"}
    # A square, a square with a hole and two islands: five rings.
    assert sum(text.count("M") for text in paths.values()) == 6
    assert paths["#112233"].count("L") == 3


def test_levels_get_darker_colours():
    colours = list(colour_levels(["a", "b", "c", "d"]).values())
    lightness = [sum(int(colour[n : n + 2], 16) for n in (1, 3, 5)) for colour in colours]
    assert lightness == sorted(lightness, reverse=True)
    assert len(set(colours)) == 4
    assert len(colour_levels(["only"])) == 1


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_bulletin_is_about_one_outcome(make_publication, region_set, language):
    """Another outcome that the model could not score says nothing about this one."""
    publication = make_publication()
    other = tuple(
        replace(
            score,
            outcome="onset",
            status="baseline_only",
            outcome_version="onset-1",
            model_version="other",
        )
        for score in publication.scores
    )
    both = replace(publication, scores=(*publication.scores, *other))
    alone = compose_bulletin(publication, region_set, language)
    assert compose_bulletin(both, region_set, language) == alone
    cut = compose_bulletin(replace(both, scores=other), region_set, language)
    assert [value for _, value in cut["facts"]][-2:] == ["other", "onset-1"]


@pytest.mark.parametrize(
    ("change", "english", "french"),
    [(0.471, "+47 points", "+47 points"), (0.0031, "+0.3 points", "+0,3 points")],
)
def test_a_small_rise_is_not_told_as_none(make_publication, region_set, change, english, french):
    publication = make_publication()
    scores = (replace(publication.scores[4], change=change), *publication.scores[5:])
    for language, told in (("en", english), ("fr", french)):
        bulletin = compose_bulletin(replace(publication, scores=scores), region_set, language)
        assert bulletin["rows"][0][3] == told


def test_a_window_that_has_begun_has_no_lead_time(make_publication, region_set):
    told = json.dumps(compose_bulletin(make_publication(), region_set, "en"))
    assert "the window began 15 days before publication" in told
