"""The service room: what people are told.

Purpose: run the cycle (ingest what is new, score, publish, evaluate alerts, queue notifications),
serve feeds, pages and the API, deliver notifications.

Owns: the one settings object and the one clock, publications and their documents, alert rules and
their state, the outbox, channels, the web pages, the command line.
Does not own: arithmetic on events, features or models.
May import: every other room; FastAPI, APScheduler, Altair, typer.
Invariants: a publication and all that follows from it is one transaction; a feed is stored bytes;
an alert evaluation is a pure function of rule, previous state and scores.

Where to go:
    one cycle                         service/pipeline.py
    … its parts                       service/ingestion.py, service/publication_*.py, redraws.py
    what a publication is             service/publication.py, service/fatalities.py
    files of sources                  service/fetching.py, service/downloads.py
    training, backtests, promotion    service/training.py, backtesting.py, promotion.py, report/
    a feed format                     service/feeds/ (one file each)
    shadow models, drift              service/shadowing.py, service/drift.py
    what came of what was published   service/verification.py, service/track_record.py
    … of the deaths                   service/fatality_verification.py, service/fatality_record.py
    the walk behind published deaths  service/kept_fatalities.py
    forecasts of others beside ours   service/others.py
    why a score is what it is         service/explanation.py (words: service/explanation_words.py)
    indicators: values, in French     service/indicator_values.py, service/indicator_words.py
    what was published, sealed        service/forecast_ledger.py (chains: service/chain.py)
    an alert rule, its semantics      service/alerts/
    a channel                         service/channels/ (one file each)
    a page, a chart                   service/web/
    an endpoint                       service/api/
    the application around them       service/app.py, middleware.py, problems.py, boxes.py, memo.py
    links by which people act         service/action_links.py, unsubscribe_links.py, tokens.py
    who may do what: keys             service/keys.py, service/api/access.py
    features for QGIS and ArcGIS      service/ogc/
    when a cycle is due, who runs it  service/schedules.py, service/slots.py, service/scheduler.py
    what is fetched when              service/fetch_plans.py, service/scheduled_fetches.py
    is it on time                     service/lateness.py, service/probes.py, service/metrics.py
    is something wrong, are we alive  service/watch.py, service/heartbeat.py, service/examination.py
    words in two languages            service/languages.py
    how a template is filled in       service/templates.py
    a command                         service/cli/
    settings, clock, logs, tables     service/settings.py, clock.py, logs.py, tables.py
"""
