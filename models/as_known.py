"""The replay as known: each origin on the panel of the first day on which it was the newest period.

Features, thresholds, labels that train and baselines come from what was known on that day; only
what forecasts are held against comes from the newest panel. Region borders, the table of actors and
the code are those of today.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np
import numpy.typing as npt

from data.calendar import period_label
from data.errors import Conflict
from data.panel import FirstKnown, Panel
from features.build import FeatureMatrix
from features.changes import find_changes
from features.incremental import LiveFeatures
from models.history import OutcomeHistory, build_history
from models.outcome import definition_of
from models.settings import ModelSettings
from models.task import ClosedRows, Task, build_task


@dataclass(frozen=True)
class Knowledge:
    """What was known of region sets, day by day.

    Attributes:
        origins: Each period that once was the newest known one of the set, by its ordinal.
        known_from: First day on which anything was known of each auxiliary region set, by its name;
            a set of which nothing is known at all is left out.
        read: Returns the panel of a region set, by its name, as known on a day.
        digest: SHA-256, in hex, of the deliveries and regions that all panels are made of.
    """

    origins: Mapping[int, FirstKnown]
    known_from: Mapping[str, date]
    read: Callable[[str, date], Panel]
    digest: str


class AsKnown:
    """Inputs of one horizon as they were known at each origin; a `models.replay.Replay`.

    Holds one panel and one array of features besides the newest panel. Where origins are asked for
    in rising order, the features are kept up with the panels and not built anew.

    Args:
        panel: The newest panel: it tells what came.
        knowledge: What was known before.
        settings: Outcome definitions, feature set and first training month.
        horizon: Steps ahead.
        outcome: Name of the outcome.
        also: Names of the auxiliary region sets, each as known on the days of the refits; it trains
            from the first day on which anything was known of it.

    Raises:
        UnknownName: There is no such outcome.
        UsageError: The horizon is out of range.
    """

    def __init__(
        self,
        panel: Panel,
        knowledge: Knowledge,
        settings: ModelSettings,
        horizon: int,
        outcome: str,
        also: Sequence[str] = (),
    ) -> None:
        self._newest = panel
        self._knowledge = knowledge
        self._settings = settings
        self._also = tuple(also)
        self._history = build_history(panel, settings, horizon, outcome)
        self._then: _Then | None = None

    @property
    def history(self) -> OutcomeHistory:
        """What came, as the newest panel tells it."""
        return self._history

    @property
    def origins(self) -> npt.NDArray[np.bool_]:
        """Which periods once were the newest, with a window that is closed by now."""
        was_newest = np.isin(self._history.periods, list(self._knowledge.origins))
        return np.asarray(was_newest & np.isfinite(self._history.window_sums).any(axis=1))

    def at(self, origin_row: int) -> tuple[Task, int]:
        """Returns the task of the day on which an origin became the newest period, and its row.

        Auxiliary sets are left out. The task holds until another origin is asked for.

        Raises:
            Conflict: What was known on that day has been changed since the replay began.
            NothingKnown: The same.
            TocsinError: As `models.task.build_task`.
        """
        origin = int(self._history.periods[origin_row])
        if self._then is None or self._then.panel.origin != origin:
            self._then = self._step_to(origin)
        return self._then.task, origin - int(self._then.panel.periods[0])

    def closed_rows(self, origin_row: int) -> ClosedRows:
        """Returns what may train at an origin, auxiliary sets as known on its day included.

        Raises:
            TocsinError: As `at`.
        """
        task, row = self.at(origin_row)
        if self._also and self._then is not None:
            panel = self._then.panel
            day, known_from = panel.as_of, self._knowledge.known_from
            names = [name for name in self._also if known_from.get(name, date.max) <= day]
            beside = [self._knowledge.read(name, day) for name in names]
            task = self._build(panel, task.features, beside)
        return task.closed_rows(row)

    def _build(self, panel: Panel, features: FeatureMatrix, beside: Sequence[Panel] = ()) -> Task:
        return build_task(
            panel,
            self._settings,
            self._history.horizon,
            self._history.outcome,
            beside,
            features=features,
        )

    def _read(self, origin: int) -> Panel:
        day = self._knowledge.origins[origin].as_of
        panel = self._knowledge.read(self._newest.region_set, day)
        if panel.origin != origin or panel.region_ids != self._newest.region_ids:
            raise Conflict(
                f"What was known of '{panel.region_set}' on {day} is not what it was when the "
                f"replay of {period_label(origin, panel.step)} began.",
                "Somebody took in a delivery, or regions: run the same command again.",
            )
        return panel

    def _step_to(self, origin: int) -> _Then:
        """Returns what was known at an origin, from what was at the one before if there is one."""
        before = None if self._then is None else (self._then.panel, self._then.live)
        # The task goes before the next panel comes: on large sets it is as large.
        self._then = None
        panel = self._read(origin)
        if before is None:
            chosen = self._settings
            live = LiveFeatures(
                panel, chosen.feature_set, definition_of(chosen), self._history.horizon
            )
        else:
            older, live = before
            live.update(panel, find_changes(older, panel))
            del before, older
        return _Then(panel, live, self._build(panel, live.matrix))


@dataclass(frozen=True)
class _Then:
    """What was known at one origin."""

    panel: Panel
    live: LiveFeatures
    task: Task
