"""The list of sources, and of states by number."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from data.regions.iso_countries import to_alpha3
from data.sources.gleditsch_ward import STATES
from data.sources.registry import SOURCES

GONE = {"CSK", "DDR", "YMD"}


def test_every_source_declares_its_terms() -> None:
    observed = {"chirps", "dtm", "hapi", "idmc", "ipc", "own_observations", "wfp"}
    forecasts = {"conflictforecast", "views"}
    events = {"acled", "ged", "reports", "simulated"}
    assert set(SOURCES) == events | observed | forecasts
    kinds = {"events": events, "observations": observed, "forecasts": forecasts}
    for kind, names in kinds.items():
        assert {name for name, source in SOURCES.items() if source.kind == kind} == names
    for name, source in SOURCES.items():
        assert source.name == name
        assert source.title
        assert source.licence
        assert source.attribution
    assert [name for name, source in SOURCES.items() if source.is_simulated] == ["simulated"]


def test_states_have_iso_codes() -> None:
    for number, state in STATES.items():
        assert state.number == number
        assert state.iso3 in GONE or to_alpha3(state.iso3) == state.iso3
        assert state.name
    codes = [state.iso3 for state in STATES.values()]
    assert {code for code in codes if codes.count(code) > 1} == {"SRB"}
    sahel = {432: "MLI", 436: "NER", 439: "BFA", 434: "BEN", 475: "NGA", 461: "TGO", 437: "CIV"}
    assert {number: STATES[number].iso3 for number in sahel} == sahel


def test_names_agree_with_ged(shared_data: Path) -> None:
    table = pd.read_csv(shared_data / "GEDEvent_v23_0_10.csv", usecols=["country_id", "country"])
    renamed = {
        "Bosnia-Herzegovina": "BIH",
        "Russia (Soviet Union)": "RUS",
        "Ivory Coast": "CIV",
        "DR Congo (Zaire)": "COD",
        "Turkey": "TUR",
        "Yemen (North Yemen)": "YEM",
        "Myanmar (Burma)": "MMR",
    }
    pairs = table.drop_duplicates()
    assert len(pairs) == 48
    for number, name in zip(pairs["country_id"], pairs["country"], strict=True):
        state = STATES[number]
        assert state.name == name or state.iso3 == renamed[name]
