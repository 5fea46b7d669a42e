"""Challengers: models that are measured beside the default, one file each.

Purpose: keep what was tried repeatable. Each module has one function that fits closed rows and
returns a function from rows to log-odds; `adaptive` widens distributions of fatalities. Challengers
that can also be served are parts of `models.estimators.ensemble`: see `models.recipes`.
Does not own: the default (`models.estimators.ensemble`), nor the choice of it (docs/decisions).
"""
