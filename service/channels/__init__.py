"""Channels: how a message reaches its receiver, one file each.

Purpose: send one message and say what came of it: delivered, to be retried, or dead.

Owns: contact points, the channel contract, the channels (log, webhook, e-mail, chat, CAP folder),
the guarded client through which every webhook is called.
Does not own: when to send, retries, what a message says (`service.alerts`).
Invariants: a channel never raises for a receiver's fault and never logs a secret; no webhook
outside the public internet is dialled unless the operator allows loopback.

Where to go:
    who can be told           contacts.py; secrets by reference: references.py
    e-mail                    mail.py (SMTP), mail_text.py and templates/ (what it looks like)
    CAP messages as files     cap_folder.py
    a new channel             a file here, opened in configured.py
    what a channel must do    contract.py
    which addresses are safe  addresses.py
    calls to foreign hosts    guarded_client.py; of foreign code: guarded_dialling.py
"""
