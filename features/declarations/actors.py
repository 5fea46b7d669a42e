"""Declarations: coordination, attacks on civilians, and who fights."""

from __future__ import annotations

from collections.abc import Iterator

from features.declarations.words import EVENTS, last
from features.indicator import Indicator
from features.measures import (
    ActorEntries,
    ActorMeasure,
    FirstIn,
    LesserSum,
    Measure,
    WentQuiet,
    WindowShare,
    WindowSum,
)


def _coordination() -> Iterator[Indicator]:
    for months in (1, 3, 12):
        yield Indicator(
            name=f"events_coordinated_{months}m",
            label=f"Events of one group in several places within two days, {last(months)}",
            unit="events",
            formula="events of which one actor, not an army, had another on the same or the next "
            f"day in another place (0.1 degree), day and district known, {last(months)}",
            source=EVENTS,
            family="coordination",
            why="To strike several places at once takes command and reserves.",
            transform="log1p",
            measure=WindowSum("events_coordinated", months),
        )
    yield _share(
        "coordinated_share_12m",
        "Share of the last 12 months' events that were coordinated",
        "events_coordinated",
        "events",
        "coordination",
        "A group that coordinates more has grown.",
        12,
    )


def _share(
    name: str, label: str, part: str, whole: str, family: str, why: str, months: int
) -> Indicator:
    return Indicator(
        name=name,
        label=label,
        unit="share",
        formula=f"sum of {part} / sum of {whole} over the {last(months)}; missing if there were "
        "none",
        source=EVENTS,
        family=family,
        why=why,
        transform="identity",
        measure=WindowShare(part, whole, months),
    )


def _civilians() -> Iterator[Indicator]:
    why = "A turn against civilians often comes with a change of control."
    for months in (3, 12):
        yield _share(
            f"one_sided_share_{months}m",
            f"Share of attacks on civilians among the events of the {last(months)}",
            "events_one_sided",
            "events",
            "civilians",
            why,
            months,
        )
    yield _share(
        "civilian_death_share_12m",
        "Share of civilians among the dead of the last 12 months",
        "deaths_civilians",
        "deaths",
        "civilians",
        "Who is killed says more about the need for help than how many.",
        12,
    )


def _actors() -> Iterator[Indicator]:
    wording: tuple[tuple[str, str, str, str, str, Measure], ...] = (
        (
            "actors_active_3m",
            "Armed actors active in the last 3 months",
            "actors",
            "number of actors with an event in the last 3 months",
            "More sides, more ways to escalate.",
            ActorMeasure("active", 3),
        ),
        (
            "actors_active_12m",
            "Armed actors active in the last 12 months",
            "actors",
            "number of actors with an event in the last 12 months",
            "More sides, more ways to escalate.",
            ActorMeasure("active", 12),
        ),
        (
            "actor_entropy_12m",
            "Diversity of armed actors over the last 12 months",
            "nats",
            "-sum of p * log(p) over actors, p = share of the actor in all actors' events of the "
            "last 12 months; missing if there were none (Shannon 1948, "
            "doi:10.1002/j.1538-7305.1948.tb01338.x)",
            "Many equal groups fragment, one strong group governs.",
            ActorMeasure("entropy", 12),
        ),
        (
            "actor_dominance_12m",
            "Share of the most active armed actor over the last 12 months",
            "share",
            "largest share of one actor in all actors' events of the last 12 months; missing if "
            "there were none",
            "One strong group governs, and may turn to its rivals.",
            ActorMeasure("dominance", 12),
        ),
        (
            "actors_new_3m",
            "Armed actors that are new in the last 3 months",
            "actors",
            "number of actors with an event in the last 3 months and none in the 60 months before",
            "An entry is the earliest sign of spread.",
            ActorEntries(3, 60),
        ),
        (
            "rivals_contest_12m",
            "Contest of the two rival groups over the last 12 months",
            "events",
            "the lesser of the two groups' events over the last 12 months; the groups are named "
            "per source in the gazetteer",
            "Two groups in one place share it or fight over it.",
            LesserSum("events_rival_first", "events_rival_second", 12),
        ),
        (
            "rivals_clashes_12m",
            "Clashes between the two rival groups in the last 12 months",
            "events",
            "sum of events with both groups as sides over the last 12 months",
            "Open war between the groups kills quickly and moves on.",
            WindowSum("events_rival_clash", 12),
        ),
        (
            "events_outside_force_12m",
            "Events with a force from outside in the last 12 months",
            "events",
            "sum of events with a foreign army, mission or contractor as a side over the last 12 "
            "months; who is one stands in the table of actors",
            "Outside forces change who attacks whom.",
            WindowSum("events_outside_force", 12),
        ),
        (
            "outside_force_arrival_12m",
            "A force from outside appears after 12 months without one",
            "yes or no",
            "1 if x[t] > 0 and x[s] = 0 in all of the 12 months before t, else 0, x = events with "
            "a foreign army, mission or contractor as a side",
            "New forces open new fronts, and become targets.",
            FirstIn("events_outside_force", 12),
        ),
        (
            "outside_force_departure_12m",
            "No force from outside for 12 months, after one in the 12 before",
            "yes or no",
            "1 if the sum of x over the last 12 months is 0 and over the 12 before it is not, else "
            "0, x = events with a foreign army, mission or contractor as a side",
            "What a force held is open when it goes.",
            WentQuiet("events_outside_force", 12),
        ),
        (
            "events_self_defence_12m",
            "Events with a self-defence group in the last 12 months",
            "events",
            "sum of events with a self-defence group, volunteers or hunters as a side over the "
            "last 12 months",
            "Armed neighbours turn a war into feuds between villages.",
            WindowSum("events_self_defence", 12),
        ),
        (
            "state_force_share_12m",
            "Share of the last 12 months' events with the state as a side",
            "share",
            "events with army, police or gendarmerie of a state as a side / events, last 12 "
            "months; missing if there were none",
            "Where the state no longer fights, others govern.",
            WindowShare("events_state_force", "events", 12),
        ),
    )
    for name, label, unit, formula, why, measure in wording:
        yield Indicator(
            name=name,
            label=label,
            unit=unit,
            formula=formula,
            source=EVENTS,
            family="actors",
            why=why,
            transform="identity" if unit in ("nats", "share", "yes or no") else "log1p",
            measure=measure,
        )


def declare_actors() -> Iterator[Indicator]:
    """Yields the indicators of coordination, civilians and actors."""
    yield from _coordination()
    yield from _civilians()
    yield from _actors()
