"""The model card: what a model is for, what it was made from and what it is worth.

Every figure is read from the manifest, where training wrote what it measured. Mitchell et al.
(2019), doi:10.1145/3287560.3287596.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

CARD_FORMAT = 1

INTENDED_USE = (
    "A planner's first look at where violence may rise, beside other sources and people's judgment."
)
NOT_FOR: tuple[str, ...] = (
    "Deciding about single persons or groups.",
    "Targeting, or any use of force.",
    "Regions, sources or outcome definitions other than those named here.",
)
LIMITS: tuple[str, ...] = (
    "Past forecasts were replayed on data as corrected since: what was known then was poorer. A "
    "backtest as known says by how much, where earlier deliveries are stored.",
    "The positive cases come in few separate runs: intervals are wide, and windows overlap.",
    "Events that nobody reported are not in the data; reporting differs between regions.",
    "Contributions say what moved the score, not what causes violence.",
)


KINDS: Mapping[str, str] = {
    "mix": "Equal-weight mean in log-odds of a ridge logit and a negative-binomial count model of "
    "the deaths in the window; with auxiliary region sets also of a logit that learns from them. "
    "One per horizon, on standardised features.",
    "logit": "A ridge logit on standardised features, one per horizon.",
    "counts": "A negative-binomial count model of the deaths in the window, one per horizon, on "
    "standardised features.",
    "wide": "A ridge logit on standardised features that also learns from auxiliary region sets, "
    "one per horizon.",
    "boosting": "100 boosted trees of eight leaves, one forest per horizon.",
}
"""What a model is, by its recipe."""


def build_card(
    manifest: Mapping[str, Any], drift: Mapping[str, Any] | None = None
) -> dict[str, Any]:
    """Returns the card of a model, ready for JSON.

    Args:
        manifest: The model's manifest.
        drift: The verdict of the newest publication that it made; None if it made none.

    Returns:
        `model_version`, `created_at`, `region_set`, `outcome`, `intended_use`, `not_for`, `data`,
        `feature_set`, `actors` (the table that named them, and whether it is read), `estimator`,
        `horizons` (per horizon: verdict, reason, rows, origins, figures with intervals,
        reliability, strata, coefficients), `drift`, `limits`, `libraries`.
    """
    return {
        "format": CARD_FORMAT,
        "model_version": manifest["model_version"],
        "created_at": manifest["created_at"],
        "region_set": manifest["region_set"],
        "n_regions": manifest["regions"]["n"],
        "step": manifest["step"],
        "outcome": manifest["outcome"],
        "intended_use": INTENDED_USE,
        "not_for": list(NOT_FOR),
        "data": {**manifest["data"], "replay": manifest["replay"]},
        "auxiliary": manifest["auxiliary"],
        "feature_set": manifest["feature_set"],
        "actors": manifest.get("actors", {"table_sha256": None, "are_read": False}),
        "estimator": {
            "recipe": manifest["recipe"],
            "kind": KINDS[manifest["recipe"]],
            "ridge_c": manifest["settings"]["ridge_c"],
        },
        "horizons": {
            horizon: _describe_horizon(described)
            for horizon, described in manifest["horizons"].items()
        },
        "drift": None if drift is None else dict(drift),
        "limits": list(LIMITS),
        "libraries": manifest["libraries"],
    }


def _describe_horizon(described: Mapping[str, Any]) -> dict[str, Any]:
    skill = described["skill"]
    heaviest = sorted(
        (one for one in described["features"] if one["coefficient"] is not None),
        key=lambda one: -abs(one["coefficient"]),
    )
    return {
        "is_served": described["gate"]["is_passed"],
        "reason": described["gate"]["reason"],
        "countries": described["gate"].get("groups", {}),
        "train_from": described["train_from"],
        "n_rows": described["n_rows"],
        "n_positives": described["n_positives"],
        "parts": described["parts"],
        "n_sampled": described["n_sampled"],
        "n_auxiliary": described["n_auxiliary"],
        "calibration": described["calibration"]["kind"],
        "backtest": described["backtest"],
        "n_forecasts": skill["n_forecasts"],
        "n_forecast_positives": skill["n_positives"],
        "prevalence": skill["prevalence"],
        "average_precision": skill["model"]["average_precision"],
        "average_precision_of_baselines": {
            name: one["average_precision"] for name, one in skill["baselines"].items()
        },
        "brier": skill["model"]["brier"],
        "brier_skill_against": skill["skill_against"],
        "within_region_auc": skill["model"]["within_region_auc"],
        "reliability": skill["reliability"],
        "strata": described.get("strata", []),
        "coefficients": [
            {"feature": one["name"], "label": one["label"], "coefficient": one["coefficient"]}
            for one in heaviest
        ],
    }
