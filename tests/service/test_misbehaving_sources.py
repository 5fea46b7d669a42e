"""Every adapter against a server that answers like its source and, in turn, misbehaves.

Each time: a named error or a held delivery, what is stored stays byte for byte, nothing becomes
zero; and a fetch that broke off goes on.
"""

from __future__ import annotations

import csv
import io
import json
import re
import sqlite3
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from pytest_httpserver import HTTPServer
from werkzeug import Request, Response

from data.calendar import period_end, period_of
from data.database import Database, open_database
from data.errors import BadInput, Refused, SourceUnavailable, TocsinError
from data.quality import accept_held, list_examinations
from data.sources import hapi_api
from data.sources.contract import Query
from data.sources.gleditsch_ward import STATES
from data.store import observations_as_known
from service.fetching import fetch_source
from service.settings import Settings

NOW = datetime(2026, 3, 20, 12, tzinfo=UTC)
BEFORE = [date(2024 + n // 12, n % 12 + 1, 1) for n in range(24)]
NEW = [date(2026, 1, 1)]
AREAS = ("ML01", "ML02", "ML05")
Rows = list[dict[str, Any]]


def end_of(month: date) -> date:
    return period_end(period_of(month, "month"), "month")


def ged_rows(months: list[date], zero: bool) -> Rows:
    return [
        {
            "id": f"{month:%Y%m}{n}",
            "type_of_violence": 1,
            "dyad_name": "A - B",
            "side_a": "A",
            "side_b": f"B{n}",
            "number_of_sources": 2,
            "where_prec": 1,
            "adm_1": "Mopti region",
            "adm_2": "",
            "latitude": 14.5,
            "longitude": -4.2,
            "country_id": 432,
            "date_prec": 1,
            "date_start": str(month.replace(day=n + 1)),
            "date_end": str(month.replace(day=n + 1)),
            "deaths_civilians": 0,
            **dict.fromkeys(("best", "high", "low"), 0 if zero else 4),
        }
        for month in months
        for n in range(6)
    ]


def acled_rows(months: list[date], zero: bool) -> Rows:
    return [
        {
            "event_id_cnty": f"MLI{month:%Y%m}{n}",
            "event_date": str(month.replace(day=n + 1)),
            "time_precision": 1,
            "event_type": "Battles",
            "sub_event_type": "Armed clash",
            "actor1": "JNIM",
            "inter1": "Rebel group",
            "actor2": f"Forces {n}",
            "inter2": "State forces",
            "country": "Mali",
            "admin1": "Mopti",
            "admin2": "",
            "latitude": 14.5,
            "longitude": -4.2,
            "geo_precision": 1,
            "source": "RFI",
            "fatalities": 0 if zero else 4,
            "timestamp": 1767225600,
        }
        for month in months
        for n in range(6)
    ]


def hapi_rows(months: list[date], zero: bool) -> Rows:
    return [
        {
            "location_code": "MLI",
            "admin1_code": area,
            "admin2_code": None,
            "event_type": "political_violence",
            "events": 0 if zero else 7,
            "fatalities": 0 if zero else 20,
            "reference_period_start": f"{month}T00:00:00",
            "reference_period_end": f"{end_of(month)}T23:59:59",
        }
        for month in months
        for area in AREAS
    ]


def ipc_rows(months: list[date], zero: bool) -> Rows:
    return [
        {
            "location_code": "MLI",
            "admin1_code": area,
            "admin2_code": None,
            "ipc_phase": "3+",
            "ipc_type": "current",
            "population_in_phase": 0 if zero else 1000,
            "population_fraction_in_phase": 0 if zero else 0.2,
            "reference_period_start": str(month),
            "reference_period_end": str(end_of(month)),
        }
        for month in months
        for area in AREAS
    ]


def idmc_rows(months: list[date], zero: bool) -> Rows:
    return [
        {
            "id": int(f"{month:%Y%m}{n}"),
            "iso3": "MLI",
            "latitude": 14.5,
            "longitude": -4.2,
            "displacement_type": "Conflict",
            "figure": 0 if zero else 250,
            "displacement_start_date": f"{month}T11:00:00.000Z",
            "displacement_end_date": f"{month}T11:00:00.000Z",
        }
        for month in months
        for n in range(3)
    ]


def dtm_rows(months: list[date], zero: bool) -> Rows:
    return [
        {
            "id": f"{month}{area}",
            "operation": "Mali",
            "admin0Pcode": "MLI",
            "admin1Pcode": area,
            "numPresentIdpInd": 0 if zero else 5000,
            "reportingDate": f"{month}T00:00:00",
            "roundNumber": month.month,
        }
        for month in months
        for area in AREAS
    ]


def wfp_rows(months: list[date], zero: bool) -> Rows:
    return [
        {
            "date": str(month.replace(day=15)),
            "market": area,
            "latitude": 14.5,
            "longitude": -4.2,
            "commodity": "Millet",
            "unit": "KG",
            "priceflag": "actual",
            "pricetype": "Retail",
            "currency": "XOF",
            "price": 0 if zero else 250,
        }
        for month in months
        for area in AREAS
    ]


def chirps_rows(months: list[date], zero: bool) -> Rows:
    return [
        {
            "date": str(month),
            "PCODE": area,
            "rfh": 0 if zero else 12.5,
            "r3q": 0 if zero else 95,
            "version": "final",
        }
        for month in months
        for area in AREAS
    ]


COUNTRIES = sorted({state.iso3 for state in STATES.values()} - {"DDR", "CSK", "YMD"})[:12]


def views_rows(months: list[date], zero: bool) -> Rows:
    return [
        {
            "isoab": country,
            "month_id": (month.year - 1980) * 12 + month.month,
            "main_mean": 0 if zero else 1.5,
            "main_dich": 0 if zero else 0.1,
        }
        for month in months
        for country in COUNTRIES
    ]


def conflictforecast_rows(months: list[date], zero: bool) -> Rows:
    return [
        {
            "isocode": country,
            "period": f"{month:%Y%m}",
            "ons_armedconf_03_all": 0 if zero and month == months[-1] else 0.2,
        }
        for month in months
        for country in COUNTRIES
    ]


def as_json(body: Any) -> Response:
    return Response(json.dumps(body), content_type="application/json")


def as_csv(rows: Rows, columns: list[str]) -> Response:
    stream = io.StringIO()
    writer = csv.DictWriter(stream, columns)
    writer.writeheader()
    writer.writerows(rows)
    return Response(stream.getvalue(), content_type="text/csv")


@dataclass(frozen=True)
class Spec:
    """How a source is asked, and how its server answers."""

    name: str
    make_rows: Callable[[list[date], bool], Rows]
    answer: Callable[[Request, Rows, list[str]], Response]
    first: Query
    second: Query
    column: str
    file_name: str = ""


def answer_ged(request: Request, rows: Rows, columns: list[str]) -> Response:
    if request.path.startswith("/files"):
        return as_csv(rows, columns)
    return as_json({"TotalCount": len(rows), "NextPageUrl": None, "Result": rows})


def answer_acled(request: Request, rows: Rows, columns: list[str]) -> Response:
    if request.path == "/oauth/token":
        return as_json({"access_token": "t"})
    return as_json({"status": 200, "success": True, "data": rows})


def answer_hapi(request: Request, rows: Rows, columns: list[str]) -> Response:
    assert request.headers["X-HDX-HAPI-APP-IDENTIFIER"] == "right"
    start, limit = int(request.args["offset"]), int(request.args["limit"])
    return as_json({"data": rows[start : start + limit]})


def answer_dtm(request: Request, rows: Rows, columns: list[str]) -> Response:
    assert request.headers["Ocp-Apim-Subscription-Key"] == "right"
    return as_json({"isSuccess": True, "result": rows})


def answer_views(request: Request, rows: Rows, columns: list[str]) -> Response:
    page, size = int(request.args.get("page", 1)), 100
    following = f"https://api.example.org{request.path}?page={page + 1}"
    months = [row["month_id"] for row in rows]
    return as_json(
        {
            "data": rows[(page - 1) * size : page * size],
            "next_page": following if page * size < len(rows) else "",
            "row_count": len(rows),
            "start_date": min(months, default=0),
            "end_date": max(months, default=0),
        }
    )


def answer_conflictforecast(request: Request, rows: Rows, columns: list[str]) -> Response:
    if "listing" in request.path:
        name = "conflictforecast_ons_armedconf_03.csv"
        return as_json([{"name": name, "publicUrl": f"{request.host_url}{name}"}])
    return as_csv(rows, columns)


def answer_list(_request: Request, rows: Rows, _columns: list[str]) -> Response:
    return as_json(rows)


def answer_csv(_request: Request, rows: Rows, columns: list[str]) -> Response:
    return as_csv(rows, columns)


def answer_hdx(request: Request, rows: Rows, columns: list[str]) -> Response:
    if request.path != "/api/3/action/package_show":
        assert request.path.startswith("/dataset/")
        return as_csv(rows, columns)
    name = HDX_FILES[request.args["id"]]
    others = ["readme.txt", f"old-{name}"]
    return as_json(
        {
            "success": True,
            "result": {
                "resources": [
                    {"name": file, "url": f"{request.host_url}dataset/download/{file}"}
                    for file in (*others, name)
                ]
            },
        }
    )


HDX_FILES = {
    "wfp-food-prices-for-mali": "wfp_food_prices_mli.csv",
    "mli-rainfall-subnational": "mli-rainfall-subnat-full.csv",
}
MLI = ("MLI",)
SPAN = {"since": date(2024, 1, 1), "until": date(2025, 12, 31)}
NEXT = {"since": date(2026, 1, 1), "until": date(2026, 1, 31)}
SPECS = {
    "ged file": Spec(
        "ged",
        ged_rows,
        answer_ged,
        Query(MLI, version="25.1"),
        Query(MLI, version="26.0.1"),
        "best",
    ),
    "ged api": Spec(
        "ged",
        ged_rows,
        answer_ged,
        Query(MLI, version="25.1", part="api"),
        Query(MLI, version="26.0.1", part="api"),
        "best",
    ),
    "acled": Spec(
        "acled", acled_rows, answer_acled, Query(MLI, **SPAN), Query(MLI, **NEXT), "fatalities"
    ),
    "hapi": Spec("hapi", hapi_rows, answer_hapi, Query(MLI), Query(MLI, **NEXT), "fatalities"),
    "ipc": Spec("ipc", ipc_rows, answer_hapi, Query(MLI), Query(MLI), "population_in_phase"),
    "idmc": Spec("idmc", idmc_rows, answer_list, Query(MLI), Query(MLI), "figure"),
    "dtm": Spec("dtm", dtm_rows, answer_dtm, Query(MLI), Query(MLI), "numPresentIdpInd"),
    "wfp": Spec("wfp", wfp_rows, answer_csv, Query(), Query(), "price", "wfp_food_prices_mli.csv"),
    "chirps": Spec("chirps", chirps_rows, answer_csv, Query(), Query(), "rfh", "mli-rainfall.csv"),
    "wfp on hdx": Spec("wfp", wfp_rows, answer_hdx, Query(MLI), Query(MLI), "price"),
    "chirps on hdx": Spec("chirps", chirps_rows, answer_hdx, Query(MLI), Query(MLI), "rfh"),
    "views": Spec(
        "views", views_rows, answer_views, Query(version="a_1"), Query(version="a_2"), "main_mean"
    ),
    "conflictforecast": Spec(
        "conflictforecast",
        conflictforecast_rows,
        answer_conflictforecast,
        Query(),
        Query(),
        "ons_armedconf_03_all",
    ),
}


class World:
    """A source's server, a database, and what was waited."""

    def __init__(self, spec: Spec, server: HTTPServer, database: Database, folder: Path) -> None:
        self.spec, self.server, self.database = spec, server, database
        url = server.url_for("").rstrip("/")
        self.settings = Settings(
            state_dir=folder,
            ucdp_files_url=f"{url}/files",
            ucdp_api_url=f"{url}/api",
            ucdp_token="right",  # type: ignore[arg-type]
            acled_enabled=True,
            acled_username="u",
            acled_password="p",  # type: ignore[arg-type]
            acled_url=url,
            hapi_url=url,
            hapi_app_identifier="right",  # type: ignore[arg-type]
            hdx_url=url,
            idmc_url=url,
            idmc_client_id="right",  # type: ignore[arg-type]
            dtm_url=url,
            dtm_subscription_key="right",  # type: ignore[arg-type]
            views_url=url,
            conflictforecast_url=url,
            fetch_allow_loopback=True,
            fetch_timeout_seconds=5,
        )
        self.waits: list[float] = []
        self.asked: list[str] = []
        self.months, self.zero = BEFORE, False
        self.spoil: Callable[[Request], Response | None] = lambda _request: None
        self.edit: Callable[[Rows], Rows] = lambda rows: rows
        self.moment = NOW
        server.expect_request(re.compile(".*")).respond_with_handler(self.serve)

    def serve(self, request: Request) -> Response:
        self.asked.append(request.full_path)
        spoilt = self.spoil(request)
        if spoilt is not None:
            return spoilt
        rows = self.spec.make_rows(self.months, self.zero)
        columns = list(rows[0])
        rows = self.edit(rows)
        return self.spec.answer(request, rows, list(rows[0]) if rows else columns)

    def fetch(self, query: Query) -> Any:
        place = self.spec.file_name and self.server.url_for(f"/{self.spec.file_name}?key=right")
        return fetch_source(
            self.database,
            self.settings,
            lambda: self.moment,
            name=self.spec.name,
            query=query,
            place=place or None,
            wait=self.waits.append,
        )

    def begin(self) -> None:
        """Takes in two good years; the month after them is what is told next."""
        assert self.fetch(self.spec.first)[0].n_added > 0
        self.months, self.moment = NEW, NOW.replace(hour=18)
        self.waits.clear()
        self.asked.clear()

    def dump(self) -> list[str]:
        """All that is known; what was examined and held is apart."""
        url = self.database.engine.url.database
        assert url is not None
        with sqlite3.connect(url) as connection:
            lines = [line for line in connection.iterdump() if '"examinations"' not in line]
        connection.close()
        return lines


@pytest.fixture(params=list(SPECS))
def world(
    request: pytest.FixtureRequest, httpserver: HTTPServer, tmp_path: Path
) -> Iterator[World]:
    database = open_database(f"sqlite:///{tmp_path / 'tocsin.db'}")
    made = World(SPECS[request.param], httpserver, database, tmp_path / "var")
    yield made
    database.close()


def truncated(_request: Request) -> Response:
    answer = Response(iter([b"a,b\n"]), 200, {"Content-Length": "1000", "Content-Type": "text/csv"})
    answer.automatically_set_content_length = False
    return answer


SPOILT: dict[str, tuple[Callable[[Request], Response], str]] = {
    "401": (lambda _: Response("no", 401), "401: it wants a key"),
    "403": (lambda _: Response("no", 403), "403: it does not let"),
    "429 for an hour": (
        lambda _: Response("", 429, {"Retry-After": "3600"}),
        "asks to wait 3600 seconds",
    ),
    "500": (lambda _: Response("", 500), "500, 4 times"),
    "a web page": (
        lambda _: Response("<html>Unauthorized</html>", content_type="text/html"),
        "web page",
    ),
    "a truncated body": (truncated, "the connection fails"),
}


def test_answers_that_are_none(world: World) -> None:
    world.begin()
    before = world.dump()
    for spoil, found in SPOILT.values():
        world.spoil = spoil
        with pytest.raises(SourceUnavailable, match=found) as caught:
            world.fetch(world.spec.second)
        assert "right" not in str(caught.value)
        assert world.dump() == before


def test_a_source_that_stays_silent(world: World) -> None:
    world.begin()
    before = world.dump()
    is_over = threading.Event()

    def be_silent(_request: Request) -> Response:
        is_over.wait(60)
        return Response("")

    world.spoil = be_silent
    world.settings = world.settings.model_copy(update={"fetch_timeout_seconds": 0.05})
    try:
        with pytest.raises(SourceUnavailable, match=r"silent for 0\.05 seconds, 4 times"):
            world.fetch(world.spec.second)
    finally:
        is_over.set()
    assert world.dump() == before


def test_a_busy_source_is_waited_for_and_then_taken_in(world: World) -> None:
    world.begin()
    answers = [Response("", 429, {"Retry-After": "7"}), Response("", 500)]
    world.spoil = lambda _request: answers.pop(0) if answers else None
    (report,) = world.fetch(world.spec.second)
    assert report.n_added > 0
    assert world.waits == [7, 14]


EDITS: dict[str, Callable[[Rows, str], Rows]] = {
    "empty data": lambda _rows, _column: [],
    "a renamed column": lambda rows, column: [
        {("renamed" if name == column else name): value for name, value in row.items()}
        for row in rows
    ],
    "rows twice": lambda rows, _column: [*rows, *rows],
}


@pytest.mark.parametrize("edit", list(EDITS))
def test_rows_that_are_wrong(world: World, edit: str) -> None:
    world.begin()
    before = world.dump()
    world.edit = lambda rows: EDITS[edit](rows, world.spec.column)
    if edit == "rows twice" and world.spec.name == "views":
        # VIEWS is known to repeat rows: once is enough.
        assert world.fetch(world.spec.second)[0].n_added == 24
        return
    with pytest.raises((SourceUnavailable, BadInput, Refused)):
        world.fetch(world.spec.second)
    assert world.dump() == before


def test_a_month_of_zeros_is_not_taken_in(world: World) -> None:
    world.begin()
    before = world.dump()
    world.zero = True
    with pytest.raises((BadInput, Refused)) as caught:
        world.fetch(world.spec.second)
    assert "zero" in str(caught.value) or " 0 " in str(caught.value) or "price" in str(caught.value)
    assert world.dump() == before
    # What is right is taken in afterwards all the same.
    world.zero, world.moment = False, NOW.replace(hour=20)
    again = world.spec.second
    if again.version is not None and world.spec.name == "ged":
        for path in (world.settings.state_dir / "downloads").glob("GEDEvent*"):
            path.unlink()
    assert world.fetch(again)[0].n_added > 0


@pytest.mark.parametrize("world", ["hapi", "idmc", "dtm", "chirps"], indirect=True)
def test_held_observations_are_known_once_accepted(world: World) -> None:
    world.begin()
    world.zero = True
    with pytest.raises(Refused, match="zero_fill"):
        world.fetch(world.spec.second)
    with world.database.write() as connection:
        before = observations_as_known(connection, world.spec.name, NOW.date())
        (held,) = list_examinations(connection, "held")
        report = accept_held(connection, held.examination_id, decided_at=NOW, note="so it is")
        after = observations_as_known(connection, world.spec.name, NOW.date())
    assert len(after) == len(before) + report.n_added > len(before)
    assert (after["value"] == 0).sum() == report.n_added


@pytest.mark.parametrize("world", ["acled"], indirect=True)
def test_acled_is_off_by_default_for_files_too(world: World, tmp_path: Path) -> None:
    world.settings = world.settings.model_copy(update={"acled_enabled": False})
    path = tmp_path / "acled.csv"
    path.write_text("a")
    with pytest.raises(Refused, match="ACLED is off"):
        fetch_source(
            world.database,
            world.settings,
            lambda: NOW,
            name="acled",
            query=Query(MLI, **SPAN),
            place=str(path),
        )


@pytest.mark.parametrize("world", ["ged api", "hapi", "ipc", "views"], indirect=True)
def test_a_page_that_repeats(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    world.begin()
    before = world.dump()
    monkeypatch.setattr(hapi_api, "PAGE_ROWS", 3)
    rows = world.spec.make_rows(NEW, False)[:3]
    url = world.server.url_for("/next")
    path = "/api/gedevents/26.0.1" if world.spec.name == "ged" else "/a_2/cm"
    body = {
        "data": rows,
        "Result": rows,
        "TotalCount": 9,
        "row_count": 9,
        "start_date": 553,
        "end_date": 553,
        "next_page": url.replace("/next", f"{path}?page=2"),
        "NextPageUrl": url.replace("/next", f"{path}?page=2"),
    }
    world.spoil = lambda _request: as_json(body)
    with pytest.raises(SourceUnavailable, match="page 2 repeats page 1"):
        world.fetch(world.spec.second)
    assert world.dump() == before


@pytest.mark.parametrize("world", ["hapi", "ipc", "views"], indirect=True)
def test_a_fetch_that_broke_off_goes_on(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hapi_api, "PAGE_ROWS", 50)

    def fail_later(_request: Request) -> Response | None:
        return Response("", 500) if len(world.asked) > 1 else None

    world.spoil = fail_later
    with pytest.raises(SourceUnavailable, match="500"):
        world.fetch(world.spec.first)
    first = world.asked[0]
    world.asked.clear()
    world.spoil = lambda _request: None
    assert world.fetch(world.spec.first)[0].n_added > 0
    assert first not in world.asked


def test_a_key_is_asked_for_where_it_is_used(world: World) -> None:
    needs = {"hapi", "ipc", "idmc", "dtm", "conflictforecast"}
    bare = dict.fromkeys(
        ("hapi_app_identifier", "idmc_client_id", "dtm_subscription_key", "conflictforecast_url")
    )
    world.settings = world.settings.model_copy(update=bare)
    if world.spec.name in needs:
        with pytest.raises(TocsinError, match="TOCSIN_"):
            world.fetch(world.spec.first)
        assert world.asked == []
    else:
        assert world.fetch(world.spec.first)[0].n_added > 0


@pytest.mark.parametrize("world", ["wfp on hdx", "chirps on hdx"], indirect=True)
@pytest.mark.parametrize(
    ("body", "found"),
    [
        ({"success": False, "error": {"message": "Not found"}}, "has no resources"),
        ({"success": True, "result": {"resources": ["x"]}}, "has no resources"),
        ([1], "has no resources"),
        (
            {"success": True, "result": {"resources": [{"url": "https://x.org/other.csv"}]}},
            "no such file, only: other.csv",
        ),
    ],
)
def test_a_dataset_without_the_file(world: World, body: Any, found: str) -> None:
    world.begin()
    before = world.dump()
    world.spoil = lambda request: as_json(body) if "package_show" in request.path else None
    with pytest.raises(SourceUnavailable, match=found):
        world.fetch(world.spec.second)
    assert world.dump() == before


@pytest.mark.parametrize("world", ["wfp on hdx", "chirps on hdx"], indirect=True)
@pytest.mark.parametrize("host", ["https://169.254.169.254", "https://10.0.0.8", "http://1.1.1.1"])
def test_a_dataset_does_not_lead_into_the_house(world: World, host: str) -> None:
    world.begin()
    before = world.dump()
    name = HDX_FILES[
        "wfp-food-prices-for-mali" if world.spec.name == "wfp" else "mli-rainfall-subnational"
    ]
    body = {"success": True, "result": {"resources": [{"url": f"{host}/{name}"}]}}
    world.spoil = lambda request: as_json(body) if "package_show" in request.path else None
    with pytest.raises((SourceUnavailable, Refused)):
        world.fetch(world.spec.second)
    assert world.dump() == before
