"""Making the simulated world: the process, month by month, and the tables of its events."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import numpy as np
import numpy.typing as npt
import pandas as pd

from data.calendar import last_complete_period, period_of, to_epoch_day
from data.errors import UsageError
from data.regions import RegionSet
from data.simulate.deaths import expected_deaths
from data.simulate.marks import Marks, draw_marks
from data.simulate.places import found_places
from data.simulate.process import (
    State,
    Theatre,
    first_state,
    next_state,
    operation_rates,
    set_theatre,
)
from data.simulate.reports import all_reports, true_events
from data.simulate.schematic_map import draw_schematic_map

FIRST_DAY = date(2005, 1, 1)
"""The day on which every simulated world begins."""

# Streams of chance: what is drawn in one never shifts what is drawn in another.
_START, _PROCESS, _MARKS = 3, 4, 5


@dataclass(frozen=True)
class World:
    """A simulated world up to the end of a month, and the truth about it.

    Attributes:
        region_set: The schematic map; `is_schematic` and `source="simulated"`.
        seed: The seed that it grew from.
        periods: Consecutive month ordinals from 2005-01, int64, shape (n_periods,).
        events: What truly happened, one row per event (`data.simulate.reports.true_events`).
        reports: What the source says and when (`data.simulate.reports.all_reports`). A report may
            come after the last period.
        deaths: True deaths by true month and region, int64, shape (n_periods, n_regions), persons.
        intensity: Expected deaths by true month and region, float64, shape (n_periods, n_regions),
            persons per month: the exact conditional mean of `deaths` given the state at the end of
            the month before, that is all earlier events, the regional and country backgrounds,
            where the groups are, and the offensives. An observer of events alone cannot know it.
        theatre: What never changes in the process.
        states: The state before each period and after the last; the first axis of its arrays is
            not draws but time, length n_periods + 1.
    """

    region_set: RegionSet
    seed: int
    periods: npt.NDArray[np.int64]
    events: pd.DataFrame
    reports: pd.DataFrame
    deaths: npt.NDArray[np.int64]
    intensity: npt.NDArray[np.float64]
    theatre: Theatre
    states: State


def simulate_world(until: date, seed: int, name: str = "demo") -> World:
    """Returns the world of a seed up to the last month that is complete on `until`.

    A later `until` gives the same earlier events, reports and intensity, bit for bit.

    Args:
        until: A day; the month that it ends, or else the one before it, is the last.
        seed: Any non-negative integer.
        name: Name of the region set.

    Raises:
        UsageError: `until` lies before the end of January 2005, or the seed is negative.
    """
    first, last = period_of(FIRST_DAY, "month"), last_complete_period(until, "month")
    if last < first:
        raise UsageError(
            f"The simulated world begins on {FIRST_DAY}, and {until} is before its first month "
            "is over.",
            "Choose a later day.",
        )
    if seed < 0:
        raise UsageError(f"The seed is {seed}.", "Choose a whole number from 0 up.")
    schematic = draw_schematic_map(seed, name)
    places = found_places(schematic, seed)
    theatre = set_theatre(schematic, seed)
    state = first_state(theatre, np.random.default_rng([seed, _START]))
    periods = np.arange(first, last + 1)
    states, months, intensity = [state], [], []
    for period in periods.tolist():
        rng = np.random.default_rng([seed, _PROCESS, period])
        rates = operation_rates(theatre, state, period)
        operations = rng.poisson(rates)
        presence = theatre.strengths * state.footholds[0]
        chance = np.random.default_rng([seed, _MARKS, period])
        months.append(
            draw_marks(operations[0], presence, places, period, to_epoch_day(FIRST_DAY), chance)
        )
        intensity.append(expected_deaths(rates)[0])
        state = next_state(theatre, state, operations, period, rng)
        states.append(state)
    marks = {key: np.concatenate([month[key] for month in months]) for key in months[0]}
    period_of_event = np.repeat(periods, [len(month["day"]) for month in months])
    events = true_events(marks, period_of_event, schematic.region_set, places)
    return World(
        region_set=schematic.region_set,
        seed=seed,
        periods=periods,
        events=events,
        reports=all_reports(events, marks, schematic.region_set, places),
        deaths=_total_deaths(marks, period_of_event - first, np.shape(intensity)),
        intensity=np.array(intensity),
        theatre=theatre,
        states=_stack(states),
    )


def _total_deaths(
    marks: Marks, rows: npt.NDArray[np.int64], shape: tuple[int, ...]
) -> npt.NDArray[np.int64]:
    totals = np.zeros(shape, dtype=np.int64)
    np.add.at(totals, (rows, marks["region"]), marks["best"])
    return totals


def _stack(states: list[State]) -> State:
    return State(
        mood=np.concatenate([state.mood for state in states]),
        tide=np.concatenate([state.tide for state in states]),
        footholds=np.concatenate([state.footholds for state in states]),
        offensives=np.concatenate([state.offensives for state in states]),
        memory=np.concatenate([state.memory for state in states]),
    )
