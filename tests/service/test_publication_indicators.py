"""Indicators that are kept for rules: those of the catalogue, and nothing of what came later."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import numpy as np
import pytest

from data.panel import Panel, build_panel
from data.regions import load_region_set
from features.build import rows_for_origin
from features.catalogue import ALL
from models.outcome import definition_of
from service.pipeline import run_cycle
from service.publications.indicators import RULE_INDICATORS, read_rule_indicators
from service.publications.store import find_publication

AS_OF = date(2021, 12, 15)


@pytest.fixture
def panel(demo):
    with demo.database.read() as connection:
        return build_panel(connection, load_region_set(connection, "demo"), AS_OF)


@pytest.fixture
def with_capitals(panel):
    """The invented countries have no capital in the gazetteer: here it is their first region."""
    first = np.unique(panel.country_of, return_index=True)[1]
    return replace(panel, capitals=panel.centres[first])


def alter_after(panel: Panel, origin: int) -> Panel:
    late = panel.periods > origin
    values = {name: array.copy() for name, array in panel.values.items()}
    for array in values.values():
        array[late] = array[late] * 3 + 7
    return replace(panel, values=values)


def test_they_are_those_of_the_catalogue(demo, with_capitals):
    panel = with_capitals
    origin = panel.origin - 5
    matrix = rows_for_origin(panel, ALL, definition_of(demo.settings), 1, origin)
    found = read_rule_indicators(panel, {origin}, demo.settings)[origin]
    assert tuple(found) == RULE_INDICATORS
    for name, by_region in found.items():
        column = matrix.raw[0, :, matrix.names.index(name)]
        told = np.array([np.nan if one is None else one for one in by_region.values()])
        np.testing.assert_allclose(told, column, atol=1e-3)
        assert tuple(by_region) == panel.region_ids
    assert any(value is not None for value in found["front_distance_3m"].values())


def test_what_came_later_changes_nothing(demo, with_capitals):
    panel = with_capitals
    origins = {panel.origin - back for back in (12, 7, 1)}
    found = read_rule_indicators(panel, origins, demo.settings)
    assert set(found) == origins
    for origin in origins:
        later = read_rule_indicators(alter_after(panel, origin), {origin}, demo.settings)
        assert later[origin] == found[origin]
    assert read_rule_indicators(panel, {panel.origin + 1}, demo.settings) == {}


def test_a_cycle_keeps_them_as_they_were_known(demo, panel):
    run_cycle(demo.database, demo.settings, demo.clock, region_set="demo", as_of=AS_OF)
    with demo.database.read() as connection:
        stored = find_publication(connection, "demo", AS_OF)
    assert stored is not None
    expected = read_rule_indicators(panel, {panel.origin}, demo.settings)
    assert stored.indicators == expected[stored.origin]
