"""Alerts: from the scores of a publication to messages that people have accepted.

Purpose: decide, once per publication, what each series (rule x region x horizon x outcome) does;
decide who is told what and why; deliver it at least once.

Owns: rules and their versions, the state machine, the history of incidents, the notification log,
the outbox.
Does not own: scores, publications, how a channel reaches its receiver (`service.channels`).
Invariants: an evaluation is a pure function of rules, previous states and scores; no data never
fires and never resolves; events, notification log and outbox rows are written in the transaction
of the publication; a message keeps its id over all tries.

Where to go:
    a rule, its checks                rules.py
    rule files and their lines        rule_files.py, rule_lines.py, *_rules.toml
    versions of rules                 rule_store.py
    what is measured                  measures.py
    fire, escalate, resolve           machine.py (one series), advance.py (one publication)
    ids of series, incidents, events  identity.py
    tests of rules that users write   rule_tests.py
    what rules would have told        simulate.py, past.py
    corrections and backfills         evaluate.py, history.py
    who is told, and why              routes.py, notify.py, announce.py
    acknowledgements, silences        hush.py, audit.py (who did what)
    what a message says               message.py, wording.py
    retries, leases, dead letters     outbox.py, retries.py
    read models for pages and the API read.py
"""
