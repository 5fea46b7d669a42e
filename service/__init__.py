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
    one cycle, the ticker             service/pipeline.py, service/scheduler.py
    from a source to the database     service/intake/
    what is due when                  service/schedule/
    what a publication is             service/publications/
    a feed format                     service/feeds/ (one file each)
    training, backtests, promotion    service/modelling/; their page: service/report/
    what came of what was published   service/record/ (chains: service/chain.py)
    an alert rule, its semantics      service/alerts/
    a channel                         service/channels/ (one file each)
    links by which people act         service/links/
    is something wrong, are we alive  service/health/
    a page, a chart                   service/web/
    an endpoint                       service/api/
    features for QGIS and ArcGIS      service/ogc/
    the application around them       service/app.py, middleware.py, problems.py, boxes.py, memo.py
    who may do what: keys             service/keys.py, service/api/access.py
    indicators: values, in French     service/indicator_values.py, service/indicator_words.py
    words in two languages            service/languages.py
    how a template is filled in       service/templates.py
    a command                         service/cli/
    settings, clock, logs, tables     service/settings.py, clock.py, logs.py, tables/
"""
