"""Publications: all that is told of one region set for one as-of, immutable once written.

Purpose: put scores and fatalities together with names, levels, changes, drivers and the facts that
a reader needs, and keep them exactly.
Owns: the publication, its rows, and the words of its explanations. Does not own: the documents made
of it (`service.feeds`), alerts (`service.alerts`), what came of it (`service.record`).
May import: models, features, data; settings, tables and words of the service.
Invariants: a publication is written once, with a new revision for every correction; what is read
back equals what was written.

Where to go:
    what a publication holds           publication.py; of deaths: fatality.py
    from scores to a publication       assembly.py
    the deaths of a publication        fatalities.py; the walk behind them: kept_fatalities.py
    which scores are withheld, and why inputs.py
    the indicators that rules ask for  indicators.py
    rows there and back                rows.py, store.py
    one region over time               history.py; across redrawn borders: redraws.py
    why a score is what it is          explanation.py (words: explanation_words.py)
"""
