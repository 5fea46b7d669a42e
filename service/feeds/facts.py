"""What every feed tells of its publication besides the scores: metadata and notices for people."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from service.publications.publication import Inputs, Publication, PublishedScore

DIGITS = 6
"""Decimals of every number in a feed."""

StatusCounts = dict[tuple[str, int], Counter[str]]
"""(outcome, horizon) to the number of scores by status."""

SIMULATED_NOTICE = (
    "Simulated: these events did not happen. The scores show how the service works and say nothing "
    "about any real place."
)
COUNTS_NOTICE = (
    "Made from monthly counts per area, without a list of events: actors, kinds of fighting, "
    "ranges and precision are not known, and indicators that need them are missing."
)
SCHEMATIC_NOTICE = "The map shapes are computed, not surveyed: they are no borders."


def describe_publication(publication: Publication) -> dict[str, Any]:
    """Returns the metadata of a publication, JSON-ready, in a fixed order of members."""
    counts = count_statuses(publication)
    versions = {
        score.outcome: {
            "model_version": score.model_version or publication.model_version,
            "outcome_version": score.outcome_version or publication.outcome_version,
        }
        for score in publication.scores
    }
    return {
        "set": publication.region_set,
        "as_of": publication.as_of.isoformat(),
        "origin": publication.origin_label,
        "step": publication.step,
        "data_cutoff": publication.data_cutoff.isoformat(),
        "published_at": write_moment(publication.published_at),
        "revision": publication.revision,
        "previous_as_of": (
            None if publication.previous_as_of is None else publication.previous_as_of.isoformat()
        ),
        "model_version": publication.model_version,
        "outcome_version": publication.outcome_version,
        "simulated": publication.is_simulated,
        "schematic_map": publication.is_schematic,
        "notice": write_notices(publication, counts),
        "levels": publication.manifest.get("levels", {}),
        "horizons": [
            _describe_horizon(publication, outcome, horizon, statuses, versions[outcome])
            for (outcome, horizon), statuses in counts.items()
        ],
        "skill": round_numbers(publication.manifest.get("model", {}).get("skill")),
        "other_skill": {
            outcome: round_numbers(model.get("skill"))
            for outcome, model in publication.manifest.get("other_models", {}).items()
            if outcome in publication.outcomes[1:]
        },
        "attributions": [
            {"source": item.source, "licence": item.licence, "text": item.text}
            for item in publication.attributions
        ],
    }


def write_notices(publication: Publication, counts: StatusCounts) -> list[str]:
    """Returns what a reader must know before using the scores, the gravest first.

    Args:
        publication: The publication; its scores are not looked at.
        counts: How many of its scores have which status.
    """
    notices = []
    if publication.is_simulated:
        notices.append(SIMULATED_NOTICE)
    if publication.is_counted:
        notices.append(COUNTS_NOTICE)
    if publication.is_schematic:
        notices.append(SCHEMATIC_NOTICE)
    note = publication.manifest.get("revision_note")
    if note:
        notices.append(f"Revision {publication.revision} corrects what was published: {note}")
    for (outcome, horizon), statuses in counts.items():
        where = f"{outcome} over {count_steps(horizon, publication.step)}"
        if statuses["baseline_only"]:
            notices.append(
                f"Baseline only, {where}: {statuses['baseline_only']} of {statuses.total()} scores "
                "are the region's own past frequency, because the model did not pass its test."
            )
        if statuses["stale"]:
            notices.append(
                f"Stale, {where}: {statuses['stale']} of {statuses.total()} regions have no score, "
                "because their data end too early."
            )
        if statuses["too_early"]:
            notices.append(
                f"Too early to tell, {where}: {statuses['too_early']} of {statuses.total()} "
                "regions have no score, because too few of the newest events are known yet."
            )
    past = [
        count_steps(horizon, publication.step)
        for horizon in sorted({horizon for _, horizon in counts})
        if publication.window(horizon)[1] < publication.published_at.date()
    ]
    if past:
        notices.append(
            f"A replay: the window of {', '.join(past)} had ended before this was published."
        )
    earlier = publication.manifest.get("previous_model_version")
    if earlier is not None and earlier != publication.model_version:
        notices.append(
            f"The model changed since the publication before ({earlier}): part of each change "
            "comes from that."
        )
    return notices


def write_json(content: Mapping[str, Any], name: str, rows: Iterable[Any]) -> bytes:
    """Returns a JSON object as UTF-8 whose last member is a long list, written row by row.

    At once, the encoder would hold the interpreter for seconds and no request would be answered.

    Args:
        content: The members before it, at least one.
        name: Name of the member.
        rows: Its elements, JSON-ready.
    """
    pieces = [_encode(content)[:-1], f',"{name}":[', ",".join(map(_encode, rows)), "]}"]
    return "".join(pieces).encode()


def _encode(content: Any) -> str:
    return json.dumps(content, ensure_ascii=False, separators=(",", ":"), allow_nan=False)


def count_steps(horizon: int, step: str) -> str:
    """Returns `1 month`, `3 months`, `2 weeks`."""
    return f"{horizon} {step}{'' if horizon == 1 else 's'}"


def round_number(value: float | None) -> float | None:
    """Returns the value with the decimals of a feed; never a negative zero."""
    return None if value is None else round(value, DIGITS) + 0.0


def round_numbers(content: Any) -> Any:
    """Returns JSON-ready content with every number in it rounded, in mappings and lists too."""
    if isinstance(content, float):
        return round_number(content)
    if isinstance(content, Mapping):
        return {name: round_numbers(value) for name, value in content.items()}
    if isinstance(content, list):
        return [round_numbers(value) for value in content]
    return content


def write_moment(moment: datetime) -> str:
    """Returns an RFC 3339 moment in UTC, `2022-01-15T06:00:00Z`."""
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def lead_time_days(publication: Publication, horizon: int) -> int:
    """Returns days from the publication to the start of the window; negative once it has begun."""
    return (publication.window(horizon)[0] - publication.published_at.date()).days


def count_statuses(publication: Publication) -> StatusCounts:
    """Returns how many scores of each outcome and horizon have which status."""
    counts: StatusCounts = {}
    for score in publication.scores:
        counts.setdefault((score.outcome, score.horizon), Counter())[score.status] += 1
    return counts


def _describe_horizon(
    publication: Publication,
    outcome: str,
    horizon: int,
    statuses: Counter[str],
    versions: Mapping[str, str],
) -> dict[str, Any]:
    window_from, window_to = publication.window(horizon)
    return {
        "outcome": outcome,
        "horizon": horizon,
        "window_from": window_from.isoformat(),
        "window_to": window_to.isoformat(),
        "lead_time_days": lead_time_days(publication, horizon),
        "n_by_status": dict(sorted(statuses.items())),
        **versions,
    }


def describe_deaths(inputs: Inputs) -> dict[str, float | None]:
    """Returns how well the deaths of a region's last year are known, JSON-ready."""
    return {
        "deaths": inputs.deaths,
        "deaths_low": inputs.deaths_low,
        "deaths_high": inputs.deaths_high,
        "coarse_share": inputs.coarse_share,
    }


def describe_score(score: PublishedScore) -> dict[str, Any]:
    """Returns the figures of a score, without its region, JSON-ready."""
    return {
        "outcome": score.outcome,
        "horizon": score.horizon,
        "risk_score": round_number(score.risk_score),
        "low": round_number(score.low),
        "high": round_number(score.high),
        "level": score.level,
        "change": round_number(score.change),
        "status": score.status,
        "reason": score.reason,
        "completeness": round_number(score.completeness),
        "n_known": score.inputs.n_known,
        "threshold": round_number(score.threshold),
        "climatology": round_number(score.climatology),
        "model_probability": round_number(score.model_probability),
    }
