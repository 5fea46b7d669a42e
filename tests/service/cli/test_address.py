"""Where a server is found, and that links lead there."""

from __future__ import annotations

import pytest

from service.cli.serve import address_of
from service.cli.session import open_session


@pytest.mark.parametrize(
    ("host", "address"),
    [
        ("127.0.0.1", "http://127.0.0.1:8123"),
        ("0.0.0.0", "http://127.0.0.1:8123"),
        ("::", "http://[::1]:8123"),
        ("::1", "http://[::1]:8123"),
        ("tocsin.example", "http://tocsin.example:8123"),
    ],
)
def test_a_browser_finds_the_server(host, address) -> None:
    assert address_of(host, 8123) == address


def test_links_lead_to_the_server_unless_a_setting_says_otherwise(tmp_path, monkeypatch) -> None:
    monkeypatch.setenv("TOCSIN_STATE_DIR", str(tmp_path))
    with open_session("http://127.0.0.1:8123") as session:
        assert session.settings.public_url == "http://127.0.0.1:8123"
    monkeypatch.setenv("TOCSIN_PUBLIC_URL", "https://risk.example.org")
    with open_session("http://127.0.0.1:8123") as session:
        assert session.settings.public_url == "https://risk.example.org"
