"""Features at S3 on a Dask cluster of two worker processes, against one machine: bits and memory.

The workers share nothing with this process but a socket on the loopback device. Takes 16 GiB of
memory for a while, so it runs only if it is asked for.
"""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from bench_features_s3 import FEATURE_SET, HORIZON, VAR, peak_memory, rebuild, seconds
from distributed import LocalCluster
from worlds import S3, make_panel

from features.build import build_features
from features.catalogue import indicators_of
from features.cluster import on_cluster
from features.outcomes import EscalationDefinition

N_WORKERS = 2
_GIB = 2**30


def measure() -> dict[str, float]:
    """Returns times and memory; also checks that the cluster gives the bits of one machine."""
    panel = make_panel(S3)
    shape = (len(indicators_of(FEATURE_SET)), *panel.known.shape)
    VAR.mkdir(exist_ok=True)
    with TemporaryDirectory(dir=VAR) as folder:
        here = np.memmap(Path(folder) / "here", np.float32, "w+", shape=shape)
        there = np.memmap(Path(folder) / "there", np.float32, "w+", shape=shape)
        alone = seconds(lambda: rebuild(panel, here))
        with LocalCluster(
            n_workers=N_WORKERS,
            threads_per_worker=1,
            dashboard_address=":0",
            local_directory=folder,
            memory_limit=None,
        ) as cluster:
            workers = [worker.process.pid for worker in cluster.workers.values()]
            with on_cluster(cluster.scheduler_address), peak_memory(None, *workers) as peaks:
                together = seconds(
                    lambda: build_features(
                        panel, FEATURE_SET, EscalationDefinition(), HORIZON, out=there
                    )
                )
        for one, other in zip(here, there, strict=True):
            np.testing.assert_array_equal(one.view(np.uint32), other.view(np.uint32))
    return {
        "features_cluster.s3.alone_seconds": alone,
        "features_cluster.s3.cluster_seconds": together,
        "features_cluster.s3.peak_here_gib": peaks[0] / _GIB,
        "features_cluster.s3.peak_of_a_worker_gib": max(peaks[1:]) / _GIB,
    }
