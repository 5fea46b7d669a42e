"""Sentinels over events: units, deletions, repetitions and renamed actors."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pandas as pd

from data.events import Batch
from data.quality.findings import Finding, SentinelLimits
from data.store import is_claimed, is_listed

_FACTORS = (100, 1000)
_CONTENT = [
    "date_start",
    "date",
    "latitude",
    "longitude",
    "event_type",
    "actor_a",
    "actor_b",
    "fatalities_best",
    "fatalities_low",
    "fatalities_high",
]
_MOST_OF = 0.8
_DELETED_NOTED = 0.1


def find_repeated(batch: Batch, limits: SentinelLimits) -> list[Finding]:
    """Returns a finding if many events equal another in everything but their identifier."""
    n_repeated = int(batch.events.duplicated(_CONTENT).sum())
    if n_repeated < limits.least_rows or n_repeated <= limits.repeated_share * len(batch.events):
        return []
    text = f"{n_repeated} of {len(batch.events)} events equal another in all but the identifier."
    return [Finding("repeated_events", True, None, text)]


def find_wrong_units(batch: Batch, before: pd.DataFrame, limits: SentinelLimits) -> list[Finding]:
    """Returns findings if deaths look multiplied: round thousands, or the same events times 100."""
    findings: list[Finding] = []
    deaths = batch.events["fatalities_best"].to_numpy(dtype=np.int64)
    deadly = deaths[deaths > 0]
    if len(deadly) >= limits.least_rows:
        share = float((deadly % 1000 == 0).mean())
        if share >= limits.thousands_share:
            text = f"The deaths of {share:.0%} of the deadly events are multiples of 1,000."
            findings.append(Finding("units", True, None, text))
    pairs = _pair(batch, before)
    was, now = (pairs[f"fatalities_best_{side}"] for side in ("was", "now"))
    is_changed = (was != now) & (was > 0)
    is_scaled = is_changed & (now / was.where(was > 0)).isin(_FACTORS)
    n_scaled = int(is_scaled.sum())
    if n_scaled >= limits.least_rows and n_scaled >= limits.thousands_share * is_changed.sum():
        text = f"The deaths of {n_scaled} events are 100 or 1,000 times what they were."
        findings.append(Finding("units", True, None, text))
    return findings


def find_deleted(batch: Batch, before: pd.DataFrame, limits: SentinelLimits) -> list[Finding]:
    """Returns a finding if many events that were known are gone."""
    known = before[is_claimed(before, batch.countries, batch.covers_from, batch.covers_to)]
    if known.empty:
        return []
    listed = set(batch.events["event_id"].tolist())
    listed.update(item.event_id for item in batch.refusals if item.event_id is not None)
    n_gone = int((~is_listed(known["event_id"], listed)).sum())
    if n_gone < limits.least_rows or n_gone < _DELETED_NOTED * len(known):
        return []
    text = f"{n_gone} of {len(known)} events that were known are gone."
    return [Finding("mass_deletion", n_gone > limits.deleted_share * len(known), None, text)]


def find_renamed_actors(
    batch: Batch, before: pd.DataFrame, limits: SentinelLimits
) -> list[Finding]:
    """Returns actors whose events now nearly all name another one; never suspicious by itself."""
    pairs = _pair(batch, before)
    present = set(batch.events["actor_a"].unique()) | set(batch.events["actor_b"].unique())
    findings: list[Finding] = []
    for side in ("actor_a", "actor_b"):
        was, now = pairs[f"{side}_was"], pairs[f"{side}_now"]
        moved = ((was != now) & ~was.isin(present)).to_numpy()
        names = Counter(zip(was[moved], now[moved], strict=True))
        totals = was[was.isin({name for name, _ in names})].value_counts()
        for (old, new), n_events in sorted(names.items()):
            total = int(totals[old])
            if n_events >= max(_MOST_OF * total, limits.least_rows):
                text = f"'{old}' is now called '{new}' in {n_events} of its {total} events."
                findings.append(Finding("actor_rename", False, None, text))
    return findings


def _pair(batch: Batch, before: pd.DataFrame) -> pd.DataFrame:
    """Returns the events known before and in the delivery, with columns `…_was` and `…_now`."""
    columns = ["event_id", "fatalities_best", "actor_a", "actor_b"]
    return before[columns].merge(batch.events[columns], on="event_id", suffixes=("_was", "_now"))
