"""Training as a use case: what was known becomes a stored, signed model."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import Connection

from data.database import Database
from data.errors import NotReady
from data.panel import Panel, build_panel
from data.regions import load_region_set
from data.store import list_deliveries
from models.artefacts.signing import load_or_make_key
from models.outcome import ESCALATION
from models.recipes import DEFAULT_RECIPE
from models.registry import Role, save_model
from models.train import train_model
from service.clock import Clock
from service.settings import Settings


@dataclass(frozen=True)
class TrainingReport:
    """What a training run stored.

    Attributes:
        model_version: The model.
        role: `champion` if it is in service, else `challenger`.
        is_new: False if the very same model was stored before.
        manifest: Data, definition, features, skill and verdict per horizon.
    """

    model_version: str
    role: Role
    is_new: bool
    manifest: dict[str, Any]


@dataclass(frozen=True)
class TrainingRun:
    """What the training of several outcomes stored.

    Attributes:
        reports: One per outcome that was trained, in order.
        not_trained: Outcome to why there is too little history for it.
    """

    reports: tuple[TrainingReport, ...]
    not_trained: dict[str, str]


def train_outcomes(
    database: Database,
    settings: Settings,
    clock: Clock,
    *,
    region_set: str,
    as_of: date,
    also: Sequence[str] | None = None,
    recipe: str = DEFAULT_RECIPE,
    on_progress: Callable[[int, int, str], None] | None = None,
) -> TrainingRun:
    """Trains every outcome of the settings; what is too rare in the set is left out and named.

    Args:
        database: The database.
        settings: Settings in force.
        clock: The clock.
        region_set: Name of the set.
        as_of: Knowledge limit.
        also: Other region sets whose closed windows train too; None for those of the settings.
        recipe: A name in `models.recipes.SERVED`.
        on_progress: Called with steps done, steps in all and what is done, outcome by outcome.

    Raises:
        NotReady: There is too little history for the first outcome.
        TocsinError: As `train_set`.
    """
    reports: list[TrainingReport] = []
    not_trained: dict[str, str] = {}
    for outcome in settings.outcomes:
        try:
            report = train_set(
                database,
                settings,
                clock,
                region_set=region_set,
                as_of=as_of,
                outcome=outcome,
                also=also,
                recipe=recipe,
                on_progress=on_progress,
            )
        except NotReady as problem:
            if outcome == settings.outcomes[0]:
                raise
            not_trained[outcome] = problem.message
        else:
            reports.append(report)
    return TrainingRun(tuple(reports), not_trained)


def train_set(
    database: Database,
    settings: Settings,
    clock: Clock,
    *,
    region_set: str,
    as_of: date,
    outcome: str = ESCALATION,
    also: Sequence[str] | None = None,
    recipe: str = DEFAULT_RECIPE,
    on_progress: Callable[[int, int, str], None] | None = None,
) -> TrainingReport:
    """Trains a model of a region set on what was known on a day, and stores it signed.

    Args:
        database: The database.
        settings: Settings in force.
        clock: The clock.
        region_set: Name of the set.
        as_of: Knowledge limit.
        outcome: Name of the outcome.
        also: Other region sets whose closed windows train too; None for those of the settings.
        recipe: A name in `models.recipes.SERVED`.
        on_progress: Called with steps done, steps in all and what is done.

    Raises:
        UnknownName: There is no such set or outcome.
        UsageError: An auxiliary set cannot train beside this one.
        NothingKnown: Nothing is known as of that day.
        NotReady: There is too little history.
    """
    key = load_or_make_key(settings.state_dir)
    with database.read() as connection:
        regions = load_region_set(connection, region_set)
        panel = build_panel(connection, regions, as_of)
        names = settings.auxiliary_sets.get(region_set, ()) if also is None else also
        auxiliary = load_auxiliary(connection, names, as_of)
        vintages = [
            delivery.vintage
            for delivery in list_deliveries(connection, source=regions.source, as_of=as_of)
        ]
    trained = train_model(
        panel,
        settings,
        created_at=clock(),
        on_progress=on_progress,
        vintages=vintages,
        outcome=outcome,
        auxiliary=auxiliary,
        recipe=recipe,
    )
    with database.write() as connection:
        saved = save_model(connection, trained, key)
    return TrainingReport(saved.model_version, saved.role, saved.is_new, trained.manifest)


def load_auxiliary(connection: Connection, names: Sequence[str], as_of: date) -> tuple[Panel, ...]:
    """Returns the panels of other region sets that train beside one, as known on its as-of.

    Args:
        connection: A read transaction.
        names: Names of the sets.
        as_of: Knowledge limit.

    Raises:
        UnknownName: There is no such set.
        NothingKnown: Nothing is known of it as of that day.
    """
    return tuple(
        build_panel(connection, load_region_set(connection, name), as_of)
        for name in dict.fromkeys(names)
    )
