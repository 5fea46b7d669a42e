"""What a command works with: settings, database, clock, the signing key."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date

from data.calendar import parse_day
from data.database import Database, open_database
from data.errors import NotReady, UsageError
from data.regions import list_set_names
from service.clock import Clock, system_clock
from service.settings import Settings, load_settings


@dataclass(frozen=True)
class Session:
    """Opened state of one command.

    Attributes:
        settings: The settings of the process.
        database: The open database, at the newest schema.
        clock: The clock.
    """

    settings: Settings
    database: Database
    clock: Clock

    def today(self) -> date:
        """Returns today's date in UTC."""
        return self.clock().date()

    def as_of(self, text: str | None) -> date:
        """Returns the day that an option `--as-of` names; today without one.

        Raises:
            UsageError: The text is no day, or the day lies in the future.
        """
        if text is None:
            return self.today()
        day = parse_day(text)
        if day > self.today():
            raise UsageError(
                f"The as-of {day} lies in the future.", "Nobody knows that yet: use a past day."
            )
        return day

    def set_name(self, name: str | None) -> str:
        """Returns the region set that an option `--set` names; the only one without it.

        Raises:
            NotReady: There is no region set.
            UsageError: There are several, and none is named.
        """
        if name is not None:
            return name
        with self.database.read() as connection:
            names = list_set_names(connection)
        if not names:
            raise NotReady(
                "There is no region set yet.",
                "Import one with `tocsin regions import FILE --set NAME`, or see `tocsin demo`.",
            )
        if len(names) > 1:
            raise UsageError("There are several region sets.", f"Add --set {' | '.join(names)}.")
        return names[0]


@contextmanager
def open_session(own_address: str | None = None) -> Iterator[Session]:
    """Opens settings and database for one command and closes them after it.

    Args:
        own_address: Where this process serves: links lead there unless a setting says otherwise.
    """
    settings = load_settings()
    if own_address is not None and "public_url" not in settings.model_fields_set:
        settings = settings.model_copy(update={"public_url": own_address})
    database = open_database(settings.resolved_database_url)
    try:
        yield Session(settings, database, system_clock)
    finally:
        database.close()
