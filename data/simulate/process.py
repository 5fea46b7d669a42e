"""The simulated conflict: a self-exciting process on a map that spreads, month by month.

In every month and region, operations of four kinds happen (raids on posts, army sweeps, militia
clashes, assaults on civilians). Their numbers are Poisson given the state at the end of the month
before, so the expected deaths of a month are known exactly. The state is

- mood and tide: log-normal backgrounds of a region and of a country, autoregressive of order one;
- footholds: the regions where each insurgent group is present; a group is born in one region on a
  fixed date, then gains regions from its neighbours, mostly those nearer to its goal, and loses
  them, sooner under army sweeps (a contact process, as an epidemic);
- offensives: whether the army of a country is on an offensive;
- memory: past operations per kind, decaying. It excites further ones in the region and, less, in
  its neighbours. Each operation causes fewer than one other on average, so nothing explodes.

All arrays lead with an axis of draws: the world itself is one draw, and the truth about its future
is many draws of the same function from its true state.

Does not carry: where and when in a month an event falls and how it is told
(`data.simulate.reports`).

Hawkes (1971), "Spectra of some self-exciting and mutually exciting point processes", Biometrika
58(1), doi:10.1093/biomet/58.1.83. Harris (1974), "Contact interactions on a lattice", Annals of
Probability 2(6), doi:10.1214/aop/1176996493.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from data.calendar import parse_period
from data.simulate.schematic_map import SchematicMap

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]

OPERATIONS: tuple[str, ...] = ("raid", "sweep", "clash", "assault")
RAID, SWEEP, CLASH, ASSAULT = range(4)

# Columns cause, rows are caused: expected further operations per operation in the same region.
EXCITATION: Floats = np.array(
    [
        [0.34, 0.10, 0.05, 0.10],
        [0.18, 0.14, 0.02, 0.05],
        [0.02, 0.02, 0.30, 0.08],
        [0.12, 0.10, 0.12, 0.26],
    ]
)
SPILLOVER = 0.08
"""Expected further operations in all neighbours together, per one in the region itself."""
_MEMORY_KEPT = 0.70

_MOOD_KEPT, _MOOD_SD = 0.95, 0.55
_TIDE_KEPT, _TIDE_SD = 0.97, 0.30
_SEASON_SWING, _SEASON_PEAK_MONTH = 0.22, 4

# Background operations per region and month: everywhere, and per unit of insurgent strength.
_COMMUNAL: Floats = np.array([0.002, 0.001, 0.010, 0.006])
_INSURGENT: Floats = np.array([1.32, 0.37, 0.30, 0.80])
_OFFENSIVE_FACTOR: Floats = np.array([1.25, 5.0, 1.0, 1.3])

_GAIN = 0.036
_LOSS = 0.012
_LOSS_PER_SWEEP = 0.004
_RETURN = 0.01
_OFFENSIVE_START = 0.012
_OFFENSIVE_START_PER_RAID = 0.004
_OFFENSIVE_END = 0.30

# Year of birth, where born and where heading (west 0 .. east 1, south 0 .. north 1), strength.
_GROUPS = (
    (2006, (0.40, 0.95), (0.30, 0.60), 0.7),
    (2009, (0.95, 0.25), (0.75, 0.30), 0.9),
    (2011, (0.30, 0.70), (0.42, 0.20), 1.2),
    (2015, (0.55, 0.55), (0.50, 0.15), 1.5),
    (2018, (0.60, 0.35), (0.60, 0.00), 1.0),
)
_REACH = 0.105
_APPEAL_SD = 0.5


@dataclass(frozen=True)
class Theatre:
    """What never changes: the map and the groups, as arrays.

    Attributes:
        country_of: Position of each region's country, int64, shape (n_regions,).
        n_countries: Number of countries.
        spread: Share of a region's excitation that reaches each neighbour; rows sum to one, shape
            (n_regions, n_regions), from row to column.
        gains: Monthly rate at which a group present in the row takes the column, shape
            (n_groups, n_regions, n_regions).
        strengths: Activity of each group where present, shape (n_groups, n_regions).
        homes: Region in which each group is born, shape (n_groups,).
        births: Period ordinal in which each group is born, shape (n_groups,).
    """

    country_of: Integers
    n_countries: int
    spread: Floats
    gains: Floats
    strengths: Floats
    homes: Integers
    births: Integers


@dataclass(frozen=True)
class State:
    """All that the next month depends on; the first axis of each array is the draw.

    Attributes:
        mood: Log background per region, shape (n_draws, n_regions).
        tide: Log background per country, shape (n_draws, n_countries).
        footholds: Where each group is, bool, shape (n_draws, n_groups, n_regions).
        offensives: Bool, shape (n_draws, n_countries).
        memory: Decayed operations, shape (n_draws, 4, n_regions).
    """

    mood: Floats
    tide: Floats
    footholds: Flags
    offensives: Flags
    memory: Floats

    def repeated(self, n_draws: int) -> State:
        """Returns the state `n_draws` times; it must be one draw."""
        return State(
            mood=np.repeat(self.mood, n_draws, axis=0),
            tide=np.repeat(self.tide, n_draws, axis=0),
            footholds=np.repeat(self.footholds, n_draws, axis=0),
            offensives=np.repeat(self.offensives, n_draws, axis=0),
            memory=np.repeat(self.memory, n_draws, axis=0),
        )


def set_theatre(schematic: SchematicMap, seed: int) -> Theatre:
    """Returns the theatre of a map; the seed draws how inviting regions are and shifts births."""
    regions = schematic.region_set
    countries = list(regions.countries)
    centres = schematic.centres
    places = (centres - centres.min(axis=0)) / np.ptp(centres, axis=0)
    n_regions = len(regions.regions)
    touch = np.zeros((n_regions, n_regions))
    for region, others in enumerate(regions.neighbours):
        touch[region, list(others)] = 1.0
    rng = np.random.default_rng([seed, 1])
    appeal = np.exp(_APPEAL_SD * rng.standard_normal(n_regions) - _APPEAL_SD**2 / 2)
    gains, homes, births = [], [], []
    for group, (year, home, goal, _) in enumerate(_GROUPS):
        # The last group heads for the capital, wherever the map put it.
        end = places[schematic.capital] if group == len(_GROUPS) - 1 else np.array(goal)
        suitability = np.exp(-0.5 * (_distance_to_path(places, np.array(home), end) / _REACH) ** 2)
        homes.append(int(np.square(places - np.array(home)).sum(axis=1).argmin()))
        births.append(parse_period(f"{year}-01", "month") + int(rng.integers(0, 7)))
        remaining = np.sqrt(np.square(places - end).sum(axis=1))
        heading = np.exp(np.clip(2.0 * (remaining[:, None] - remaining[None, :]), -0.7, 0.7))
        gains.append(_GAIN * touch * heading * suitability[None, :] ** 1.5)
    return Theatre(
        country_of=np.array([countries.index(region.country) for region in regions.regions]),
        n_countries=len(countries),
        spread=touch / touch.sum(axis=1, keepdims=True),
        gains=np.array(gains),
        strengths=np.array([strength for *_, strength in _GROUPS])[:, None] * appeal,
        homes=np.array(homes),
        births=np.array(births),
    )


def _distance_to_path(places: Floats, start: Floats, end: Floats) -> Floats:
    """Returns each place's distance from the segment start-end, shape (n_regions,)."""
    along = end - start
    share = np.clip((places - start) @ along / max(float(along @ along), 1e-9), 0.0, 1.0)
    return np.asarray(np.sqrt(np.square(places - start - share[:, None] * along).sum(axis=1)))


def first_state(theatre: Theatre, rng: np.random.Generator) -> State:
    """Returns the state before the first month: backgrounds drawn, no group, no memory."""
    n_regions, n_groups = len(theatre.country_of), len(theatre.homes)
    return State(
        mood=_MOOD_SD * rng.standard_normal((1, n_regions)),
        tide=_TIDE_SD * rng.standard_normal((1, theatre.n_countries)),
        footholds=np.zeros((1, n_groups, n_regions), dtype=bool),
        offensives=np.zeros((1, theatre.n_countries), dtype=bool),
        memory=np.zeros((1, len(OPERATIONS), n_regions)),
    )


def season(period: int) -> float:
    """Returns the factor of the calendar month: high in the dry months, low in the rains."""
    month = period % 12 + 1
    return float(1 + _SEASON_SWING * np.cos(2 * np.pi * (month - _SEASON_PEAK_MONTH) / 12))


def operation_rates(theatre: Theatre, state: State, period: int) -> Floats:
    """Returns the expected operations of the period given the state before it.

    Returns:
        Shape (n_draws, 4, n_regions), operations per month.
    """
    liveliness = np.exp(state.mood - _MOOD_SD**2 / 2)
    liveliness *= np.exp(state.tide - _TIDE_SD**2 / 2)[:, theatre.country_of]
    grip = np.einsum("gr,dgr->dr", theatre.strengths, state.footholds.astype(np.float64))
    push = np.where(
        state.offensives[:, None, theatre.country_of], _OFFENSIVE_FACTOR[None, :, None], 1.0
    )
    background = _COMMUNAL[:, None] + _INSURGENT[:, None] * push * grip[:, None, :]
    reach = state.memory + SPILLOVER * (state.memory @ theatre.spread)
    excited = (1 - _MEMORY_KEPT) * np.einsum("ij,djr->dir", EXCITATION, reach)
    return np.asarray(season(period) * (background * liveliness[:, None, :] + excited))


def next_state(
    theatre: Theatre, state: State, operations: Integers, period: int, rng: np.random.Generator
) -> State:
    """Returns the state at the end of `period`, in which `operations` happened.

    Args:
        theatre: The theatre.
        state: The state before the period.
        operations: Shape (n_draws, 4, n_regions).
        period: Ordinal of the month.
        rng: Draws the changes of mood, tide, footholds and offensives.
    """
    memory = _MEMORY_KEPT * state.memory + operations
    present = state.footholds
    pressure = np.einsum("dgr,grs->dgs", present.astype(np.float64), theatre.gains)
    groups = np.arange(len(theatre.homes))
    is_alive = period + 1 >= theatre.births
    pressure[:, groups, theatre.homes] += _RETURN * is_alive
    swept = (1 - _MEMORY_KEPT) * memory[:, None, SWEEP, :]
    chance = np.where(present, np.exp(-(_LOSS + _LOSS_PER_SWEEP * swept)), 1.0 - np.exp(-pressure))
    footholds = rng.random(present.shape) < chance
    is_born = period + 1 == theatre.births
    footholds[:, groups[is_born], theatre.homes[is_born]] = True
    raids = np.zeros(state.tide.shape)
    np.add.at(raids.T, theatre.country_of, memory[:, RAID, :].T)
    start = _OFFENSIVE_START + _OFFENSIVE_START_PER_RAID * (1 - _MEMORY_KEPT) * raids
    shocks = rng.standard_normal(state.mood.shape), rng.standard_normal(state.tide.shape)
    return State(
        mood=_MOOD_KEPT * state.mood + _MOOD_SD * np.sqrt(1 - _MOOD_KEPT**2) * shocks[0],
        tide=_TIDE_KEPT * state.tide + _TIDE_SD * np.sqrt(1 - _TIDE_KEPT**2) * shocks[1],
        footholds=footholds,
        offensives=rng.random(state.offensives.shape)
        < np.where(state.offensives, 1 - _OFFENSIVE_END, np.minimum(start, 0.5)),
        memory=memory,
    )


def branching_ratio() -> float:
    """Returns the expected operations that one causes directly, in the season of the most.

    Below one the process cannot explode: it is the largest eigenvalue of what one operation of
    each kind causes in all regions together.
    """
    largest = float(np.abs(np.linalg.eigvals(EXCITATION)).max())
    return largest * (1 + SPILLOVER) * (1 + _SEASON_SWING)
