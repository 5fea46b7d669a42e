"""The calendar of forecast windows."""

from __future__ import annotations

import pytest

from data.calendar import parse_period
from features.season import june_september_share, time_of_year


@pytest.mark.parametrize(
    ("origin", "horizon", "step", "share"),
    [
        ("2021-05", 1, "month", 1),
        ("2021-05", 4, "month", 1),
        ("2021-05", 6, "month", 122 / 183),
        ("2021-09", 6, "month", 0),
        ("2021-04", 1, "month", 0),
        ("2020-12", 12, "month", 122 / 365),
        ("2020-12", 24, "month", 244 / 730),
        ("2021-W21", 1, "week", 6 / 7),  # 31 May to 6 June
        ("2021-W38", 1, "week", 4 / 7),  # 27 September to 3 October
    ],
)
def test_share_of_the_window_in_june_to_september(origin, horizon, step, share) -> None:
    assert june_september_share(parse_period(origin, step), horizon, step) == pytest.approx(share)


@pytest.mark.parametrize(
    ("origin", "horizon", "step", "expected"),
    [
        ("2020-12", 1, "month", 15.5 / 365),
        ("2020-12", 12, "month", 0.5),
        ("2021-11", 1, "month", (334 + 15.5) / 365),
        ("2021-11", 2, "month", 0),  # December and January: the middle is the turn of the year
        ("2020-W53", 1, "week", (3 + 3.5) / 365),  # 4 to 10 January 2021
    ],
)
def test_time_of_year_of_the_middle_day(origin, horizon, step, expected) -> None:
    assert time_of_year(parse_period(origin, step), horizon, step) == pytest.approx(expected)
