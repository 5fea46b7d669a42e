"""Draws in the layout of the VIEWS prediction challenge, one Parquet file per origin.

Columns `month_id`, `country_id` or `priogrid_gid`, `draw`, `outcome`, all int64, 1,000 draws per
unit and month, numbered from 0. Hegre et al. (2024), doi:10.48550/arXiv.2407.11045. The challenge
means deaths in state-based conflict; these are deaths as the region set's source counts them.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Literal

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from data.calendar import Step, period_label, period_start
from data.errors import UsageError
from data.regions.contract import RegionSet
from data.sources.views_countries import country_id
from models.fatalities.path import OriginDraws
from models.fatalities.units import By, UnitSeries
from models.metrics import Floats, Ints

N_VIEWS_DRAWS = 1_000
_FIRST_YEAR = 1980

UnitColumn = Literal["country_id", "priogrid_gid"]
_LEVEL = {"country_id": "cm", "priogrid_gid": "pgm"}


def month_id(ordinal: int) -> int:
    """Returns the number of a month: January 1980 is 1.

    Args:
        ordinal: Ordinal of the month's period.
    """
    day = period_start(ordinal, "month")
    return (day.year - _FIRST_YEAR) * 12 + day.month


def resample_draws(draws: Floats, generator: np.random.Generator) -> Ints:
    """Returns 1,000 draws of each unit in random order, shape (n_units, 1000).

    The draw at each of 1,000 equidistant quantiles is taken, so that the distribution stays what it
    is, and then shuffled, so that no order of the draws runs through units and months.

    Args:
        draws: Sorted draws, shape (n_units, n_draws).
        generator: What shuffles.
    """
    share = (np.arange(N_VIEWS_DRAWS) + 0.5) / N_VIEWS_DRAWS
    taken = draws[:, (share * draws.shape[1]).astype(np.int64)]
    # Deaths of events with a vague date are spread over periods; persons are whole.
    return generator.permuted(np.round(taken).astype(np.int64), axis=1)


class ViewsDraws:
    """Writes the draws of each origin to a file of its own, month by month.

    Args:
        folder: Where the files go, as `cm/2017-10/cm_2017-10.parquet` or `pgm/…`.
        region_set: The set that is forecast.
        by: What a unit is.
        seed: Seed of the order of the draws.

    Raises:
        UsageError: The set is weekly, its units are no countries or cells, or a country has no
            number that is known.
    """

    def __init__(self, folder: Path, region_set: RegionSet, by: By, seed: int) -> None:
        self._folder, self._seed = folder, seed
        self.unit_column, self._numbers = number_units(region_set, by)
        self._schema = pa.schema(
            [(name, pa.int64()) for name in ("month_id", self.unit_column, "draw", "outcome")]
        )

    def __call__(self, series: UnitSeries, origin: OriginDraws) -> None:
        """Writes the file of an origin whole; units whose last year is not known are left out.

        Args:
            series: Deaths by unit.
            origin: Its draws.
        """
        numbers = np.array([self._numbers[unit] for unit in series.unit_ids], np.int64)
        label = period_label(int(series.periods[origin.row]), series.step)
        level = _LEVEL[self.unit_column]
        path = self._folder / level / label / f"{level}_{label}.parquet"
        path.parent.mkdir(parents=True, exist_ok=True)
        unfinished = path.with_name(f"{path.name}.part")
        with pq.ParquetWriter(unfinished, self._schema) as writer:
            for horizon, draws in sorted(origin.draws.items()):
                ordinal = int(series.periods[origin.row]) + horizon
                generator = np.random.default_rng([self._seed, ordinal, horizon])
                writer.write_table(self._tabulate(ordinal, numbers, draws, generator))
        unfinished.replace(path)

    def _tabulate(
        self, ordinal: int, numbers: Ints, draws: Floats, generator: np.random.Generator
    ) -> pa.Table:
        units = np.flatnonzero(np.isfinite(draws).all(axis=1))
        units = units[np.argsort(numbers[units], kind="stable")]
        outcome = resample_draws(draws[units], generator)
        columns: Sequence[Ints] = (
            np.full(outcome.size, month_id(ordinal), np.int64),
            np.repeat(numbers[units], N_VIEWS_DRAWS),
            np.tile(np.arange(N_VIEWS_DRAWS, dtype=np.int64), len(units)),
            outcome.reshape(-1),
        )
        return pa.table([pa.array(column) for column in columns], schema=self._schema)


def number_units(region_set: RegionSet, by: By) -> tuple[UnitColumn, dict[str, int]]:
    """Returns the column that names a unit, and the number of each unit.

    Args:
        region_set: The set.
        by: What a unit is.

    Raises:
        UsageError: See `ViewsDraws`.
    """
    _check_step(region_set.step)
    if by == "country":
        return "country_id", {code: country_id(code) for code in region_set.countries}
    if region_set.kind == "priogrid":
        return "priogrid_gid", {one: int(one) for one in region_set.region_ids}
    if region_set.kind == "country":
        return "country_id", {one.region_id: country_id(one.country) for one in region_set.regions}
    raise UsageError(
        f"The layout of VIEWS has no place for the regions of '{region_set.name}'.",
        "Add --by country, or make a set of cells with `tocsin regions grid`.",
    )


def _check_step(step: Step) -> None:
    if step != "month":
        raise UsageError(
            "The layout of VIEWS counts months, and the set counts weeks.",
            "Use a set whose step is a month.",
        )
