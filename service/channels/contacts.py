"""Contact points: somebody, or something, that is told, and how it is reached."""

from __future__ import annotations

import re
from pathlib import PurePath
from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from service.channels.references import is_good_reference, is_reference
from service.languages import Language

ChannelKind = Literal["log", "webhook", "email", "apprise", "cap_folder"]

_MAILBOX = re.compile(r"^[^@\s<>(),;:\"\\]+@[A-Za-z0-9.-]+$")


class ContactPoint(BaseModel):
    """Somebody, or something, that is told; see the fields."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    name: str = Field(
        pattern=r"^[a-z0-9][a-z0-9_-]*$", max_length=64, description="Name that never changes."
    )
    channel: ChannelKind = Field(description="How it is reached.")
    address: str | None = Field(
        default=None,
        description=(
            "Webhook: its URL; e-mail: a mailbox; CAP folder: its path. 'env:NAME' and "
            "'file:/path' say where the address stands; that of an Apprise service must be one of "
            "these."
        ),
    )
    secret: str | None = Field(
        default=None, description="Webhook: where its signing secret stands, a reference."
    )
    language: Language = Field(default="en", description="Language of what it is told.")
    labels: dict[str, str] = Field(default={}, description="Words by which routes choose it.")

    @property
    def is_told_of_alerts(self) -> bool:
        """False for a CAP folder, which gets every CAP message and nothing else."""
        return self.channel != "cap_folder"

    @model_validator(mode="after")
    def _check(self) -> Self:
        for name, text in (("address", self.address), ("secret", self.secret)):
            if text is not None and is_reference(text) and not is_good_reference(text):
                raise ValueError(f"{name}: write a reference as 'env:NAME' or 'file:/path'")
        if self.channel == "log":
            if self.address is not None:
                raise ValueError("the log has no address")
        elif self.address is None:
            raise ValueError(f"{self.channel} needs an address")
        elif not is_reference(self.address):
            _check_plain(self.channel, self.address)
        if self.channel == "webhook":
            if self.secret is None or not is_reference(self.secret):
                raise ValueError(
                    "a webhook needs a secret, and not the secret itself but where it stands: "
                    "'env:NAME' or 'file:/path'"
                )
        elif self.secret is not None:
            raise ValueError(f"{self.channel} takes no secret")
        return self


def _check_plain(channel: ChannelKind, address: str) -> None:
    if channel == "email" and not (_MAILBOX.match(address) and address.isascii()):
        raise ValueError(f"'{address}' is no mailbox, which looks like desk@example.org")
    if channel == "apprise":
        raise ValueError(
            "an Apprise address is a secret: write where it stands, 'env:NAME' or 'file:/path'"
        )
    if channel == "cap_folder" and not PurePath(address).is_absolute():
        raise ValueError("the address of a CAP folder is its path, from / on")
    if channel == "webhook" and not address.startswith(("https://", "http://")):
        raise ValueError("a webhook is an https address")
