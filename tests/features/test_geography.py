"""Geographies are kept from one panel to the next, and only where the regions are the same."""

from __future__ import annotations

import gc
import weakref
from dataclasses import replace

import numpy as np

from features.geography import Geography, geography_of


def test_a_later_panel_of_the_same_regions_has_the_same_geography(make_panel) -> None:
    panel = make_panel()
    later = replace(panel, values={name: held + 1 for name, held in panel.values.items()})
    assert geography_of(later) is geography_of(panel)


def test_a_panel_of_other_regions_has_its_own(make_panel) -> None:
    panel = make_panel()
    kept = geography_of(panel)
    turned = replace(panel, neighbours=tuple(reversed(panel.neighbours)))
    assert geography_of(turned) is not kept
    np.testing.assert_array_equal(
        geography_of(turned).neighbours.toarray(), Geography(turned).neighbours.toarray()
    )
    moved = replace(panel, country_of=panel.country_of[::-1].copy())
    assert geography_of(moved) is not kept


def test_what_happened_is_not_kept(make_panel) -> None:
    panel = make_panel()
    events, known = panel.values["events"].copy(), panel.known.copy()
    neighbours = tuple(map(tuple, panel.neighbours))
    geography = geography_of(
        replace(panel, values={"events": events}, known=known, neighbours=neighbours)
    )
    kept = [weakref.ref(one) for one in (events, known)]
    del events, known
    gc.collect()
    assert all(one() is None for one in kept)
    assert geography.neighbours.shape == (5, 5)
