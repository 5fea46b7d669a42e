"""`tocsin serve` and `tocsin deliver`: serve what is published, send what is queued."""

from __future__ import annotations

import socket
import sys
from contextlib import suppress
from ipaddress import ip_address
from typing import Annotated

import typer
import uvicorn

from data.errors import UsageError
from data.regions import list_set_heads
from service.alerts.delivery import deliver_due
from service.app import make_app
from service.cli.output import JsonOption, print_json, say
from service.cli.session import Session, open_session
from service.logs import configure_logs
from service.publications.store import find_head

SWITCH_SECONDS = 0.0005
"""How long a thread of the server keeps the interpreter while another wants it."""

HostOption = Annotated[str, typer.Option(help="Address to listen on.")]
PortOption = Annotated[int, typer.Option(min=1, max=65535, help="Port to listen on.")]


def serve(host: HostOption = "127.0.0.1", port: PortOption = 8000) -> None:
    """Serves pages, feeds and API; runs due cycles and sends queued messages while it serves.

    Example: tocsin serve --port 8000
    """
    with open_session(address_of(host, port)) as session:
        serve_session(session, host, port)


def deliver(as_json: JsonOption = False) -> None:
    """Sends the alert messages that are due, once.

    `tocsin serve` and `tocsin run` do so all the time. What was given up, the dead letters, is
    listed by `tocsin alerts messages --status dead` and made due by `tocsin alerts replay`.

    Example: tocsin deliver
    """
    with open_session() as session:
        configure_logs()
        report = deliver_due(session.database, session.settings, session.clock)
    if as_json:
        print_json(report)
    else:
        say(f"{report.n_delivered} delivered, {report.n_failed} to be tried again, ", end="")
        say(f"{report.n_dead} given up.")
        if report.n_dead:
            say("See them: tocsin alerts messages --status dead")
        for name, problem in report.problems.items():
            say(f"{name} cannot be used, its messages wait: {problem}")
    if report.problems:
        raise typer.Exit(1)


def address_of(host: str, port: int) -> str:
    """Returns the address at which a browser on this machine finds a server on `host`."""
    with suppress(ValueError):
        listened = ip_address(host)
        if listened.is_unspecified:
            host = "127.0.0.1" if listened.version == 4 else "::1"
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def serve_session(session: Session, host: str, port: int) -> None:
    """Serves until it is told to stop.

    Raises:
        UsageError: The port is taken.
    """
    listener = _listen(host, port)
    configure_logs()
    # A cycle that runs in a thread beside the server yields to it ten times as often as is usual.
    sys.setswitchinterval(SWITCH_SECONDS)
    app = make_app(session.database, session.settings, session.clock, with_scheduler=True)
    _print_addresses(session, address_of(host, port))
    config = uvicorn.Config(app, log_config=None, access_log=False, server_header=False)
    uvicorn.Server(config).run(sockets=[listener])


def _listen(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
        # Who connects from here on waits in the queue until the server answers.
        listener.listen()
    except OSError as problem:
        listener.close()
        raise UsageError(
            f"Cannot listen on {host}:{port}: {problem.strerror}.", "Choose another --port."
        ) from None
    return listener


def _print_addresses(session: Session, address: str) -> None:
    say(f"\nTocsin is at {address}/   (stop it with Ctrl-C)")
    with session.database.read() as connection:
        for region_set in list_set_heads(connection):
            head = find_head(connection, region_set.name)
            if head is None:
                say(f"  {region_set.name}: nothing published yet, see `tocsin score --help`")
                continue
            mark = "SIMULATED, " if head.is_simulated else ""
            say(f"  {region_set.name} ({mark}as of {head.as_of}):")
            say(f"    map, table, regions  {address}/sets/{region_set.name}")
            say(f"    alerts               {address}/sets/{region_set.name}/alerts")
            for format_name in ("csv", "xlsx", "json", "geojson", "pdf"):
                place = f"{address}/feeds/{region_set.name}/latest.{format_name}"
                say(f"    {format_name:<7} feed         {place}")
    say(f"  API                    {address}/api/v1/openapi.json\n")
