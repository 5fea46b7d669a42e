"""Channels: how a message reaches its receiver, one file each.

Purpose: send one message and say what came of it: delivered, to be retried, or dead.

Owns: the channel contract, the log and webhook channels, the guarded client through which every
address that a user supplies is called.
Does not own: when to send, retries, what a message says (`service.alerts`).
Invariants: a channel never raises for a receiver's fault and never logs a secret; no address
outside the public internet is dialled unless the operator allows loopback.

Where to go:
    a new channel             a file here, opened in configured.py
    what a channel must do    contract.py
    which addresses are safe  addresses.py
    calls to foreign hosts    guarded_client.py
"""
