"""Links by which a reader of a message acts, without a key.

Purpose: hand out signed, dated links, and take them back.
Owns: what a link says and how long it holds. Does not own: the pages behind it (`service.web`).
May import: settings.
Invariants: a link lets one person do one thing; an altered or outdated one does nothing.

Where to go:
    signed texts                  tokens.py
    acting on an incident         action_links.py
    ending an e-mail              unsubscribe_links.py
"""
