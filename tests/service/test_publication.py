"""What a publication says: levels, changes, order, and what may not be published."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import numpy as np
import pytest

from data.calendar import parse_period
from data.errors import StateError
from data.panel import Panel
from models.score import Contribution, Score, ScoreRun
from service.publications.assembly import assemble_publication


@pytest.fixture
def panel(region_set):
    periods = np.arange(parse_period("2021-01", "month"), parse_period("2021-12", "month") + 1)
    shape = (12, 4)
    return Panel(
        region_set="squares",
        step="month",
        as_of=date(2022, 1, 15),
        data_cutoff=date(2021, 12, 31),
        region_ids=region_set.region_ids,
        periods=periods.astype(np.int64),
        values={"deaths": np.zeros(shape, np.float32)},
        known=np.ones(shape, bool),
        countries=("AAA", "BBB"),
        country_of=np.array([0, 0, 1, 1]),
        country_values={},
        neighbours=region_set.neighbours,
        is_simulated=True,
    )


def make_score(region_id, horizon=1, risk_score=0.3, status="ok", **changes):
    score = Score(
        region_id=region_id,
        outcome="escalation",
        horizon=horizon,
        status=status,
        risk_score=risk_score,
        model_probability=risk_score,
        climatology=0.1,
        threshold=10.0,
        base_log_odds=np.float64(-1.5),
        contributions=(Contribution("a", "A", np.float32(0.5), "deaths", np.float64(0.25)),),
        reason="",
    )
    return replace(score, **changes)


def make_run(*scores):
    return ScoreRun("model-1", "escalation-1", parse_period("2021-12", "month"), tuple(scores))


@pytest.fixture
def assemble(panel, region_set, settings, now):
    def call(run, previous=None, **changes):
        arguments = {
            "panel": panel,
            "region_set": region_set,
            "previous": previous,
            "model_manifest": {
                "created_at": "2022-01-15T00:00:00+00:00",
                "replay": "final data",
                "horizons": {"1": {"skill": {"n": 5}, "features": ["a"]}, "3": {"gate": {}}},
            },
            "attributions": (),
            "settings": settings,
            "published_at": now,
        }
        return assemble_publication(run, **(arguments | changes))

    return call


def test_rows_carry_names_and_come_in_order(assemble):
    scores = [make_score(region, horizon) for region in ("BB01", "AA01") for horizon in (3, 1)]
    publication = assemble(make_run(*scores))
    assert [(row.horizon, row.region_id) for row in publication.scores] == [
        (1, "AA01"),
        (1, "BB01"),
        (3, "AA01"),
        (3, "BB01"),
    ]
    assert publication.scores[0].region_name == "Ségou, nord"
    assert publication.scores[1].country == "BBB"


@pytest.mark.parametrize(
    ("risk_score", "level"),
    [(0.0, "low"), (0.0999, "low"), (0.1, "moderate"), (0.25, "high"), (1.0, "very_high")],
)
def test_a_level_holds_its_lower_bound(assemble, risk_score, level):
    publication = assemble(make_run(make_score("AA01", risk_score=risk_score)))
    assert publication.scores[0].level == level


def test_a_missing_score_has_no_level_and_no_change(assemble):
    before = assemble(make_run(make_score("AA01", risk_score=0.2)))
    publication = assemble(
        make_run(make_score("AA01", risk_score=None, status="stale")), previous=before
    )
    row = publication.scores[0]
    assert (row.risk_score, row.level, row.change) == (None, None, None)


@pytest.mark.parametrize(
    ("status_before", "status_now", "change"),
    [
        ("ok", "ok", 0.1),
        ("baseline_only", "ok", None),
        ("ok", "baseline_only", None),
        ("baseline_only", "baseline_only", None),
    ],
)
def test_a_change_needs_two_served_scores(assemble, status_before, status_now, change):
    before = assemble(make_run(make_score("AA01", risk_score=0.2, status=status_before)))
    publication = assemble(
        make_run(make_score("AA01", risk_score=0.3, status=status_now)), previous=before
    )
    found = publication.scores[0].change
    assert found == (None if change is None else pytest.approx(change))


def test_a_change_compares_the_same_region_and_horizon(assemble):
    before = assemble(make_run(make_score("AA01", 1, 0.2), make_score("AA02", 3, 0.9)))
    publication = assemble(
        make_run(make_score("AA01", 3, 0.3), make_score("AA02", 3, 0.4)), previous=before
    )
    assert [row.change for row in publication.scores] == [None, pytest.approx(-0.5)]
    assert publication.previous_as_of == before.as_of
    assert publication.manifest["previous_model_version"] == "model-1"


def test_everything_is_plain_and_json_ready(assemble):
    publication = assemble(make_run(make_score("AA01", risk_score=np.float64(0.3))))
    row = publication.scores[0]
    assert type(row.risk_score) is float
    assert type(row.base_log_odds) is float
    assert type(row.contributions[0].value) is float
    assert publication.manifest["model"] == {
        "replay": "final data",
        "skill": {"1": {"n": 5}},
        "gate": {"3": {}},
        "backtest": {},
    }
    assert publication.is_simulated


@pytest.mark.parametrize(
    "run",
    [
        make_run(make_score("ZZ99")),
        make_run(make_score("AA01", risk_score=float("nan"))),
        make_run(make_score("AA01", threshold=float("inf"))),
    ],
)
def test_what_contradicts_itself_is_not_published(assemble, run):
    with pytest.raises(StateError):
        assemble(run)


def test_a_panel_of_another_set_is_refused(assemble, panel):
    with pytest.raises(StateError, match="another"):
        assemble(make_run(make_score("AA01")), panel=replace(panel, region_set="another"))


def test_a_manifest_that_is_not_json_is_refused(assemble):
    with pytest.raises(StateError, match="manifest"):
        assemble(make_run(make_score("AA01")), model_manifest={"data": date(2022, 1, 1)})


def test_the_value_of_what_may_not_be_passed_on_is_not_told(assemble):
    closed = Contribution("monthly_political_violence_3m", "Counts", 40.0, "events", 0.5)
    opened = Contribution("deaths_3", "Deaths", 40.0, "deaths", 0.5)
    publication = assemble(make_run(make_score("AA01", contributions=(closed, opened))))
    told = {
        item.feature: (item.value, item.log_odds) for item in publication.scores[0].contributions
    }
    assert told == {"monthly_political_violence_3m": (None, 0.5), "deaths_3": (40.0, 0.5)}
