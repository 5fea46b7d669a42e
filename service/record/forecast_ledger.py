"""The forecast ledger: what was published, sealed entry by entry, so that nothing is changed later.

An entry holds the digest of a publication's forecasts. Everything that the digest is made from
stands in the JSON feed, so that anybody can compute it; the signed manifest of each publication
carries its entry, so that readers hold heads of the chain that we cannot take back.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection, func, select

from models.fatalities.names import FATALITIES
from service.chain import Chain, ChainReport, Row
from service.feeds.facts import round_number, write_moment
from service.publications.publication import Publication
from service.publications.store import find_publication
from service.tables import ledger_entries, publications

DIGEST_FORMATS: tuple[str, ...] = ("tocsin-forecasts-2", "tocsin-forecasts-1")
"""What entries are sealed in, the present format first. The first one does not name the model and
the definition of each outcome; entries that were written in it stay good."""


@dataclass(frozen=True)
class LedgerEntry:
    """One publication in the ledger.

    Attributes:
        sequence: Number, 1, 2, … without gaps, over all region sets.
        published_at: When it was published, UTC.
        region_set: Name of the region set.
        as_of: Knowledge limit.
        revision: The revision.
        model_version: The model that scored the first outcome; those of all are in the digest.
        outcome_version: The definition of the first outcome; likewise.
        n_forecasts: Rows that are sealed, with a score or without.
        digest: What `digest_forecasts` returns of the publication.
        previous_hash: Hash of the entry before.
        entry_hash: SHA-256 of all of this: the head of the chain when it was written.
    """

    sequence: int
    published_at: datetime
    region_set: str
    as_of: date
    revision: int
    model_version: str
    outcome_version: str
    n_forecasts: int
    digest: str
    previous_hash: str
    entry_hash: str


@dataclass(frozen=True)
class LedgerReport:
    """What a verification of the ledger found.

    Attributes:
        chain: Whether the entries are whole, and the forecasts in the database are those of the
            entries.
        unlisted: Publications that are not in the ledger though it had begun, as text.
        n_before: Publications that were written before the ledger began.
    """

    chain: ChainReport
    unlisted: tuple[str, ...]
    n_before: int

    @property
    def is_good(self) -> bool:
        """True if the chain is whole and lists every publication since it began."""
        return self.chain.is_good and not self.unlisted


def digest_forecasts(publication: Publication, written_in: str = DIGEST_FORMATS[0]) -> str:
    """Returns the SHA-256, in hex, of what was forecast, with the decimals of a feed.

    Sealed are the model and the definition of each outcome, and of each row what it takes to verify
    it: status, risk score, threshold, climatology. Words, drivers and shapes are not.

    Args:
        publication: What was published.
        written_in: One of `DIGEST_FORMATS`.
    """
    head = [
        written_in,
        publication.region_set,
        publication.as_of.isoformat(),
        publication.revision,
        publication.step,
        publication.origin_label,
        publication.model_version,
        publication.outcome_version,
        publication.is_simulated,
    ]
    rows = sorted(
        [
            row.outcome,
            row.horizon,
            row.region_id,
            row.status,
            round_number(row.risk_score),
            round_number(row.threshold),
            round_number(row.climatology),
        ]
        for row in publication.scores
    )
    outcomes = _versions(publication) if written_in == DIGEST_FORMATS[0] else []
    ahead = sorted(
        [FATALITIES, row.horizon, row.region_id, row.status, *map(round_number, row.quantiles)]
        for row in publication.fatalities
    )
    digest = hashlib.sha256()
    # Line by line, so that other threads get their turn.
    for line in (head, *outcomes, *rows, *ahead):
        text = json.dumps(line, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
        digest.update(text.encode() + b"\n")
    return digest.hexdigest()


def _versions(publication: Publication) -> list[tuple[str, str, str]]:
    """Returns outcome, model and definition of all that was scored, sorted."""
    named = {
        (
            row.outcome,
            row.model_version or publication.model_version,
            row.outcome_version or publication.outcome_version,
        )
        for row in publication.scores
    }
    return sorted(named)


def append_publication(connection: Connection, publication: Publication) -> LedgerEntry:
    """Adds a publication, in the transaction that writes it; returns its entry.

    Args:
        connection: The write transaction.
        publication: With its revision.
    """
    row = _LEDGER.append(
        connection,
        {
            "published_at": publication.published_at,
            "region_set": publication.region_set,
            "as_of": publication.as_of,
            "revision": publication.revision,
            "model_version": publication.model_version,
            "outcome_version": publication.outcome_version,
            "n_forecasts": len(publication.scores) + len(publication.fatalities),
            "digest": digest_forecasts(publication),
        },
    )
    return LedgerEntry(**row)


def describe_entry(entry: LedgerEntry) -> dict[str, Any]:
    """Returns an entry, JSON-ready."""
    return {
        **asdict(entry),
        "published_at": write_moment(entry.published_at),
        "as_of": entry.as_of.isoformat(),
    }


def list_entries(
    connection: Connection,
    *,
    region_set: str | None = None,
    before: int | None = None,
    limit: int = 200,
) -> tuple[LedgerEntry, ...]:
    """Returns entries, the newest first.

    Args:
        connection: An open transaction.
        region_set: Only those of this set; None for all.
        before: Only those with a smaller number.
        limit: At most so many.
    """
    query = select(ledger_entries).order_by(ledger_entries.c.sequence.desc()).limit(limit)
    if region_set is not None:
        query = query.where(ledger_entries.c.region_set == region_set)
    if before is not None:
        query = query.where(ledger_entries.c.sequence < before)
    return tuple(LedgerEntry(**row) for row in connection.execute(query).mappings())


def verify_ledger(connection: Connection, head: str | None = None) -> LedgerReport:
    """Returns whether the ledger is whole and the stored forecasts are those that it sealed.

    Args:
        connection: An open transaction.
        head: A head that was noted earlier, e.g. from a manifest, which the chain must still hold.
    """

    def find_fault(row: Row) -> str:
        named = _name(row)
        stored = find_publication(connection, row["region_set"], row["as_of"], row["revision"])
        if stored is None:
            return f"The publication {named} is gone."
        if row["digest"] not in (digest_forecasts(stored, one) for one in DIGEST_FORMATS):
            return f"The forecasts of {named} are not those that were published."
        return ""

    listed = select(ledger_entries.c.region_set, ledger_entries.c.as_of, ledger_entries.c.revision)
    known = {tuple(row) for row in connection.execute(listed)}
    query = select(
        publications.c.publication_id,
        publications.c.region_set,
        publications.c.as_of,
        publications.c.revision,
    ).order_by(publications.c.publication_id)
    before, unlisted = 0, []
    first = _first_listed(connection)
    for row in connection.execute(query).mappings():
        if (row["region_set"], row["as_of"], row["revision"]) in known:
            continue
        if first is None or row["publication_id"] < first:
            before += 1
        else:
            unlisted.append(_name(row))
    return LedgerReport(_LEDGER.verify(connection, head, find_fault), tuple(unlisted), before)


def _first_listed(connection: Connection) -> int | None:
    """Returns the row number of the first publication that the ledger lists, if any is left."""
    found: int | None = connection.scalar(
        select(func.min(publications.c.publication_id)).join(
            ledger_entries,
            (ledger_entries.c.region_set == publications.c.region_set)
            & (ledger_entries.c.as_of == publications.c.as_of)
            & (ledger_entries.c.revision == publications.c.revision),
        )
    )
    return found


def _name(row: Row) -> str:
    return f"{row['region_set']} {row['as_of']} revision {row['revision']}"


def _content_of(row: Row) -> list[Any]:
    return [
        int(row["published_at"].timestamp()),
        row["region_set"],
        row["as_of"].isoformat(),
        row["revision"],
        row["model_version"],
        row["outcome_version"],
        row["n_forecasts"],
        row["digest"],
    ]


_LEDGER = Chain(ledger_entries, _content_of)
