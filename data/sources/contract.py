"""What a source of events declares about itself."""

from __future__ import annotations

from dataclasses import dataclass


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
