"""The fatalities of a publication: forecast, judged, and told region by region."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from data.errors import NotReady
from data.panel import Panel
from models.fatalities.names import VERSION
from models.fatalities.release import HORIZONS, FatalityRelease
from service.indicator_values import are_counts_closed
from service.publications.fatality import PublishedFatalities
from service.publications.kept_fatalities import KeptFatalities, release_or_take_up
from service.publications.publication import Publication, PublishedScore
from service.settings import Settings

FACT = "fatalities"
"""Member of a publication's manifest: whether there are fatalities, and what they are worth."""

_WITHHELD = ("stale", "too_early")


def forecast_release(
    panel: Panel, source: str, settings: Settings, kept: KeptFatalities | None = None
) -> tuple[FatalityRelease | str, KeptFatalities | None]:
    """Returns the forecast of a panel, or why none is made, and what is to be kept of it.

    Args:
        panel: What the scores are made from.
        source: Source of the region set.
        settings: The most regions that are forecast, draws, seed.
        kept: What was kept of the set: taken up if it is of the same data.
    """
    if are_counts_closed(source):
        # Quantiles of the last 12 periods are these counts in order of size.
        return (
            "Fatalities are not forecast from counts whose source does not let them be passed on: "
            "their quantiles would give them away."
        ), None
    n_regions, most = len(panel.region_ids), settings.fatality_regions_max
    if n_regions > most:
        return (
            f"Fatalities are not forecast for more than {most:,} regions, "
            f"and the set has {n_regions:,}: the setting fatality_regions_max says how many."
        ), None
    try:
        return release_or_take_up(panel, settings, kept)
    except NotReady as problem:
        return problem.message, None


def attach_fatalities(publication: Publication, release: FatalityRelease | str) -> Publication:
    """Returns the publication with its fatalities, and with what they are worth in its manifest.

    A region without a score because its data are stale or too early has no fatalities either.

    Args:
        publication: With the status of every score.
        release: What `forecast_release` returned.
    """
    fact: dict[str, Any] = {"version": VERSION, "status": "not_made", "reason": release}
    if isinstance(release, str):
        return replace(publication, manifest={**publication.manifest, FACT: fact})
    fact |= {
        "status": "ok" if release.passed else "baseline_only",
        "reason": release.reason,
        "record": release.record,
    }
    place = {region_id: at for at, region_id in enumerate(release.region_ids)}
    # The first row of each region: whether its data are good enough is the same in all of them.
    regions = {score.region_id: score for score in reversed(publication.scores)}
    ordered = dict.fromkeys(score.region_id for score in publication.scores)
    rows = tuple(
        _row(release, horizon, place[region_id], regions[region_id])
        for horizon in HORIZONS
        for region_id in ordered
    )
    return replace(publication, manifest={**publication.manifest, FACT: fact}, fatalities=rows)


def _row(
    release: FatalityRelease, horizon: int, place: int, score: PublishedScore
) -> PublishedFatalities:
    quantiles = release.served(horizon)[place]
    told = PublishedFatalities(
        region_id=score.region_id,
        region_name=score.region_name,
        country=score.country,
        horizon=horizon,
        status="ok" if release.passed else "baseline_only",
        quantiles=tuple(float(value) for value in quantiles),
        reason="" if release.passed else release.reason,
    )
    if score.status in _WITHHELD:
        return replace(told, status=score.status, quantiles=(), reason=score.reason)
    if np.isnan(quantiles).any():
        return replace(
            told,
            status="stale",
            quantiles=(),
            reason="The last 12 periods of this region are not all known.",
        )
    return told
