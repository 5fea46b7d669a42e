"""The whole error tree of Tocsin.

Every error carries a stable `code` and, where there is one, a `hint`: what the user can do.
Which HTTP status and which exit code a `code` maps to is the business of the service
(`service.problems`), not of the rooms below it.

    TocsinError
    ├── UsageError            the request contradicts itself
    ├── SettingsError         a TOCSIN_* variable is unknown or out of range
    ├── MissingInput          a file that is not there or cannot be read
    ├── BadInput              a file that is there but is not what it should be
    ├── UnknownName           no such region set, model, source or rule
    ├── NothingKnown          no data is known as of the day asked for
    ├── NotReady              a step that must come first has not been done
    ├── Conflict              the write contradicts what is stored
    ├── Refused               a signature, a licence or a guard says no
    ├── KeyMissing            a request that needs a key has none
    ├── KeyInvalid            a key that nobody has, or that has ended
    ├── ScopeMissing          a key that may not do this
    ├── TooManyTries          too many wrong keys from one address
    ├── SourceUnavailable     an outside source or receiver fails
    └── StateError            our own state is inconsistent: a bug or a damaged database
"""

from __future__ import annotations

from typing import ClassVar


class TocsinError(Exception):
    """Base of all errors that Tocsin raises on purpose.

    Args:
        message: One line: what is wrong, with the value that was found.
        hint: One line: what the user can do about it; empty if nothing.
    """

    code: ClassVar[str] = "tocsin_error"

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.message} {self.hint}".strip()


class UsageError(TocsinError):
    """The request contradicts itself or asks for something impossible."""

    code = "usage"


class SettingsError(TocsinError):
    """A setting is unknown or out of range."""

    code = "settings"


class MissingInput(TocsinError):
    """An input file is not there or cannot be read."""

    code = "missing_input"


class BadInput(TocsinError):
    """An input is there but is not what it should be; nothing of it is stored."""

    code = "bad_input"


class UnknownName(TocsinError):
    """A region set, model, source, rule or region of that name does not exist."""

    code = "unknown_name"


class NothingKnown(TocsinError):
    """Nothing is known as of the day asked for."""

    code = "nothing_known"


class NotReady(TocsinError):
    """A step that must come first has not been done."""

    code = "not_ready"


class Conflict(TocsinError):
    """The write contradicts what is stored."""

    code = "conflict"


class Refused(TocsinError):
    """A signature, a licence or a guard says no."""

    code = "refused"


class KeyMissing(TocsinError):
    """The request needs a key and has none."""

    code = "key_missing"


class KeyInvalid(TocsinError):
    """The key is unknown, has expired or was revoked; which of them is not told."""

    code = "key_invalid"


class ScopeMissing(TocsinError):
    """The key is good but has not the scope that the request needs.

    Args:
        scope: The scope.
    """

    code = "scope_missing"

    def __init__(self, scope: str) -> None:
        super().__init__(
            f"The key has not the scope '{scope}'.", "Ask the operator for a key that has it."
        )
        self.scope = scope


class TooManyTries(TocsinError):
    """Too many wrong keys came from one address within a minute."""

    code = "too_many_tries"


class SourceUnavailable(TocsinError):
    """An outside source or receiver does not answer, or answers nonsense."""

    code = "source_unavailable"


class StateError(TocsinError):
    """Our own state is inconsistent: a bug, or a damaged database."""

    code = "state"
