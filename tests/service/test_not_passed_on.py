"""What may not be passed on is in no feed, page, document or answer, whoever asks for what."""

from __future__ import annotations

import io
import re
import zipfile
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any
from urllib.parse import urljoin, urlsplit

import pandas as pd
import pytest

from data.observation import OBSERVATION_COLUMNS, ObservationBatch
from data.quality import receive_delivery
from data.sources.hapi import HAPI
from data.sources.own_observations import OWN_OBSERVATIONS
from data.sources.registry import SOURCES
from data.sources.reported import REPORTS, read_reports
from data.store import append_observations, events_as_known, list_deliveries
from service.app import make_app
from service.feeds.formats import FORMATS
from service.pipeline import run_cycle

AS_OF = date(2022, 1, 15)
COUNT = 918273
"""A number that nothing else is."""

MOST_OF_A_KIND = 2
"""Addresses that differ only in what they are about are looked at so often."""

_LINK = re.compile(r"""(?:href|src|action)=["']([^"'#]+)|"\w+":\s*"((?:/|http)[^"]*)\"""")


@pytest.fixture(scope="module")
def published(copy_demo: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """The demo as if its source allowed nothing, with counts and reports that allow nothing."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(SOURCES, "simulated", replace(SOURCES["simulated"], redistributable=False))
        with copy_demo(tmp_path_factory.mktemp("closed")) as demo:
            moment = datetime(2022, 1, 10, tzinfo=UTC)
            region, country = _place(demo)
            head = {"known_at": moment, "received_at": moment, "vintage": "1", "sha256": "0" * 64}
            with demo.database.write() as connection:
                for source, indicator in (
                    (HAPI, "events_political_violence"),
                    (OWN_OBSERVATIONS, "population"),
                ):
                    append_observations(
                        connection,
                        _count(indicator, region, country),
                        source=source,
                        file_name="SecretFile.csv",
                        **head,
                    )
                receive_delivery(
                    connection, _report(), source=REPORTS, file_name="by key:desk", **head
                )
            for as_of in (date(2021, 12, 15), AS_OF):
                run_cycle(demo.database, demo.settings, demo.clock, region_set="demo", as_of=as_of)
            yield demo


def _place(demo: Any) -> tuple[str, str]:
    from data.regions import load_region_set

    with demo.database.read() as connection:
        region = load_region_set(connection, "demo").regions[0]
    return region.region_id, region.country


def _count(indicator: str, region: str, country: str) -> ObservationBatch:
    row = {
        "observation_key": f"{indicator}/{region}",
        "indicator": indicator,
        "place": region,
        "country": country,
        "latitude": float("nan"),
        "longitude": float("nan"),
        "date_start": 18779,
        "date_end": 18808,
        "value": float(COUNT),
        "item": "",
    }
    return ObservationBatch(pd.DataFrame([row]).astype(OBSERVATION_COLUMNS), (), 1)


def _report() -> Any:
    return read_reports(
        [
            {
                "event_id": "SecretEvent",
                "date": date(2022, 1, 3),
                "date_start": date(2022, 1, 3),
                "date_precision": 1,
                "latitude": 14.5,
                "longitude": -4.2,
                "where_precision": 1,
                "country": "MLI",
                "admin1": "SecretPlace",
                "admin2": "",
                "event_type": "one_sided",
                "sub_type": "SecretKind",
                "actor_a": "SecretActor",
                "actor_b": "",
                "fatalities_best": 4,
                "fatalities_low": 4,
                "fatalities_high": 4,
                "confidence": 0.5,
            }
        ],
        known_at=date(2022, 1, 10),
    )


@pytest.fixture(scope="module")
def secrets(published: Any) -> set[str]:
    """Texts that stand in single events and nowhere else."""
    with published.database.read() as connection:
        events = events_as_known(connection, "simulated", AS_OF)
        assert {"hapi", "reports"} <= {item.source for item in list_deliveries(connection)}
    assert len(events) > 100
    actors = (set(events["actor_a"]) | set(events["actor_b"])) - {"Civilians"}
    points = {f"{value:.6f}".rstrip("0") for value in events["latitude"].head(50)}
    found = {text for text in actors if len(text) > 6} | set(events["event_id"].tail(50))
    found |= {text for text in points if len(text) > 7}
    return found | {str(COUNT), "SecretEvent", "SecretPlace", "SecretActor", "SecretFile"}


def read(answer: Any) -> str:
    """Returns the text of an answer, also of what is packed."""
    body = answer.content
    if body[:4] == b"PK\x03\x04":
        with zipfile.ZipFile(io.BytesIO(body)) as archive:
            return "\n".join(archive.read(name).decode("latin-1") for name in archive.namelist())
    if body[:4] == b"PAR1":
        return str(pd.read_parquet(io.BytesIO(body)).to_csv())
    return str(body.decode("utf-8", errors="replace"))


def kind_of(address: str) -> tuple[str, ...]:
    """Returns what an address is apart from the region, day and numbers in it."""
    parts = urlsplit(address)
    plain = re.sub(r"\d+", "0", parts.path).split("/")
    suffix = plain[-1].rpartition(".")[2] if "." in plain[-1] else ""
    keys = sorted(pair.partition("=")[0] for pair in parts.query.split("&") if pair)
    return (*plain[:4], str(len(plain)), suffix, *keys)


def crawl(get: Callable[[str], Any], start: list[str]) -> dict[str, str]:
    """Returns address to text of all kinds of addresses that can be reached."""
    waiting, seen = list(dict.fromkeys(start)), set(start)
    kinds = Counter(kind_of(path) for path in seen)
    texts: dict[str, str] = {}
    while waiting:
        path = waiting.pop(0)
        answer = get(path)
        assert answer.status_code < 500, path
        texts[path] = read(answer)
        for link in ("".join(groups) for groups in _LINK.findall(texts[path])):
            target = urlsplit(urljoin(f"http://test{path}", link.replace("&amp;", "&")))
            address = target.path + (f"?{target.query}" if target.query else "")
            kind = kind_of(address)
            if target.netloc not in ("test", "127.0.0.1:8000") or address in seen:
                continue
            seen.add(address)
            if kinds[kind] < MOST_OF_A_KIND:
                kinds[kind] += 1
                waiting.append(address)
    return texts


def test_no_event_leaves_the_house(published: Any, secrets: set[str], browse: Any) -> None:
    app = make_app(published.database, published.settings, published.clock)
    client = browse(app)
    document = client.get("/api/v1/openapi.json").json()
    region, _ = _place(published)
    values = {"set": "demo", "region_id": region, "region": region, "source": "simulated"}
    paths = [
        "/api/v1" + re.sub(r"\{(\w+)\}", lambda part: values.get(part[1], "1"), path[7:])
        for path, operations in document["paths"].items()
        if "get" in operations
    ]
    paths += [f"/api/v1/sources/{name}/events" for name in SOURCES]
    paths += [f"{path}?set=demo" for path in paths if "{" not in path]
    paths.append(f"/api/v1/sets/demo/indicators?region_id={region}")
    feeds = [f"/feeds/demo/latest.{name}" for name in FORMATS]
    start = ["/", "/feeds/", "/ogc", "/metrics", "/health/ready", *feeds, *paths]
    texts = crawl(client.get, start)
    assert len(texts) > 60
    assert {"/", "/feeds/", *feeds} <= set(texts)
    assert any(path.startswith("/ogc/collections") for path in texts)
    leaks = {(path, secret) for path, text in texts.items() for secret in secrets if secret in text}
    assert leaks == set()


@pytest.mark.parametrize("name", ["simulated", "acled", "hapi", "reports", "views"])
def test_what_is_closed_is_refused(published: Any, browse: Any, name: str) -> None:
    client = browse(make_app(published.database, published.settings, published.clock))
    answer = client.get(f"/api/v1/sources/{name}/events")
    assert (answer.status_code, answer.json()["code"]) == (403, "refused")
    assert SOURCES[name].licence in answer.json()["hint"]


def test_the_crawl_would_see_an_event(
    published: Any, secrets: set[str], browse: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened = replace(SOURCES["simulated"], redistributable=True)
    monkeypatch.setitem(SOURCES, "simulated", opened)
    client = browse(make_app(published.database, published.settings, published.clock))
    text = read(client.get("/api/v1/sources/simulated/events"))
    assert any(secret in text for secret in secrets)
