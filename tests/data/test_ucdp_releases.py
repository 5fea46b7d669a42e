"""UCDP versions, files and API, against a server that answers like the real one, or badly."""

from __future__ import annotations

import csv
import json
import re
import zipfile
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from pytest_httpserver import HTTPServer
from werkzeug import Request, Response

from data.errors import BadInput, SettingsError, SourceUnavailable, TocsinError, UsageError
from data.sources.fetching import Fetcher, Patience
from data.sources.ged import read_ged
from data.sources.ucdp_releases import (
    download_release,
    fetch_release,
    release_days,
    release_path,
)

KNOWN = date(2026, 9, 20)


@pytest.fixture
def fetcher() -> Iterator[Fetcher]:
    patience = Patience(timeout_seconds=60, n_tries=2)
    with Fetcher("UCDP", lambda _seconds: None, patience) as made:
        yield made


@pytest.fixture
def rows(write_ged: Callable[..., Path]) -> list[dict[str, Any]]:
    """Seven events as the API gives them: numbers as numbers, and what is missing as null."""
    with write_ged(*({} for _ in range(7))).open() as stream:
        return [
            {**row, "id": int(row["id"]), "best": int(row["best"]), "adm_2": None}
            for row in csv.DictReader(stream)
        ]


class Api:
    """Answers `/api/gedevents/…` in pages of three rows, numbered from 0."""

    def __init__(self, server: HTTPServer, rows: list[dict[str, Any]]) -> None:
        self.rows, self.asked = rows, []
        self.total: Callable[[int], int] = lambda _page: len(self.rows)
        self.page_rows: Callable[[int], list[dict[str, Any]]] = lambda page: self.rows[
            3 * page : 3 * page + 3
        ]
        self.failing: set[int] = set()
        self.host: str | None = None
        self.url = server.url_for("/api")
        server.expect_request("/api/gedevents/26.0.8").respond_with_handler(self)

    def __call__(self, request: Request) -> Response:
        if request.headers.get("x-ucdp-access-token") != "right":
            return Response("API token required", 401)
        page = int(request.args.get("page", 0))
        self.asked.append(page)
        if page in self.failing:
            return Response("", 500)
        is_last = 3 * page + 3 >= len(self.rows)
        base = request.base_url if self.host is None else f"https://{self.host}/api"
        answer = {
            "TotalCount": self.total(page),
            "TotalPages": -(-len(self.rows) // 3),
            "NextPageUrl": "" if is_last else f"{base}?pagesize=3&page={page + 1}",
            "Result": self.page_rows(page),
        }
        return Response(json.dumps(answer), 200, content_type="application/json")


@pytest.fixture
def api(httpserver: HTTPServer, rows: list[dict[str, Any]]) -> Api:
    return Api(httpserver, rows)


def fetch(fetcher: Fetcher, api: Api, folder: Path, token: str | None = "right") -> Path:
    return fetch_release(fetcher, api.url, "26.0.8", folder, token=token)


@pytest.mark.parametrize(
    ("version", "path", "days"),
    [
        ("26.1", "ged/ged261-csv.zip", None),
        (
            "26.0.8",
            "candidateged/GEDEvent_v26_0_8.csv",
            (date(2026, 8, 1), date(2026, 8, 31)),
        ),
        (
            "24.01.24.03",
            "candidateged/GEDEvent_v24_01_24_03.csv",
            (date(2024, 1, 1), date(2024, 3, 31)),
        ),
    ],
)
def test_versions(version: str, path: str, days: tuple[date, date] | None) -> None:
    assert release_path(version) == path
    assert release_days(version) == days


@given(st.text(max_size=12))
def test_any_other_text_is_no_version(text: str) -> None:
    assume(re.fullmatch(r"[0-9.]+", text) is None)
    with pytest.raises(UsageError, match="is no UCDP version"):
        release_path(text)


def test_a_quarter_that_ends_before_it_begins() -> None:
    with pytest.raises(UsageError, match="before it begins"):
        release_days("24.03.24.01")


def test_the_api_gives_the_events_of_the_file(
    fetcher: Fetcher, api: Api, tmp_path: Path, write_ged: Callable[..., Path]
) -> None:
    path = fetch(fetcher, api, tmp_path)
    batch = read_ged(path, known_at=KNOWN)
    expected = read_ged(write_ged(*({} for _ in range(7))), known_at=KNOWN)
    expected.events["admin2"] = ""
    assert batch.events.equals(expected.events)
    assert (batch.n_rows, batch.refusals, api.asked) == (7, (), [0, 1, 2])
    assert [item.name for item in tmp_path.iterdir() if "api" in item.name or item.is_dir()] == [
        path.name
    ]


def test_countries_are_asked_for_by_number(
    httpserver: HTTPServer, fetcher: Fetcher, api: Api, tmp_path: Path
) -> None:
    fetch_release(
        fetcher, api.url, "26.0.8", tmp_path, token="right", countries=["NER", "MLI", "BFA"]
    )
    first, _ = httpserver.log[0]
    assert first.args["Country"] == "432,436,439"


def test_a_fetch_that_broke_off_goes_on(fetcher: Fetcher, api: Api, tmp_path: Path) -> None:
    api.failing = {2}
    with pytest.raises(SourceUnavailable, match="500, 2 times"):
        fetch(fetcher, api, tmp_path)
    assert not list(tmp_path.glob("*api.csv*"))
    api.failing, api.asked = set(), []
    assert read_ged(fetch(fetcher, api, tmp_path), known_at=KNOWN).n_rows == 7
    assert api.asked == [2]


def test_no_token_and_a_wrong_one(fetcher: Fetcher, api: Api, tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="TOCSIN_UCDP_TOKEN"):
        fetch(fetcher, api, tmp_path, token=None)
    with pytest.raises(SourceUnavailable, match=r"401.*TOCSIN_UCDP_TOKEN") as caught:
        fetch(fetcher, api, tmp_path, token="wrong-token")
    assert "wrong-token" not in str(caught.value)


def _repeat(api: Api) -> None:
    api.page_rows = lambda _page: api.rows[:3]


def _grow(api: Api) -> None:
    api.total = lambda page: 7 + page


def _lack(api: Api) -> None:
    api.total = lambda _page: 9


def _empty(api: Api) -> None:
    api.rows = []


def _hollow(api: Api) -> None:
    api.page_rows = lambda page: [] if page == 1 else api.rows[:1]


def _rename(api: Api) -> None:
    api.rows[5] = {("deaths" if key == "best" else key): v for key, v in api.rows[5].items()}


def _rename_all(api: Api) -> None:
    api.rows = [{("deaths" if k == "best" else k): v for k, v in row.items()} for row in api.rows]


def _lure(api: Api) -> None:
    api.host = "elsewhere.example"


@pytest.mark.parametrize(
    ("spoil", "error", "found"),
    [
        (_repeat, SourceUnavailable, "page 2 repeats page 1"),
        (_grow, SourceUnavailable, "7 rows, and says 8 on page 2"),
        (_lack, SourceUnavailable, "9 rows and gives 7"),
        (_empty, SourceUnavailable, "no events"),
        (_hollow, SourceUnavailable, "page 2 is empty"),
        (_rename, SourceUnavailable, "row 6 has other columns.*best, deaths"),
        (_rename_all, BadInput, "no column best"),
        (_lure, SourceUnavailable, "another host, elsewhere.example"),
    ],
)
def test_a_bad_answer_is_named_and_nothing_is_kept_of_it(
    fetcher: Fetcher,
    api: Api,
    tmp_path: Path,
    spoil: Callable[[Api], None],
    error: type[TocsinError],
    found: str,
) -> None:
    spoil(api)
    with pytest.raises(error, match=found):
        read_ged(fetch(fetcher, api, tmp_path), known_at=KNOWN)
    if error is SourceUnavailable:
        assert not list(tmp_path.glob("*api.csv"))


def test_an_answer_of_another_shape(
    httpserver: HTTPServer, fetcher: Fetcher, tmp_path: Path
) -> None:
    httpserver.expect_request("/api/gedevents/25.1").respond_with_json({"results": []})
    with pytest.raises(SourceUnavailable, match=r"no Result.*\['results'\]"):
        fetch_release(fetcher, httpserver.url_for("/api"), "25.1", tmp_path, token="right")


def test_the_yearly_file_is_a_zip(
    httpserver: HTTPServer, fetcher: Fetcher, tmp_path: Path, write_ged: Callable[..., Path]
) -> None:
    archive = tmp_path / "made.zip"
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as target:
        target.write(write_ged({}, {}), "GEDEvent_v26_1.csv")
    httpserver.expect_oneshot_request("/ged/ged261-csv.zip").respond_with_data(
        archive.read_bytes(), content_type="application/zip"
    )
    files_url = httpserver.url_for("").rstrip("/")
    for _ in range(2):  # The second time it is there already.
        path = download_release(fetcher, files_url, "26.1", tmp_path / "d")
        assert read_ged(path, known_at=KNOWN).n_rows == 2


def test_damaged_and_odd_archives(tmp_path: Path, write_ged: Callable[..., Path]) -> None:
    source, path = write_ged(*({} for _ in range(50))), tmp_path / "a.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as target:
        target.write(source, "a.csv")
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(BadInput, match="damaged zip"):
        read_ged(path, known_at=KNOWN)
    spoilt = bytearray(whole)
    spoilt[len(whole) // 2] ^= 0xFF
    path.write_bytes(spoilt)
    with pytest.raises(BadInput, match="damaged zip"):
        read_ged(path, known_at=KNOWN)
    with zipfile.ZipFile(path, "w") as target:
        target.write(source, "a.csv")
        target.write(source, "b.csv")
    with pytest.raises(BadInput, match="2 CSV files"):
        read_ged(path, known_at=KNOWN)


def test_a_file_for_chosen_countries(write_ged: Callable[..., Path]) -> None:
    path = write_ged({}, {"country_id": "439"}, {"country_id": "475"})
    batch = read_ged(path, known_at=KNOWN, countries=["MLI", "BFA", "NER"])
    assert batch.countries == ("BFA", "MLI", "NER")
    assert batch.events["country"].tolist() == ["MLI", "BFA"]
    assert batch.n_rows == 2
