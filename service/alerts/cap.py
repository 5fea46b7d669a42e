"""Common Alerting Protocol 1.2 (OASIS 2010): an alert of ours as a message that others understand.

Pure: from what is to be said to XML. Which message is due is decided in `cap_decision`, what was
issued is kept by `cap_log`. Each message is in English and French.

How our words become those of the standard:

    certainty   Likely above a probability of 0.5, else Possible; Unknown without a score; Observed
                for what has come
    urgency     Future before the window begins, Expected once it has; Past for what is over;
                Unknown for what has come
    severity    Severe at the highest level of its rule, Moderate one below, else Minor; Unknown for
                what is over or lost its rule
    status      Exercise, unless the deployment is live and the events are real
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime

import shapely
from lxml import etree
from shapely.geometry.base import BaseGeometry

from service.alerts.cap_decision import CapReason, Due, Issued
from service.alerts.cap_words import EVENTS, EXERCISE_NOTE, HAPPENED, SENTENCES, SIMULATED_NOTE
from service.alerts.condition_words import finding_words, note_words
from service.alerts.conditions import Finding
from service.languages import LANGUAGES, Language, name_level, write_day, write_percent

NAMESPACE = "urn:oasis:names:tc:emergency:cap:1.2"

_OVER: frozenset[CapReason] = frozenset({"resolved", "withdrawn", "corrected"})
_P_CODE = re.compile(r"[A-Z]{2}\d{1,12}")
_NOT_XML = re.compile(r"[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_TOLERANCE_DEGREES = 0.01
_DECIMALS = 4
_LONGEST_HEADLINE = 160


@dataclass(frozen=True)
class CapFacts:
    """What a message says, apart from why it is due.

    Attributes:
        identifier: Unique for the sender.
        sender: Who sends it, globally unique.
        sent_at: When.
        expires_at: From when it says nothing.
        is_live: True if the deployment warns people who act on it.
        is_simulated: True if the events did not happen.
        incident_id: The incident.
        rule_name: Name of its rule for people; its id if the rule is gone.
        outcome: What is forecast.
        horizon: Steps ahead.
        window: First and last day of the forecast.
        level_name: Name of the level.
        levels_above: Levels of the rule above this one; None if the rule is gone.
        probability: Risk score of the publication; None without one.
        threshold: Deaths that make the outcome true; None if not known.
        as_of: Knowledge limit.
        data_cutoff: Last day that the data speak for.
        model_version: The model that scored.
        outcome_version: The outcome definition.
        region_id: The region.
        region_name: Its name for people.
        country: ISO alpha-3 code; empty if it is gone.
        geometry: Its shape; None if it is gone.
        web: Address of its page.
        note: What else than the score brought about what is told; see `AlertEvent`. Else empty.
        findings: What is found of the conditions of its rule, if the alert stands.
        is_told: False if indicators are read off numbers that may not be passed on.
    """

    identifier: str
    sender: str
    sent_at: datetime
    expires_at: datetime
    is_live: bool
    is_simulated: bool
    incident_id: str
    rule_name: str
    outcome: str
    horizon: int
    window: tuple[date, date]
    level_name: str
    levels_above: int | None
    probability: float | None
    threshold: float | None
    as_of: date
    data_cutoff: date
    model_version: str
    outcome_version: str
    region_id: str
    region_name: str
    country: str
    geometry: BaseGeometry | None = field(repr=False)
    web: str
    note: str = ""
    findings: tuple[Finding, ...] = ()
    is_told: bool = True


def write_cap(facts: CapFacts, due: Due) -> bytes:
    """Returns a CAP message as UTF-8 XML."""
    is_exercise = facts.is_simulated or not facts.is_live
    alert = etree.Element(f"{{{NAMESPACE}}}alert", nsmap={None: NAMESPACE})  # type: ignore[dict-item]
    _add(alert, "identifier", facts.identifier)
    _add(alert, "sender", facts.sender)
    _add(alert, "sent", write_sent(facts.sent_at))
    _add(alert, "status", "Exercise" if is_exercise else "Actual")
    _add(alert, "msgType", due.type)
    _add(alert, "source", f"Tocsin, model {facts.model_version}")
    _add(alert, "scope", "Public")
    if is_exercise:
        _add(alert, "note", SIMULATED_NOTE if facts.is_simulated else EXERCISE_NOTE)
    if due.references:
        _add(alert, "references", " ".join(map(write_reference, due.references)))
    _add(alert, "incidents", facts.incident_id)
    for language in LANGUAGES:
        _add_info(alert, facts, due.reason, language)
    return etree.tostring(alert, encoding="UTF-8", xml_declaration=True, pretty_print=True)


def write_sent(moment: datetime) -> str:
    """Returns a moment in UTC as the standard wants it: `2022-01-16T06:00:00-00:00`, never a Z."""
    return moment.strftime("%Y-%m-%dT%H:%M:%S-00:00")


def write_reference(message: Issued) -> str:
    """Returns how another message refers to this one: sender, identifier, sent."""
    return f"{message.sender},{message.identifier},{write_sent(message.sent_at)}"


def write_headline(facts: CapFacts, reason: CapReason, language: Language) -> str:
    """Returns the headline, at most 160 characters."""
    happened = HAPPENED[language][reason].format(level=name_level(facts.level_name, language))
    place = f"{facts.region_name} ({facts.country})" if facts.country else facts.region_name
    mark = SENTENCES[language]["simulated"] if facts.is_simulated else ""
    colon = " : " if language == "fr" else ": "
    told = f"{colon}{_name_event(facts, language)}, {happened}"
    room = _LONGEST_HEADLINE - len(mark) - len(told)
    if len(place) > room:
        place = place[: room - 1] + "…"
    return mark + place + told


def write_description(facts: CapFacts, reason: CapReason, language: Language) -> str:
    """Returns what is known, in a few sentences."""
    words = SENTENCES[language]
    first, last = (write_day(day, language) for day in facts.window)
    told = []
    note = note_words(facts.note, language)
    if reason in _OVER:
        told.append(words["over" if note and reason == "resolved" else reason])
    elif reason == "occurred":
        told.append(words["occurred"])
    elif facts.probability is None:
        told.append(words["no_score"].format(first=first, last=last))
    else:
        percent = write_percent(facts.probability, language)
        told.append(words["probability"].format(percent=percent, first=first, last=last))
        if facts.threshold is not None:
            told.append(words["threshold"].format(n=max(1, math.ceil(facts.threshold))))
        told += [
            finding_words(found, is_told=facts.is_told, language=language)
            for found in facts.findings
        ]
    if note and note not in told:
        told.append(note)
    cutoff, as_of = write_day(facts.data_cutoff, language), write_day(facts.as_of, language)
    told.append(words["cutoff"].format(cutoff=cutoff, as_of=as_of))
    if facts.is_simulated:
        told.append(words["not_real"])
    return " ".join(told)


def draw_polygons(geometry: BaseGeometry) -> list[str]:
    """Returns the outer rings of a shape, `lat,lon lat,lon …`, closed, the largest first.

    Holes cannot be told in CAP. Shapes are simplified to about a kilometre; a part that this
    would swallow keeps its corners.
    """
    parts = [part for part in shapely.get_parts(geometry) if part.geom_type == "Polygon"]
    drawn = []
    for part in sorted(parts, key=lambda item: -item.area):
        outline = shapely.Polygon(part.exterior)
        for ring in (outline.simplify(_TOLERANCE_DEGREES), outline):
            points = _round_ring(ring)
            if len(points) >= 4:
                drawn.append(" ".join(f"{lat},{lon}" for lat, lon in points))
                break
    return drawn


def _round_ring(polygon: BaseGeometry) -> list[tuple[float, float]]:
    """Returns the closed ring as (latitude, longitude), without repeated points."""
    points: list[tuple[float, float]] = []
    for x, y in shapely.get_coordinates(shapely.get_exterior_ring(polygon)):
        point = (round(float(y), _DECIMALS) + 0.0, round(float(x), _DECIMALS) + 0.0)
        if not points or points[-1] != point:
            points.append(point)
    return points


def _add_info(
    alert: etree._Element, facts: CapFacts, reason: CapReason, language: Language
) -> None:
    info = etree.SubElement(alert, f"{{{NAMESPACE}}}info")
    _add(info, "language", language)
    _add(info, "category", "Security")
    _add(info, "event", _name_event(facts, language))
    _add(info, "responseType", _response(reason))
    _add(info, "urgency", _urgency(facts, reason))
    _add(info, "severity", _severity(facts, reason))
    _add(info, "certainty", _certainty(facts, reason))
    _add(info, "effective", write_sent(facts.sent_at))
    window_from = datetime.combine(facts.window[0], datetime.min.time(), facts.sent_at.tzinfo)
    if _urgency(facts, reason) == "Future":
        _add(info, "onset", write_sent(window_from))
    _add(info, "expires", write_sent(facts.expires_at))
    _add(info, "senderName", "Tocsin")
    _add(info, "headline", write_headline(facts, reason, language))
    _add(info, "description", write_description(facts, reason, language))
    _add(info, "instruction", SENTENCES[language]["instruction"])
    _add(info, "web", facts.web)
    for name, value in _parameters(facts, reason):
        pair = etree.SubElement(info, f"{{{NAMESPACE}}}parameter")
        _add(pair, "valueName", name)
        _add(pair, "value", value)
    area = etree.SubElement(info, f"{{{NAMESPACE}}}area")
    _add(area, "areaDesc", f"{facts.region_name}, {facts.country}".rstrip(", "))
    if facts.geometry is not None:
        for polygon in draw_polygons(facts.geometry):
            _add(area, "polygon", polygon)
    code = etree.SubElement(area, f"{{{NAMESPACE}}}geocode")
    _add(code, "valueName", "PCODE" if _P_CODE.fullmatch(facts.region_id) else "TOCSIN_REGION")
    _add(code, "value", facts.region_id)


def _parameters(facts: CapFacts, reason: CapReason) -> Iterable[tuple[str, str]]:
    yield "reason", reason
    yield "level", facts.level_name
    if facts.probability is not None:
        yield "probability", f"{facts.probability:.6f}"
    yield "outcome", facts.outcome_version
    yield "horizon", str(facts.horizon)
    yield "rule", facts.rule_name
    yield "as_of", facts.as_of.isoformat()
    yield "data_cutoff", facts.data_cutoff.isoformat()
    yield "model_version", facts.model_version
    yield "simulated", "true" if facts.is_simulated else "false"


def _name_event(facts: CapFacts, language: Language) -> str:
    return EVENTS[language].get(facts.outcome, EVENTS[language][""])


def _response(reason: CapReason) -> str:
    if reason == "resolved":
        return "AllClear"
    return "None" if reason in _OVER else "Monitor"


def _certainty(facts: CapFacts, reason: CapReason) -> str:
    if reason == "occurred":
        return "Observed"
    if facts.probability is None:
        return "Unknown"
    return "Likely" if facts.probability > 0.5 else "Possible"


def _urgency(facts: CapFacts, reason: CapReason) -> str:
    if reason in _OVER:
        return "Past"
    if reason == "occurred":
        # Whether it goes on is not known.
        return "Unknown"
    return "Future" if facts.window[0] > facts.sent_at.date() else "Expected"


def _severity(facts: CapFacts, reason: CapReason) -> str:
    if reason in _OVER or facts.levels_above is None:
        return "Unknown"
    return {0: "Severe", 1: "Moderate"}.get(facts.levels_above, "Minor")


def _add(parent: etree._Element, name: str, text: str) -> None:
    etree.SubElement(parent, f"{{{NAMESPACE}}}{name}").text = _NOT_XML.sub("", text)
