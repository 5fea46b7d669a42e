"""Shadows: stored models that are scored with every publication and never served.

What they would have said is verified like what was published, so that a model can earn its place
before it has one.
"""

from __future__ import annotations

from sqlalchemy import Connection, select, update

from data.errors import Refused, UnknownName, UsageError
from models.artefacts.admission import open_model, read_stored
from models.artefacts.artefact import LoadedModel
from models.artefacts.signing import PublicKey
from models.tables import models


def set_shadow(connection: Connection, model_version: str, *, is_shadow: bool) -> None:
    """Makes a model a shadow, or ends that.

    Args:
        connection: A write transaction.
        model_version: The model.
        is_shadow: Whether it is one from now on.

    Raises:
        UnknownName: There is no such model.
        UsageError: It is in service.
    """
    role = connection.scalar(select(models.c.role).where(models.c.model_version == model_version))
    if role is None:
        raise UnknownName(f"No model '{model_version}'.", "`tocsin models list` shows all.")
    if is_shadow and role == "champion":
        raise UsageError(
            f"{model_version} is in service: it cannot be its own shadow.",
            "Choose another from `tocsin models list`.",
        )
    mark_shadow(connection, model_version, is_shadow=is_shadow)


def mark_shadow(connection: Connection, model_version: str, *, is_shadow: bool) -> None:
    """Writes down whether a model is a shadow, whatever its role."""
    connection.execute(
        update(models).where(models.c.model_version == model_version).values(is_shadow=is_shadow)
    )


def load_shadows(
    connection: Connection, region_set: str, outcome: str, key: PublicKey
) -> tuple[tuple[LoadedModel, ...], tuple[str, ...]]:
    """Returns the shadows of a set and outcome, and why others were refused, one sentence each.

    A shadow that does not pass the checks of `models.artefacts.admission` is no reason not to
    publish.

    Args:
        connection: A read transaction.
        region_set: Name of the region set.
        outcome: Name of the outcome.
        key: Public part of the service's signing key.
    """
    query = (
        select(models)
        .where(
            models.c.region_set == region_set,
            models.c.outcome == outcome,
            models.c.is_shadow,
            models.c.role != "champion",
        )
        .order_by(models.c.model_version)
    )
    found, refused = [], []
    for row in connection.execute(query).all():
        try:
            found.append(open_model(read_stored(row), key))
        except Refused as problem:
            refused.append(problem.message)
    return tuple(found), tuple(refused)
