"""The gate opens only where skill is beyond doubt."""

from __future__ import annotations

import pytest

from models.bootstrap import Interval
from models.skill.gate import judge

GOOD, WEAK, BAD, UNKNOWN = (
    Interval(0.1, 0.02, 0.2),
    Interval(0.1, 0.0, 0.2),
    Interval(-0.1, -0.2, 0.1),
    Interval(float("nan"), float("nan"), float("nan")),
)


@pytest.mark.parametrize(
    ("climatology", "conflictology", "is_passed", "named"),
    [
        (GOOD, GOOD, True, []),
        (WEAK, GOOD, False, ["climatology"]),
        (GOOD, WEAK, False, ["conflictology"]),
        (BAD, BAD, False, ["climatology", "conflictology"]),
        (UNKNOWN, GOOD, False, ["climatology"]),
    ],
)
def test_every_rival_must_be_beaten(climatology, conflictology, is_passed, named):
    verdict = judge({"climatology": climatology, "conflictology": conflictology, "zeros": BAD})
    assert verdict.is_passed is is_passed
    assert bool(verdict.reason) is not is_passed
    for rival in ("climatology", "conflictology"):
        assert (rival in verdict.reason) is (rival in named)


def test_the_reason_gives_the_figures():
    verdict = judge({"climatology": BAD, "conflictology": GOOD})
    assert "-0.100" in verdict.reason
    assert "-0.200 to +0.100" in verdict.reason
