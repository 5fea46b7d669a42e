"""The models room: what the model says, and how good it is.

Purpose: fit one small model per outcome and horizon, measure it out of time against simple
baselines, keep it signed in a registry, score regions with it and explain each score.

Owns: outcomes, estimators, challengers, baselines, metrics, the rolling-origin backtest, the gate,
artefacts and their signature, the registry, scores and their contributions.
Does not own: publication, feeds, alerts, pictures, HTTP, schedules.
May import: scikit-learn, joblib, cryptography, `features`, `data`.
Invariants: no label window crosses an origin; nothing is unpickled before its signature holds;
contributions sum to the score.

Where to go:
    what is forecast                  models/outcome.py (numbers: models/settings.py)
    labels per horizon, training rows models/history.py, models/task.py, models/sampling.py
    the parts of the model            models/estimators/
    what can be made of them, tried   models/recipes.py, models/challengers/
    baselines                         models/baselines.py
    training, a score                 models/train.py, models/score.py
    rolling origin, folds on disk     models/backtest.py, models/forecasts.py, models/checkpoints.py
    what a past forecast is made from models/replay.py; as known then: models/as_known.py
    which origins that replay has     models/origins.py
    a backtest with every figure      models/trial.py, models/gain.py, models/comparison.py
    measures, curve, intervals        models/metrics.py, models/reliability.py, models/bootstrap.py
    skill, the gate                   models/skill/
    deaths as a distribution          models/fatalities/
    what is kept of a model, signed   models/artefacts/
    the registry, shadows             models/registry.py, models/shadows.py, models/tables.py
    inputs and calibration that drift models/drift.py, models/sequential.py
    what was published, verified      models/verification.py, models/track_record.py
    progress                          models/progress.py
"""
