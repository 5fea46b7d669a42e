"""The whole catalogue by month and by week, on the simulated world and on real events."""

from __future__ import annotations

import os
from dataclasses import replace
from datetime import date
from pathlib import Path

import numpy as np
import pytest

from data.calendar import months_to_periods
from data.panel import REPORTED_VARIABLES, Panel, assemble_panel
from data.regions import read_region_file
from data.simulate import simulate_world
from data.sources.ged import read_ged
from data.sources.simulated import deliver_simulated
from data.store import Coverage
from features.build import build_features, rows_for_origin
from features.catalogue import CATALOGUE
from features.outcomes import EscalationDefinition

DEFINITION = EscalationDefinition()
SHARED = Path(
    os.environ.get(
        "TOCSIN_TEST_SHARED_DATA", Path(__file__).resolve().parents[3] / "shared" / "data"
    )
)
STEPS = ("month", "week")


def panel_of(world: str, step: str) -> Panel:
    if world == "simulated":
        day = date(2020, 3, 15)
        batch, region_set = deliver_simulated(day, 5), simulate_world(day, 5).region_set
    else:
        day = date(2022, 1, 15)
        if not (SHARED / "ged_sahel_1989_2021.csv").exists():
            pytest.skip(f"No real data in {SHARED}; set TOCSIN_TEST_SHARED_DATA to their folder.")
        batch = read_ged(SHARED / "ged_sahel_1989_2021.csv", known_at=day)
        region_set = read_region_file(
            SHARED / "sahel_admin1.geojson",
            name="sahel",
            id_property="pcode",
            name_property="name",
            country_property="iso3",
        )
    coverage = [Coverage(code, batch.covers_from, batch.covers_to) for code in batch.countries]
    return assemble_panel(
        batch.events, coverage, replace(region_set, step=step), day, is_simulated=False
    )


@pytest.fixture(scope="module", params=[(w, s) for w in ("simulated", "real") for s in STEPS])
def world(request: pytest.FixtureRequest) -> tuple[str, Panel]:
    name, step = request.param
    return name, panel_of(name, step)


def test_every_indicator_that_can_be_is_known_and_no_other(world) -> None:
    name, panel = world
    matrix = build_features(panel, "all", DEFINITION, 3)
    for column, indicator in enumerate(matrix.names):
        declared = CATALOGUE[indicator]
        values = matrix.raw[panel.origin - int(panel.periods[0]), :, column]
        is_reported = bool(set(declared.variables) & set(REPORTED_VARIABLES))
        # The simulated countries are invented: they have no capital.
        is_nowhere = name == "simulated" and any(
            word in indicator for word in ("capital", "front", "centroid")
        )
        assert np.isnan(values).all() == (is_reported or is_nowhere), indicator
        if declared.unit in ("share", "yes or no"):
            known = values[~np.isnan(values)]
            assert ((known >= 0) & (known <= 1)).all(), indicator


def test_the_row_that_is_scored_is_the_row_that_is_trained_on(world) -> None:
    _, panel = world
    matrix = build_features(panel, "all", DEFINITION, 3)
    row = rows_for_origin(panel, "all", DEFINITION, 3)
    assert row.fingerprint == matrix.fingerprint
    at = panel.origin - int(panel.periods[0])
    np.testing.assert_array_equal(row.raw[0], matrix.raw[at])


@pytest.mark.parametrize("name", ["simulated", "real"])
def test_a_year_is_a_year_in_either_step(name) -> None:
    months, weeks = (panel_of(name, step) for step in STEPS)
    by_month, by_week = (
        rows_for_origin(panel, "wide-1", DEFINITION, 3) for panel in (months, weeks)
    )
    column = by_month.names.index("events_24m")
    assert months_to_periods(24, "week") == 104
    counted, again = by_month.raw[0, :, column], by_week.raw[0, :, column]
    # Two years of weeks end a few days before two years of months.
    assert counted.sum() > 100
    np.testing.assert_allclose(again.sum(), counted.sum(), rtol=0.15)
    assert np.corrcoef(counted, again)[0, 1] > 0.98
