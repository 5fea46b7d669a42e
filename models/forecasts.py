"""Out-of-time forecasts: what was said, what came, and what simple baselines said."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from data.calendar import period_label
from data.errors import NotReady
from models.baselines import BASELINES
from models.estimators.ridge import probability_of
from models.history import OutcomeHistory
from models.metrics import Floats, Ints

COLUMNS: tuple[str, ...] = (
    *("row", "region", "year", "refit", "n_known"),
    *("threshold", "log_odds", "observed"),
)
"""Names of the arrays of `Forecasts`, besides those of the baselines."""


@dataclass(frozen=True)
class Forecasts:
    """Out-of-time forecasts whose windows have closed, in order of origin and region.

    Attributes:
        row: Row of the origin in the panel, int64, shape (n_forecasts,).
        region: Position of the region, int64, shape (n_forecasts,).
        year: Calendar year of the origin, int64, shape (n_forecasts,).
        refit: Row of the origin at which the estimator was fitted, int64, shape (n_forecasts,).
        n_known: Periods of the region that were known up to the origin, int64, shape
            (n_forecasts,).
        threshold: Deaths in the window that make the outcome true, as they stood when the forecast
            was made, shape (n_forecasts,).
        log_odds: The estimator's log-odds, shape (n_forecasts,).
        observed: 1.0 if the outcome came, else 0.0, shape (n_forecasts,).
        baselines: Probabilities of each baseline, shape (n_forecasts,) each.
    """

    row: Ints
    region: Ints
    year: Ints
    refit: Ints
    n_known: Ints
    threshold: Floats
    log_odds: Floats
    observed: Floats
    baselines: dict[str, Floats]

    def __len__(self) -> int:
        return len(self.row)

    @property
    def n_refits(self) -> int:
        """How many fits made them."""
        return len(np.unique(self.refit))


def join_forecasts(parts: Sequence[Forecasts]) -> Forecasts:
    """Returns the parts one after the other; without parts, no forecasts."""
    if not parts:
        whole, none = np.empty(0, np.int64), np.empty(0)
        return Forecasts(
            *(whole, whole, whole, whole, whole),
            *(none, none, none),
            baselines=dict.fromkeys(BASELINES, none),
        )
    return Forecasts(
        **{name: np.concatenate([getattr(part, name) for part in parts]) for name in COLUMNS},
        baselines={
            name: np.concatenate([part.baselines[name] for part in parts])
            for name in parts[0].baselines
        },
    )


def pick_forecasts(forecasts: Forecasts, here: npt.NDArray[np.bool_]) -> Forecasts:
    """Returns some of the forecasts.

    Args:
        forecasts: The forecasts.
        here: Which are kept, shape (n_forecasts,).
    """
    return Forecasts(
        **{name: getattr(forecasts, name)[here] for name in COLUMNS},
        baselines={name: values[here] for name, values in forecasts.baselines.items()},
    )


def forecast_table(history: OutcomeHistory, forecasts: Forecasts, log_odds: Floats) -> pd.DataFrame:
    """Returns the forecasts as a table from which every figure can be computed again.

    Args:
        history: What came.
        forecasts: The forecasts.
        log_odds: Log-odds as served, after calibration, shape (n_forecasts,).

    Returns:
        Columns `region_id`, `origin` (a label such as 2021-06), `horizon`, `outcome`,
        `probability`, `observed`, one `baseline_*` per baseline, and `n_known`: how many periods of
        the region were known up to the origin.
    """
    labels = [period_label(int(ordinal), history.step) for ordinal in history.periods]
    return pd.DataFrame(
        {
            "region_id": [history.region_ids[region] for region in forecasts.region],
            "origin": [labels[row] for row in forecasts.row],
            "horizon": history.horizon,
            "outcome": history.outcome,
            "probability": probability_of(log_odds),
            "observed": forecasts.observed.astype(np.int64),
            **{f"baseline_{name}": values for name, values in forecasts.baselines.items()},
            "n_known": forecasts.n_known,
        }
    )


def check_forecasts(forecasts: Forecasts, history: OutcomeHistory, hint: str) -> None:
    """Refuses forecasts on which no skill can be measured.

    Args:
        forecasts: The forecasts.
        history: The history they were made from.
        hint: What to do about it.

    Raises:
        NotReady: There are no forecasts, or the outcome came after all or none of them.
    """
    if not len(forecasts) or len(np.unique(forecasts.observed)) < 2:
        raise NotReady(
            f"Too early to tell at {history.horizon} {history.step}s: there is nothing to measure "
            f"skill on. No case of {history.outcome} fell into the out-of-time origins, or none "
            "could be learned from before them.",
            hint,
        )
