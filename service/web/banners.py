"""What a reader must know before any number: said loud, at the head of the page."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Literal

from service.publications.publication import Publication
from service.web import words

BannerKind = Literal["simulated", "stale", "older", "baseline", "schematic", "missing", "counted"]


@dataclass(frozen=True)
class Banner:
    """One warning.

    Attributes:
        kind: Which; decides the look.
        title: The warning in a few words.
        text: What it means and what follows from it.
    """

    kind: BannerKind
    title: str
    text: str


SIMULATED = Banner(
    "simulated",
    "Simulated",
    "Every event behind this page was made up by a computer, and the places are invented. Nothing "
    "here describes the real world: do not act on it.",
)

COUNTS = Banner(
    "counted",
    "Monthly counts only",
    "The scores are made from counts of events and deaths per area and month. There is no list of "
    "events behind them: who fought, in what kind of violence and where exactly is not known, and "
    "indicators that need it are missing.",
)


def choose_banners(
    publication: Publication, *, today: date, newest: date, warning_days: int
) -> tuple[Banner, ...]:
    """Returns the warnings of a publication, the gravest first.

    Args:
        publication: What the page shows.
        today: Today in UTC.
        newest: As-of of the set's newest publication.
        warning_days: Age of the newest publication, in days, from which it counts as stale.
    """
    banners: list[Banner] = []
    if publication.is_simulated:
        banners.append(SIMULATED)
    if publication.as_of < newest:
        banners.append(
            Banner(
                "older",
                "An older publication",
                f"The newest one is as of {words.day(newest)}.",
            )
        )
    else:
        banners += warn_of_age(publication, today=today, warning_days=warning_days)
    banners += _baseline_only(publication)
    banners += _without_score(publication)
    if publication.is_counted:
        banners.append(COUNTS)
    if publication.is_schematic:
        banners.append(
            Banner(
                "schematic",
                "Schematic shapes",
                "The map was computed, not surveyed: its shapes are no borders of any place.",
            )
        )
    return tuple(banners)


def warn_of_age(publication: Publication, *, today: date, warning_days: int) -> tuple[Banner, ...]:
    """Returns the warning that a set's newest publication is stale; none if it is not.

    Args:
        publication: The newest publication.
        today: Today in UTC.
        warning_days: Age in days from which it counts as stale.
    """
    days = (today - publication.as_of).days
    if days <= warning_days:
        return ()
    text = (
        f"The newest publication knows nothing after {words.day(publication.as_of)}: it is "
        f"{words.counted(days, 'day')} old, and one is expected within {warning_days}."
    )
    ends = {h: publication.window(h)[1] for h in _horizons(publication)}
    past = [horizon for horizon, last in ends.items() if last < today]
    if past and len(past) == len(ends):
        text += " Every window that it forecasts has passed: read it as a record."
    elif past:
        passed = words.listed([words.steps(h, publication.step) for h in past])
        text += f" The window of {passed} has passed."
    return (Banner("stale", "Stale", text),)


def _baseline_only(publication: Publication) -> list[Banner]:
    scored = [score for score in publication.scores if score.risk_score is not None]
    whole, part = [], []
    for horizon in _horizons(publication):
        flags = [score.status == "baseline_only" for score in scored if score.horizon == horizon]
        if flags and all(flags):
            whole.append(horizon)
        elif any(flags):
            part.append(horizon)
    if not whole and not part:
        return []
    named = [words.steps(horizon, publication.step) for horizon in (*whole, *part)]
    reach = words.listed(named)
    if part:
        reach += " (some regions only)" if not whole else " (in part for some regions)"
    return [
        Banner(
            "baseline",
            f"Baseline only: {reach}",
            "The model has not proved better than a region's own past there. What is shown is how "
            "often it happened there before: no warning is in it.",
        )
    ]


def _without_score(publication: Publication) -> list[Banner]:
    stale, early = (
        {score.region_name for score in publication.scores if score.status == status}
        for status in ("stale", "too_early")
    )
    told = []
    if stale:
        told.append(f"The data of {_name_some(stale)} end too early.")
    if early:
        told.append(
            f"It is too early to tell for {_name_some(early)}: too few of the newest events are "
            "probably known by now."
        )
    if not told:
        return []
    text = " ".join([*told, "No score does not mean no risk."])
    return [Banner("missing", "No score for some regions", text)]


def _name_some(regions: set[str]) -> str:
    return words.listed(sorted(regions)) if len(regions) <= 5 else f"{len(regions)} regions"


def _horizons(publication: Publication) -> Sequence[int]:
    return sorted({score.horizon for score in publication.scores})
