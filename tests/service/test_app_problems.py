"""The table of errors: complete, and as scripts and clients know it."""

from __future__ import annotations

import json

import pytest

from data import errors
from service.problems import (
    OUTCOMES,
    describe_error,
    describe_problem,
    encode_problem,
    exit_code_of,
    outcome_of,
)

KINDS = [
    kind
    for kind in vars(errors).values()
    if isinstance(kind, type) and issubclass(kind, errors.TocsinError)
]


@pytest.mark.parametrize("kind", KINDS)
def test_every_error_has_an_outcome(kind):
    if kind is not errors.TocsinError:
        assert kind.code in OUTCOMES
    assert 400 <= outcome_of(kind("No.")).status < 600


@pytest.mark.parametrize(
    ("code", "exit_code"),
    [
        ("usage", 2),
        ("settings", 3),
        ("missing_input", 4),
        ("bad_input", 5),
        ("unknown_name", 6),
        ("nothing_known", 7),
        ("not_ready", 8),
        ("conflict", 9),
        ("refused", 10),
        ("source_unavailable", 11),
        ("state", 70),
    ],
)
def test_exit_codes_never_change(code, exit_code):
    (kind,) = [kind for kind in KINDS if kind.code == code]
    assert exit_code_of(kind("No.")) == exit_code


def test_an_error_of_no_known_kind_is_internal():
    class Strange(errors.TocsinError):
        code = "strange"

    assert exit_code_of(Strange("No.")) == 70
    assert describe_error(Strange("No."), instance="/x")["code"] == "internal"


def test_a_problem_has_the_members_of_the_standard():
    problem = describe_error(errors.UnknownName("No set 'é'.", "There is: a."), instance="/x")
    assert problem == {
        "type": "/api/v1/problems#unknown_name",
        "title": "Nothing has that name",
        "status": 404,
        "code": "unknown_name",
        "detail": "No set 'é'.",
        "instance": "/x",
        "hint": "There is: a.",
    }
    assert json.loads(encode_problem(problem)) == problem
    assert "hint" not in describe_problem("usage", "No.", instance="/x")
