"""Checks of a CAP 1.2 message, written from the text of the standard.

Order and number of elements, words that are allowed, and what a schema cannot say. Where the schema
of OASIS lies beside the project it is asked as well.
"""

import os
import re
from collections import Counter
from datetime import datetime
from pathlib import Path
from typing import Any

from lxml import etree

ROOT = Path(__file__).resolve().parents[3]
SCHEMA = (
    Path(os.environ.get("TOCSIN_TEST_SHARED_DATA", ROOT.parent / "shared" / "data"))
    / "CAP-v1.2.xsd"
)
NS = "{urn:oasis:names:tc:emergency:cap:1.2}"
MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d[-+]\d\d:\d\d")
WORD = re.compile(r"[^\s,<&]+")

# Name, least and greatest number; in the order of the standard.
ALERT = [
    ("identifier", 1, 1), ("sender", 1, 1), ("sent", 1, 1), ("status", 1, 1), ("msgType", 1, 1),
    ("source", 0, 1), ("scope", 1, 1), ("restriction", 0, 1), ("addresses", 0, 1), ("code", 0, 99),
    ("note", 0, 1), ("references", 0, 1), ("incidents", 0, 1), ("info", 0, 99),
]  # fmt: skip
INFO = [
    ("language", 0, 1), ("category", 1, 99), ("event", 1, 1), ("responseType", 0, 99),
    ("urgency", 1, 1), ("severity", 1, 1), ("certainty", 1, 1), ("audience", 0, 1),
    ("eventCode", 0, 99), ("effective", 0, 1), ("onset", 0, 1), ("expires", 0, 1),
    ("senderName", 0, 1), ("headline", 0, 1), ("description", 0, 1), ("instruction", 0, 1),
    ("web", 0, 1), ("contact", 0, 1), ("parameter", 0, 99), ("resource", 0, 99), ("area", 0, 99),
]  # fmt: skip
AREA = [
    ("areaDesc", 1, 1), ("polygon", 0, 9999), ("circle", 0, 99), ("geocode", 0, 99),
    ("altitude", 0, 1), ("ceiling", 0, 1),
]  # fmt: skip
PAIR = [("valueName", 1, 1), ("value", 1, 1)]
WORDS_OF_CATEGORY = {
    *("Geo", "Met", "Safety", "Security", "Rescue", "Fire"),
    *("Health", "Env", "Transport", "Infra", "CBRNE", "Other"),
}
WORDS_OF_RESPONSE = {
    *("Shelter", "Evacuate", "Prepare", "Execute", "Avoid"),
    *("Monitor", "Assess", "AllClear", "None"),
}
ALLOWED = {
    "status": {"Actual", "Exercise", "System", "Test", "Draft"},
    "msgType": {"Alert", "Update", "Cancel", "Ack", "Error"},
    "scope": {"Public", "Restricted", "Private"},
    "category": WORDS_OF_CATEGORY,
    "responseType": WORDS_OF_RESPONSE,
    "urgency": {"Immediate", "Expected", "Future", "Past", "Unknown"},
    "severity": {"Extreme", "Severe", "Moderate", "Minor", "Unknown"},
    "certainty": {"Observed", "Likely", "Possible", "Unlikely", "Unknown"},
}
MOMENTS = {"sent", "effective", "onset", "expires"}


def check_order(element: Any, expected: list[tuple[str, int, int]]) -> None:
    names = [child.tag.removeprefix(NS) for child in element]
    assert all(child.tag.startswith(NS) for child in element)
    order = [name for name, _, _ in expected]
    assert [order.index(name) for name in names] == sorted(order.index(name) for name in names)
    counts = Counter(names)
    for name, least, most in expected:
        assert least <= counts[name] <= most, name


def check_cap(body: bytes) -> Any:
    """Fails unless the message follows the standard; returns its root."""
    assert body.startswith(b"<?xml")
    alert = etree.fromstring(body)
    assert alert.tag == f"{NS}alert"
    if SCHEMA.exists():
        etree.XMLSchema(etree.parse(SCHEMA)).assertValid(alert)
    check_order(alert, ALERT)
    for element in alert.iter():
        name = element.tag.removeprefix(NS)
        text = element.text or ""
        if name in ALLOWED:
            assert text in ALLOWED[name], (name, text)
        if name in MOMENTS:
            assert MOMENT.fullmatch(text), (name, text)
            assert datetime.fromisoformat(text).microsecond == 0
        if len(element) == 0:
            assert text.strip(), name
    for name in ("identifier", "sender"):
        assert WORD.fullmatch(alert.findtext(f"{NS}{name}"))
    sent = datetime.fromisoformat(alert.findtext(f"{NS}sent"))
    references = (alert.findtext(f"{NS}references") or "").split()
    assert bool(references) == (alert.findtext(f"{NS}msgType") != "Alert")
    for reference in references:
        sender, identifier, moment = reference.split(",")
        assert WORD.fullmatch(sender)
        assert identifier != alert.findtext(f"{NS}identifier")
        assert datetime.fromisoformat(moment) <= sent
    infos = alert.findall(f"{NS}info")
    assert [info.findtext(f"{NS}language") for info in infos] == ["en", "fr"]
    # What is not language must be the same in every block.
    for name in ("category", "responseType", "urgency", "severity", "certainty", "expires"):
        assert len({info.findtext(f"{NS}{name}") for info in infos}) == 1
    for info in infos:
        check_order(info, INFO)
        assert datetime.fromisoformat(info.findtext(f"{NS}expires")) > sent
        assert len(info.findtext(f"{NS}headline")) <= 160
        for pair in (*info.iter(f"{NS}parameter"), *info.iter(f"{NS}geocode")):
            check_order(pair, PAIR)
        for area in info.iter(f"{NS}area"):
            check_order(area, AREA)
            for polygon in area.iter(f"{NS}polygon"):
                check_polygon(polygon.text)
    return alert


def check_polygon(text: str) -> None:
    points = [tuple(map(float, pair.split(","))) for pair in text.split(" ")]
    assert len(points) >= 4
    assert points[0] == points[-1]
    assert all(-90 <= lat <= 90 and -180 <= lon <= 180 for lat, lon in points)


def value(alert: Any, name: str) -> str | None:
    found = alert.find(f".//{NS}{name}")
    return None if found is None else found.text
