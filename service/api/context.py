"""What every address works with."""

from __future__ import annotations

from dataclasses import dataclass

from data.database import Database
from service.clock import Clock
from service.settings import Settings


@dataclass(frozen=True)
class ApiContext:
    """The database, the settings and the clock of the process.

    Attributes:
        database: The open database.
        settings: The settings in force.
        clock: The clock.
    """

    database: Database
    settings: Settings
    clock: Clock
