"""How well the data behind a region's scores are known, in words."""

from __future__ import annotations

from service.publications.publication import Inputs
from service.web import words


def tell_inputs(inputs: Inputs, origin: str, *, is_counted: bool = False) -> tuple[str, ...]:
    """Returns sentences about completeness, the spread of estimates, and coarse records.

    Args:
        inputs: What was measured.
        origin: The newest period, `2021-12`.
        is_counted: True if the scores are made from counts per month: nothing of it is measured.
    """
    if is_counted:
        return (
            "The source tells counts of events and deaths per area and month, and no single event: "
            "how complete and how precise they are was not measured.",
        )
    return tuple(part for part in (_completeness(inputs, origin), _deaths(inputs, origin)) if part)


def _completeness(inputs: Inputs, origin: str) -> str:
    if inputs.n_known is None:
        return f"Nothing is known of {origin} yet."
    known = f"{words.counted(inputs.n_known, 'event')} of {origin} {_verb(inputs.n_known)} known"
    if inputs.completeness is None:
        return (
            f"{known}. What share of all of them that is was not measured: past deliveries do not "
            "tell how much is usually known so soon."
        )
    if inputs.completeness == 1:
        return f"{known}, which is probably all."
    return f"{known}, probably about {words.percent(inputs.completeness)} of what will be."


def _deaths(inputs: Inputs, origin: str) -> str:
    if inputs.deaths is None or inputs.deaths_low is None or inputs.deaths_high is None:
        return ""
    told = f"In the year to {origin} the source counts {_number(inputs.deaths)} deaths"
    if inputs.deaths_high > inputs.deaths_low:
        low, high = _number(inputs.deaths_low), _number(inputs.deaths_high)
        told += f", {low} by its low and {high} by its high estimates"
    if inputs.coarse_share:
        told += (
            f"; of {words.percent(inputs.coarse_share)} of them it knows the place or the time "
            "only roughly"
        )
    return f"{told}."


def _verb(count: int) -> str:
    return "is" if count == 1 else "are"


def _number(value: float) -> str:
    return words.number(value)
