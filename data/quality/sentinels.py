"""Examining a delivery before anything of it is stored. Pure: no database here."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import pandas as pd

from data.events import Batch
from data.quality.activity import find_lost_countries, find_odd_months
from data.quality.edits import find_deleted, find_renamed_actors, find_repeated, find_wrong_units
from data.quality.findings import Finding, SentinelLimits
from data.store import Coverage, Delivery


def examine_batch(
    batch: Batch,
    before: pd.DataFrame,
    coverage: Sequence[Coverage],
    previous: Sequence[Delivery],
    *,
    is_scope_stated: bool = False,
    limits: SentinelLimits | None = None,
) -> tuple[Finding, ...]:
    """Returns what is unusual about a delivery, the suspicious first.

    Args:
        batch: The delivery.
        before: Events known before it, columns `data.events.EVENT_COLUMNS`.
        coverage: Days known before it.
        previous: Deliveries of the source before it, in the order in which they became known.
        is_scope_stated: True if somebody said which countries the delivery shall speak for; a
            country that is left out is then no loss.
        limits: From where on something is suspicious.
    """
    limits = limits or SentinelLimits()
    findings = [
        *_find_refused(batch, limits),
        *find_repeated(batch, limits),
        *find_wrong_units(batch, before, limits),
        *find_deleted(batch, before, limits),
        *find_renamed_actors(batch, before, limits),
        *find_odd_months(batch, before, coverage, limits),
        *([] if is_scope_stated else find_lost_countries(batch, before, previous)),
    ]
    return tuple(sorted(findings, key=lambda finding: not finding.is_suspicious))


def _find_refused(batch: Batch, limits: SentinelLimits) -> list[Finding]:
    counts = Counter(refusal.reason for refusal in batch.refusals)
    findings: list[Finding] = []
    for code, reason, limit, words in (
        ("future_dates", "date_after_known_at", limits.future_share, "end after it became known"),
        ("duplicates", "duplicate_id", limits.duplicate_share, "repeat an identifier"),
    ):
        if counts[reason]:
            is_many = counts[reason] >= limits.least_rows
            text = f"{counts[reason]} of {batch.n_rows} rows {words}."
            is_suspicious = is_many and counts[reason] > limit * batch.n_rows
            findings.append(Finding(code, is_suspicious, None, text))
    n_refused = len(batch.refusals)
    if n_refused >= limits.least_rows and n_refused > limits.refused_share * batch.n_rows:
        text = f"{n_refused} of {batch.n_rows} rows cannot be used."
        findings.append(Finding("refused_rows", True, None, text))
    return findings
