"""Draws in the layout of VIEWS: its columns and numbers, and the distribution that was forecast."""

from __future__ import annotations

import json

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from data.calendar import parse_period
from data.errors import UsageError
from data.regions.contract import Region, RegionSet
from data.regions.priogrid import priogrid_cell
from data.sources.gleditsch_ward import STATES
from data.sources.views_countries import COUNTRY_IDS, SEVERAL, country_id
from models.fatalities.measures import N_DRAWS, crps
from models.fatalities.path import OriginDraws
from models.fatalities.trial import run_fatality_trial
from models.fatalities.units import UnitSeries
from models.fatalities.views_layout import (
    N_VIEWS_DRAWS,
    ViewsDraws,
    month_id,
    number_units,
    resample_draws,
)


def region_set(kind="priogrid", step="month", names=("159000", "100", "20000")):
    shape = priogrid_cell(100)
    return RegionSet(
        name="cells",
        kind=kind,
        step=step,
        source="ged",
        is_schematic=False,
        attribution="",
        regions=tuple(Region(name, name, "MLI", shape) for name in names),
        neighbours=((),) * len(names),
    )


def test_the_numbers_are_those_that_the_api_gives(shared_data):
    sample = shared_data / "source_samples" / "views_api_cm_dza_sample.json"
    if not sample.exists():
        pytest.skip(f"{sample.name} is not beside the project")
    for row in json.loads(sample.read_text())["data"]:
        assert country_id(row["isoab"]) == row["country_id"]
        label = f"{row['year']}-{row['month']:02d}"
        assert month_id(parse_period(label, "month")) == row["month_id"]


def test_countries_are_numbered_once_and_not_by_gleditsch_and_ward():
    assert [country_id(code) for code in ("MLI", "BFA", "NER")] == [50, 47, 78]
    assert len(set(COUNTRY_IDS.values())) == len(COUNTRY_IDS)
    assert not set(COUNTRY_IDS) & set(SEVERAL)
    codes = {state.iso3 for state in STATES.values()}
    assert set(COUNTRY_IDS) | set(SEVERAL) <= codes
    for code, words in (("SRB", "230 and 233"), ("GRL", "no number")):
        with pytest.raises(UsageError, match=words):
            country_id(code)


def test_a_thousand_draws_are_the_same_distribution():
    generator = np.random.default_rng(1)
    draws = np.sort(generator.poisson(generator.gamma(1, 40, (30, 1)), (30, N_DRAWS)), axis=1)
    more = resample_draws(draws.astype(np.float64), np.random.default_rng(2))
    assert more.shape == (30, N_VIEWS_DRAWS)
    assert (np.diff(more, axis=1) < 0).any(axis=1).all()
    for share in (0.05, 0.25, 0.5, 0.75, 0.95):
        ours, theirs = (
            np.quantile(one, share, axis=1, method="inverted_cdf") for one in (draws, more)
        )
        step = np.take_along_axis(draws, np.full((30, 1), round(share * N_DRAWS)), 1)[:, 0]
        assert ((ours == theirs) | (step == theirs)).all()
    observed = generator.poisson(40, 30).astype(np.float64)
    assert crps(np.sort(more, axis=1).astype(float), observed) == pytest.approx(
        crps(draws.astype(float), observed), rel=0.02, abs=0.05
    )
    again = resample_draws(draws.astype(np.float64), np.random.default_rng(2))
    assert again.tolist() == more.tolist()


def test_a_file_has_the_layout_of_the_challenge(tmp_path):
    cells = region_set()
    series = UnitSeries(
        unit_ids=cells.region_ids,
        countries=("MLI",) * 3,
        periods=np.arange(parse_period("2017-01", "month"), parse_period("2018-12", "month")),
        step="month",
        deaths=np.zeros((23, 3)),
    )
    draws = np.sort(np.random.default_rng(3).poisson(9, (3, N_DRAWS)).astype(np.float64), axis=1)
    unknown = draws.copy()
    unknown[1] = np.nan
    write = ViewsDraws(tmp_path, cells, "region", seed=1)
    write(series, OriginDraws(9, {14: unknown, 3: draws}, {}))
    path = tmp_path / "pgm" / "2017-10" / "pgm_2017-10.parquet"
    assert [one for one in tmp_path.rglob("*") if one.is_file()] == [path]
    table = pq.read_table(path)
    assert table.schema.equals(
        pa.schema([(name, pa.int64()) for name in ("month_id", "priogrid_gid", "draw", "outcome")])
    )
    assert pq.ParquetFile(path).num_row_groups == 2
    rows = table.to_pandas()
    # January 2018, three months after October 2017, is month 457, the first of the challenge.
    assert rows["month_id"].unique().tolist() == [457, 468]
    counts = rows.groupby(["month_id", "priogrid_gid"])["draw"].agg(["count", "min", "max"])
    assert counts.index.tolist() == [
        (457, 100),
        (457, 20000),
        (457, 159000),
        (468, 20000),
        (468, 159000),
    ]
    assert (counts.to_numpy() == [N_VIEWS_DRAWS, 0, N_VIEWS_DRAWS - 1]).all()
    assert not rows.duplicated(["month_id", "priogrid_gid", "draw"]).any()
    assert (rows["outcome"] >= 0).all()
    of_cell = rows[(rows["month_id"] == 457) & (rows["priogrid_gid"] == 100)]["outcome"]
    assert set(of_cell) == set(draws[1])


def test_a_backtest_writes_what_it_measures(make_panel, settings, tmp_path):
    panel = make_panel(n_years=16)
    cells = region_set(names=tuple(str(1000 + at) for at in range(len(panel.region_ids))))
    names = dict(zip(panel.region_ids, cells.region_ids, strict=True))
    write = ViewsDraws(tmp_path, cells, "region", seed=1)

    def rename_and_write(series, origin):
        write(
            UnitSeries(cells.region_ids, series.countries, series.periods, "month", series.deaths),
            origin,
        )

    trial = run_fatality_trial(
        panel,
        settings.model_copy(update={"train_from": "2005-01"}),
        by="region",
        horizons=(1, 3),
        first="2019-01",
        last="2019-06",
        on_origin=rename_and_write,
    )
    table = trial.predictions
    files = sorted(path.stem for path in tmp_path.rglob("*.parquet"))
    assert files == [f"pgm_2019-{month:02d}" for month in range(1, 6)]
    for origin in ("2019-01", "2019-05"):
        rows = pq.read_table(tmp_path / "pgm" / origin / f"pgm_{origin}.parquet").to_pandas()
        measured = table[table["origin"] == origin]
        assert rows.groupby(["month_id", "priogrid_gid"]).ngroups == len(measured)
        for one in measured.itertuples():
            month = month_id(parse_period(origin, "month") + one.horizon)
            drawn = rows[
                (rows["month_id"] == month) & (rows["priogrid_gid"] == int(names[one.region_id]))
            ]["outcome"].to_numpy()
            assert crps(np.sort(drawn).astype(float), np.array(one.observed)) == pytest.approx(
                one.crps, rel=0.05, abs=0.05
            )
            assert np.quantile(drawn, 0.5) == pytest.approx(one.q50, abs=1.0)


@pytest.mark.parametrize(
    ("asked", "by", "words"),
    [
        ({"step": "week"}, "region", "counts weeks"),
        ({"step": "week"}, "country", "counts weeks"),
        ({"kind": "admin1"}, "region", "--by country"),
    ],
)
def test_what_the_layout_has_no_place_for_is_refused(asked, by, words):
    with pytest.raises(UsageError, match=words):
        number_units(region_set(**asked), by)


def test_a_set_of_countries_and_a_set_by_country_have_the_same_numbers():
    countries = region_set(kind="country", names=("ML",))
    assert number_units(countries, "region") == ("country_id", {"ML": 50})
    assert number_units(countries, "country") == ("country_id", {"MLI": 50})
    assert number_units(region_set(), "region")[1] == {"159000": 159000, "100": 100, "20000": 20000}


def test_the_first_month_is_january_1980():
    assert month_id(parse_period("1980-01", "month")) == 1
    assert month_id(parse_period("2025-07", "month")) == 547
