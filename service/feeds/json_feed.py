"""The JSON feed: all that a publication says, with the window and the drivers of each score.

`drivers` are the contributions that move the score most; `base_log_odds` plus the drivers plus
`other_log_odds` is the log-odds of `model_probability`, up to rounding; and so is `base_log_odds`
plus `families`. `feed.schema.json` describes the feed; the service shows it at
`/api/v1/feed-schema.json`.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from data.regions import RegionSet
from models.score import Contribution
from service.feeds.facts import (
    describe_deaths,
    describe_publication,
    describe_score,
    round_number,
    write_json,
)
from service.feeds.fatality_feed import describe_all_fatalities
from service.languages import LANGUAGES
from service.publications.explanation import (
    explain_no_comparison,
    explain_score,
    family_of,
    group_by_family,
)
from service.publications.publication import Document, FamilyShare, Publication, PublishedScore

N_DRIVERS = 10
FEED_SCHEMA = Path(__file__).parent / "feed.schema.json"
"""The JSON Schema of the feed, a file of the package."""


def render(publication: Publication, region_set: RegionSet) -> Document:
    """Returns the publication as JSON, UTF-8; null where a value is missing."""
    del region_set  # Every format renders from the same two arguments.
    content = {
        "format": "tocsin-risk-feed",
        "format_version": 1,
        **describe_publication(publication),
        "fatalities": describe_all_fatalities(publication),
    }
    rows = (_describe(publication, score) for score in publication.scores)
    return Document("json", "application/json", write_json(content, "scores", rows))


def _describe(publication: Publication, score: PublishedScore) -> dict[str, Any]:
    window_from, window_to = publication.window(score.horizon)
    return {
        "region_id": score.region_id,
        "region_name": score.region_name,
        "country": score.country,
        **describe_score(score),
        "inputs": describe_deaths(score.inputs),
        "window": {"from": window_from.isoformat(), "to": window_to.isoformat()},
        "base_log_odds": round_number(score.base_log_odds),
        "drivers": [describe_driver(item) for item in score.contributions[:N_DRIVERS]],
        "other_log_odds": round_number(
            sum(item.log_odds for item in score.contributions[N_DRIVERS:])
        ),
        **describe_explanation(publication, score),
    }


def describe_driver(item: Contribution) -> dict[str, Any]:
    """Returns a contribution, JSON-ready."""
    return {
        "feature": item.feature,
        "family": family_of(item.feature),
        "label": item.label,
        "value": round_number(item.value),
        "unit": item.unit,
        "log_odds": round_number(item.log_odds),
    }


def describe_explanation(publication: Publication, score: PublishedScore) -> dict[str, Any]:
    """Returns what moves a score and what changed, by family and in a sentence, JSON-ready."""
    return {
        "families": _describe_families(group_by_family(score.contributions)),
        "changes": {
            "since": None
            if score.changed_reason is not None or publication.previous_as_of is None
            else publication.previous_as_of.isoformat(),
            "families": _describe_families(score.changed_families),
            "reason": explain_no_comparison(score, "en"),
        },
        "explanation": {
            language: explain_score(score, publication.step, language) for language in LANGUAGES
        },
    }


def _describe_families(families: Iterable[FamilyShare]) -> list[dict[str, Any]]:
    return [{"family": one.family, "log_odds": round_number(one.log_odds)} for one in families]
