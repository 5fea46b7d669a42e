"""Features over hosts that share nothing but a network; the numbers are those of one machine."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.hosts import Host, connected_hosts, end, start_dask

_CLIENT = """
import sys
from pathlib import Path
import numpy as np
sys.path.insert(0, sys.argv[2])
from distributed import Client
from worlds import Size, make_panel
from features.build import build_features
from features.cluster import on_cluster
from features.outcomes import EscalationDefinition

address = sys.argv[1]
panel = make_panel(Size("small", 300, 20, 5_000, n_periods=120))
here = build_features(panel, "wide-1", EscalationDefinition(), 3)
with Client(address, timeout=60) as client:
    client.wait_for_workers(2, timeout=60)
with on_cluster(address):
    there = build_features(panel, "wide-1", EscalationDefinition(), 3)
np.testing.assert_array_equal(here.raw.view(np.uint32), there.raw.view(np.uint32))
print("the same bits")
"""


pytestmark = pytest.mark.skipif(
    "TEST_HOSTS" not in os.environ,
    reason="TEST_HOSTS=1 makes network namespaces: it takes root and iproute2",
)


@pytest.fixture
def hosts(tmp_path: Path) -> Iterator[list[Host]]:
    with connected_hosts(["scheduler", "worker1", "worker2", "client"], tmp_path) as found:
        yield found


def test_features_over_hosts_are_those_of_one_machine(hosts: list[Host]) -> None:
    scheduler, *workers, client = hosts
    address, services = start_dask(scheduler, workers)
    try:
        worlds = Path(__file__).resolve().parents[1] / "benchmarks"
        (client.private / "client.py").write_text(_CLIENT)
        running = client.start(
            sys.executable, "/tmp/client.py", address, worlds,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        )  # fmt: skip
        services.append(running)
        words, _ = running.communicate(timeout=120)
        assert running.returncode == 0, words.decode()
        assert words.decode().endswith("the same bits\n")
        # Both worked: each sent something of its own.
        assert all(worker.bytes_sent_and_received()[0] > 10_000 for worker in workers)
    finally:
        end(*services)
