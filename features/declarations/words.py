"""Words that declarations share."""

from __future__ import annotations

EVENTS = "event history of the region set"
VARIABLE_WORDS: dict[str, str] = {
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


def last(months: int) -> str:
    """Returns a window in words, as in "in the last 3 months"."""
    return "last month" if months == 1 else f"last {months} months"


def capitalised(text: str) -> str:
    """Returns the text with a capital first letter, the rest kept."""
    return text[0].upper() + text[1:]
