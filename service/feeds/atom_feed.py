"""The Atom feed (Nottingham & Sayre 2005, RFC 4287): what is new in a publication.

The first entry announces the publication, or that it is a correction; then comes one entry per
region, outcome and horizon whose level differs from that of the publication before. Identifiers are
derived from what an entry is about, so that a reader sees an entry once.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from lxml.etree import _Element as Element

from data.regions import RegionSet
from service.feeds.addresses import write_address
from service.feeds.atom_elements import (
    MEDIA_TYPE,
    add_element,
    add_link,
    add_text,
    begin_feed,
    identify,
    write_feed,
)
from service.feeds.facts import count_statuses, count_steps, write_moment, write_notices
from service.publications.publication import Document, Publication, PublishedScore


def render(publication: Publication, region_set: RegionSet) -> Document:
    """Returns what is new in the publication as Atom, UTF-8."""
    del region_set  # Every format renders from the same two arguments.
    name, updated = publication.region_set, write_moment(publication.published_at)
    mark = "SIMULATED: " if publication.is_simulated else ""
    feed = begin_feed(identify(name), f"{mark}Conflict risk, {name}: changes of level", updated)
    rights = "; ".join(
        " – ".join(part for part in (item.text, item.licence) if part)
        for item in publication.attributions
    )
    if rights:
        add_text(feed, "rights", rights)
    add_link(feed, "self", write_address(name, "atom"), MEDIA_TYPE)
    _announce(feed, publication, updated, mark)
    bounds = publication.manifest.get("levels", {})
    for score, before in changes_of_level(publication, bounds):
        _add_change(feed, publication, score, before, updated, mark)
    return Document("atom", f"{MEDIA_TYPE}; charset=utf-8", write_feed(feed))


def changes_of_level(
    publication: Publication, bounds: Mapping[str, float]
) -> Iterator[tuple[PublishedScore, str]]:
    """Yields the scores whose level differs from the publication before, with the level of then.

    Args:
        publication: The publication.
        bounds: Risk level to its least risk score, lowest first.
    """
    for score in publication.scores:
        if score.change is None or score.risk_score is None or score.level is None:
            continue
        # The difference of two floats may miss the earlier one by its last digit.
        earlier = round(score.risk_score - score.change, 12)
        before = [name for name, bound in bounds.items() if earlier >= bound]
        if before and before[-1] != score.level:
            yield score, before[-1]


def _announce(feed: Element, publication: Publication, updated: str, mark: str) -> None:
    name, as_of = publication.region_set, publication.as_of
    revision = publication.revision
    entry = add_element(feed, "entry")
    add_text(entry, "id", identify(name, as_of, revision))
    if revision == 1:
        add_text(entry, "title", f"{mark}{name}: risk scores as of {as_of}")
    else:
        add_text(
            entry,
            "title",
            f"{mark}{name}: correction of the risk scores as of {as_of}, revision {revision}",
        )
    add_text(entry, "updated", updated)
    for feed_format, media_type in (("html", "text/html"), ("csv", "text/csv")):
        address = write_address(name, feed_format, as_of, revision)
        add_link(entry, "alternate", address, media_type)
    told = [
        f"Data up to {publication.data_cutoff}, model {publication.model_version}, "
        f"outcome {publication.outcome_version}.",
        *write_notices(publication, count_statuses(publication)),
    ]
    if revision > 1:
        replaced = write_address(name, "html", as_of, revision - 1)
        add_link(entry, "related", replaced, "text/html")
        told.insert(0, f"Replaces revision {revision - 1}, which stays at {replaced}.")
    add_text(entry, "content", " ".join(told))


def _add_change(
    feed: Element,
    publication: Publication,
    score: PublishedScore,
    before: str,
    updated: str,
    mark: str,
) -> None:
    name, as_of, revision = publication.region_set, publication.as_of, publication.revision
    entry = add_element(feed, "entry")
    identity = (name, as_of, revision, score.region_id, score.outcome, score.horizon)
    add_text(entry, "id", identify(*identity))
    add_text(
        entry,
        "title",
        f"{mark}{score.region_name} ({score.country}): {_read(before)} to "
        f"{_read(score.level or '')}, {score.outcome} over "
        f"{count_steps(score.horizon, publication.step)}",
    )
    add_text(entry, "updated", updated)
    add_link(entry, "alternate", write_address(name, "html", as_of, revision), "text/html")
    first, last = publication.window(score.horizon)
    add_text(
        entry,
        "content",
        f"Risk score {score.risk_score:.2f}, change {score.change:+.2f}, for {first} to {last}. "
        f"As of {as_of}, data up to {publication.data_cutoff}.",
    )


def _read(level: str) -> str:
    return level.replace("_", " ")
