"""`tocsin ingest ged`: files, downloads, the API, and what is refused."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path
from typing import Any

import pytest
from pytest_httpserver import HTTPServer
from typer.testing import CliRunner

from data.errors import (
    BadInput,
    Conflict,
    Refused,
    SettingsError,
    SourceUnavailable,
    UnknownName,
    UsageError,
)
from service.cli.main import app

ROW = {
    "id": "1",
    "type_of_violence": "1",
    "dyad_name": "A - B",
    "side_a": "A",
    "side_b": "B",
    "number_of_sources": "2",
    "where_prec": "1",
    "adm_1": "Mopti region",
    "adm_2": "",
    "latitude": "14.5",
    "longitude": "-4.2",
    "country_id": "432",
    "date_prec": "1",
    "date_start": "2025-08-02",
    "date_end": "2025-08-02",
    "deaths_civilians": "0",
    "best": "3",
    "high": "3",
    "low": "3",
}


def ged_text(*rows: dict[str, str]) -> str:
    stream = io.StringIO()
    writer = csv.DictWriter(stream, list(ROW))
    writer.writeheader()
    writer.writerows({**ROW, "id": str(n), **row} for n, row in enumerate(rows, start=1))
    return stream.getvalue()


@pytest.fixture(autouse=True)
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, httpserver: HTTPServer) -> Path:
    monkeypatch.setenv("TOCSIN_STATE_DIR", str(tmp_path / "var"))
    monkeypatch.setenv("TOCSIN_UCDP_FILES_URL", httpserver.url_for("/files"))
    monkeypatch.setenv("TOCSIN_UCDP_API_URL", httpserver.url_for("/api"))
    return tmp_path / "var"


def run(*words: str) -> Any:
    done = CliRunner().invoke(app, [*words, "--json"])
    if done.exception is not None:
        raise done.exception
    return json.loads(done.stdout)


CANDIDATE = "/files/candidateged/GEDEvent_v25_0_8.csv"


def test_a_candidate_month_speaks_for_its_month_and_the_countries_asked_for(
    httpserver: HTTPServer,
) -> None:
    httpserver.expect_oneshot_request(CANDIDATE).respond_with_data(
        ged_text({}, {"country_id": "475"}), content_type="text/csv"
    )
    report = run("ingest", "ged", "--download", "25.0.8", "--countries", "MLI,NER")
    assert report["countries"] == ["MLI", "NER"]
    assert (report["covers_from"], report["covers_to"]) == ("2025-08-01", "2025-08-31")
    assert (report["vintage"], report["n_added"]) == ("25.0.8", 1)
    again = run("ingest", "ged", "--download", "25.0.8", "--countries", "MLI,NER")
    assert again["already_stored"]


def test_what_was_fetched_and_cannot_be_read_is_fetched_anew(httpserver: HTTPServer) -> None:
    httpserver.expect_oneshot_request(CANDIDATE).respond_with_data(
        ged_text({}).replace("best", "deaths"), content_type="text/csv"
    )
    with pytest.raises(BadInput, match="no column best"):
        run("ingest", "ged", "--download", "25.0.8")
    assert run("ingest", "list") == []
    httpserver.expect_oneshot_request(CANDIDATE).respond_with_data(
        ged_text({}), content_type="text/csv"
    )
    assert run("ingest", "ged", "--download", "25.0.8")["n_added"] == 1


def test_the_api_needs_a_token(httpserver: HTTPServer, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(SettingsError, match="TOCSIN_UCDP_TOKEN"):
        run("ingest", "ged", "--api", "25.0.8")
    monkeypatch.setenv("TOCSIN_UCDP_TOKEN", "right")
    rows = list(csv.DictReader(io.StringIO(ged_text({}, {}))))
    httpserver.expect_request(
        "/api/gedevents/25.0.8", headers={"x-ucdp-access-token": "right"}
    ).respond_with_json({"TotalCount": 2, "NextPageUrl": None, "Result": rows})
    assert run("ingest", "ged", "--api", "25.0.8")["n_added"] == 2


def test_a_failed_fetch_leaves_what_is_stored(httpserver: HTTPServer, tmp_path: Path) -> None:
    path = tmp_path / "ged.csv"
    path.write_text(ged_text({}))
    run("ingest", "ged", str(path), "--vintage", "25.1", "--known-at", "2025-09-10")
    before = run("ingest", "list")
    httpserver.expect_request(CANDIDATE).respond_with_data("", status=403)
    with pytest.raises(SourceUnavailable, match="403"):
        run("ingest", "ged", "--download", "25.0.8")
    assert run("ingest", "list") == before


def test_the_same_file_known_on_another_day_is_a_contradiction(tmp_path: Path) -> None:
    path = tmp_path / "ged.csv"
    path.write_text(ged_text({}))
    words = ("ingest", "ged", str(path), "--vintage", "25.1")
    run(*words, "--known-at", "2025-09-10")
    assert run(*words, "--known-at", "2025-09-10")["already_stored"]
    assert run(*words)["already_stored"]
    with pytest.raises(Conflict, match="2025-09-10, not 2025-09-11"):
        run(*words, "--known-at", "2025-09-11")
    with pytest.raises(Conflict, match="for MLI, 2025-08-01"):
        run(*words, "--countries", "MLI,BFA", "--known-at", "2025-09-10")


@pytest.mark.parametrize(
    "words",
    [
        (),
        ("x.csv",),
        ("x.csv", "--vintage", "1", "--download", "25.1"),
        ("--download", "25.1", "--api", "25.1"),
        ("--download", "latest"),
        ("--download", "25.0.8", "--countries", "Mali"),
    ],
)
def test_contradictions(words: tuple[str, ...]) -> None:
    with pytest.raises(UsageError):
        run("ingest", "ged", *words)


def test_a_suspicious_file_is_held_and_can_be_accepted(tmp_path: Path) -> None:
    def ingest(name: str, text: str, known_at: str) -> Any:
        path = tmp_path / name
        path.write_text(text)
        return run("ingest", "ged", str(path), "--vintage", name, "--known-at", known_at)

    rows = [
        {"date_start": f"2024-{month:02d}-{day:02d}", "date_end": f"2024-{month:02d}-{day:02d}"}
        for month in range(1, 13)
        for day in range(1, 13)
    ]
    ingest("a", ged_text(*rows), "2025-01-20")
    scaled = [{**row, "best": "3000", "high": "3000"} for row in rows]
    with pytest.raises(Refused, match=r"held.*units.*tocsin data show 2"):
        ingest("b", ged_text(*scaled), "2025-02-20")
    assert len(run("ingest", "list")) == 1
    (held,) = run("data", "list", "--held")
    assert run("data", "show", "2") == held
    assert {item["code"] for item in held["findings"] if item["is_suspicious"]} >= {"units"}
    assert run("data", "accept", "2", "--note", "checked")["n_changed"] == 144
    assert [item["state"] for item in run("data", "list")] == ["stored", "accepted"]
    with pytest.raises(Conflict, match="accepted, not held"):
        CliRunner().invoke(app, ["data", "reject", "2"], catch_exceptions=False)
    with pytest.raises(UnknownName, match="examination 9"):
        run("data", "show", "9")


def test_acled_is_off_until_somebody_says_otherwise(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "acled.csv"
    path.write_text(
        "event_id_cnty,event_date,time_precision,event_type,sub_event_type,actor1,inter1,actor2,"
        "inter2,country,admin1,admin2,latitude,longitude,geo_precision,source,fatalities\n"
        "MLI1,2024-03-05,1,Battles,Armed clash,A,2,B,1,Mali,Mopti,,15.2,-1.7,1,RFI,4\n"
    )
    words = ("--covers-from", "2024-03-01", "--covers-to", "2024-03-31", "--countries", "MLI,NER")
    with pytest.raises(Refused, match=r"ACLED is off.*TOCSIN_ACLED_ENABLED"):
        run("ingest", "acled", str(path), *words)
    assert run("ingest", "list") == []
    monkeypatch.setenv("TOCSIN_ACLED_ENABLED", "true")
    report = run("ingest", "acled", str(path), *words, "--known-at", "2024-04-02")
    assert (report["source"], report["n_added"], report["vintage"]) == ("acled", 1, "2024-04-02")
    with pytest.raises(SettingsError, match="ACLED wants a user name"):
        run("ingest", "acled", *words)
    with pytest.raises(UsageError, match="known today"):
        run("ingest", "acled", *words, "--known-at", "2024-04-02")


def test_completeness_and_diff_from_the_command_line(tmp_path: Path) -> None:
    square = [[[-5, 14], [-4, 14], [-4, 15], [-5, 15], [-5, 14]]]
    feature = {
        "type": "Feature",
        "properties": {"pcode": "ML05", "name": "Mopti", "iso3": "MLI"},
        "geometry": {"type": "Polygon", "coordinates": square},
    }
    regions, events = tmp_path / "r.geojson", tmp_path / "e.csv"
    regions.write_text(json.dumps({"type": "FeatureCollection", "features": [feature]}))
    run("regions", "import", str(regions), "--set", "one")
    for vintage, rows, day in (("a", [{}], "2025-09-10"), ("b", [{"best": "5"}], "2025-10-10")):
        events.write_text(ged_text(*rows))
        run("ingest", "ged", str(events), "--vintage", vintage, "--known-at", day)
    (cell,) = run("data", "diff", "a", "b")["cells"]
    assert (cell["region_id"], cell["month"]) == ("ML05", "2025-08")
    assert (cell["deaths_before"], cell["deaths_after"], cell["n_changed"]) == (3, 5, 1)
    assert run("data", "diff", "a", "b", "--from", "2025-09")["cells"] == []
    rows = run("data", "completeness", "--as-of", "2025-10-20")
    (august,) = [row for row in rows if row["period"] == "2025-08"]
    assert august == {
        "period": "2025-08",
        "region_id": "ML05",
        "n_known": 1,
        "events": None,
        "deaths": None,
    }
    told = CliRunner().invoke(app, ["data", "diff", "a", "b"]).stdout
    assert "MLI, all of these: events 1 → 1, deaths 3 → 5." in told
    for words in (["data", "completeness"], ["data", "list"]):
        assert CliRunner().invoke(app, words).exit_code == 0


def test_observations_from_the_command_line(tmp_path: Path) -> None:
    path = tmp_path / "rain.csv"
    path.write_text("date,PCODE,rfh,r3q,version\n2024-01-01,ML05,3.5,90,final\n")
    words = ("ingest", "observations", "chirps", str(path), "--vintage", "2024-01")
    report = run(*words, "--known-at", "2024-02-01")
    assert (report["source"], report["n_added"], report["countries"]) == ("chirps", 2, ["MLI"])
    assert run(*words)["already_stored"]
    with pytest.raises(UnknownName, match="'rain'"):
        run("ingest", "observations", "rain", str(path), "--vintage", "1")


def test_a_crosswalk_from_the_command_line(tmp_path: Path) -> None:
    def square(code: str, west: float, east: float) -> dict[str, Any]:
        ring = [[west, 14], [east, 14], [east, 15], [west, 15], [west, 14]]
        return {
            "type": "Feature",
            "properties": {"pcode": code, "name": code, "iso3": "MLI"},
            "geometry": {"type": "Polygon", "coordinates": [ring]},
        }

    for name, shapes in (
        ("before", [square("A", 0, 4)]),
        ("after", [square("B", 0, 1), square("C", 1, 4)]),
    ):
        path = tmp_path / f"{name}.geojson"
        path.write_text(json.dumps({"type": "FeatureCollection", "features": shapes}))
        run("regions", "import", str(path), "--set", name)
    found = run("regions", "crosswalk", "before", "after")
    assert {row["new"]: round(row["weight"], 6) for row in found} == {"B": 0.25, "C": 0.75}
    assert CliRunner().invoke(app, ["regions", "crosswalk", "before", "after"]).exit_code == 0


def test_an_own_table_from_the_command_line(tmp_path: Path) -> None:
    table, mapping = tmp_path / "t.csv", tmp_path / "m.toml"
    table.write_text("ref,day,lat,lon,killed\n1,2024-03-05,14.5,-4.2,4\n")
    text = (
        '[source]\nname = "desk"\ntitle = "Desk"\nlicence = "internal"\nattribution = "Desk"\n'
        '[columns]\nevent_id = "ref"\ndate = "day"\nlatitude = "lat"\nlongitude = "lon"\n'
        'fatalities_best = "killed"\n[values]\ncountry = "MLI"\nevent_type = "one_sided"\n'
        "date_precision = 1\nwhere_precision = 1\n"
    )
    mapping.write_text(text)
    words = (
        *("ingest", "table", str(table), "--mapping", str(mapping), "--vintage", "1"),
        *("--covers-from", "2024-03-01", "--covers-to", "2024-03-31", "--countries", "MLI"),
    )
    report = run(*words, "--known-at", "2024-04-02")
    assert (report["source"], report["n_added"]) == ("desk", 1)
    mapping.write_text(text.replace('"desk"', '"ged"'))
    with pytest.raises(UsageError, match="Tocsin's own"):
        run(*words)
