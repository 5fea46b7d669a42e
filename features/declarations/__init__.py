"""Declarations: name, words, unit, formula and reason of every indicator, family by family.

In formulas, x[s] is the value of period s in the region, t the origin, h the horizon; "last n
months" ends with t and counts n periods of a monthly panel, or n * 30.4375 / 7 of a weekly one,
rounded.

Where to go:
    counts, decays, time since        history.py
    what is new, rising, at a record  tempo.py
    coordination, civilians, actors   actors.py
    what only some sources code       coded.py
    neighbours, country, front        spillover.py
    how far reports agree             reports.py
    displacement, food, rain, people  context.py
    season, the bar of an escalation  outcome.py
    sums over a window, of one shape  sums.py
"""

from __future__ import annotations

from collections.abc import Iterator

from features.declarations.actors import declare_actors
from features.declarations.coded import declare_coded
from features.declarations.context import declare_context
from features.declarations.history import declare_history
from features.declarations.outcome import declare_outcome
from features.declarations.reports import declare_reports
from features.declarations.spillover import declare_spillover
from features.declarations.tempo import declare_tempo
from features.indicator import Indicator


def declare_indicators() -> Iterator[Indicator]:
    """Yields every indicator, family by family."""
    yield from declare_history()
    yield from declare_tempo()
    yield from declare_actors()
    yield from declare_coded()
    yield from declare_spillover()
    yield from declare_reports()
    yield from declare_context()
    yield from declare_outcome()
