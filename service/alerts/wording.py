"""Words of alerts: short English for titles and sentences."""

from __future__ import annotations

import math
from urllib.parse import quote

from data.calendar import period_label
from models.score import Contribution
from service.publication import Publication

SIMULATED = "SIMULATED"
"""First word of every title about simulated events."""

_DRIVERS = 3


def region_address(public_url: str, region_set: str, region_id: str) -> str:
    """Returns the address of the page of a region."""
    return f"{set_address(public_url, region_set)}/regions/{quote(region_id, safe='')}"


def set_address(public_url: str, region_set: str) -> str:
    """Returns the address of the page of a region set."""
    return f"{public_url.rstrip('/')}/sets/{quote(region_set, safe='')}"


def window_label(publication: Publication, horizon: int) -> str:
    """Returns the window of a forecast, `2022-01 … 2022-03`, or one period."""
    first = period_label(publication.origin + 1, publication.step)
    last = period_label(publication.origin + horizon, publication.step)
    return first if horizon == 1 else f"{first} … {last}"


def threshold_words(publication: Publication, horizon: int, threshold: float | None) -> str | None:
    """Returns `at least 34 deaths in 2022-01 … 2022-03`; None without a threshold.

    Deaths are whole, so the least number of them that reaches the threshold is given.
    """
    if threshold is None:
        return None
    least = math.ceil(threshold)
    deaths = "death" if least == 1 else "deaths"
    return f"at least {least} {deaths} in {window_label(publication, horizon)}"


def driver_words(contributions: tuple[Contribution, ...]) -> list[str]:
    """Returns the three contributions that move a score most, largest first.

    For example `deaths in the last 3 months: 41 deaths (raises the risk)`.
    """
    return [_driver(item) for item in contributions[:_DRIVERS] if item.log_odds != 0]


def change_words(change: float | None) -> str:
    """Returns `+0.12`, or `no earlier score`."""
    return "no earlier score" if change is None else f"{change:+.2f}"


def _driver(item: Contribution) -> str:
    direction = "raises" if item.log_odds > 0 else "lowers"
    if item.value is None:
        return f"{item.label}: not known ({direction} the risk)"
    amount = f"{item.value:.3g}" if abs(item.value) < 1000 else f"{item.value:.0f}"
    unit = f" {item.unit}" if item.unit else ""
    return f"{item.label}: {amount}{unit} ({direction} the risk)"
