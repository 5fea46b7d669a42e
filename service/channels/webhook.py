"""The webhook channel: a signed POST after Standard Webhooks (standardwebhooks.com).

The headers are `webhook-id` (the same over all tries), `webhook-timestamp` (the moment of the try)
and `webhook-signature` (HMAC-SHA256 over id, timestamp and body; several, parted by spaces, while
a secret is replaced).
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping
from datetime import datetime
from email.utils import parsedate_to_datetime

from standardwebhooks import Webhook

from data.errors import Refused, SettingsError, SourceUnavailable
from service.channels.addresses import read_target
from service.channels.contract import Dead, Delivered, Message, Outcome, Retry
from service.channels.guarded_client import Answer, GuardedClient
from service.clock import Clock

_SECRET_PREFIX = "whsec_"  # noqa: S105 - the prefix is public
_SECRET_BYTES = range(24, 65)
_HOW_TO_MAKE_ONE = (
    'Make one with: python3 -c "import base64, secrets; '
    "print('whsec_' + base64.b64encode(secrets.token_bytes(32)).decode())\" "
    "and give it to the receiver too."
)


class WebhookChannel:
    """Posts messages to one address.

    Args:
        url: Address of the receiver; kept out of logs, for it may hold a token.
        secrets: One or more signing secrets, parted by spaces; the receiver needs one of them.
        client: The guarded client.
        clock: The clock, for the timestamp of a try.
        allow_loopback: Accept a plain http address (which the client calls on this machine only).

    Raises:
        SettingsError: The address or a secret cannot be used.
    """

    name = "webhook"

    def __init__(
        self,
        url: str,
        secrets: str | None,
        *,
        client: GuardedClient,
        clock: Clock,
        allow_loopback: bool = False,
    ) -> None:
        try:
            read_target(url, allow_loopback=allow_loopback)
        except Refused as problem:
            raise SettingsError(
                f"The webhook's address: {problem.message}",
                "Use an https address (or plain http on this machine with "
                "TOCSIN_WEBHOOK_ALLOW_LOOPBACK=true).",
            ) from None
        self._url = url
        self._signers = read_secrets(secrets)
        self._client = client
        self._clock = clock
        self.endpoint = hashlib.sha256(url.encode()).hexdigest()

    def send(self, message: Message) -> Outcome:
        """Posts a message; every status but 2xx and 410 means: try again."""
        now = self._clock()
        signatures = [
            signer.sign(message.message_id, now, message.body) for signer in self._signers
        ]
        headers = {
            "Content-Type": "application/json",
            "User-Agent": "Tocsin",
            "webhook-id": message.message_id,
            "webhook-timestamp": str(int(now.timestamp())),
            "webhook-signature": " ".join(signatures),
        }
        try:
            answer = self._client.post(self._url, content=message.body.encode(), headers=headers)
        except (Refused, SourceUnavailable) as problem:
            return Retry(None, problem.message)
        return _judge(answer, now)


def read_secrets(text: str | None) -> tuple[Webhook, ...]:
    """Returns a signer for each secret.

    Raises:
        SettingsError: There is no secret, or one is not `whsec_` and 24 to 64 bytes in base64.
    """
    if not text or not text.split():
        raise SettingsError(
            "The webhook has no secret (TOCSIN_WEBHOOK_SECRET, or the one that its contact point "
            "names): a receiver could not tell our messages from others.",
            _HOW_TO_MAKE_ONE,
        )
    signers = []
    for secret in text.split():
        try:
            key = base64.b64decode(secret.removeprefix(_SECRET_PREFIX), validate=True)
        except ValueError:
            key = b""
        if not secret.startswith(_SECRET_PREFIX) or len(key) not in _SECRET_BYTES:
            raise SettingsError(
                "The webhook's secret is not 'whsec_' followed by 24 to 64 bytes in base64.",
                _HOW_TO_MAKE_ONE,
            )
        signers.append(Webhook(key))
    return tuple(signers)


def _judge(answer: Answer, now: datetime) -> Outcome:
    status = answer.status
    if 200 <= status < 300:
        return Delivered(f"HTTP {status}")
    if status == 410:
        return Dead("HTTP 410: the receiver wants no more messages", is_gone=True)
    words = " (redirects are not followed)" if 300 <= status < 400 else ""
    return Retry(_asked_seconds(answer.headers, now), f"HTTP {status}{words}")


def _asked_seconds(headers: Mapping[str, str], now: datetime) -> float | None:
    """Returns the seconds that `Retry-After` asks to wait, given as a number or as a date."""
    text = headers.get("retry-after", "").strip()
    if text.isascii() and text.isdigit():
        # Six digits are more than eleven days already; more would be no number of seconds.
        return float(text) if len(text) <= 6 else 1e6
    try:
        moment = parsedate_to_datetime(text)
    except (TypeError, ValueError):
        return None
    if moment.tzinfo is None:
        return None
    return max(0.0, (moment - now).total_seconds())
