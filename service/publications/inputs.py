"""How well the data behind each score are known, and which scores are withheld because of it.

A region of whose newest period most events have probably not been told yet has no score: it is too
early to tell. Where past deliveries do not say how much is usually known so soon (a single delivery
never does), completeness is not measured; that is said, and withholds nothing.
"""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np

from data.calendar import months_to_periods, period_label
from data.panel import Panel
from data.quality import Completeness
from service.publications.publication import NOT_MEASURED, Inputs, Publication, PublishedScore
from service.settings import Settings

YEAR_MONTHS = 12


def describe_inputs(panel: Panel, completeness: Completeness) -> dict[str, Inputs]:
    """Returns how well each region is known at the panel's origin, by region id.

    Deaths are those of the year to the origin, as far as it is known. Of a panel of counts nothing
    is measured.

    Args:
        panel: What the scores are made from.
        completeness: Of the same regions, as known on the same day.
    """
    if panel.is_counted:
        # Counts have no ranges and no precision; and the counts themselves may not be passed on.
        return dict.fromkeys(panel.region_ids, NOT_MEASURED)
    row = panel.origin - int(panel.periods[0])
    year = slice(max(0, row + 1 - months_to_periods(YEAR_MONTHS, panel.step)), row + 1)
    sums = {
        name: np.nansum(panel.values[name][year].astype(np.float64), axis=0)
        for name in ("deaths", "deaths_low", "deaths_high", "deaths_coarse")
    }
    has_any = np.asarray(panel.known[year].any(axis=0))
    places = completeness.periods.tolist()
    at = places.index(panel.origin) if panel.origin in places else None
    found = {}
    for region, region_id in enumerate(panel.region_ids):
        deaths, low, high, coarse = (float(values[region]) for values in sums.values())
        n_known = None if at is None else _number(completeness.n_known[at, region])
        found[region_id] = Inputs(
            completeness=None if at is None else _number(completeness.events[at, region]),
            n_known=None if n_known is None else round(n_known),
            deaths=round(deaths, 1) if has_any[region] else None,
            deaths_low=round(low, 1) if has_any[region] else None,
            deaths_high=round(high, 1) if has_any[region] else None,
            coarse_share=round(coarse / deaths, 4) if has_any[region] and deaths > 0 else None,
        )
    return found


def attach_inputs(
    publication: Publication, inputs: dict[str, Inputs], settings: Settings
) -> Publication:
    """Returns the publication with what is known of its inputs; scores that are too early are gone.

    Args:
        publication: As assembled.
        inputs: By region id.
        settings: From which completeness on there is a score.
    """
    scores = []
    for score in publication.scores:
        known = inputs[score.region_id]
        told = replace(score, inputs=known)
        share = known.completeness
        # Below, not at: half of the events known is enough for a bound of one half.
        if (
            score.status not in ("stale", "not_asked")
            and share is not None
            and share < settings.too_early_below
        ):
            told = _withhold(told, share, period_label(publication.origin, publication.step))
        scores.append(told)
    return replace(publication, scores=tuple(scores))


def _withhold(score: PublishedScore, share: float, origin: str) -> PublishedScore:
    return replace(
        score,
        status="too_early",
        risk_score=None,
        low=None,
        high=None,
        level=None,
        change=None,
        model_probability=None,
        contributions=(),
        changed_families=(),
        changed_reason="not_scored",
        reason=f"Too early to tell: only about {share:.0%} of the events of {origin} are probably "
        "known by now.",
    )


def _number(value: float) -> float | None:
    return None if math.isnan(value) else float(value)
