"""`tocsin contacts`: who can be told, and which alerts reach them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

import typer

from data.errors import BadInput, SourceUnavailable, UnknownName
from service.alerts.contact_files import EXAMPLE, check_contact_file, read_contacts
from service.alerts.contact_store import apply_contacts, list_books, load_book
from service.alerts.contact_trial import try_contact
from service.alerts.routes import ContactBook, Route
from service.alerts.subscriptions import enable_contact, list_disabled
from service.channels.configured import OpenedChannels, open_channels
from service.channels.contacts import ContactPoint
from service.channels.contract import Delivered
from service.cli.actor import ByOption
from service.cli.output import JsonOption, print_json, print_table, say
from service.cli.session import Session, open_session

app = typer.Typer(
    help="Contact points and routes: check a file, apply it, try them.", no_args_is_help=True
)

FileArgument = Annotated[Path, typer.Argument(help="Contact file (TOML).")]


@app.command("check")
def check(path: FileArgument, as_json: JsonOption = False) -> None:
    """Checks a contact file and stores nothing; every refusal has its line and its reason.

    Example: tocsin contacts check contacts.toml
    """
    book, refusals = check_contact_file(path)
    if as_json and book is not None:
        print_json({"file": path, "book": book.model_dump(mode="json"), "refusals": []})
    elif not as_json:
        for refusal in refusals:
            where = path if refusal.line is None else f"{path}:{refusal.line}"
            say(f"{where}: {refusal.reason}")
        if book is not None:
            say(f"Good: {len(book.contacts)} contact points, {len(book.routes)} routes.")
    if refusals:
        reasons = (
            "; ".join(map(str, refusals)) if as_json else f"{len(refusals)} refused, see above"
        )
        raise BadInput(f"{path}: {reasons}.", "Mend the file.")


@app.command("apply")
def apply(path: FileArgument, by: ByOption, as_json: JsonOption = False) -> None:
    """Stores the contact points and routes of a file, in place of those before.

    They stand from the next publication. A message that waits for a contact point that is gone
    becomes a dead letter after three and a half days.

    Example: tocsin contacts apply contacts.toml --by awa
    """
    book = read_contacts(path)
    with open_session() as session:
        with session.database.write() as connection:
            version = apply_contacts(connection, book, actor=by, now=session.clock())
        problems = open_channels(book.contacts, session.settings, session.clock).problems
    if as_json:
        texts = {name: str(problem) for name, problem in problems.items()}
        print_json({"version": version, "is_unchanged": version is None, "problems": texts})
        return
    say("Unchanged." if version is None else f"Version {version} is stored.")
    for name, problem in problems.items():
        say(f"{name} cannot be used from here: {problem}")


@app.command("list")
def list_them(as_json: JsonOption = False) -> None:
    """Lists the contact points that stand, and whether each can be used from here.

    Example: tocsin contacts list --json
    """
    with open_session() as session:
        with session.database.read() as connection:
            standing = load_book(connection, session.settings)
            disabled = list_disabled(connection)
        opened = open_channels(standing.book.contacts, session.settings, session.clock)
    if as_json:
        print_json(
            {
                "version": standing.version,
                "created_at": standing.created_at,
                **standing.book.model_dump(mode="json"),
                "problems": {name: str(problem) for name, problem in opened.problems.items()},
                "disabled": disabled,
            }
        )
        return
    print_table(
        ["contact point", "channel", "address", "language", "labels", "state"],
        [
            [
                contact.name,
                contact.channel,
                contact.address,
                contact.language,
                _labels(contact.labels) or None,
                _state(contact.name, opened, disabled),
            ]
            for contact in standing.book.contacts
        ],
    )
    _say_routes(standing.book)
    if standing.created_at is None:
        say("This is the book of the settings; `tocsin contacts apply` replaces it.")
    else:
        say(f"Version {standing.version}, stored {standing.created_at:%Y-%m-%d %H:%M} UTC.")


@app.command("show")
def show(
    name: Annotated[str, typer.Argument(help="Name of the contact point.")],
    as_json: JsonOption = False,
) -> None:
    """Shows a contact point, the routes that lead to it, and its versions.

    Example: tocsin contacts show desk
    """
    with open_session() as session, session.database.read() as connection:
        standing = load_book(connection, session.settings)
        versions = [
            (version.version, version.created_at, found)
            for version in list_books(connection)
            if (found := _find(version.book, name))
        ]
    contact = _get(standing.book, name)
    routes = [route for route in standing.book.routes if route.reaches(contact)]
    is_default = standing.book.route_to(contact, {}) == standing.book.default
    if as_json:
        print_json(
            {
                **contact.model_dump(mode="json"),
                "routes": [route.model_dump(mode="json") for route in routes],
                "is_on_default_route": is_default,
                "versions": [
                    {"version": number, "created_at": at, **found.model_dump(mode="json")}
                    for number, at, found in versions
                ],
            }
        )
        return
    say(f"{contact.name}: {contact.channel} {contact.address or ''}, {contact.language}")
    for route in routes:
        say(f"  hears of {_route_words(route)}")
    if is_default:
        say(f"  hears of what takes no route, {_group_words(standing.book.default)}")
    for number, at, found in versions:
        say(f"version {number}, stored {at:%Y-%m-%d %H:%M} UTC: {found.channel} {found.address}")


@app.command("test")
def try_it(
    name: Annotated[str, typer.Argument(help="Name of the contact point.")],
    as_json: JsonOption = False,
) -> None:
    """Sends a test message to a contact point now; exit code 1 if it is not accepted.

    Example: tocsin contacts test desk
    """
    with open_session() as session:
        contact = _get(_standing(session), name)
        outcome = try_contact(contact, session.settings, session.clock)
    is_accepted = isinstance(outcome, Delivered)
    if as_json:
        print_json({"name": name, "is_accepted": is_accepted, "detail": outcome.detail})
    elif is_accepted:
        say(f"{name} accepted a test message: {outcome.detail}")
    if not is_accepted:
        raise SourceUnavailable(
            f"{name} did not accept a test message: {outcome.detail}.",
            "Check its address and that the receiver runs.",
        )


@app.command("enable")
def enable(
    name: Annotated[str, typer.Argument(help="Name of the contact point.")],
    by: Annotated[str, typer.Option("--by", help="Who does it; stands in the audit trail.")],
) -> None:
    """Lets a contact point be told again, after it unsubscribed or answered 410.

    Example: tocsin contacts enable desk --by awa
    """
    with open_session() as session, session.database.write() as connection:
        enable_contact(connection, name, actor=by, now=session.clock())
    say(f"{name} is told again, from the next publication.")


@app.command("example")
def example() -> None:
    """Prints a contact file to begin from.

    Example: tocsin contacts example > contacts.toml
    """
    print(EXAMPLE.read_text(encoding="utf-8"), end="")


def _standing(session: Session) -> ContactBook:
    with session.database.read() as connection:
        return load_book(connection, session.settings).book


def _state(name: str, opened: OpenedChannels, disabled: Mapping[str, str]) -> str:
    if name in disabled:
        return f"disabled: {disabled[name]}"
    return "ready" if name in opened.channels else str(opened.problems[name])


def _find(book: ContactBook, name: str) -> ContactPoint | None:
    return next((contact for contact in book.contacts if contact.name == name), None)


def _get(book: ContactBook, name: str) -> ContactPoint:
    contact = _find(book, name)
    if contact is None:
        known = ", ".join(item.name for item in book.contacts)
        raise UnknownName(f"There is no contact point '{name}'.", f"Known: {known}.")
    return contact


def _say_routes(book: ContactBook) -> None:
    for route in book.routes:
        say(f"route: {_route_words(route)} → {_receivers(book, route)}")
    say(f"default route: everything else, {_group_words(book.default)} → {_default(book)}")


def _receivers(book: ContactBook, route: Route) -> str:
    return ", ".join(contact.name for contact in book.contacts if route.reaches(contact))


def _default(book: ContactBook) -> str:
    reached = [contact.name for contact in book.contacts if book.default.reaches(contact)]
    is_for_all = not book.default.contacts and not book.default.contact_labels
    return "everybody" if is_for_all else ", ".join(reached)


def _route_words(route: Route) -> str:
    wanted = ", ".join(
        f"{label}={value if isinstance(value, str) else '|'.join(value)}"
        for label, value in route.match.items()
    )
    return f"{wanted or 'everything'}, {_group_words(route)}"


def _group_words(route: Route) -> str:
    return f"a message for each {' and '.join(route.group_by)}" if route.group_by else "one message"


def _labels(labels: dict[str, str]) -> str:
    return ", ".join(f"{name}={value}" for name, value in labels.items())
