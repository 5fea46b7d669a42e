"""Every indicator has a French name that says the same window, and every unit is named."""

import re

import pytest

from features.catalogue import CATALOGUE
from service.indicator_words import name_indicator, name_unit

SYMBOLS = {"1", "km", "mm", "nats"}


@pytest.mark.parametrize("name", CATALOGUE)
def test_an_indicator_is_named_in_both_languages(name: str) -> None:
    one = CATALOGUE[name]
    french = name_indicator(name, one.label, "fr")
    assert name_indicator(name, one.label, "en") == one.label
    assert french != one.label
    assert not re.search(r"\b(the|of|in|last|months|share|deaths)\b", french)
    windows = re.findall(r"\d+", one.label)
    spelled = {"1"} if "last month" in one.label or "every 1 month" in one.label else set()
    assert set(re.findall(r"\d+", french)) - {"1"} == set(windows) - spelled - {"1"}
    assert name_unit(one.unit, "fr") != one.unit or one.unit in SYMBOLS
    assert name_unit(one.unit, "en") == one.unit


def test_french_names_tell_indicators_apart() -> None:
    names = [name_indicator(name, one.label, "fr") for name, one in CATALOGUE.items()]
    assert len(set(names)) == len(names)


def test_what_a_deployment_adds_keeps_its_name() -> None:
    assert name_indicator("harvest_3m", "Harvest in the last 3 months", "fr").startswith("Harvest")
    assert name_unit("bags", "fr") == "bags"
