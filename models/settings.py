"""Settings of the models room: outcome definitions, training, the gate."""

from __future__ import annotations

from pydantic import Field, field_validator

from data.calendar import Step
from data.settings import DataSettings
from features.feature_sets import DEFAULT_FEATURE_SET

ESCALATION = "escalation"
SEVERE = "severe"
ONSET = "onset"
OUTCOMES: tuple[str, ...] = (ESCALATION, SEVERE, ONSET)
"""Names of the outcomes; their definitions are in `models.outcome`."""


class ModelSettings(DataSettings):
    """What is forecast, how a model is fitted, and when it may be served."""

    horizons: tuple[int, ...] = Field(
        default=(1, 3, 6), min_length=1, description="Horizons, in steps of the region set."
    )
    horizons_weekly: tuple[int, ...] | None = Field(
        default=None,
        min_length=1,
        description="Horizons of sets that go by weeks, in weeks; default: the same numbers.",
    )
    outcomes: tuple[str, ...] = Field(
        default=OUTCOMES,
        min_length=1,
        description="Outcomes that are trained and published; the first is the one that pages show "
        "unless another is asked for.",
    )
    escalation_multiple: float = Field(
        default=1.5, gt=1, description="Escalation: multiple of the mean of the last 12 months."
    )
    escalation_quantile: float = Field(
        default=0.9, ge=0, le=1, description="Escalation: quantile of own sums over 36 months."
    )
    escalation_floor: float = Field(
        default=10, gt=0, description="Escalation: least deaths in the window."
    )
    severe_deaths: float = Field(
        default=25, gt=0, description="Severe, onset: least deaths in the window."
    )
    onset_quiet_months: int = Field(
        default=12,
        ge=1,
        le=36,
        description="Onset: months before the window in which no window reached the deaths.",
    )
    feature_set: str = Field(
        default=DEFAULT_FEATURE_SET, description="Feature set that a model is trained on."
    )
    train_from: str = Field(
        default="2004-01", description="First origin (month) whose rows train a model."
    )
    climatology_from: str = Field(
        default="2012-01",
        description="First origin (month) that the long climatology of a backtest looks back on.",
    )
    ridge_c: float = Field(
        default=0.02, gt=0, description="Inverse ridge penalty on standardised features."
    )
    auxiliary_sets: dict[str, tuple[str, ...]] = Field(
        default={},
        description="Region set to other sets whose closed windows train its model too, as JSON: "
        '{"sahel": ["west_africa"]}.',
    )
    auxiliary_weight: float = Field(
        default=0.3, gt=0, le=1, description="What a row of an auxiliary set weighs in training."
    )
    most_training_rows: int = Field(
        default=200_000,
        ge=1_000,
        description="Rows that train a model; of more, all cases and a weighted sample of others.",
    )
    backtest_years: int = Field(
        default=5, ge=1, description="Years of out-of-time origins that a training run measures."
    )
    refit_every_months: int = Field(default=6, ge=1, description="Refit interval in a backtest.")
    gate_group_cases: int = Field(
        default=100,
        ge=20,
        description="Cases, and as many others, among a group's out-of-time forecasts from which "
        "on the gate judges it by itself.",
    )
    gate_groups: dict[str, dict[str, tuple[str, ...]]] = Field(
        default={},
        description="Region set to groups of its regions that the gate judges apart, as JSON: "
        '{"sahel": {"liptako": ["ML07", "BF56", "NE006"]}}. Other regions go by country.',
    )
    bootstrap_draws: int = Field(default=1000, ge=100, description="Draws for intervals of skill.")
    seed: int = Field(default=20_260_101, description="Seed of everything that is drawn.")
    promotion_level_share: float = Field(
        default=0.1,
        ge=0,
        le=1,
        description="Share of scores whose risk level may change before `tocsin models promote` "
        "asks for --yes.",
    )
    stale_after_steps: int = Field(
        default=2,
        ge=0,
        description="A region whose last known period lies further back than this many steps "
        "before the last complete one is stale: no score is served for it.",
    )
    too_early_below: float = Field(
        default=0.5,
        ge=0,
        le=1,
        description="A region of whose newest period probably less than this share of the eventual "
        "events is known has no score: it is too early to tell. 0 never withholds.",
    )
    n_jobs: int = Field(default=1, description="Processes for fits; -1 uses every core.")

    def horizons_of(self, step: Step) -> tuple[int, ...]:
        """Returns the horizons of region sets of a step, in steps."""
        return self.horizons_weekly or self.horizons if step == "week" else self.horizons

    @field_validator("outcomes")
    @classmethod
    def _are_known(cls, outcomes: tuple[str, ...]) -> tuple[str, ...]:
        unknown = [name for name in outcomes if name not in OUTCOMES]
        if unknown or len(set(outcomes)) < len(outcomes):
            raise ValueError(f"outcomes must be different ones of {', '.join(OUTCOMES)}")
        return outcomes
