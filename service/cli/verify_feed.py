"""`tocsin verify-feed`: is this file what the publisher published?"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from sqlalchemy import select

from data.errors import MissingInput, NotReady, Refused
from models.artefacts.signing import KEY_FILE, PublicKey, load_or_make_key
from service.cli.output import JsonOption, print_json, say
from service.cli.session import Session, open_session
from service.feeds.manifest import NAME, VerifiedFile, read_key_set, verify_file
from service.publications.publication import Document
from service.publications.store import read_document
from service.tables import documents


def verify_feed(
    file: Annotated[Path, typer.Argument(help="A feed file as it was downloaded.")],
    manifest: Annotated[
        Path | None,
        typer.Option(help="Its signed manifest; without it, the one in the own database."),
    ] = None,
    key: Annotated[
        Path | None,
        typer.Option(help="The publisher's tocsin-keys.json; without it, the own key."),
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Checks that a feed file is unaltered and was signed by the publisher.

    The manifest is at /feeds/{set}/{as_of}.manifest.json, the key at /.well-known/tocsin-keys.json.
    The exit code is 10 if the file, the manifest or the key does not fit.

    Example: tocsin verify-feed latest.csv --manifest latest.manifest.json --key tocsin-keys.json
    """
    body = _read(file)
    if manifest is not None and key is not None:
        found = verify_file(body, _read(manifest), read_key_set(_read(key)))
    else:
        with open_session() as session:
            found = verify_file(
                body,
                _find_manifest(session, body) if manifest is None else _read(manifest),
                _own_key(session) if key is None else read_key_set(_read(key)),
            )
    if as_json:
        print_json(found)
    else:
        say(_describe(file, found))


def _describe(file: Path, found: VerifiedFile) -> str:
    mark = "SIMULATED, " if found.is_simulated else ""
    return (
        f"{file.name} is authentic: {found.format} of {found.region_set}, {mark}as of "
        f"{found.as_of}, revision {found.revision}, published {found.published_at}, "
        f"signed by {found.key_id}."
    )


def _find_manifest(session: Session, body: bytes) -> bytes:
    etag = Document("", "", body).etag
    with session.database.read() as connection:
        ids = connection.scalars(
            select(documents.c.publication_id).where(documents.c.etag == etag)
        ).all()
        for publication_id in ids:
            stored = read_document(connection, publication_id, NAME)
            if stored is not None:
                return stored.body
    raise Refused(
        "No publication in the own database has this file.",
        "Of another publisher's file, give --manifest and --key.",
    )


def _own_key(session: Session) -> PublicKey:
    if not (session.settings.state_dir / KEY_FILE).exists():
        raise NotReady("There is no signing key yet.", "Give the publisher's with --key.")
    return load_or_make_key(session.settings.state_dir).public


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as problem:
        raise MissingInput(f"{path} cannot be read: {problem.strerror}.") from None
