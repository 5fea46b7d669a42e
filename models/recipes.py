"""Recipes: every way to make a forecast that a backtest can try, by name.

The first is the default. The others are challengers: they are measured beside it and must prove
themselves before one of them takes its place. Those of `SERVED` can be trained, stored and served
(`tocsin train --model`); the rest is tried in backtests only.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

from data.errors import UnknownName
from models.challengers.recalibrated import fit_recalibrated
from models.challengers.regions import fit_regions
from models.challengers.splines import fit_splines
from models.challengers.stacking import fit_stacking
from models.challengers.trees import fit_trees
from models.estimators.ensemble import PARTS, FittedEnsemble, ensemble_log_odds, fit_ensemble
from models.metrics import Floats
from models.settings import ModelSettings
from models.task import ClosedRows, Rows

Forecaster = Callable[[Rows], Floats]
"""Maps rows to log-odds, shape (n_rows,)."""

Recipe = Callable[[ClosedRows, ModelSettings], Forecaster]

DEFAULT_RECIPE = "mix"


SERVED: Mapping[str, tuple[str, ...] | None] = MappingProxyType(
    {
        DEFAULT_RECIPE: None,
        **{name: (name,) for name in PARTS},
    }
)
"""Recipes that can be served, and the parts of `models.estimators.ensemble` that each is made
of."""


def fit_served(recipe: str, rows: ClosedRows, settings: ModelSettings) -> FittedEnsemble:
    """Returns a recipe that can be served, fitted to closed rows.

    Args:
        recipe: A name in `SERVED`.
        rows: What may train.
        settings: Penalty, seed.

    Raises:
        UnknownName: There is no such recipe, or it cannot be served.
    """
    if recipe not in SERVED:
        check_recipe(recipe)
        raise UnknownName(
            f"The model '{recipe}' can be tried and not be served.",
            f"Choose from {', '.join(SERVED)}, or see `tocsin backtest --model {recipe}`.",
        )
    return fit_ensemble(rows, settings, SERVED[recipe])


def _forecaster(recipe: str) -> Recipe:
    def fit(rows: ClosedRows, settings: ModelSettings) -> Forecaster:
        fitted = fit_served(recipe, rows, settings)
        return lambda new: ensemble_log_odds(fitted, new)

    return fit


RECIPES: Mapping[str, Recipe] = MappingProxyType(
    {
        **{name: _forecaster(name) for name in SERVED},
        "trees": fit_trees,
        "splines": fit_splines,
        "regions": fit_regions,
        "stacking": fit_stacking,
        "recalibrated": fit_recalibrated,
    }
)


def check_recipe(recipe: str) -> None:
    """Refuses an unknown name.

    Raises:
        UnknownName: There is no such recipe.
    """
    if recipe not in RECIPES:
        raise UnknownName(f"No model '{recipe}'.", f"Choose from {', '.join(RECIPES)}.")
