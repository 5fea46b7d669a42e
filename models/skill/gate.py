"""The gate: whether a model's number may be served, horizon by horizon."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from models.bootstrap import Interval

RIVALS: tuple[str, ...] = ("climatology", "conflictology")
"""Baselines that a model must beat."""


@dataclass(frozen=True)
class Verdict:
    """What the gate says.

    Attributes:
        is_passed: True if the model's probability may be served.
        reason: Why not, one sentence; empty if it may.
    """

    is_passed: bool
    reason: str


def judge(skill: Mapping[str, Interval]) -> Verdict:
    """Returns whether the model beats its rivals beyond doubt.

    It passes if its Brier skill against each rival has a 95 % interval wholly above 0 (`>`: an
    interval that touches 0 holds "no better").

    Args:
        skill: Brier skill against each baseline, with its interval.
    """
    weak = [name for name in RIVALS if not skill[name].low > 0]
    if not weak:
        return Verdict(True, "")
    found = " and ".join(
        f"{name} ({skill[name].value:+.3f}, 95 % interval {skill[name].low:+.3f} to "
        f"{skill[name].high:+.3f})"
        for name in weak
    )
    return Verdict(False, f"No proven Brier skill against {found}.")
