"""What an e-mail looks like: subject, text, HTML with the map, headers.

The same message gives the same e-mail at every try, so that a second copy can be told by its
Message-ID.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from datetime import datetime
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, parseaddr
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Template

from service.channels.contract import Message
from service.languages import Language
from service.templates import open_templates

Picture = Callable[[Mapping[str, Any]], bytes | None]
"""Draws the map (PNG) for the `data` of a message; None if there is nothing to draw."""

LONGEST_MAIL = 20_000
"""Bytes of text and HTML together; what they do not hold lies behind the link."""

_FOLDER = Path(__file__).parent / "templates"
_MAP_ID = "map"

WORDS: Mapping[Language, Mapping[str, str]] = {
    "en": {
        "simulated": "SIMULATED: these events did not happen.",
        "why": "Why you are told",
        "map": "Map of the risk; the regions of this message have a dark outline",
        "drivers": "What drives it",
        "colon": ": ",
        "acknowledge": "Acknowledge",
        "silence": "Silence for a week",
        "region": "To the region",
        "all": "All alerts",
        "omitted": "{n} more alerts are not listed here. The complete list: {link}",
        "as_of": "As of {as_of}, data to {data_cutoff}, model {model_version}.",
        "caution": "A probability is not a prediction. It must never be the only ground for a "
        "decision about people.",
        "contact": "You get this as the contact point {contact}.",
        "unsubscribe": "Unsubscribe",
    },
    "fr": {
        "simulated": "SIMULÉ : ces événements n’ont pas eu lieu.",
        "why": "Pourquoi ce message",
        "map": "Carte du risque ; les régions de ce message ont un contour foncé",
        "drivers": "Facteurs principaux",
        "colon": " : ",
        "acknowledge": "Prendre en charge",
        "silence": "Silence d’une semaine",
        "region": "Voir la région",
        "all": "Toutes les alertes",
        "omitted": "{n} autres alertes ne figurent pas ici. La liste complète : {link}",
        "as_of": "État au {as_of}, données jusqu’au {data_cutoff}, modèle {model_version}.",
        "caution": "Une probabilité n’est pas une prédiction. Elle ne doit jamais être le seul "
        "fondement d’une décision concernant des personnes.",
        "contact": "Ce message vous est adressé en tant que contact {contact}.",
        "unsubscribe": "Se désabonner",
    },
}
"""Key to text; both languages have the same keys and the same fields in braces."""


def compose_mail(
    message: Message,
    *,
    sender: str,
    recipient: str,
    unsubscribe: Callable[[datetime], str],
    picture: Picture | None = None,
) -> EmailMessage:
    """Returns the e-mail of a message.

    Args:
        message: The message.
        sender: Mailbox that it comes from, e.g. `Tocsin <alerts@example.org>`.
        recipient: Mailbox that it goes to.
        unsubscribe: Returns the link that ends such messages, given when this one was written.
        picture: Draws the map.
    """
    body = json.loads(message.body)
    data: dict[str, Any] = body["data"]
    written = datetime.fromisoformat(body["timestamp"])
    language: Language = data.get("language", "en")
    link = unsubscribe(written)
    drawn = None if picture is None else picture(data)
    facts = {
        "data": data,
        "words": WORDS[language],
        "language": language,
        "contact": message.contact_point,
        "unsubscribe": link,
        "map_id": _MAP_ID if drawn else None,
    }
    mail = EmailMessage(policy=SMTP)
    domain = parseaddr(sender)[1].rpartition("@")[2]
    mail["Subject"] = " ".join(data["title"].split())
    mail["From"] = sender
    mail["To"] = recipient
    mail["Date"] = format_datetime(written)
    mail["Message-ID"] = f"<{message.message_id}@{domain}>"
    mail["References"] = f"<{_thread(message, data)}@{domain}>"
    mail["Auto-Submitted"] = "auto-generated"
    mail["X-Auto-Response-Suppress"] = "All"
    mail["List-Unsubscribe"] = f"<{link}>"
    mail["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    mail["Content-Language"] = language
    text, html = _render(facts)
    mail.set_content(text)
    mail.add_alternative(html, subtype="html")
    if drawn is not None:
        part = mail.get_payload(1)
        if isinstance(part, EmailMessage):
            part.add_related(drawn, "image", "png", cid=f"<{_MAP_ID}>", filename="map.png")
    _fix_boundaries(mail, message.message_id)
    return mail


def _render(facts: Mapping[str, Any]) -> tuple[str, str]:
    """Returns text and HTML with as many alerts as fit, at least one."""
    data = facts["data"]
    listed = len(data["alerts"])
    while True:
        n_omitted = data.get("n_omitted", 0) + len(data["alerts"]) - listed
        shown = {**data, "alerts": data["alerts"][:listed], "n_omitted": n_omitted}
        text, html = (
            _template(name).render({**facts, "data": shown}) for name in ("mail.txt", "mail.html")
        )
        size = len(text.encode()) + len(html.encode())
        if size <= LONGEST_MAIL or listed <= 1:
            return text, html
        listed = max(1, min(listed - 1, listed * LONGEST_MAIL // size))


def _fix_boundaries(mail: EmailMessage, message_id: str) -> None:
    """Names the parts after the message: a drawn boundary would differ from try to try."""
    for number, part in enumerate(mail.walk()):
        if part.is_multipart():
            part.set_boundary(f"{message_id}-{number}")


def _thread(message: Message, data: Mapping[str, Any]) -> str:
    """Returns what mails about the same rule and place share: programs show them together."""
    publication = data.get("publication") or {}
    rule = data.get("rule") or {}
    about = [message.contact_point, publication.get("region_set"), rule.get("id")]
    about += [data.get("country"), *[item.get("alert_id") for item in data["alerts"]]]
    return f"thread-{hashlib.sha256(json.dumps(about).encode()).hexdigest()[:32]}"


@cache
def _template(name: str) -> Template:
    return open_templates(_FOLDER).get_template(name)
