"""The address of one region: its newest scores with their drivers, and its history."""

from __future__ import annotations

from fastapi import APIRouter

from data.calendar import period_label
from data.errors import UnknownName
from data.regions import load_region_set
from service.api.context import ApiContext
from service.api.parameters import RegionPath, SetPath
from service.api.problem_schema import declare_problems
from service.api.publications import describe_head, require_head
from service.api.schemas import ExplainedScoreOut, InputsOut, PastScoreOut, RegionDetailOut
from service.api.sets import describe_region
from service.feeds.facts import (
    count_statuses,
    describe_deaths,
    describe_score,
    round_number,
    write_notices,
)
from service.feeds.json_feed import describe_driver, describe_explanation
from service.publications.history import PastScore, score_history
from service.publications.publication import Publication, PublishedScore
from service.publications.store import load_publication


def make_region_routes(context: ApiContext) -> APIRouter:
    """Returns the route of a region."""
    router = APIRouter(tags=["sets"])

    @router.get(
        "/sets/{set}/regions/{region_id:path}",
        responses=declare_problems("unknown_name", "not_ready"),
    )
    def show_region(set_name: SetPath, region_id: RegionPath) -> RegionDetailOut:
        """Shows a region: its newest scores, what moved them, and what was published before."""
        with context.database.read() as connection:
            region_set = load_region_set(connection, set_name)
            if region_id not in region_set.region_ids:
                raise UnknownName(
                    f"There is no region '{region_id}' in '{set_name}'.",
                    f"/api/v1/sets/{set_name}/regions lists them.",
                )
            head = require_head(connection, set_name)
            publication = load_publication(connection, head.publication_id)
            history = score_history(connection, set_name, region_id)
        position = region_set.region_ids.index(region_id)
        return RegionDetailOut(
            set=set_name,
            region=describe_region(region_set, position, region_set.regions[position]),
            publication=describe_head(head),
            notice=write_notices(publication, count_statuses(publication)),
            scores=[
                _explain(publication, score)
                for score in publication.scores
                if score.region_id == region_id
            ],
            history=[_describe_past(past, publication) for past in history],
        )

    return router


def _explain(publication: Publication, score: PublishedScore) -> ExplainedScoreOut:
    window_from, window_to = publication.window(score.horizon)
    return ExplainedScoreOut.model_validate(
        {
            **describe_score(score),
            "inputs": describe_deaths(score.inputs),
            "window_from": window_from,
            "window_to": window_to,
            "base_log_odds": round_number(score.base_log_odds),
            "drivers": [describe_driver(item) for item in score.contributions],
            **describe_explanation(publication, score),
        }
    )


def _describe_past(past: PastScore, publication: Publication) -> PastScoreOut:
    return PastScoreOut(
        as_of=past.as_of,
        revision=past.revision,
        origin=period_label(past.origin, publication.step),
        outcome=past.score.outcome,
        horizon=past.score.horizon,
        risk_score=round_number(past.score.risk_score),
        level=past.score.level,
        status=past.score.status,
        completeness=round_number(past.score.completeness),
        inputs=InputsOut.model_validate(describe_deaths(past.score.inputs)),
        model_version=past.score.model_version or past.model_version,
    )
