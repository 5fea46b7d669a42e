"""Health: is the service well, and who is told.

Purpose: find what is wrong with the service itself, and tell operators and machines.
Owns: the watch, the heartbeat, probes and metrics, `tocsin doctor`. Does not own: the alerts that
it opens (`service.alerts`).
May import: everything of the service but the pipeline, the ticker, pages and commands.
Invariants: each finding says what to do; nothing here changes a publication.

Where to go:
    what is wrong becomes an alert   watch.py
    a sign of life for others        heartbeat.py
    machines that watch              probes.py, metrics.py
    what `tocsin doctor` finds       examination.py
"""
