"""What is forecast of fatalities is what the backtest measures, and knows nothing of the future."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from data.calendar import period_label
from data.errors import NotReady, UsageError
from models.fatalities.forecast import forecast_fatalities
from models.fatalities.trial import run_fatality_trial

AHEAD = (1, 4)


@pytest.fixture(scope="module")
def cut(panel):
    """The panel as it was twelve months before its end."""

    def at(values):
        n = len(panel.periods) - 12
        return replace(
            panel,
            periods=panel.periods[:n],
            known=panel.known[:n],
            values={name: array[:n] for name, array in values.items()},
            country_values={name: array[:n] for name, array in panel.country_values.items()},
        )

    return at


@pytest.mark.parametrize("by", ["region", "country"])
def test_it_is_the_forecast_that_the_backtest_measures(panel, settings, cut, by):
    past = cut(panel.values)
    found = forecast_fatalities(past, settings, by=by, horizons=AHEAD)
    origin = period_label(past.origin, "month")
    trial = run_fatality_trial(
        panel,
        settings,
        by=by,
        horizons=AHEAD,
        first=origin,
        last=period_label(int(panel.periods[-1]), "month"),
    )
    measured = trial.predictions
    measured = measured[measured["origin"] == origin].set_index(["region_id", "horizon"])
    assert len(measured) == len(found)
    for row in found.itertuples():
        same = measured.loc[(row.region_id, row.horizon)]
        # What is told has two decimals.
        for name in ("q05", "q50", "q95"):
            assert getattr(row, name) == np.round(same[name], 2)


def test_quantiles_rise_and_name_their_period(panel, settings):
    found = forecast_fatalities(panel, settings, by="country", horizons=AHEAD)
    names = [name for name in found.columns if name.startswith("q")]
    assert names == [f"q{share:02d}" for share in range(5, 100, 5)]
    assert (np.diff(found[names].to_numpy(), axis=1) >= 0).all()
    assert (found["q05"] >= 0).all()
    assert found["period"].tolist() == ["2020-01", "2020-04"]
    assert set(found["outcome_version"]) == {"fatalities-1"}


def test_a_unit_whose_last_year_has_a_gap_has_no_numbers(panel, settings, blank_rows):
    found = forecast_fatalities(
        blank_rows(panel, 3, len(panel.periods) - 1), settings, by="region", horizons=(1,)
    )
    missing = found[found["q50"].isna()]
    assert missing["region_id"].tolist() == ["R03"]


def test_too_little_history_and_odd_horizons_are_refused(make_panel, settings):
    with pytest.raises(NotReady, match="Too early to tell"):
        forecast_fatalities(make_panel(n_years=7), settings, by="country", horizons=(1,))
    with pytest.raises(UsageError, match="out of range"):
        forecast_fatalities(make_panel(), settings, by="country", horizons=(0,))
