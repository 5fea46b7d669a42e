"""The history of one outcome at one horizon: what came true where, and how high the bar was."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from data.calendar import Step, months_to_periods, parse_period, period_of, period_start
from data.panel import Panel
from features.outcomes import EscalationDefinition, escalation_labels, escalation_thresholds
from models.metrics import Floats, Ints
from models.settings import ModelSettings

ESCALATION = "escalation"


@dataclass(frozen=True)
class OutcomeHistory:
    """Labels and what they are made of, by period and region.

    Attributes:
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
    """

    horizon: int
    step: Step
    region_ids: tuple[str, ...]
    periods: Ints
    deaths: Floats
    thresholds: Floats
    labels: Floats
    first_row: int

    @cached_property
    def window_months(self) -> Ints:
        """Calendar month, 1 to 12, in which the window after each row begins, (n_periods,)."""
        return np.array([period_start(int(p) + 1, self.step).month for p in self.periods], np.int64)

    @cached_property
    def years(self) -> Ints:
        """Calendar year of each period's first day, shape (n_periods,)."""
        return np.array([period_start(int(p), self.step).year for p in self.periods], np.int64)

    def rows_of_years(self, years: float) -> int:
        """Returns how many rows `years` take."""
        return months_to_periods(years * 12, self.step)


def definition_of(settings: ModelSettings) -> EscalationDefinition:
    """Returns the escalation definition that the settings name."""
    return EscalationDefinition(
        multiple=settings.escalation_multiple,
        quantile=settings.escalation_quantile,
        floor=settings.escalation_floor,
    )


def build_history(panel: Panel, settings: ModelSettings, horizon: int) -> OutcomeHistory:
    """Returns the history of escalation at one horizon.

    Args:
        panel: Panel as known on its as-of.
        settings: Outcome definition and first training month.
        horizon: Steps ahead.
    """
    definition = definition_of(settings)
    deaths = panel.values["deaths"]
    arguments = (deaths, panel.known, horizon, definition, panel.step)
    first_day = period_start(parse_period(settings.train_from, "month"), "month")
    return OutcomeHistory(
        horizon=horizon,
        step=panel.step,
        region_ids=panel.region_ids,
        periods=panel.periods,
        deaths=np.where(panel.known, deaths, np.nan).astype(np.float64),
        thresholds=escalation_thresholds(*arguments),
        labels=escalation_labels(*arguments).astype(np.float64),
        first_row=max(0, period_of(first_day, panel.step) - int(panel.periods[0])),
    )
