"""The list of a set's publications."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from service.publications.rows import PublicationHead
from service.web import links, words


@dataclass(frozen=True)
class PublicationRow:
    """One publication in the list.

    Attributes:
        as_of: Knowledge limit in words.
        revision: 1 unless it is a correction.
        is_current: True for the newest revision of its as-of.
        address: Its map and table.
        data_cutoff: Last day the data speak for, in words.
        published: When, in words.
        model: Version of the model.
        files: Format and address of each file.
    """

    as_of: str
    revision: int
    is_current: bool
    address: str
    data_cutoff: str
    published: str
    model: str
    files: tuple[tuple[str, str], ...]


def view_publications(
    heads: Sequence[PublicationHead], shown: slice, files: Callable[[int], Sequence[str]]
) -> tuple[PublicationRow, ...]:
    """Returns rows of the list.

    Args:
        heads: All publications, newest as-of first, newest revision first.
        shown: Which of them to return.
        files: Publication id to the formats in which it is stored.
    """
    # Of each as-of the first one met is the newest revision.
    current = {head.as_of: head.publication_id for head in reversed(heads)}
    return tuple(
        PublicationRow(
            as_of=words.day(head.as_of),
            revision=head.revision,
            is_current=current[head.as_of] == head.publication_id,
            address=links.to_set(head.region_set, as_of=head.as_of),
            data_cutoff=words.day(head.data_cutoff),
            published=words.moment(head.published_at),
            model=head.model_version,
            files=tuple(
                (name, links.to_feed(head.region_set, name, head.as_of, head.revision))
                for name in files(head.publication_id)
            ),
        )
        for head in heads[shown]
    )
