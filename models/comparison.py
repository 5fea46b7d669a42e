"""Two models on the same data: the score of every region before and after a change of model."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from models.score import ScoreRun, Status


@dataclass(frozen=True)
class ScoreChange:
    """The score of one region and horizon under two models.

    Attributes:
        region_id: The region.
        horizon: Steps ahead.
        before: Score that is served now, in [0, 1]; None if there is none.
        after: Score that would be served, in [0, 1]; None if there is none.
        level_before: Its risk level; None without a score.
        level_after: Its risk level; None without a score.
        status_before: What may be said of it; None if no model stands.
        status_after: What may be said of it.
    """

    region_id: str
    horizon: int
    before: float | None
    after: float | None
    level_before: str | None
    level_after: str | None
    status_before: Status | None
    status_after: Status

    @property
    def is_level_change(self) -> bool:
        """True if the risk level is another one, or appears or vanishes."""
        return self.level_before != self.level_after


def compare_scores(
    before: ScoreRun | None, after: ScoreRun, level_of: Callable[[float], str]
) -> tuple[ScoreChange, ...]:
    """Returns one row per region and horizon of either run, in order of horizon and region.

    Args:
        before: Scores of the model in service; None if none stands.
        after: Scores of the other model, on the same panel.
        level_of: Maps a score to its risk level.
    """
    old = {} if before is None else {(one.horizon, one.region_id): one for one in before.scores}
    rows = []
    for new in after.scores:
        served = old.get((new.horizon, new.region_id))
        was = None if served is None else served.risk_score
        rows.append(
            ScoreChange(
                region_id=new.region_id,
                horizon=new.horizon,
                before=was,
                after=new.risk_score,
                level_before=None if was is None else level_of(was),
                level_after=None if new.risk_score is None else level_of(new.risk_score),
                status_before=None if served is None else served.status,
                status_after=new.status,
            )
        )
    return tuple(rows)


def share_of_level_changes(changes: tuple[ScoreChange, ...]) -> float:
    """Returns the share of rows whose risk level changes, in [0, 1]; 0 without rows."""
    return sum(one.is_level_change for one in changes) / len(changes) if changes else 0.0
