"""Estimators: the parts of the model that is served, and how they are put together.

Purpose: fit closed rows, give log-odds, and explain each exactly.
Owns: fitting and contributions. Does not own: which rows train (`models.task`), what else was tried
(`models.challengers`), what is kept of a fit (`models.artefacts`).
May import: scikit-learn; task, metrics and settings of the models room.
Invariants: contributions sum to the log-odds.

Where to go:
    what is served                  ensemble.py
    its parts                       ridge.py, counts.py; trees that may win: boosted.py
    recalibration                   calibration.py
    the interval of a probability   uncertainty.py
"""
