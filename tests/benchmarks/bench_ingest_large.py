"""Ingest of 5 million events: `make bench ONLY=ingest_large`, some minutes and 2 GB of disk."""

from __future__ import annotations

import bench_ingest


def measure() -> dict[str, float]:
    """Returns what `bench_ingest.measure` returns."""
    return bench_ingest.measure("ingest_large", 5_000_000)
