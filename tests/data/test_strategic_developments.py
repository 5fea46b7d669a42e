"""Strategic developments: in the store and the listings, and in no count of violence."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields
from datetime import date
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from data.events import STRATEGIC, Batch
from data.panel import assemble_panel
from data.panel.kinds import KINDS, WITHOUT_VIOLENCE
from data.quality.sentinels import examine_batch
from data.regions import RegionSet
from data.store import Coverage

YEAR = [Coverage(code, date(2021, 1, 1), date(2021, 12, 31)) for code in ("MLI", "NER")]
MONTHS = [date(2021, month, day) for month in range(1, 13) for day in (1, 28)]

happening = st.fixed_dictionaries(
    {
        "date": st.sampled_from(MONTHS),
        "date_precision": st.sampled_from((1, 4, 5)),
        "longitude": st.sampled_from((0.5, 1.5)),
        "where_precision": st.sampled_from((1, 3, 5, 6)),
        "actor_a": st.sampled_from(("JNIM", "ISGS", "Government of Mali")),
        "actor_b": st.sampled_from(("JNIM", "Civilians", "")),
        "fatalities_best": st.integers(0, 9),
        "n_sources": st.sampled_from((None, 1, 4)),
        "civilian_fatalities": st.sampled_from((None, 0)),
    }
)
violence = st.lists(happening, max_size=6)
strategic = st.lists(
    st.tuples(happening, st.sampled_from([word for words in KINDS.values() for word in words])),
    min_size=1,
    max_size=6,
)


@settings(max_examples=25, deadline=None)
@given(fought=violence, told=strategic, source=st.sampled_from(("acled", "desk")))
def test_they_change_no_count_of_violence(
    make_events: Callable[..., pd.DataFrame],
    squares: RegionSet,
    fought: list[dict[str, Any]],
    told: list[tuple[dict[str, Any], str]],
    source: str,
) -> None:
    region_set = RegionSet(
        **{field.name: getattr(squares, field.name) for field in fields(squares)}
        | {"source": source}
    )
    developments = [{**row, "event_type": STRATEGIC, "sub_type": word} for row, word in told]
    plain, more = (
        assemble_panel(events, YEAR, region_set, date(2022, 1, 15), is_simulated=False)
        for events in (make_events(*fought), make_events(*fought, *developments))
    )
    assert more.values.keys() - plain.values.keys() <= set(WITHOUT_VIOLENCE)
    for name, values in plain.values.items():
        if name not in WITHOUT_VIOLENCE:
            np.testing.assert_array_equal(more.values[name], values, err_msg=name)
    for name, values in plain.country_values.items():
        np.testing.assert_array_equal(more.country_values[name], values)
    np.testing.assert_array_equal(more.known, plain.known)
    np.testing.assert_array_equal(more.periods, plain.periods)
    assert plain.actors is not None
    for field in fields(plain.actors):
        np.testing.assert_array_equal(
            getattr(more.actors, field.name), getattr(plain.actors, field.name)
        )


@pytest.mark.parametrize(
    ("word", "variable"),
    [
        ("Looting/property destruction", "events_looting"),
        ("Non-violent transfer of territory; territory taken", "territory_taken"),
        ("Non-violent transfer of territory; territory regained", "territory_regained"),
    ],
)
def test_looting_and_control_are_counted_of_them(
    make_events: Callable[..., pd.DataFrame], squares: RegionSet, word: str, variable: str
) -> None:
    events = make_events(
        {"event_type": STRATEGIC, "sub_type": word, "date": date(2021, 7, 1)},
        {"event_type": STRATEGIC, "sub_type": "Agreement", "date": date(2021, 8, 1)},
    )
    panel = assemble_panel(events, YEAR, squares, date(2022, 1, 15), is_simulated=False)
    counted = panel.values[variable][:, 0]
    assert np.isnan(counted[:6]).all()
    assert counted[6:].tolist() == [1, 0, 0, 0, 0, 0]
    assert panel.values["events"][:, 0].sum() == 0
    assert not panel.values.keys() & (KINDS.keys() - {variable})


def test_a_month_of_them_alone_is_silent(make_batch: Callable[..., Batch]) -> None:
    """They hide no silence from the sentinels, and their lack of deaths is no zero-fill."""
    past = [
        {"event_id": f"{month}-{n}", "date": date(2021, month, 1 + n)}
        for month in range(1, 12)
        for n in range(15)
    ]
    events = [
        {"event_id": f"s{n}", "event_type": STRATEGIC, "fatalities_best": 0, "longitude": n / 50}
        | {"date": date(2021, 12, 1 + n)}
        for n in range(15)
    ]
    before = make_batch(*past).events
    known = [Coverage("MLI", date(2021, 1, 1), date(2021, 11, 30))]
    batch = make_batch(*events, countries=("MLI",), covers=(date(2021, 12, 1), date(2021, 12, 31)))
    codes = [finding.code for finding in examine_batch(batch, before, known, ())]
    assert codes == ["silence"]
