"""What moves a forecast of trees: exact Shapley values by the shap library.

Boosted trees add in log-odds, a forest in probability: each is explained in what it adds. Lundberg
et al. (2020), doi:10.1038/s42256-019-0138-9. It needs the extra `explain`.
"""

from __future__ import annotations

from dataclasses import dataclass
from types import ModuleType
from typing import Literal

import numpy as np

from data.errors import UnknownName, UsageError
from models.challengers.trees import fit_forest
from models.estimators.boosted import fit_boosted_trees
from models.estimators.ridge import standardise
from models.metrics import Floats
from models.settings import ModelSettings
from models.task import ClosedRows, Rows

EXPLAINED: tuple[str, ...] = ("boosting", "trees")
"""Challengers that can be explained so."""


@dataclass(frozen=True)
class TreeDrivers:
    """What each feature adds to the forecasts of trees.

    Attributes:
        unit: What they add up to.
        base: What an average training row has, in that unit.
        added: What each feature adds, shape (n_rows, n_features); base plus their sum is `total`.
        total: The forecasts in that unit, shape (n_rows,).
    """

    unit: Literal["log-odds", "probability"]
    base: float
    added: Floats
    total: Floats


def explain_trees(recipe: str, rows: ClosedRows, new: Rows, settings: ModelSettings) -> TreeDrivers:
    """Returns what moves the forecasts of a challenger of trees, fitted to closed rows.

    Args:
        recipe: One of `EXPLAINED`.
        rows: What may train.
        new: What is forecast.
        settings: Seed.

    Raises:
        UnknownName: The recipe is no challenger of trees.
        UsageError: The shap library is not installed.
    """
    if recipe not in EXPLAINED:
        raise UnknownName(f"'{recipe}' is made of no trees.", f"Choose {' or '.join(EXPLAINED)}.")
    shap = _load_shap()
    if recipe == "boosting":
        boosted = fit_boosted_trees(rows, settings.seed)
        explainer = shap.TreeExplainer(boosted)
        added = np.asarray(explainer.shap_values(new.features.astype(np.float64)), np.float64)
        total = np.asarray(boosted.decision_function(new.features), np.float64)
        return TreeDrivers("log-odds", float(np.ravel(explainer.expected_value)[-1]), added, total)
    forest = fit_forest(rows, settings)
    standard = standardise(new.features, forest.centre, forest.scale)
    explainer = shap.TreeExplainer(forest.trees)
    added = np.asarray(explainer.shap_values(standard), np.float64)[:, :, 1]
    total = np.asarray(forest.trees.predict_proba(standard)[:, 1], np.float64)
    return TreeDrivers("probability", float(explainer.expected_value[1]), added, total)


def _load_shap() -> ModuleType:
    try:
        import shap  # type: ignore[import-untyped]
    except ImportError:
        raise UsageError(
            "Trees are explained by the shap library, which is not installed.",
            "Install the extra `explain`: pip install 'tocsin[explain]'.",
        ) from None
    return shap  # type: ignore[no-any-return]
