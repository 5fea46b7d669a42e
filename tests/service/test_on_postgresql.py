"""The whole way on PostgreSQL: deliveries, a model, publications, alerts, messages, chains."""

from __future__ import annotations

from datetime import date

import pytest

from service.alerts.audit import verify_audit
from service.alerts.delivery import deliver_due
from service.alerts.read import list_messages
from service.alerts.rule_store import apply_rules
from service.alerts.rules import parse_rule
from service.alerts.system import report_condition
from service.intake.fetching import ingest_new
from service.pipeline import run_cycle
from service.publications.store import list_publications, load_document
from service.record.forecast_ledger import verify_ledger

EVERYWHERE = parse_rule(
    {
        "id": "any",
        "name": "Any risk",
        "why": "So that the trail has an entry.",
        "measure": "risk_score",
        "selector": {"outcome": "escalation", "horizons": [3]},
        "levels": [{"name": "any", "enter": 0.01, "exit": 0.005}],
    }
)
AS_OFS = (date(2021, 12, 15), date(2022, 1, 15))


@pytest.mark.parametrize("backend", ["postgres"], indirect=True)
def test_the_whole_way(demo):
    with demo.database.write() as connection:
        apply_rules(connection, [EVERYWHERE], actor="awa", now=demo.clock())
    ingest_new(demo.database, demo.settings, demo.clock, region_set="demo")
    for as_of in AS_OFS:
        run_cycle(demo.database, demo.settings, demo.clock, region_set="demo", as_of=as_of)
    with demo.database.write() as connection:
        report_condition(
            connection,
            "source_stale",
            "demo",
            is_bad=True,
            detail="A test.",
            settings=demo.settings,
            now=demo.clock(),
        )
    deliver_due(demo.database, demo.settings, demo.clock)
    with demo.database.read() as connection:
        assert [head.as_of for head in list_publications(connection, "demo")] == [*AS_OFS[::-1]]
        assert load_document(connection, "demo", AS_OFS[1], "csv").body.startswith(b"set,region_id")
        messages = list_messages(connection)
        assert messages
        assert {message.status for message in messages} == {"delivered"}
        assert verify_ledger(connection).is_good
        trail = verify_audit(connection)
        assert trail.is_good
        assert trail.n_entries > 0
