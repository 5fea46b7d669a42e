"""Kinds of events that only some sources code: attacks on posts, abductions, territory taken.

Owns which words of an event's `sub_type` mean which variable, and from when on a source is taken to
code it. What no source codes is absent from the panel: missing, never zero.
"""

from __future__ import annotations

from collections.abc import Collection

import numpy as np
import numpy.typing as npt
import pandas as pd

KINDS: dict[str, tuple[str, ...]] = {
    "events_on_posts": ("attack on post",),
    "events_on_convoys": ("attack on convoy",),
    "events_abduction": ("abduction", "abduction/forced disappearance"),
    "events_on_aid_workers": ("attack on aid workers",),
    "events_looting": ("looting", "looting/property destruction"),
    "bases_overrun": ("base overrun",),
    "territory_taken": ("territory taken", "non-state actor overtakes territory"),
    "territory_regained": ("territory regained", "government regains territory"),
}
"""Variable to the words that mean it, in small letters: our own, then ACLED's. A `sub_type` may
list several with semicolons."""

WITHOUT_VIOLENCE = ("events_looting", "territory_taken", "territory_regained")
"""Kinds that are counted of strategic developments too; all others are kinds of violence."""

CODED_BY: dict[str, frozenset[str]] = {
    "acled": frozenset(
        {"events_abduction", "events_on_aid_workers", "territory_taken", "territory_regained"}
    )
}
"""Variables that a source codes from its beginning, by name of the source."""


def weigh_kinds(
    events: pd.DataFrame, source: str, kinds: Collection[str] = tuple(KINDS)
) -> dict[str, npt.NDArray[np.float64]]:
    """Returns what one whole event adds to each variable that is coded, shape (n_events,) each.

    Args:
        events: Columns `data.events.EVENT_COLUMNS`.
        source: Name of the source.
        kinds: Only these variables.
    """
    codes, unique = pd.factorize(events["sub_type"])
    words_of = [{word.strip().lower() for word in str(text).split(";")} for text in unique]
    weights: dict[str, npt.NDArray[np.float64]] = {}
    for variable in kinds:
        words = KINDS[variable]
        is_kind = np.array([not found.isdisjoint(words) for found in words_of], np.float64)
        if variable in CODED_BY.get(source, ()) or is_kind.any():
            weights[variable] = np.append(is_kind, 0.0)[codes]
    return weights


def blank_uncoded(values: dict[str, npt.NDArray[np.float32]], source: str) -> None:
    """Makes a kind missing before the first event of it, unless its source codes it throughout.

    A table of one's own does not say since when it tells abductions apart: with its first one it
    shows that it does. A variable without any is taken out.

    Args:
        values: Variables of a panel, shape (n_periods, n_regions) each; changed in place.
        source: Name of the source.
    """
    for variable in KINDS.keys() & values.keys() - CODED_BY.get(source, frozenset()):
        rows = np.flatnonzero((values[variable] > 0).any(axis=1))
        if len(rows):
            values[variable][: rows[0]] = np.nan
        else:
            del values[variable]
