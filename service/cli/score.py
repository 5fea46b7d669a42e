"""`tocsin score`: one cycle of one region set."""

from __future__ import annotations

from service.cli.output import (
    AsOfOption,
    JsonOption,
    SetOption,
    print_json,
    print_table,
    progress_bar,
    say,
)
from service.cli.session import open_session
from service.health.heartbeat import send_heartbeat
from service.pipeline import run_cycle
from service.publications.store import load_publication

_SHOWN = 10


def score(
    name: SetOption = None,
    as_of: AsOfOption = None,
    as_json: JsonOption = False,
) -> None:
    """Scores every region, publishes the feeds, evaluates the alert rules, queues notifications.

    All of it is one transaction. The same content for the same as-of is published once; other
    content becomes a new revision, and the old one stays reachable.

    Example: tocsin score --set sahel --as-of 2022-01-15
    """
    with open_session() as session:
        region_set, day = session.set_name(name), session.as_of(as_of)
        with progress_bar(f"Scoring {region_set}") as on_progress:
            report = run_cycle(
                session.database,
                session.settings,
                session.clock,
                region_set=region_set,
                as_of=day,
                on_progress=on_progress,
            )
        if day == session.today():
            send_heartbeat(
                session.database, session.settings, session.clock, region_set=region_set, as_of=day
            )
        if as_json:
            print_json(report)
            return
        with session.database.read() as connection:
            publication = load_publication(connection, report.publication_id)
    say(report.summary)
    outcome, *others = publication.outcomes
    say(f"Origin {publication.origin_label}, model {publication.model_version}.")
    say(f"The highest scores of {outcome}" + (f", beside {', '.join(others)}:" if others else ":"))
    served = [row for row in publication.of_outcome(outcome).scores if row.risk_score is not None]
    served.sort(key=lambda row: -(row.risk_score or 0))
    print_table(
        ["region", "country", "horizon", "risk", "level", "change", "status"],
        [
            [
                row.region_name,
                row.country,
                f"{row.horizon} {publication.step}{'s' if row.horizon > 1 else ''}",
                f"{row.risk_score:.0%}",
                row.level,
                None if row.change is None else f"{row.change:+.0%}",
                row.status,
            ]
            for row in served[:_SHOWN]
        ],
    )
    say("`tocsin serve` shows all of it.")
