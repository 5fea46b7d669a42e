"""Simulation: figures of small courses counted by hand, and the same as the live machine."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from shapely.geometry import box

from data.errors import BadInput, MissingInput, NothingKnown
from data.panel import Panel, build_panel
from data.regions import Region, RegionSet, digest_shapes, load_region_set, save_region_set
from data.simulate import simulate_world
from service.alerts.past import read_predictions, read_publications, with_indicators
from service.alerts.simulate import FLAP_PUBLICATIONS, Figures, RuleSimulation, simulate_rule
from service.publications.indicators import read_rule_indicators
from service.publications.redraws import SHAPES
from service.settings import Settings

Values = Sequence[object]


@pytest.fixture
def simulate(build: Any) -> Any:
    """Simulates the rule of the tests over courses of values, with what came after each origin."""

    def run(
        courses: Mapping[str, Values],
        came: Mapping[str, Sequence[bool | None]] | None = None,
        **changes: Any,
    ) -> RuleSimulation:
        length = len(next(iter(courses.values())))
        publications = [
            build.publication(build.month(n), {key: values[n] for key, values in courses.items()})
            for n in range(length)
        ]
        origins = [item.origin for item in publications]
        outcomes = {
            (key, "escalation", 3): {
                origin: bool(label)
                for origin, label in zip(origins, labels, strict=True)
                if label is not None
            }
            for key, labels in (came or {}).items()
        }
        rule = build.rule(**{"clear_n": 1, **changes})
        return simulate_rule(rule, publications, outcomes, steps_a_year=12)

    return run


def of(result: RuleSimulation, *names: str) -> list[Any]:
    return [getattr(result.figures, name) for name in names]


def test_rates(simulate: Any) -> None:
    course = [0.1, 0.3, 0.6, 0.1, *[0.1] * 8, 0.3, *[0.3] * 11]
    result = simulate({"ML01": course, "ML05": [0.1] * 24})
    names = ("n_series", "n_alerts", "n_escalations", "alerts_a_year", "alerts_a_region_year")
    assert of(result, *names) == [2, 2, 1, 1.0, 0.5]
    assert result.figures.return_period_years == 2.0
    assert result.figures.n_events == {"fired": 2, "escalated": 1, "resolved": 1}
    assert [(row.region_id, row.n_alerts) for row in result.regions] == [("ML01", 2)]


def test_precision_counts_only_closed_windows(simulate: Any) -> None:
    course = [0.3, 0.1, 0.3, 0.1, 0.3, 0.1]
    result = simulate({"ML01": course}, {"ML01": [True, False, False, False, None, None]})
    assert of(result, "n_alerts", "n_judged", "n_followed", "precision") == [3, 2, 1, 0.5]


def test_misses_are_episodes_without_an_open_alert(simulate: Any) -> None:
    course = [0.1, 0.1, 0.3, 0.1, 0.1, 0.1, 0.1, 0.1]
    came = [False, True, True, False, True, None, True, True]
    result = simulate({"ML01": course}, {"ML01": came})
    assert of(result, "n_episodes", "n_missed") == [3, 2]
    assert result.figures.miss_rate == pytest.approx(2 / 3)


@pytest.mark.parametrize(
    ("course", "lead"),
    [
        ([0.3, 0.3, 0.3, 0.3, 0.3], 3),
        ([0.1, 0.3, 0.3, 0.3, 0.3], 3),
        ([0.1, 0.1, 0.3, 0.3, 0.3], 2),
        ([0.1, 0.1, 0.1, 0.3, 0.3], 1),
        ([0.1, 0.1, 0.1, 0.1, 0.3], None),
    ],
)
def test_lead_time(simulate: Any, course: Values, lead: int | None) -> None:
    result = simulate({"ML01": course}, {"ML01": [False, True, True, True, False]})
    assert result.figures.median_lead == lead


def test_a_flap_comes_back_soon(simulate: Any) -> None:
    def flaps(pause: int) -> int:
        figures: Figures = simulate({"ML01": [0.3, *[0.1] * pause, 0.3]}).figures
        return figures.n_flaps

    # The incident ends with the first low value, so the pause counts from there.
    assert [flaps(pause) for pause in (1, FLAP_PUBLICATIONS, FLAP_PUBLICATIONS + 1)] == [1, 1, 0]


def test_without_alerts_there_is_no_rate(simulate: Any) -> None:
    result = simulate({"ML01": [0.1] * 3}, {"ML01": [False] * 3})
    names = ("return_period_years", "precision", "miss_rate", "median_lead")
    assert of(result, *names) == [None] * 4
    assert simulate({"ML01": [0.3]}, selector={"outcome": "onset"}).figures.n_series == 0


def test_the_levels_beside_are_those_of_the_same_rule_moved(simulate: Any) -> None:
    courses = {"ML01": [0.1, 0.22, 0.28, 0.32, 0.1, 0.1]}
    result = simulate(courses)
    low, high = result.beside
    assert (low.shift, high.shift) == (-0.05, 0.05)
    moved = [
        {"name": "high", "enter": 0.3, "exit": 0.25},
        {"name": "very_high", "enter": 0.55, "exit": 0.45},
    ]
    assert replace(high, shift=0.0) == simulate(courses, levels=moved).figures
    edge = [{"name": "top", "enter": 0.99, "exit": 0.03}]
    assert simulate(courses, levels=edge).beside == ()


def test_simulated_events_are_those_of_the_service(world: Any, build: Any) -> None:
    rule = build.rule()
    world.apply(rule)
    courses = {"ML01": [0.3, 0.6, None, 0.1, 0.1, 0.3], "NE06": [0.5, 0.3, 0.3, 0.1, 0.1, 0.1]}
    publications = []
    for number in range(6):
        values = {key: course[number] for key, course in courses.items()}
        publications.append(world.publish(build.month(number), values)[0])
    figures = simulate_rule(rule, publications, {}, steps_a_year=12).figures
    lived = [event["type"] for event in world.events()]
    assert figures.n_events == {kind: lived.count(kind) for kind in sorted(set(lived))}


@pytest.fixture(scope="module")
def region_set() -> RegionSet:
    return simulate_world(date(2006, 1, 1), 0).region_set


def table(region_set: RegionSet, values: Sequence[float]) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "region_id": region_set.regions[0].region_id,
            "origin": [f"2020-{number:02d}" for number in range(1, len(values) + 1)],
            "horizon": 3,
            "outcome": "escalation",
            "probability": values,
            "observed": [0, 1] * (len(values) // 2),
        }
    )


@pytest.mark.parametrize("ending", ["csv", "parquet"])
def test_predictions_become_publications(
    tmp_path: Path, region_set: RegionSet, ending: str
) -> None:
    path = tmp_path / f"p.{ending}"
    rows = table(region_set, [0.1, 0.3, 0.2, 0.4])
    rows = rows.sample(frac=1, random_state=1)
    rows.to_csv(path, index=False) if ending == "csv" else rows.to_parquet(path, index=False)
    january = (2020 - 1970) * 12
    found = read_predictions([path], region_set, january + 1, january + 3)
    scores = [item.scores[0] for item in found.publications]
    assert [item.as_of for item in found.publications] == [
        date(2020, 3, 1), date(2020, 4, 1), date(2020, 5, 1),
    ]  # fmt: skip
    assert [score.risk_score for score in scores] == [0.3, 0.2, 0.4]
    assert [score.change for score in scores] == pytest.approx([0.2, -0.1, 0.2])
    (outcomes,) = found.outcomes.values()
    assert outcomes == {january + 1: True, january + 2: False, january + 3: True}
    with pytest.raises(NothingKnown, match="no forecasts"):
        read_predictions([path], region_set, january + 9)


def test_what_is_no_file_of_predictions_is_refused(tmp_path: Path, region_set: RegionSet) -> None:
    with pytest.raises(MissingInput):
        read_predictions([tmp_path / "no.csv"], region_set)
    path = tmp_path / "p.csv"
    table(region_set, [0.1, 0.3]).drop(columns="observed").to_csv(path)
    with pytest.raises(BadInput, match="lacks 'observed'"):
        read_predictions([path], region_set)
    table(region_set, [0.1, 0.3]).assign(region_id="XX").to_csv(path)
    with pytest.raises(BadInput, match="region 'XX'"):
        read_predictions([path], region_set)
    path.with_suffix(".parquet").write_bytes(b"no")
    with pytest.raises(BadInput, match="cannot be read"):
        read_predictions([path.with_suffix(".parquet")], region_set)


def test_stored_publications_are_judged_by_what_came(world: Any, build: Any) -> None:
    """Deaths in the three months after an origin against the threshold of the definition."""
    for number, value in enumerate([0.3, 0.4, 0.5]):
        world.publish(build.month(number), {"ML01": value})
    world.publish(build.month(1), {"ML01": 0.45})
    first = build.publication(build.month(0), {}).origin
    n_past = 60
    periods = np.arange(first - n_past + 1, first + 5, dtype=np.int64)
    deaths = np.zeros((len(periods), 1), np.float32)
    deaths[n_past + 3] = 500  # the fourth month after the first origin
    panel = Panel(
        region_set="sahel",
        step="month",
        as_of=date(2022, 8, 1),
        data_cutoff=date(2022, 7, 31),
        region_ids=("ML01",),
        periods=periods,
        values={"deaths": deaths},
        known=np.ones_like(deaths, bool),
        countries=("MLI",),
        country_of=np.zeros(1, np.int64),
        country_values={},
        neighbours=((),),
        is_simulated=False,
    )
    with world.database.read() as connection:
        found = read_publications(connection, panel, Settings())
        assert [item.scores[0].risk_score for item in found.publications] == [0.3, 0.45, 0.5]
        # The window of the third origin is not closed: nothing is known of it.
        assert found.outcomes == {("ML01", "escalation", 3): {first: False, first + 1: True}}
        with pytest.raises(NothingKnown, match="no publication"):
            read_publications(connection, panel, Settings(), first + 9)


def test_forecasts_of_several_outcomes_are_read_together(
    tmp_path: Path, region_set: RegionSet
) -> None:
    paths = [tmp_path / "one.csv", tmp_path / "two.csv"]
    rows = table(region_set, [0.1, 0.3])
    rows.to_csv(paths[0], index=False)
    rows.assign(outcome="severe", probability=0.6).to_csv(paths[1], index=False)
    found = read_predictions(paths, region_set)
    assert [item.outcomes for item in found.publications] == [("escalation", "severe")] * 2
    names = region_set.region_ids
    first = region_set.neighbours[0]
    assert found.neighbours[None][names[0]] == tuple(names[place] for place in first)
    with pytest.raises(BadInput, match=r"escalation of .* 2020-01, horizon 3, is forecast twice"):
        read_predictions([paths[0], paths[0]], region_set)


NEAR = {"outcome": "severe", "at_least": 0.5}


def test_a_condition_is_simulated_and_what_it_lacks_is_told(build: Any) -> None:
    """An active neighbour at the second as-of only; at the third nobody knows."""
    publications = []
    for number, active in enumerate([0.1, 0.6, None]):
        publication = build.publication(build.month(number), {"ML01": 0.3})
        if active is not None:
            beside = replace(build.score("ML05", active), outcome="severe")
            publication = replace(publication, scores=(*publication.scores, beside))
        publications.append(publication)
    touching = {None: {"ML01": ("ML05",), "ML05": ("ML01",)}}
    result = simulate_rule(
        build.rule(near=NEAR), publications, {}, steps_a_year=12, neighbours=touching
    )
    assert result.figures.n_events == {"fired": 1, "stale": 1}
    assert result.unanswered == {"severe": 1}
    where = {"indicator": "front_distance_3m", "at_most": 100}
    result = simulate_rule(build.rule(where=where), publications, {}, steps_a_year=12)
    assert (result.figures.n_alerts, result.unanswered) == (0, {"front_distance_3m": 3})
    near = [
        replace(item, indicators={"front_distance_3m": {"ML01": 99.0}}) for item in publications
    ]
    result = simulate_rule(build.rule(where=where), near, {}, steps_a_year=12)
    assert (result.figures.n_alerts, result.unanswered) == (1, {})


def test_indicators_of_forecasts_are_those_of_the_periods_up_to_each_origin(
    tmp_path: Path, region_set: RegionSet, demo: Any
) -> None:
    path = tmp_path / "p.csv"
    table(region_set, [0.1, 0.3]).to_csv(path, index=False)
    scores = read_predictions([path], region_set)
    with demo.database.read() as connection:
        panel = build_panel(connection, load_region_set(connection, "demo"), date(2021, 12, 15))
    found = with_indicators(scores, panel, demo.settings)
    expected = read_rule_indicators(
        panel, {item.origin for item in scores.publications}, demo.settings
    )
    assert [item.indicators for item in found.publications] == [*expected.values()]
    assert any(found.publications[0].indicators["exposure_events_3m"].values())


def test_stored_publications_are_simulated_with_the_neighbours_of_their_time(
    world: Any, build: Any
) -> None:
    """What the service told is what the simulation tells, under borders that are gone since."""
    borders = [
        RegionSet(
            "near", "admin1", "month", "ged", False, "",
            (
                Region("ML01", "Kayes", "MLI", box(0, 0, 1, 1)),
                Region("ML05", "Mopti", "MLI", box(place, 0, place + 1, 1)),
            ),
            neighbours,
        )
        for place, neighbours in ((1, ((1,), (0,))), (5, ((), ())))
    ]  # fmt: skip
    rule = build.rule(near=NEAR, clear_n=1)
    world.apply(rule)
    for number, drawn in enumerate([0, 0, 1]):
        with world.database.write() as connection:
            save_region_set(connection, borders[drawn], world.clock(), replace=True)
        severe = replace(build.score("ML05", 0.9), outcome="severe")
        world.publish(
            build.month(number), {}, scores=(build.score("ML01", 0.3), severe), region_set="near",
            manifest={SHAPES: digest_shapes(borders[drawn])},
        )  # fmt: skip
    lived = [event["type"] for event in world.events()]
    assert lived == ["fired", "resolved"]
    first = build.publication(build.month(0), {}).origin
    periods = np.arange(first - 60, first + 3, dtype=np.int64)
    quiet = np.zeros((len(periods), 2), np.float32)
    panel = Panel(
        region_set="near", step="month", as_of=date(2022, 8, 1), data_cutoff=date(2022, 7, 31),
        region_ids=("ML01", "ML05"), periods=periods, values={"deaths": quiet},
        known=np.ones_like(quiet, bool), countries=("MLI",), country_of=np.zeros(2, np.int64),
        country_values={}, neighbours=((), ()), is_simulated=False,
    )  # fmt: skip
    with world.database.read() as connection:
        past = read_publications(connection, panel, Settings(), rules=[rule])
    figures = simulate_rule(
        rule, past.publications, past.outcomes, steps_a_year=12, neighbours=past.neighbours
    ).figures
    assert figures.n_events == {"fired": 1, "resolved": 1}
