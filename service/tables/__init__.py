"""Tables of the service room.

A publication and all that follows from it (scores, documents, alert states and events, the
messages to send) is written in one transaction.

Where to go:
    publications with their scores, deaths, indicators and documents
        publications.py
    what came of publications, what else was scored, what is sealed
        record.py
    rules, states and events of alerts, and what people did with them
        alerts.py
    the outbox, who is told, and what became of each message
        messages.py
    slots of cycles and fetches, heartbeats, keys, the audit trail
        operations.py
"""

from service.tables.alerts import (
    acknowledgements,
    alert_events,
    alert_states,
    cap_messages,
    incident_notes,
    rules,
    silences,
    system_alerts,
)
from service.tables.messages import (
    contact_books,
    delivery_attempts,
    disabled_endpoints,
    notifications,
    outbox,
)
from service.tables.operations import api_keys, audit_entries, fetch_slots, heartbeats, slots
from service.tables.publications import (
    documents,
    fatalities,
    kept_fatalities,
    publication_indicators,
    publications,
    scores,
)
from service.tables.record import (
    drift_verdicts,
    fatality_verifications,
    ledger_entries,
    shadow_scores,
    verifications,
)

__all__ = [
    "acknowledgements",
    "alert_events",
    "alert_states",
    "api_keys",
    "audit_entries",
    "cap_messages",
    "contact_books",
    "delivery_attempts",
    "disabled_endpoints",
    "documents",
    "drift_verdicts",
    "fatalities",
    "fatality_verifications",
    "fetch_slots",
    "heartbeats",
    "incident_notes",
    "kept_fatalities",
    "ledger_entries",
    "notifications",
    "outbox",
    "publication_indicators",
    "publications",
    "rules",
    "scores",
    "shadow_scores",
    "silences",
    "slots",
    "system_alerts",
    "verifications",
]
