"""The command `tocsin`: its groups of commands, and how an error becomes an exit code."""

from __future__ import annotations

import os
import sys
from importlib.metadata import version
from typing import Annotated

import typer

from data.errors import TocsinError
from service.cli import (
    acled,
    actors,
    alert_actions,
    alerts,
    audit,
    backtest,
    contacts,
    data,
    demo,
    doctor,
    fatalities,
    indicators,
    ingest,
    keys,
    ledger,
    markers,
    model_drivers,
    model_watch,
    models,
    observations,
    own_table,
    regions,
    rules,
    score,
    serve,
    simulation,
    sources,
    train,
    verify,
    verify_feed,
)
from service.cli import (
    run as running,
)
from service.cli.output import report_error
from service.problems import exit_code_of

app = typer.Typer(
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
app.add_typer(regions.app, name="regions")
app.add_typer(actors.app, name="actors")
app.add_typer(sources.app, name="sources")
ingest.app.command("acled")(acled.ingest_acled)
ingest.app.command("table")(own_table.ingest_table)
ingest.app.command("observations")(observations.ingest_observations)
app.add_typer(ingest.app, name="ingest")
app.add_typer(data.app, name="data")
app.add_typer(markers.app, name="markers")
app.add_typer(indicators.app, name="indicators")
models.app.command("drift")(model_watch.drift)
models.app.command("drivers")(model_drivers.drivers)
models.app.command("shadow")(model_watch.shadow)
app.add_typer(models.app, name="models")
app.add_typer(rules.app, name="rules")
app.add_typer(contacts.app, name="contacts")
alerts.app.command("simulate")(simulation.simulate)
for action in (
    alert_actions.ack,
    alert_actions.silence,
    alert_actions.silences,
    alert_actions.unsilence,
):
    alerts.app.command()(action)
app.add_typer(alerts.app, name="alerts")
app.add_typer(audit.app, name="audit")
app.add_typer(keys.app, name="keys")
app.add_typer(ledger.app, name="ledger")
for command in (
    train.train,
    backtest.backtest,
    fatalities.fatalities,
    verify.verify,
    score.score,
    running.run,
    running.backfill,
    running.republish,
    serve.serve,
    serve.deliver,
    demo.demo,
    doctor.doctor,
):
    app.command()(command)
app.command("verify-feed")(verify_feed.verify_feed)


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
        report_error(error, as_json="--json" in sys.argv)
        sys.exit(exit_code_of(error))
    except BrokenPipeError:
        # The reader of a pipe has gone, as after `| head`: not an error of ours.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(1)
    except KeyboardInterrupt:
        sys.exit(130)
