"""Publications as rows of the database, exactly there and back.

What a publication holds beyond the columns of its table lies in the column `manifest`; what a
score holds beyond its columns lies in `details`. `scores.position` is the place of a row in
`Publication.scores`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import RowMapping

from data.calendar import Step, period_label
from models.score import Contribution
from service.publications.fatality import PublishedFatalities
from service.publications.kept_drivers import KeptDrivers, write_drivers
from service.publications.publication import (
    NOT_MEASURED,
    Attribution,
    FamilyShare,
    Inputs,
    Publication,
    PublishedScore,
)


@dataclass(frozen=True)
class PublicationHead:
    """A publication without its scores.

    Attributes:
        publication_id: Row number in the database.
        region_set: Name of the region set.
        as_of: Knowledge limit.
        revision: 1 for the first; a correction is the next.
        step: Calendar unit.
        origin: Ordinal of the last period used.
        data_cutoff: Last day that the data speak for.
        published_at: When it was written, UTC.
        model_version: The model that scored.
        is_simulated: True if the events are simulated.
        digest: SHA-256 of the content.
    """

    publication_id: int
    region_set: str
    as_of: date
    revision: int
    step: Step
    origin: int
    data_cutoff: date
    published_at: datetime
    model_version: str
    is_simulated: bool
    digest: str

    @property
    def origin_label(self) -> str:
        """The origin as people write it, `2021-12`."""
        return period_label(self.origin, self.step)


def publication_row(publication: Publication, digest: str) -> dict[str, Any]:
    """Returns the values of a row of `publications`."""
    return {
        "region_set": publication.region_set,
        "as_of": publication.as_of,
        "revision": publication.revision,
        "step": publication.step,
        "origin": publication.origin,
        "data_cutoff": publication.data_cutoff,
        "published_at": publication.published_at,
        "model_version": publication.model_version,
        "is_simulated": publication.is_simulated,
        "digest": digest,
        "manifest": {
            "outcome_version": publication.outcome_version,
            "is_schematic": publication.is_schematic,
            "previous_as_of": write_day(publication.previous_as_of),
            "attributions": [asdict(item) for item in publication.attributions],
            "facts": publication.manifest,
        },
    }


def read_publication(
    row: RowMapping,
    rows: tuple[PublishedScore, ...],
    fatalities: tuple[PublishedFatalities, ...] = (),
    indicators: Mapping[str, Mapping[str, float | None]] | None = None,
) -> Publication:
    """Returns the publication of a row of `publications`, with what else is given of it."""
    extra = row["manifest"]
    previous = extra["previous_as_of"]
    return Publication(
        region_set=row["region_set"],
        as_of=row["as_of"],
        revision=row["revision"],
        step=row["step"],
        origin=row["origin"],
        data_cutoff=row["data_cutoff"],
        published_at=row["published_at"],
        model_version=row["model_version"],
        outcome_version=extra["outcome_version"],
        is_simulated=row["is_simulated"],
        is_schematic=extra["is_schematic"],
        attributions=tuple(Attribution(**item) for item in extra["attributions"]),
        previous_as_of=None if previous is None else date.fromisoformat(previous),
        manifest=read_facts(row),
        scores=rows,
        publication_id=row["publication_id"],
        fatalities=fatalities,
        indicators=indicators or {},
    )


def read_facts(row: RowMapping) -> dict[str, Any]:
    """Returns `Publication.manifest` of a row of `publications`."""
    facts: dict[str, Any] = row["manifest"]["facts"]
    return facts


def score_row(score: PublishedScore) -> dict[str, Any]:
    """Returns the values of a row of `scores`, but for its publication and position."""
    return {
        "region_id": score.region_id,
        "outcome": score.outcome,
        "horizon": score.horizon,
        "status": score.status,
        "risk_score": score.risk_score,
        "level": score.level,
        "change": score.change,
        "details": {
            "region_name": score.region_name,
            "country": score.country,
            "model_probability": score.model_probability,
            "climatology": score.climatology,
            "threshold": score.threshold,
            "base_log_odds": score.base_log_odds,
            "contributions": [
                [item.feature, item.label, item.value, item.unit, item.log_odds]
                for item in score.contributions
            ],
            "reason": score.reason,
            "inputs": asdict(score.inputs),
            "low": score.low,
            "high": score.high,
            "model_version": score.model_version,
            "outcome_version": score.outcome_version,
            "changed_families": [[one.family, one.log_odds] for one in score.changed_families],
            "changed_reason": score.changed_reason,
        },
    }


def read_score(row: RowMapping) -> PublishedScore:
    """Returns the published score of a row of `scores`."""
    details = row["details"]
    return PublishedScore(
        region_id=row["region_id"],
        region_name=details["region_name"],
        country=details["country"],
        outcome=row["outcome"],
        horizon=row["horizon"],
        status=row["status"],
        risk_score=row["risk_score"],
        level=row["level"],
        change=row["change"],
        model_probability=details["model_probability"],
        climatology=details["climatology"],
        threshold=details["threshold"],
        base_log_odds=details["base_log_odds"],
        contributions=_read_drivers(details["contributions"]),
        reason=details["reason"],
        inputs=Inputs(**details["inputs"]) if "inputs" in details else NOT_MEASURED,
        low=details.get("low"),
        high=details.get("high"),
        model_version=details.get("model_version"),
        outcome_version=details.get("outcome_version"),
        changed_families=tuple(FamilyShare(*item) for item in details.get("changed_families", [])),
        changed_reason=details.get("changed_reason", "first"),
    )


def stored_score_row(score: PublishedScore) -> dict[str, Any]:
    """Returns `score_row` as it is stored: with its contributions as text."""
    row = score_row(score)
    row["details"]["contributions"] = write_drivers(score.contributions)
    return row


def _read_drivers(kept: str | list[list[Any]]) -> Sequence[Contribution]:
    if isinstance(kept, str):
        return KeptDrivers(kept)
    # As they were stored before they were text.
    return tuple(Contribution(*item) for item in kept)


def fatality_row(one: PublishedFatalities) -> dict[str, Any]:
    """Returns the values of a row of `fatalities`, but for its publication and position."""
    return {**asdict(one), "quantiles": list(one.quantiles)}


def read_fatalities(row: RowMapping) -> PublishedFatalities:
    """Returns the published fatalities of a row of `fatalities`."""
    values = {name: row[name] for name in PublishedFatalities.__dataclass_fields__}
    return PublishedFatalities(**{**values, "quantiles": tuple(values["quantiles"])})


def indicator_rows(publication: Publication) -> list[dict[str, Any]]:
    """Returns the rows of `publication_indicators`, but for their publication, by indicator."""
    return [
        {"indicator": name, "by_region": dict(by_region)}
        for name, by_region in sorted(publication.indicators.items())
    ]


def write_day(day: date | None) -> str | None:
    """Returns an ISO day, or None."""
    return None if day is None else day.isoformat()


def read_head(row: RowMapping) -> PublicationHead:
    """Returns the head of a row of `publications`."""
    return PublicationHead(**{name: row[name] for name in PublicationHead.__dataclass_fields__})
