"""Contact files: TOML with `[[contacts]]`, `[[routes]]` and a table `[default]`."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from data.errors import BadInput, MissingInput
from service.alerts.routes import ContactBook, Route
from service.alerts.toml_lines import find_lines, line_of
from service.channels.contacts import ContactPoint

EXAMPLE = Path(__file__).with_name("example_contacts.toml")
"""A contact file to begin from."""

_Item = TypeVar("_Item", bound=BaseModel)
_TABLES = {"contacts", "routes", "default"}


class ContactRefusal(BaseModel):
    """Something in a contact file that cannot be used.

    Attributes:
        line: Line from 1, or None where it cannot be told.
        subject: The contact point or route; None if the file as a whole is meant.
        reason: What is wrong.
    """

    line: int | None
    subject: str | None
    reason: str

    def __str__(self) -> str:
        where = "" if self.line is None else f"line {self.line}: "
        return f"{where}{self.reason}"


def read_contacts(path: Path) -> ContactBook:
    """Returns the book of a file.

    Raises:
        MissingInput: There is no such file, or it cannot be read.
        BadInput: It is no TOML, or something in it is refused; the message says all with lines.
    """
    book, refusals = check_contact_file(path)
    if book is None:
        reasons = "; ".join(map(str, refusals))
        raise BadInput(f"{path}: {reasons}.", "Mend the file; nothing was stored.")
    return book


def check_contact_file(path: Path) -> tuple[ContactBook | None, tuple[ContactRefusal, ...]]:
    """Returns the book of a file, or None and all that is wrong with it.

    Raises:
        MissingInput: There is no such file, or it cannot be read.
    """
    try:
        text = path.read_text(encoding="utf-8")
        content = tomllib.loads(text)
    except OSError as problem:
        raise MissingInput(
            f"The contact file {path} cannot be read: {problem.strerror}.", "Check the path."
        ) from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as problem:
        return None, (_refuse(None, None, f"not a TOML file: {problem}"),)
    unknown = sorted(set(content) - _TABLES)
    if unknown:
        known = "[[contacts]], [[routes]] and [default]"
        return None, (_refuse(None, None, f"'{unknown[0]}' is unknown: a file holds {known}"),)
    refusals: list[ContactRefusal] = []
    contacts = _read_tables(content.get("contacts", []), text, "contacts", ContactPoint, refusals)
    routes = _read_tables(content.get("routes", []), text, "routes", Route, refusals)
    default = _read_tables([content.get("default", {})], text, "default", Route, refusals)
    _check_names(contacts, [*routes, *default], refusals)
    if not contacts and not refusals:
        refusals.append(_refuse(None, None, "there is no [[contacts]]: nobody would be told"))
    if not refusals:
        try:
            found = [item for _, item in contacts], [item for _, item in routes]
            book = ContactBook(
                contacts=tuple(found[0]), routes=tuple(found[1]), default=default[0][1]
            )
        except ValidationError as problem:
            reason = problem.errors()[0]["msg"].removeprefix("Value error, ")
            refusals.append(_refuse(None, "default", reason))
        else:
            return book, ()
    return None, tuple(refusals)


def _read_tables(
    bodies: Any, text: str, name: str, kind: type[_Item], refusals: list[ContactRefusal]
) -> list[tuple[dict[tuple[str | int, ...], int], _Item]]:
    """Returns each table of a name that can be used, with its lines."""
    if not isinstance(bodies, list):
        refusals.append(_refuse(None, None, f"'{name}' is a list of tables, written [[{name}]]"))
        return []
    lines = find_lines(text, name)
    if len(lines) != len(bodies):
        # Written in a way that the reading of lines does not follow, or not there at all.
        lines = [{} for _ in bodies]
    found = []
    for number, (body, places) in enumerate(zip(bodies, lines, strict=True), start=1):
        subject = f"route {number}" if name == "routes" else name
        if isinstance(body, dict) and "name" in body:
            subject = str(body["name"])
        try:
            found.append((places, kind.model_validate_json(json.dumps(body, default=str))))
        except ValidationError as problem:
            for error in problem.errors(include_url=False, include_input=False):
                where = ".".join(str(part) for part in error["loc"])
                reason = error["msg"].removeprefix("Value error, ")
                words = f"{where}: {reason}" if where else reason
                line = line_of(places, error["loc"])
                refusals.append(_refuse(line, subject, f"'{subject}' is refused: {words}"))
    return found


def _check_names(
    contacts: list[tuple[dict[tuple[str | int, ...], int], ContactPoint]],
    routes: list[tuple[dict[tuple[str | int, ...], int], Route]],
    refusals: list[ContactRefusal],
) -> None:
    """Refuses names that come twice, and routes to contact points that are not there."""
    names: set[str] = set()
    for places, contact in contacts:
        if contact.name in names:
            reason = f"'{contact.name}' is there twice: give each contact point its own name"
            refusals.append(_refuse(line_of(places, ("name",)), contact.name, reason))
        names.add(contact.name)
    if refusals:
        # What is refused is named by its own refusal, not by every route that leads to it.
        return
    for places, route in routes:
        for name in route.contacts:
            if name not in names:
                reason = f"a route leads to '{name}', but there is no such contact point"
                refusals.append(_refuse(line_of(places, ("contacts",)), None, reason))
        labels = route.contact_labels.items()
        is_found = any(
            all(contact.labels.get(name) == value for name, value in labels)
            for _, contact in contacts
        )
        if labels and not is_found:
            reason = "no contact point has the labels that a route asks for"
            refusals.append(_refuse(line_of(places, ("contact_labels",)), None, reason))
        if not labels and not route.contacts and route.match:
            reason = "a route names nobody: give it 'contacts' or 'contact_labels'"
            refusals.append(_refuse(line_of(places, ()), None, reason))


def _refuse(line: int | None, subject: str | None, reason: str) -> ContactRefusal:
    return ContactRefusal(line=line, subject=subject, reason=reason)
