"""Admission: what a stored model must prove before its artefact is unpickled.

Unpickling runs what the bytes say, so it comes last: signature over the manifest, the artefact's
SHA-256 in the manifest, the place in the registry, the versions of Python and scikit-learn, the
outcome definition and the fingerprints of the features. What fails is refused and says why.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Row

from data.errors import Refused, TocsinError
from features.build import feature_fingerprint
from features.outcomes import EscalationDefinition
from models.artefacts.artefact import LoadedModel, unpack_artefact
from models.artefacts.manifest import (
    MANIFEST_FORMAT,
    decode_manifest,
    library_versions,
    major_minor,
)
from models.artefacts.signing import PublicKey, is_signed_by
from models.outcome import read_outcome


@dataclass(frozen=True)
class StoredModel:
    """A model as it lies in the registry, not trusted yet.

    Attributes:
        model_version: Version under which it is stored.
        region_set: Region set under which it is stored.
        outcome: Outcome under which it is stored.
        manifest: Bytes of its manifest.
        artefact: Bytes of its artefact.
        signature: Signature over the manifest.
    """

    model_version: str
    region_set: str
    outcome: str
    manifest: bytes = field(repr=False)
    artefact: bytes = field(repr=False)
    signature: bytes = field(repr=False)


def read_stored(row: Row[Any]) -> StoredModel:
    """Returns a model as a row of the registry holds it."""
    return StoredModel(
        model_version=row.model_version,
        region_set=row.region_set,
        outcome=row.outcome,
        manifest=bytes(row.manifest_bytes),
        artefact=bytes(row.artefact),
        signature=bytes(row.signature),
    )


def open_model(stored: StoredModel, key: PublicKey) -> LoadedModel:
    """Returns the model, ready to score, if it passes every check.

    Args:
        stored: What the registry holds.
        key: Public part of the service's signing key.

    Raises:
        Refused: It was altered, signed by another key, stored in another model's place, or made by
            other versions or for other features or outcomes than this Tocsin has.
    """
    name = f"The model {stored.model_version}"
    if not is_signed_by(key, stored.manifest, stored.signature):
        raise Refused(
            f"{name} is not signed by this service, or its manifest was altered.",
            "Restore the signing key that it was made with, or run `tocsin train` again.",
        )
    manifest = decode_manifest(stored.manifest)
    if hashlib.sha256(stored.artefact).hexdigest() != manifest.get("artefact_sha256"):
        raise Refused(
            f"{name} has an artefact that was altered or cut short.",
            "Restore the database from a backup, or run `tocsin train` again.",
        )
    if manifest.get("format") != MANIFEST_FORMAT:
        raise Refused(f"{name} has manifest format {manifest.get('format')}.", _RETRAIN)
    signed = (manifest["model_version"], manifest["region_set"], manifest["outcome"]["name"])
    if signed != (stored.model_version, stored.region_set, stored.outcome):
        raise Refused(f"{name} is {signed[0]} of '{signed[1]}' by its own manifest.", _RETRAIN)
    _check_versions(name, manifest)
    _check_definitions(name, manifest)
    return LoadedModel(stored.model_version, manifest, unpack_artefact(stored.artefact))


def _check_versions(name: str, manifest: Mapping[str, Any]) -> None:
    here = library_versions()
    for library in ("python", "scikit-learn"):
        made, runs = major_minor(manifest["libraries"][library]), major_minor(here[library])
        if made != runs:
            raise Refused(f"{name} was made with {library} {made}; this is {runs}.", _RETRAIN)


def _check_definitions(name: str, manifest: Mapping[str, Any]) -> None:
    outcome = manifest["outcome"]
    try:
        definition = read_outcome(outcome)
        threshold = EscalationDefinition(**manifest["threshold_features"])
        fingerprints = {
            horizon: feature_fingerprint(
                manifest["feature_set"], manifest["step"], threshold, int(horizon)
            )
            for horizon in manifest["horizons"]
        }
    except TocsinError as problem:
        raise Refused(f"{name} cannot be used: {problem.message}", _RETRAIN) from problem
    if definition.version != outcome["version"]:
        raise Refused(
            f"{name} forecasts {outcome['version']}, which is now {definition.version}.", _RETRAIN
        )
    for horizon, fingerprint in fingerprints.items():
        if manifest["horizons"][horizon]["feature_fingerprint"] != fingerprint:
            raise Refused(f"{name} was built for other features (horizon {horizon}).", _RETRAIN)


_RETRAIN = "Run `tocsin train` again with this version of Tocsin."
