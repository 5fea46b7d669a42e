"""The one builder: a panel becomes the model's input, for training and for scoring alike."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from data.calendar import Step, period_label
from data.errors import StateError, UsageError
from data.panel import Panel
from features.catalogue import indicators_of
from features.fill import fill_indicators
from features.indicator import Transform
from features.outcomes import EscalationDefinition, check_horizon

ARITHMETIC_VERSION = 1
"""Raised when the same declaration gives other numbers than before: models are built for one."""


@dataclass(frozen=True)
class FeatureMatrix:
    """Indicators of one feature set for consecutive periods and all regions of a panel.

    Attributes:
        feature_set: Name of the feature set.
        horizon: Forecast horizon in periods.
        periods: Ordinals of the rows, int64, shape (n_periods,).
        names: Names of the indicators, in column order.
        labels: The indicators in words.
        units: Units of the natural values.
        transforms: What `values` does to each natural value.
        raw: Natural values, float32, shape (n_periods, n_regions, n_features), NaN where missing.
            One feature is one contiguous block of memory.
        fingerprint: SHA-256 of everything that gives a column its meaning.
    """

    feature_set: str
    horizon: int
    periods: npt.NDArray[np.int64]
    names: tuple[str, ...]
    labels: tuple[str, ...]
    units: tuple[str, ...]
    transforms: tuple[Transform, ...]
    raw: npt.NDArray[np.float32]
    fingerprint: str

    @property
    def values(self) -> npt.NDArray[np.float32]:
        """The model's input: `raw` after each feature's transform, same shape and dtype.

        A second array, made whenever it is asked for: `pick` and `column` make only what is needed.
        """
        by_feature = np.stack([self.column(column) for column in range(len(self.names))])
        return np.moveaxis(by_feature, 0, 2)

    def column(self, column: int, first_row: int = 0) -> npt.NDArray[np.float32]:
        """Returns the model's input of one feature from a row on, (n_periods, n_regions)."""
        return _transform(self.raw[first_row:, :, column], self.transforms[column])

    def pick(
        self, row: npt.NDArray[np.int64], region: npt.NDArray[np.int64]
    ) -> npt.NDArray[np.float32]:
        """Returns the model's input of some cells, shape (n_cells, n_features).

        Args:
            row: Row of each cell, shape (n_cells,).
            region: Position of its region, same shape.
        """
        picked: npt.NDArray[np.float32] = self.raw[row, region]
        for column, transform in enumerate(self.transforms):
            picked[:, column] = _transform(picked[:, column], transform)
        return picked


def build_features(
    panel: Panel,
    feature_set: str,
    definition: EscalationDefinition,
    horizon: int,
    *,
    out: npt.NDArray[np.float32] | None = None,
    n_jobs: int = 1,
) -> FeatureMatrix:
    """Returns the features of every period of the panel.

    Args:
        panel: What was known on one day.
        feature_set: A name in `features.feature_sets.FEATURE_SETS`.
        definition: What an escalation is: its threshold is a feature.
        horizon: Forecast horizon in periods.
        out: Array that receives the natural values and becomes the matrix's, float32, shape
            (n_features, n_periods, n_regions): fresh memory costs more than the arithmetic.
        n_jobs: Threads; the numbers are the same for any.

    Raises:
        UnknownName: There is no such feature set.
        UsageError: The horizon is shorter than 1 period or longer than 36 months.
        StateError: The panel lacks a variable that an indicator needs, or `out` has another shape.
    """
    rows = (0, len(panel.periods))
    return _build(panel, feature_set, definition, horizon, rows, out, n_jobs)


def rows_for_origin(
    panel: Panel,
    feature_set: str,
    definition: EscalationDefinition,
    horizon: int,
    origin: int | None = None,
) -> FeatureMatrix:
    """Returns the features of one period: the bits that `build_features` has for it.

    Args:
        panel: What was known on one day.
        feature_set: A name in `features.feature_sets.FEATURE_SETS`.
        definition: What an escalation is: its threshold is a feature.
        horizon: Forecast horizon in periods.
        origin: Ordinal of the period; default: `panel.origin`.

    Returns:
        A matrix with one period.

    Raises:
        UnknownName: There is no such feature set.
        UsageError: The panel has no such period, or the horizon is out of range.
        StateError: The panel lacks a variable that an indicator needs.
    """
    wanted = panel.origin if origin is None else origin
    row = wanted - int(panel.periods[0])
    if not 0 <= row < len(panel.periods):
        first, last = (period_label(int(panel.periods[end]), panel.step) for end in (0, -1))
        raise UsageError(
            f"{period_label(wanted, panel.step)} lies outside the panel.",
            f"Choose from {first} to {last}.",
        )
    return _build(panel, feature_set, definition, horizon, (row, row + 1))


def latest_rows(
    panel: Panel,
    feature_set: str,
    definition: EscalationDefinition,
    horizon: int,
    n_periods: int,
) -> FeatureMatrix:
    """Returns the features of the last periods up to the origin: the bits of `build_features`.

    Args:
        panel: What was known on one day.
        feature_set: A name in `features.feature_sets.FEATURE_SETS`.
        definition: What an escalation is: its threshold is a feature.
        horizon: Forecast horizon in periods.
        n_periods: Periods, the origin included; fewer if the panel begins later.

    Raises:
        UnknownName: There is no such feature set.
        UsageError: The horizon is out of range.
        StateError: The panel lacks a variable that an indicator needs.
    """
    end = panel.origin - int(panel.periods[0]) + 1
    return _build(panel, feature_set, definition, horizon, (max(0, end - n_periods), end))


def feature_fingerprint(
    feature_set: str, step: Step, definition: EscalationDefinition, horizon: int
) -> str:
    """Returns the SHA-256, in hex, of everything that gives the columns of a matrix their meaning.

    That is: names, formulas, windows and transforms in order, the step, the horizon, the definition
    of escalation and the version of the arithmetic. Labels and reasons are not in it: wording may
    improve without making a model unusable.

    Raises:
        UnknownName: There is no such feature set.
    """
    declared = {
        "arithmetic": ARITHMETIC_VERSION,
        "feature_set": feature_set,
        "step": step,
        "horizon": horizon,
        "outcome": definition.version,
        "indicators": [
            [one.name, one.formula, repr(one.measure), one.unit, one.transform]
            for one in indicators_of(feature_set)
        ],
    }
    return hashlib.sha256(json.dumps(declared, sort_keys=True).encode()).hexdigest()


def _transform(natural: npt.NDArray[np.float32], transform: Transform) -> npt.NDArray[np.float32]:
    """Returns the model's input of natural values, in memory of its own without gaps.

    Without gaps numpy takes the same way for every length, so a cell has the same bits in any part.
    """
    found = np.array(natural, order="C")
    if transform == "log1p":
        np.log1p(found, out=found)
    elif transform == "log":
        np.log(found, out=found)
    return found


def _build(
    panel: Panel,
    feature_set: str,
    definition: EscalationDefinition,
    horizon: int,
    rows: tuple[int, int],
    out: npt.NDArray[np.float32] | None = None,
    n_jobs: int = 1,
) -> FeatureMatrix:
    indicators = indicators_of(feature_set)
    check_horizon(horizon, panel.step)
    shape = (len(indicators), rows[1] - rows[0], len(panel.region_ids))
    natural = np.empty(shape, np.float32) if out is None else out
    if natural.shape != shape or natural.dtype != np.float32:
        found = f"{natural.dtype} {natural.shape}"
        raise StateError(f"The features need float32 {shape}, not {found}.")
    fill_indicators(panel, indicators, rows, horizon, definition, natural, n_jobs=n_jobs)
    return FeatureMatrix(
        feature_set=feature_set,
        horizon=horizon,
        periods=panel.periods[rows[0] : rows[1]],
        names=tuple(one.name for one in indicators),
        labels=tuple(one.label for one in indicators),
        units=tuple(one.unit for one in indicators),
        transforms=tuple(one.transform for one in indicators),
        raw=np.moveaxis(natural, 0, 2),
        fingerprint=feature_fingerprint(feature_set, panel.step, definition, horizon),
    )
