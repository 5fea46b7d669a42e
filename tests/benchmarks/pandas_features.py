"""The indicators of `wide-1` as one would first write them: pandas, a long table, groupby, rolling.

It is what the features room is measured against, and an oracle for it. Only for monthly panels
without unknown periods.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from data.panel import Panel
from features import measures
from features.catalogue import indicators_of
from features.outcomes import EscalationDefinition
from features.season import june_september_shares, season_cosines, season_sines


def build_with_pandas(panel: Panel, horizon: int, definition: EscalationDefinition) -> pd.DataFrame:
    """Returns one row per region and period, one column per indicator of `wide-1`."""
    n_periods, n_regions = panel.known.shape
    index = pd.MultiIndex.from_product(
        [range(n_regions), range(n_periods)], names=["region", "period"]
    )
    table = pd.DataFrame(
        {name: counted.T.ravel().astype(float) for name, counted in panel.values.items()},
        index=index,
    )
    links = pd.DataFrame(
        [(region, other) for region, near in enumerate(panel.neighbours) for other in near],
        columns=["region", "other"],
    )
    country = pd.Series(panel.country_of, name="country").rename_axis("region")
    columns = {
        one.name: _compute(table, one.measure, panel, links, country, horizon, definition)
        for one in indicators_of("wide-1")
    }
    return pd.DataFrame(columns)


def rolling_sum(series: pd.Series, window: int) -> pd.Series:
    sums = series.groupby("region").rolling(window).sum()
    return sums.droplevel(0)


def decay(series: pd.Series, half_life: int) -> pd.Series:
    factor = 0.5 ** (1 / half_life)
    sums = series.groupby("region").transform(
        lambda own: own.ewm(alpha=1 - factor, adjust=False).mean()
    )
    first = series.groupby("region").transform("first")
    age = series.groupby("region").cumcount()
    # A weighted mean that begins with the first value as it is, made a sum.
    total = (sums - first * factor**age) / (1 - factor) + first * factor**age
    return total.where(age + 1 >= 3 * half_life)


def months_since(series: pd.Series, cap: int) -> pd.Series:
    age = series.groupby("region").cumcount()
    last = age.where(series > 0).groupby("region").ffill()
    since = (age - last).fillna(np.inf)
    return since.where((since < cap) | (age + 1 >= cap)).clip(upper=cap)


def threshold(deaths: pd.Series, horizon: int, definition: EscalationDefinition) -> pd.Series:
    sums = rolling_sum(deaths, horizon)
    windows = 36 - horizon + 1
    quantile = sums.groupby("region").rolling(windows).quantile(definition.quantile).droplevel(0)
    mean = definition.multiple * horizon * rolling_sum(deaths, 12) / 12
    bar = np.maximum(np.maximum(mean, quantile), definition.floor)
    return bar.where(deaths.groupby("region").cumcount() >= 35)


def _compute(table, measure, panel, links, country, horizon, definition):
    def sums(variable: str, months: int) -> pd.Series:
        return rolling_sum(table[variable], months)

    def near(series: pd.Series, how: str) -> pd.Series:
        pairs = links.merge(
            series.rename("value").reset_index(), left_on="other", right_on="region"
        )
        grouped = pairs.groupby(["region_x", "period"])["value"].agg(how)
        return grouped.rename_axis(["region", "period"]).reindex(table.index)

    match measure:
        case measures.WindowSum(variable, months):
            return sums(variable, months)
        case measures.DecayedSum(variable, half_life):
            return decay(table[variable], half_life)
        case measures.MonthsSince(variable, cap):
            return months_since(table[variable], cap)
        case measures.NeighbourMean(variable, months):
            return near(sums(variable, months), "mean")
        case measures.NeighbourSum(variable, months):
            return (
                near(sums(variable, months), "sum")
                .where(table["events"].notna())
                .mask(table.groupby("region").cumcount() < months - 1)
            )
        case measures.NeighbourMax(variable, months):
            return near(sums(variable, months), "max")
        case measures.CountrySum(variable, months):
            own = table[variable].reset_index().merge(country.reset_index(), on="region")
            total = own.groupby(["country", "period"])[variable].transform("sum")
            return rolling_sum(pd.Series(total.to_numpy(), index=table.index), months)
        case measures.EstimateGap(months):
            return sums("deaths_high", months) - sums("deaths_low", months)
        case measures.CoarseShare(months):
            deaths = sums("deaths", months)
            return sums("deaths_coarse", months) / deaths.where(deaths > 0)
        case measures.WindowSeason(part):
            build = {"sine": season_sines, "cosine": season_cosines}
            by_period = build.get(part, june_september_shares)(panel.periods, horizon, panel.step)
            return pd.Series(np.tile(by_period, len(panel.region_ids)), index=table.index)
        case measures.EscalationThreshold():
            return threshold(table["deaths"], horizon, definition)
        case measures.ThresholdRatio(None):
            bar = threshold(table["deaths"], horizon, definition)
            return (bar + 1) / (sums("deaths", horizon) + 1)
        case measures.ThresholdRatio(half_life):
            bar = threshold(table["deaths"], horizon, definition)
            pace = decay(table["deaths"], half_life) * (1 - 0.5 ** (1 / half_life))
            return (bar + 1) / (pace * horizon + 1)
        case _:
            raise AssertionError(f"no pandas version of {measure}")
