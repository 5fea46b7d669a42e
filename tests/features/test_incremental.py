"""After any delivery an update has the bits of a full build."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from shapely.geometry import box

from data.calendar import to_epoch_day
from data.events import conform_events
from data.panel import Panel, assemble_panel
from data.regions import Region, RegionSet
from data.store import Coverage
from features.build import build_features
from features.changes import Changes, find_changes
from features.incremental import LiveFeatures
from features.outcomes import EscalationDefinition

DEFINITION = EscalationDefinition()
FIRST_DAY, LAST_DAY = date(2015, 1, 1), date(2020, 6, 30)
N_DAYS = (LAST_DAY - FIRST_DAY).days
WORLD = RegionSet(
    name="boxes",
    kind="custom",
    step="month",
    source="ged",
    is_schematic=True,
    attribution="",
    regions=tuple(
        Region(
            f"B{n}",
            f"Box {n}",
            "MLI" if n < 4 else "NER",
            box(n % 3, n // 3, n % 3 + 1, n // 3 + 1),
        )
        for n in range(7)
    ),
    neighbours=((1, 3), (0, 2, 4), (1, 5), (0, 4, 6), (1, 3, 5), (2, 4), (3,)),
)

events = st.fixed_dictionaries(
    {
        "day": st.integers(0, N_DAYS),
        "place": st.integers(0, 6),
        "event_type": st.sampled_from(("state_based", "non_state", "one_sided")),
        "actor_b": st.sampled_from(("JNIM", "IS", "Civilians", "Dozos (Mali)")),
        "deaths": st.sampled_from((0, 1, 4, 30)),
        "where_precision": st.sampled_from((1, 2, 4, 6)),
        "date_precision": st.sampled_from((1, 1, 1, 5)),
    }
)


def as_panel(rows: list[dict], last_day: date = LAST_DAY, step: str = "month") -> Panel:
    table = pd.DataFrame(
        [
            {
                "event_id": str(number),
                "date_start": to_epoch_day(FIRST_DAY) + max(0, row["day"] - 40),
                "date": to_epoch_day(FIRST_DAY) + row["day"],
                "date_precision": row["date_precision"],
                "latitude": row["place"] // 3 + 0.5,
                "longitude": row["place"] % 3 + 0.5,
                "where_precision": row["where_precision"],
                "country": "MLI" if row["place"] < 4 else "NER",
                "admin1": "",
                "admin2": "",
                "event_type": row["event_type"],
                "sub_type": "",
                "actor_a": "Government of Mali",
                "actor_b": row["actor_b"],
                "fatalities_best": row["deaths"],
                "fatalities_low": row["deaths"] // 2,
                "fatalities_high": 2 * row["deaths"],
                "civilian_fatalities": row["deaths"] // 3,
                "n_sources": 1 + row["day"] % 3,
            }
            for number, row in enumerate(rows)
        ]
    )
    coverage = [Coverage(country, FIRST_DAY, last_day) for country in ("MLI", "NER")]
    region_set = replace(WORLD, step=step)
    return assemble_panel(conform_events(table), coverage, region_set, last_day, is_simulated=True)


def assert_is_full_build(live: LiveFeatures, panel: Panel) -> None:
    full = build_features(panel, "all", DEFINITION, 3)
    found = live.matrix
    assert found.periods.tolist() == full.periods.tolist()
    for column, name in enumerate(full.names):
        one, other = (np.ascontiguousarray(each.raw[:, :, column]) for each in (found, full))
        assert one.shape == other.shape
        is_same = (one.view(np.uint32) == other.view(np.uint32)) | (np.isnan(one) & np.isnan(other))
        assert is_same.all(), (name, np.argwhere(~is_same)[:5])


@settings(
    max_examples=20,
    deadline=None,
    phases=(Phase.explicit, Phase.generate),
    suppress_health_check=[HealthCheck.too_slow],
)
@given(rows=st.lists(events, min_size=5, max_size=60), data=st.data())
def test_an_update_has_the_bits_of_a_full_build(rows, data) -> None:
    step = data.draw(st.sampled_from(("month", "month", "week")))
    panel = as_panel(rows, step=step)
    live = LiveFeatures(panel, "all", DEFINITION, 3)
    for _ in range(data.draw(st.integers(1, 3))):
        kind = data.draw(st.sampled_from(("new day", "late", "edit", "delete", "month")))
        last_day = LAST_DAY
        if kind == "new day":
            rows = [*rows, *({**row, "day": N_DAYS} for row in data.draw(st.lists(events)))]
        elif kind == "late":
            rows = [*rows, data.draw(events)]
        elif kind == "edit":
            changed = data.draw(st.integers(0, len(rows) - 1))
            rows = [*rows[:changed], data.draw(events), *rows[changed + 1 :]]
        elif kind == "delete" and len(rows) > 1:
            gone = data.draw(st.integers(0, len(rows) - 1))
            rows = [*rows[:gone], *rows[gone + 1 :]]
        if kind == "month":
            last_day += timedelta(days=31)
        newer = as_panel(rows, last_day, step)
        live.update(newer, find_changes(panel, newer))
        assert_is_full_build(live, newer)
        panel = newer


def test_months_that_follow_each_other_have_the_bits_of_a_full_build(make_panel, monkeypatch):
    monkeypatch.setattr("features.incremental.SPARE_PERIODS", 2)
    whole = make_panel(n_periods=80, n_regions=6, seed=3, unknown=False)

    def until(n_periods: int) -> Panel:
        return replace(
            whole,
            periods=whole.periods[:n_periods],
            known=whole.known[:n_periods],
            values={name: counted[:n_periods] for name, counted in whole.values.items()},
            country_values={name: held[:n_periods] for name, held in whole.country_values.items()},
            actors=None,
        )

    panel = until(73)
    live = LiveFeatures(panel, "wide-1", DEFINITION, 3)
    for n_periods in (74, 75, 76, 77, 80):
        newer = until(n_periods)
        live.update(newer, find_changes(panel, newer))
        full = build_features(newer, "wide-1", DEFINITION, 3)
        np.testing.assert_array_equal(live.matrix.raw, full.raw)
        np.testing.assert_array_equal(live.matrix.values[70], full.values[70])
        panel = newer


def test_a_new_day_changes_what_it_touches_and_nothing_else(make_panel) -> None:
    panel = make_panel(n_periods=80, n_regions=6, seed=3, unknown=False)
    live = LiveFeatures(panel, "wide-1", DEFINITION, 3)
    before = live.matrix.raw.copy()
    values = {name: counted.copy() for name, counted in panel.values.items()}
    values["events"][-1, 2] += 3
    newer = replace(panel, values=values)
    live.update(newer, Changes(79, np.array([2]), np.array([], np.int64)))
    after = live.matrix.raw
    changed = (before != after) & ~(np.isnan(before) & np.isnan(after))
    assert not changed[:79].any()
    columns = {name for number, name in enumerate(live.matrix.names) if changed[:, 2, number].any()}
    assert {"events_1m", "events_24m", "events_decay_3m", "country_events_3m"} <= columns
    assert not [name for name in columns if "deaths" in name]


@pytest.mark.parametrize("kind", ["regions", "shorter", "unknown"])
def test_another_frame_is_built_anew(make_panel, kind) -> None:
    panel = make_panel(n_periods=80, n_regions=6, seed=3, unknown=False)
    live = LiveFeatures(panel, "all", DEFINITION, 3)
    if kind == "unknown":
        newer = make_panel(n_periods=80, n_regions=6, seed=3, unknown=True)
        live.update(newer, find_changes(panel, newer))
    else:
        size = {"regions": (80, 5), "shorter": (70, 6)}[kind]
        newer = make_panel(n_periods=size[0], n_regions=size[1], seed=4)
        live.update(newer, Changes(0, np.array([], np.int64), np.array([], np.int64)))
    assert_is_full_build(live, newer)


def test_nothing_changed_changes_nothing(make_panel) -> None:
    panel = make_panel(n_periods=50, n_regions=4, seed=3)
    changes = find_changes(panel, panel)
    assert changes.first_row == 50
    assert not len(changes.regions)
    assert not len(changes.countries)
    live = LiveFeatures(panel, "all", DEFINITION, 3)
    live.update(panel, changes)
    assert_is_full_build(live, panel)


def test_values_are_those_of_the_newest_panel(make_panel) -> None:
    panel = make_panel(n_periods=50, n_regions=4, seed=3, unknown=False)
    live = LiveFeatures(panel, "small-1", DEFINITION, 3)
    assert live.matrix.values.shape == (50, 4, 17)
    values = {name: counted + 1 for name, counted in panel.values.items()}
    newer = replace(panel, values=values)
    live.update(newer, find_changes(panel, newer))
    full = build_features(newer, "small-1", DEFINITION, 3)
    np.testing.assert_array_equal(live.matrix.values, full.values)
