"""Printing: results on stdout, progress and errors on stderr."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, is_dataclass
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table
from rich.text import Text

from data.errors import TocsinError

if TYPE_CHECKING:
    # Help and completion print too, and need no store.
    from data.store import DeliveryReport

AlsoOption = Annotated[
    list[str] | None,
    typer.Option(
        "--also",
        help="Another region set, of other countries, whose closed windows train too at a low "
        "weight; may be repeated. Default: TOCSIN_AUXILIARY_SETS.",
    ),
]
SchedulerOption = Annotated[
    str | None,
    typer.Option(
        "--scheduler",
        help="Address of a Dask scheduler, e.g. tcp://10.0.0.5:8786: its workers do the work. "
        "Needs the extra `distributed`.",
    ),
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print the result as JSON.")]
SetOption = Annotated[
    str | None, typer.Option("--set", help="Region set; may be left out if there is only one.")
]
AsOfOption = Annotated[
    str | None,
    typer.Option("--as-of", help="Knowledge limit, e.g. 2022-01-15: nothing known later is used."),
]

LARGEST_NUMBER = 2**31 - 1
"""Rows of the database have no larger number."""

OnProgress = Callable[[int, int, str], None]

_PIPE_COLUMNS = 160

console = Console(
    highlight=False,
    emoji=False,
    soft_wrap=True,
    width=None if sys.stdout.isatty() else _PIPE_COLUMNS,
)
messages = Console(stderr=True, highlight=False, emoji=False, soft_wrap=True)


def print_json(result: Any) -> None:
    """Prints a dataclass, a mapping or a sequence as indented JSON."""
    print(json.dumps(result, default=_plain, indent=2, ensure_ascii=False))


def print_table(columns: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
    """Prints rows under their column names; missing values as a dash."""
    table = Table(box=None, header_style="bold", pad_edge=False)
    # As text, so that brackets in the names of others are no markup.
    for column in columns:
        table.add_column(Text(column), overflow="fold")
    for row in rows:
        table.add_row(*(Text("–" if value is None else str(value)) for value in row))
    console.print(table)


def say(text: str, end: str = "\n") -> None:
    """Prints one line for people on stdout."""
    console.print(text, markup=False, end=end)


def describe_report(report: DeliveryReport, things: str) -> str:
    """Returns what became of a delivery, for people.

    Args:
        report: What it changed.
        things: What it holds: `events`, `observations`, `forecasts`.
    """
    name = f"{report.source} {report.vintage}"
    if report.already_stored:
        return f"This is stored already as {name}: nothing to do."
    text = (
        f"Stored {name}, known at {report.known_at.date()}: {report.n_added} new {things}, "
        f"{report.n_changed} changed, {report.n_unchanged} unchanged, {report.n_deleted} deleted."
    )
    if report.n_quarantined:
        text += (
            f" {report.n_quarantined} of {report.n_rows} rows are in quarantine: "
            f"`tocsin ingest quarantine {report.delivery_id}` says why."
        )
    return text


def report_error(error: TocsinError, as_json: bool) -> None:
    """Prints an error as one line on stderr and, for machines, as JSON on stdout."""
    messages.print(f"tocsin: {error}  [{error.code}]", markup=False)
    if as_json:
        print_json({"error": {"code": error.code, "message": error.message, "hint": error.hint}})


@contextmanager
def progress_bar(text: str) -> Iterator[OnProgress]:
    """A progress bar on stderr, driven by `on_progress(done, total, text)`.

    Where stderr is no terminal the bar stays away, so that logs keep to one line a step.
    """
    if not sys.stderr.isatty():
        messages.print(f"{text} …", markup=False)
        yield lambda _done, _total, _text: None
        return
    columns = (
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=messages) as progress:
        task = progress.add_task(text, total=None)

        def advance(done: int, total: int, step: str) -> None:
            progress.update(
                task, completed=done, total=total, description=f"{text}: {step}" if step else text
            )

        yield advance


def _plain(value: Any) -> Any:
    if is_dataclass(value) and not isinstance(value, type):
        return asdict(value)
    if isinstance(value, (date, datetime)):
        return value.isoformat()
    if isinstance(value, Path):
        return str(value)
    if hasattr(value, "item"):
        return value.item()
    raise TypeError(f"{type(value).__name__} cannot be printed as JSON")
