"""Promotion shows what changes, wants a word where much does, and leads back."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest
from sqlalchemy import update

from data.errors import UsageError
from models.artefacts.card import build_card
from models.registry import find_champion, list_models
from models.tables import models
from service.modelling.promotion import preview_promotion, promote_model
from service.modelling.training import train_set
from service.report.card import write_card

pytestmark = pytest.mark.both_databases

DAY = date(2021, 12, 15)


@pytest.fixture
def challenger(demo) -> str:
    weaker = demo.settings.model_copy(update={"ridge_c": 0.0001})
    report = train_set(demo.database, weaker, demo.clock, region_set="demo", as_of=DAY)
    assert report.role == "challenger"
    return report.model_version


def _preview(demo, version):
    return preview_promotion(demo.database, demo.settings, model_version=version, as_of=DAY)


def _standing(demo) -> str:
    with demo.database.read() as connection:
        return find_champion(connection, "demo", "escalation").model_version


def test_the_preview_shows_every_region_and_changes_nothing(demo, challenger):
    before = _standing(demo)
    preview = _preview(demo, challenger)
    assert preview.replaced == before == _standing(demo)
    assert {one.horizon for one in preview.changes} == {1, 3}
    assert len(preview.changes) == 2 * len({one.region_id for one in preview.changes})
    assert all(0 <= one.before <= 1 and 0 <= one.after <= 1 for one in preview.changes)
    changed = sum(one.level_before != one.level_after for one in preview.changes)
    assert preview.level_share == changed / len(preview.changes)
    assert preview.note == ""


def test_many_level_changes_need_a_word(demo, challenger):
    before = _standing(demo)
    preview = replace(_preview(demo, challenger), level_share=0.11)
    with pytest.raises(UsageError, match="11% of the risk levels change, more than 10%"):
        promote_model(demo.database, demo.settings, demo.clock, preview, is_confirmed=False)
    assert _standing(demo) == before
    replaced = promote_model(demo.database, demo.settings, demo.clock, preview, is_confirmed=True)
    assert (replaced, _standing(demo)) == (before, challenger)


def test_as_many_as_the_settings_say_pass_without(demo, challenger):
    preview = replace(_preview(demo, challenger), level_share=0.1)
    promote_model(demo.database, demo.settings, demo.clock, preview, is_confirmed=False)
    assert _standing(demo) == challenger


def test_a_preview_of_yesterday_is_not_carried_out(demo, challenger):
    preview = replace(_preview(demo, challenger), replaced="another")
    with pytest.raises(UsageError, match="meanwhile"):
        promote_model(demo.database, demo.settings, demo.clock, preview, is_confirmed=True)
    assert _standing(demo) != challenger


def test_a_broken_champion_can_be_replaced(demo, challenger):
    standing = _standing(demo)
    with demo.database.write() as connection:
        connection.execute(
            update(models).where(models.c.model_version == standing).values(artefact=b"cut")
        )
    preview = _preview(demo, challenger)
    assert "cannot score" in preview.note
    assert {one.before for one in preview.changes} == {None}
    promote_model(demo.database, demo.settings, demo.clock, preview, is_confirmed=False)
    assert _standing(demo) == challenger


def test_the_card_is_a_page_that_needs_nothing_else(demo, tmp_path):
    with demo.database.read() as connection:
        (entry,) = list_models(connection, "demo")
    write_card(build_card(entry.manifest), tmp_path / "card.html")
    page = (tmp_path / "card.html").read_text(encoding="utf-8")
    assert entry.model_version in page
    assert "simulated events" in page
    assert page.count("data:image/svg+xml;base64,") == 2
    assert "http" not in page.replace("http-equiv", "")
