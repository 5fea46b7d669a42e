"""Alerts: from the scores of a publication to messages that people have accepted.

Purpose: decide, once per publication, what each series (rule x region x horizon x outcome) does;
decide who is told what and why; deliver it at least once.

Owns: rules and their versions, the state machine, the history of incidents, contact points and
routes, the notification log, the outbox, alerts about the service itself.
Does not own: scores, publications, how a channel reaches its receiver (`service.channels`).
Invariants: an evaluation is a pure function of rules, previous states and scores; no data never
fires and never resolves; events, notification log and outbox rows are written in the transaction
of the publication; a message keeps its id over all tries.

Where to go:
    a rule, its checks                rules.py
    rule files and their lines        rule_files.py, toml_lines.py, *_rules.toml
    versions of rules                 rule_store.py
    what is measured                  measures.py
    conditions on neighbours, fronts  conditions.py, neighbourhoods.py, condition_words.py;
                                      assess.py (with the measure)
    fire, escalate, resolve           machine.py (one series), advance.py (one publication),
                                      tracking.py (what is remembered)
    regions that are redrawn          hand_over.py
    ids of series, incidents, events  identity.py
    tests of rules that users write   rule_test_files.py, rule_tests.py
    what rules would have told        simulate.py, past.py, simulated_costs.py
    corrections and backfills         evaluate.py, history.py
    contact points and routes         contact_files.py, contact_store.py, routes.py, labels.py
    a test message to one             contact_trial.py
    who is told, and why              notify.py, announce.py, ledger.py (what stands, what was
                                      told)
    alerts about the service          system.py, system_message.py
    acknowledgements, silences        hush.py, audit.py (who did what)
    unsubscribed, enabled again       subscriptions.py
    the map of an e-mail              mail_picture.py
    notes, who looks after it         care.py
    all of an incident in one list    story.py
    what a message says               message.py, wording.py
    CAP messages                      cap_decision.py, cap.py, cap_words.py, cap_log.py,
                                      cap_queue.py (to folders)
    how good past alerts were         track_record.py, followed.py
    retries, leases, dead letters     outbox.py, delivery.py, claims.py, retries.py
    read models for pages and the API read.py
"""
