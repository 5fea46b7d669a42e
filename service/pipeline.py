"""One cycle: panel, scores, publication, files, alerts and messages, in one write transaction.

Everything that takes long is done before the transaction begins, from one consistent state that was
read. What is written is written whole: a process that dies in between leaves the publication before
it served, and running the cycle again completes it. Running it twice publishes once.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date
from uuid import uuid4

from sqlalchemy import Connection
from structlog.contextvars import bound_contextvars

from data.database import Database
from data.errors import Refused, StateError, UsageError
from data.panel import build_panel
from data.quality import estimate_completeness
from data.regions import RegionSet, digest_shapes, load_region_set
from data.store import list_deliveries
from models.artefacts.artefact import LoadedModel
from models.artefacts.signing import PublicKey, load_or_make_key
from models.registry import find_champion, load_champion
from models.score import score_panel
from service.alerts.evaluate import AlertReport, evaluate_publication
from service.alerts.rule_store import apply_default_rules
from service.alerts.track_record import judge_past_alerts
from service.clock import Clock
from service.feeds.cap_feed import render_cap_feed
from service.feeds.formats import render_documents
from service.feeds.manifest import sign_documents
from service.health.watch import watch_drift, watch_publication
from service.modelling.drift import judge_model, store_verdict
from service.modelling.shadowing import read_shadows, score_shadows, store_shadows
from service.publications.assembly import assemble_publication
from service.publications.fatalities import attach_fatalities, forecast_release
from service.publications.indicators import attach_indicators
from service.publications.inputs import attach_inputs, describe_inputs
from service.publications.kept_fatalities import read_kept, store_kept
from service.publications.publication import Attribution, Document, Publication
from service.publications.redraws import SHAPES, carry_publication, find_redraw
from service.publications.store import (
    find_facts,
    latest_publication,
    number_publication,
    store_documents,
    store_publication,
    take_turn_to_publish,
)
from service.record.fatality_verification import find_verified_deaths, store_verified_deaths
from service.record.forecast_ledger import append_publication, describe_entry
from service.record.verification import find_verified, load_verified, newest_of, store_verified
from service.settings import Settings

N_STEPS = 4
NOTE = "revision_note"
"""Member of a publication's manifest: why it replaces the revision before."""

_log = logging.getLogger("tocsin.cycle")

OnProgress = Callable[[int, int, str], None]


@dataclass(frozen=True)
class CycleReport:
    """What a cycle did.

    Attributes:
        region_set: Name of the set.
        as_of: Knowledge limit.
        revision: Revision that stands for it now.
        publication_id: Its row number.
        is_unchanged: True if the same content was published before and nothing was written.
        is_simulated: True if the events did not happen.
        model_version: The model that scored.
        n_scores: Scores that are served.
        n_withheld: Rows without a score, each with a reason.
        n_alert_events: Alert events that this publication brought.
        n_messages: Messages that were queued.
    """

    region_set: str
    as_of: date
    revision: int
    publication_id: int
    is_unchanged: bool
    is_simulated: bool
    model_version: str
    n_scores: int
    n_withheld: int
    n_alert_events: int
    n_messages: int

    @property
    def summary(self) -> str:
        """One line for people and logs."""
        name = f"{self.region_set} {self.as_of} revision {self.revision}"
        if self.is_unchanged:
            return f"{name} is published already, unchanged."
        return (
            f"Published {name}: {self.n_scores} scores, {self.n_withheld} withheld, "
            f"{self.n_alert_events} alert events, {self.n_messages} messages."
        )


def run_cycle(
    database: Database,
    settings: Settings,
    clock: Clock,
    *,
    region_set: str,
    as_of: date,
    note: str | None = None,
    on_progress: OnProgress | None = None,
) -> CycleReport:
    """Scores a region set as of a day and publishes the result, with all that follows from it.

    Every line that is logged meanwhile carries the cycle's id.

    Args:
        database: The open database.
        settings: The settings in force.
        clock: The clock.
        region_set: Name of the set.
        as_of: Knowledge limit.
        note: Why it is published again; readers are told, and it makes a new revision even where
            the scores are the same. None keeps the note of the revision that stands.
        on_progress: Called with steps done, steps in all, and the step that begins.

    Raises:
        UsageError: The as-of lies in the future.
        UnknownName: There is no such set.
        NotReady: No model stands for the set.
        NothingKnown: Nothing is known as of that day.
        Refused: The model fails a check, or was trained on what became known after the as-of.
        Conflict: Another process published the same as-of at this very moment.
    """
    cycle_id = f"{region_set}/{as_of}/{uuid4().hex[:8]}"
    with bound_contextvars(cycle_id=cycle_id):
        _log.info("cycle began")
        report = _run(database, settings, clock, region_set, as_of, note, on_progress)
        _log.info("cycle ended: %s", report.summary)
    return report


def _run(
    database: Database,
    settings: Settings,
    clock: Clock,
    region_set: str,
    as_of: date,
    note: str | None,
    on_progress: OnProgress | None,
) -> CycleReport:
    now = clock()
    if as_of > now.date():
        raise UsageError(f"The as-of {as_of} lies in the future.", "Nobody knows that yet.")
    tell = on_progress or _stay_silent
    tell(0, N_STEPS, "reading what was known")
    key = load_or_make_key(settings.state_dir)
    with database.read() as connection:
        regions = load_region_set(connection, region_set)
        models = _load_models(connection, settings, region_set, as_of, key.public)
        panel = build_panel(connection, regions, as_of)
        completeness = estimate_completeness(connection, regions, as_of)
        attributions = _collect_attributions(connection, regions, as_of)
        previous = latest_publication(connection, region_set, before=as_of)
        if previous is not None:
            before = previous.manifest.get(SHAPES)
            redraw = find_redraw(connection, region_set, before, digest_shapes(regions))
            previous = carry_publication(previous, redraw)
        kept = read_kept(connection, region_set)
        past_alerts = judge_past_alerts(connection, panel, settings)
        verified = find_verified(connection, panel)
        deaths = find_verified_deaths(connection, panel)
        known_record = load_verified(connection, region_set, as_of=as_of)
        shadows = [
            shadow
            for outcome in settings.outcomes
            for shadow in read_shadows(connection, region_set, outcome, as_of, key.public)
        ]
    tell(1, N_STEPS, "scoring")
    runs = [(score_panel(model, panel, settings), model.manifest) for model in models]
    shadow_runs = score_shadows(shadows, panel, settings)
    record = newest_of([*known_record, *verified])
    drift = [judge_model(model, panel, settings, record) for model in models]
    release, to_keep = forecast_release(panel, regions.source, settings, kept)
    tell(2, N_STEPS, "rendering")
    scored = assemble_publication(
        runs[0][0],
        panel,
        regions,
        previous,
        runs[0][1],
        attributions,
        settings,
        now,
        others=runs[1:],
    )
    told = attach_inputs(scored, describe_inputs(panel, completeness), settings)
    assembled = attach_indicators(attach_fatalities(told, release), panel, settings)
    with database.read() as connection:
        publication = _number(connection, assembled, note)
    if publication.publication_id is not None:
        tell(N_STEPS, N_STEPS, "unchanged")
        return _report(publication, None)
    documents = render_documents(publication, regions)
    tell(3, N_STEPS, "publishing")
    with database.write() as connection:
        take_turn_to_publish(connection, region_set)
        standing = number_publication(connection, publication)
        if standing.publication_id is not None:  # Another process was a moment faster.
            return _report(standing, None)
        entry = describe_entry(append_publication(connection, publication))
        stored = store_publication(connection, publication, documents)
        store_verified(connection, panel, verified)
        store_verified_deaths(connection, panel, deaths)
        if to_keep is not None:
            store_kept(connection, region_set, to_keep)
        store_shadows(connection, _id_of(stored), shadow_runs)
        for model, verdict in zip(models, drift, strict=True):
            store_verdict(connection, _id_of(stored), model, verdict)
        apply_default_rules(connection, now)
        alerts = evaluate_publication(
            connection, stored, settings=settings, now=now, past_alerts=past_alerts
        )
        if alerts.n_replayed == 0:
            watch_publication(connection, stored, settings, now)
            outcomes = (model.manifest["outcome"]["name"] for model in models)
            judged = dict(zip(outcomes, drift, strict=True))
            watch_drift(connection, region_set, judged, settings, now)
        late = _render_alerts(connection, stored, alerts, settings)
        manifest = sign_documents(publication, (*documents, *late), key, entry)
        store_documents(connection, _id_of(stored), (*late, manifest))
    tell(N_STEPS, N_STEPS, "done")
    return _report(stored, alerts)


def _render_alerts(
    connection: Connection, publication: Publication, alerts: AlertReport, settings: Settings
) -> tuple[Document, ...]:
    """Returns the feed of alerts; none for a backfill, which tells nobody anything."""
    if alerts.n_replayed:
        return ()
    return (render_cap_feed(connection, publication, public_url=settings.public_url),)


def _id_of(publication: Publication) -> int:
    if publication.publication_id is None:
        raise StateError("The publication was not stored.")
    return publication.publication_id


def _number(connection: Connection, assembled: Publication, note: str | None) -> Publication:
    """Returns the publication under its revision, with the note that it carries."""
    if note is None:
        standing = find_facts(connection, assembled.region_set, assembled.as_of)
        kept = None if standing is None else standing.get(NOTE)
        if kept is not None:
            same = number_publication(connection, _annotate(assembled, kept))
            if same.publication_id is not None:
                return same
        return number_publication(connection, assembled)
    return number_publication(connection, _annotate(assembled, note))


def _annotate(publication: Publication, note: str) -> Publication:
    return replace(publication, manifest={**publication.manifest, NOTE: note})


def _report(publication: Publication, alerts: AlertReport | None) -> CycleReport:
    n_scores = sum(score.risk_score is not None for score in publication.scores)
    return CycleReport(
        region_set=publication.region_set,
        as_of=publication.as_of,
        revision=publication.revision,
        publication_id=_id_of(publication),
        is_unchanged=alerts is None,
        is_simulated=publication.is_simulated,
        model_version=publication.model_version,
        n_scores=n_scores,
        n_withheld=len(publication.scores) - n_scores,
        n_alert_events=0 if alerts is None else len(alerts.events),
        n_messages=0 if alerts is None else len(alerts.message_ids),
    )


def _stay_silent(done: int, total: int, text: str) -> None:
    del done, total, text


def _load_models(
    connection: Connection, settings: Settings, region_set: str, as_of: date, key: PublicKey
) -> list[LoadedModel]:
    """Returns the models in service, one per outcome of the settings for which one stands."""
    standing = [
        outcome
        for outcome in settings.outcomes
        if find_champion(connection, region_set, outcome) is not None
    ]
    # Without any, the refusal says what to do.
    return [
        _load_model(connection, region_set, outcome, as_of, key)
        for outcome in standing or settings.outcomes[:1]
    ]


def _load_model(
    connection: Connection, region_set: str, outcome: str, as_of: date, key: PublicKey
) -> LoadedModel:
    model = load_champion(connection, region_set, outcome, key)
    try:
        trained_as_of = date.fromisoformat(model.manifest["data"]["as_of"])
    except (KeyError, TypeError, ValueError):
        raise StateError(f"The model {model.model_version} does not say what it knew.") from None
    if trained_as_of > as_of:
        raise Refused(
            f"The model {model.model_version} was trained on what was known on {trained_as_of}, "
            f"which nobody knew on {as_of}.",
            f"Score as of {trained_as_of} or later, or train with --as-of {as_of} and promote it.",
        )
    return model


def _collect_attributions(
    connection: Connection, region_set: RegionSet, as_of: date
) -> tuple[Attribution, ...]:
    """Who must be named: each licence and credit of the deliveries once, and the shapes."""
    named = [
        Attribution(delivery.source, delivery.licence, delivery.attribution)
        for delivery in list_deliveries(connection, region_set.source, as_of)
    ]
    if region_set.attribution:
        named.append(Attribution("region shapes", "", region_set.attribution))
    return tuple(dict.fromkeys(named))
