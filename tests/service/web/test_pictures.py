"""Pictures: what is in them comes from the numbers, and what is unknown is drawn as unknown."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import date
from xml.etree import ElementTree as ET

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely.geometry import Point, box

from data.calendar import period_of
from data.panel import BASE_VARIABLES, Panel
from data.regions import Region, RegionSet
from service.memo import Memo
from service.web.charts import Window, draw_deaths, draw_reliability, draw_scores
from service.web.history import TYPES, DeathsHistory, read_histories, tabulate_latest
from service.web.levels import describe_levels
from service.web.shapes import WIDTH, draw_shapes
from service.web.skill_view import ReliabilityRow

ORIGIN = period_of(date(2021, 12, 1), "month")
LEVELS = list(describe_levels({"low": 0.0, "high": 0.25}).values())


def make_history(deaths):
    values = np.asarray(deaths, np.float32)
    periods = np.arange(ORIGIN - values.shape[1] + 1, ORIGIN + 1, dtype=np.int64)
    total = values.sum(axis=0)
    return DeathsHistory("month", periods, values, total, total, np.zeros_like(total))


def classes_of(markup):
    root = ET.fromstring(str(markup))
    found = {}
    for element in root.iter():
        for name in (element.get("class") or "").split():
            found.setdefault(name, []).append(element)
    return root, found


def height_of(bar):
    return float(re.fullmatch(r"M[-\d.]+,[-\d.]+h[-\d.]+v([\d.]+)h[-\d.]+Z", bar.get("d")).group(1))


def test_deaths_are_drawn_per_type_unknown_as_unknown_window_and_threshold():
    deaths = np.zeros((3, 24))
    deaths[0, 3], deaths[1, 3], deaths[2, 5] = 10, 5, 7
    deaths[:, 10:13] = np.nan
    deaths[:, 20] = np.nan
    root, found = classes_of(
        draw_deaths(make_history(deaths), Window(ORIGIN, 3, 30.0), "wide", "Deaths")
    )
    assert [len(found[f"f-{kind.paint}"]) for kind in TYPES] == [1, 1, 1]
    heights = [height_of(found[f"f-{kind.paint}"][0]) for kind in TYPES]
    assert np.array(heights) / heights[0] == pytest.approx([1.0, 0.5, 0.7], abs=0.01)
    assert len(found["f-unknown"]) == 2
    assert {element.get("fill") for element in found["f-unknown"]} == {"url(#unknown)"}
    assert len(found["f-window"]) == 1
    assert len(found["s-threshold"]) == 1
    assert root.get("aria-label") == "Deaths"
    assert root.get("width") is None
    assert root.get("viewBox")


def test_picture_leaves_colours_and_fonts_to_the_page():
    markup = str(
        draw_deaths(make_history(np.ones((3, 24))), Window(ORIGIN, 3, 30.0), "narrow", "D")
    )
    assert not re.search(r'(fill|stroke)="(?!none|url\(#unknown\)|transparent)', markup)
    assert "font-family" not in markup
    assert not re.search(r"href|<script|style=", markup)


def test_low_and_high_estimates_are_a_line_where_they_differ():
    deaths = np.zeros((3, 24))
    deaths[0, 3], deaths[0, 5] = 10, 20
    history = make_history(deaths)
    low, high, coarse = (history.low.copy(), history.high.copy(), history.coarse.copy())
    low[3], high[3], coarse[3] = 5, 40, 4
    history = DeathsHistory("month", history.periods, history.deaths, low, high, coarse)
    assert history.highest == 40
    assert history.ranges == [(int(history.periods[3]), 5, 40)]
    _, found = classes_of(draw_deaths(history, Window(ORIGIN, 3, None), "wide", "Deaths"))
    assert len(found["s-ink"]) == 1
    row = tabulate_latest(history)[-4]
    assert (row.total, row.low, row.high) == (10, 5, 40)
    assert row.coarse_share == pytest.approx(0.4)


def test_no_threshold_no_line():
    _, found = classes_of(
        draw_deaths(make_history(np.zeros((3, 24))), Window(ORIGIN, 1, None), "wide", "D")
    )
    assert "s-threshold" not in found
    assert not any(f"f-{kind.paint}" in found for kind in TYPES)


def test_wholly_unknown_history_can_be_drawn():
    history = make_history(np.full((3, 24), np.nan))
    _, found = classes_of(draw_deaths(history, Window(ORIGIN, 1, 10.0), "wide", "D"))
    assert len(found["f-unknown"]) == 1
    assert history.highest == 0


@given(st.lists(st.tuples(*[st.none() | st.integers(0, 500)] * 3), min_size=1, max_size=30))
def test_stacks_add_up_and_skip_unknown(columns):
    deaths = np.array([[np.nan if value is None else value for value in row] for row in columns]).T
    history = make_history(deaths)
    known = ~np.isnan(deaths).any(axis=0)
    tops = np.zeros(len(columns))
    for index in range(3):
        for period, low, high in history.stacked(index):
            place = period - int(history.periods[0])
            assert known[place]
            assert low == tops[place] or low == deaths[:index, place].sum()
            assert high - low == deaths[index, place] > 0
            tops[place] = high
    assert tops[known].tolist() == deaths[:, known].sum(axis=0).tolist()
    covered = {p for first, last in history.unknown_spans for p in range(first, last + 1)}
    assert covered == set(history.periods[~known].tolist())
    rows = tabulate_latest(history, most=len(columns))
    assert [row.total is None for row in reversed(rows)] == (~known).tolist()


def test_histories_hide_what_the_panel_does_not_know(region_set):
    shape = (150, 4)
    values = {name: np.ones(shape, np.float32) for name in BASE_VARIABLES}
    known = np.ones(shape, np.bool_)
    known[-2:, 1] = False
    panel = Panel(
        region_set="squares",
        step="month",
        as_of=date(2022, 1, 15),
        data_cutoff=date(2021, 12, 31),
        region_ids=region_set.region_ids,
        periods=np.arange(ORIGIN - 149, ORIGIN + 1),
        values=values,
        known=known,
        countries=("AAA", "BBB"),
        country_of=np.array([0, 0, 1, 1]),
        country_values={},
        neighbours=region_set.neighbours,
        is_simulated=False,
    )
    histories = read_histories(panel)
    assert list(histories) == list(region_set.region_ids)
    assert histories["AA01"].deaths.shape == (3, 120)
    assert histories["AA01"].known.all()
    assert histories["AA02"].unknown_spans == [(ORIGIN - 1, ORIGIN)]


def test_scores_have_a_gap_where_there_was_none():
    points = [(date(2021, month, 15), None if month == 4 else month / 20) for month in range(1, 8)]
    _, found = classes_of(draw_scores(points, LEVELS, "wide", "Scores"))
    lines = [element for element in found["s-score"] if element.tag.endswith("path")]
    assert len(lines) == 2
    assert len(found["f-score"]) == 6


@pytest.mark.parametrize("days", [1, 40, 400, 4000])
def test_scores_over_any_span_have_ticks(days):
    points = [
        (date(2015, 1, 10), 0.1),
        (date.fromordinal(date(2015, 1, 10).toordinal() + days), 0.9),
    ]
    markup = str(draw_scores(points, LEVELS, "narrow", "S"))
    assert re.search(r">(\w{3} )?20\d\d<", markup) or days < 40
    assert ">high<" in markup


def test_reliability_has_a_dot_and_a_bar_per_group():
    rows = [ReliabilityRow(0.1, 0.12, 0.05, 0.2, 40), ReliabilityRow(0.5, 0.9, 0.4, 0.6, 30)]
    _, found = classes_of(draw_reliability(rows, "wide", "R"))
    assert len(found["f-score"]) == 2
    assert len([e for e in found["s-muted"] if e.tag.endswith("line")]) == 2


def grid(columns, rows, size=1.0):
    regions = tuple(
        Region(
            f"C{x}-{y}",
            f"Cell {x} {y}",
            "AAA" if x < 2 else "BBB",
            box(x * size, y * size, (x + 1) * size, (y + 1) * size),
        )
        for y in range(rows)
        for x in range(columns)
    )
    return RegionSet("grid", "custom", "month", "ged", True, "made", regions, ((),) * len(regions))


@settings(max_examples=8, deadline=None)
@given(st.integers(1, 5), st.integers(1, 5), st.sampled_from([0.01, 1.0, 10.0]))
def test_map_keeps_order_north_and_inside(columns, rows, size):
    region_set = grid(columns, rows, size)
    drawn = draw_shapes(region_set)
    assert len(drawn.shapes) == columns * rows
    assert len(drawn.borders) == (2 if columns > 2 else 1)
    for region, shape in zip(region_set.regions, drawn.shapes, strict=True):
        assert shape.path.startswith("M")
        assert 0 <= shape.x <= WIDTH
        assert 0 <= shape.y <= drawn.height
        assert shape.room > 0
        for other, there in zip(region_set.regions, drawn.shapes, strict=True):
            if other.geometry.bounds[1] > region.geometry.bounds[1]:
                assert there.y < shape.y, "north is up"
            if other.geometry.bounds[0] > region.geometry.bounds[0]:
                assert there.x > shape.x, "east is right"


def test_thinning_leaves_no_gap_between_neighbours():
    wiggle = [(1 + 0.004 * np.sin(40 * y), y) for y in np.linspace(0, 2, 400)]
    west = shapely.Polygon([(0, 0), *wiggle, (0, 2)])
    east = shapely.Polygon([(2, 0), *wiggle, (2, 2)])
    regions = (Region("W", "West", "AAA", west), Region("E", "East", "AAA", east))
    drawn = draw_shapes(RegionSet("two", "custom", "month", "ged", True, "", regions, ((1,), (0,))))

    def corners(path):
        return {tuple(map(float, pair)) for pair in re.findall(r"(-?[\d.]+),(-?[\d.]+)", path)}

    shared = corners(drawn.shapes[0].path) & corners(drawn.shapes[1].path)
    assert 2 <= len(shared) < 200
    assert len(corners(drawn.shapes[0].path) - shared) == 2


def test_shapes_that_are_no_coverage_and_slivers_are_drawn():
    sliver = box(0, 0, 1e-7, 1e-7)
    round_one = Point(0.5, 0.5).buffer(0.6)
    regions = (
        Region("A", "A", "AAA", sliver),
        Region("B", "B", "AAA", round_one),
        Region("C", "C", "AAA", box(0, 0, 1, 1)),
    )
    drawn = draw_shapes(RegionSet("odd", "custom", "month", "ged", True, "", regions, ((),) * 3))
    assert all(shape.path for shape in drawn.shapes)


def test_hostile_title_stays_an_attribute():
    markup = draw_deaths(
        make_history(np.ones((3, 5))), Window(ORIGIN, 1, 5.0), "wide", '"><script>x</script>'
    )
    assert "<script" not in str(markup)


def test_memo_makes_once_forgets_the_oldest_and_keeps_no_failure():
    memo, made = Memo(2), []

    def make(value):
        made.append(value)
        return value

    assert [memo.get(key, lambda key=key: make(key)) for key in "aabacab"] == list("aabacab")
    assert made == ["a", "b", "c", "b"]
    with pytest.raises(ZeroDivisionError):
        memo.get("z", lambda: 1 // 0)
    assert memo.get("z", lambda: 7) == 7


def test_region_set_of_one_region(region_set):
    drawn = draw_shapes(replace(region_set, regions=region_set.regions[:1], neighbours=((),)))
    assert len(drawn.shapes) == 1


def test_only_regions_that_are_small_among_large_ones_get_a_dot():
    def drawn(boxes):
        regions = tuple(
            Region(f"R{n:04}", f"Region {n}", "MLI", box(*corners))
            for n, corners in enumerate(boxes)
        )
        none: tuple[tuple[int, ...], ...] = ((),) * len(regions)
        return draw_shapes(RegionSet("odd", "custom", "month", "ged", True, "", regions, none))

    island = drawn([(0, 0, 5, 5), (5, 0, 10, 5), (12, 2, 12.01, 2.01)])
    assert [shape.room < island.dot_below for shape in island.shapes] == [False, False, True]
    grid = drawn([(x, y, x + 1, y + 1) for x in range(120) for y in range(3)])
    assert max(shape.room for shape in grid.shapes) < 4
    assert grid.dot_below == 0
