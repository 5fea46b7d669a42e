"""Past scores and what came after them: from stored publications, or from a backtest's file."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, time, timedelta
from pathlib import Path

import pandas as pd
from sqlalchemy import Connection

from data.calendar import parse_period, period_end
from data.errors import BadInput, MissingInput, NothingKnown
from data.panel import Panel
from data.regions import RegionSet
from models.settings import ModelSettings
from service.alerts.conditions import Neighbours
from service.alerts.followed import Outcomes, find_outcomes
from service.alerts.measures import Key
from service.alerts.neighbourhoods import Neighbourhoods, neighbours_of
from service.alerts.rules import Rule
from service.publications.indicators import read_rule_indicators
from service.publications.publication import Publication, PublishedScore
from service.publications.redraws import SHAPES
from service.publications.store import list_publications, load_publication

_COLUMNS = ("region_id", "origin", "horizon", "outcome", "probability", "observed")


@dataclass(frozen=True)
class PastScores:
    """What a simulation runs over.

    Attributes:
        publications: One for each as-of, in order.
        outcomes: What came after them.
        neighbours: Which regions touch, by the borders that publications name; may be empty if no
            rule asks.
    """

    publications: tuple[Publication, ...]
    outcomes: Outcomes
    neighbours: Mapping[str | None, Neighbours]


def read_publications(
    connection: Connection,
    panel: Panel,
    settings: ModelSettings,
    first: int | None = None,
    last: int | None = None,
    rules: Iterable[Rule] = (),
) -> PastScores:
    """Returns the stored publications of a set, and what is known to have come after them.

    The newest revision of each as-of counts, and the last as-of of each origin.

    Args:
        connection: An open transaction.
        panel: What is known of the set by now.
        settings: For the definitions of the outcomes.
        first: Least origin; None: from the first.
        last: Greatest origin; None: to the last.
        rules: Neighbours are read if one of them asks.

    Raises:
        NothingKnown: There is no publication between the two.
    """
    region_set = panel.region_set
    found: dict[int, Publication] = {}
    for head in reversed(list_publications(connection, region_set)):
        publication = load_publication(connection, head.publication_id)
        if _is_within(publication.origin, first, last):
            found[publication.origin] = publication
    if not found:
        raise NothingKnown(
            f"There is no publication of '{region_set}' in that time.",
            "Run `tocsin backfill`, or give `--predictions` a file of `tocsin backtest --out`.",
        )
    publications = tuple(found[origin] for origin in sorted(found))
    kinds = {(row.outcome, row.horizon) for item in publications for row in item.scores}
    around = Neighbourhoods(connection, region_set)
    asking = tuple(rules)
    return PastScores(
        publications,
        find_outcomes(kinds, set(found), panel, settings),
        {item.manifest.get(SHAPES): around.of(item, asking) for item in publications},
    )


def read_predictions(
    paths: Sequence[Path], region_set: RegionSet, first: int | None = None, last: int | None = None
) -> PastScores:
    """Returns the forecasts of backtests as if they had been published.

    The as-of of each is the day after its origin ended.

    Args:
        paths: Files that `tocsin backtest --out` wrote, one for each outcome, or each horizon.
        region_set: The set they are about.
        first: Least origin; None: from the first.
        last: Greatest origin; None: to the last.

    Raises:
        MissingInput: There is no such file.
        BadInput: It is no file of predictions, it is about other regions, or two files hold the
            same forecast.
        NothingKnown: It has no forecast between the two.
    """
    regions = {region.region_id: region for region in region_set.regions}
    rows = pd.concat([_read_file(path, region_set) for path in paths], ignore_index=True)
    twice = rows[rows.duplicated(["region_id", "origin", "horizon", "outcome"])]
    if len(twice):
        told = twice.iloc[0]
        raise BadInput(
            f"{told.outcome} of {told.region_id}, origin {told.origin}, horizon {told.horizon}, is "
            "forecast twice.",
            "Give one file for each outcome and horizon.",
        )
    outcomes: dict[Key, dict[int, bool]] = defaultdict(dict)
    scores: dict[int, list[PublishedScore]] = defaultdict(list)
    probabilities: dict[tuple[Key, int], float] = {}
    ordinals = {label: parse_period(label, region_set.step) for label in set(rows["origin"])}
    ordered = rows.assign(ordinal=rows["origin"].map(ordinals)).sort_values(
        ["ordinal", "outcome", "horizon", "region_id"]
    )
    columns = [ordered[column].tolist() for column in ("ordinal", *_COLUMNS)]
    for origin, region_id, _, horizon, outcome, probability, observed in zip(*columns, strict=True):
        key: Key = (region_id, outcome, horizon)
        probabilities[key, origin] = probability
        if not _is_within(origin, first, last):
            continue
        outcomes[key][origin] = bool(observed)
        region = regions[region_id]
        earlier = probabilities.get((key, origin - 1))
        change = None if earlier is None else probability - earlier
        scores[origin].append(_score(key, region.name, region.country, probability, change))
    if not scores:
        named = ", ".join(map(str, paths))
        raise NothingKnown(f"{named} has no forecasts in that time.", "Choose --from and --to.")
    publications = tuple(
        _publication(region_set, origin, scores[origin]) for origin in sorted(scores)
    )
    return PastScores(publications, outcomes, {None: neighbours_of(region_set)})


def with_indicators(scores: PastScores, panel: Panel, settings: ModelSettings) -> PastScores:
    """Returns past forecasts with the indicators that rules may ask for, at each origin.

    They are made of what the panel knows of the periods up to the origin, as the features of a
    backtest are; what was revised since stands as it is known now.

    Args:
        scores: As `read_predictions` returned them.
        panel: What is known of the set.
        settings: Definition of escalation.
    """
    found = read_rule_indicators(panel, {item.origin for item in scores.publications}, settings)
    publications = tuple(
        replace(item, indicators=found.get(item.origin, {})) for item in scores.publications
    )
    return replace(scores, publications=publications)


def _read_file(path: Path, region_set: RegionSet) -> pd.DataFrame:
    if not path.is_file():
        raise MissingInput(f"There is no file {path}.", "Check the path.")
    try:
        rows = pd.read_parquet(path) if path.suffix == ".parquet" else pd.read_csv(path)
    except (ValueError, OSError) as problem:
        raise BadInput(f"{path} cannot be read: {problem}.", "Use .parquet or .csv.") from None
    missing = [name for name in _COLUMNS if name not in rows.columns]
    if missing:
        raise BadInput(
            f"{path} is no file of predictions: it lacks '{missing[0]}'.",
            "Use a file that `tocsin backtest --out` wrote.",
        )
    unknown = sorted(set(rows["region_id"]) - set(region_set.region_ids))
    if unknown:
        raise BadInput(
            f"{path}: region '{unknown[0]}' is not in the set '{region_set.name}'.",
            "Name the set of the backtest with --set.",
        )
    return rows[[*_COLUMNS]]


def _is_within(origin: int, first: int | None, last: int | None) -> bool:
    return (first is None or origin >= first) and (last is None or origin <= last)


def _score(
    key: Key, name: str, country: str, probability: float, change: float | None
) -> PublishedScore:
    region_id, outcome, horizon = key
    return PublishedScore(
        region_id=region_id,
        region_name=name,
        country=country,
        outcome=outcome,
        horizon=horizon,
        status="ok",
        risk_score=probability,
        level=None,
        change=change,
        model_probability=probability,
        climatology=None,
        threshold=None,
        base_log_odds=0.0,
        contributions=(),
        reason="",
    )


def _publication(
    region_set: RegionSet, origin: int, scores: Sequence[PublishedScore]
) -> Publication:
    ended = period_end(origin, region_set.step)
    as_of = ended + timedelta(days=1)
    return Publication(
        region_set=region_set.name,
        as_of=as_of,
        revision=1,
        step=region_set.step,
        origin=origin,
        data_cutoff=ended,
        published_at=datetime.combine(as_of, time(), UTC),
        model_version="backtest",
        outcome_version="backtest",
        is_simulated=False,
        is_schematic=region_set.is_schematic,
        attributions=(),
        previous_as_of=None,
        manifest={},
        scores=tuple(scores),
    )
