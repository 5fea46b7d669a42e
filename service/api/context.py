"""What every address works with."""

from __future__ import annotations

from dataclasses import dataclass, field

from data.database import Database
from service.clock import Clock
from service.keys import FailedTries
from service.settings import Settings


@dataclass(frozen=True)
class ApiContext:
    """The database, the settings and the clock of the process.

    Attributes:
        database: The open database.
        settings: The settings in force.
        clock: The clock.
        failed_tries: Wrong keys of the last minute, by address.
    """

    database: Database
    settings: Settings
    clock: Clock
    failed_tries: FailedTries = field(default_factory=FailedTries)
