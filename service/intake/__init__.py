"""The intake: from a source, or a file, to a stored delivery.

Purpose: ask a source, keep what it gave, examine it, and store it in one transaction.
Owns: the one way in. Does not own: how a source speaks (`data.sources`), what is suspicious
(`data.quality`), when a source is asked (`service.schedule`).
May import: data; the guarded client of `service.channels`.
Invariants: what is in the database stays as it was until a whole delivery is in.

Where to go:
    from a file to the database   ingestion.py
    asking a source               fetching.py
    getting its files             downloads.py
"""
