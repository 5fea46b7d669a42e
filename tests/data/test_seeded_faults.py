"""Faults put into simulated releases are found, each by its name; the release itself passes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime
from functools import cache

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from data.calendar import last_complete_period, periods_of
from data.events import Batch, Refusal
from data.quality import examine_batch
from data.sources.simulated import deliver_simulated, release_days
from data.store import Coverage, Delivery

SEEDS = (5, 20_260_101)
DAYS = release_days(date(2026, 3, 1), date(2026, 6, 30))
Fault = Callable[[Batch, str, float], Batch]


@cache
def release(seed: int, number: int) -> Batch:
    return deliver_simulated(DAYS[number], seed)


def deliver_before(batch: Batch) -> Delivery:
    moment = datetime(2026, 3, 11, tzinfo=UTC)
    given = {
        "delivery_id": 1,
        "source": "simulated",
        "vintage": "before",
        "known_at": moment,
        "received_at": moment,
        "file_name": "",
        "sha256": "",
        "countries": batch.countries,
        "covers_from": batch.covers_from,
        "covers_to": batch.covers_to,
        "is_simulated": True,
        "licence": "",
        "attribution": "",
    }
    fields = Delivery.__dataclass_fields__
    return Delivery(**{name: given.get(name, 0) for name in fields})  # type: ignore[arg-type]


def newest(batch: Batch) -> np.ndarray:
    """Which events lie in the last whole month of a release."""
    last = last_complete_period(batch.covers_to, "month")
    return np.asarray(periods_of(batch.events["date"].to_numpy(np.int64), "month") == last)


def busiest(batch: Batch) -> str:
    return str(batch.events["country"].value_counts().index[0])


def with_deaths(batch: Batch, rows: np.ndarray, change: Callable[[pd.Series], pd.Series]) -> Batch:
    events = batch.events.copy()
    for name in ("fatalities_best", "fatalities_low", "fatalities_high"):
        events.loc[rows, name] = change(events.loc[rows, name]).astype(events[name].dtype)
    return replace(batch, events=events)


def silence(batch: Batch, country: str, _: float) -> Batch:
    gone = newest(batch) & (batch.events["country"] == country).to_numpy()
    return replace(batch, events=batch.events[~gone].reset_index(drop=True))


def zero_fill(batch: Batch, country: str, _: float) -> Batch:
    rows = newest(batch) & (batch.events["country"] == country).to_numpy()
    return with_deaths(batch, rows, lambda deaths: deaths * 0)


def jump(batch: Batch, country: str, size: float) -> Batch:
    own = (batch.events["country"] == country).to_numpy()
    deaths = batch.events["fatalities_best"].groupby(
        periods_of(batch.events["date"].to_numpy(np.int64), "month")
    )
    worst = float(deaths.sum().max())
    rows = newest(batch) & own
    each = int(20 * worst * (1 + size) / max(1, rows.sum())) + 1
    return with_deaths(batch, rows, lambda deaths: deaths * 0 + each)


def units(batch: Batch, _: str, size: float) -> Batch:
    factor = 1000 if size < 0.5 else 100
    return with_deaths(batch, np.ones(len(batch.events), bool), lambda deaths: deaths * factor)


def repeated(batch: Batch, _: str, size: float) -> Batch:
    copies = batch.events.sample(frac=0.35 + size / 2, random_state=1)
    copies = copies.assign(event_id="copy-" + copies["event_id"].astype(str))
    events = pd.concat([batch.events, copies], ignore_index=True).astype(batch.events.dtypes)
    return replace(batch, events=events, n_rows=len(events))


def refused(reason: str, least: float) -> Fault:
    def spoil(batch: Batch, _: str, size: float) -> Batch:
        n_bad = int(len(batch.events) * least * (1.1 + size)) + 6
        refusals = tuple(Refusal(line, None, reason, "", {}) for line in range(n_bad))
        return replace(batch, refusals=refusals, n_rows=len(batch.events) + n_bad)

    return spoil


def coverage_loss(batch: Batch, country: str, _: float) -> Batch:
    kept = (batch.events["country"] != country).to_numpy()
    return replace(
        batch,
        events=batch.events[kept].reset_index(drop=True),
        countries=tuple(code for code in batch.countries if code != country),
    )


def mass_deletion(batch: Batch, _: str, size: float) -> Batch:
    kept = batch.events.sample(frac=0.5 - size / 4, random_state=2)
    return replace(batch, events=kept.sort_index().reset_index(drop=True))


FAULTS: dict[str, Fault] = {
    "silence": silence,
    "zero_fill": zero_fill,
    "jump": jump,
    "units": units,
    "repeated_events": repeated,
    "duplicates": refused("duplicate_id", 0.06),
    "future_dates": refused("date_after_known_at", 0.012),
    "refused_rows": refused("bad_number", 0.13),
    "coverage_loss": coverage_loss,
    "mass_deletion": mass_deletion,
}


def examine(before: Batch, batch: Batch) -> set[str]:
    known = [Coverage(code, before.covers_from, before.covers_to) for code in before.countries]
    found = examine_batch(batch, before.events, known, [deliver_before(before)])
    return {item.code for item in found if item.is_suspicious}


@settings(max_examples=60, deadline=None)
@given(
    seed=st.sampled_from(SEEDS),
    number=st.integers(1, len(DAYS) - 1),
    code=st.sampled_from(sorted(FAULTS)),
    size=st.floats(0, 1),
)
def test_a_seeded_fault_is_found(seed: int, number: int, code: str, size: float) -> None:
    before, clean = release(seed, number - 1), release(seed, number)
    spoilt = FAULTS[code](clean, busiest(clean), size)
    assert code in examine(before, spoilt)


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("number", range(1, len(DAYS)))
def test_the_same_releases_pass_without_a_fault(seed: int, number: int) -> None:
    assert examine(release(seed, number - 1), release(seed, number)) == set()


@pytest.mark.parametrize("seed", SEEDS)
def test_a_renamed_actor_is_noted_and_holds_nothing(seed: int) -> None:
    before, clean = release(seed, 0), release(seed, 1)
    events = clean.events.copy()
    for side in ("actor_a", "actor_b"):
        events[side] = events[side].replace("Dune Column", "Column of the Dunes")
    known = [Coverage(code, before.covers_from, before.covers_to) for code in before.countries]
    found = examine_batch(replace(clean, events=events), before.events, known, [])
    assert [(item.code, item.is_suspicious) for item in found if item.code == "actor_rename"]
    assert not any(item.is_suspicious for item in found)
