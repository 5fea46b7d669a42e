"""The link by which the reader of an e-mail ends it: one contact point, one mailbox.

It opens a page with a button; what the button sends, a mail program may send by itself (RFC 8058).
"""

from __future__ import annotations

import hashlib
from datetime import datetime, timedelta
from urllib.parse import urlencode

from service.links.tokens import read_text, sign_text
from service.settings import Settings

UNSUBSCRIBE_PATH = "/alerts/unsubscribe"
LINK_HOLDS = timedelta(days=3_650)
_PURPOSE = "unsubscribe"


def fingerprint(address: str) -> str:
    """Returns the fingerprint of where a contact point sends to."""
    return hashlib.sha256(address.encode()).hexdigest()


def unsubscribe_link(settings: Settings, contact: str, address: str, *, sent_at: datetime) -> str:
    """Returns the address of the page that ends the messages of a contact point to a mailbox.

    Args:
        settings: For the public address, and the folder of the signing key.
        contact: The contact point.
        address: The mailbox; another one for the same contact point is not touched.
        sent_at: When the message was written, so that every try of it has the same link.
    """
    content = {"contact": contact, "endpoint": fingerprint(address)}
    token = sign_text(settings.state_dir, _PURPOSE, content, expires_at=sent_at + LINK_HOLDS)
    return f"{settings.public_url.rstrip('/')}{UNSUBSCRIBE_PATH}?{urlencode({'token': token})}"


def read_unsubscribe_link(settings: Settings, token: str, *, now: datetime) -> tuple[str, str]:
    """Returns contact point and fingerprint of the mailbox that a link is about.

    Raises:
        Refused: It was altered, is not from here, or has expired.
    """
    content = read_text(settings.state_dir, _PURPOSE, token, now=now)
    return str(content["contact"]), str(content["endpoint"])
