"""Panels of the small world: a year that is known of both countries."""

from __future__ import annotations

from datetime import date

import pandas as pd

from data.calendar import (
    parse_period,
)
from data.panel import Panel, assemble_panel
from data.regions import RegionSet
from data.store import Coverage

YEAR = [
    Coverage("MLI", date(2021, 1, 1), date(2021, 12, 31)),
    Coverage("NER", date(2021, 1, 1), date(2021, 12, 31)),
]
AS_OF = date(2022, 1, 15)


def assemble(
    events: pd.DataFrame,
    region_set: RegionSet,
    coverage: list[Coverage] = YEAR,
    as_of: date = AS_OF,
    *,
    is_base_only: bool = False,
) -> Panel:
    return assemble_panel(
        events, coverage, region_set, as_of, is_simulated=False, is_base_only=is_base_only
    )


def cell(panel: Panel, variable: str, label: str, region_id: str) -> float:
    row = parse_period(label, panel.step) - int(panel.periods[0])
    return float(panel.values[variable][row, panel.region_ids.index(region_id)])
