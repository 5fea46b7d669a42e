"""`tocsin alerts simulate`: over a file of predictions, as a table and as JSON."""

import json
from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path

import pandas as pd
import pytest
from typer.testing import CliRunner, Result

from data.database import open_database
from data.errors import NothingKnown, UsageError
from data.regions import save_region_set
from data.simulate import simulate_world
from service.alerts.rule_files import SHIPPED
from service.alerts.simulate import Figures
from service.alerts.simulated_costs import net_saving
from service.cli.main import app

Call = Callable[..., Result]


@pytest.fixture
def call(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Call:
    state = tmp_path / "state"
    monkeypatch.setenv("TOCSIN_STATE_DIR", str(state))
    region_set = simulate_world(date(2006, 1, 1), 0).region_set
    database = open_database(f"sqlite:///{state / 'tocsin.db'}")
    with database.write() as connection:
        save_region_set(connection, region_set, datetime(2021, 1, 1, tzinfo=UTC))
    database.close()
    rows = pd.DataFrame(
        {
            "region_id": region_set.regions[0].region_id,
            "origin": [f"2020-{number:02d}" for number in range(1, 13)],
            "horizon": 3,
            "outcome": "escalation",
            "probability": [0.1, 0.3, *[0.1] * 9, 0.6],
            "observed": [0, 1, *[0] * 9, 0],
        }
    )
    rows.to_csv(tmp_path / "p.csv", index=False)
    words = ["alerts", "simulate", str(SHIPPED["sahel-desk"])]
    return lambda *more: CliRunner().invoke(app, [*words, *more])


def test_table_and_json(call: Call, tmp_path: Path) -> None:
    file = ("--predictions", str(tmp_path / "p.csv"))
    shown = json.loads(call(*file, "--json").stdout)
    assert (shown["from"], shown["to"], shown["n_as_ofs"]) == ("2020-01", "2020-12", 12)
    figures = {rule["rule_id"]: rule["figures"] for rule in shown["rules"]}
    risk = figures["escalation-risk"]
    assert (risk["n_alerts"], risk["n_followed"], risk["n_judged"]) == (2, 1, 2)
    assert figures["onset-in-calm"]["n_series"] == 0
    words = call(*file, "--from", "2020-01", "--to", "2020-11").stdout
    assert "11 as-ofs, origins 2020-01 to 2020-11" in words
    assert "100% (1 of 1)" in words
    assert "onset-in-calm: there are no scores" in words
    # No events are known here, so that nobody knows where a front was.
    assert "capital-risk: 11 of 11 as-ofs hold no 'front_distance_3m', which it asks for" in words
    assert "onset-in-calm: 11 of 11 as-ofs hold no 'severe', which it asks for" in words


def test_the_picture_has_a_panel_for_each_rule_that_saw_an_episode(
    call: Call, tmp_path: Path
) -> None:
    file = ("--predictions", str(tmp_path / "p.csv"))
    for ending, beginning in ((".svg", b"<svg"), (".png", b"\x89PNG")):
        path = tmp_path / f"costs{ending}"
        assert f"Picture: {path}" in call(*file, "--picture", str(path)).stdout.replace("\n", "")
        assert path.read_bytes().startswith(beginning)
    text = (tmp_path / "costs.svg").read_text()
    assert "escalation-risk" in text
    assert "onset-in-calm" not in text
    assert isinstance(call(*file, "--picture", str(tmp_path / "costs.gif")).exception, UsageError)


def test_what_alerts_save_is_what_a_count_by_hand_says(call: Call, tmp_path: Path) -> None:
    """Two alerts, one episode, which one of them met: acting costs twice and saves it once."""
    shown = json.loads(call("--predictions", str(tmp_path / "p.csv"), "--json").stdout)
    figures = {rule["rule_id"]: Figures(**rule["figures"]) for rule in shown["rules"]}
    risk = figures["escalation-risk"]
    assert (risk.n_judged, risk.n_episodes, risk.n_missed) == (2, 1, 0)
    assert [net_saving(risk, ratio) for ratio in (0.0, 0.25, 0.5, 1.0)] == [1.0, 0.5, 0.0, -1.0]
    assert net_saving(figures["onset-in-calm"], 0.1) is None


def test_without_publications_it_says_what_to_do(call: Call) -> None:
    problem = call().exception
    assert isinstance(problem, NothingKnown)
