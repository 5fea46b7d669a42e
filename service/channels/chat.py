"""The Apprise channel: chat services and text messages, through the Apprise library.

The library comes with the extra `channels`. It opens its own connections: they go through
`service.channels.guarded_dialling`, so that no address leads inside. Of the services that it knows
only those below may be named, and of their options none that weakens the check or reads a file.
"""

from __future__ import annotations

import hashlib
import json
import logging
from importlib import import_module
from typing import Any
from urllib.parse import parse_qsl

from data.errors import SettingsError
from service.channels.contract import Delivered, Message, Outcome, Retry
from service.channels.guarded_dialling import guard_dialling

SERVICES = (
    *("discord", "mmost", "mmosts", "rocket", "rockets", "slack", "tgram", "workflows"),
    *("signal", "signals", "whatsapp"),
    *("clickatell", "clicksend", "msgbird", "nexmo", "sinch", "sns", "twilio", "vonage"),
    *("json", "jsons"),
)
"""Kinds of Apprise addresses that may be used: chats, Signal and WhatsApp, text messages, JSON."""

_PLAIN = frozenset({"json", "mmost", "rocket", "signal"})

REFUSED_OPTIONS = frozenset(
    {"attach", "cto", "redirect", "retry", "rto", "template", "verify", "wait"}
)
"""Options of an Apprise address that may not be set: they call or read more than the service, leave
the certificate unchecked, or wait longer than the lease of a message."""

LONGEST_TEXT = 1_000
"""Characters of a message: a chat or a text message points to the list, it does not hold it."""


class ChatChannel:
    """Sends title, the first alerts and a link by one Apprise address."""

    name = "apprise"

    def __init__(self, address: str, *, allow_loopback: bool) -> None:
        """Opens the channel; nothing is called.

        Args:
            address: An Apprise address, e.g. `tgram://token/chat`; it is a secret.
            allow_loopback: Accept a service on this machine, also by plain http.

        Raises:
            SettingsError: The extra `channels` is absent, or the address cannot be used.
        """
        service, is_complete, rest = address.partition("://")
        service = service.strip().lower()
        if not is_complete or service not in SERVICES:
            raise SettingsError(
                "The address is of no service that may be used.",
                f"Use an Apprise address of one of {', '.join(SERVICES)}.",
            )
        options = {name.strip().lower() for name, _ in parse_qsl(rest.partition("?")[2], True)}
        if refused := sorted(REFUSED_OPTIONS & options):
            raise SettingsError(
                f"The {service} address sets an option that may not be set: {', '.join(refused)}.",
                "Leave it out.",
            )
        self._apprise = _load_apprise()
        self._address = address
        self._allow_loopback = allow_loopback
        self.endpoint = hashlib.sha256(address.encode()).hexdigest()
        opened = self._open()
        if len(opened) != 1:
            raise SettingsError(
                f"The {service} address is not complete, or more than one.",
                "See the Apprise documentation of that service for how it is written.",
            )
        self._is_tls = service not in _PLAIN
        if not self._is_tls and not allow_loopback:
            raise SettingsError(
                f"A {service} address is called by plain http, which is for this machine only.",
                f"Use {service}s, or set TOCSIN_WEBHOOK_ALLOW_LOOPBACK=true for a service on this "
                "machine.",
            )

    def send(self, message: Message) -> Outcome:
        """Sends a message; what the service refuses is tried again, as it may be for a moment."""
        data = json.loads(message.body)["data"]
        with guard_dialling(is_tls=self._is_tls, allow_loopback=self._allow_loopback) as dialling:
            is_accepted = self._open().notify(body=write_text(data), title=data["title"])
        if dialling.refusal is not None:
            return Retry(None, dialling.refusal.message)
        return (
            Delivered("accepted") if is_accepted else Retry(None, "the service did not accept it")
        )

    def _open(self) -> Any:
        # No state on disk, no redirects, and no retries of its own: the outbox does that.
        asset = self._apprise.AppriseAsset(
            http_redirects=False,
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
