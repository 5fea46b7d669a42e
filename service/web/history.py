"""The history of a region as it was known when a publication was made."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from data.calendar import Step, months_to_periods, period_label
from data.panel import Panel

YEARS_SHOWN = 10


@dataclass(frozen=True)
class DeathsType:
    """One kind of violence in the picture.

    Attributes:
        variable: Base variable of the panel.
        words: What readers call it.
        paint: Its colour, one of `service.web.svg.PAINTS`.
    """

    variable: str
    words: str
    paint: str


TYPES: tuple[DeathsType, ...] = (
    DeathsType("deaths_state_based", "fighting with the state", "state-based"),
    DeathsType("deaths_non_state", "fighting between armed groups", "non-state"),
    DeathsType("deaths_one_sided", "attacks on civilians", "one-sided"),
)
"""The three kinds of organised violence of UCDP, from the foot of a bar to its top."""


@dataclass(frozen=True)
class DeathsHistory:
    """Deaths of one region over the last years.

    Attributes:
        step: Calendar unit of a period.
        periods: Consecutive ordinals, int64, shape (n_periods,).
        deaths: Deaths by type in the order of `TYPES`, float32, shape (n_types, n_periods), NaN
            where not known.
        low: Deaths by the low estimates, float32, shape (n_periods,), NaN where not known.
        high: Deaths by the high estimates, same shape.
        coarse: Deaths, of the best estimate, whose place or time is known only roughly, same shape.
    """

    step: Step
    periods: npt.NDArray[np.int64]
    deaths: npt.NDArray[np.float32]
    low: npt.NDArray[np.float32]
    high: npt.NDArray[np.float32]
    coarse: npt.NDArray[np.float32]

    @property
    def known(self) -> npt.NDArray[np.bool_]:
        """Whether a period is known, shape (n_periods,)."""
        return np.asarray(~np.isnan(self.deaths).any(axis=0))

    @property
    def highest(self) -> float:
        """Most deaths in a known period, by any estimate; 0 if none is known."""
        best = np.nansum(self.deaths[:, self.known], axis=0).max(initial=0.0)
        return float(max(best, self.high[self.known].max(initial=0.0)))

    @property
    def ranges(self) -> list[tuple[int, float, float]]:
        """Period, low and high estimate of the known periods in which they differ."""
        return [
            (int(self.periods[place]), float(self.low[place]), float(self.high[place]))
            for place in np.flatnonzero(self.known & (self.high > self.low))
        ]

    @property
    def unknown_spans(self) -> list[tuple[int, int]]:
        """First and last period of each run that is not known."""
        spans: list[tuple[int, int]] = []
        for period in self.periods[~self.known].tolist():
            if spans and spans[-1][1] == period - 1:
                spans[-1] = (spans[-1][0], period)
            else:
                spans.append((period, period))
        return spans

    def latest(self, n_periods: int) -> DeathsHistory:
        """Returns the last periods alone."""
        kept = slice(-n_periods, None)
        return DeathsHistory(
            self.step,
            self.periods[kept],
            self.deaths[:, kept],
            self.low[kept],
            self.high[kept],
            self.coarse[kept],
        )

    def stacked(self, index: int) -> list[tuple[int, float, float]]:
        """Returns period, lower and upper end of the bars of one type, those above 0 only."""
        below = self.deaths[:index].sum(axis=0)
        here = self.deaths[index]
        shown = self.known & (np.nan_to_num(here) > 0)
        return [
            (int(self.periods[place]), float(below[place]), float(below[place] + here[place]))
            for place in np.flatnonzero(shown)
        ]


def read_histories(panel: Panel) -> dict[str, DeathsHistory]:
    """Returns the last ten years of each region of a panel, by region id.

    Unknown periods stay unknown. A region of which nothing is known has a history all the same.
    """
    kept = slice(-months_to_periods(12 * YEARS_SHOWN, panel.step), None)
    periods = panel.periods[kept]
    deaths = np.stack([panel.values[kind.variable][kept] for kind in TYPES])
    deaths = np.where(panel.known[kept], deaths, np.float32(np.nan))
    low, high, coarse = (
        np.where(panel.known[kept], panel.values[name][kept], np.float32(np.nan))
        for name in ("deaths_low", "deaths_high", "deaths_coarse")
    )
    return {
        region_id: DeathsHistory(
            panel.step,
            periods,
            deaths[:, :, place],
            low[:, place],
            high[:, place],
            coarse[:, place],
        )
        for place, region_id in enumerate(panel.region_ids)
    }


@dataclass(frozen=True)
class LatestRow:
    """One period in the table of the latest deaths.

    Attributes:
        label: The period.
        by_type: Deaths in the order of `TYPES`; None where not known.
        total: Their sum; None where not known.
        low: By the source's low estimates; None where not known.
        high: By its high estimates; None where not known.
        coarse_share: Share of the total whose place or time is known only roughly, in [0, 1]; None
            without deaths.
    """

    label: str
    by_type: tuple[float | None, ...]
    total: float | None
    low: float | None = None
    high: float | None = None
    coarse_share: float | None = None


def tabulate_latest(history: DeathsHistory, most: int = 24) -> tuple[LatestRow, ...]:
    """Returns the latest periods, the newest first."""
    rows = []
    for place in range(len(history.periods))[-most:]:
        label = period_label(int(history.periods[place]), history.step)
        if history.known[place]:
            values = tuple(float(value) for value in history.deaths[:, place])
            total, coarse = sum(values), float(history.coarse[place])
            rows.append(
                LatestRow(
                    label,
                    values,
                    total,
                    float(history.low[place]),
                    float(history.high[place]),
                    coarse / total if total > 0 else None,
                )
            )
        else:
            rows.append(LatestRow(label, (None,) * len(TYPES), None))
    return tuple(reversed(rows))
