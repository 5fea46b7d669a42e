"""Several outcomes are trained and published together, each with its own model and definition."""

from __future__ import annotations

import csv
import io
import json
from datetime import date

import numpy as np
import pytest
from typer.testing import CliRunner

from data.errors import NotReady
from service.app import make_app
from service.cli.main import app
from service.modelling import training
from service.modelling.training import train_outcomes
from service.pipeline import run_cycle
from service.publications.store import find_publication, load_document

DAY = date(2021, 12, 15)


@pytest.fixture(scope="module")
def both(copy_demo, tmp_path_factory):
    """The demo with a model of severe violence beside that of escalation, published."""
    with copy_demo(tmp_path_factory.mktemp("outcomes")) as demo:
        settings = demo.settings.model_copy(update={"outcomes": ("severe",)})
        train_outcomes(demo.database, settings, demo.clock, region_set="demo", as_of=DAY)
        run_cycle(demo.database, demo.settings, demo.clock, region_set="demo", as_of=DAY)
        yield demo


@pytest.fixture(scope="module")
def publication(both):
    with both.database.read() as connection:
        return find_publication(connection, "demo", DAY)


@pytest.fixture(scope="module")
def client(both, browse):
    return browse(make_app(both.database, both.settings, both.clock))


def test_an_outcome_without_a_model_is_left_out(both, publication):
    assert both.settings.outcomes == ("escalation", "severe", "onset")
    assert publication.outcomes == ("escalation", "severe")
    keys = [(one.outcome, one.horizon) for one in publication.scores]
    assert list(dict.fromkeys(keys)) == [
        ("escalation", 1),
        ("escalation", 3),
        ("severe", 1),
        ("severe", 3),
    ]


def test_every_score_names_its_model_and_definition(publication):
    for outcome in publication.outcomes:
        narrow = publication.of_outcome(outcome)
        versions = {(one.model_version, one.outcome_version) for one in narrow.scores}
        assert versions == {(narrow.model_version, narrow.outcome_version)}
        assert narrow.outcome_version == f"{outcome}-1"
        assert f"-{outcome}-" in narrow.model_version
        assert narrow.manifest["model"]["outcome"]["name"] == outcome
        assert set(narrow.manifest["model"]["skill"]) == {"1", "3"}
    assert publication.model_version == publication.of_outcome("escalation").model_version


def test_contributions_of_every_outcome_sum_to_its_score(publication):
    for score in publication.scores:
        if score.model_probability is not None:
            odds = np.log(score.model_probability / (1 - score.model_probability))
            told = score.base_log_odds + sum(one.log_odds for one in score.contributions)
            assert abs(odds - told) < 1e-6


def test_feeds_hold_all_outcomes_and_can_be_cut_to_one(both, client, publication):
    with both.database.read() as connection:
        body = load_document(connection, "demo", DAY, "csv").body.decode()
    rows = list(csv.DictReader(io.StringIO(body)))
    assert {(row["outcome"], row["outcome_version"]) for row in rows} == {
        ("escalation", "escalation-1"),
        ("severe", "severe-1"),
    }
    assert len({row["model_version"] for row in rows}) == 2
    cut = client.get("/feeds/demo/latest.json?outcome=severe").json()
    severe = publication.of_outcome("severe")
    assert cut["outcome_version"] == "severe-1"
    assert cut["model_version"] == severe.model_version
    whole = client.get("/feeds/demo/latest.json").json()
    assert list(whole["other_skill"]) == ["severe"]
    assert whole["other_skill"]["severe"]["3"]["n_forecasts"] > 0
    assert {(one["outcome"], one["outcome_version"]) for one in whole["horizons"]} == {
        ("escalation", "escalation-1"),
        ("severe", "severe-1"),
    }
    assert json.dumps(cut["skill"]) == json.dumps(whole["other_skill"]["severe"])


@pytest.mark.parametrize("place", ["/sets/demo", "/sets/demo/regions/{region}"])
def test_pages_show_the_first_outcome_and_switch_to_another(client, publication, place):
    place = place.format(region=publication.scores[0].region_id)
    first, other = client.get(place).text, client.get(f"{place}?outcome=severe").text
    assert "isk of escalation" in first
    assert "isk of severe violence" not in first.split("<main", 1)[1].split("switch", 1)[0]
    assert "isk of severe violence" in other
    assert f"{place}?outcome=severe" in first
    assert "outcome=severe&amp;horizon=1" in other
    assert "severe-1" in other
    missing = client.get(f"{place}?outcome=peace")
    assert missing.status_code == 404


def test_record_and_drift_follow_every_outcome(both, client, publication, monkeypatch):
    place = "/sets/demo/reliability"
    first, other = client.get(place).text, client.get(f"{place}?outcome=severe&horizon=1").text
    assert "Every forecast of escalation" in first
    assert "Every forecast of severe violence" in other
    assert f"{place}?outcome=severe" in first
    assert f"{place}?outcome=severe&amp;horizon=3" in other
    assert "verification?outcome=severe" in other
    assert client.get(f"{place}?outcome=peace").status_code == 404
    told = client.get("/api/v1/sets/demo/verification").json()
    of_severe = client.get("/api/v1/sets/demo/verification?outcome=severe").json()
    assert (told["outcome"], of_severe["outcome"]) == ("escalation", "severe")
    monkeypatch.setenv("TOCSIN_STATE_DIR", str(both.settings.state_dir))
    run = CliRunner().invoke
    verdicts = json.loads(run(app, ["models", "drift", "--json"]).stdout)
    assert [one["outcome"] for one in verdicts] == ["escalation", "severe"]
    for one in verdicts:
        assert one["model_version"] == publication.of_outcome(one["outcome"]).model_version
        assert {each["horizon"] for each in one["inputs"]} == {1, 3}
    (only,) = json.loads(run(app, ["models", "drift", "--outcome", "severe", "--json"]).stdout)
    assert only == verdicts[1]
    later = ["verify", "--set", "demo", "--as-of", "2022-04-15"]
    records = json.loads(run(app, [*later, "--json"]).stdout)
    assert [one["outcome"] for one in records] == ["escalation", "severe", "fatalities"]
    shadows = json.loads(run(app, ["verify", "--set", "demo", "--shadow", "--json"]).stdout)
    assert [record["outcome"] for record in shadows] == ["escalation", "severe"]
    assert "severe in demo" in run(app, later).stdout or "severe:" in run(app, later).stdout


def test_a_rare_outcome_is_named_and_the_others_are_trained(copy_demo, tmp_path, monkeypatch):
    real = training.train_set

    def refuse(*arguments, outcome, **options):
        if outcome != "escalation":
            raise NotReady(f"Too early to tell of {outcome}.")
        return real(*arguments, outcome=outcome, **options)

    monkeypatch.setattr(training, "train_set", refuse)
    with copy_demo(tmp_path / "rare") as demo:
        run = train_outcomes(demo.database, demo.settings, demo.clock, region_set="demo", as_of=DAY)
        assert [one.manifest["outcome"]["name"] for one in run.reports] == ["escalation"]
        assert run.not_trained == {
            "severe": "Too early to tell of severe.",
            "onset": "Too early to tell of onset.",
        }
        turned = demo.settings.model_copy(update={"outcomes": ("severe", "escalation")})
        with pytest.raises(NotReady):
            train_outcomes(demo.database, turned, demo.clock, region_set="demo", as_of=DAY)
