"""What a delivery changes in what was known before it. Pure: no database here."""

from __future__ import annotations

from collections.abc import Container, Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np
import numpy.typing as npt
import pandas as pd

from data.calendar import to_epoch_day
from data.events import EVENT_COLUMNS, Batch


@dataclass(frozen=True)
class Changes:
    """Rows to append, and how they were decided.

    Attributes:
        added: Positions in the batch of events that were not known, or were deleted, before.
        changed: Positions in the batch of events that differ from what was known.
        n_unchanged: Events that are as they were known; they are not stored again.
        deleted: Identifiers of events that were known and are gone.
        overturned: Positions in `latest` of the changed and deleted events.
        same_moment: Identifiers among the changed, deleted or revived events whose newest row has
            the very moment of the delivery; they cannot be stored.
    """

    added: npt.NDArray[np.int64]
    changed: npt.NDArray[np.int64]
    n_unchanged: int
    deleted: tuple[str, ...]
    overturned: npt.NDArray[np.int64]
    same_moment: tuple[str, ...]


def find_changes(batch: Batch, latest: pd.DataFrame, moment: int) -> Changes:
    """Returns what a delivery changes.

    An event is deleted if it was known inside the countries and days that the batch speaks for (by
    the day it ended), and the batch holds it neither as an event nor as a refused row: what the
    source still lists, but we cannot read, is not gone.

    Args:
        batch: The delivery.
        latest: What was known before it, as `data.store.as_known.read_latest` returns it.
        moment: When the delivery became known, seconds since 1970-01-01.
    """
    identifiers = batch.events["event_id"].astype(object)
    before = pd.Index(latest["event_id"].to_numpy(dtype=object)).get_indexer(
        pd.Index(identifiers.to_numpy(dtype=object))
    )
    is_known = before >= 0
    is_known[is_known] = ~latest["deleted"].to_numpy()[before[is_known]]
    is_equal = np.zeros(len(batch.events), dtype=np.bool_)
    is_equal[is_known] = _is_equal(
        batch.events[is_known], latest.iloc[before[is_known]].reset_index(drop=True)
    )
    added = np.flatnonzero(~is_known)
    changed = np.flatnonzero(is_known & ~is_equal)
    deleted = _find_deleted(batch, latest)

    stored_at = latest["known_at"].to_numpy()
    touched = np.concatenate([added, changed])
    touched = touched[before[touched] >= 0]
    rewritten = identifiers.to_numpy()[touched[stored_at[before[touched]] == moment]]
    erased = latest["event_id"].to_numpy()[deleted & (stored_at == moment)]
    return Changes(
        added=added,
        changed=changed,
        n_unchanged=int(is_equal.sum()),
        deleted=tuple(latest["event_id"].to_numpy()[deleted].tolist()),
        overturned=np.concatenate([before[changed], np.flatnonzero(deleted)]),
        same_moment=tuple(sorted([*rewritten.tolist(), *erased.tolist()])),
    )


def is_claimed(
    rows: pd.DataFrame, countries: Sequence[str], covers_from: date, covers_to: date
) -> npt.NDArray[np.bool_]:
    """Returns which rows lie in countries and days (the day the event ended) that are spoken for.

    Args:
        rows: At least the columns `country` and `date`; missing in a deletion, which lies nowhere.
        countries: ISO alpha-3 codes.
        covers_from: First day.
        covers_to: Last day.
    """
    days = pd.to_numeric(rows["date"]).to_numpy(dtype=np.float64)
    return np.asarray(
        rows["country"].isin(countries).to_numpy()
        & (days >= to_epoch_day(covers_from))
        & (days <= to_epoch_day(covers_to))
    )


def is_listed(identifiers: pd.Series[str], listed: Container[str]) -> npt.NDArray[np.bool_]:
    """Returns which identifiers are listed; `Series.isin` is slow where texts lie in Arrow."""
    values = identifiers.to_numpy(dtype=object)
    return np.fromiter((value in listed for value in values), np.bool_, len(values))


def _find_deleted(batch: Batch, latest: pd.DataFrame) -> npt.NDArray[np.bool_]:
    still_listed = set(batch.events["event_id"].tolist())
    still_listed.update(item.event_id for item in batch.refusals if item.event_id is not None)
    return np.asarray(
        ~latest["deleted"].to_numpy()
        & is_claimed(latest, batch.countries, batch.covers_from, batch.covers_to)
        & ~is_listed(latest["event_id"], still_listed)
    )


def _is_equal(given: pd.DataFrame, stored: pd.DataFrame) -> npt.NDArray[np.bool_]:
    equal = np.ones(len(given), dtype=np.bool_)
    for column, dtype in EVENT_COLUMNS.items():
        if dtype == "str":
            equal &= given[column].to_numpy(dtype=object) == stored[column].to_numpy(dtype=object)
        else:
            one = given[column].to_numpy(dtype=np.float64, na_value=np.nan)
            other = pd.to_numeric(stored[column]).to_numpy(dtype=np.float64, na_value=np.nan)
            equal &= (one == other) | (np.isnan(one) & np.isnan(other))
    return equal
