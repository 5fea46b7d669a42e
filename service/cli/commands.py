"""The commands of `tocsin`, in the order of its help, each imported only when it is called.

The table states each command's one line, so that help, completion and `--version` need neither
pandas nor scikit-learn; a test holds the table against what the commands say of themselves.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from importlib import import_module
from typing import Any, ClassVar

import typer
from typer.core import TyperCommand, TyperGroup
from typer.main import get_group


@dataclass(frozen=True)
class Entry:
    """Where a command is, and its line in the help.

    Attributes:
        place: File of `service.cli` and the function or group in it, `train:train`.
        line: The first sentence of its help.
    """

    place: str
    line: str


COMMANDS = {
    "train": Entry(
        "train:train",
        "Trains models on what was known, and measures them out of time against simple baselines.",
    ),
    "backtest": Entry(
        "backtest:backtest",
        "Makes past forecasts as they would have been made, and measures them beside baselines.",
    ),
    "fatalities": Entry(
        "fatalities:fatalities",
        "Forecasts the deaths of each period ahead as a distribution, "
        "from what was known on a day.",
    ),
    "verify": Entry(
        "verify:verify",
        "Scores every published forecast whose window is closed, beside the region's climatology.",
    ),
    "score": Entry(
        "score:score",
        "Scores every region, publishes the feeds, "
        "evaluates the alert rules, queues notifications.",
    ),
    "run": Entry(
        "run:run",
        "Fetches, runs cycles and sends messages that are due, without serving.",
    ),
    "backfill": Entry(
        "run:backfill",
        "Publishes what the schedule would have published between two days, oldest first.",
    ),
    "republish": Entry(
        "run:republish",
        "Scores an as-of again and publishes it as a new revision, which says why.",
    ),
    "serve": Entry(
        "serve:serve",
        "Serves pages, feeds and API; runs due cycles and sends queued messages while it serves.",
    ),
    "deliver": Entry("serve:deliver", "Sends the alert messages that are due, once."),
    "demo": Entry(
        "demo:demo",
        "Simulates a Sahel, trains, publishes month by month up to today, and serves the result.",
    ),
    "doctor": Entry(
        "doctor:doctor",
        "Says what is right and what is wrong here, what to do about it, "
        "and every setting in force.",
    ),
    "verify-feed": Entry(
        "verify_feed:verify_feed",
        "Checks that a feed file is unaltered and was signed by the publisher.",
    ),
    "regions": Entry("regions:app", "Import, make and list region sets."),
    "actors": Entry(
        "actors:app",
        "One name for each armed actor: list, show, import and export the table of aliases.",
    ),
    "sources": Entry("sources:app", "Sources: terms, credentials, fetching."),
    "ingest": Entry("ingest:app", "Take in deliveries of events; see what came in."),
    "data": Entry("data:app", "What was examined and held; what releases changed."),
    "markers": Entry(
        "markers:app",
        "Structural events entered by hand: coups, withdrawals, blockades.",
    ),
    "indicators": Entry(
        "indicators:app",
        "List and show indicators, and what they say of a region.",
    ),
    "models": Entry("models:app", "List, show, compare and promote trained models, and roll back."),
    "rules": Entry("rules:app", "Alert rules: check a file, apply it, list."),
    "contacts": Entry(
        "contacts:app",
        "Contact points and routes: check a file, apply it, try them.",
    ),
    "alerts": Entry("alerts:app", "Incidents, messages about them, and dead letters."),
    "audit": Entry("audit:app", "The audit trail: who did what, and when."),
    "keys": Entry("keys:app", "Keys of the API, with what each may do."),
    "ledger": Entry("ledger:app", "The forecast ledger: a sealed chain of all that was published."),
}


INGEST = {
    "ged": Entry("ged:ingest_ged", "Takes in a UCDP GED file, yearly or Candidate."),
    "acled": Entry(
        "acled:ingest_acled",
        "Takes in violent events of ACLED: battles, remote violence, violence against civilians.",
    ),
    "table": Entry(
        "own_table:ingest_table",
        "Takes in events from a table of your own, such as reports of analysts, by a mapping file.",
    ),
    "observations": Entry(
        "observations:ingest_observations",
        "Takes in dated numbers about places: rain, displacement, prices, food crises, counts.",
    ),
    "list": Entry("deliveries:list_stored", "Lists the deliveries taken in so far."),
    "quarantine": Entry(
        "deliveries:show_quarantine",
        "Lists the rows of a delivery that were refused, with line and reason.",
    ),
}
"""The same of `tocsin ingest`: what lists deliveries need not know how they are read."""


class LazyGroup(TyperGroup):
    """A group of commands: lists what a table says, imports what is called."""

    table: ClassVar[Mapping[str, Entry]] = COMMANDS

    def __init__(self, **attributes: Any) -> None:
        super().__init__(**attributes)
        for name, entry in self.table.items():
            self.add_command(TyperCommand(name, help=entry.line))

    def resolve_command(self, ctx: Any, args: list[str]) -> tuple[str | None, Any, list[str]]:
        """Returns name, command and remaining words; calls and completion both come by here."""
        name, command, rest = super().resolve_command(ctx, args)
        return name, command if name is None else load_command(name, self.table), rest


class IngestGroup(LazyGroup):
    """The group of `INGEST`."""

    table = INGEST


def load_command(name: str, table: Mapping[str, Entry] = COMMANDS) -> Any:
    """Returns the command or group of that name, its file imported.

    Raises:
        KeyError: The table has no such name.
    """
    file, attribute = table[name].place.split(":")
    found = getattr(import_module(f"service.cli.{file}"), attribute)
    around = typer.Typer(rich_markup_mode=None)
    if isinstance(found, typer.Typer):
        around.add_typer(found, name=name)
    else:
        around.command(name)(found)
    return get_group(around).commands[name]
