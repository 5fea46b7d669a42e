"""What a source of events declares about itself."""

from __future__ import annotations

from dataclasses import dataclass

from data.errors import Refused


@dataclass(frozen=True)
class SourceInfo:
    """Who delivers the events, and under which terms.

    Attributes:
        name: Stable key, used in the database and on the command line, e.g. `ged`.
        title: Name for people.
        licence: Licence by its SPDX identifier where there is one, else in words.
        attribution: The credit that must stand wherever the data is used.
        url: Where the source describes itself; empty if it has no page.
        redistributable: True if the licence lets the events themselves be passed on.
        is_simulated: True if the events did not happen; then every output says so.
    """

    name: str
    title: str
    licence: str
    attribution: str
    url: str
    redistributable: bool
    is_simulated: bool


def require_redistributable(source: SourceInfo) -> None:
    """Does nothing if the events of a source may be passed on as they are.

    To be called before raw events, or parts of them such as notes or actors of single events, go
    into anything that leaves the house. What is derived from them (scores, counts per region and
    period) may go out with the attribution.

    Raises:
        Refused: They may not.
    """
    if not source.redistributable:
        raise Refused(
            f"The events of {source.title} may not be passed on.",
            f"Publish what is derived from them, and name the source: {source.licence}",
        )
