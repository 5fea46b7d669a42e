"""Recipes: every way to make a forecast that a backtest can try, by name.

The first is the default, which `tocsin train` fits. The others are challengers: they are measured
beside it and must prove themselves before one of them takes its place.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

from data.errors import UnknownName
from models.challengers.boosting import fit_boosting
from models.challengers.counts_alone import fit_counts_alone
from models.challengers.logit_alone import fit_logit_alone
from models.challengers.recalibrated import fit_recalibrated
from models.challengers.regions import fit_regions
from models.challengers.splines import fit_splines
from models.challengers.stacking import fit_stacking
from models.challengers.trees import fit_trees
from models.challengers.wide import fit_wide
from models.ensemble import ensemble_log_odds, fit_ensemble
from models.metrics import Floats
from models.settings import ModelSettings
from models.task import ClosedRows, Rows

Forecaster = Callable[[Rows], Floats]
"""Maps rows to log-odds, shape (n_rows,)."""

Recipe = Callable[[ClosedRows, ModelSettings], Forecaster]

DEFAULT_RECIPE = "mix"


def fit_mix(rows: ClosedRows, settings: ModelSettings) -> Forecaster:
    """Returns the default: the service model of `models.ensemble`."""
    fitted = fit_ensemble(rows, settings.ridge_c)
    return lambda new: ensemble_log_odds(fitted, new)


RECIPES: Mapping[str, Recipe] = MappingProxyType(
    {
        DEFAULT_RECIPE: fit_mix,
        "logit": fit_logit_alone,
        "counts": fit_counts_alone,
        "wide": fit_wide,
        "trees": fit_trees,
        "boosting": fit_boosting,
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
