"""Datasets of HDX that do not hold the file, or lead elsewhere."""

from __future__ import annotations

from typing import Any

import pytest

from data.errors import Refused, SourceUnavailable
from tests.service.misbehaving_sources.servers import HDX_FILES, as_json
from tests.service.misbehaving_sources.world import World


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
