"""Publications: all scores of one region set for one as-of, immutable once written."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import Any

from data.calendar import Step, period_end, period_label, period_start
from models.score import Contribution, Status
from service.publications.fatality import PublishedFatalities


@dataclass(frozen=True)
class Attribution:
    """Who must be named for an input, and under which licence it came.

    Attributes:
        source: Name of the source or of the region shapes.
        licence: Licence, as its owner writes it.
        text: The attribution line.
    """

    source: str
    licence: str
    text: str


@dataclass(frozen=True)
class FamilyShare:
    """What one family of indicators adds to a score, or to its change.

    Attributes:
        family: Name of the family in the catalogue; `other` for what it does not hold.
        log_odds: What it adds to the log-odds.
    """

    family: str
    log_odds: float


@dataclass(frozen=True)
class Inputs:
    """How well the data of one region are known.

    Attributes:
        completeness: Share of the eventual events of the origin period that are probably known, in
            [0, 1], learnt from how earlier periods filled up; None where it is not measured.
        n_known: Events of the origin period that are known; None if the period is not.
        deaths: Deaths of the year to the origin, best estimate; None if nothing of it is known.
        deaths_low: The same by the source's low estimates.
        deaths_high: The same by its high estimates.
        coarse_share: Share of `deaths` whose place or time is known only roughly, in [0, 1]; None
            without deaths.
    """

    completeness: float | None
    n_known: int | None
    deaths: float | None
    deaths_low: float | None
    deaths_high: float | None
    coarse_share: float | None


INPUTS, MONTHLY_COUNTS = "inputs", "monthly_counts"
"""Member of a publication's manifest and its value: the scores are made from counts, not events."""

NOT_MEASURED = Inputs(None, None, None, None, None, None)
"""Inputs of which nothing was measured, as in a publication that was made before they were."""


@dataclass(frozen=True)
class PublishedScore:
    """One row of a publication: `models.score.Score` with its name, level and change.

    Attributes:
        region_id: The region.
        region_name: Its name for people.
        country: ISO alpha-3 code.
        outcome: Name of the outcome.
        horizon: Steps ahead.
        status: `ok`, `baseline_only`, `stale`, `too_early` or `not_asked`.
        risk_score: Probability in [0, 1], or None.
        level: Name of the risk level, or None where there is no score.
        change: Risk score less that of the publication before, or None unless both are there with
            the status `ok`.
        model_probability: What the model says, served or not.
        climatology: The region's own past frequency of the outcome.
        threshold: Deaths in the window that make the outcome true.
        base_log_odds: Log-odds of an average region-period.
        contributions: What moved the score, largest first.
        reason: Why the status is not `ok`.
        inputs: How well the data behind it are known.
        low: Lower end of the interval of the risk score; None unless the status is `ok`.
        high: Its upper end.
        model_version: The model that scored; None in publications of a single outcome that were
            written before a score named it: it is that of the publication.
        outcome_version: The outcome definition; None likewise.
        changed_families: What each family of indicators added to the log-odds of
            `model_probability` since the publication before, the largest first; they sum to its
            change. Empty where that cannot be said.
        changed_reason: Why it cannot, a key of `service.publications.explanation_words.PHRASES`;
            None if it can.
    """

    region_id: str
    region_name: str
    country: str
    outcome: str
    horizon: int
    status: Status
    risk_score: float | None
    level: str | None
    change: float | None
    model_probability: float | None
    climatology: float | None
    threshold: float | None
    base_log_odds: float
    contributions: Sequence[Contribution]
    reason: str
    inputs: Inputs = NOT_MEASURED
    low: float | None = None
    high: float | None = None
    model_version: str | None = None
    outcome_version: str | None = None
    changed_families: tuple[FamilyShare, ...] = ()
    changed_reason: str | None = "first"

    @property
    def completeness(self) -> float | None:
        """Share of the origin period's eventual events that are probably known, or None."""
        return self.inputs.completeness


@dataclass(frozen=True)
class Publication:
    """All scores of one region set for one as-of.

    Attributes:
        region_set: Name of the region set.
        as_of: Knowledge limit.
        revision: 1 for the first; a correction is the next.
        step: Calendar unit.
        origin: Ordinal of the last period used.
        data_cutoff: Last day that the data speak for.
        published_at: When it was written, UTC.
        model_version: The model that scored the first outcome.
        outcome_version: The definition of the first outcome.
        is_simulated: True if the events are simulated: every document says so.
        is_schematic: True if the map shapes are computed.
        attributions: Inputs that must be named.
        previous_as_of: As-of of the publication that `change` refers to, or None.
        manifest: Further facts for readers, JSON-ready: see `assemble_publication`.
        scores: Rows, ordered by outcome (that of the pages first), horizon and region position.
        publication_id: Row number in the database; None before it is stored.
        fatalities: Distributions of the deaths of each period ahead, ordered by horizon and region
            position; empty if none were forecast: the manifest says why.
        indicators: What the rules of alerts may ask for, as known at the as-of: indicator to region
            to value, None where it has none. Rendered nowhere; empty in older publications.
    """

    region_set: str
    as_of: date
    revision: int
    step: Step
    origin: int
    data_cutoff: date
    published_at: datetime
    model_version: str
    outcome_version: str
    is_simulated: bool
    is_schematic: bool
    attributions: tuple[Attribution, ...]
    previous_as_of: date | None
    manifest: dict[str, Any]
    scores: tuple[PublishedScore, ...] = field(repr=False)
    publication_id: int | None = None
    fatalities: tuple[PublishedFatalities, ...] = field(default=(), repr=False)
    indicators: Mapping[str, Mapping[str, float | None]] = field(default_factory=dict, repr=False)

    @property
    def origin_label(self) -> str:
        """The origin as people write it, `2021-12`."""
        return period_label(self.origin, self.step)

    @property
    def is_counted(self) -> bool:
        """True if the scores are made from counts per area and month, not from events."""
        return self.manifest.get(INPUTS) == MONTHLY_COUNTS

    @property
    def outcomes(self) -> tuple[str, ...]:
        """The outcomes that are published, that of the pages first."""
        return tuple(dict.fromkeys(score.outcome for score in self.scores))

    def of_outcome(self, outcome: str) -> Publication:
        """Returns the publication as if it held this one of its outcomes only."""
        scores = tuple(score for score in self.scores if score.outcome == outcome)
        models = self.manifest.get("other_models", {})
        manifest = self.manifest
        if outcome in models:
            manifest = {**manifest, "model": models[outcome]}
        return replace(
            self,
            scores=scores,
            manifest=manifest,
            model_version=scores[0].model_version or self.model_version,
            outcome_version=scores[0].outcome_version or self.outcome_version,
        )

    def period_ahead(self, horizon: int) -> str:
        """Returns the label of one period ahead, which a distribution of fatalities is of."""
        return period_label(self.origin + horizon, self.step)

    def window(self, horizon: int) -> tuple[date, date]:
        """Returns the first and last day that a forecast of `horizon` covers."""
        return (
            period_start(self.origin + 1, self.step),
            period_end(self.origin + horizon, self.step),
        )


@dataclass(frozen=True)
class Document:
    """A rendered file of a publication: bytes that are served as they are.

    Attributes:
        name: Format name, e.g. `csv`; it is the extension in the feed's address.
        media_type: Content type with charset.
        body: The bytes.
        gzip_body: The bytes compressed with gzip; None if that is not worth it.
        brotli_body: The bytes compressed with brotli; None if that is not worth it.
    """

    name: str
    media_type: str
    body: bytes = field(repr=False)
    gzip_body: bytes | None = field(default=None, repr=False)
    brotli_body: bytes | None = field(default=None, repr=False)

    @property
    def etag(self) -> str:
        """Strong entity tag of the bytes, quoted."""
        return f'"{hashlib.sha256(self.body).hexdigest()[:32]}"'
