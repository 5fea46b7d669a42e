"""Which HTTP status and which exit code an error becomes: the one table.

Also the body of a problem as RFC 9457 wants it. Knows no web framework, so that the command line
can read the table without loading one.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from data.errors import TocsinError

PROBLEM_MEDIA_TYPE = "application/problem+json"
PROBLEMS_PATH = "/api/v1/problems"


@dataclass(frozen=True)
class Outcome:
    """What an error code means to a caller.

    Attributes:
        status: HTTP status.
        exit_code: Exit code of a command.
        title: What kind of error it is, the same for every occurrence.
    """

    status: int
    exit_code: int
    title: str


OUTCOMES: dict[str, Outcome] = {
    "usage": Outcome(422, 2, "The request contradicts itself or asks for something impossible"),
    "settings": Outcome(500, 3, "A setting is unknown or out of range"),
    "missing_input": Outcome(422, 4, "An input file is not there or cannot be read"),
    "bad_input": Outcome(422, 5, "An input is not what it should be"),
    "unknown_name": Outcome(404, 6, "Nothing has that name"),
    "nothing_known": Outcome(404, 7, "Nothing is known as of the day asked for"),
    "not_ready": Outcome(503, 8, "A step that must come first has not been done"),
    "conflict": Outcome(409, 9, "The write contradicts what is stored"),
    "refused": Outcome(403, 10, "A signature, a licence or a guard says no"),
    "source_unavailable": Outcome(502, 11, "An outside source or receiver fails"),
    "state": Outcome(500, 70, "The service's own state is inconsistent"),
    # Only the web knows these: no command ends with them.
    "key_missing": Outcome(401, 10, "The request needs a key"),
    "key_invalid": Outcome(401, 10, "The key does not hold"),
    "scope_missing": Outcome(403, 10, "The key may not do this"),
    "too_many_tries": Outcome(429, 10, "Too many wrong keys"),
    "not_found": Outcome(404, 6, "There is no such page"),
    "method_not_allowed": Outcome(405, 2, "The address does not answer to this method"),
    "bad_request": Outcome(400, 2, "The request cannot be read"),
    "too_large": Outcome(413, 2, "The body is too long"),
    "internal": Outcome(500, 70, "The service failed"),
}
"""Error code to outcome. Codes and numbers are stable: clients and scripts rely on them."""


def outcome_of(error: TocsinError) -> Outcome:
    """Returns what an error means to a caller; an unlisted code counts as `internal`."""
    return OUTCOMES.get(error.code, OUTCOMES["internal"])


def exit_code_of(error: TocsinError) -> int:
    """Returns the exit code of a command that ends with `error`."""
    return outcome_of(error).exit_code


def describe_problem(
    code: str, detail: str, hint: str = "", *, instance: str, errors: list[Any] | None = None
) -> dict[str, Any]:
    """Returns the members of a problem (Nottingham, Wilde & Dalal 2023, RFC 9457).

    Args:
        code: A key of `OUTCOMES`; it is also the member `code`, which clients may rely on.
        detail: What is wrong this time, one line.
        hint: What the caller can do; left out if empty.
        instance: Path of the request.
        errors: One entry per wrong parameter; left out if None.
    """
    outcome = OUTCOMES[code]
    problem: dict[str, Any] = {
        "type": f"{PROBLEMS_PATH}#{code}",
        "title": outcome.title,
        "status": outcome.status,
        "code": code,
        "detail": detail,
        "instance": instance,
    }
    if hint:
        problem["hint"] = hint
    if errors is not None:
        problem["errors"] = errors
    return problem


def describe_error(error: TocsinError, *, instance: str) -> dict[str, Any]:
    """Returns the problem that `error` is, asked for at the path `instance`."""
    code = error.code if error.code in OUTCOMES else "internal"
    return describe_problem(code, error.message, error.hint, instance=instance)


def encode_problem(problem: Mapping[str, Any]) -> bytes:
    """Returns the problem as UTF-8 JSON."""
    return json.dumps(problem, ensure_ascii=False, separators=(",", ":")).encode()
