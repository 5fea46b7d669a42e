"""Words of messages, and their size."""

import json
import re
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

import pytest

from data.calendar import parse_period
from models.score import Contribution
from service.alerts.message import MAX_BYTES, Notice, write_message
from service.alerts.notify import Reason
from service.alerts.wording import (
    HAPPENED,
    WORDS,
    change_words,
    driver_words,
    ending_words,
    probability_words,
    region_address,
    threshold_words,
    window_label,
)

NOW = datetime(2022, 1, 15, 6, tzinfo=UTC)


def make_notice(build: Any, name: str, reason: Reason = Reason.NEW, value: float = 0.3) -> Notice:
    return Notice(
        reason=reason,
        incident_id=f"{name}:2022-01-15",
        event_id="e",
        sequence=1,
        opened=date(2022, 1, 15),
        region_id=name,
        region_name=name,
        country="MLI",
        outcome="escalation",
        horizon=3,
        level_from=(0, "none"),
        level_to=(1, "high"),
        score=build.score(name, value),
        rule_id="risk",
        rule=build.rule(),
    )


def write(build: Any, notices: list[Notice]) -> str:
    publication = build.publication(date(2022, 1, 15), {})
    return write_message(publication, notices, public_url="https://t.example/", now=NOW)


@pytest.mark.parametrize(
    ("threshold", "horizon", "words"),
    [
        (33.2, 3, "at least 34 deaths in 2022-01 … 2022-03"),
        (34.0, 3, "at least 34 deaths in 2022-01 … 2022-03"),
        (0.5, 1, "at least 1 death in 2022-01"),
        (2.0, 2, "at least 2 deaths in 2022-01 … 2022-02"),
        (None, 3, None),
    ],
)
def test_thresholds(build: Any, threshold: float | None, horizon: int, words: str | None) -> None:
    publication = build.publication(date(2022, 1, 15), {})
    assert threshold_words(publication, horizon, threshold) == words


def test_a_week_is_named_by_its_number(build: Any) -> None:
    monthly = build.publication(date(2022, 1, 15), {})
    weekly = replace(monthly, step="week", origin=parse_period("2022-W01", "week"))
    assert window_label(weekly, 1) == "2022-W02"
    assert window_label(weekly, 3) == "2022-W02 … 2022-W04"


@pytest.mark.parametrize(
    ("value", "unit", "log_odds", "words"),
    [
        (41.0, "deaths", 0.5, ["x: 41 deaths (raises the risk)"]),
        (0.12345, "", -0.5, ["x: 0.123 (lowers the risk)"]),
        (1234.5, "km", 0.5, ["x: 1234 km (raises the risk)"]),
        (1000.0, "km", 0.5, ["x: 1000 km (raises the risk)"]),
        (999.4, "km", 0.5, ["x: 999 km (raises the risk)"]),
        (None, "km", -0.5, ["x: not known (lowers the risk)"]),
        (2.071, "ratio", 0.5, ["x: 2.07 (raises the risk)"]),
        (5.0, "km", 0.0, []),
        (1.0, "yes or no", 0.5, ["x: yes (raises the risk)"]),
        (0.0, "yes or no", -0.5, ["x: no (lowers the risk)"]),
    ],
)
def test_drivers(value: float | None, unit: str, log_odds: float, words: list[str]) -> None:
    assert driver_words((Contribution("f", "x", value, unit, log_odds),)) == words


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (3.5, "Décès au cours des 3 derniers mois : 3,5 décès (augmente le risque)"),
        (None, "Décès au cours des 3 derniers mois : inconnu (augmente le risque)"),
    ],
)
def test_drivers_in_french(value: float | None, words: str) -> None:
    driver = Contribution("deaths_3m", "Deaths in the last 3 months", value, "deaths", 0.5)
    (said,) = driver_words((driver,), "fr")
    assert said.replace("\xa0", " ").replace("\u202f", " ") == words


def test_yes_and_no_in_french() -> None:
    drivers = tuple(Contribution("x", "x", value, "yes or no", 0.5) for value in (1.0, 0.0))
    assert [said.split("\u202f")[-1] for said in driver_words(drivers, "fr")] == [
        "x : oui (augmente le risque)",
        "x : non (augmente le risque)",
    ]


@pytest.mark.parametrize(
    ("change", "words"), [(0.111, "+11 points"), (-0.1, "-10 points"), (None, "no earlier score")]
)
def test_changes(change: float | None, words: str) -> None:
    assert change_words(change) == words


@pytest.mark.parametrize(
    ("low", "high", "english", "french"),
    [
        (0.26, 0.43, "30%, 90% interval 26% to 43% (", "30 %, intervalle à 90 % de 26 % à 43 % ("),
        (None, None, "30% (", "30 % ("),
    ],
)
def test_a_probability_stands_with_its_interval(
    build: Any, low: float | None, high: float | None, english: str, french: str
) -> None:
    notice = make_notice(build, "a", Reason.NEW, 0.3)
    score = replace(notice.score, low=low, high=high)
    publication = build.publication(date(2022, 1, 15), {})
    for language, expected in (("en", english), ("fr", french)):
        told = probability_words(publication, "escalation", 1, score, language)
        assert expected in told.replace("\xa0", " ").replace("\u202f", " ")
    (alert,) = json.loads(write(build, [replace(notice, score=score)]))["data"]["alerts"]
    assert (alert["low"], alert["high"]) == (low, high)
    assert english in alert["sentences"][0]


def test_addresses_take_a_slash_at_the_end() -> None:
    assert (
        region_address("https://t.example/", "s", "a b") == "https://t.example/sets/s/regions/a%20b"
    )


def test_the_most_urgent_comes_first_and_is_counted_first(build: Any) -> None:
    notices = [
        make_notice(build, "a", Reason.REPEAT, 0.9),
        make_notice(build, "b", Reason.NEW, 0.3),
        make_notice(build, "c", Reason.ESCALATED, 0.3),
        make_notice(build, "d", Reason.NEW, 0.4),
        replace(make_notice(build, "e", Reason.NEW, 0.3), score=None, level_to=(2, "very_high")),
    ]
    data = json.loads(write(build, notices))["data"]
    assert [alert["region_id"] for alert in data["alerts"]] == ["c", "e", "d", "b", "a"]
    assert "1 escalated, 3 new, 1 repeat" in data["title"]
    assert (data["alerts"][1]["probability"], data["alerts"][1]["threshold"]) == (None, None)


def test_the_list_is_as_long_as_the_size_allows_and_no_longer(build: Any) -> None:
    for length in range(1, 120, 3):
        notices = [make_notice(build, f"é{number:02d}" + "x" * length) for number in range(60)]
        body = write(build, notices)
        data = json.loads(body)["data"]
        size = len(body.encode())
        assert size <= MAX_BYTES
        assert data["n_omitted"] + len(data["alerts"]) == data["n_alerts"] == 60
        last = json.dumps(data["alerts"][-1], ensure_ascii=False, separators=(",", ":"))
        assert size + len(last.encode()) + 1 > MAX_BYTES


def test_one_alert_that_is_too_long_leaves_the_link(build: Any) -> None:
    data = json.loads(write(build, [make_notice(build, "x" * MAX_BYTES)]))["data"]
    assert (data["alerts"], data["n_omitted"]) == ([], 1)
    assert data["links"]["all_alerts"] == "https://t.example/sets/sahel/alerts"


def test_both_languages_say_the_same_things() -> None:
    english, french = WORDS["en"], WORDS["fr"]
    assert english.keys() == french.keys()
    fields = re.compile(r"\{(\w+)")
    for key, text in english.items():
        assert sorted(fields.findall(text)) == sorted(fields.findall(french[key])), key
    assert all(set(said) == {"en", "fr"} for said in HAPPENED.values())
    assert set(HAPPENED) == {reason for reason in Reason if reason.is_sent}


RECORD = {"measure": "record", "years": 3, "floor": 0.1}


@pytest.mark.parametrize(
    ("changes", "level", "english", "french"),
    [
        ({"clear_n": 1}, 1, "It ends after one publication below 20%.",
         "Elle prend fin après une publication sous 20 %."),
        ({}, 2, "It leaves this level after 2 publications in a row below 40%, and ends below 20%.",
         "Elle quitte ce niveau après 2 publications de suite sous 40 %, et prend fin sous "
         "20 %."),
        ({"measure": "change", "levels": [{"name": "rise", "enter": 0.15, "exit": 0.05}]}, 1,
         "It ends after 2 publications in a row below a change of +5 points.",
         "Elle prend fin après 2 publications de suite sous une variation de +5 points."),
        ({**RECORD, "levels": [{"name": "r", "enter": 0.01, "exit": -0.1}]}, 1,
         "It ends after 2 publications in a row below the highest of the 3 years before "
         "less 10 points.", None),
        ({**RECORD, "levels": [{"name": "r", "enter": 0.1, "exit": 0.05}]}, 1,
         "It ends after 2 publications in a row below the highest of the 3 years before "
         "plus 5 points.", None),
        ({"measure": "rank", "levels": [{"name": "top", "enter": 0.9, "exit": 0.8}]}, 1,
         "It ends after 2 publications in a row below rank 80% (the share of other "
         "regions whose risk is lower).", None),
    ],
)  # fmt: skip
def test_what_would_end_it(
    build: Any, changes: dict[str, Any], level: int, english: str, french: str | None
) -> None:
    rule = build.rule(**changes)
    assert ending_words(rule, level, "en") == english
    if french is not None:
        assert ending_words(rule, level, "fr").replace("\u202f", " ") == french


def test_a_message_about_several_rules_names_them(build: Any) -> None:
    notices = [
        make_notice(build, "a"),
        replace(make_notice(build, "b"), rule_id="other", rule=build.rule(id="other", name="O")),
    ]
    data = json.loads(write(build, notices))["data"]
    assert data["title"] == "Alerts, MLI: 2 new (as of 2022-01-15)"
    assert (data["rule"], [item["id"] for item in data["rules"]]) == (None, ["risk", "other"])
    assert [alert["rule_id"] for alert in data["alerts"]] == ["risk", "other"]


def test_links_to_act_are_made_for_what_is_listed_only(build: Any) -> None:
    notices = [make_notice(build, f"r{number:04d}") for number in range(500)]
    made: list[str] = []

    def links(incident_id: str) -> dict[str, str]:
        made.append(incident_id)
        return {"acknowledge": f"https://t.example/{incident_id}"}

    publication = build.publication(date(2022, 1, 15), {})
    body = write_message(publication, notices, public_url="https://t.example", now=NOW, links=links)
    listed = json.loads(body)["data"]["alerts"]
    assert len(made) <= len(listed) + 1
    assert listed[0]["links"]["acknowledge"].endswith(listed[0]["incident_id"])
