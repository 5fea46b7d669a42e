"""Skill: what out-of-time forecasts of an outcome were worth, and whether that is enough.

Purpose: turn forecasts and what came into every figure of the protocol, and into a verdict.
Owns: the skill table, strata, the gate. Does not own: single measures (`models.metrics`) and their
intervals (`models.bootstrap`), making the forecasts (`models.backtest`).
May import: forecasts, baselines, estimators and history of the models room.
Invariants: every figure stands beside the same figure of each baseline.

Where to go:
    every figure of a report      assessment.py
    the skill table               table.py
    parts of the forecasts        strata.py, where_when.py
    what they are worth to act on decisions.py
    beside the simulated truth    truth.py
    may a number be served        gate.py, group_gate.py; out of proportion: guard.py
"""
