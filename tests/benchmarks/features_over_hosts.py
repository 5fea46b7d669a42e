"""What asks in bench_features_hosts_s3: builds here and on the cluster, compares, prints JSON."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from bench_features_s3 import FEATURE_SET, HORIZON, peak_memory, rebuild, seconds
from distributed import Client
from worlds import S3, make_panel

from features.build import build_features
from features.catalogue import indicators_of
from features.cluster import on_cluster
from features.outcomes import EscalationDefinition


def main(address: str) -> None:
    """Prints seconds and the peak of memory; raises AssertionError if a bit differs."""
    panel = make_panel(S3)
    shape = (len(indicators_of(FEATURE_SET)), *panel.known.shape)
    with TemporaryDirectory() as folder:
        here = np.memmap(Path(folder) / "here", np.float32, "w+", shape=shape)
        there = np.memmap(Path(folder) / "there", np.float32, "w+", shape=shape)
        rebuild(panel, here)
        with Client(address, timeout=60) as client:
            client.wait_for_workers(2, timeout=60)
        with on_cluster(address), peak_memory() as peak:
            taken = seconds(
                lambda: build_features(
                    panel, FEATURE_SET, EscalationDefinition(), HORIZON, out=there
                )
            )
        for one, other in zip(here, there, strict=True):
            np.testing.assert_array_equal(one.view(np.uint32), other.view(np.uint32))
    print(json.dumps({"seconds": taken, "peak_gib": peak[0] / 2**30}))


if __name__ == "__main__":
    main(sys.argv[1])
