"""What a source may not be asked without: a key, or a switch that is on."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from data.errors import Refused, TocsinError, UsageError
from data.sources.contract import Query
from service.intake.fetching import fetch_source
from tests.service.misbehaving_sources.servers import MLI, SPAN
from tests.service.misbehaving_sources.world import NOW, World


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


@pytest.mark.parametrize(
    "version", ["../../2026-08", "2026-08/..", "/tmp", "..", "2026-13", "2026-8", "2026-08\n", ""]
)
@pytest.mark.parametrize("world", ["conflictforecast"], indirect=True)
def test_a_vintage_is_a_month_and_no_path(world: World, version: str) -> None:
    with pytest.raises(UsageError, match="is no vintage"):
        world.fetch(replace(world.spec.first, version=version))
    assert world.asked == []


@pytest.mark.parametrize("version", ["../../a", "a/b", "..", "a b", "a\n"])
@pytest.mark.parametrize("world", ["views"], indirect=True)
def test_a_run_is_a_name_and_no_path(world: World, version: str) -> None:
    with pytest.raises(UsageError, match="is no run of"):
        world.fetch(replace(world.spec.first, version=version))
    assert world.asked == []
