"""Numbers, days and moments as people read them, in English."""

from __future__ import annotations

import csv
import math
from collections.abc import Sequence
from datetime import date, datetime
from functools import cache
from pathlib import Path

from data.calendar import Step

_COUNTRIES = Path(__file__).parent / "countries.csv"
MINUS = "\N{MINUS SIGN}"
DASH = "\N{EN DASH}"


@cache
def _country_names() -> dict[str, str]:
    with _COUNTRIES.open(encoding="utf-8", newline="") as lines:
        return {row["code"]: row["name"] for row in csv.DictReader(lines)}


def country_name(code: str) -> str:
    """Returns the English short name of an ISO 3166-1 alpha-3 code, or `country XML` if unknown."""
    return _country_names().get(code) or f"country {code}".strip()


def percent(share: float | None) -> str:
    """Returns a share in [0, 1] as `34%`; the ends are named, never rounded to 0% or 100%."""
    if share is None or math.isnan(share):
        return "no score"
    if 0 < share < 0.005:
        return "under 1%"
    if 0.995 <= share < 1:
        return "over 99%"
    return f"{round(share * 100)}%"


def percent_within(share: float | None, low: float, high: float) -> str:
    """Returns a share as `percent` does, but never rounded out of its band [low, high).

    A score of 9.6% is not shown as 10% beside a level that ends below 10%.
    """
    text = percent(share)
    if share is None or not text[0].isdigit() or low <= round(share * 100) / 100 < high:
        return text
    return f"{math.floor(share * 1000) / 10:.1f}%"


def points(change: float | None) -> str:
    """Returns a change of a share as signed percentage points: `+7`, `−4`, `0`."""
    if change is None or math.isnan(change):
        return "not known"
    rounded = round(change * 100)
    if rounded == 0:
        return "0"
    return f"+{rounded}" if rounded > 0 else f"{MINUS}{-rounded}"


def signed(number: float, digits: int = 2) -> str:
    """Returns a number with its sign, a true minus, and `digits` decimals."""
    text = f"{abs(number):.{digits}f}"
    if float(text) == 0:
        return text
    return f"+{text}" if number > 0 else f"{MINUS}{text}"


def number(value: float | None, digits: int = 1) -> str:
    """Returns a quantity with at most `digits` decimals and thousands apart; words if missing."""
    if value is None or math.isnan(value):
        return "not known"
    text = f"{value:,.{digits}f}"
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    return text.replace("-", MINUS) if text != "-0" else "0"


def day(when: date) -> str:
    """Returns `15 January 2022`."""
    return f"{when.day} {when:%B %Y}"


def day_span(first: date, last: date) -> str:
    """Returns `1 January to 31 March 2022`, with the first year only where it differs."""
    if first.year == last.year:
        return f"{first.day} {first:%B} to {day(last)}"
    return f"{day(first)} to {day(last)}"


def moment(when: datetime) -> str:
    """Returns `15 January 2022, 06:00 UTC` of an aware moment in UTC."""
    return f"{day(when.date())}, {when:%H:%M} UTC"


def counted(count: int, one: str, many: str = "") -> str:
    """Returns `1 region`, `31 regions`."""
    return f"{count:,} {one if count == 1 else many or one + 's'}"


def listed(names: Sequence[str], joint: str = "and") -> str:
    """Returns `Burkina Faso, Mali and Niger`."""
    if len(names) < 2:
        return "".join(names)
    return f"{', '.join(names[:-1])} {joint} {names[-1]}"


def age(since: date, today: date) -> str:
    """Returns how long ago `since` was, in the largest units that say enough."""
    days = (today - since).days
    if days < 0:
        return "in the future by this machine's clock"
    if days == 0:
        return "today"
    if days < 14:
        return f"{counted(days, 'day')} ago"
    if days < 61:
        return f"{counted(days // 7, 'week')} ago"
    months = (today.year - since.year) * 12 + today.month - since.month
    months -= today.day < since.day
    if months < 24:
        return f"{counted(months, 'month')} ago"
    years, rest = divmod(months, 12)
    if rest == 0:
        return f"{years} years ago"
    return f"{years} years and {counted(rest, 'month')} ago"


def steps(count: int, step: Step) -> str:
    """Returns a horizon in words, `3 months`."""
    return counted(count, step)


def spoken(name: str) -> str:
    """Returns a stored name as words: `very_high` becomes `very high`."""
    return name.replace("_", " ")
