"""Settings: frozen, every name known, errors that name the variable and never a value."""

import json

import pytest
from pydantic import ValidationError

from data.errors import SettingsError
from service.settings import LEVEL_LENGTH, Settings, load_settings
from service.tables.publications import scores
from service.tables.record import verifications


def test_every_setting_says_what_it_is() -> None:
    assert [name for name, field in Settings.model_fields.items() if not field.description] == []


def test_unknown_variable_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TOCSIN_HORIZON", "3")
    with pytest.raises(SettingsError, match="TOCSIN_HORIZON"):
        load_settings()


def test_bad_value_names_the_variable_and_hides_the_value(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("TOCSIN_BACKTEST_YEARS", "s3cret")
    with pytest.raises(SettingsError, match="TOCSIN_BACKTEST_YEARS") as caught:
        load_settings()
    assert "s3cret" not in str(caught.value)


def test_secret_is_not_printed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TOCSIN_WEBHOOK_SECRET", "whsec_abc")
    assert "whsec_abc" not in repr(load_settings())


def test_settings_are_frozen() -> None:
    settings = load_settings()
    with pytest.raises(ValidationError):
        settings.seed = 1


def test_names_of_levels_fit_their_columns(monkeypatch: pytest.MonkeyPatch) -> None:
    for table in (scores, verifications):
        assert table.c.level.type.length == LEVEL_LENGTH
    for name in ("", " ", "n" * (LEVEL_LENGTH + 1)):
        monkeypatch.setenv("TOCSIN_LEVELS", json.dumps({"low": 0, name: 0.5}))
        with pytest.raises(SettingsError, match="names of levels must have 1 to 16 characters"):
            load_settings()
    monkeypatch.setenv("TOCSIN_LEVELS", json.dumps({"low": 0, "n" * LEVEL_LENGTH: 0.5}))
    assert load_settings().level_of(0.6) == "n" * LEVEL_LENGTH


@pytest.mark.parametrize("levels", ['{"a":0.1}', '{"a":0,"b":0}', '{"a":0,"b":1}', "{}"])
def test_levels_must_rise_from_zero(monkeypatch: pytest.MonkeyPatch, levels: str) -> None:
    monkeypatch.setenv("TOCSIN_LEVELS", levels)
    with pytest.raises(SettingsError, match="levels"):
        load_settings()


@pytest.mark.parametrize(
    ("risk_score", "level"),
    [
        (0, "low"),
        (0.0999, "low"),
        (0.1, "moderate"),
        (0.25, "high"),
        (0.5, "very_high"),
        (1, "very_high"),
    ],
)
def test_a_level_begins_at_its_bound(risk_score: float, level: str) -> None:
    assert load_settings().level_of(risk_score) == level
