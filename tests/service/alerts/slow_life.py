"""The history of a region's alerts, told slowly: from all that it scored, anew each time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

LEVELS = [(0.2, 0.1), (0.5, 0.4), (0.8, 0.7)]
"""Bounds of entering and leaving each level of the rule."""

AT_LEAST, UNTIL_BELOW = 0.5, 0.3
"""Bounds of the condition on the neighbour's other score, in the lives that have one."""


@dataclass(frozen=True)
class Seen:
    """What a publication held of a region, and the version of the rule; None: none in force.

    `value` is "come" where there is no score because what is forecast has come.
    `beside` is what the neighbour scored: "apart" without one, "any" if the rule does not ask.
    """

    as_of: date
    value: float | str | None
    version: int | None
    beside: float | str | None = "any"


def weigh_slowly(seen: Seen, level: int) -> float | str | None:
    """The value that counts: 0 where the neighbour is calm, None where that cannot be told."""
    if seen.value in (None, "come") or seen.beside == "any":
        return seen.value
    if seen.beside is None:
        return seen.value if seen.value < LEVELS[0][1] else None
    is_calm = seen.beside == "apart" or float(seen.beside) < (UNTIL_BELOW if level else AT_LEAST)
    return 0.0 if is_calm else seen.value


def tell_slowly(
    counts: dict[str, int], lived: Sequence[Seen]
) -> list[tuple[date, str, int, date, int]]:
    """The events of a region: as-of, type, level after it, opening, number in the incident.

    Args:
        counts: `for_n`, `clear_n` and `stale_n`.
        lived: What each publication held.
    """
    level, opened, told = 0, date.min, []
    course: list[tuple[date, float | str | None, int | None]] = []
    for now, seen in enumerate(lived):
        as_of, value, version = seen.as_of, weigh_slowly(seen, level), seen.version
        course.append((as_of, value, version))
        happened: list[tuple[str, int]] = []
        missing = 0
        while missing < now and course[now - 1 - missing][1] is None:
            missing += 1
        begin = now
        while begin and course[begin - 1][2] == version and course[begin - 1][1] != "come":
            begin -= 1
        scores = [score for _, score, _ in course[begin : now + 1] if score is not None]
        ups, downs = scores[-counts["for_n"] :], scores[-counts["clear_n"] :]
        if version is None:
            happened += [("withdrawn", level)] if level else []
            level = 0
        elif value == "come":
            happened += [("occurred", level)] if level else []
            level = 0
        elif value is None:
            happened += [("stale", level)] if level and missing + 1 == counts["stale_n"] else []
        else:
            happened += [("restored", level)] if level and missing >= counts["stale_n"] else []
            top = sum(len(ups) == counts["for_n"] and min(ups) >= enter for enter, _ in LEVELS)
            low = level
            while low and len(downs) == counts["clear_n"] and max(downs) < LEVELS[low - 1][1]:
                low -= 1
            if top > level:
                happened.append(("escalated" if level else "fired", top))
                opened, level = opened if level else as_of, top
            elif low < level:
                happened.append(("deescalated" if low else "resolved", low))
                level = low
        for kind, after in happened:
            number = 1 + sum(item[3] == opened for item in told)
            told.append((as_of, kind, after, opened, number))
    return told
