"""Modelling: models as use cases, over what is stored.

Purpose: train, measure, promote and watch models with what the database knows.
Owns: what happens around a model. Does not own: any arithmetic (`models`).
May import: models, features, data; settings, tables and publications of the service.
Invariants: nothing is promoted by itself once a champion stands; a shadow is never served.

Where to go:
    training          training.py
    a backtest        backtesting.py; what was known when: knowledge.py
    promotion         promotion.py
    shadow models     shadowing.py
    drift             drift.py
"""
