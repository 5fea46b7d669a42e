"""Routes: which contact points hear of an alert, and which alerts share a message.

An alert takes every route whose labels it has. One that takes none takes the default route, which
always exists. Pure: what a book holds comes from a file (`service.alerts.contact_files`).
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from service.channels.contacts import ContactPoint

GroupLabel = Literal["rule", "country", "region", "outcome", "horizon", "kind", "subject"]
Labels = Mapping[str, str]

_KEY_LENGTH = 96


class Route(BaseModel):
    """Where alerts of some labels go; see the fields."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    match: dict[str, str | tuple[str, ...]] = Field(
        default={}, description="Label to value, or to several of which one must hold."
    )
    contacts: tuple[str, ...] = Field(default=(), description="Names of contact points.")
    contact_labels: dict[str, str] = Field(
        default={}, description="All contact points that have these labels, too."
    )
    group_by: tuple[GroupLabel, ...] = Field(
        default=("rule", "country"),
        description="Alerts that have the same values of these share a message.",
    )
    repeat_after_days: int | None = Field(
        default=None, ge=1, description="Instead of what the rule says."
    )

    def matches(self, labels: Labels) -> bool:
        """Returns True if an alert of these labels takes the route."""
        return all(
            labels.get(name) in ((wanted,) if isinstance(wanted, str) else wanted)
            for name, wanted in self.match.items()
        )

    def reaches(self, contact: ContactPoint) -> bool:
        """Returns True if the route names a contact point, or all labels that it asks for."""
        if contact.name in self.contacts:
            return True
        asked = self.contact_labels.items()
        return bool(asked) and all(contact.labels.get(name) == value for name, value in asked)


class ContactBook(BaseModel):
    """Who can be told, and who is: contact points and routes.

    Attributes:
        contacts: Contact points, in the order of the file.
        routes: Routes, in the order of the file; the first one that reaches a contact point says
            how its alerts are grouped.
        default: What an alert takes that takes no route. One that names nobody reaches everybody.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    contacts: tuple[ContactPoint, ...] = Field(min_length=1)
    routes: tuple[Route, ...] = ()
    default: Route = Route()

    @model_validator(mode="after")
    def _check_default(self) -> Self:
        if self.default.match:
            raise ValueError("the default route matches everything: leave out 'match'")
        return self

    def route_to(self, contact: ContactPoint, labels: Labels) -> Route | None:
        """Returns the route by which an alert reaches a contact point; None if it does not."""
        taken = [route for route in self.routes if route.matches(labels)]
        for route in taken:
            if route.reaches(contact):
                return route
        if taken:
            return None
        is_for_all = not self.default.contacts and not self.default.contact_labels
        return self.default if is_for_all or self.default.reaches(contact) else None


def group_key(route: Route, labels: Labels) -> str:
    """Returns the key of the alerts that share a message, e.g. `escalation-risk/MLI`."""
    key = "/".join(labels.get(name, "") for name in route.group_by) or "all"
    if len(key) > _KEY_LENGTH:
        return hashlib.sha256(key.encode()).hexdigest()
    return key
