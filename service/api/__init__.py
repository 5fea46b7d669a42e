"""The API: JSON under `/api/v1`, described by an OpenAPI document that a test holds.

Owns the addresses, their parameters and answers, and how an error becomes a problem (RFC 9457).
Does not own what is answered: queries lie with their tables.
Invariants: an unknown or repeated parameter is refused; every error is a problem with a stable
code; whatever changes something needs a key and leaves an audit entry; the numbers have the
decimals of the feeds; nothing is loaded from another server.

Where to go:
    the router                    router.py
    sets, regions, publications   sets.py, region_detail.py
    what the addresses work with  context.py
    scores and their paging       scores.py, paging.py
    fatalities as distributions   fatalities.py
    what came, what was sealed    verification.py, ledger.py
    indicators                    indicators.py
    alerts, rules                 alerts.py, rules.py
    what people do about alerts   alert_actions.py
    what operators read           operations.py
    sources, events as known      sources.py
    models, health                models.py, health.py
    the form of answers           schemas.py
    strict parameters             parameters.py
    reported events               events.py
    keys and scopes               access.py
    problems in answers           handlers.py, problem_schema.py
    the OpenAPI document          openapi.py
"""
