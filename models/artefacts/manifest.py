"""The manifest: everything that a model's user may ask, as canonical JSON that is signed."""

from __future__ import annotations

import hashlib
import json
import platform
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import UTC, date, datetime
from importlib import metadata
from typing import Any

import joblib
import numpy as np

from data.calendar import period_label
from data.errors import StateError
from data.panel import Panel
from features.catalogue import indicators_of
from models.outcome import definition_of, describe_outcome
from models.settings import ModelSettings

MANIFEST_FORMAT = 5

FINAL_DATA = "final data"
"""Word for a backtest that replays one vintage, with the later corrections that it holds."""

AS_KNOWN = "as known"
"""Word for a backtest that replays what was known at each origin."""


def library_versions() -> dict[str, str]:
    """Returns versions of Python and of the libraries that an artefact depends on."""
    return {
        "python": platform.python_version(),
        "scikit-learn": metadata.version("scikit-learn"),
        "numpy": np.__version__,
        "joblib": joblib.__version__,
    }


def major_minor(version: str) -> str:
    """Returns `1.9` of `1.9.1`."""
    return ".".join(version.split(".")[:2])


def hash_regions(region_ids: Sequence[str]) -> str:
    """Returns the SHA-256, in hex, of the identifiers in array order."""
    return hashlib.sha256("\n".join(region_ids).encode()).hexdigest()


def describe_training(
    panel: Panel,
    settings: ModelSettings,
    vintages: Sequence[str],
    outcome: str,
    auxiliary: Sequence[Panel] = (),
) -> dict[str, Any]:
    """Returns the part of a manifest that says what a model was trained on, and how.

    Args:
        panel: The panel that it was trained on.
        settings: Settings in force.
        vintages: Vintages of the deliveries behind the panel, for people.
        outcome: Name of the outcome.
        auxiliary: Panels of other region sets that trained too.
    """
    return {
        "format": MANIFEST_FORMAT,
        "region_set": panel.region_set,
        "regions": {"n": len(panel.region_ids), "sha256": hash_regions(panel.region_ids)},
        "step": panel.step,
        "outcome": describe_outcome(settings, outcome),
        "threshold_features": asdict(definition_of(settings)),
        "feature_set": settings.feature_set,
        "actors": {
            "table_sha256": panel.actor_table,
            "are_read": any(one.reads_actors for one in indicators_of(settings.feature_set)),
        },
        "data": {
            "as_of": panel.as_of.isoformat(),
            "origin": period_label(panel.origin, panel.step),
            "cutoff": panel.data_cutoff.isoformat(),
            "vintages": list(vintages),
            "is_simulated": panel.is_simulated,
        },
        "auxiliary": [
            {
                "region_set": one.region_set,
                "n_regions": len(one.region_ids),
                "as_of": one.as_of.isoformat(),
                "cutoff": one.data_cutoff.isoformat(),
            }
            for one in auxiliary
        ],
        "replay": FINAL_DATA,
        "settings": {
            "train_from": settings.train_from,
            "ridge_c": settings.ridge_c,
            "backtest_years": settings.backtest_years,
            "refit_every_months": settings.refit_every_months,
            "bootstrap_draws": settings.bootstrap_draws,
            "seed": settings.seed,
            "auxiliary_weight": settings.auxiliary_weight,
            "most_training_rows": settings.most_training_rows,
        },
        "libraries": library_versions(),
    }


def name_version(content: Mapping[str, Any], as_of: date) -> str:
    """Returns `<region set>-<outcome>-<as-of>-<8 hex digits of the content's SHA-256>`.

    The same data, settings and libraries give the same name, whenever the training ran.
    """
    digest = hashlib.sha256(encode_manifest(content)).hexdigest()[:8]
    return f"{content['region_set']}-{content['outcome']['name']}-{as_of:%Y%m%d}-{digest}"


def complete_manifest(
    content: Mapping[str, Any], *, as_of: date, artefact: bytes, created_at: datetime
) -> dict[str, Any]:
    """Returns the manifest: the content with its version, its artefact's SHA-256 and its date.

    Args:
        content: Everything else.
        as_of: As-of of the training panel.
        artefact: The artefact's bytes.
        created_at: When it was trained, aware.
    """
    return {
        **content,
        "model_version": name_version(content, as_of),
        "artefact_sha256": hashlib.sha256(artefact).hexdigest(),
        "created_at": created_at.astimezone(UTC).isoformat(timespec="seconds"),
    }


def encode_manifest(manifest: Mapping[str, Any]) -> bytes:
    """Returns canonical JSON: sorted keys, no spaces, UTF-8, no NaN.

    Raises:
        StateError: The manifest holds something that JSON has no word for.
    """
    try:
        text = json.dumps(
            manifest, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False
        )
    except (TypeError, ValueError) as problem:
        raise StateError(f"The manifest cannot be written as JSON: {problem}.") from problem
    return text.encode()


def decode_manifest(manifest: bytes) -> dict[str, Any]:
    """Returns the manifest of bytes whose signature was checked.

    Raises:
        StateError: The bytes are no manifest.
    """
    try:
        content = json.loads(manifest)
    except ValueError as problem:
        raise StateError(f"The manifest cannot be read: {problem}.") from problem
    if not isinstance(content, dict):
        raise StateError("The manifest is no JSON object.")
    return content
