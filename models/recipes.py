"""Recipes: every way to make a forecast that a backtest can try, by name.

The first is the default, which `tocsin train` fits. The others are challengers: they are measured
beside it and must prove themselves before one of them takes its place.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

from data.errors import UnknownName
from models.challengers.boosting import fit_boosting
from models.challengers.counts import fit_counts
from models.challengers.mix import fit_mix
from models.challengers.trees import fit_trees
from models.estimators import fit_logit, log_odds_of
from models.metrics import Floats
from models.settings import ModelSettings
from models.task import ClosedRows, Rows

Forecaster = Callable[[Rows], Floats]
"""Maps rows to log-odds, shape (n_rows,)."""

Recipe = Callable[[ClosedRows, ModelSettings], Forecaster]

DEFAULT_RECIPE = "logit"


def fit_ridge_logit(rows: ClosedRows, settings: ModelSettings) -> Forecaster:
    """Returns the default: the ridge logit of `models.estimators`."""
    fitted = fit_logit(rows.features, rows.labels, settings.ridge_c)
    return lambda new: log_odds_of(fitted, new.features)


RECIPES: Mapping[str, Recipe] = MappingProxyType(
    {
        DEFAULT_RECIPE: fit_ridge_logit,
        "mix": fit_mix,
        "counts": fit_counts,
        "trees": fit_trees,
        "boosting": fit_boosting,
    }
)


def check_recipe(recipe: str) -> None:
    """Refuses an unknown name.

    Raises:
        UnknownName: There is no such recipe.
    """
    if recipe not in RECIPES:
        raise UnknownName(f"No model '{recipe}'.", f"Choose from {', '.join(RECIPES)}.")
