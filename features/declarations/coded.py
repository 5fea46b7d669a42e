"""Declarations: kinds of events that only some sources code. Missing until one supplies them."""

from __future__ import annotations

from collections.abc import Iterator

from data.panel_kinds import CODED_BY
from features.declarations.words import last
from features.indicator import Indicator
from features.measures import WindowSum

_CODED: tuple[tuple[str, str, str, str, str], ...] = (
    (
        "events_on_posts",
        "Attacks on military posts",
        "events",
        "coordination",
        "Taking posts needs numbers and planning.",
    ),
    (
        "events_on_convoys",
        "Attacks on convoys",
        "events",
        "coordination",
        "Roads that cannot be used cut a region off.",
    ),
    (
        "events_abduction",
        "Abductions",
        "events",
        "civilians",
        "Abductions mark control without a battle.",
    ),
    (
        "events_on_aid_workers",
        "Attacks on aid workers",
        "events",
        "civilians",
        "Aid leaves, and with it eyes on the ground.",
    ),
    (
        "events_looting",
        "Looting and destruction of property",
        "events",
        "civilians",
        "Looting feeds a group and drives people out.",
    ),
    (
        "bases_overrun",
        "Bases overrun",
        "events",
        "control and coercion",
        "A lost base leaves a district to whoever comes.",
    ),
    (
        "territory_taken",
        "Territory taken by armed groups",
        "events",
        "control and coercion",
        "Control that shifts is contested again.",
    ),
    (
        "territory_regained",
        "Territory regained by the state",
        "events",
        "control and coercion",
        "Gains of the state are often answered.",
    ),
)


def declare_coded() -> Iterator[Indicator]:
    """Yields the indicators of what is coded by kind: posts, convoys, abductions, control."""
    for variable, label, unit, family, why in _CODED:
        for months in (3, 12):
            yield Indicator(
                name=f"{variable}_{months}m",
                label=f"{label} in the {last(months)}",
                unit=unit,
                formula=f"sum of x[s] over the {last(months)}, x = {label[0].lower()}{label[1:]}",
                source=_source_of(variable),
                family=family,
                why=why,
                transform="log1p",
                measure=WindowSum(variable, months),
            )


def _source_of(variable: str) -> str:
    named = [source.upper() for source, coded in CODED_BY.items() if variable in coded]
    own = "a table of one's own that names the kind of event"
    return f"{' or '.join([*named, own])}; missing where the source does not say"
