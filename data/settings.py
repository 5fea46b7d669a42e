"""Settings of the data room: where the state lives.

Each room adds its own settings to the ones it builds on; `service.settings.Settings` is the one
frozen object that a process reads, once, from `TOCSIN_*` variables.
"""

from __future__ import annotations

from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, SecretStr


class DataSettings(BaseModel):
    """Where events, regions and all other state are kept."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    state_dir: Path = Field(
        default=Path("var"), description="Folder of the database, the signing key and caches."
    )
    database_url: SecretStr | None = Field(
        default=None,
        description="SQLAlchemy URL of the database; default: SQLite in the state folder.",
    )
    ucdp_token: SecretStr | None = Field(
        default=None, description="Access token of the UCDP API (`tocsin ingest ged --api`)."
    )
    ucdp_api_url: str = Field(
        default="https://ucdpapi.pcr.uu.se/api", description="Address of the UCDP API."
    )
    ucdp_files_url: str = Field(
        default="https://ucdp.uu.se/downloads",
        description="Address under which UCDP's files lie (`tocsin ingest ged --download`).",
    )
    acled_enabled: bool = Field(
        default=False,
        description="Let ACLED data in: only with an account of your own, under ACLED's terms.",
    )
    acled_username: str | None = Field(default=None, description="User name (e-mail) at ACLED.")
    acled_password: SecretStr | None = Field(default=None, description="Password at ACLED.")
    acled_url: str = Field(default="https://acleddata.com", description="Address of ACLED.")
    hapi_url: str = Field(
        default="https://hapi.humdata.org", description="Address of the HDX Humanitarian API."
    )
    hapi_app_identifier: SecretStr | None = Field(
        default=None, description="App identifier that the HDX Humanitarian API gave you."
    )
    hdx_url: str = Field(
        default="https://data.humdata.org",
        description="Address of HDX, where the files of WFP prices and CHIRPS rainfall lie.",
    )
    idmc_url: str = Field(
        default="https://helix-tools-api.idmcdb.org", description="Address of IDMC's API."
    )
    idmc_client_id: SecretStr | None = Field(
        default=None, description="Client id that IDMC gave you."
    )
    dtm_url: str = Field(default="https://dtmapi.iom.int", description="Address of IOM's DTM API.")
    dtm_subscription_key: SecretStr | None = Field(
        default=None, description="Subscription key of IOM's DTM API."
    )
    views_url: str = Field(
        default="https://api.viewsforecasting.org", description="Address of the VIEWS API."
    )
    conflictforecast_url: str | None = Field(
        default=None,
        description="Address of conflictforecast.org's file service, with the two ids that stand "
        "on its download page: https://api.backendless.com/…/…/services/fileService.",
    )
    fetch_allow_loopback: bool = Field(
        default=False,
        description="Let files be fetched from addresses of this machine, also by plain http "
        "(for tests and mirrors).",
    )
    fetch_timeout_seconds: float = Field(
        default=60, gt=0, description="How long a source may stay silent while it is fetched."
    )

    fetch_megabytes_max: int = Field(
        default=2_000,
        ge=1,
        description="A file that a source sends, or all pages of an answer, may be so large (MB).",
    )

    @property
    def resolved_database_url(self) -> str:
        """The database URL in force."""
        if self.database_url is not None:
            return self.database_url.get_secret_value()
        return f"sqlite:///{(self.state_dir / 'tocsin.db').absolute()}"
