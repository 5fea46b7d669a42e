"""One forecasting task: features and outcomes of one horizon, and which rows may train."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, partial

import numpy as np
import numpy.typing as npt

from data.errors import UsageError
from data.panel import Panel
from features.build import FeatureMatrix, build_features
from features.catalogue import indicators_of
from models.history import OutcomeHistory, build_history
from models.metrics import Floats, Ints
from models.outcome import ESCALATION, definition_of
from models.sampling import sample_rows
from models.settings import ModelSettings


@dataclass(frozen=True)
class Rows:
    """Region-periods side by side, for a fit or a forecast.

    Attributes:
        names: Names of the features.
        features: The model's input, float32, shape (n_rows, n_features), NaN where missing.
        thresholds: Deaths that make the outcome true, shape (n_rows,).
        region: Position of each row's region, int64, shape (n_rows,).
    """

    names: tuple[str, ...]
    features: npt.NDArray[np.float32]
    thresholds: Floats
    region: Ints


@dataclass(frozen=True)
class ClosedRows(Rows):
    """Rows whose window is closed: what a model learns from.

    Attributes:
        labels: 1.0 or 0.0, shape (n_rows,).
        sums: Deaths in the window, shape (n_rows,).
        weights: How many rows each stands for, shape (n_rows,).
        period: Ordinal of each row's period, int64, shape (n_rows,).
        year: Calendar year of each row's period, int64, shape (n_rows,).
        others: Rows of other region sets, closed by the same period; None if there are none. Their
            positions of regions go on from those of the task's own.
    """

    labels: Floats
    sums: Floats
    weights: Floats
    period: Ints
    year: Ints
    others: ClosedRows | None = None


@dataclass(frozen=True)
class Auxiliary:
    """Another region set whose closed windows may train too.

    Attributes:
        region_set: Its name.
        history: Its outcomes.
        features: The model's input, the same columns as the task's own.
        is_used: Which regions train, bool, shape (n_regions,): those of other countries.
    """

    region_set: str
    history: OutcomeHistory
    features: FeatureMatrix
    is_used: npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Task:
    """What is learned and forecast for one horizon.

    Attributes:
        history: The outcomes.
        make_features: Returns the model's input; row t uses periods up to t only.
        most_rows: Rows that train; see `models.sampling`.
        seed: Seed of their draw.
        auxiliary: Other region sets that train too.
        auxiliary_weight: What one of their rows weighs.
    """

    history: OutcomeHistory
    make_features: Callable[[], FeatureMatrix]
    most_rows: int
    seed: int
    auxiliary: tuple[Auxiliary, ...] = ()
    auxiliary_weight: float = 1.0

    @cached_property
    def features(self) -> FeatureMatrix:
        """The model's input: made when it is first asked for, since it takes the most memory."""
        return self.make_features()

    @property
    def origins(self) -> npt.NDArray[np.bool_]:
        """Where a forecast can be made and scored, shape (n_periods,)."""
        return np.asarray(np.isfinite(self.history.labels).any(axis=1))

    def at(self, origin_row: int) -> tuple[Task, int]:
        """Returns itself and the row: one panel serves every origin, with its later corrections."""
        return self, origin_row

    def closed_labels(self, origin_row: int) -> Floats:
        """Returns the labels of all windows closed at the origin, shape (n_windows,)."""
        labels = self.history.labels[_closed(self.history, origin_row)]
        return np.asarray(labels[np.isfinite(labels)])

    def closed_rows(self, origin_row: int) -> ClosedRows:
        """Returns what may train at the origin: rows t with t + horizon <= origin_row.

        Rows of auxiliary sets obey the same rule by the calendar: the last period of their window
        lies at or before the origin's.

        Args:
            origin_row: Row of the origin.
        """
        own = self._collect(self.history, self.features, origin_row, None, 0)
        origin = int(self.history.periods[0]) + origin_row
        others: list[ClosedRows] = []
        first = len(self.history.region_ids)
        for one in self.auxiliary:
            row = origin - int(one.history.periods[0])
            found = self._collect(one.history, one.features, row, one.is_used, first)
            first += len(one.history.region_ids)
            others.append(replace(found, weights=self.auxiliary_weight * found.weights))
        others = [one for one in others if len(one.labels)]
        return replace(own, others=join_rows(others)) if others else own

    def origin_rows(self, origin_row: int, region: npt.NDArray[np.int64]) -> Rows:
        """Returns the rows of some regions at one origin.

        Args:
            origin_row: Row of the origin.
            region: Positions of the regions, shape (n_rows,).
        """
        return Rows(
            names=self.features.names,
            features=self.features.pick(np.full_like(region, origin_row), region),
            thresholds=self.history.thresholds[origin_row, region],
            region=region,
        )

    def _collect(
        self,
        history: OutcomeHistory,
        features: FeatureMatrix,
        origin_row: int,
        is_used: npt.NDArray[np.bool_] | None,
        first_region: int,
    ) -> ClosedRows:
        closed = _closed(history, origin_row)
        is_closed = np.isfinite(history.labels[closed])
        if is_used is not None:
            is_closed &= is_used
        row, region = np.nonzero(is_closed)
        row += closed.start
        kept, weights = sample_rows(history.labels[row, region], self.most_rows, self.seed)
        row, region = row[kept], region[kept]
        return ClosedRows(
            names=features.names,
            features=features.pick(row, region),
            thresholds=history.thresholds[row, region],
            region=region + first_region,
            labels=history.labels[row, region],
            sums=history.window_sums[row, region],
            weights=weights,
            period=history.periods[row],
            year=history.years[row],
        )


def join_rows(parts: Sequence[ClosedRows]) -> ClosedRows:
    """Returns the parts one after the other.

    Args:
        parts: At least one; their own `others` are left out.
    """
    return ClosedRows(
        names=parts[0].names,
        features=np.concatenate([one.features for one in parts]),
        thresholds=np.concatenate([one.thresholds for one in parts]),
        region=np.concatenate([one.region for one in parts]),
        labels=np.concatenate([one.labels for one in parts]),
        sums=np.concatenate([one.sums for one in parts]),
        weights=np.concatenate([one.weights for one in parts]),
        period=np.concatenate([one.period for one in parts]),
        year=np.concatenate([one.year for one in parts]),
    )


def pick_rows(rows: ClosedRows, here: npt.NDArray[np.bool_]) -> ClosedRows:
    """Returns some of the rows; those of other region sets are left out.

    Args:
        rows: The rows.
        here: Which are kept, shape (n_rows,).
    """
    return ClosedRows(
        names=rows.names,
        features=rows.features[here],
        thresholds=rows.thresholds[here],
        region=rows.region[here],
        labels=rows.labels[here],
        sums=rows.sums[here],
        weights=rows.weights[here],
        period=rows.period[here],
        year=rows.year[here],
    )


def build_task(
    panel: Panel,
    settings: ModelSettings,
    horizon: int,
    outcome: str = ESCALATION,
    auxiliary: Sequence[Panel] = (),
    features: FeatureMatrix | None = None,
) -> Task:
    """Returns the arrays of one horizon, built from the panel.

    Args:
        panel: Panel as known on its as-of.
        settings: Outcome definitions, feature set and first training month.
        horizon: Steps ahead.
        outcome: Name of the outcome.
        auxiliary: Panels of other region sets that train too; their regions in the panel's own
            countries are left out, so that nothing is learned from twice.
        features: The features of the panel, if they are made already.

    Raises:
        UnknownName: There is no such outcome or feature set.
        UsageError: The horizon is out of range, or an auxiliary set has another calendar unit, a
            later as-of or no region in another country.
    """
    indicators_of(settings.feature_set)
    make = partial(build_features, panel, settings.feature_set, definition_of(settings), horizon)
    return Task(
        history=build_history(panel, settings, horizon, outcome),
        make_features=make if features is None else lambda: features,
        most_rows=settings.most_training_rows,
        seed=settings.seed,
        auxiliary=tuple(_auxiliary(one, panel, settings, horizon, outcome) for one in auxiliary),
        auxiliary_weight=settings.auxiliary_weight,
    )


def _auxiliary(
    other: Panel, panel: Panel, settings: ModelSettings, horizon: int, outcome: str
) -> Auxiliary:
    if other.step != panel.step or other.as_of > panel.as_of:
        raise UsageError(
            f"'{other.region_set}' cannot train beside '{panel.region_set}'.",
            "Its periods must be of the same length, and its as-of no later.",
        )
    is_used = ~np.isin(np.array(other.countries)[other.country_of], panel.countries)
    if not (is_used & other.known.any(axis=0)).any():
        raise UsageError(
            f"'{other.region_set}' has no known region outside of {', '.join(panel.countries)}.",
            "Choose a set of other countries, and ingest their events.",
        )
    return Auxiliary(
        region_set=other.region_set,
        history=build_history(other, settings, horizon, outcome),
        features=build_features(other, settings.feature_set, definition_of(settings), horizon),
        is_used=is_used,
    )


def _closed(history: OutcomeHistory, origin_row: int) -> slice:
    stop = max(0, origin_row - history.horizon + 1)
    return slice(min(history.first_row, stop), stop)
