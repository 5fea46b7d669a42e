"""The Apprise channel: chat services and text messages, through the Apprise library.

The library comes with the extra `channels`. It opens its own connections, so its addresses are
taken from the operator's environment or files only (a contact file names where they stand), and of
the services it knows only those below may be named.
"""

from __future__ import annotations

import hashlib
import json
import logging
from importlib import import_module
from typing import Any

from data.errors import SettingsError
from service.channels.contract import Delivered, Message, Outcome, Retry

SERVICES = (
    *("discord", "mmost", "mmosts", "msteams", "rocket", "rockets", "slack", "tgram", "workflows"),
    *("signal", "signals", "whatsapp"),
    *("clickatell", "clicksend", "msgbird", "nexmo", "sinch", "sns", "twilio", "vonage"),
    *("json", "jsons"),
)
"""Kinds of Apprise addresses that may be used: chats, Signal and WhatsApp, text messages, JSON."""

LONGEST_TEXT = 1_000
"""Characters of a message: a chat or a text message points to the list, it does not hold it."""


class ChatChannel:
    """Sends title, the first alerts and a link by one Apprise address."""

    name = "apprise"

    def __init__(self, address: str) -> None:
        """Opens the channel; nothing is called.

        Args:
            address: An Apprise address, e.g. `tgram://token/chat`; it is a secret.

        Raises:
            SettingsError: The extra `channels` is absent, or the address cannot be used.
        """
        service = address.partition("://")[0].lower()
        if "://" not in address or service not in SERVICES:
            raise SettingsError(
                "The address is of no service that may be used.",
                f"Use an Apprise address of one of {', '.join(SERVICES)}.",
            )
        self._apprise = _load_apprise()
        self._address = address
        self.endpoint = hashlib.sha256(address.encode()).hexdigest()
        if not len(self._open()):
            raise SettingsError(
                f"The {service} address is not complete.",
                "See the Apprise documentation of that service for how it is written.",
            )

    def send(self, message: Message) -> Outcome:
        """Sends a message; what the service refuses is tried again, as it may be for a moment."""
        data = json.loads(message.body)["data"]
        if self._open().notify(body=write_text(data), title=data["title"]):
            return Delivered("accepted")
        return Retry(None, "the service did not accept it")

    def _open(self) -> Any:
        # No state on disk and no retries of its own: the outbox does that.
        asset = self._apprise.AppriseAsset(
            app_id="Tocsin",
            async_mode=False,
            secure_logging=True,
            storage_mode=self._apprise.PersistentStoreMode.MEMORY,
        )
        opened = self._apprise.Apprise(asset=asset)
        opened.add(self._address)
        return opened


def write_text(data: dict[str, Any]) -> str:
    """Returns the alerts of a message, as many as `LONGEST_TEXT` holds, and the link to all.

    Args:
        data: The `data` of a message; its title says already if it is simulated.
    """
    link = f"\n{data['links']['all_alerts']}"
    texts = [str(item["text"]) for item in data["alerts"]]
    n_omitted = int(data["n_omitted"])
    lines: list[str] = []
    for number, text in enumerate(texts):
        rest = len(texts) - number - 1 + n_omitted
        more = f"\n… +{rest}" if rest else ""
        if sum(len(line) + 1 for line in lines) + len(text) + len(more) + len(link) > LONGEST_TEXT:
            break
        lines.append(text)
    left = len(texts) - len(lines) + n_omitted
    return "\n".join([*lines, *([f"… +{left}"] if left else [])]) + link


def _load_apprise() -> Any:
    # Below warnings the library logs whole addresses, which are secrets.
    logging.getLogger("apprise").setLevel(logging.WARNING)
    try:
        return import_module("apprise")
    except ImportError:
        raise SettingsError(
            "Chat services and text messages need the extra 'channels'.",
            "Install it: pip install 'tocsin[channels]'.",
        ) from None
