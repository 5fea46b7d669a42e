"""The artefact: what a trained model keeps, as joblib bytes of scikit-learn and numpy objects.

No class of Tocsin's own is pickled, and loading builds nothing but what the allow-list names. That
is a second lock: the first is the signature, which `models.registry` checks before it calls here.
"""

from __future__ import annotations

import io
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import joblib
import numpy as np
from joblib.numpy_pickle import NumpyUnpickler

from data.errors import Refused
from models.estimators.boosted import FittedTrees
from models.estimators.calibration import Calibration
from models.estimators.counts import FittedCounts
from models.estimators.ensemble import FittedEnsemble
from models.estimators.ridge import FittedLogit
from models.metrics import Floats

ARTEFACT_FORMAT = 3

ALLOWED: frozenset[tuple[str, str]] = frozenset(
    {
        ("joblib.numpy_pickle", "NumpyArrayWrapper"),
        ("numpy", "dtype"),
        ("numpy", "ndarray"),
        ("sklearn.linear_model._logistic", "LogisticRegression"),
    }
)
"""Module and name of everything that an artefact may hold."""


@dataclass(frozen=True)
class HorizonModel:
    """What scores one horizon.

    Attributes:
        horizon: Steps ahead.
        estimator: The fitted service model.
        calibration: Line in log-odds that follows it.
        covariance: Covariance of its coefficients; see `models.estimators.uncertainty`. Trees have
            none.
    """

    horizon: int
    estimator: FittedEnsemble
    calibration: Calibration
    covariance: Floats = field(repr=False)


@dataclass(frozen=True)
class LoadedModel:
    """A model that may score: its manifest and its fitted parts.

    Attributes:
        model_version: Its version.
        manifest: What the manifest says; see `models.train`.
        horizons: Fitted parts by horizon.
    """

    model_version: str
    manifest: Mapping[str, Any]
    horizons: Mapping[int, HorizonModel]


def pack_artefact(horizons: Mapping[int, HorizonModel]) -> bytes:
    """Returns the joblib bytes of fitted parts."""
    parts = {
        horizon: {
            "logit": _pack_logit(part.estimator.logit),
            "counts": _pack_counts(part.estimator.counts),
            "wide": _pack_logit(part.estimator.wide),
            "boosting": None if part.estimator.boosting is None else part.estimator.boosting.arrays,
            "covariance": part.covariance,
            "calibration": np.array([part.calibration.intercept, part.calibration.slope]),
        }
        for horizon, part in sorted(horizons.items())
    }
    buffer = io.BytesIO()
    joblib.dump({"format": ARTEFACT_FORMAT, "horizons": parts}, buffer)
    return buffer.getvalue()


def unpack_artefact(artefact: bytes) -> dict[int, HorizonModel]:
    """Returns the fitted parts. Only for bytes whose signature was checked.

    Args:
        artefact: Bytes that `pack_artefact` made.

    Raises:
        Refused: The bytes hold something that is not on the allow-list, or cannot be read.
    """
    try:
        content = _AllowListedUnpickler(
            "", io.BytesIO(artefact), ensure_native_byte_order=True
        ).load()
        if content["format"] != ARTEFACT_FORMAT:
            raise Refused(f"The artefact has format {content['format']}.", _RETRAIN)
        return {
            horizon: HorizonModel(
                horizon=horizon,
                estimator=FittedEnsemble(
                    logit=_unpack_logit(part["logit"]),
                    counts=_unpack_counts(part["counts"]),
                    wide=_unpack_logit(part["wide"]),
                    boosting=_unpack_trees(part.get("boosting")),
                ),
                covariance=part["covariance"],
                calibration=Calibration(*(float(number) for number in part["calibration"])),
            )
            for horizon, part in content["horizons"].items()
        }
    except Refused:
        raise
    # Bytes that are no pickle raise whatever their first wrong byte leads to.
    except Exception as problem:
        raise Refused(
            f"The artefact cannot be read: {type(problem).__name__}.", _RETRAIN
        ) from problem


def _pack_logit(fitted: FittedLogit | None) -> dict[str, Any] | None:
    if fitted is None:
        return None
    return {"centre": fitted.centre, "scale": fitted.scale, "logit": fitted.logit}


def _unpack_logit(part: dict[str, Any] | None) -> FittedLogit | None:
    return None if part is None else FittedLogit(**part)


def _pack_counts(fitted: FittedCounts | None) -> dict[str, Floats] | None:
    if fitted is None:
        return None
    return {
        "centre": fitted.centre,
        "scale": fitted.scale,
        "mean": fitted.mean,
        "dispersion": fitted.dispersion,
        "threshold": np.array([fitted.threshold]),
    }


def _unpack_counts(part: dict[str, Any] | None) -> FittedCounts | None:
    if part is None:
        return None
    return FittedCounts(**{**part, "threshold": float(*part["threshold"])})


def _unpack_trees(part: dict[str, Any] | None) -> FittedTrees | None:
    return None if part is None else FittedTrees(**part)


_RETRAIN = "Run `tocsin train` again with this version of Tocsin."


class _AllowListedUnpickler(NumpyUnpickler):  # type: ignore[misc]
    """Builds what `ALLOWED` names and refuses everything else."""

    def find_class(self, module: str, name: str) -> Any:
        if (module, name) not in ALLOWED:
            raise Refused(f"The artefact holds {module}.{name}, which no model needs.", _RETRAIN)
        return super().find_class(module, name)
