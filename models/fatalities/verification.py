"""Verification of fatalities: quantiles that were published, against the deaths that came.

A forecast counts once its period, and the 12 periods before its origin, are known to a later panel.
Conflictology is those 12 periods as that panel knows them, read at the same quantiles.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np

from data.calendar import Step, period_end, period_start
from data.panel import Panel
from models.fatalities.forecast import DECIMALS, read_quantiles
from models.fatalities.measures import quantile_crps
from models.fatalities.names import QUANTILES
from models.fatalities.period import N_VALUES, draw_conflictology
from models.fatalities.record import RIVAL, measure_distributions
from models.fatalities.units import series_of
from models.metrics import Floats, Ints

SERVED = "served"
"""What was published, in a record: the model's quantiles, or the baseline where that was served."""

_INTERVALS = ((4, -5), (0, -1))
"""Places of the ends of the 50 and the 90 % interval among the quantiles."""

Key = tuple[str, int, int]
"""Region, horizon and origin: what is forecast."""


@dataclass(frozen=True)
class PublishedDeaths:
    """Quantiles of the deaths of one region in one period, as they were published.

    Attributes:
        publication_id: Row number of the publication.
        region_id: The region.
        horizon: The period is so many steps after the origin.
        origin: Ordinal of the last period used.
        published_on: Day of publication, UTC.
        quantiles: Deaths at the levels of `QUANTILES`.
        is_model: True if they were the model's, False if the last 12 periods were served.
    """

    publication_id: int
    region_id: str
    horizon: int
    origin: int
    published_on: date
    quantiles: tuple[float, ...]
    is_model: bool

    @property
    def key(self) -> Key:
        """What is forecast."""
        return self.region_id, self.horizon, self.origin


@dataclass(frozen=True)
class VerifiedDeaths:
    """What came of published quantiles.

    Attributes:
        publication_id: Row number of the publication.
        region_id: The region.
        horizon: The period is so many steps after the origin.
        origin: Ordinal of the last period used.
        is_live: True if it was published before its period was over.
        is_model: True if the model's quantiles were served.
        deaths: Deaths that came.
        crps: Score of the quantiles in persons; see `models.fatalities.measures.quantile_crps`.
        in_50: True if the 50 % interval held what came, its ends included.
        in_90: The same of the 90 % interval.
        width_90: Width of the 90 % interval in persons.
        conflictology_crps: The same figures of the last 12 periods.
        conflictology_in_50: See above.
        conflictology_in_90: See above.
        conflictology_width_90: See above.
    """

    publication_id: int
    region_id: str
    horizon: int
    origin: int
    is_live: bool
    is_model: bool
    deaths: float
    crps: float
    in_50: bool
    in_90: bool
    width_90: float
    conflictology_crps: float
    conflictology_in_50: bool
    conflictology_in_90: bool
    conflictology_width_90: float

    @property
    def key(self) -> Key:
        """What was forecast."""
        return self.region_id, self.horizon, self.origin


def verify_deaths(forecasts: Sequence[PublishedDeaths], panel: Panel) -> tuple[VerifiedDeaths, ...]:
    """Returns the forecasts whose period is over and known, with what came.

    Args:
        forecasts: What was published; of those with the same region, horizon and origin the one
            that was published first counts.
        panel: The panel that tells what came.
    """
    first: dict[Key, PublishedDeaths] = {}
    for one in forecasts:
        if one.key not in first or one.published_on < first[one.key].published_on:
            first[one.key] = one
    series = series_of(panel, "region")
    position = {region_id: at for at, region_id in enumerate(series.unit_ids)}
    past: dict[int, Floats] = {}
    kept: list[PublishedDeaths] = []
    came, theirs = [], []
    for key, deaths in find_deaths(list(first), panel).items():
        row = key[2] - int(series.periods[0])
        if row < N_VALUES - 1:
            continue
        if row not in past:
            past[row] = read_quantiles(draw_conflictology(series, row))
        before = past[row][position[key[0]]]
        if np.isfinite(before).all():
            kept.append(first[key])
            came.append(deaths)
            theirs.append(before)
    if not kept:
        return ()
    observed = np.array(came)
    own = _score(np.array([one.quantiles for one in kept]), observed)
    other = _score(np.array(theirs), observed)
    return tuple(
        VerifiedDeaths(
            publication_id=one.publication_id,
            region_id=one.region_id,
            horizon=one.horizon,
            origin=one.origin,
            is_live=one.published_on <= period_end(one.origin + one.horizon, panel.step),
            is_model=one.is_model,
            deaths=float(observed[at]),
            **{name: values[at].item() for name, values in own.items()},
            **{f"{RIVAL}_{name}": values[at].item() for name, values in other.items()},
        )
        for at, one in enumerate(kept)
    )


def find_deaths(keys: Iterable[Key], panel: Panel) -> dict[Key, float]:
    """Returns the deaths that came in each period that is forecast, as precise as they are told.

    Args:
        keys: Region, horizon and origin; of those that are not known yet nothing is returned.
        panel: The panel that tells what came.
    """
    series = series_of(panel, "region")
    deaths = np.round(series.deaths, DECIMALS)
    position = {region_id: at for at, region_id in enumerate(series.unit_ids)}
    found = {}
    for key in keys:
        region_id, horizon, origin = key
        row = origin + horizon - int(series.periods[0])
        if region_id in position and 0 <= row < len(deaths):
            came = float(deaths[row, position[region_id]])
            if not np.isnan(came):
                found[key] = came
    return found


def measure_deaths(
    verified: Sequence[VerifiedDeaths], step: Step, *, n_draws: int, seed: int
) -> dict[str, Any]:
    """Returns the track record of verified forecasts, ready for JSON.

    Args:
        verified: The forecasts, of one horizon or of several.
        step: Calendar unit of a period.
        n_draws: Bootstrap draws of region-years.
        seed: Seed of the draws.

    Returns:
        `n_forecasts`, `n_model` (those of the model; the rest served the baseline), `mean_deaths`,
        what `models.fatalities.record.measure_distributions` returns of `served` and
        `conflictology`, `width_90` of both, and `by_year` of the period: `year`, `n_forecasts`,
        `crps`, `crps_of_conflictology`, `coverage_90`. Without forecasts, the counts alone.
    """
    counts = {"n_forecasts": len(verified), "n_model": sum(one.is_model for one in verified)}
    if not verified:
        return counts
    column = {
        name: np.array([getattr(one, name) for one in verified], np.float64)
        for name in VerifiedDeaths.__dataclass_fields__
        if name not in ("region_id", "publication_id")
    }
    names = {name: at for at, name in enumerate(sorted({one.region_id for one in verified}))}
    years = np.array(
        [period_start(one.origin + one.horizon, step).year for one in verified], np.int64
    )
    parts = {SERVED: "", RIVAL: f"{RIVAL}_"}
    return {
        **counts,
        "mean_deaths": float(column["deaths"].mean()),
        **measure_distributions(
            np.array([names[one.region_id] for one in verified], np.int64),
            years,
            {name: column[f"{prefix}crps"] for name, prefix in parts.items()},
            {
                name: [column[f"{prefix}in_{level}"] for level in (50, 90)]
                for name, prefix in parts.items()
            },
            n_draws=n_draws,
            seed=seed,
        ),
        "width_90": {
            name: float(column[f"{prefix}width_90"].mean()) for name, prefix in parts.items()
        },
        "by_year": [_year(int(year), years == year, column) for year in np.unique(years)],
    }


def _score(quantiles: Floats, observed: Floats) -> dict[str, Any]:
    (half_low, half_high), (low, high) = (
        (quantiles[:, first], quantiles[:, last]) for first, last in _INTERVALS
    )
    return {
        "crps": quantile_crps(quantiles, QUANTILES, observed),
        "in_50": (half_low <= observed) & (observed <= half_high),
        "in_90": (low <= observed) & (observed <= high),
        "width_90": high - low,
    }


def _year(year: int, here: Ints, column: dict[str, Floats]) -> dict[str, Any]:
    return {
        "year": year,
        "n_forecasts": int(here.sum()),
        "crps": float(column["crps"][here].mean()),
        f"crps_of_{RIVAL}": float(column[f"{RIVAL}_crps"][here].mean()),
        "coverage_90": float(column["in_90"][here].mean()),
    }
