"""The history of one outcome at one horizon: what came true where, and how high the bar was."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from data.calendar import Step, months_to_periods, parse_period, period_of, period_start
from data.panel import Panel
from features.outcomes import reached
from features.windows import window_sums
from models.metrics import Floats, Ints
from models.outcome import ESCALATION, outcome_definition, thresholds_and_labels
from models.settings import ModelSettings

SUM_DECIMALS = 6
"""Sums of deaths are rounded to a millionth, so that a tie does not hang on the last bit."""


@dataclass(frozen=True)
class OutcomeHistory:
    """Labels and what they are made of, by period and region.

    Attributes:
        outcome: Name of the outcome.
        horizon: Steps ahead.
        step: Calendar unit of a period.
        region_ids: Identifiers, shape (n_regions,).
        periods: Period ordinals, int64, shape (n_periods,).
        deaths: Deaths per period, float64, shape (n_periods, n_regions), NaN where not known.
        thresholds: Deaths in the window after row t that make the outcome true, float64, shape
            (n_periods, n_regions), NaN where undefined.
        labels: 1.0 or 0.0 for the window t + 1 … t + horizon, float64, shape
            (n_periods, n_regions), NaN where the window is not closed or not known.
        first_row: First row that may train a model or a baseline.
        climatology_row: First row that the long climatology looks back on.
    """

    outcome: str
    horizon: int
    step: Step
    region_ids: tuple[str, ...]
    periods: Ints
    deaths: Floats
    thresholds: Floats
    labels: Floats
    first_row: int
    climatology_row: int

    @cached_property
    def window_months(self) -> Ints:
        """Calendar month, 1 to 12, in which the window after each row begins, (n_periods,)."""
        return np.array([period_start(int(p) + 1, self.step).month for p in self.periods], np.int64)

    @cached_property
    def years(self) -> Ints:
        """Calendar year of each period's first day, shape (n_periods,)."""
        return np.array([period_start(int(p), self.step).year for p in self.periods], np.int64)

    @cached_property
    def window_sums(self) -> Floats:
        """Deaths in the window after each row, (n_periods, n_regions), NaN where not closed."""
        sums = np.full(self.deaths.shape, np.nan)
        sums[: -self.horizon] = window_sums(self.deaths, self.horizon)[self.horizon :]
        return np.round(sums, SUM_DECIMALS)

    @cached_property
    def reached_after(self) -> Floats:
        """Periods from each row to the one in which the threshold is reached, 1 … horizon.

        Shape (n_periods, n_regions), NaN where it is not reached in the window.
        """
        after = np.full(self.deaths.shape, np.nan)
        total = np.zeros_like(self.deaths)
        for ahead in range(1, self.horizon + 1):
            total[:-ahead] += self.deaths[ahead:]
            total[-ahead:] = np.nan
            is_reached = reached(np.round(total, SUM_DECIMALS), self.thresholds) > 0
            after[is_reached & np.isnan(after)] = ahead
        after[~(self.labels > 0)] = np.nan
        return after

    def held_against(self, row: Ints, region: Ints, thresholds: Floats) -> OutcomeHistory:
        """Returns what came, held against the thresholds that forecasts were made with.

        Args:
            row: Row of the origin of each forecast, shape (n_forecasts,).
            region: Position of its region, same shape.
            thresholds: Its threshold, same shape.

        Returns:
            A history without thresholds and labels elsewhere.
        """
        bars = np.full(self.deaths.shape, np.nan)
        bars[row, region] = thresholds
        return replace(self, thresholds=bars, labels=reached(self.window_sums, bars))

    def rows_of_years(self, years: float) -> int:
        """Returns how many rows `years` take."""
        return months_to_periods(years * 12, self.step)


def build_history(
    panel: Panel, settings: ModelSettings, horizon: int, outcome: str = ESCALATION
) -> OutcomeHistory:
    """Returns the history of an outcome at one horizon.

    Args:
        panel: Panel as known on its as-of.
        settings: Outcome definitions and first months.
        horizon: Steps ahead.
        outcome: Name of the outcome.

    Raises:
        UnknownName: There is no such outcome.
        UsageError: The horizon is out of range.
    """
    deaths = panel.values["deaths"]
    thresholds, labels = thresholds_and_labels(
        deaths, panel.known, horizon, outcome_definition(settings, outcome), panel.step
    )
    return OutcomeHistory(
        outcome=outcome,
        horizon=horizon,
        step=panel.step,
        region_ids=panel.region_ids,
        periods=panel.periods,
        deaths=np.where(panel.known, deaths, np.nan).astype(np.float64),
        thresholds=thresholds,
        labels=labels,
        first_row=_row_of_month(panel, settings.train_from),
        climatology_row=_row_of_month(panel, settings.climatology_from),
    )


def _row_of_month(panel: Panel, month: str) -> int:
    """Returns the panel's row of the period in which a month begins, 0 if it lies before."""
    first_day = period_start(parse_period(month, "month"), "month")
    return max(0, period_of(first_day, panel.step) - int(panel.periods[0]))
