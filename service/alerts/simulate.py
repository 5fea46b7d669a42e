"""What rules would have told, had they been in force: the same step, over past publications.

Pure: publications and outcomes in, figures out. Where both come from: `service.alerts.past`.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from statistics import median
from types import MappingProxyType

from service.alerts.advance import AlertEvent, advance
from service.alerts.conditions import Neighbours
from service.alerts.followed import Outcomes
from service.alerts.machine import CLOSING
from service.alerts.measures import BOUNDS, Key, Past, collect_past, key_of
from service.alerts.rules import Level, Rule
from service.alerts.tracking import States
from service.publications.publication import Publication
from service.publications.redraws import SHAPES

FLAP_PUBLICATIONS = 3
"""An incident that opens so few publications after the end of the one before is a flap."""

SHIFT = 0.05
"""How far the levels beside those of a rule lie."""


@dataclass(frozen=True)
class Figures:
    """What a rule would have told.

    Attributes:
        shift: What was added to every level; 0 for the rule as it is written.
        n_series: Series that the rule followed; without any, nothing was simulated.
        n_alerts: Incidents that opened.
        n_escalations: Times that an open incident rose.
        alerts_a_year: Incidents a year, over all series of the rule.
        alerts_a_region_year: Incidents a year and region.
        return_period_years: Years between two incidents of a region; None without incidents.
        n_judged: Incidents whose window is closed, so that it is known what followed.
        n_followed: Those that the outcome followed, in the window of their opening.
        precision: Share of the two; None if none is judged.
        n_episodes: Episodes of the outcome: origins in a row whose windows saw it.
        n_missed: Episodes at none of whose origins an incident was open.
        miss_rate: Share of the two; None without episodes.
        median_lead: Steps between the publication that warned and the last period of the first
            window that saw the outcome; None if no episode was warned of.
        n_flaps: Incidents that opened within three publications of the end of the one before.
        n_events: How often each kind of event happened.
    """

    shift: float
    n_series: int
    n_alerts: int
    n_escalations: int
    alerts_a_year: float
    alerts_a_region_year: float
    return_period_years: float | None
    n_judged: int
    n_followed: int
    precision: float | None
    n_episodes: int
    n_missed: int
    miss_rate: float | None
    median_lead: float | None
    n_flaps: int
    n_events: Mapping[str, int]


@dataclass(frozen=True)
class RegionFigures:
    """What a rule would have told of a region.

    Attributes:
        region_id: The region.
        region_name: Its name.
        n_alerts: Incidents that opened.
        n_judged: Those whose window is closed.
        n_followed: Those that the outcome followed.
        n_episodes: Episodes of the outcome.
        n_missed: Those that were not warned of.
    """

    region_id: str
    region_name: str
    n_alerts: int
    n_judged: int
    n_followed: int
    n_episodes: int
    n_missed: int


@dataclass(frozen=True)
class RuleSimulation:
    """A rule with its figures.

    Attributes:
        rule_id: The rule.
        figures: As it is written.
        beside: With every level a little lower and a little higher, where that makes a rule.
        regions: By region, most incidents first; regions of which there is nothing are left out.
        unanswered: As-ofs that hold nothing of what a condition asks for, by outcome or indicator;
            there the condition cannot be told, and the rule does nothing.
    """

    rule_id: str
    figures: Figures
    beside: tuple[Figures, ...]
    regions: tuple[RegionFigures, ...]
    unanswered: Mapping[str, int]


@dataclass
class _Course:
    """What became of one series: origins at which an incident opened, stood, ended."""

    opened: list[int] = field(default_factory=list)
    standing: list[int] = field(default_factory=list)
    n_flaps: int = 0


@dataclass(frozen=True)
class _Tally:
    """Counts of one series."""

    n_alerts: int
    n_judged: int
    n_followed: int
    leads: tuple[int, ...]
    n_missed: int

    @property
    def n_episodes(self) -> int:
        return len(self.leads) + self.n_missed


def simulate_rule(
    rule: Rule,
    publications: Sequence[Publication],
    outcomes: Outcomes,
    *,
    steps_a_year: int,
    neighbours: Mapping[str | None, Neighbours] = MappingProxyType({}),
) -> RuleSimulation:
    """Returns what a rule would have told over past publications, from rest.

    Whether the rule is enabled is not looked at.

    Args:
        rule: The rule.
        publications: One for each as-of, in order.
        outcomes: What came, by series and origin.
        steps_a_year: Periods in a year: 12 or 52.
        neighbours: Which regions touch, by the borders that publications name.
    """
    past = collect_past(publications)
    course = [
        (publication, neighbours.get(publication.manifest.get(SHAPES), {}))
        for publication in publications
    ]
    figures, tallies = _run(rule, 0.0, course, past, outcomes, steps_a_year)
    beside = []
    for shift in (-SHIFT, SHIFT):
        moved = shift_levels(rule, shift)
        if moved is not None:
            beside.append(_run(moved, shift, course, past, outcomes, steps_a_year)[0])
    names = {row.region_id: row.region_name for item in publications for row in item.scores}
    return RuleSimulation(
        rule.id, figures, tuple(beside), _by_region(tallies, names), _unanswered(rule, publications)
    )


def _unanswered(rule: Rule, publications: Sequence[Publication]) -> dict[str, int]:
    found: dict[str, int] = {}
    if rule.near is not None:
        asked = rule.near.outcome
        found[asked] = sum(asked not in item.outcomes for item in publications)
    if rule.where is not None:
        asked = rule.where.indicator
        found[asked] = sum(asked not in item.indicators for item in publications)
    return {name: n for name, n in found.items() if n}


def shift_levels(rule: Rule, shift: float) -> Rule | None:
    """Returns the rule with every enter and exit moved; None where they leave the measure."""
    least, greatest = BOUNDS[rule.measure]
    levels = tuple(
        Level(
            name=level.name,
            enter=round(level.enter + shift, 9),
            exit=round(level.exit + shift, 9),
        )
        for level in rule.levels
    )
    if any(level.exit <= least or level.enter > greatest for level in levels):
        return None
    return rule.model_copy(update={"levels": levels})


def _run(
    rule: Rule,
    shift: float,
    course: Sequence[tuple[Publication, Neighbours]],
    past: Past,
    outcomes: Outcomes,
    steps_a_year: int,
) -> tuple[Figures, dict[Key, _Tally]]:
    states: States = {}
    followed: set[Key] = set()
    events: list[tuple[int, AlertEvent]] = []
    standing: dict[Key, list[int]] = defaultdict(list)
    for publication, neighbours in course:
        states, happened = advance([rule], states, publication, past, neighbours=neighbours)
        events += [(publication.origin, event) for event in happened]
        for tracked in states.values():
            if tracked.state.level:
                series = tracked.series
                key = series.region_id, series.outcome, series.horizon
                standing[key].append(publication.origin)
        followed |= {
            key_of(row)
            for row in publication.scores
            if rule.covers(
                publication.region_set, row.region_id, row.country, row.outcome, row.horizon
            )
        }
    order = {publication.origin: place for place, (publication, _) in enumerate(course)}
    courses = _courses(events, standing, order)
    tallies = {
        key: _judge(courses.get(key, _Course()), outcomes.get(key, {}), key[2], order)
        for key in sorted(followed)
    }
    n_years = len(course) / steps_a_year
    n_regions = len({region_id for region_id, _, _ in followed})
    return _sum_up(shift, events, courses, tallies, n_years, n_regions), tallies


def _courses(
    events: Sequence[tuple[int, AlertEvent]],
    standing: Mapping[Key, list[int]],
    order: Mapping[int, int],
) -> dict[Key, _Course]:
    courses: dict[Key, _Course] = defaultdict(_Course)
    ended: dict[Key, int] = {}
    for origin, event in events:
        key = event.region_id, event.outcome, event.horizon
        if event.type == "fired":
            courses[key].opened.append(origin)
            if key in ended and order[origin] - order[ended[key]] <= FLAP_PUBLICATIONS:
                courses[key].n_flaps += 1
        elif event.type in CLOSING:
            ended[key] = origin
    for key, origins in standing.items():
        courses[key].standing = origins
    return courses


def _judge(
    course: _Course, came: Mapping[int, bool], horizon: int, order: Mapping[int, int]
) -> _Tally:
    judged = [origin for origin in course.opened if origin in came]
    standing = set(course.standing)
    leads, n_missed = [], 0
    for episode in _episodes(came, order):
        warned = [origin for origin in episode if origin in standing]
        if warned:
            # The first window that saw the outcome owes it to its last period: the window before
            # held all the others.
            leads.append(episode[0] + horizon - warned[0])
        else:
            n_missed += 1
    n_followed = sum(came[origin] for origin in judged)
    return _Tally(len(course.opened), len(judged), n_followed, tuple(leads), n_missed)


def _episodes(came: Mapping[int, bool], order: Mapping[int, int]) -> list[list[int]]:
    """Returns origins in a row whose windows saw the outcome; an unknown one in between parts."""
    episodes: list[list[int]] = []
    for origin in sorted(origin for origin in came if origin in order and came[origin]):
        if episodes and origin - episodes[-1][-1] == 1:
            episodes[-1].append(origin)
        else:
            episodes.append([origin])
    return episodes


def _sum_up(
    shift: float,
    events: Sequence[tuple[int, AlertEvent]],
    courses: Mapping[Key, _Course],
    tallies: Mapping[Key, _Tally],
    n_years: float,
    n_regions: int,
) -> Figures:
    kinds: dict[str, int] = defaultdict(int)
    for _, event in events:
        kinds[event.type] += 1
    n_alerts = sum(tally.n_alerts for tally in tallies.values())
    n_judged = sum(tally.n_judged for tally in tallies.values())
    n_followed = sum(tally.n_followed for tally in tallies.values())
    n_episodes = sum(tally.n_episodes for tally in tallies.values())
    n_missed = sum(tally.n_missed for tally in tallies.values())
    leads = [lead for tally in tallies.values() for lead in tally.leads]
    region_years = n_regions * n_years
    return Figures(
        shift=shift,
        n_series=len(tallies),
        n_alerts=n_alerts,
        n_escalations=kinds["escalated"],
        alerts_a_year=n_alerts / n_years if n_years else 0.0,
        alerts_a_region_year=n_alerts / region_years if region_years else 0.0,
        return_period_years=region_years / n_alerts if n_alerts else None,
        n_judged=n_judged,
        n_followed=n_followed,
        precision=n_followed / n_judged if n_judged else None,
        n_episodes=n_episodes,
        n_missed=n_missed,
        miss_rate=n_missed / n_episodes if n_episodes else None,
        median_lead=median(leads) if leads else None,
        n_flaps=sum(course.n_flaps for course in courses.values()),
        n_events={kind: n for kind, n in sorted(kinds.items()) if n},
    )


def _by_region(
    tallies: Mapping[Key, _Tally], names: Mapping[str, str]
) -> tuple[RegionFigures, ...]:
    grouped: dict[str, list[_Tally]] = defaultdict(list)
    for (region_id, _, _), tally in tallies.items():
        if tally.n_alerts or tally.n_episodes:
            grouped[region_id].append(tally)
    rows = [
        RegionFigures(
            region_id,
            names[region_id],
            sum(tally.n_alerts for tally in group),
            sum(tally.n_judged for tally in group),
            sum(tally.n_followed for tally in group),
            sum(tally.n_episodes for tally in group),
            sum(tally.n_missed for tally in group),
        )
        for region_id, group in grouped.items()
    ]
    return tuple(sorted(rows, key=lambda row: (-row.n_alerts, row.region_id)))
