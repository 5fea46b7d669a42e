"""Promotion as a use case: what every region's score would become, then the change itself."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from data.database import Database
from data.errors import NotReady, Refused, UsageError
from data.panel import Panel, build_panel
from data.regions import load_region_set
from models.artefacts.signing import PublicKey, load_or_make_key
from models.comparison import ScoreChange, compare_scores, share_of_level_changes
from models.registry import PromotionKind, find_champion, load_stored, promote, show_model
from models.score import ScoreRun, score_panel
from service.clock import Clock
from service.settings import Settings


@dataclass(frozen=True)
class Preview:
    """What a change of model would do to the scores of one day.

    Attributes:
        model_version: The model that would be in service.
        replaced: The model in service now; None if none stands, or if it is this one.
        region_set: Name of the set.
        outcome: Name of the outcome.
        as_of: Knowledge limit of the scores.
        changes: One row per region and horizon.
        level_share: Share of rows whose risk level changes, in [0, 1].
        note: Why there is nothing to compare with; empty if there is.
    """

    model_version: str
    replaced: str | None
    region_set: str
    outcome: str
    as_of: date
    changes: tuple[ScoreChange, ...]
    level_share: float
    note: str


def preview_promotion(
    database: Database, settings: Settings, *, model_version: str, as_of: date
) -> Preview:
    """Returns every region's score under the model in service and under another; changes nothing.

    Args:
        database: The database.
        settings: Settings in force.
        model_version: The model that would be in service.
        as_of: Knowledge limit.

    Raises:
        UnknownName: There is no such model.
        Refused: It does not pass the checks that come before loading.
        NothingKnown: Nothing is known as of that day.
    """
    key = load_or_make_key(settings.state_dir).public
    with database.read() as connection:
        entry = show_model(connection, model_version)
        candidate = load_stored(connection, model_version, key)
        champion = find_champion(connection, entry.region_set, entry.outcome)
        panel = build_panel(connection, load_region_set(connection, entry.region_set), as_of)
    replaced = None if champion is None else champion.model_version
    before, note = None, "No model stands yet."
    if replaced is not None:
        before, note = _score_as_it_stands(database, settings, replaced, panel, key)
    changes = compare_scores(before, score_panel(candidate, panel, settings), settings.level_of)
    return Preview(
        model_version=model_version,
        replaced=None if replaced == model_version else replaced,
        region_set=entry.region_set,
        outcome=entry.outcome,
        as_of=as_of,
        changes=changes,
        level_share=0.0 if before is None else share_of_level_changes(changes),
        note=note,
    )


def promote_model(
    database: Database,
    settings: Settings,
    clock: Clock,
    preview: Preview,
    *,
    is_confirmed: bool,
    kind: PromotionKind = "promotion",
) -> str | None:
    """Puts the previewed model into service; returns the version that it replaces, if any.

    Args:
        database: The database.
        settings: Settings in force.
        clock: The clock.
        preview: What `preview_promotion` returned.
        is_confirmed: True if somebody has seen the changes and wants them.
        kind: What the log calls it.

    Raises:
        UsageError: More risk levels change than the settings let pass unconfirmed, or the model in
            service has changed since the preview.
        Refused: The model does not pass the checks that come before loading.
    """
    if preview.level_share > settings.promotion_level_share and not is_confirmed:
        raise UsageError(
            f"{preview.level_share:.0%} of the risk levels change, more than "
            f"{settings.promotion_level_share:.0%}.",
            "Look at the table; add --yes to go on.",
        )
    key = load_or_make_key(settings.state_dir).public
    with database.write() as connection:
        champion = find_champion(connection, preview.region_set, preview.outcome)
        standing = None if champion is None else champion.model_version
        if standing not in {preview.replaced, preview.model_version}:
            raise UsageError(
                f"{standing} has come into service meanwhile.", "Run the command again."
            )
        return promote(connection, preview.model_version, key, promoted_at=clock(), kind=kind)


def _score_as_it_stands(
    database: Database, settings: Settings, model_version: str, panel: Panel, key: PublicKey
) -> tuple[ScoreRun | None, str]:
    """Returns the scores of the model in service, or why it has none: it may be broken."""
    try:
        with database.read() as connection:
            model = load_stored(connection, model_version, key)
        return score_panel(model, panel, settings), ""
    except (NotReady, Refused) as problem:
        return None, f"{model_version} cannot score: {problem.message}"
