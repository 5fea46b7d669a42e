"""Sentinels over observations: a month that says zero of everywhere, or numbers in other units."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from data.calendar import period_label, periods_of
from data.observation import QUANTITIES, ObservationBatch
from data.quality.findings import Finding

SEASONAL = frozenset({"rainfall_mm"})
"""Quantities that are zero everywhere in some months of every year."""

LEAST_ROWS = 3
"""A month with fewer values than this says too little to be suspicious."""

UNITS_MULTIPLE = 100
"""A month's mean in multiples of the largest before it, from which its units are doubted."""

_HELD_MONTHS = 12
_LEAST_HELD = 3
_LEAST_YEARS = 2


def examine_observations(batch: ObservationBatch, before: pd.DataFrame) -> tuple[Finding, ...]:
    """Returns what is unusual about a delivery of observations, the suspicious first.

    Each month that is told anew is held against up to 12 earlier ones of the same quantity and
    country, at least 3; a seasonal quantity against the same month of earlier years, at least 2.

    Args:
        batch: The delivery.
        before: Observations known before it, columns `data.observation.OBSERVATION_COLUMNS`.
    """
    given = batch.observations
    is_told_anew = before["observation_key"].isin(given["observation_key"])
    both = pd.concat([before[~is_told_anew], given], ignore_index=True)
    months = periods_of(both["date_start"].to_numpy(dtype=np.int64), "month")
    grouped = both["value"].abs().groupby([both["indicator"], both["country"], months])
    summary = pd.DataFrame({"n": grouped.size(), "largest": grouped.max(), "mean": grouped.mean()})
    known = before.set_index("observation_key")["value"]
    same = known.reindex(given["observation_key"]).to_numpy() == given["value"].to_numpy()
    fresh = given[~same]
    fresh_months = periods_of(fresh["date_start"].to_numpy(dtype=np.int64), "month")
    told = sorted(
        set(zip(fresh["indicator"], fresh["country"], fresh_months.tolist(), strict=True))
    )
    findings: list[Finding] = []
    for indicator, country, month in told:
        findings += _judge(summary.loc[(indicator, country)], indicator, country, month)
    return tuple(findings)


def _judge(months: pd.DataFrame, indicator: str, country: str, month: int) -> list[Finding]:
    now = months.loc[month]
    if now["n"] < LEAST_ROWS:
        return []
    earlier: Sequence[int] = [int(m) for m in months.index if m < month]
    if indicator in SEASONAL:
        held, least = [m for m in earlier if (month - m) % 12 == 0], _LEAST_YEARS
    else:
        held, least = list(earlier)[-_HELD_MONTHS:], _LEAST_HELD
    if len(held) < least:
        return []
    usual, label = months.loc[held], period_label(month, "month")
    if now["largest"] == 0 and usual["largest"].min() > 0:
        text = f"All {now['n']:.0f} values of {indicator} in {label} are zero; none was before."
        return [Finding("zero_fill", True, country, text)]
    multiple = now["mean"] / usual["mean"].max() if usual["mean"].max() > 0 else 0
    if multiple >= UNITS_MULTIPLE and QUANTITIES[indicator].kind != "level":
        text = f"{indicator} in {label} is {multiple:.0f} times the largest month before."
        return [Finding("units", True, country, text)]
    return []
