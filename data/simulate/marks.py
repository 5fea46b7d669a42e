"""The marks of a month's events: when, where, who, how many dead, how well known, told when.

Everything is drawn as numbers, month by month, each from a generator of its own; text comes later
(`data.simulate.reports`). Shares of precision codes, of zero deaths and of equal low, best and high
estimates follow UCDP GED in the Sahel, 2010-21.
"""

from __future__ import annotations

import numpy as np

from data.calendar import period_end, period_start, to_epoch_day
from data.simulate.deaths import draw_deaths, draw_extra_events
from data.simulate.places import N_TOWNS, Places
from data.simulate.process import ASSAULT, Floats, Integers

Marks = dict[str, Integers]
"""One int64 array per mark, shape (n_events,), in the order of days."""

NOBODY = -1
"""Group of an event where no insurgent group is present."""

_DATE_CODES = np.array([0.790, 0.945, 0.960, 0.995, 1.0])
_WHERE_CODES = np.array([0.440, 0.790, 0.880, 0.915, 0.990, 1.0])
_WEEKS_DELAY_SHARE, _LONG_DELAY_SHARE = 0.24, 0.05
_REVISED_SHARE, _DOUBLED_SHARE = 0.18, 0.015
_EXACT_TOLL_SHARE = 0.67
_MAX_DELAY_DAYS = 500


def draw_marks(
    operations: Integers,
    presence: Floats,
    places: Places,
    period: int,
    first_day: int,
    rng: np.random.Generator,
) -> Marks:
    """Returns the events of the operations of one month.

    Args:
        operations: Shape (4, n_regions).
        presence: Activity of each group, shape (n_groups, n_regions).
        places: Towns and their shares.
        period: Ordinal of the month.
        first_day: No date range begins before it, days since 1970-01-01.
        rng: Source of chance of this month's marks.

    Returns:
        `kind`, `region`, `town`, `day`, `is_coordinated`, `group`, `actor_draw` (0-999), `best`,
        `low`, `high`, `civilians` (-1 if not said), `n_sources` (-1 if not said), `where` (1-6),
        `date_code` (1-5), `date_start`, `date_end`, `reported_on`, `first_best` (of the first
        report), `revised_on` (-1 if never), `doubled_on`, `withdrawn_on` and `double_town` (-1 if
        the event is not reported twice). Days are days since 1970-01-01.
    """
    start, end = (to_epoch_day(edge(period, "month")) for edge in (period_start, period_end))
    kinds, regions = np.divmod(
        np.repeat(np.arange(operations.size), operations.ravel()), operations.shape[1]
    )
    extra = draw_extra_events(kinds, rng)
    days = rng.integers(start, end + 1, len(kinds))
    town_draws = rng.random(len(kinds))[:, None]
    towns = (town_draws > places.town_shares[regions]).sum(axis=1)
    operation_of = np.repeat(np.arange(len(kinds)), 1 + extra)
    # The events of a coordinated operation strike neighbouring towns.
    ordinal = np.arange(len(operation_of)) - np.searchsorted(operation_of, operation_of)
    order = np.argsort(days[operation_of], kind="stable")
    operation_of, ordinal = operation_of[order], ordinal[order]
    kinds, regions, days = kinds[operation_of], regions[operation_of], days[operation_of]
    marks = {
        "kind": kinds,
        "region": regions,
        "town": (towns[operation_of] + ordinal) % N_TOWNS,
        "day": days,
        "is_coordinated": (extra[operation_of] > 0).astype(np.int64),
        "group": _draw_groups(presence[:, regions], rng),
        "actor_draw": rng.integers(0, 1000, len(kinds)),
    }
    marks |= _draw_tolls(kinds, rng)
    marks |= _draw_precision(days, period, first_day, rng)
    marks |= _draw_reporting(marks, rng)
    return marks


def _draw_groups(presence: Floats, rng: np.random.Generator) -> Integers:
    """Returns the group behind each event, by its activity there; `NOBODY` if there is none."""
    totals = np.cumsum(presence, axis=0)
    chances = rng.random(presence.shape[1]) * totals[-1]
    return np.where(totals[-1] > 0, (chances >= totals).sum(axis=0), NOBODY)


def _draw_tolls(kinds: Integers, rng: np.random.Generator) -> Marks:
    best = draw_deaths(kinds, rng)
    is_exact = rng.random(len(best)) < _EXACT_TOLL_SHARE
    below = rng.binomial(best, 0.25)
    above = rng.poisson(0.4 + 0.3 * best)
    civilians = rng.binomial(best, np.where(kinds == ASSAULT, 0.98, 0.06))
    n_sources = 1 + rng.poisson(1.2, len(best))
    return {
        "best": best,
        "low": np.where(is_exact, best, best - below),
        "high": np.where(is_exact, best, best + above),
        "civilians": np.where(rng.random(len(best)) < 0.04, -1, civilians),
        "n_sources": np.where(rng.random(len(best)) < 0.12, -1, n_sources),
    }


def _draw_precision(days: Integers, period: int, first_day: int, rng: np.random.Generator) -> Marks:
    codes = 1 + np.searchsorted(_DATE_CODES, rng.random(len(days)), side="right")
    before, after = rng.integers(0, 3, (2, len(days)))
    after = np.where(before + after == 0, 1, after)
    # Thursday is day 0, so the Monday of a day's week lies (day + 3) % 7 days before it.
    monday = days - (days + 3) % 7
    months_before, months_after = rng.integers(0, 3, (2, len(days)))
    months_after = np.where(months_before + months_after == 0, 1, months_after)
    starts = np.array([to_epoch_day(period_start(period - back, "month")) for back in range(3)])
    ends = np.array([to_epoch_day(period_end(period + ahead, "month")) for ahead in range(3)])
    begins = np.choose(
        codes - 1,
        [days, days - before, monday, np.full_like(days, starts[0]), starts[months_before]],
    )
    finishes = np.choose(
        codes - 1,
        [days, days + after, monday + 6, np.full_like(days, ends[0]), ends[months_after]],
    )
    return {
        "where": 1 + np.searchsorted(_WHERE_CODES, rng.random(len(days)), side="right"),
        "date_code": codes,
        "date_start": np.maximum(begins, first_day),
        "date_end": finishes,
    }


def _draw_reporting(marks: Marks, rng: np.random.Generator) -> Marks:
    """Returns when an event is first told, told anew, told twice and untold.

    Seven in ten reports come within days, most others within weeks, one in twenty after months.
    """
    n_events = len(marks["day"])
    which = rng.random(n_events)
    delay = np.select(
        [which < _LONG_DELAY_SHARE, which < _LONG_DELAY_SHARE + _WEEKS_DELAY_SHARE],
        [rng.exponential(120.0, n_events), rng.exponential(25.0, n_events)],
        rng.exponential(4.0, n_events),
    )
    reported = marks["date_end"] + 1 + np.minimum(delay, _MAX_DELAY_DAYS).astype(np.int64)
    misjudged = np.rint(marks["best"] * np.exp(rng.normal(-0.1, 0.5, n_events))).astype(np.int64)
    is_revised = (rng.random(n_events) < _REVISED_SHARE) & (misjudged != marks["best"])
    lag = 15 + np.minimum(rng.exponential(90.0, (2, n_events)), 720).astype(np.int64)
    is_doubled = rng.random(n_events) < _DOUBLED_SHARE
    doubled = reported + rng.integers(0, 21, n_events)
    return {
        "reported_on": reported,
        "first_best": np.where(is_revised, misjudged, marks["best"]),
        "revised_on": np.where(is_revised, reported + lag[0], -1),
        "doubled_on": np.where(is_doubled, doubled, -1),
        "withdrawn_on": np.where(is_doubled, doubled + lag[1], -1),
        "double_town": np.where(is_doubled, rng.integers(0, N_TOWNS, n_events), -1),
    }
