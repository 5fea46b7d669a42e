"""The channels of contact points, opened."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from data.errors import SettingsError
from service.channels.cap_folder import CapFolderChannel, ReadCap
from service.channels.chat import ChatChannel
from service.channels.contacts import ContactPoint
from service.channels.contract import Channel
from service.channels.guarded_client import GuardedClient
from service.channels.log import LogChannel
from service.channels.mail import MailChannel
from service.channels.mail_text import Picture
from service.channels.references import resolve_reference
from service.channels.webhook import WebhookChannel
from service.clock import Clock
from service.settings import Settings


@dataclass(frozen=True)
class OpenedChannels:
    """Channels by contact point.

    Attributes:
        channels: Those that can be used.
        problems: Why each of the others cannot be.
    """

    channels: Mapping[str, Channel]
    problems: Mapping[str, SettingsError]


def open_channels(
    contacts: Iterable[ContactPoint],
    settings: Settings,
    clock: Clock,
    picture: Picture | None = None,
    read_cap: ReadCap | None = None,
) -> OpenedChannels:
    """Returns the channel of each contact point; nothing is called.

    One that cannot be opened, because its secret is not here, keeps no other from being used.

    Args:
        contacts: The contact points.
        settings: For servers and for what may be called.
        clock: The clock.
        picture: Draws the map of an e-mail.
        read_cap: Reads the CAP messages for a folder; without it none can be written.
    """
    channels: dict[str, Channel] = {}
    problems: dict[str, SettingsError] = {}
    for contact in contacts:
        try:
            channels[contact.name] = open_channel(contact, settings, clock, picture, read_cap)
        except SettingsError as problem:
            problems[contact.name] = problem
    return OpenedChannels(channels, problems)


def open_channel(
    contact: ContactPoint,
    settings: Settings,
    clock: Clock,
    picture: Picture | None = None,
    read_cap: ReadCap | None = None,
) -> Channel:
    """Returns the channel of a contact point; see `open_channels`.

    Raises:
        SettingsError: Its address or secret is not there or cannot be used.
    """
    if contact.channel == "log":
        return LogChannel()
    address = resolve_reference(contact.address or "", settings)
    if contact.channel == "webhook":
        return WebhookChannel(
            address,
            resolve_reference(contact.secret or "", settings),
            client=GuardedClient(allow_loopback=settings.webhook_allow_loopback),
            clock=clock,
            allow_loopback=settings.webhook_allow_loopback,
        )
    if contact.channel == "apprise":
        return ChatChannel(address, allow_loopback=settings.webhook_allow_loopback)
    if contact.channel == "cap_folder":
        return CapFolderChannel(address, read_cap or _read_no_cap)
    return MailChannel(contact.name, address, settings, picture)


def _read_no_cap(identifiers: Sequence[str]) -> Mapping[str, bytes]:
    del identifiers
    return {}
