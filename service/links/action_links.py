"""Links that stand in a message and let its reader act, without a key, on one incident.

A link is signed, ends after two weeks, and names one incident, one action and the contact point it
was sent to. It opens a page with a button: a GET changes nothing, so a mail scanner that follows
every link does no harm.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal, get_args
from urllib.parse import urlencode

from data.errors import Refused
from service.links.tokens import read_text, sign_text
from service.settings import Settings

LinkedAction = Literal["acknowledge", "silence"]
"""What a link can do: acknowledge the incident, or hold its series for a week."""

ACTION_PATH = "/alerts/act"
LINK_HOLDS = timedelta(days=14)
SILENCE_HOLDS = timedelta(days=7)
_PURPOSE = "action link"


@dataclass(frozen=True)
class ActionLink:
    """What a link allows.

    Attributes:
        incident_id: The incident.
        action: What may be done.
        contact: The contact point it was sent to.
    """

    incident_id: str
    action: LinkedAction
    contact: str

    @property
    def actor(self) -> str:
        """How the audit trail names who used it."""
        return f"link:{self.contact}"[:64]


def action_link(
    settings: Settings, incident_id: str, action: LinkedAction, contact: str, *, now: datetime
) -> str:
    """Returns the address of the page on which the reader of a message can act.

    Args:
        settings: For the public address, and the folder of the signing key.
        incident_id: The incident.
        action: What the page does.
        contact: The contact point that the message goes to; the audit trail names it.
        now: The present moment; the link holds for two weeks from then.
    """
    content = {"incident": incident_id, "action": action, "contact": contact}
    token = sign_text(settings.state_dir, _PURPOSE, content, expires_at=now + LINK_HOLDS)
    # In the query, which no access log of ours holds.
    return f"{settings.public_url.rstrip('/')}{ACTION_PATH}?{urlencode({'token': token})}"


def read_action_link(settings: Settings, token: str, *, now: datetime) -> ActionLink:
    """Returns what the token of an address allows.

    Raises:
        Refused: It was altered, is not from here, or has expired.
    """
    content = read_text(settings.state_dir, _PURPOSE, token, now=now)
    if content["action"] not in get_args(LinkedAction):
        raise Refused("The link names an action that is no more.", "Sign in with a key.")
    return ActionLink(content["incident"], content["action"], content["contact"])
