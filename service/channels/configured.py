"""The channels that the settings ask for, by contact point."""

from __future__ import annotations

from service.channels.contract import Channel
from service.channels.guarded_client import GuardedClient
from service.channels.log import LogChannel
from service.channels.webhook import WebhookChannel
from service.clock import Clock
from service.settings import Settings


def open_channels(settings: Settings, clock: Clock) -> dict[str, Channel]:
    """Returns the channel of each contact point: `log`, and `webhook` if its address is set.

    Nothing is called. Run it at start-up to learn of a wrong setting at once.

    Raises:
        SettingsError: The webhook's address or secret cannot be used.
    """
    channels: dict[str, Channel] = {"log": LogChannel()}
    if settings.webhook_url is not None:
        secret = settings.webhook_secret
        channels["webhook"] = WebhookChannel(
            settings.webhook_url.get_secret_value(),
            secret.get_secret_value() if secret else None,
            client=GuardedClient(allow_loopback=settings.webhook_allow_loopback),
            clock=clock,
            allow_loopback=settings.webhook_allow_loopback,
        )
    return channels
