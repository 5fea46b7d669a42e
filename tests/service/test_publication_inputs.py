"""What is known of the data behind a score, and what is withheld because of it."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from xml.etree import ElementTree as ET

import numpy as np
from hypothesis import HealthCheck, given
from hypothesis import settings as tries
from hypothesis import strategies as st

from data.calendar import period_of
from data.panel import BASE_VARIABLES, Panel
from data.quality import Completeness
from data.regions import RegionSet
from service.alerts.measures import measure_score
from service.feeds.formats import FORMATS
from service.publications.inputs import attach_inputs, describe_inputs
from service.publications.publication import NOT_MEASURED, Inputs, Publication
from service.publications.rows import read_score, score_row
from service.settings import Settings

ORIGIN = period_of(date(2021, 12, 1), "month")
MakePublication = Callable[..., Publication]


def make_panel(region_set: RegionSet, **values: float) -> Panel:
    shape = (24, len(region_set.regions))
    filled = {name: np.full(shape, values.get(name, 0.0), np.float32) for name in BASE_VARIABLES}
    known = np.ones(shape, np.bool_)
    known[:, 3] = False
    for array in filled.values():
        array[:, 3] = np.nan
    return Panel(
        region_set="squares",
        step="month",
        as_of=date(2022, 1, 15),
        data_cutoff=date(2021, 12, 31),
        region_ids=region_set.region_ids,
        periods=np.arange(ORIGIN - 23, ORIGIN + 1),
        values=filled,
        known=known,
        countries=("AAA", "BBB"),
        country_of=np.array([0, 0, 1, 1]),
        country_values={},
        neighbours=region_set.neighbours,
        is_simulated=False,
    )


def make_completeness(region_set: RegionSet, *shares: float) -> Completeness:
    events = np.full((12, len(region_set.regions)), 0.1)
    events[-1] = shares
    return Completeness(
        periods=np.arange(ORIGIN - 11, ORIGIN + 1),
        region_ids=region_set.region_ids,
        n_known=np.where(np.isnan(events), np.nan, 7.0),
        events=events,
        deaths=events,
    )


def inputs_of(region_set: RegionSet, share: float | None) -> dict[str, Inputs]:
    return dict.fromkeys(
        region_set.region_ids, Inputs(share, None if share is None else 7, 30.0, 20.0, 45.0, 0.1)
    )


def test_inputs_are_of_the_origin_and_of_the_year_before_it(region_set: RegionSet) -> None:
    panel = make_panel(
        region_set, deaths=10, deaths_low=8, deaths_high=15, deaths_coarse=2.5, events=3
    )
    found = describe_inputs(panel, make_completeness(region_set, 0.8, 0.3, 1.0, np.nan))
    assert found["AA01"] == Inputs(0.8, 7, 120.0, 96.0, 180.0, 0.25)
    assert found["AA02"].completeness == 0.3
    assert found["BB01"].completeness == 1
    assert found["BB02"] == NOT_MEASURED


def test_a_quiet_year_has_no_coarse_share(region_set: RegionSet) -> None:
    found = describe_inputs(
        make_panel(region_set), make_completeness(region_set, np.nan, 1, 1, np.nan)
    )
    assert found["AA01"] == Inputs(None, None, 0.0, 0.0, 0.0, None)


def test_an_origin_that_lies_too_far_back_is_not_measured(region_set: RegionSet) -> None:
    later = make_completeness(region_set, 1, 1, 1, 1)
    later = replace(later, periods=later.periods + 12)
    found = describe_inputs(make_panel(region_set), later)
    assert {known.completeness for known in found.values()} == {None}


@tries(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(share=st.none() | st.floats(0, 1), bound=st.floats(0, 1))
def test_a_score_is_there_if_and_only_if_enough_is_known(
    make_publication: MakePublication, region_set: RegionSet, share: float | None, bound: float
) -> None:
    publication = make_publication(risk={("BB02", 3): None})
    told = attach_inputs(publication, inputs_of(region_set, share), Settings(too_early_below=bound))
    is_early = share is not None and share < bound
    for before, after in zip(publication.scores, told.scores, strict=True):
        assert after.completeness == share
        if before.status == "stale":
            assert after.status == "stale"
        elif is_early:
            assert after.status == "too_early"
            assert after.risk_score is after.level is after.change is None
            assert after.model_probability is None
            assert after.contributions == ()
            assert "Too early to tell" in after.reason
            assert measure_score("risk_score", after) is None
        else:
            assert replace(after, inputs=before.inputs) == before


def test_what_is_too_early_stays_so_in_the_database(
    make_publication: MakePublication, region_set: RegionSet
) -> None:
    told = attach_inputs(make_publication(), inputs_of(region_set, 0.2), Settings())
    for score in told.scores:
        assert read_score(json.loads(json.dumps(score_row(score)))) == score
    row = score_row(told.scores[0])
    del row["details"]["inputs"]
    assert read_score(row).inputs == NOT_MEASURED  # type: ignore[arg-type]


def test_every_format_says_that_it_is_too_early(
    make_publication: MakePublication, region_set: RegionSet
) -> None:
    told = attach_inputs(make_publication(), inputs_of(region_set, 0.2), Settings())
    bodies = {name: render(told, region_set).body for name, render in FORMATS.items()}
    for name in ("csv", "json", "geojson"):
        assert b"too_early" in bodies[name]
    for name in ("json", "geojson", "atom", "html"):
        assert b"Too early to tell" in bodies[name]
    assert "Trop tôt pour se prononcer" in bodies["fr.html"].decode()
    rows = json.loads(bodies["json"])["scores"]
    assert {row["completeness"] for row in rows} == {0.2}
    assert {row["n_known"] for row in rows} == {7}
    assert rows[0]["inputs"] == {
        "deaths": 30.0,
        "deaths_low": 20.0,
        "deaths_high": 45.0,
        "coarse_share": 0.1,
    }
    properties = json.loads(bodies["geojson"])["features"][0]["properties"]
    assert (properties["year_deaths_low"], properties["year_coarse_share"]) == (20.0, 0.1)
    # Nothing rises or falls where nothing is said: only the announcement is an entry.
    entries = ET.fromstring(bodies["atom"]).findall("{http://www.w3.org/2005/Atom}entry")
    assert len(entries) == 1
