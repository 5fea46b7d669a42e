"""The command `tocsin`: its own help and options, and how an error becomes an exit code."""

from __future__ import annotations

import os
import sys
from importlib.metadata import version
from typing import Annotated, NoReturn

import typer

from data.errors import NotReady, StateError, TocsinError
from service.cli.commands import LazyGroup
from service.cli.output import report_error
from service.problems import exit_code_of

app = typer.Typer(
    cls=LazyGroup,
    help="Open conflict early warning: from violent events to risk scores, feeds and alerts.\n\n"
    "Begin with `tocsin demo`, or with your own regions and events:\n\n"
    "    tocsin regions import admin1.geojson --set sahel\n\n"
    "    tocsin ingest ged events.csv --vintage 24.1 --known-at 2022-01-15\n\n"
    "    tocsin train --set sahel && tocsin score --set sahel && tocsin serve",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _print_version(wanted: bool) -> None:
    if wanted:
        print(f"tocsin {version('tocsin')}")
        raise typer.Exit


@app.callback()
def _options(
    _version: Annotated[
        bool,
        typer.Option(
            "--version", help="Print the version.", callback=_print_version, is_eager=True
        ),
    ] = False,
) -> None:
    pass


def run() -> None:
    """Runs the command line; an error is one line on stderr and its own exit code."""
    try:
        app()
    except TocsinError as error:
        _end_with(error)
    except BrokenPipeError:
        # The reader of a pipe has gone, as after `| head`: not an error of ours.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(1)
    except KeyboardInterrupt:
        sys.exit(130)
    except OSError as problem:
        # A folder that may not be written to, a full disk: nothing that a traceback explains.
        place = f"{problem.filename}: " if problem.filename else ""
        _end_with(
            StateError(
                f"{place}{problem.strerror or type(problem).__name__}.",
                "Check that the place is there, may be written to, and has room.",
            )
        )
    except Exception as problem:
        unanswered = _describe_unanswered(problem)
        if unanswered is None:
            raise
        _end_with(unanswered)


def _end_with(error: TocsinError) -> NoReturn:
    report_error(error, as_json="--json" in sys.argv)
    sys.exit(exit_code_of(error))


def _describe_unanswered(problem: Exception) -> NotReady | None:
    """Returns what to say of a database that does not answer; None of any other problem."""
    # Not imported here: a command that needs no database starts without SQLAlchemy.
    errors = sys.modules.get("sqlalchemy.exc")
    if errors is None or not isinstance(problem, errors.OperationalError):
        return None
    told = " ".join(str(problem.orig).split())
    return NotReady(
        f"The database does not answer: {told}.",
        "Another process may be writing for long, or the server is away: try again.",
    )
