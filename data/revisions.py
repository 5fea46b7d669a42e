"""What a release changed: two states of knowledge compared, per region and month.

What is compared is violence; strategic developments are left out.

Owns the comparison. Does not own what was known (`data.store`) nor where an event falls
(`data.placement`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np
import numpy.typing as npt
import pandas as pd
from sqlalchemy import Connection

from data.calendar import period_end, period_label, period_start, periods_of
from data.errors import UnknownName, UsageError
from data.events import EVENT_COLUMNS, split_violence
from data.panel.counts import COUNTED
from data.placement import place_events
from data.regions import RegionSet
from data.store import (
    Coverage,
    coverage_known_at,
    events_known_at,
    is_covered,
    list_deliveries,
)


@dataclass(frozen=True)
class CellChange:
    """What changed in one region and month.

    An event counts in the month in which it ended, whole, however vague its date. An event that
    moved counts as changed where it was and where it is.

    Attributes:
        country: ISO 3166-1 alpha-3 code.
        region_id: Identifier; None for what is held at country level or in no region of the set.
        region_name: Name for people; None likewise.
        month: As `2023-10`.
        events_before: Events known before; None if the month was not known of the country.
        events_after: Events known after; None likewise.
        deaths_before: Their deaths (best estimates), persons; None likewise.
        deaths_after: Their deaths (best estimates), persons; None likewise.
        n_added: Events known after and not before.
        n_changed: Events known both times that differ in anything.
        n_deleted: Events known before and not after.
    """

    country: str
    region_id: str | None
    region_name: str | None
    month: str
    events_before: int | None
    events_after: int | None
    deaths_before: int | None
    deaths_after: int | None
    n_added: int
    n_changed: int
    n_deleted: int


@dataclass(frozen=True)
class VintageDiff:
    """What became known from one vintage of a source to another.

    Attributes:
        source: Name of the source.
        first: The vintage compared from.
        second: The vintage compared to.
        first_known_at: When all of the first was known.
        second_known_at: When all of the second was known.
        n_kept: Events known both times in the set's countries, changed or not; one that crossed
            their border is not among them: it was added to them or deleted from them.
        cells: Regions and months with a change, by country, region and month.
    """

    source: str
    first: str
    second: str
    first_known_at: datetime
    second_known_at: datetime
    n_kept: int
    cells: tuple[CellChange, ...]


def diff_vintages(
    connection: Connection, region_set: RegionSet, first: str, second: str
) -> VintageDiff:
    """Returns what changed in a region set between the days two vintages of its source were known.

    All that became known in between is part of it. Of a vintage that came in several files the
    last one counts.

    Args:
        connection: Any connection.
        region_set: The regions; only their countries are compared.
        first: The earlier vintage.
        second: The later vintage.

    Raises:
        UnknownName: A vintage is not stored.
        UsageError: The second became known before the first, or the source tells no events.
    """
    if region_set.source in COUNTED:
        raise UsageError(
            f"'{region_set.source}' tells counts: it has no events to compare.",
            "`tocsin ingest list` says what each delivery changed.",
        )
    stored = list_deliveries(connection, region_set.source)
    known_at = {delivery.vintage: delivery.known_at for delivery in stored}
    for vintage in (first, second):
        if vintage not in known_at:
            raise UnknownName(
                f"'{region_set.source}' has no vintage '{vintage}'.",
                f"Stored: {', '.join(known_at) or 'none'}.",
            )
    if known_at[second] < known_at[first]:
        raise UsageError(f"{second} became known before {first}.", "Name the earlier one first.")
    before, after = (
        _find_own(events_known_at(connection, region_set.source, known_at[vintage]), region_set)
        for vintage in (first, second)
    )
    return VintageDiff(
        source=region_set.source,
        first=first,
        second=second,
        first_known_at=known_at[first],
        second_known_at=known_at[second],
        n_kept=int(after["event_id"].isin(before["event_id"]).sum()),
        cells=compare_events(
            before,
            after,
            region_set,
            coverage_before=coverage_known_at(connection, region_set.source, known_at[first]),
            coverage_after=coverage_known_at(connection, region_set.source, known_at[second]),
        ),
    )


def compare_events(
    before: pd.DataFrame,
    after: pd.DataFrame,
    region_set: RegionSet,
    *,
    coverage_before: Sequence[Coverage],
    coverage_after: Sequence[Coverage],
) -> tuple[CellChange, ...]:
    """Returns the regions and months in which two states of knowledge differ.

    Args:
        before: Columns `data.events.EVENT_COLUMNS`.
        after: Likewise.
        region_set: The regions; only their countries are compared.
        coverage_before: Days that `before` speaks for.
        coverage_after: Days that `after` speaks for.
    """
    before, after = (_locate(events, region_set) for events in (before, after))
    changed = _find_changed(before, after)
    is_new, is_gone = (
        ~after["event_id"].isin(before["event_id"]),
        ~before["event_id"].isin(after["event_id"]),
    )
    keys = ["country", "position", "month"]
    counted = pd.concat(
        [
            _count(before, keys, "before"),
            _count(after, keys, "after"),
            after[is_new].groupby(keys).size().rename("n_added"),
            before[is_gone].groupby(keys).size().rename("n_deleted"),
            pd.concat([events[events["event_id"].isin(changed)] for events in (before, after)])
            .drop_duplicates(["event_id", *keys])
            .groupby(keys)
            .size()
            .rename("n_changed"),
        ],
        axis=1,
    )
    counted = counted.fillna(0).astype("int64").sort_index()
    is_touched = (counted[["n_added", "n_changed", "n_deleted"]] > 0).any(axis=1)
    cells = []
    for row in counted[is_touched].reset_index().to_dict("records"):
        month = int(row["month"])
        was_known = _is_known(coverage_before, row["country"], month)
        is_known = _is_known(coverage_after, row["country"], month)
        region = region_set.regions[row["position"]] if row["position"] >= 0 else None
        cells.append(
            CellChange(
                country=row["country"],
                region_id=None if region is None else region.region_id,
                region_name=None if region is None else region.name,
                month=period_label(month, "month"),
                events_before=row["events_before"] if was_known else None,
                events_after=row["events_after"] if is_known else None,
                deaths_before=row["deaths_before"] if was_known else None,
                deaths_after=row["deaths_after"] if is_known else None,
                n_added=row["n_added"],
                n_changed=row["n_changed"],
                n_deleted=row["n_deleted"],
            )
        )
    return tuple(cells)


def _find_own(events: pd.DataFrame, region_set: RegionSet) -> pd.DataFrame:
    """Returns the violence in the set's countries."""
    violence, _ = split_violence(events[events["country"].isin(region_set.countries)])
    return violence


def _locate(events: pd.DataFrame, region_set: RegionSet) -> pd.DataFrame:
    """Returns the violence in the set's countries with `position` and `month`."""
    own = _find_own(events, region_set).reset_index(drop=True)
    return own.assign(
        position=place_events(own, region_set).region,
        month=periods_of(own["date"].to_numpy(dtype=np.int64), "month"),
    )


def _count(events: pd.DataFrame, keys: list[str], name: str) -> pd.DataFrame:
    grouped = events.groupby(keys)["fatalities_best"]
    return pd.DataFrame({f"events_{name}": grouped.size(), f"deaths_{name}": grouped.sum()})


def _find_changed(before: pd.DataFrame, after: pd.DataFrame) -> npt.NDArray[np.object_]:
    """Returns the identifiers of the events that both hold and that differ in anything."""
    columns = list(EVENT_COLUMNS)
    one = before[columns].set_index("event_id", drop=False)
    other = after[columns].set_index("event_id", drop=False)
    shared = one.index.intersection(other.index)
    one, other = one.loc[shared], other.loc[shared]
    is_equal = (one == other).fillna(False) | (one.isna() & other.isna())
    return shared[~is_equal.all(axis=1).to_numpy()].to_numpy(dtype=object)


def _is_known(coverage: Sequence[Coverage], country: str, month: int) -> bool:
    return is_covered(coverage, country, period_start(month, "month"), period_end(month, "month"))
