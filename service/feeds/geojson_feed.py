"""The GeoJSON feed (Butler et al. 2016, RFC 7946): one feature per region, flat properties.

Properties are flat, `escalation_3_risk_score` for the outcome escalation at horizon 3, because
desktop maps make one column of each; `year_deaths` and its like are of the year to the origin,
`fatalities_1_median` and its like of the first period after it.
Metadata are foreign members of the collection. Each feature says `simulated`, because maps show
features, not collections.
"""

from __future__ import annotations

from typing import Any

from data.regions import Region, RegionSet
from service.feeds.facts import (
    describe_deaths,
    describe_publication,
    describe_score,
    round_number,
    write_json,
)
from service.feeds.fatality_feed import describe_fatality_fact
from service.feeds.shapes import write_shape
from service.publications.fatality import PublishedFatalities
from service.publications.publication import Document, Publication, PublishedScore

NEAREST = 1
"""The period ahead whose deaths are told; the JSON feed has the others."""


def render(publication: Publication, region_set: RegionSet) -> Document:
    """Returns the publication as GeoJSON, UTF-8; null where a value is missing."""
    by_region: dict[str, list[PublishedScore]] = {}
    for score in publication.scores:
        by_region.setdefault(score.region_id, []).append(score)
    ahead = {one.region_id: one for one in publication.fatalities if one.horizon == NEAREST}
    features = [
        _write_feature(
            publication, region, by_region[region.region_id], ahead.get(region.region_id)
        )
        for region in region_set.regions
        if region.region_id in by_region
    ]
    boxes = [feature["bbox"] for feature in features]
    content: dict[str, Any] = {"type": "FeatureCollection"}
    if boxes:
        west, south, east, north = zip(*boxes, strict=True)
        content["bbox"] = [min(west), min(south), max(east), max(north)]
    content |= describe_publication(publication)
    del (
        content["skill"],
        content["other_skill"],
    )  # Long, and of no use on a map: the JSON feed has it.
    content["fatalities"] = describe_fatality_fact(publication)
    body = write_json(content, "features", features)
    return Document("geojson", "application/geo+json", body)


def _write_feature(
    publication: Publication,
    region: Region,
    scores: list[PublishedScore],
    ahead: PublishedFatalities | None,
) -> dict[str, Any]:
    geometry, bounds = write_shape(region.geometry)
    properties: dict[str, Any] = {
        "set": publication.region_set,
        "region_id": region.region_id,
        "region_name": scores[0].region_name,
        "country": scores[0].country,
        "as_of": publication.as_of.isoformat(),
        "origin": publication.origin_label,
        "step": publication.step,
        "model_version": publication.model_version,
        "simulated": publication.is_simulated,
        **{f"year_{name}": value for name, value in describe_deaths(scores[0].inputs).items()},
    }
    for score in scores:
        figures = describe_score(score)
        prefix = f"{figures.pop('outcome')}_{figures.pop('horizon')}"
        properties |= {f"{prefix}_{name}": value for name, value in figures.items()}
        window_from, window_to = publication.window(score.horizon)
        properties[f"{prefix}_window_from"] = window_from.isoformat()
        properties[f"{prefix}_window_to"] = window_to.isoformat()
    if ahead is not None:
        properties |= _write_deaths(publication, ahead)
    return {
        "type": "Feature",
        "id": region.region_id,
        "bbox": bounds,
        "geometry": geometry,
        "properties": properties,
    }


def _write_deaths(publication: Publication, ahead: PublishedFatalities) -> dict[str, Any]:
    """Returns the median and the 90 % interval, null where there are no quantiles."""
    low, high = ahead.interval(90) or (None, None)
    figures = {
        "period": publication.period_ahead(ahead.horizon),
        "status": ahead.status,
        "median": round_number(ahead.median),
        "low": round_number(low),
        "high": round_number(high),
    }
    return {f"fatalities_{ahead.horizon}_{name}": value for name, value in figures.items()}
