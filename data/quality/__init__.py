"""Quality of what is delivered: sentinels that examine it, and what becomes of the suspicious.

Owns findings, verdicts, deliveries that are held until somebody decides, and how complete the
newest periods are. Does not own the rules for a single row (`data.events`) nor the store of what is
taken in (`data.store`).
May import: `data.store`, `data.placement`, `data.regions`, `data.events`, `data.tables`,
`data.calendar`, `data.errors`.
Invariants: a suspicious delivery is held whole: not one row of it is known to a panel until it is
accepted; every examination is kept with its findings.

Where to go:
    what a finding is, its limits     findings.py
    how a delivery is examined        sentinels.py, activity.py (months), edits.py (events)
    how observations are examined     observed_months.py
    holding, accepting, rejecting     reception.py
    what was examined                 listing.py
    how complete recent periods are   completeness.py
"""

from __future__ import annotations

from data.quality.completeness import Completeness, estimate_completeness
from data.quality.findings import Finding, SentinelLimits
from data.quality.listing import Examination, list_examinations
from data.quality.reception import Reception, accept_held, receive_delivery, reject_held
from data.quality.sentinels import examine_batch

__all__ = [
    "Completeness",
    "Examination",
    "Finding",
    "Reception",
    "SentinelLimits",
    "accept_held",
    "estimate_completeness",
    "examine_batch",
    "list_examinations",
    "receive_delivery",
    "reject_held",
]
