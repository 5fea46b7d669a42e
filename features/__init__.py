"""The features room: what the model sees.

Purpose: turn a panel into indicators, and outcomes into labels, by one builder that serves training
and scoring alike.

Owns: the catalogue of declared indicators, the arithmetic behind them, outcome definitions.
Does not own: where events come from, which features a model uses, any fitting.
May import: numpy, scipy.sparse, scipy.spatial, scipy.signal, joblib, `data.panel` and its parts
(`data.panel.details` …), `data.calendar`, `data.errors`. Knows no database.
Invariants: a value at period t uses periods up to t only; unknown stays NaN; a row built for
scoring equals the same row built for training, bit for bit.

Where to go:
    a new indicator                   features/declarations/
    what a declaration says           features/indicator.py
    feature sets                      features/feature_sets.py; by name: features/catalogue.py
    a new kind of arithmetic          features/measures.py, features/evaluation.py
    rows, regions, windows of a panel features/slices.py
    along time                        features/windows.py, features/decays.py, features/since.py
    new, rising, bursts, records      features/tempo.py
    who is active                     features/actors.py
    neighbours                        features/neighbours.py, features/members.py
    which regions form a group        features/spatial.py
    distances, nearby, capitals       features/geography.py
    the front and the capital         features/fronts.py
    the calendar of a window          features/season.py
    the builder                       features/build.py, features/fill.py, features/plan.py
    arrays too large for the cache    features/runs.py
    more machines                     features/cluster.py, features/blocks.py
    an update after a delivery        features/incremental.py, features/changes.py; of the newest
                                      period alone: features/newest.py
    the page in docs/                 features/page.py
    escalation and other labels       features/outcomes.py, features/severity.py (fixed bars)
"""
