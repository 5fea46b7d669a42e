"""What indicators say of a region: the numbers of the one builder, as known on a day."""

from __future__ import annotations

from datetime import date

import numpy as np
import pytest

from data.errors import UnknownName
from data.panel import build_panel
from data.regions import load_region_set
from features.build import build_features
from features.catalogue import CATALOGUE
from models.outcome import definition_of
from service.indicator_values import read_indicators


def test_values_are_those_of_the_builder(demo) -> None:
    as_of, settings = date(2021, 12, 15), demo.settings
    with demo.database.read() as connection:
        region_set = load_region_set(connection, "demo")
        values = read_indicators(connection, region_set, as_of, settings)
        panel = build_panel(connection, region_set, as_of)
    assert (values.as_of, values.data_cutoff) == (as_of, panel.data_cutoff)
    assert values.region_ids == panel.region_ids
    matrix = build_features(panel, "all", definition_of(settings), min(settings.horizons))
    row = matrix.raw[panel.origin - int(panel.periods[0])]
    for position, region_id in enumerate(panel.region_ids[:3]):
        found = values.of_region(region_id)
        assert list(found) == list(CATALOGUE)
        expected = [None if np.isnan(value) else float(value) for value in row[position]]
        assert list(found.values()) == expected
    deaths = values.of_indicator("deaths_12m")
    assert deaths[panel.region_ids[1]] == values.of_region(panel.region_ids[1])["deaths_12m"]
    assert max(deaths.values()) > 0
    with pytest.raises(UnknownName, match="No region"):
        values.of_region("nowhere")
    with pytest.raises(UnknownName, match="No indicator"):
        values.of_indicator("luck")
