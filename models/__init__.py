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
    the service model                 models/ensemble.py, models/recipes.py
    … its parts                       models/estimators.py, models/counts.py, models/boosted.py
    recalibration                     models/calibration.py
    the interval of a probability     models/uncertainty.py
    which rows train, other regions   models/task.py, models/sampling.py
    what else was tried               models/recipes.py, models/challengers/
    baselines                         models/baselines.py
    metrics, curve, intervals         models/metrics.py, models/reliability.py, models/bootstrap.py
    calibrated, judged, measured      models/measured.py, models/skill.py
    rolling origin, gate              models/backtest.py, models/gate.py, models/group_gate.py
    a backtest with every figure      models/trial.py, models/assessment.py, models/gain.py
    what came; forecasts as a table   models/truth.py, models/forecasts.py
    where and when, strata, alerts    models/where_when.py, models/strata.py, models/decisions.py
    fatalities as a distribution      models/fatalities.py, models/conformal.py, models/units.py
    … origin by origin                models/fatality_path.py
    … from the present                models/fatality_forecast.py
    … its names, measured             models/fatality_names.py, fatality_trial.py, distribution.py
    … what they were worth            models/fatality_record.py
    … as published, and verified      models/fatality_release.py, models/fatality_verification.py
    … kept for the next publication   models/fatality_keep.py
    … in the layout of VIEWS          models/views_layout.py
    inputs and calibration that drift models/drift.py, models/sequential.py
    scored and never served           models/shadows.py
    what was published, verified      models/verification.py, models/track_record.py
    progress                          models/progress.py
    folds and origins on disk         models/checkpoints.py, models/fatality_files.py
    labels per horizon, training rows models/history.py, models/task.py
    training, its manifest            models/train.py, models/manifest.py
    the card, two models beside       models/card.py, models/comparison.py
    artefact, signature, registry     models/artefact.py, models/signing.py, models/registry.py
    tables of the registry            models/tables.py
    checks before a model is loaded   models/admission.py
    scores, explanations, their guard models/score.py, models/guard.py
"""
