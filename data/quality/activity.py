"""Sentinels over months: silence, zeros and jumps, per country, and countries that fall away.

What is counted is violence.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pandas as pd

from data.calendar import last_complete_period, period_label, period_of, period_start, periods_of
from data.events import Batch, split_violence
from data.quality.findings import Finding, SentinelLimits
from data.store import Coverage, Delivery, is_listed

HISTORY_MONTHS = 12
_LEAST_HISTORY = 6
_OLDEST_HISTORY = 24
_NOTED_FROM = 0.4


def find_odd_months(
    batch: Batch, before: pd.DataFrame, coverage: Sequence[Coverage], limits: SentinelLimits
) -> list[Finding]:
    """Returns what is odd about the months that the delivery newly speaks for.

    Where a country was not known before at all, only the last month is looked at. A month is held
    against the last 12 known ones before it, no older than 24 months, if they are at least 6.

    Args:
        batch: The delivery.
        before: Events known before it.
        coverage: Days known before it.
        limits: From where on something is suspicious.
    """
    first, last = _whole_months(batch)
    if first > last:
        return []
    is_told_anew = is_listed(before["event_id"], set(batch.events["event_id"].tolist()))
    columns = ["country", "date", "event_type", "fatalities_best"]
    events, _ = split_violence(pd.concat([before[~is_told_anew][columns], batch.events[columns]]))
    findings: list[Finding] = []
    for country in batch.countries:
        known = _known_months(country, coverage)
        # A year at most: each month is held against what came before it.
        new = [month for month in range(first, last + 1) if month not in known][-HISTORY_MONTHS:]
        own = events[events["country"] == country]
        counts, deaths = _count(own)
        for month in new if known else new[-1:]:
            held = [
                m for m in range(month - _OLDEST_HISTORY, month) if m in known or first <= m <= last
            ][-HISTORY_MONTHS:]
            if len(held) >= _LEAST_HISTORY:
                usual = np.array([[counts.get(m, 0), deaths.get(m, 0)] for m in held], np.float64)
                now = counts.get(month, 0), deaths.get(month, 0)
                findings.extend(_judge(country, month, now, usual, limits))
    return findings


def find_lost_countries(
    batch: Batch, before: pd.DataFrame, previous: Sequence[Delivery]
) -> list[Finding]:
    """Returns the countries that the newest kindred delivery spoke for and this one does not.

    Kindred is a delivery with a country in common; a delivery that does not reach further than it
    is no continuation of it, and loses nothing.
    """
    kindred = [item for item in previous if not set(item.countries).isdisjoint(batch.countries)]
    if not kindred or kindred[-1].covers_to >= batch.covers_to:
        return []
    last = period_of(kindred[-1].covers_to, "month")
    findings = []
    for country in sorted(set(kindred[-1].countries) - set(batch.countries)):
        violence, _ = split_violence(before[before["country"] == country])
        counts, _ = _count(violence)
        usual = float(np.median([counts.get(m, 0) for m in range(last - 5, last + 1)]))
        findings.append(
            Finding(
                "coverage_loss",
                usual >= 3,
                country,
                f"{kindred[-1].vintage} spoke for {country} ({usual:g} events a month), this "
                "delivery does not.",
            )
        )
    return findings


def _judge(
    country: str,
    month: int,
    now: tuple[int, int],
    usual: npt.NDArray[np.float64],
    limits: SentinelLimits,
) -> list[Finding]:
    n_events, n_deaths = now
    usual_events, usual_deaths = np.median(usual, axis=0).tolist()
    worst = max(float(usual[:, 1].max()), limits.jump_floor)
    label = period_label(month, "month")
    # A month may be empty by chance where months before were nearly so: then it is only noted.
    if n_events == 0:
        is_sudden = bool(usual[:, 0].min() >= limits.least_usual)
        text = f"No event in {label}, after a median of {usual_events:g} a month."
        return _find("silence", usual_events, limits.silent_events, country, text, is_sudden)
    if n_deaths == 0:
        is_sudden = n_events >= limits.least_rows and bool(usual[:, 1].min() >= limits.least_usual)
        text = f"No death in {n_events} events of {label}, after a median of {usual_deaths:g}."
        return _find("zero_fill", usual_deaths, limits.zero_deaths, country, text, is_sudden)
    text = f"{n_deaths} deaths in {label}, {n_deaths / worst:.1f} times the worst month before."
    return _find("jump", n_deaths / worst, limits.jump_multiple, country, text)


def _find(
    code: str, value: float, limit: float, country: str, text: str, is_sudden: bool = True
) -> list[Finding]:
    if value < _NOTED_FROM * limit:
        return []
    return [Finding(code, value >= limit and is_sudden, country, text)]


def _count(events: pd.DataFrame) -> tuple[dict[int, int], dict[int, int]]:
    """Returns events and deaths per month (period ordinal); a month without events is not there."""
    month = periods_of(events["date"].to_numpy(dtype=np.int64), "month")
    grouped = events["fatalities_best"].groupby(month)
    counts, deaths = grouped.size(), grouped.sum()
    months = [int(value) for value in counts.index]
    return (
        dict(zip(months, counts.tolist(), strict=True)),
        dict(zip(months, deaths.tolist(), strict=True)),
    )


def _whole_months(batch: Batch) -> tuple[int, int]:
    first = period_of(batch.covers_from, "month")
    if period_start(first, "month") < batch.covers_from:
        first += 1
    return first, last_complete_period(batch.covers_to, "month")


def _known_months(country: str, coverage: Sequence[Coverage]) -> set[int]:
    known: set[int] = set()
    for span in coverage:
        if span.country == country:
            first = period_of(span.covers_from, "month")
            known.update(range(first, last_complete_period(span.covers_to, "month") + 1))
    return known
