"""Fatalities are published and sealed with the scores; without them a publication says why."""

import json
from datetime import UTC, date, datetime

import numpy as np
import pytest
from sqlalchemy import select, update

from data.panel import build_panel
from data.regions import load_region_set
from models.fatalities.forecast import forecast_fatalities
from models.fatalities.release import HORIZONS, release_fatalities
from service.pipeline import run_cycle
from service.publications.fatality import NAMES
from service.publications.publication import Publication
from service.publications.store import latest_publication, load_document
from service.record.forecast_ledger import verify_ledger
from service.settings import Settings
from service.tables import fatalities
from tests.service.conftest import Demo

AS_OF = date(2022, 1, 20)
NOW = datetime(2022, 1, 20, 6, tzinfo=UTC)


def settings_of(demo: Demo, **changes: object) -> Settings:
    # A history long enough to widen by.
    return demo.settings.model_copy(update={"train_from": "2009-01", **changes})


@pytest.fixture
def published(demo: Demo) -> Publication:
    run_cycle(demo.database, settings_of(demo), lambda: NOW, region_set="demo", as_of=AS_OF)
    return read(demo)


def read(demo: Demo) -> Publication:
    with demo.database.read() as connection:
        found = latest_publication(connection, "demo")
    assert found is not None
    return found


def test_each_region_has_a_row_for_each_period_ahead(published: Publication) -> None:
    regions = dict.fromkeys(score.region_id for score in published.scores)
    assert [(row.horizon, row.region_id) for row in published.fatalities] == [
        (horizon, region_id) for horizon in HORIZONS for region_id in regions
    ]
    for row in published.fatalities:
        assert list(row.quantiles) == sorted(row.quantiles)
        assert len(row.quantiles) in (0, len(NAMES))
        assert (row.status == "ok") == (not row.reason)
        assert bool(row.quantiles) == (row.status in ("ok", "baseline_only"))


def test_what_is_published_is_the_forecast_or_the_baseline(
    demo: Demo, published: Publication
) -> None:
    with demo.database.read() as connection:
        panel = build_panel(connection, load_region_set(connection, "demo"), AS_OF)
    settings = settings_of(demo)
    release = release_fatalities(panel, settings)
    table = forecast_fatalities(panel, settings, by="region", horizons=HORIZONS)
    asked = table.set_index(["region_id", "horizon"])[list(NAMES)]
    passed = published.manifest["fatalities"]["status"] == "ok"
    assert release.passed is passed
    for row in published.fatalities:
        if not row.quantiles:
            continue
        at = release.region_ids.index(row.region_id)
        np.testing.assert_array_equal(
            asked.loc[(row.region_id, row.horizon)], release.quantiles[row.horizon][at]
        )
        expected = release.quantiles[row.horizon][at] if passed else release.baseline[at]
        np.testing.assert_array_equal(row.quantiles, expected)


def test_the_map_tells_the_first_period_as_json_does(demo: Demo, published: Publication) -> None:
    with demo.database.read() as connection:
        whole, table = (
            json.loads(found.body)
            for name in ("geojson", "json")
            if (found := load_document(connection, "demo", AS_OF, name)) is not None
        )
    rows = {one["region_id"]: one for one in table["fatalities"]["rows"] if one["horizon"] == 1}
    assert {feature["id"] for feature in whole["features"]} == set(rows)
    assert whole["fatalities"]["status"] == table["fatalities"]["status"]
    for feature in whole["features"]:
        row, told = rows[feature["id"]], feature["properties"]
        names = {"period": "period", "status": "status", "median": "q50", "low": "q05"}
        for mine, theirs in {**names, "high": "q95"}.items():
            assert told[f"fatalities_1_{mine}"] == row[theirs]
        assert not any(name.startswith("fatalities_2") for name in told)


def test_the_ledger_seals_them(demo: Demo, published: Publication) -> None:
    with demo.database.write() as connection:
        assert verify_ledger(connection).is_good
        query = select(fatalities).where(fatalities.c.status.in_(["ok", "baseline_only"])).limit(1)
        row = connection.execute(query).mappings().one()
        altered = [*row["quantiles"][:-1], row["quantiles"][-1] + 1]
        connection.execute(
            update(fatalities)
            .where(
                fatalities.c.region_id == row["region_id"],
                fatalities.c.horizon == row["horizon"],
            )
            .values(quantiles=altered)
        )
        assert not verify_ledger(connection).is_good


def test_publishing_again_changes_nothing(demo: Demo, published: Publication) -> None:
    again = run_cycle(demo.database, settings_of(demo), lambda: NOW, region_set="demo", as_of=AS_OF)
    assert again.is_unchanged
    assert read(demo) == published


@pytest.mark.parametrize(
    ("changes", "told"),
    [({"fatality_regions_max": 0}, "fatality_regions_max"), ({"train_from": "2021-01"}, "needed")],
)
def test_a_publication_without_says_why(demo: Demo, changes: dict[str, object], told: str) -> None:
    settings = settings_of(demo, **changes)
    run_cycle(demo.database, settings, lambda: NOW, region_set="demo", as_of=AS_OF)
    publication = read(demo)
    assert publication.fatalities == ()
    assert publication.manifest["fatalities"]["status"] == "not_made"
    assert told in publication.manifest["fatalities"]["reason"]
