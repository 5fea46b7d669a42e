"""How good past alerts were: counted where there are enough, and said to be too few elsewhere."""

import json
from dataclasses import replace
from datetime import date
from typing import Any

import numpy as np
import pytest
from sqlalchemy import update

from data.panel import Panel
from service.alerts.announce import announce
from service.alerts.track_record import (
    FEW,
    LAST,
    PastAlert,
    TrackRecord,
    judge_past_alerts,
    record_of,
)
from service.alerts.wording import record_words
from service.settings import Settings
from service.tables import outbox

COUNTRY = frozenset({"a", "b"})


def past(region_id: str, *followed: bool, level: int = 1, rule_id: str = "r") -> list[PastAlert]:
    return [PastAlert(rule_id, level, region_id, came) for came in followed]


@pytest.mark.parametrize(
    ("alerts", "expected"),
    [
        ([], TrackRecord(0, 0, None)),
        (past("a", *[True] * (FEW - 1)), TrackRecord(4, 4, None)),
        (past("a", True, False, True, False, True), TrackRecord(5, 3, "region")),
        (past("b", True, False) + past("a", True, True, True), TrackRecord(5, 4, "country")),
        (past("c", *[False] * 5) + past("a", True), TrackRecord(6, 1, "set")),
        (past("a", *[False] * LAST, True), TrackRecord(12, 0, "region")),
        (past("a", *[True] * 9, level=2), TrackRecord(0, 0, None)),
        (past("a", *[True] * 9, rule_id="other"), TrackRecord(0, 0, None)),
    ],
)
def test_the_nearest_place_with_enough_alerts_counts(
    alerts: list[PastAlert], expected: TrackRecord
) -> None:
    assert record_of(alerts, "r", 1, "a", COUNTRY) == expected


def test_the_words() -> None:
    assert record_words(12, 7, "region", "escalation", "en") == (
        "Of the last 12 alerts at this level in this region, 7 were followed by escalation."
    )
    assert "too few to say" in record_words(3, 1, None, "escalation", "en")
    assert record_words(12, 7, "country", "escalation", "fr") == (
        "Sur les 12 dernières alertes à ce niveau dans ce pays, 7 ont été suivies de l’événement "
        "(escalade)."
    )


def test_past_alerts_are_judged_by_what_came(world: Any, build: Any) -> None:
    """ML01 fires before a window that sees 60 deaths; ML05 before a calm one; NE06 last."""
    world.apply(build.rule(clear_n=1))
    world.publish(build.month(0), {"ML01": 0.3, "ML05": 0.3, "NE06": 0.1})
    world.publish(build.month(9), {"ML01": 0.3, "ML05": 0.6, "NE06": 0.3})
    first = build.publication(build.month(0), {}).origin
    periods = np.arange(first - 60, first + 8)
    deaths = np.full((len(periods), 3), 1.0, dtype=np.float32)
    deaths[-6:-4, 0] = 30
    panel = make_panel(periods, deaths)
    with world.database.read() as connection:
        judged = judge_past_alerts(connection, panel, Settings())
    # What fired at month 9 has a window that is not over.
    assert sorted(judged, key=lambda item: item.region_id) == [
        PastAlert("risk", 1, "ML01", True),
        PastAlert("risk", 1, "ML05", False),
    ]


def test_a_message_says_how_good_such_alerts_were(world: Any, build: Any) -> None:
    world.apply(build.rule())
    publication, _ = world.publish(build.month(0), {"ML01": 0.3})
    alerts = past("ML01", True, True, False, False, False, rule_id="risk")
    with world.database.write() as connection:
        connection.execute(update(outbox).values(status="dead"))
        again = replace(publication, revision=2)
        announce(connection, again, settings=world.settings, now=world.clock(), past_alerts=alerts)
    (entry,) = [
        alert
        for row in world.messages()
        if row["status"] == "pending"
        for alert in json.loads(row["body"])["data"]["alerts"]
    ]
    assert entry["track_record"] == {"n_alerts": 5, "n_followed": 2, "scope": "region"}
    assert any("Of the last 5 alerts" in sentence for sentence in entry["sentences"])


def make_panel(periods: Any, deaths: Any) -> Panel:
    return Panel(
        region_set="sahel",
        step="month",
        as_of=date(2022, 10, 1),
        data_cutoff=date(2022, 9, 30),
        region_ids=("ML01", "ML05", "NE06"),
        periods=periods,
        values={"deaths": deaths},
        known=np.ones(deaths.shape, dtype=np.bool_),
        countries=("MLI", "NER"),
        country_of=np.array([0, 0, 1]),
        country_values={},
        neighbours=((), (), ()),
        is_simulated=False,
    )
