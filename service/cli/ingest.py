"""`tocsin ingest`: take in a delivery of events, and see what was taken in."""

from __future__ import annotations

import typer

from service.cli.commands import IngestGroup

app = typer.Typer(
    cls=IngestGroup, help="Take in deliveries of events; see what came in.", no_args_is_help=True
)
