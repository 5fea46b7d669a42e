"""What a channel is: it sends one message and says what came of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True)
class Message:
    """One message on its way to one contact point.

    Attributes:
        message_id: The same over all tries; a receiver that sees it twice may drop the second.
        contact_point: Name of the contact point.
        body: The JSON document that `service.alerts.message` writes.
        attempt: Number of this try, from 1.
    """

    message_id: str
    contact_point: str
    body: str
    attempt: int


@dataclass(frozen=True)
class Delivered:
    """The receiver has accepted the message.

    Attributes:
        detail: What it answered, for the log of attempts; never a secret.
    """

    detail: str


@dataclass(frozen=True)
class Retry:
    """The receiver did not accept the message now.

    Attributes:
        after_seconds: The receiver asks not to be tried before; None if it says nothing.
        detail: What happened, for the log of attempts; never a secret.
    """

    after_seconds: float | None
    detail: str


@dataclass(frozen=True)
class Dead:
    """The receiver will never accept the message.

    Attributes:
        detail: What happened, for the log of attempts; never a secret.
        is_gone: True if the receiver wants no message any more: its endpoint is disabled.
    """

    detail: str
    is_gone: bool = False


Outcome = Delivered | Retry | Dead


class Channel(Protocol):
    """A way to reach one contact point.

    `send` returns an outcome for everything that a receiver or the network can do; it raises only
    for a bug. It takes less time than the lease of the outbox.
    """

    @property
    def name(self) -> str:
        """Name of the kind of channel, e.g. `webhook`."""
        ...

    @property
    def endpoint(self) -> str:
        """Fingerprint of where it sends to; another address has another one."""
        ...

    def send(self, message: Message) -> Outcome:
        """Sends a message and returns what came of it."""
        ...
