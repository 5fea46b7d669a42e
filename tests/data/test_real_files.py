"""The data room on the real files beside the project, from file to panel."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from data.calendar import period_label
from data.database import Database
from data.events import Batch, check_batch
from data.panel import build_panel
from data.placement import place_events
from data.regions import RegionSet, find_neighbours, priogrid_regions, read_region_file
from data.sources.ged import read_ged
from data.store import DeliveryReport, events_as_known

KNOWN_AT = date(2022, 1, 15)


@pytest.fixture(scope="module")
def sahel(shared_data: Path) -> RegionSet:
    return read_region_file(
        shared_data / "sahel_admin1.geojson",
        name="sahel",
        id_property="pcode",
        name_property="name",
        country_property="iso3",
    )


@pytest.fixture(scope="module")
def batch(shared_data: Path) -> Batch:
    return read_ged(shared_data / "ged_sahel_1989_2021.csv", known_at=KNOWN_AT)


def test_the_sahel_file_is_accounted_for(shared_data: Path, batch: Batch) -> None:
    check_batch(batch)
    table = pd.read_csv(shared_data / "ged_sahel_1989_2021.csv")
    assert batch.n_rows == len(table) == 2487
    assert batch.refusals == ()
    assert batch.events["event_id"].tolist() == table["id"].astype(str).tolist()
    assert batch.events["fatalities_best"].tolist() == table["best"].tolist()
    assert batch.events["latitude"].tolist() == table["latitude"].tolist()
    n_sources = table["number_of_sources"].where(table["number_of_sources"] >= 0)
    assert batch.events["n_sources"].isna().tolist() == n_sources.isna().tolist()
    assert batch.countries == ("BFA", "MLI", "NER")
    assert (batch.covers_from, batch.covers_to) == (date(1989, 1, 1), date(2021, 12, 31))


def test_a_candidate_month_speaks_for_that_month(shared_data: Path) -> None:
    batch = read_ged(shared_data / "GEDEvent_v23_0_10.csv", known_at=date(2024, 6, 1))
    check_batch(batch)
    assert batch.n_rows == 2391
    assert (batch.covers_from, batch.covers_to) == (date(2023, 10, 1), date(2023, 10, 31))
    assert {"BFA", "MLI", "NER", "UKR", "SDN"} <= set(batch.countries)
    assert batch.refusals == ()


def test_borders_of_the_sahel(sahel: RegionSet) -> None:
    assert len(sahel.regions) == 31
    touching = {
        sahel.regions[position].name: {sahel.regions[n].name for n in others}
        for position, others in enumerate(sahel.neighbours)
    }
    assert touching["Sahel"] >= {"Gao", "Tillaberi", "Mopti", "Est", "Nord"}
    assert touching["Menaka"] >= {"Gao", "Tahoua", "Tillaberi"}
    assert touching["Kayes"].isdisjoint({"Diffa", "Zinder", "Est"})
    assert min(map(len, touching.values())) >= 1


def test_borders_that_two_countries_drew(shared_data: Path) -> None:
    region_set = read_region_file(
        shared_data / "west_africa_admin1.geojson",
        name="west-africa",
        id_property="region_code",
        name_property="region_code",
        country_property="country",
    )
    assert len(region_set.regions) == 295
    assert len(region_set.countries) == 14
    crossing = {
        (region_set.regions[position].country, region_set.regions[other].country)
        for position, others in enumerate(region_set.neighbours)
        for other in others
    }
    assert {("MLI", "DZA"), ("NER", "NGA"), ("BFA", "GHA"), ("MRT", "SEN")} <= crossing
    assert ("MLI", "NGA") not in crossing
    assert all(region_set.neighbours)


def test_most_events_lie_in_a_region(sahel: RegionSet, batch: Batch) -> None:
    placement = place_events(batch.events, sahel)
    methods = Counter(placement.method.tolist())
    assert methods["point"] > 0.94 * len(batch.events)
    assert methods["near"] < 0.01 * len(batch.events)
    assert methods["outside"] == 0
    assert methods["country"] == int((batch.events["where_precision"] >= 6).sum())
    # The area that GED calls Gao still holds Ménaka.
    assert 30 <= placement.n_disagreements <= 60
    names = np.array([region.name for region in sahel.regions])[placement.region]
    gao = (batch.events["admin1"] == "Gao region").to_numpy() & (placement.method == "point")
    assert (names[gao] == "Menaka").sum() > 25


def test_from_files_to_panel(
    shared_data: Path,
    sqlite: Database,
    deliver: Callable[..., DeliveryReport],
    sahel: RegionSet,
    batch: Batch,
) -> None:
    neighbours = read_ged(shared_data / "ged_neighbours_1989_2021.csv", known_at=KNOWN_AT)
    first = deliver(sqlite, batch, str(KNOWN_AT), vintage="24.1")
    second = deliver(sqlite, neighbours, str(KNOWN_AT), vintage="24.1")
    assert first.n_added == len(batch.events)
    assert second.n_added == len(neighbours.events)
    assert first.n_deleted == second.n_deleted == 0
    with sqlite.read() as connection:
        events = events_as_known(connection, "ged", KNOWN_AT)
        panel = build_panel(connection, sahel, KNOWN_AT)
    assert len(events) == len(batch.events) + len(neighbours.events)
    pd.testing.assert_frame_equal(
        events[events["event_id"].isin(batch.events["event_id"])].reset_index(drop=True),
        batch.events.sort_values("event_id", ignore_index=True),
        check_exact=True,
    )
    assert [period_label(int(p), "month") for p in panel.periods[[0, -1]]] == ["1989-01", "2021-12"]
    assert panel.known.all()
    total = np.nansum(panel.values["deaths"], dtype=np.float64) + np.nansum(
        panel.country_values["deaths"], dtype=np.float64
    )
    assert total == pytest.approx(batch.events["fatalities_best"].sum())


def test_cells_over_the_sahel(shared_data: Path, sahel: RegionSet, batch: Batch) -> None:
    cells = priogrid_regions("cells", sahel)
    assert 1_000 < len(cells.regions) < 1_100
    assert cells.countries == sahel.countries
    assert cells.neighbours == find_neighbours([region.geometry for region in cells.regions])
    placement = place_events(batch.events, cells)
    table = pd.read_csv(shared_data / "ged_sahel_1989_2021.csv", dtype={"id": str})
    gid_of = dict(zip(table["id"], table["priogrid_gid"].astype(str), strict=True))
    is_point = placement.method == "point"
    # A cell is far smaller than the area that a coarse event (precision 4 and above) is known for.
    is_fine = batch.events["where_precision"].to_numpy() <= 3
    assert is_point[is_fine].mean() > 0.98
    assert not is_point[~is_fine].any()
    assert 0.8 < is_fine.mean() < 0.9
    found = np.array(cells.region_ids)[placement.region[is_point]]
    assert found.tolist() == [gid_of[event_id] for event_id in batch.events["event_id"][is_point]]
