"""Drift: are the inputs still like those of training, and do the live forecasts still hold?

*Inputs*, by the population stability index of each feature over the last year against the rows of
training: Siddiqi (2006), Credit Risk Scorecards, ISBN 978-0-471-75451-0. Under no drift it is about
chi-squared over the number of cases: Yurdakul & Naranjo (2020), doi:10.21314/JRMV.2020.227. A year
of a region counts as one case, since its months resemble each other.

*Calibration*, by the sequential test of `models.sequential` on live forecasts.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.special import gammaincinv

from data.calendar import months_to_periods
from data.panel import Panel
from features.build import latest_rows
from models.metrics import Floats
from models.outcome import definition_of
from models.sequential import CalibrationTest
from models.settings import ModelSettings

N_BINS = 10
MONTHS = 12
PSI_LIMIT = 0.25
"""From here on a shift is called large: Siddiqi (2006)."""

ERROR_RATE = 0.01
"""Chance, over all features of a horizon, that noise alone goes beyond a limit."""

E_VALUE_LIMIT = 100.0
"""A calibrated model ever reaches this with a chance of at most one in a hundred."""

Values = npt.NDArray[np.float32]


@dataclass(frozen=True)
class InputDrift:
    """How far one feature has moved.

    Attributes:
        horizon: Horizon of the feature's model.
        feature: Name of the feature.
        psi: Population stability index of the last year against the rows of training.
        limit: From here on it has drifted: 0.25, or what noise explains, beyond what the last year
            of training itself differed by.
    """

    horizon: int
    feature: str
    psi: float
    limit: float

    @property
    def is_drifted(self) -> bool:
        """Whether it lies beyond its limit."""
        return self.psi > self.limit


@dataclass(frozen=True)
class DriftVerdict:
    """What may be said of a model at one publication.

    Attributes:
        is_drifted: True if any input or the calibration of any horizon has drifted.
        reasons: One English sentence for each that has.
        inputs: All features, the furthest beyond its limit first; empty if the model does not say
            what it was trained on.
        calibration: Test per horizon; only horizons with live forecasts whose window is closed.
    """

    is_drifted: bool
    reasons: tuple[str, ...]
    inputs: tuple[InputDrift, ...]
    calibration: Mapping[int, CalibrationTest]


def describe_inputs(
    names: Sequence[str], columns: Iterable[Values], year: int
) -> list[dict[str, Any]]:
    """Returns the distribution of each feature in training, ready for a manifest.

    Args:
        names: Names of the features.
        columns: The model's input feature by feature, shape (n_periods, n_regions) each, NaN where
            missing; one at a time is held.
        year: Periods of a year.

    Returns:
        Per feature `name`, `edges` (inner edges of at most 10 bins), `shares` (of the bins, then of
        what is missing), `n` (region-years) and `psi_of_last_year`.
    """
    found = []
    for name, column in zip(names, columns, strict=True):
        own = column.astype(np.float64)
        finite = own[np.isfinite(own)]
        edges = (
            np.unique(np.quantile(finite, np.arange(1, N_BINS) / N_BINS, overwrite_input=True))
            if len(finite)
            else np.zeros(0)
        )
        shares = _shares(own, edges)
        n = own.shape[1] * own.shape[0] / year
        found.append(
            {
                "name": name,
                "edges": edges.tolist(),
                "shares": shares.tolist(),
                "n": float(n),
                "psi_of_last_year": _psi(_shares(own[-year:], edges), shares, own.shape[1], n),
            }
        )
    return found


def measure_inputs(
    panel: Panel, manifest: Mapping[str, Any], settings: ModelSettings
) -> tuple[InputDrift, ...]:
    """Returns how far each feature has moved, the furthest beyond its limit first.

    Args:
        panel: Panel as known on an as-of.
        manifest: The model's manifest.
        settings: Outcome definition.
    """
    found: list[InputDrift] = []
    year = months_to_periods(MONTHS, panel.step)
    for horizon, described in manifest["horizons"].items():
        inputs = described.get("inputs")
        if not inputs or len(panel.periods) < year:
            continue
        features = latest_rows(
            panel, manifest["feature_set"], definition_of(settings), int(horizon), year
        )
        column_of = {name: column for column, name in enumerate(features.names)}
        for one in inputs:
            values = features.column(column_of[one["name"]]).astype(np.float64)
            found.append(_measure(int(horizon), one, values, len(inputs)))
    return tuple(sorted(found, key=lambda one: (one.limit - one.psi, one.feature)))


def judge_drift(
    inputs: Sequence[InputDrift], calibration: Mapping[int, CalibrationTest]
) -> DriftVerdict:
    """Returns the verdict; pure.

    Args:
        inputs: What `measure_inputs` returned.
        calibration: Test per horizon.
    """
    drifted: dict[str, InputDrift] = {}
    for one in inputs:
        if one.is_drifted:
            drifted.setdefault(one.feature, one)
    reasons = [
        f"The input {one.feature} has moved: its stability index is {one.psi:.2f}, above "
        f"{one.limit:.2f}."
        for one in drifted.values()
    ]
    reasons += [
        f"At horizon {horizon}, {test.finding}: the evidence against calibration is "
        f"{test.e_value:.0f} to 1 over {test.n_periods} periods."
        for horizon, test in sorted(calibration.items())
        if test.e_value >= E_VALUE_LIMIT
    ]
    return DriftVerdict(bool(reasons), tuple(reasons), tuple(inputs), dict(calibration))


def _measure(
    horizon: int, described: Mapping[str, Any], values: Floats, n_features: int
) -> InputDrift:
    shares = np.array(described["shares"])
    edges = np.array(described["edges"])
    n_recent, n_training = float(values.shape[1]), float(described["n"])
    psi = _psi(_shares(values, edges), shares, n_recent, n_training)
    n_free = max(1, (shares > 0).sum() - 1)
    # The quantile of chi-squared; scipy.stats takes a second to load.
    noise = 2 * gammaincinv(n_free / 2, 1 - ERROR_RATE / n_features)
    bound = max(PSI_LIMIT, float(noise) * (1 / n_recent + 1 / n_training))
    return InputDrift(horizon, described["name"], psi, bound + described["psi_of_last_year"])


def _shares(values: Floats, edges: Floats) -> Floats:
    """Shares of the bins, then of what is missing."""
    known = np.isfinite(values)
    bins = np.searchsorted(edges, values[known], side="right")
    counts = np.append(np.bincount(bins, minlength=len(edges) + 1), (~known).sum())
    return np.asarray(counts / values.size)


def _psi(recent: Floats, training: Floats, n_recent: float, n_training: float) -> float:
    """Sum of (a - b) log(a / b); half a case in every bin, so that none is empty."""
    a, b = (
        (shares * n + 0.5) / (n + 0.5 * len(shares))
        for shares, n in ((recent, n_recent), (training, n_training))
    )
    return float(((a - b) * np.log(a / b)).sum())
