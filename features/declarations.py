"""Declarations: name, words, unit, formula and reason of every indicator, family by family.

In formulas, x[s] is the value of period s in the region, t the origin, h the horizon; "last n
months" ends with t and counts n periods of a monthly panel, or n * 30.4375 / 7 of a weekly one,
rounded.
"""

from __future__ import annotations

from collections.abc import Iterator

from features.indicator import Indicator
from features.measures import (
    CoarseShare,
    CountrySum,
    DecayedSum,
    EscalationThreshold,
    EstimateGap,
    MonthsSince,
    NeighbourMax,
    NeighbourMean,
    NeighbourSum,
    ThresholdRatio,
    WindowSeason,
    WindowSum,
)

WINDOW_MONTHS: tuple[int, ...] = (1, 3, 6, 12, 24)
HALF_LIVES: tuple[int, ...] = (1, 3, 12)
SINCE_CAP_MONTHS = 60

_EVENTS = "event history of the region set"
_VARIABLE_WORDS: dict[str, str] = {
    "events": "events",
    "events_state_based": "events with the state as a party",
    "events_non_state": "events between armed groups",
    "events_one_sided": "events of one-sided violence against civilians",
    "deaths": "deaths",
    "deaths_state_based": "deaths in fighting with the state as a party",
    "deaths_non_state": "deaths in fighting between armed groups",
    "deaths_one_sided": "deaths from one-sided violence against civilians",
    "deaths_civilians": "civilian deaths",
}
_TYPE_REASONS: dict[str, str] = {
    "state_based": "Fighting with the state follows its own course: offensives, bases, seasons.",
    "non_state": "Groups at war with one another can inflame a region that the state has left.",
    "one_sided": "Attacks on civilians often come before or after a change of control.",
    "civilians": "Who is killed says more about the need for help than how many.",
}


def _last(months: int) -> str:
    return "last month" if months == 1 else f"last {months} months"


def _capitalised(text: str) -> str:
    return text[0].upper() + text[1:]


def _unit_of(variable: str) -> str:
    return variable.split("_", maxsplit=1)[0]


def _window_sums() -> Iterator[Indicator]:
    for variable, words in _VARIABLE_WORDS.items():
        unit, _, kind = variable.partition("_")
        for months in (3, 12) if kind == "civilians" else WINDOW_MONTHS:
            yield Indicator(
                name=f"{variable}_{months}m",
                label=f"{_capitalised(words)} in the {_last(months)}",
                unit=unit,
                formula=f"sum of x[s] over the {_last(months)}, x = {words}",
                source=_EVENTS,
                family=unit if not kind else f"{unit} by type",
                why=_TYPE_REASONS.get(
                    kind, "What happened lately is the best guide to what comes."
                ),
                transform="log1p",
                measure=WindowSum(variable, months),
            )


def _decayed_sums() -> Iterator[Indicator]:
    for variable in ("events", "deaths"):
        for months in HALF_LIVES:
            half_life = "1 month" if months == 1 else f"{months} months"
            yield Indicator(
                name=f"{variable}_decay_{months}m",
                label=f"{_capitalised(variable)} so far, halved in weight every {half_life}",
                unit=variable,
                formula=f"sum of x[s] * 0.5 ** ((t - s) / {half_life}) over all known s <= t, "
                f"x = {variable}",
                source=_EVENTS,
                family="decays",
                why="Violence feeds on itself, and its memory fades without a sharp edge.",
                transform="log1p",
                measure=DecayedSum(variable, months),
            )


def _times_since() -> Iterator[Indicator]:
    for variable, name, words, condition in (
        ("events", "months_since_event", "last event", "an event"),
        ("deaths", "months_since_death", "last death", "a death"),
    ):
        yield Indicator(
            name=name,
            label=f"Months since the {words}",
            unit="months",
            formula=f"t - s in months, s the last period with {condition}, "
            f"at most {SINCE_CAP_MONTHS}",
            source=_EVENTS,
            family="tempo",
            why="The longer a region is quiet, the likelier it stays quiet.",
            transform="log1p",
            measure=MonthsSince(variable, SINCE_CAP_MONTHS),
        )


def _neighbours() -> Iterator[Indicator]:
    why = "Violence spreads to regions that touch, across borders too."
    for variable in ("events", "deaths"):
        for months in (1, 3, 12):
            yield Indicator(
                name=f"neighbour_{variable}_mean_{months}m",
                label=f"{_capitalised(variable)} in an average neighbouring region in the "
                f"{_last(months)}",
                unit=f"{variable} per region",
                formula=f"n * sum of x / number of known x, over neighbours and the n periods of "
                f"the {_last(months)}, x = {variable}",
                source=f"{_EVENTS}; neighbours from its geometry",
                family="neighbours",
                why=why,
                transform="log1p",
                measure=NeighbourMean(variable, months),
            )
        yield Indicator(
            name=f"neighbour_{variable}_sum_12m",
            label=f"{_capitalised(variable)} in all neighbouring regions in the last 12 months",
            unit=variable,
            formula=f"sum of x[s] over all neighbours and the last 12 months, x = {variable}",
            source=f"{_EVENTS}; neighbours from its geometry",
            family="neighbours",
            why=why,
            transform="log1p",
            measure=NeighbourSum(variable, 12),
        )
        for months in (3, 12):
            yield Indicator(
                name=f"neighbour_{variable}_max_{months}m",
                label=f"{_capitalised(variable)} in the hardest hit neighbouring region in the "
                f"{_last(months)}",
                unit=variable,
                formula=f"largest sum of x[s] over the {_last(months)} among known neighbours, "
                f"x = {variable}",
                source=f"{_EVENTS}; neighbours from its geometry",
                family="neighbours",
                why="One burning neighbour is another risk than many with a little violence.",
                transform="log1p",
                measure=NeighbourMax(variable, months),
            )


def _countries() -> Iterator[Indicator]:
    for variable in ("events", "deaths"):
        for months in (3, 12):
            yield Indicator(
                name=f"country_{variable}_{months}m",
                label=f"{_capitalised(variable)} in the whole country in the {_last(months)}",
                unit=variable,
                formula=f"sum of x[s] over the {_last(months)}, all regions of the country, plus "
                f"what is held at country level, x = {variable}",
                source=_EVENTS,
                family="country",
                why="A war has a national course; events without a known place count only here.",
                transform="log1p",
                measure=CountrySum(variable, months),
            )


def _contested_reports() -> Iterator[Indicator]:
    for months in (3, 12):
        yield Indicator(
            name=f"estimate_gap_{months}m",
            label=f"Gap between high and low estimates of deaths in the {_last(months)}",
            unit="deaths",
            formula=f"sum of high[s] - sum of low[s] over the {_last(months)}, at least 0",
            source=_EVENTS,
            family="contested reports",
            why="Wide estimates mark places that nobody can reach to count.",
            transform="log1p",
            measure=EstimateGap(months),
        )
    yield Indicator(
        name="coarse_share_12m",
        label="Share of the last 12 months' deaths with only a rough place or date",
        unit="share",
        formula="sum of coarse[s] / sum of x[s] over the last 12 months, x = deaths; "
        "missing if there were none",
        source=_EVENTS,
        family="contested reports",
        why="Says how far the region's other numbers can be trusted.",
        transform="identity",
        measure=CoarseShare(12),
    )


def _seasons() -> Iterator[Indicator]:
    why = "Rains, roads and harvests set when armed groups can move."
    yield Indicator(
        name="season_sin",
        label="Season of the forecast window (sine of the time of year)",
        unit="1",
        formula="sin(2 pi u), u = share of the year gone by on the window's middle day",
        source="calendar",
        family="season",
        why=why,
        transform="identity",
        measure=WindowSeason("sine"),
    )
    yield Indicator(
        name="season_cos",
        label="Season of the forecast window (cosine of the time of year)",
        unit="1",
        formula="cos(2 pi u), u = share of the year gone by on the window's middle day",
        source="calendar",
        family="season",
        why=why,
        transform="identity",
        measure=WindowSeason("cosine"),
    )
    yield Indicator(
        name="season_june_september",
        label="Share of the forecast window in June to September",
        unit="share",
        formula="days of the window in June to September / days of the window",
        source="calendar",
        family="season",
        why=why,
        transform="identity",
        measure=WindowSeason("june_september"),
    )


def _thresholds() -> Iterator[Indicator]:
    yield Indicator(
        name="escalation_threshold",
        label="Deaths in the forecast window that would count as an escalation",
        unit="deaths",
        formula="max(multiple * h * mean of the last 12 months, quantile of own h-sums over the "
        "last 36 months, floor)",
        source=f"{_EVENTS}; the definition of escalation",
        family="threshold",
        why="The higher the bar, the less often it is passed.",
        transform="log1p",
        measure=EscalationThreshold(),
    )
    yield Indicator(
        name="threshold_over_current",
        label="Escalation threshold against the deaths of the last window",
        unit="ratio",
        formula="(threshold + 1) / (sum of the last h periods + 1)",
        source=f"{_EVENTS}; the definition of escalation",
        family="threshold",
        why="How far violence has to rise from where it is.",
        transform="log",
        measure=ThresholdRatio(),
    )
    for months in (3, 12):
        yield Indicator(
            name=f"threshold_over_pace_{months}m",
            label=f"Escalation threshold against a window at the mean pace (half-life {months} "
            "months)",
            unit="ratio",
            formula="(threshold + 1) / (h * weighted mean of x + 1), weights "
            f"0.5 ** ((t - s) / {months} months), x = deaths",
            source=f"{_EVENTS}; the definition of escalation",
            family="threshold",
            why="How far violence has to rise from its usual pace.",
            transform="log",
            measure=ThresholdRatio(months),
        )


def declare_indicators() -> Iterator[Indicator]:
    """Yields every indicator, family by family."""
    yield from _window_sums()
    yield from _decayed_sums()
    yield from _times_since()
    yield from _neighbours()
    yield from _countries()
    yield from _contested_reports()
    yield from _seasons()
    yield from _thresholds()
