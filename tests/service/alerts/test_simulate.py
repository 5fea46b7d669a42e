"""Simulation: figures of small courses counted by hand, and the same as the live machine."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from data.errors import BadInput, MissingInput, NothingKnown
from data.panel import Panel
from data.regions import RegionSet
from data.simulate import simulate_world
from service.alerts.past import read_predictions, read_publications
from service.alerts.simulate import FLAP_PUBLICATIONS, Figures, RuleSimulation, simulate_rule
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
