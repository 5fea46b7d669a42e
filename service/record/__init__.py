"""The record: what was forecast, sealed, and what came of it.

Purpose: hold every published forecast against what happened, beside baselines and beside others.
Owns: verifications, the track record, the forecast ledger. Does not own: any figure of skill
(`models`), the pages that show it.
May import: models, data; publications and feeds of the service.
Invariants: the ledger only grows; a forecast is judged once its window is closed and known.

Where to go:
    what came of published forecasts   verification.py
    measured per horizon               track_record.py
    … of the deaths                    fatality_verification.py, fatality_record.py
    forecasts of others beside ours    others.py
    what was published, sealed         forecast_ledger.py (chains: service/chain.py)
"""
