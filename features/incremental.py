"""Incremental update: after a delivery, only what its events touch is computed anew.

A changed cell touches its own region, the regions that look at it (neighbours, nearby, its
country) and the periods from its own on. What is computed anew goes through the same lines as a
full build, so the result is the same, bit for bit.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Literal, TypeAlias

import numpy as np
import numpy.typing as npt

from data.calendar import Step
from data.panel import Panel
from features.build import FeatureMatrix, build_features
from features.catalogue import indicators_of
from features.changes import Changes
from features.evaluation import Evaluation
from features.fill import fill_indicators
from features.geography import Geography, geography_of
from features.measures import (
    CapitalFront,
    CountrySum,
    Exposure,
    FixedTrait,
    Measure,
    NeighbourMax,
    NeighbourMean,
    NeighbourSum,
    WindowSeason,
)
from features.newest import NewestPeriod
from features.outcomes import EscalationDefinition
from features.plan import Needs, needs_of, plan_series
from features.slices import PanelSlice

Float32 = npt.NDArray[np.float32]
Int64 = npt.NDArray[np.int64]
SPARE_PERIODS = 12
"""Room for later periods that a matrix gets when it grows: fresh memory is what costs."""

Scope: TypeAlias = Literal["own", "neighbours", "nearby", "country", "fixed"]


def scope_of(measure: Measure) -> Scope:
    """Returns whose numbers a measure of a region is computed from."""
    match measure:
        case NeighbourMean() | NeighbourSum() | NeighbourMax():
            return "neighbours"
        case Exposure():
            return "nearby"
        case CountrySum() | CapitalFront():
            return "country"
        case FixedTrait() | WindowSeason():
            return "fixed"
        case _:
            return "own"


class LiveFeatures:
    """A feature matrix that is kept up with its panel.

    Args:
        panel: What was known on one day.
        feature_set: As for `features.build.build_features`.
        definition: What an escalation is.
        horizon: Forecast horizon in periods.
        n_jobs: Threads of a full build.

    Raises:
        UnknownName: There is no such feature set.
        UsageError: The horizon is shorter than 1 period or longer than 36 months.
        StateError: The panel lacks a variable that an indicator needs.
    """

    def __init__(
        self,
        panel: Panel,
        feature_set: str,
        definition: EscalationDefinition,
        horizon: int,
        *,
        n_jobs: int = 1,
    ) -> None:
        self._arguments = (feature_set, definition, horizon)
        self._n_jobs = n_jobs
        self._measures = tuple(one.measure for one in indicators_of(feature_set))
        self._scopes: dict[Scope, tuple[Int64, Needs]]
        self._panel: Panel = panel
        self._geography: Geography
        self._matrix: FeatureMatrix
        self._out: Float32
        self._room: Float32
        self._newest: dict[Scope, NewestPeriod] = {}
        self._rebuild(panel)

    @property
    def matrix(self) -> FeatureMatrix:
        """The features of the newest panel. Its `raw` is overwritten by the next update."""
        return self._matrix

    def update(self, panel: Panel, changes: Changes) -> None:
        """Brings the features up to a newer panel.

        Where the panel has other regions or another first period, or fewer periods, everything is
        built anew. A period that is new at its end is built for all regions.

        Args:
            panel: What is known now.
            changes: Where it differs from the panel before, for the periods that both have; see
                `features.changes.find_changes`.
        """
        if not is_same_frame(self._panel, panel):
            self._rebuild(panel)
            return
        self._panel = panel
        n_before, n_now = self._out.shape[1], len(panel.periods)
        is_longer = n_now > n_before
        if changes.first_row < n_before:
            self._recompute(changes, n_before)
        if is_longer:
            self._extend(n_before)
        if is_longer or changes.first_row < n_now - 1:
            self._newest = {}
        self._matrix = replace(
            self._matrix, raw=np.moveaxis(self._out, 0, 2), periods=panel.periods
        )

    def _rebuild(self, panel: Panel) -> None:
        self._panel = panel
        self._geography = geography_of(panel)
        self._scopes = _by_scope(self._measures, panel.step, self._arguments[2])
        self._matrix = build_features(panel, *self._arguments, n_jobs=self._n_jobs)
        self._out = self._room = np.moveaxis(self._matrix.raw, 2, 0)
        self._newest = {}

    def _extend(self, n_before: int) -> None:
        _, definition, horizon = self._arguments
        n_now = len(self._panel.periods)
        if n_now > self._room.shape[1]:
            n_features, _, n_regions = self._out.shape
            self._room = np.empty((n_features, n_now + SPARE_PERIODS, n_regions), np.float32)
            self._room[:, :n_before] = self._out
        self._out = self._room[:, :n_now]
        fill_indicators(
            self._panel,
            indicators_of(self._arguments[0]),
            (n_before, n_now),
            horizon,
            definition,
            self._out[:, n_before:],
            geography=self._geography,
            n_jobs=self._n_jobs,
        )

    def _recompute(self, changes: Changes, n_rows: int) -> None:
        _, definition, horizon = self._arguments
        first = changes.first_row
        is_newest = first == len(self._panel.periods) - 1
        for scope, (columns, needs) in self._scopes.items():
            regions = self._touched(scope, changes)
            if not len(regions):
                continue
            wanted = PanelSlice(self._panel, first, n_rows, self._geography, regions)
            found = np.empty((len(columns), *wanted.shape), np.float32)
            if is_newest:
                given = self._newest_of(scope, needs).fill(wanted, found)
            else:
                given = plan_series(wanted, needs, list(found)).run()
            evaluation = Evaluation(wanted, horizon, definition, given)
            for place in needs.rest:
                evaluation.rows(needs.measures[place], found[place])
            self._write(columns, wanted, found)

    def _newest_of(self, scope: Scope, needs: Needs) -> NewestPeriod:
        """Returns what the newest period goes on from, looked up when first asked for."""
        if scope not in self._newest:
            _, definition, horizon = self._arguments
            arguments = self._panel, self._geography, needs, horizon, definition
            self._newest[scope] = NewestPeriod(*arguments)
        return self._newest[scope]

    def _write(self, columns: Int64, wanted: PanelSlice, found: Float32) -> None:
        if isinstance(wanted.columns, slice):
            for column, target in zip(columns, found, strict=True):
                self._out[column, wanted.first : wanted.stop, wanted.columns] = target
            return
        cells = np.ix_(columns, wanted.regions)
        for row in range(wanted.first, wanted.stop):
            self._out[:, row][cells] = found[:, row - wanted.first]

    def _touched(self, scope: Scope, changes: Changes) -> Int64:
        """Returns the regions of which a measure may have changed, sorted."""
        if scope == "own":
            return changes.regions
        if scope == "fixed":
            return changes.regions[:0]
        if scope == "country":
            # Those of all countries: to find out which takes longer than to write them again.
            is_any = len(changes.regions) or len(changes.countries)
            return np.arange(len(self._panel.region_ids) if is_any else 0)
        return self._geography.seen_from(scope, changes.regions)


def is_same_frame(before: Panel, after: Panel) -> bool:
    """Returns whether a panel has the regions and all the periods of the one before."""
    return (
        after.step == before.step
        and after.periods[0] == before.periods[0]
        and len(after.periods) >= len(before.periods)
        and _is_same(after.region_ids, before.region_ids)
        and _is_same(after.neighbours, before.neighbours)
        and after.countries == before.countries
    )


def _is_same(one: tuple[object, ...], other: tuple[object, ...]) -> bool:
    return one is other or one == other


def _by_scope(
    measures: tuple[Measure, ...], step: Step, horizon: int
) -> dict[Scope, tuple[Int64, Needs]]:
    """Returns the columns of the measures of each scope, and what these need."""
    columns: dict[Scope, list[int]] = {}
    for column, measure in enumerate(measures):
        columns.setdefault(scope_of(measure), []).append(column)
    return {
        scope: (np.array(own), needs_of([measures[column] for column in own], step, horizon))
        for scope, own in columns.items()
    }
