"""ACLED: both layouts of the export, the API, and what may not be passed on."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from pytest_httpserver import HTTPServer
from werkzeug import Request, Response

from data.calendar import to_epoch_day
from data.errors import BadInput, Refused, SettingsError, SourceUnavailable, UsageError
from data.events import check_batch
from data.sources import acled_api
from data.sources.acled import ACLED, read_acled
from data.sources.acled_api import AcledAccount, AcledApi
from data.sources.contract import require_redistributable
from data.sources.fetching import Fetcher, Patience
from data.sources.ged import GED
from data.sources.saving import save_rows

ROW: dict[str, str] = {
    "event_id_cnty": "MLI1",
    "event_date": "2024-03-05",
    "year": "2024",
    "time_precision": "1",
    "disorder_type": "Political violence",
    "event_type": "Battles",
    "sub_event_type": "Armed clash",
    "actor1": "JNIM",
    "assoc_actor_1": "",
    "inter1": "Rebel group",
    "actor2": "Military Forces of Mali",
    "assoc_actor_2": "",
    "inter2": "State forces",
    "interaction": "State forces-Rebel group",
    "civilian_targeting": "",
    "iso": "466",
    "region": "Western Africa",
    "country": "Mali",
    "admin1": "Mopti",
    "admin2": "Douentza",
    "admin3": "Hombori",
    "location": "Hombori",
    "latitude": "15.28",
    "longitude": "-1.70",
    "geo_precision": "1",
    "source": "RFI; Twitter",
    "source_scale": "International",
    "notes": "Text, with a comma",
    "fatalities": "4",
    "tags": "",
    "timestamp": "1710000000",
}
OLD = {"data_id": "9", "iso3": "MLI", "event_id_no_cnty": "1"}
NEW_ONLY = ("disorder_type", "civilian_targeting", "tags")
KNOWN = date(2024, 6, 1)
SPAN = {"covers_from": date(2024, 1, 1), "covers_to": date(2024, 3, 31)}


@pytest.fixture
def write(tmp_path: Path) -> Callable[..., Path]:
    def make(*rows: Mapping[str, str], base: Mapping[str, str] = ROW) -> Path:
        path = tmp_path / "acled.csv"
        with path.open("w", encoding="utf-8", newline="") as stream:
            writer = csv.DictWriter(stream, list(base))
            writer.writeheader()
            for number, row in enumerate(rows, start=1):
                writer.writerow({**base, "event_id_cnty": f"MLI{number}", **row})
        return path

    return make


def read(path: Path, **values: Any) -> Any:
    batch = read_acled(path, known_at=KNOWN, **{**SPAN, **values})
    check_batch(batch)
    return batch


def test_a_row_of_the_current_layout(write: Callable[..., Path]) -> None:
    (event,) = read(write({})).events.to_dict("records")
    assert event["date"] == event["date_start"] == to_epoch_day(date(2024, 3, 5))
    assert (event["event_id"], event["country"], event["admin1"]) == ("MLI1", "MLI", "Mopti")
    assert (event["event_type"], event["sub_type"]) == ("state_based", "Armed clash")
    assert [event[f"fatalities_{name}"] for name in ("low", "best", "high")] == [4, 4, 4]
    assert event["n_sources"] == 2
    assert pd.isna(event["civilian_fatalities"])


@pytest.mark.parametrize("code", ["", "QQQ", "Mali", "466"])
def test_a_code_that_is_no_country_leaves_it_to_the_name(
    write: Callable[..., Path], code: str
) -> None:
    rows = [{}, {"iso3": code}, {"iso3": code, "country": "Atlantis"}]
    batch = read(write(*rows, base={**ROW, **OLD}))
    assert batch.countries == ("MLI",)
    assert [item.reason for item in batch.refusals] == ["unknown_country"]


def test_aid_workers_are_told_by_the_sides(write: Callable[..., Path]) -> None:
    rows = [
        {"event_id_cnty": "MLI1", "assoc_actor_2": "Aid Workers (Mali); Labor Group (Mali)"},
        {"event_id_cnty": "MLI2", "assoc_actor_1": "", "assoc_actor_2": "Health Workers (Mali)"},
    ]
    found = read(write(*rows)).events["sub_type"].tolist()
    assert found == ["Armed clash; attack on aid workers", "Armed clash"]


@pytest.mark.parametrize(
    ("sub_event", "inter1", "expected"),
    [
        ("Looting/property destruction", "Rebel group", "Looting/property destruction"),
        ("Arrests", "State forces", "Arrests"),
        (
            "Non-violent transfer of territory",
            "Rebel group",
            "Non-violent transfer of territory; territory taken",
        ),
        (
            "Non-violent transfer of territory",
            "1",
            "Non-violent transfer of territory; territory regained",
        ),
    ],
)
def test_strategic_developments_are_of_their_own_type(
    write: Callable[..., Path], sub_event: str, inter1: str, expected: str
) -> None:
    row = {
        "event_type": "Strategic developments",
        "sub_event_type": sub_event,
        "inter1": inter1,
        "assoc_actor_2": "Aid Workers (Mali)",
        "fatalities": "0",
    }
    _, event = read(write({}, row)).events.to_dict("records")
    assert (event["event_type"], event["sub_type"]) == ("strategic_development", expected)


def test_a_file_of_strategic_developments_alone_does_not_say_that_all_was_quiet(
    write: Callable[..., Path],
) -> None:
    with pytest.raises(BadInput, match="no violent event"):
        read(write({"event_type": "Strategic developments", "sub_event_type": "Arrests"}))


def test_a_row_of_the_layout_before_2023(write: Callable[..., Path]) -> None:
    base = {k: v for k, v in {**OLD, **ROW}.items() if k not in NEW_ONLY}
    base |= {"event_date": "05 March 2024", "inter1": "2", "inter2": "1", "interaction": "12"}
    old = read(write({}, base=base)).events
    assert old.equals(read(write({})).events)


@pytest.mark.parametrize(
    ("kind", "inter1", "inter2", "expected"),
    [
        ("Battles", "Rebel group", "State forces", "state_based"),
        ("Battles", "2", "3", "non_state"),
        ("Battles", "External/Other forces", "Rebel group", "state_based"),
        ("Explosions/Remote violence", "Rebel group", "Civilians", "one_sided"),
        ("Explosions/Remote violence", "1", "", "state_based"),
        ("Violence against civilians", "1", "7", "one_sided"),
    ],
)
def test_types_by_who_is_on_either_side(
    write: Callable[..., Path], kind: str, inter1: str, inter2: str, expected: str
) -> None:
    row = {"event_type": kind, "inter1": inter1, "inter2": inter2}
    assert read(write(row)).events["event_type"].tolist() == [expected]


def test_precisions_are_told_in_the_words_of_the_contract(write: Callable[..., Path]) -> None:
    rows = [{"time_precision": str(n), "geo_precision": str(n)} for n in (1, 2, 3)]
    events = read(write(*rows)).events
    assert events["date_precision"].tolist() == [1, 3, 4]
    assert events["where_precision"].tolist() == [1, 2, 4]


def test_what_is_no_violence_is_left_out(write: Callable[..., Path]) -> None:
    rows = [{}, {"event_type": "Protests"}, {"event_type": "Riots"}, {"event_type": "Dance"}]
    batch = read(write(*rows))
    assert (len(batch.events), [item.reason for item in batch.refusals]) == (1, ["unknown_type"])


def test_what_was_not_asked_for_is_left_out(write: Callable[..., Path]) -> None:
    rows = [{}, {"country": "Ivory Coast"}, {"event_date": "2023-12-31"}]
    batch = read(write(*rows), countries=["NER", "MLI"])
    assert batch.countries == ("MLI", "NER")
    assert batch.events["event_id"].tolist() == ["MLI1"]
    assert read(write(*rows)).countries == ("CIV", "MLI")


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ({"event_date": "yesterday"}, "impossible_date"),
        ({"event_date": "2024-07-01"}, "date_after_known_at"),
        ({"latitude": "95"}, "impossible_latitude"),
        ({"longitude": ""}, "impossible_longitude"),
        ({"country": "Atlantis"}, "unknown_country"),
        ({"geo_precision": "7"}, "bad_precision"),
        ({"fatalities": "many"}, "bad_number"),
        ({"fatalities": ""}, "bad_number"),
        ({"fatalities": "-1"}, "negative_fatalities"),
        ({"event_id_cnty": "MLI1"}, "duplicate_id"),
    ],
)
def test_refused_rows(write: Callable[..., Path], row: dict[str, str], reason: str) -> None:
    batch = read(write({}, row))
    assert [(item.line, item.reason) for item in batch.refusals] == [(3, reason)]
    assert "{" not in batch.refusals[0].message
    assert batch.n_rows == 2


def test_files_that_are_none(write: Callable[..., Path], tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="no column event_id_cnty"):
        read(_plain(tmp_path, "a,b\n1,2\n"))
    with pytest.raises(BadInput, match="web page"):
        read(_plain(tmp_path, "<html>Unauthorized</html>"))
    with pytest.raises(BadInput, match="no violent event"):
        read(write({"event_type": "Protests"}))
    with pytest.raises(UsageError, match="cannot speak for"):
        read(write({}), covers_to=date(2024, 7, 1))


def _plain(folder: Path, text: str) -> Path:
    path = folder / "plain.csv"
    path.write_text(text)
    return path


def test_acled_events_may_not_be_passed_on_and_those_of_ged_may() -> None:
    with pytest.raises(Refused, match="ACLED may not be passed on"):
        require_redistributable(ACLED)
    require_redistributable(GED)
    with pytest.raises(Refused):
        require_redistributable(replace(GED, redistributable=False))


class Server:
    """Answers as ACLED does: a token for the right password, rows by country and days."""

    def __init__(self, server: HTTPServer) -> None:
        self.rows = [
            {**ROW, "event_id_cnty": f"MLI{n}", "event_date": str(date(2024, 1, 1 + n))}
            for n in range(20)
        ]
        self.asked: list[str] = []
        self.spoil: Callable[[dict[str, Any]], Any] = lambda answer: answer
        self.url = server.url_for("").rstrip("/")
        server.expect_request("/oauth/token", method="POST").respond_with_handler(self.token)
        server.expect_request("/api/acled/read").respond_with_handler(self.read)

    def token(self, request: Request) -> Response:
        if request.form["password"] != "right" or request.form["scope"] != "authenticated":
            return Response("no", 401)
        return Response(json.dumps({"access_token": "t"}), content_type="application/json")

    def read(self, request: Request) -> Response:
        if request.headers.get("Authorization") != "Bearer t":
            return Response("<html>Unauthorized</html>")
        first, last = request.args["event_date"].split("|")
        self.asked.append(f"{first}|{last}")
        rows = [row for row in self.rows if first <= row["event_date"] <= last]
        answer = self.spoil(
            {
                "status": 200,
                "success": True,
                "count": len(rows),
                "messages": [],
                "data": rows[: int(request.args["limit"])],
                "data_query_restrictions": [],
            }
        )
        body = answer if isinstance(answer, str) else json.dumps(answer)
        return Response(body, content_type="application/json")


@pytest.fixture
def server(httpserver: HTTPServer) -> Server:
    return Server(httpserver)


@pytest.fixture
def fetcher() -> Iterator[Fetcher]:
    with Fetcher("ACLED", lambda _s: None, Patience(timeout_seconds=60, n_tries=2)) as made:
        yield made


def fetch(fetcher: Fetcher, server: Server, password: str | None = "right") -> Any:
    api = AcledApi(fetcher, AcledAccount(server.url, "me", password))
    return api.fetch_events(["MLI", "NER"], date(2024, 1, 1), date(2024, 1, 31))


def test_days_are_halved_until_nothing_is_cut_off(
    fetcher: Fetcher, server: Server, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(acled_api, "ROWS_LIMIT", 6)
    rows = fetch(fetcher, server)
    assert [row["event_id_cnty"] for row in rows] == [f"MLI{n}" for n in range(20)]
    assert len(server.asked) > 4
    save_rows(fetcher, "acled/read", rows, tmp_path / "a.csv")
    assert len(read(tmp_path / "a.csv").events) == 20
    assert [path.name for path in tmp_path.iterdir()] == ["a.csv"]


def test_a_day_that_is_cut_off_is_named(
    fetcher: Fetcher, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(acled_api, "ROWS_LIMIT", 1)
    with pytest.raises(SourceUnavailable, match=r"cuts off 2024-01-\d\d at 1 rows"):
        fetch(fetcher, server)


def test_rows_that_were_not_asked_for_are_not_used(fetcher: Fetcher, server: Server) -> None:
    extra = [{**ROW, "country": "Somalia"}, {**ROW, "event_date": str(KNOWN + timedelta(9))}]
    server.spoil = lambda answer: {**answer, "data": answer["data"] + extra}
    assert len(fetch(fetcher, server)) == 20


@pytest.mark.parametrize(
    ("spoil", "found"),
    [
        (lambda _a: "<html>Unauthorized</html>", "a web page, not JSON"),
        (lambda a: {**a, "data": []}, "no events"),
        (lambda a: {**a, "data": [], "data_query_restrictions": ["12 months"]}, "12 months"),
        (lambda a: {**a, "status": 400, "messages": ["bad field"]}, "bad field"),
        (lambda a: {**a, "success": False, "messages": ["no"]}, "no"),
        (lambda a: {k: v for k, v in a.items() if k != "data"}, "no rows in 'data'"),
        (lambda a: {**a, "data": a["data"] * 2}, "events twice"),
        (lambda a: json.dumps(a)[:200], "not JSON"),
    ],
)
def test_bad_answers_are_named(
    fetcher: Fetcher, server: Server, spoil: Callable[[Any], Any], found: str
) -> None:
    server.spoil = spoil
    with pytest.raises(SourceUnavailable, match=found):
        fetch(fetcher, server)


def test_the_account(fetcher: Fetcher, server: Server) -> None:
    with pytest.raises(SettingsError, match="TOCSIN_ACLED_PASSWORD"):
        fetch(fetcher, server, password=None)
    with pytest.raises(SourceUnavailable, match="401") as caught:
        fetch(fetcher, server, password="wrong-word")
    assert "wrong-word" not in str(caught.value)


def test_a_renamed_column_half_way(fetcher: Fetcher, tmp_path: Path) -> None:
    rows = [ROW, {("deaths" if k == "fatalities" else k): v for k, v in ROW.items()}]
    with pytest.raises(SourceUnavailable, match="deaths, fatalities"):
        save_rows(fetcher, "acled/read", rows, tmp_path / "a.csv")
    assert not (tmp_path / "a.csv").exists()
