"""Forms as browsers send them: names and values, read strictly."""

from __future__ import annotations

from urllib.parse import parse_qsl

from fastapi import Request

from data.errors import UsageError

LARGEST_FORM = 16_384
"""Bytes; a form of ours is far smaller."""


async def read_form(request: Request) -> dict[str, str]:
    """Returns the fields of a form, as a dependency of an address that takes one.

    Raises:
        UsageError: It is no form, too long, or says something twice.
    """
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != "application/x-www-form-urlencoded":
        raise UsageError("This address takes a form.", "Use the page that has it.")
    body = b""
    async for part in request.stream():
        body += part
        if len(body) > LARGEST_FORM:
            raise UsageError(f"The form is longer than {LARGEST_FORM} bytes.", "Shorten the text.")
    try:
        pairs = parse_qsl(
            body.decode("ascii"), keep_blank_values=True, strict_parsing=True, errors="strict"
        )
    except (UnicodeError, ValueError):
        raise UsageError("The form cannot be read.", "Use the page that has it.") from None
    fields = dict(pairs)
    if len(fields) < len(pairs):
        raise UsageError("The form says something twice.", "Use the page that has it.")
    return fields


def take_field(fields: dict[str, str], name: str, *, longest: int) -> str:
    """Returns a field without spaces around it; empty if it is not there.

    Raises:
        UsageError: It is longer than allowed, or holds a NUL, which PostgreSQL does not take.
    """
    text = fields.get(name, "").strip()
    if "\0" in text:
        raise UsageError(f"{name.capitalize()} holds a NUL.", "Take it out.")
    if len(text) > longest:
        raise UsageError(f"{name.capitalize()} is longer than {longest} characters.", "Shorten it.")
    return text
