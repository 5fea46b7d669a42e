"""Features at S3 over hosts that share nothing but a network, one of which dies on the way.

A scheduler, two workers and the process that asks have each a network address of their own. When
the second worker has sent a gibibyte it is killed, and the first does the rest. Needs root,
iproute2 and 16 GiB of memory for a while, so it runs only if it is asked for.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory

from bench_features_s3 import VAR

from tests.hosts import connected_hosts, end, start_dask

SENT_BEFORE_IT_DIES = 2**30
CLIENT = Path(__file__).with_name("features_over_hosts.py")
NAMES = ["scheduler", "worker1", "worker2", "client"]


def measure() -> dict[str, float]:
    """Returns time, memory of the process that asks and what was sent; the bits are checked.

    Raises:
        AssertionError: The process that asks ended with an error.
    """
    VAR.mkdir(exist_ok=True)
    with (
        TemporaryDirectory(dir=VAR) as folder,
        connected_hosts(NAMES, Path(folder)) as (scheduler, *workers, client),
    ):
        options = ("--memory-limit", "0", "--no-nanny")
        address, services = start_dask(scheduler, workers, *options)
        try:
            asking = client.start(sys.executable, CLIENT, address, stdout=subprocess.PIPE)
            services.append(asking)
            dying = workers[-1]
            while dying.bytes_sent_and_received()[0] < SENT_BEFORE_IT_DIES:
                assert asking.poll() is None, "It was done before the worker could die."
                time.sleep(0.1)
            end(services[2])
            words, _ = asking.communicate()
            assert asking.returncode == 0, f"The process that asks ended with {asking.returncode}."
        finally:
            end(*services)
        sent = [worker.bytes_sent_and_received()[0] / 2**30 for worker in workers]
    found = json.loads(words.decode().splitlines()[-1])
    return {
        "features_hosts.s3.seconds": found["seconds"],
        "features_hosts.s3.peak_here_gib": found["peak_gib"],
        "features_hosts.s3.sent_by_survivor_gib": sent[0],
        "features_hosts.s3.sent_by_the_dead_gib": sent[1],
    }
