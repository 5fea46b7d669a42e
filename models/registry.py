"""The registry: trained models in the database, one champion per region set and outcome.

What a stored model must prove before it is loaded is the business of `models.artefacts.admission`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Literal

from sqlalchemy import Connection, Row, insert, select, update

from data.errors import NotReady, StateError, UnknownName
from data.tables import region_sets
from models.artefacts.admission import open_model, read_stored
from models.artefacts.artefact import LoadedModel
from models.artefacts.signing import PublicKey, SigningKey, sign
from models.shadows import mark_shadow
from models.tables import models, promotions
from models.train import TrainedModel

Role = Literal["champion", "challenger", "retired"]
"""`champion`: scores are made with it. `challenger`: stored, not in service. `retired`: was
champion once; promoting it again is the way back."""


PromotionKind = Literal["promotion", "rollback"]


@dataclass(frozen=True)
class SavedModel:
    """What `save_model` did.

    Attributes:
        model_version: The model.
        role: Its role.
        is_new: False if the very same model was stored before; it is then left as it is.
    """

    model_version: str
    role: Role
    is_new: bool


@dataclass(frozen=True)
class ModelEntry:
    """One row of the registry.

    Attributes:
        model_version: Its version.
        region_set: Region set that it was trained on.
        outcome: Outcome that it forecasts.
        as_of: As-of of its training panel.
        created_at: When it was trained.
        role: Its role.
        manifest: Its manifest, as stored; nothing is verified by listing it.
        is_shadow: True if it is scored with every publication and never served.
    """

    model_version: str
    region_set: str
    outcome: str
    as_of: date
    created_at: datetime
    role: Role
    manifest: Mapping[str, Any]
    is_shadow: bool = False


def save_model(connection: Connection, trained: TrainedModel, key: SigningKey) -> SavedModel:
    """Stores a trained model, signed; returns its role.

    It becomes champion if none stands for its region set and outcome, else challenger: training
    never takes a model out of service.

    Args:
        connection: A write transaction.
        trained: What `models.train.train_model` returned.
        key: The service's signing key.

    Raises:
        UnknownName: The region set is not stored.
    """
    manifest = trained.manifest
    region_set, outcome = manifest["region_set"], manifest["outcome"]["name"]
    _lock(connection, region_set)
    stored = _find(connection, trained.model_version)
    if stored is not None:
        return SavedModel(trained.model_version, stored.role, is_new=False)
    role: Role = "challenger" if _champion_of(connection, region_set, outcome) else "champion"
    connection.execute(
        insert(models).values(
            model_version=trained.model_version,
            region_set=region_set,
            outcome=outcome,
            as_of=date.fromisoformat(manifest["data"]["as_of"]),
            created_at=datetime.fromisoformat(manifest["created_at"]),
            role=role,
            manifest=manifest,
            manifest_bytes=trained.manifest_bytes,
            artefact=trained.artefact,
            signature=sign(key, trained.manifest_bytes),
        )
    )
    return SavedModel(trained.model_version, role, is_new=True)


def load_champion(
    connection: Connection, region_set: str, outcome: str, key: PublicKey
) -> LoadedModel:
    """Returns the champion, after every check; nothing is unpickled before they all hold.

    Args:
        connection: A read transaction.
        region_set: Name of the region set.
        outcome: Name of the outcome, `escalation`.
        key: Public part of the service's signing key.

    Raises:
        NotReady: No model stands for the region set and outcome.
        Refused: The stored model was altered, signed by another key, or made by other versions or
            for other features or outcomes than this Tocsin has.
    """
    row = _champion_of(connection, region_set, outcome)
    if row is None:
        raise NotReady(
            f"No model of '{outcome}' stands for the region set '{region_set}'.",
            f"Run `tocsin train --set {region_set} --as-of DAY`.",
        )
    return open_model(read_stored(row), key)


def find_champion(connection: Connection, region_set: str, outcome: str) -> ModelEntry | None:
    """Returns the model in service as listed, unverified; None if none stands.

    Raises:
        StateError: There are several.
    """
    row = _champion_of(connection, region_set, outcome)
    return None if row is None else _entry(row)


def list_models(connection: Connection, region_set: str | None = None) -> list[ModelEntry]:
    """Returns the stored models, newest first.

    Args:
        connection: A read transaction.
        region_set: Only models of this set; None for all.
    """
    query = select(models).order_by(models.c.created_at.desc(), models.c.model_version)
    if region_set is not None:
        query = query.where(models.c.region_set == region_set)
    return [_entry(row) for row in connection.execute(query)]


def show_model(connection: Connection, model_version: str) -> ModelEntry:
    """Returns one stored model.

    Raises:
        UnknownName: There is no such model.
    """
    return _entry(_get(connection, model_version))


def promote(
    connection: Connection,
    model_version: str,
    key: PublicKey | None = None,
    *,
    promoted_at: datetime,
    kind: PromotionKind = "promotion",
) -> str | None:
    """Puts a stored model into service; returns the version that it replaces, if any.

    Args:
        connection: A write transaction.
        model_version: The model that becomes champion.
        key: Public key; if given, the model must pass every check first.
        promoted_at: The present moment, aware; it goes into the log.
        kind: What the log calls it.

    Raises:
        UnknownName: There is no such model.
        Refused: The model does not pass the checks of `load_champion`.
    """
    row = _get(connection, model_version)
    _lock(connection, row.region_set)
    if key is not None:
        open_model(read_stored(row), key)
    before = _champion_of(connection, row.region_set, row.outcome)
    if before is not None and before.model_version == model_version:
        return None
    replaced = None if before is None else str(before.model_version)
    if replaced is not None:
        _set_role(connection, replaced, "retired")
    _set_role(connection, model_version, "champion")
    mark_shadow(connection, model_version, is_shadow=False)
    connection.execute(
        insert(promotions).values(
            region_set=row.region_set,
            outcome=row.outcome,
            kind=kind,
            model_version=model_version,
            replaced=replaced,
            promoted_at=promoted_at,
        )
    )
    return replaced


def find_earlier(connection: Connection, region_set: str, outcome: str) -> str:
    """Returns the model that the champion replaced when it was promoted.

    Args:
        connection: A read transaction.
        region_set: Name of the region set.
        outcome: Name of the outcome.

    Raises:
        NotReady: No model stands, or the champion replaced none.
    """
    champion = _champion_of(connection, region_set, outcome)
    replaced = None
    if champion is not None:
        query = (
            select(promotions.c.replaced)
            .where(
                promotions.c.region_set == region_set,
                promotions.c.outcome == outcome,
                promotions.c.model_version == champion.model_version,
                promotions.c.kind == "promotion",
            )
            .order_by(promotions.c.promotion_id.desc())
        )
        replaced = connection.execute(query.limit(1)).scalar()
    if replaced is None:
        raise NotReady(
            f"No earlier model of '{outcome}' is known for the region set '{region_set}'.",
            "`tocsin models list` shows what is stored; `tocsin models promote` takes any of it.",
        )
    return str(replaced)


def load_stored(connection: Connection, model_version: str, key: PublicKey) -> LoadedModel:
    """Returns a stored model of any role, after every check of `load_champion`.

    Args:
        connection: A read transaction.
        model_version: The model.
        key: Public part of the service's signing key.

    Raises:
        UnknownName: There is no such model.
        Refused: It does not pass a check.
    """
    return open_model(read_stored(_get(connection, model_version)), key)


def _lock(connection: Connection, region_set: str) -> None:
    """Lets one transaction at a time change the roles of a region set's models."""
    query = select(region_sets.c.region_set).where(region_sets.c.region_set == region_set)
    if connection.execute(query.with_for_update()).first() is None:
        raise UnknownName(
            f"No region set '{region_set}'.", "Import it with `tocsin regions import`."
        )


def _champion_of(connection: Connection, region_set: str, outcome: str) -> Row[Any] | None:
    query = select(models).where(
        models.c.region_set == region_set,
        models.c.outcome == outcome,
        models.c.role == "champion",
    )
    rows = connection.execute(query).all()
    if len(rows) > 1:
        raise StateError(f"Region set '{region_set}' has {len(rows)} champions of '{outcome}'.")
    return rows[0] if rows else None


def _find(connection: Connection, model_version: str) -> Row[Any] | None:
    return connection.execute(select(models).where(models.c.model_version == model_version)).first()


def _get(connection: Connection, model_version: str) -> Row[Any]:
    row = _find(connection, model_version)
    if row is None:
        raise UnknownName(f"No model '{model_version}'.", "`tocsin models list` shows all.")
    return row


def _set_role(connection: Connection, model_version: str, role: Role) -> None:
    connection.execute(
        update(models).where(models.c.model_version == model_version).values(role=role)
    )


def _entry(row: Row[Any]) -> ModelEntry:
    return ModelEntry(
        model_version=row.model_version,
        region_set=row.region_set,
        outcome=row.outcome,
        as_of=row.as_of,
        created_at=row.created_at,
        role=row.role,
        manifest=row.manifest,
        is_shadow=bool(row.is_shadow),
    )
