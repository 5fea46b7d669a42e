"""Which periods are known of which country, by what deliveries speak for."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

import numpy as np
import numpy.typing as npt

from data.calendar import Step, last_complete_period, period_of, period_start
from data.errors import NothingKnown
from data.store import Coverage


def find_known(
    coverage: Sequence[Coverage], countries: Sequence[str], as_of: date, step: Step
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.bool_], date]:
    """Returns the periods, which are known by country (n_periods, n_countries), the last day told.

    Raises:
        NothingKnown: No whole period of any of the countries is known.
    """
    relevant = [span for span in coverage if span.country in countries]
    last = last_complete_period(as_of, step)
    spans: list[tuple[int, int, int]] = []
    for span in relevant:
        first = period_of(span.covers_from, step)
        if period_start(first, step) < span.covers_from:
            first += 1
        final = min(last_complete_period(span.covers_to, step), last)
        if first <= final:
            spans.append((countries.index(span.country), first, final))
    if not spans:
        raise NothingKnown(
            f"No whole {step} of {', '.join(countries)} is known as of {as_of}.",
            "Take in a delivery that covers them, or choose a later day.",
        )
    start = min(first for _, first, _ in spans)
    periods = np.arange(start, last + 1, dtype=np.int64)
    known = np.zeros((len(periods), len(countries)), dtype=np.bool_)
    for country, first, final in spans:
        known[first - start : final - start + 1, country] = True
    return periods, known, max(span.covers_to for span in relevant)
