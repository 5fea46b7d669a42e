"""What a source declares about itself, and the one way in which it is asked and read."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Literal

from data.errors import Refused, SettingsError
from data.events import Batch
from data.forecast import ForecastBatch
from data.observation import ObservationBatch
from data.settings import DataSettings
from data.sources.fetching import Fetcher

SourceKind = Literal["events", "observations", "forecasts"]
Delivered = Batch | ObservationBatch | ForecastBatch
"""What a reader makes of a delivery, by the kind of its source."""

OnProgress = Callable[[int, int], None]
"""Called with what is done, and in all (0 if not known)."""


@dataclass(frozen=True)
class SourceInfo:
    """Who delivers, and under which terms.

    Attributes:
        name: Stable key, used in the database and on the command line, e.g. `ged`.
        title: Name for people.
        licence: Licence by its SPDX identifier where there is one, else in words.
        attribution: The credit that must stand wherever the data is used.
        url: Where the source describes itself; empty if it has no page.
        redistributable: True if the licence lets the data themselves be passed on.
        is_simulated: True if the events did not happen; then every output says so.
        kind: What it delivers: events, observations of places, or forecasts.
        credentials: Settings that its API needs, by field of `data.settings.DataSettings`; empty
            if none.
    """

    name: str
    title: str
    licence: str
    attribution: str
    url: str
    redistributable: bool
    is_simulated: bool
    kind: SourceKind = "events"
    credentials: tuple[str, ...] = ()


@dataclass(frozen=True)
class Query:
    """What a source is asked for; each source says in `Adapter.needs` what it must be told.

    Attributes:
        countries: ISO alpha-3 codes; empty for all that the source has.
        since: First day.
        until: Last day.
        version: Version, run or vintage, as the source names it.
        part: Which of several tables of the source; its adapter names them.
        box: West, south, east, north, degrees; None for everywhere.
    """

    countries: tuple[str, ...] = ()
    since: date | None = None
    until: date | None = None
    version: str | None = None
    part: str | None = None
    box: tuple[float, float, float, float] | None = None


@dataclass(frozen=True)
class Access:
    """With what a source is asked.

    Attributes:
        fetcher: Requests to it.
        settings: Addresses and credentials.
        folder: Where files go; it exists.
        on_progress: Told how far a fetch is.
    """

    fetcher: Fetcher
    settings: DataSettings
    folder: Path
    on_progress: OnProgress | None = None


@dataclass(frozen=True)
class Adapter:
    """How a source is read and, if it can be, fetched.

    Attributes:
        info: What it declares about itself.
        read: Returns what a file holds, given what was asked for and the day it became known.
        fetch: Asks the source's API and returns the files that it wrote, each a delivery; None for
            a source that is only read from files.
        needs: Fields of `Query` that `fetch` cannot do without.
        parts: What `Query.part` may be; empty if the source has only one table.
        is_guarded: True if it calls addresses that the source names: then only what is on the
            public internet is called.
        guard: Raises if nothing of the source may come in; None if it always may.
    """

    info: SourceInfo
    read: Callable[[Path, Query, date], Delivered]
    fetch: Callable[[Access, Query], Sequence[Path]] | None = None
    needs: tuple[str, ...] = ()
    parts: tuple[str, ...] = ()
    is_guarded: bool = False
    guard: Callable[[DataSettings], None] | None = None


def require_redistributable(source: SourceInfo) -> None:
    """Does nothing if the data of a source may be passed on as they are.

    To be called before raw events, or parts of them such as notes or actors of single events, or
    the values of observations go into anything that leaves the house. What is derived from them
    (scores, features of a model) may go out with the attribution.

    Raises:
        Refused: They may not.
    """
    if not source.redistributable:
        raise Refused(
            f"The {source.kind} of {source.title} may not be passed on.",
            f"Publish what is derived from them, and name the source: {source.licence}",
        )


def read_credential(settings: DataSettings, source: SourceInfo, name: str) -> str:
    """Returns a credential, to be used at once and kept nowhere.

    Args:
        settings: The settings.
        source: The source.
        name: One of `source.credentials`.

    Raises:
        SettingsError: It is not set.
    """
    value = getattr(settings, name)
    if value is None or value == "":
        raise SettingsError(
            f"{source.title} wants a credential that is not set.",
            f"Set TOCSIN_{name.upper()}: see `tocsin sources show {source.name}`.",
        )
    return str(value.get_secret_value() if hasattr(value, "get_secret_value") else value)
