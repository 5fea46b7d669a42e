"""Others' forecasts are compared where their units and windows are ours, as known then."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime

import pandas as pd
import pytest
from sklearn.metrics import average_precision_score

from data.calendar import parse_period, to_epoch_day
from data.forecast import FORECAST_COLUMNS, ForecastBatch
from data.sources.registry import SOURCES
from data.store import append_forecasts
from models.verification import PublishedForecast, VerifiedForecast
from service.record.others import compare_with_others

WINDOW = (date(2022, 1, 1), date(2022, 1, 31))


def make_verified(region_id: str, risk: float, observed: float) -> VerifiedForecast:
    forecast = PublishedForecast(
        region_id=region_id, outcome="severe", horizon=1, origin=parse_period("2021-12", "month"),
        as_of=date(2022, 1, 15), published_on=date(2022, 1, 16), risk_score=risk, climatology=0.1,
        threshold=25.0, is_model=True,
    )  # fmt: skip
    return VerifiedForecast(forecast, 30.0 * observed, observed, True, 0.0)


@pytest.fixture
def countries(squares, region_set):
    """The squares as four countries, with two runs of another's forecast."""
    codes = ("AAA", "BBB", "CCC", "DDD")
    regions = tuple(
        replace(region, country=code)
        for region, code in zip(region_set.regions, codes, strict=True)
    )
    tell(squares, "early", date(2022, 1, 10), dict(zip(codes, (0.1, 0.9, 0.2, 0.3), strict=True)))
    tell(squares, "late", date(2022, 2, 10), dict(zip(codes, (0.9, 0.1, 0.8, 0.7), strict=True)))
    return replace(region_set, kind="country", regions=regions)


def tell(database, run, known_on, values):
    first, last = (to_epoch_day(day) for day in WINDOW)
    rows = [
        ("country", code, first, last, "probability_25_deaths", value)
        for code, value in values.items()
    ]
    table = pd.DataFrame(rows, columns=list(FORECAST_COLUMNS)).astype(FORECAST_COLUMNS)
    with database.write() as connection:
        append_forecasts(
            connection,
            ForecastBatch(run, table, (), len(rows)),
            source=replace(SOURCES["ged"], name="views"),
            known_at=datetime(known_on.year, known_on.month, known_on.day, 12, tzinfo=UTC),
            received_at=datetime(2022, 3, 1, tzinfo=UTC),
            file_name=f"{run}.json",
            sha256=run.encode().hex().ljust(64, "0"),
        )


VERIFIED = [
    make_verified("AA01", 0.6, 1.0), make_verified("AA02", 0.5, 0.0),
    make_verified("BB01", 0.1, 0.0), make_verified("BB02", 0.7, 1.0),
]  # fmt: skip


def test_the_run_that_was_known_then_is_ranked_on_the_same_cases(squares, countries):
    with squares.read() as connection:
        (row,) = compare_with_others(connection, countries, VERIFIED)
    assert (row["source"], row["quantity"]) == ("views", "probability_25_deaths")
    assert (row["n_forecasts"], row["n_positives"]) == (4, 2)
    came = [1, 0, 0, 1]
    assert row["average_precision"] == pytest.approx(
        average_precision_score(came, [0.1, 0.9, 0.2, 0.3])
    )
    assert row["own_average_precision"] == 1.0


def test_other_windows_units_and_days_find_nothing(squares, countries, region_set):
    with squares.read() as connection:
        assert compare_with_others(connection, region_set, VERIFIED) == []
        assert compare_with_others(connection, countries, []) == []
        for change in (
            {"horizon": 3},
            {"origin": parse_period("2022-01", "month")},
            {"as_of": date(2022, 1, 9)},
        ):
            moved = [replace(one, forecast=replace(one.forecast, **change)) for one in VERIFIED]
            assert compare_with_others(connection, countries, moved) == []


def test_without_a_case_there_is_no_figure(squares, countries):
    quiet = [replace(one, observed=0.0) for one in VERIFIED]
    with squares.read() as connection:
        (row,) = compare_with_others(connection, countries, quiet)
    assert row["average_precision"] is None
