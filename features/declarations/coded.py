"""Declarations: kinds of events that only some sources code. Missing until one supplies them."""

from __future__ import annotations

from collections.abc import Iterator

from data.panel.kinds import CODED_BY
from features.declarations.sums import declare_sum
from features.indicator import Indicator
from features.measures import WindowSum

_CODED: tuple[tuple[str, str, str, str], ...] = (
    (
        "events_on_posts",
        "attacks on military posts",
        "coordination",
        "Taking posts needs numbers and planning.",
    ),
    (
        "events_on_convoys",
        "attacks on convoys",
        "coordination",
        "Roads that cannot be used cut a region off.",
    ),
    (
        "events_abduction",
        "abductions",
        "civilians",
        "Abductions mark control without a battle.",
    ),
    (
        "events_on_aid_workers",
        "attacks on aid workers",
        "civilians",
        "Aid leaves, and with it eyes on the ground.",
    ),
    (
        "events_looting",
        "looting and destruction of property",
        "civilians",
        "Looting feeds a group and drives people out.",
    ),
    (
        "bases_overrun",
        "bases overrun",
        "control and coercion",
        "A lost base leaves a district to whoever comes.",
    ),
    (
        "territory_taken",
        "territory taken by armed groups",
        "control and coercion",
        "Control that shifts is contested again.",
    ),
    (
        "territory_regained",
        "territory regained by the state",
        "control and coercion",
        "Gains of the state are often answered.",
    ),
)


def declare_coded() -> Iterator[Indicator]:
    """Yields the indicators of what is coded by kind: posts, convoys, abductions, control."""
    for variable, words, family, why in _CODED:
        for months in (3, 12):
            yield declare_sum(
                WindowSum(variable, months),
                words,
                unit="events",
                source=_source_of(variable),
                family=family,
                why=why,
            )


_STRATEGIC = {"events_looting": "ACLED's strategic developments"}
"""Who else tells a kind, from the first event of it on."""


def _source_of(variable: str) -> str:
    named = [source.upper() for source, coded in CODED_BY.items() if variable in coded]
    named += [_STRATEGIC[variable]] if variable in _STRATEGIC else []
    own = "a table of one's own that names the kind of event"
    return f"{' or '.join([*named, own])}; missing where the source does not say"
