"""Fatalities: how many deaths each coming period may bring, as a distribution.

Purpose: forecast deaths per unit and period ahead with honest intervals, measure them out of time,
and say which forecast may be served.
Owns: distributions of deaths and their widening. Does not own: yes-or-no outcomes (`models.trial`),
publication.
May import: metrics, intervals of skill, settings and progress of the models room.
Invariants: an interval is widened only by what was closed at the origin.

Where to go:
    units, and what is told of them   units.py, names.py
    one period ahead                  period.py
    wider intervals                   conformal.py; a challenger: adaptive.py
    origin by origin                  path.py; kept on disk: files.py, as bytes: keep.py
    from the present                  forecast.py; what may be served of it: release.py
    measured                          trial.py, measures.py
    what was published, verified      verification.py, record.py
    in the layout of VIEWS            views_layout.py
"""
