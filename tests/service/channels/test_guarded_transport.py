"""Files by address: only what is on the public internet, redirects included."""

from __future__ import annotations

from pathlib import Path

import pytest
from pytest_httpserver import HTTPServer

from data.errors import Refused
from data.sources.chirps import CHIRPS
from service.intake.downloads import fetch_address
from service.settings import Settings


@pytest.fixture
def closed(tmp_path: Path) -> Settings:
    return Settings(state_dir=tmp_path)


@pytest.mark.parametrize(
    "address",
    [
        "http://data.example.org/a.csv",
        "https://127.0.0.1/a.csv",
        "https://localhost/a.csv",
        "https://169.254.169.254/latest/meta-data",
        "https://user:word@data.example.org/a.csv",
        "https://10.0.0.1/a.csv",
    ],
)
def test_an_address_that_may_not_be_called(closed: Settings, address: str) -> None:
    with pytest.raises(Refused):
        fetch_address(closed, CHIRPS, address)


def test_a_redirect_is_held_to_the_same(httpserver: HTTPServer, tmp_path: Path) -> None:
    settings = Settings(state_dir=tmp_path, fetch_allow_loopback=True)
    httpserver.expect_request("/good.csv").respond_with_data("a", content_type="text/csv")
    for path, target in (("/here", "/good.csv"), ("/there", "https://10.0.0.1/a.csv")):
        httpserver.expect_request(path).respond_with_data(
            "", status=302, headers={"Location": target}
        )
    fetched = fetch_address(settings, CHIRPS, httpserver.url_for("/here"))
    assert fetched.read_text() == "a"
    with pytest.raises(Refused):
        fetch_address(settings, CHIRPS, httpserver.url_for("/there"))


def test_a_name_leads_nowhere_else(httpserver: HTTPServer, tmp_path: Path) -> None:
    settings = Settings(state_dir=tmp_path, fetch_allow_loopback=True)
    httpserver.expect_request("/x/..%2f..%2fetc").respond_with_data("a", content_type="text/csv")
    address = httpserver.url_for("/x/") + "..%252f..%252fetc"
    httpserver.expect_request("/x/..%252f..%252fetc").respond_with_data("a")
    httpserver.expect_request("/x/..%2f..%2fetc").respond_with_data("a")
    fetched = fetch_address(settings, CHIRPS, address)
    assert fetched.parent == tmp_path / "downloads"
