"""A cluster of two workers computes the bits of one machine; what is amiss is said."""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path
from time import sleep

import joblib
import numpy as np
import pytest
from distributed import Future, default_client
from distributed.client import FutureCancelledError

from data.errors import NotReady, SourceUnavailable
from features.build import build_features, rows_for_origin
from features.cluster import Shared, compute_calls, is_on_cluster, on_cluster
from features.outcomes import EscalationDefinition

DEFINITION = EscalationDefinition()


@pytest.mark.parametrize("step", ["month", "week"])
def test_features_of_a_cluster_are_those_of_one_machine(
    make_panel, monkeypatch, scheduler, step
) -> None:
    n_periods = 90 if step == "month" else 330
    panel = make_panel(n_periods=n_periods, n_regions=150, step=step, seed=5, fractions=True)
    here = build_features(panel, "all", DEFINITION, 3)
    row_here = rows_for_origin(panel, "all", DEFINITION, 3)
    monkeypatch.setattr("features.blocks._CELLS_PER_BLOCK", 1)
    with on_cluster(scheduler):
        there = build_features(panel, "all", DEFINITION, 3)
        row_there = rows_for_origin(panel, "all", DEFINITION, 3)
    for column, name in enumerate(here.names):
        one, other = here.raw[:, :, column], there.raw[:, :, column]
        np.testing.assert_array_equal(one, other, err_msg=name)
    np.testing.assert_array_equal(row_here.raw, row_there.raw)


def test_without_a_scheduler_nothing_changes() -> None:
    with on_cluster(None):
        assert not is_on_cluster()


def test_the_cluster_ends_with_its_block(scheduler) -> None:
    with on_cluster(scheduler):
        assert is_on_cluster()
        there = joblib.Parallel(n_jobs=-1)(joblib.delayed(_process)() for _ in range(4))
    assert not is_on_cluster()
    assert _process() not in there
    assert (
        joblib.Parallel(n_jobs=1)(joblib.delayed(_process)() for _ in range(2)) == [_process()] * 2
    )


def _process() -> int:
    return os.getpid()


def test_a_scheduler_that_is_not_there(monkeypatch) -> None:
    monkeypatch.setattr("features.cluster._SECONDS_TO_CONNECT", 0.2)
    with (
        pytest.raises(SourceUnavailable, match=r"tcp://127\.0\.0\.1:9 cannot be reached"),
        on_cluster("tcp://127.0.0.1:9"),
    ):
        raise AssertionError


@pytest.mark.parametrize("address", ["nonsense://x", "127.0.0.1:port", ""])
def test_an_address_that_is_none(address) -> None:
    with pytest.raises(SourceUnavailable, match="cannot be reached"), on_cluster(address):
        raise AssertionError


def test_a_scheduler_without_workers(start_cluster) -> None:
    with (
        start_cluster(0) as empty,
        pytest.raises(NotReady, match="has no worker"),
        on_cluster(empty.scheduler_address),
    ):
        raise AssertionError


def test_a_worker_that_dies_is_stood_in_for(start_cluster, tmp_path) -> None:
    with start_cluster(2) as cluster, on_cluster(cluster.scheduler_address):
        there = joblib.Parallel()(
            joblib.delayed(_die_first)(tmp_path / "died", number) for number in range(6)
        )
    assert there == list(range(6))


def _die_first(flag: Path, number: int) -> int:
    try:
        flag.touch(exist_ok=False)
    except FileExistsError:
        return number
    os.kill(os.getpid(), signal.SIGKILL)
    raise AssertionError


def test_without_dask_it_says_what_to_install(monkeypatch) -> None:
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(NotReady, match="not installed"), on_cluster("tcp://127.0.0.1:9"):
        raise AssertionError


def test_what_is_lost_is_asked_for_again(scheduler) -> None:
    shared = Shared(np.arange(100_000))
    calls = [joblib.delayed(_add_slowly)(shared, number) for number in range(12)]
    found: list[tuple[int, int]] = []
    with on_cluster(scheduler):
        for one in compute_calls(calls):
            if not found:
                # As after the death of a worker: what lay there, and what waits for it, is gone.
                client = default_client()
                client.cancel([Future(key, client) for key in list(client.futures)], force=True)
            found.append(one)
    assert sorted(found) == [(number, 99_999 + number) for number in range(12)]


def test_what_is_lost_again_and_again_is_given_up(scheduler, monkeypatch) -> None:
    tried = []

    class Losing:
        def __init__(self, **options: object) -> None:
            tried.append(options)

        def __call__(self, calls: object) -> object:
            raise FutureCancelledError("a key", "lost")

    monkeypatch.setattr("joblib.Parallel", Losing)
    with pytest.raises(SourceUnavailable, match="were lost"), on_cluster(scheduler):
        list(compute_calls([joblib.delayed(_process)()]))
    assert len(tried) == 3


def _add_slowly(shared: Shared[np.ndarray], number: int) -> int:
    sleep(0.1)
    return int(shared.value[-1]) + number
