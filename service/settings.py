"""The one settings object: read once from `TOCSIN_*` variables, frozen, every name known."""

from __future__ import annotations

import os
from datetime import date
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from data.calendar import Step
from data.errors import SettingsError
from models.settings import ModelSettings

PREFIX = "TOCSIN_"

LEVEL_LENGTH = 16
"""Characters of the name of a risk level that the columns of the database hold."""


class OwnSchedule(BaseModel):
    """A cron line and the time zone in which it is read."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    cron: str = Field(description="Minute, hour, day of month, month, day of week.")
    time_zone: str = Field(default="UTC", description="Name of the time zone.")


class OwnFetch(OwnSchedule):
    """What is asked of a source, and when."""

    source: str = Field(description="Name of the source: see `tocsin sources list`.")
    countries: tuple[str, ...] = Field(default=(), description="Countries, ISO alpha-3 codes.")
    days: int | None = Field(
        default=None, ge=1, description="Ask for the last so many days, up to the day before."
    )
    since: date | None = Field(default=None, description="Ask for all days from this one on.")
    version: str | None = Field(
        default=None,
        description="As the source names it; 'candidate' for UCDP's Candidate release of the month "
        "before.",
    )
    part: str | None = Field(default=None, description="Which of the source's tables.")
    place: str | None = Field(
        default=None, description="The https address of a file, instead of the source's API."
    )


class Settings(ModelSettings, BaseSettings):
    """All settings of a process; see the rooms below for data and model settings."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, frozen=True, extra="forbid")

    levels: dict[str, float] = Field(
        default={"low": 0.0, "moderate": 0.1, "high": 0.25, "very_high": 0.5},
        description="Risk levels: name to the least risk score, rising from 0.",
    )
    public_url: str = Field(
        default="http://127.0.0.1:8000",
        description="Address under which people reach the service; used in links.",
    )
    webhook_url: SecretStr | None = Field(
        default=None, description="Webhook that alerts are posted to, besides the log."
    )
    webhook_secret: SecretStr | None = Field(
        default=None,
        description="Signing secret of the webhook, 'whsec_' and base64 (Standard Webhooks).",
    )
    webhook_allow_loopback: bool = Field(
        default=False,
        description="Let webhooks, chats and heartbeat be plain http on this machine (relays).",
    )
    smtp_host: str | None = Field(
        default=None, description="Mail server that e-mail alerts are handed in to."
    )
    smtp_port: int = Field(default=587, ge=1, le=65_535, description="Its port.")
    smtp_security: Literal["starttls", "tls", "none"] = Field(
        default="starttls",
        description="'starttls', 'tls' from the first byte, or 'none' for a relay on this machine.",
    )
    smtp_user: str | None = Field(default=None, description="Who signs in to the mail server.")
    smtp_password: SecretStr | None = Field(default=None, description="Their password.")
    smtp_ca_file: Path | None = Field(
        default=None, description="Trusted certificates (PEM), where those of the system are not."
    )
    smtp_timeout_seconds: float = Field(
        default=10.0, gt=0, le=15, description="Longest wait for each answer of the mail server."
    )
    mail_from: str | None = Field(
        default=None, description="Mailbox that alerts come from: 'Tocsin <alerts@example.org>'."
    )
    heartbeat_url: SecretStr | None = Field(
        default=None,
        description="Called after every good publication; who listens there notices when it stops.",
    )
    coverage_low_share: float = Field(
        default=0.8,
        ge=0,
        le=1,
        description="Share of regions with a score below which `coverage_low` is opened.",
    )
    source_stale_days: int = Field(
        default=75,
        ge=1,
        description="Days from the last day of data to the as-of above which a source is stale.",
    )
    live: bool = Field(
        default=False,
        description="People act on this deployment: CAP messages are 'Actual', not 'Exercise'.",
    )
    cap_sender: str | None = Field(
        default=None,
        pattern=r"^[^\s,<&]{1,128}$",
        description="Sender of CAP messages, globally unique; tocsin@ and the host if left out.",
    )
    cycle_cron: str = Field(
        default="0 6 12 * *",
        description="When a cycle is due, as a cron line in UTC, for sets whose source is fetched.",
    )
    cycle_cron_weekly: str = Field(
        default="0 6 * * wed",
        description="The same for a region set that goes by weeks.",
    )
    schedules: dict[str, OwnSchedule] = Field(
        default={},
        description=(
            "Region set to its own schedule, as JSON: "
            '{"sahel": {"cron": "0 6 12 * *", "time_zone": "Africa/Bamako"}}. '
            "A set that is named here is scored on time whether its source is fetched or not."
        ),
    )
    fetches: dict[str, OwnFetch] = Field(
        default={},
        description=(
            "What is fetched on schedule, by a name of your choice, as JSON: "
            '{"hapi": {"source": "hapi", "cron": "0 4 * * *", "countries": ["MLI", "NER"]}}. '
            "Credentials are settings of their own."
        ),
    )
    fatality_regions_max: int = Field(
        default=500,
        ge=0,
        description="Regions of a set above which no fatalities are forecast; 0 for none at all.",
    )
    catch_up_slots: int = Field(
        default=3,
        ge=1,
        description="Missed cycles that are caught up with; older ones are skipped.",
    )
    cycle_attempts: int = Field(
        default=4, ge=1, description="How often a cycle or fetch is tried before it has failed."
    )
    cycle_retry_minutes: int = Field(
        default=5, ge=1, description="Minutes until the first retry of either; then twice as many."
    )
    publication_grace_hours: int = Field(
        default=6, ge=1, description="Hours after which a due publication counts as late."
    )
    deliver_every_seconds: int = Field(
        default=5, ge=1, description="How often the outbox is looked at while serving."
    )
    page_age_warning_days: int = Field(
        default=40,
        ge=1,
        description="Age of the newest publication from which pages call a monthly feed stale.",
    )
    page_age_warning_days_weekly: int = Field(
        default=17,
        ge=1,
        description="The same for a region set that goes by weeks.",
    )

    def warning_days(self, step: Step) -> int:
        """Returns the age in days from which a publication of this step is called stale."""
        return self.page_age_warning_days_weekly if step == "week" else self.page_age_warning_days

    @field_validator("levels")
    @classmethod
    def _rise_from_zero(cls, levels: dict[str, float]) -> dict[str, float]:
        bounds = list(levels.values())
        if not bounds or bounds[0] != 0 or sorted(set(bounds)) != bounds or bounds[-1] >= 1:
            raise ValueError("levels must start at 0, rise strictly and stay below 1")
        if not all(name.strip() and len(name) <= LEVEL_LENGTH for name in levels):
            raise ValueError(f"names of levels must have 1 to {LEVEL_LENGTH} characters")
        return levels

    def level_of(self, risk_score: float) -> str:
        """Returns the name of the level whose band holds `risk_score` (>= its lower bound)."""
        return [name for name, bound in self.levels.items() if risk_score >= bound][-1]


def load_settings(**overrides: Any) -> Settings:
    """Returns the settings of this process.

    Args:
        **overrides: Values that win over the environment.

    Raises:
        SettingsError: A `TOCSIN_*` variable is unknown or has a value that cannot be used.
    """
    known = {PREFIX + name.upper() for name in Settings.model_fields}
    unknown = sorted(name for name in os.environ if name.startswith(PREFIX) and name not in known)
    if unknown:
        raise SettingsError(
            f"Unknown setting {', '.join(unknown)}.",
            "`tocsin doctor` lists the settings; remove or rename the variable.",
        )
    try:
        return Settings(**overrides)
    except ValidationError as problem:
        first = problem.errors(include_input=False, include_url=False)[0]
        name = PREFIX + ".".join(str(part) for part in first["loc"]).upper()
        raise SettingsError(f"{name}: {first['msg']}.", "See `tocsin doctor`.") from None
