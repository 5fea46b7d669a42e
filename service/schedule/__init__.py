"""The schedule: what is due when, and who does it.

Purpose: say at which moments cycles and fetches are due, hand each moment to one process, and say
whether a region set is on time.
Owns: slots and what became of them. Does not own: the ticker (`service.scheduler`), a cycle
(`service.pipeline`), asking a source (`service.intake`).
May import: `service.intake`, `service.alerts`, `service.publications`.
Invariants: a slot is done once, however many processes look; a missed one is caught up with or
named as skipped.

Where to go:
    when a cycle is due           schedules.py
    what is fetched when          fetch_plans.py, scheduled_fetches.py
    who does it, what became of it  slots.py
    is it on time                 lateness.py
"""
