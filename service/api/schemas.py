"""The form of the API's answers."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from data.calendar import Step
from models.score import Status
from service.languages import Language

Probability = Annotated[float, Field(ge=0, le=1)]


class Answer(BaseModel):
    """Base of all answers: no member that is not declared."""

    model_config = ConfigDict(extra="forbid")


class PublicationOut(Answer):
    """A publication without its scores."""

    as_of: date = Field(description="Knowledge limit: nothing known later was used.")
    revision: int = Field(description="1 for the first; a correction is the next.")
    origin: str = Field(description="Last period used, e.g. `2021-12`.")
    data_cutoff: date = Field(description="Last day that the data speak for.")
    published_at: datetime = Field(description="When it was written, UTC.")
    model_version: str = Field(description="The model that scored.")
    simulated: bool = Field(description="True if the events did not happen.")


class PublicationItem(PublicationOut):
    """A publication in the list of a set."""

    newest_revision: bool = Field(description="False if a later revision replaces it.")
    files: dict[str, str] = Field(description="Format to the path of the feed file.")


class SetOut(Answer):
    """A region set."""

    set: str = Field(description="Its name.")
    kind: str = Field(description="What a region of it is.")
    step: Step = Field(description="Calendar unit of a period.")
    source: str = Field(description="Event source that it is scored from.")
    n_regions: int = Field(description="Number of regions.")
    countries: list[str] = Field(description="ISO 3166-1 alpha-3 codes.")
    schematic_map: bool = Field(description="True if the shapes are computed, not surveyed.")
    attribution: str = Field(description="Who made the shapes, under which licence.")
    latest: PublicationOut | None = Field(description="Newest publication; null if there is none.")


class RegionOut(Answer):
    """A region of a set."""

    region_id: str
    region_name: str
    country: str = Field(description="ISO 3166-1 alpha-3 code.")
    neighbours: list[str] = Field(description="Identifiers of the regions that it touches.")
    bbox: list[float] = Field(description="West, south, east, north; degrees, WGS 84.")
    parent: str | None = Field(description="Identifier of the area that it is part of.")
    valid_from: date | None = Field(description="First day on which it existed, where known.")
    valid_to: date | None = Field(description="Last day on which it existed; null: it still does.")


class ScoreOut(Answer):
    """The figures of a score."""

    outcome: str
    horizon: int = Field(description="Steps ahead.")
    risk_score: Probability | None = Field(description="Null where no score may be served.")
    low: Probability | None = Field(
        description="Lower end of the 90 % interval of the score; null unless the status is `ok`."
    )
    high: Probability | None = Field(description="Its upper end.")
    level: str | None = Field(description="Band of the risk score.")
    change: float | None = Field(description="Against the publication before.")
    status: Status
    reason: str = Field(description="Why the status is not `ok`; else empty.")
    completeness: Probability | None = Field(
        description="Share of the origin period's eventual events that are probably known by now; "
        "null: not measured."
    )
    n_known: int | None = Field(description="Events of the origin period that are known.")
    threshold: float | None = Field(description="Deaths in the window that make it true.")
    climatology: Probability | None = Field(description="The region's own past frequency.")
    model_probability: Probability | None = Field(description="What the model says, served or not.")
    window_from: date = Field(description="First day that the score covers.")
    window_to: date = Field(description="Last day that the score covers.")


class RegionScoreOut(ScoreOut):
    """A score with its region."""

    region_id: str
    region_name: str
    country: str


class ScoresOut(Answer):
    """One page of the scores of a publication."""

    set: str
    publication: PublicationOut
    notice: list[str] = Field(description="What a reader must know before using the scores.")
    scores: list[RegionScoreOut]
    next_cursor: str | None = Field(description="Parameter `cursor` of the next page; null at end.")


class DriverOut(Answer):
    """What one feature adds to a score."""

    feature: str
    family: str = Field(description="Family of indicators.")
    label: str = Field(description="The feature in words.")
    value: float | None = Field(
        description="Its value at the origin; null if missing or not to be passed on."
    )
    unit: str
    log_odds: float = Field(description="What it adds to the log-odds.")


class InputsOut(Answer):
    """How well the deaths of the year to the origin are known."""

    deaths: float | None = Field(description="Best estimate; null if nothing is known.")
    deaths_low: float | None = Field(description="By the source's low estimates.")
    deaths_high: float | None = Field(description="By the source's high estimates.")
    coarse_share: Probability | None = Field(
        description="Share of the deaths whose place or time is known only roughly."
    )


class FamilyShareOut(Answer):
    """What a family of indicators adds."""

    family: str
    log_odds: float = Field(description="What it adds to the log-odds.")


class ChangesOut(Answer):
    """What moved the model's number since the publication before."""

    since: date | None = Field(description="As-of compared with; null where nothing can be.")
    families: list[FamilyShareOut] = Field(
        description="They sum to the change of the model's log-odds."
    )
    reason: str = Field(description="Why nothing can be compared; else empty.")


class ExplainedScoreOut(ScoreOut):
    """A score with all that moved it: base and drivers sum to the log-odds of the model."""

    inputs: InputsOut = Field(description="How well the data behind it are known.")
    base_log_odds: float = Field(description="Log-odds of an average region-period.")
    drivers: list[DriverOut]
    families: list[FamilyShareOut] = Field(
        description="The drivers by family of indicators; with the base they sum to the same."
    )
    changes: ChangesOut
    explanation: dict[Language, str] = Field(description="One plain sentence by language.")


class PastScoreOut(Answer):
    """A score that was published in the past."""

    as_of: date
    revision: int
    origin: str
    outcome: str
    horizon: int
    risk_score: Probability | None
    level: str | None
    status: Status
    completeness: Probability | None = Field(
        description="Share of the origin period's eventual events that were probably known."
    )
    inputs: InputsOut = Field(description="How well the data behind it were known then.")
    model_version: str


class RegionDetailOut(Answer):
    """A region with its newest scores and all that was published of it."""

    set: str
    region: RegionOut
    publication: PublicationOut
    notice: list[str]
    scores: list[ExplainedScoreOut]
    history: list[PastScoreOut] = Field(description="Newest revisions, oldest as-of first.")


class ProblemKindOut(Answer):
    """A kind of problem that the API answers with."""

    code: str
    status: int
    title: str
