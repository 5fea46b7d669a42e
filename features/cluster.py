"""A Dask cluster: more machines for what joblib runs side by side.

Dask sends functions and arrays as pickles, both ways: a scheduler is trusted like this machine.
Over a network use an address `tls://` and the certificates of Dask's own configuration.
"""

from __future__ import annotations

import gc
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from importlib import import_module
from typing import Any, Generic, TypeVar

import joblib

from data.errors import NotReady, SourceUnavailable

T = TypeVar("T")

_SECONDS_TO_CONNECT = 10
_is_on_cluster: ContextVar[bool] = ContextVar("is_on_cluster", default=False)


def is_on_cluster() -> bool:
    """Returns whether `on_cluster` is in force here."""
    return _is_on_cluster.get()


@contextmanager
def on_cluster(scheduler: str | None) -> Iterator[None]:
    """Runs what is inside on the workers of a cluster; the numbers are the same.

    Args:
        scheduler: Address of its scheduler, e.g. `tcp://10.0.0.5:8786`; None stays on this machine.

    Raises:
        NotReady: The extra `distributed` is absent, there is no worker, or a worker has other
            versions of the packages.
        SourceUnavailable: The scheduler cannot be reached, or it or its workers were lost.
    """
    if scheduler is None:
        yield
        return
    distributed = _import_distributed()
    client = _connect(distributed, scheduler)
    token = _is_on_cluster.set(True)
    try:
        with client, joblib.parallel_config("dask", n_jobs=-1):
            yield
    except (
        distributed.client.FutureCancelledError,
        distributed.comm.CommClosedError,
        distributed.scheduler.KilledWorker,
    ) as problem:
        raise SourceUnavailable(
            f"The workers of {scheduler} were lost: {type(problem).__name__}.",
            "Start them again and run the same command. With --out a backtest goes on from the "
            "folds that were finished.",
        ) from problem
    finally:
        _is_on_cluster.reset(token)


class Shared(Generic[T]):
    """A large argument of many joblib calls, which a worker of a cluster gets once.

    joblib sends an argument by itself, not with each call, if it says that it is large; a dataclass
    of arrays says the size of its references only.

    Attributes:
        value: What is shared.
    """

    def __init__(self, value: T) -> None:
        self.value = value

    def __sizeof__(self) -> int:
        return 1 << 20


def _import_distributed() -> Any:
    try:
        return import_module("distributed")
    except ImportError:
        raise NotReady(
            "A cluster needs Dask, which is not installed.", "pip install 'tocsin[distributed]'"
        ) from None


def _connect(distributed: Any, scheduler: str) -> Any:
    quiet = logging.getLogger("distributed")
    level = quiet.level
    quiet.setLevel(logging.CRITICAL)
    client, reason = None, ""
    try:
        client = distributed.Client(scheduler, timeout=_SECONDS_TO_CONNECT)
    except (OSError, ValueError) as problem:
        reason = str(problem)
    finally:
        quiet.setLevel(level)
    if client is None:
        # A client that could not connect closes itself when it is collected. Inside a lock of Dask
        # that would wait for ever, so it is collected here.
        gc.collect()
        raise SourceUnavailable(
            f"The scheduler {scheduler} cannot be reached: {reason}.",
            "Start it with `dask scheduler` and its workers with `dask worker ADDRESS`.",
        )
    try:
        if not client.scheduler_info()["workers"]:
            raise NotReady(
                f"The scheduler {scheduler} has no worker.",
                f"Start one: `dask worker {scheduler}`.",
            )
        _check_versions(client, scheduler)
    except BaseException:
        client.close()
        raise
    return client


def _check_versions(client: Any, scheduler: str) -> None:
    """Refuses workers with other versions: their numbers would be others."""
    packages = ["numpy", "scipy", "pandas", "sklearn", "joblib"]
    versions = client.get_versions(packages=packages)
    ours = versions["client"]["packages"]
    for worker, theirs in sorted(versions["workers"].items()):
        other = [name for name in packages if theirs["packages"].get(name) != ours[name]]
        if theirs["host"]["python"] != versions["client"]["host"]["python"]:
            other.insert(0, "Python")
        if other:
            raise NotReady(
                f"Worker {worker} of {scheduler} has other versions of {', '.join(other)}.",
                "Install the same versions there: the numbers hang on them.",
            )
