"""A challenger of another kind is trained, promoted, published and shown."""

from __future__ import annotations

import json
from datetime import date

import pytest
from typer.testing import CliRunner

from data.errors import UnknownName
from models.registry import show_model
from service.app import make_app
from service.cli.main import app
from service.modelling.promotion import preview_promotion, promote_model
from service.modelling.training import train_set
from service.pipeline import run_cycle
from service.publications.store import latest_publication, load_document

DAY = date(2021, 12, 15)


@pytest.fixture(scope="module")
def boosted(copy_demo, tmp_path_factory):
    """The demo with boosted trees in service, published."""
    with copy_demo(tmp_path_factory.mktemp("boosted")) as demo:
        report = train_set(
            demo.database,
            demo.settings,
            demo.clock,
            region_set="demo",
            as_of=DAY,
            recipe="boosting",
        )
        assert report.role == "challenger"
        preview = preview_promotion(
            demo.database, demo.settings, model_version=report.model_version, as_of=DAY
        )
        promote_model(demo.database, demo.settings, demo.clock, preview, is_confirmed=True)
        run_cycle(demo.database, demo.settings, demo.clock, region_set="demo", as_of=DAY)
        yield demo, report.model_version


def test_its_scores_are_published_with_what_moved_them_and_no_interval(boosted, browse):
    demo, version = boosted
    with demo.database.read() as connection:
        publication = latest_publication(connection, "demo")
        feed = json.loads(load_document(connection, "demo", None, "json").body)
    assert {one.model_version for one in publication.scores} == {version}
    served = [one for one in publication.scores if one.status in {"ok", "baseline_only"}]
    assert served
    assert all(one.low is None and one.high is None for one in served)
    assert any(one.contributions for one in served)
    assert feed["model_version"].endswith(version.removeprefix("simulated-"))
    client = browse(make_app(demo.database, demo.settings, demo.clock))
    for place in ("/sets/demo", f"/sets/demo/regions/{served[0].region_id}"):
        assert client.get(place).status_code == 200


def test_commands_name_what_it_is(boosted, monkeypatch, tmp_path):
    demo, version = boosted
    monkeypatch.setenv("TOCSIN_STATE_DIR", str(demo.settings.state_dir))
    run = CliRunner().invoke
    with demo.database.read() as connection:
        assert show_model(connection, version).manifest["recipe"] == "boosting"
    shown = run(app, ["models", "show", version])
    assert shown.exit_code == 0, shown.output
    assert "boosting" in shown.stdout
    card = run(app, ["models", "card", version, "--html", str(tmp_path / "card.html")])
    assert card.exit_code == 0, card.output
    assert "boosted trees" in (tmp_path / "card.html").read_text()
    refused = run(app, ["train", "--set", "demo", "--as-of", str(DAY), "--model", "stacking"])
    assert isinstance(refused.exception, UnknownName)
    assert "tried and not be served" in str(refused.exception)
