"""The columns of every tabular feed: one row per region, outcome and horizon.

CSV, Excel and Parquet have the same columns in the same order with the same meaning. `low` and
`high` are the 90 % interval of the score where the status is `ok`: what the model might say with
far more history and the true numbers of the dead (`models.estimators.uncertainty`); elsewhere they
are empty.

The columns are fixed, so a simulated world speaks through the columns there are: `set` and
`model_version` begin with `simulated` unless they say it already. The `status` column keeps to
its five values, because programs branch on it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Literal

from service.feeds.facts import lead_time_days, round_number
from service.publications.publication import Publication

Kind = Literal["text", "day", "whole", "number"]
Value = str | int | float | date | None


@dataclass(frozen=True)
class Column:
    """A column.

    Attributes:
        name: Its name in every format.
        kind: What its values are.
        hashtag: The HXL hashtag (HXL standard 1.1) with attributes; the unit where it has one.
        meaning: What it says, for people.
    """

    name: str
    kind: Kind
    hashtag: str
    meaning: str


COLUMNS: tuple[Column, ...] = (
    Column("set", "text", "#meta+set", "Region set."),
    Column("region_id", "text", "#adm1+code", "Identifier of the region, a P-code where known."),
    Column("region_name", "text", "#adm1+name", "Name of the region."),
    Column("country", "text", "#country+code+v_iso3", "ISO 3166-1 alpha-3 code."),
    Column("as_of", "day", "#date+known", "Knowledge limit: nothing known later was used."),
    Column("origin", "text", "#date+origin", "Last period whose data were used, e.g. 2021-12."),
    Column("outcome", "text", "#event+type", "What is forecast."),
    Column("horizon", "whole", "#meta+horizon", "Steps ahead; the window begins after the origin."),
    Column("step", "text", "#meta+step", "Calendar unit of a period: month or week."),
    Column(
        "lead_time_days",
        "whole",
        "#meta+lead+days",
        "Days from the publication to the start of the window; negative once it has begun.",
    ),
    Column(
        "risk_score",
        "number",
        "#indicator+risk+num",
        "Calibrated probability of the outcome, 0 to 1; empty where no score may be served.",
    ),
    Column(
        "low",
        "number",
        "#indicator+risk+min+num",
        "Lower end of the 90 % interval of the score; empty unless the status is ok.",
    ),
    Column(
        "high",
        "number",
        "#indicator+risk+max+num",
        "Upper end of the 90 % interval of the score; empty unless the status is ok.",
    ),
    Column("level", "text", "#severity+level", "Band of the risk score."),
    Column(
        "change",
        "number",
        "#indicator+risk+change+num",
        "Risk score less that of the publication before; empty unless both have the status ok.",
    ),
    Column(
        "status",
        "text",
        "#status",
        "ok; baseline_only: the region's own past frequency; stale: no score, data end too early; "
        "too_early: no score, too few of the newest events are known yet; not_asked: no score, an "
        "onset is asked for only after a quiet year.",
    ),
    Column(
        "completeness",
        "number",
        "#meta+completeness+num",
        "Share of the origin period's eventual events probably known by now, 0 to 1; empty: not "
        "measured.",
    ),
    Column("model_version", "text", "#meta+model", "The model that scored."),
    Column("outcome_version", "text", "#meta+outcome", "The definition of the outcome."),
)

NAMES: tuple[str, ...] = tuple(column.name for column in COLUMNS)


def write_rows(publication: Publication) -> Iterator[tuple[Value, ...]]:
    """Yields a row per score, its values in the order of `COLUMNS`; None where one is missing."""
    name = mark_simulated(publication.region_set, publication.is_simulated)
    leads = {
        horizon: lead_time_days(publication, horizon)
        for horizon in {score.horizon for score in publication.scores}
    }
    for score in publication.scores:
        yield (
            name,
            score.region_id,
            score.region_name,
            score.country,
            publication.as_of,
            publication.origin_label,
            score.outcome,
            score.horizon,
            publication.step,
            leads[score.horizon],
            round_number(score.risk_score),
            round_number(score.low),
            round_number(score.high),
            score.level,
            round_number(score.change),
            score.status,
            round_number(score.completeness),
            mark_simulated(
                score.model_version or publication.model_version, publication.is_simulated
            ),
            score.outcome_version or publication.outcome_version,
        )


def mark_simulated(name: str, is_simulated: bool) -> str:
    """Returns the name of a set or model, which says so if the events are simulated."""
    return f"simulated-{name}" if is_simulated and "simulated" not in name else name
