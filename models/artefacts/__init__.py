"""Artefacts: what is kept of a trained model, signed.

Purpose: turn a trained model into bytes that name themselves, and prove them before they are read.
Owns: the artefact, its manifest, its signature, the card. Does not own: rows of the registry
(`models.registry`).
May import: joblib, cryptography; estimators, outcome and settings of the models room.
Invariants: nothing is unpickled before its signature holds.

Where to go:
    the bytes                         artefact.py
    what a model's user may ask       manifest.py
    the key                           signing.py
    checks before a model is loaded   admission.py
    the card                          card.py
"""
