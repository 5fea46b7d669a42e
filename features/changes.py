"""Changes: where one panel differs from another, as far as features go."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from data.panel import Panel
from data.panel.details import ActorActivity

Int64 = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Changes:
    """Where a panel differs from the one before.

    Attributes:
        first_row: First row in which anything differs; the number of rows if nothing does.
        regions: Positions of the regions that differ, sorted and unique.
        countries: Positions of the countries of which what is held at country level differs,
            sorted and unique.
    """

    first_row: int
    regions: Int64
    countries: Int64


def find_changes(before: Panel, after: Panel) -> Changes:
    """Returns where two panels of the same regions differ, in the periods that both have.

    Who knows which events changed can say so at once: it is the row of the earliest of them and
    their regions, before and after.

    Args:
        before: The older panel.
        after: The newer one; it begins with the same period.
    """
    n_rows = min(len(before.periods), len(after.periods))
    differs = before.known[:n_rows] != after.known[:n_rows]
    for variable in before.values.keys() | after.values.keys():
        differs |= _differing(before.values.get(variable), after.values.get(variable), n_rows)
    _mark_actors(differs, before.actors, after.actors)
    at_country = np.zeros((n_rows, len(after.countries)), np.bool_)
    for variable, held in after.country_values.items():
        at_country |= _differing(before.country_values[variable], held, n_rows)
    rows = np.flatnonzero(differs.any(axis=1) | at_country.any(axis=1))
    return Changes(
        first_row=int(rows[0]) if len(rows) else n_rows,
        regions=np.flatnonzero(differs.any(axis=0)).astype(np.int64),
        countries=np.flatnonzero(at_country.any(axis=0)).astype(np.int64),
    )


def _differing(
    before: npt.NDArray[np.float32] | None, after: npt.NDArray[np.float32] | None, n_rows: int
) -> Bools | np.bool_:
    """Returns where values differ; two that are missing are the same."""
    if before is None or after is None:
        # What is absent is missing everywhere.
        held = before if after is None else after
        return np.False_ if held is None else ~np.isnan(held[:n_rows])
    one, other = before[:n_rows], after[:n_rows]
    result: Bools = (one != other) & ~(np.isnan(one) & np.isnan(other))
    return result


def _mark_actors(differs: Bools, before: ActorActivity | None, after: ActorActivity | None) -> None:
    """Marks the cells in which actors were active otherwise than before."""
    entries = [
        np.stack([one.region, one.row, one.actor, one.n_events], axis=1)
        for one in (before, after)
        if one is not None
    ]
    if not entries:
        return
    if (before is None) != (after is None):
        # Without the list nothing is known of actors anywhere, with it, of all of them.
        differs[:] = True
        return
    found, counts = np.unique(np.concatenate(entries), axis=0, return_counts=True)
    other = found[counts == 1]
    other = other[other[:, 1] < len(differs)]
    differs[other[:, 1], other[:, 0]] = True
