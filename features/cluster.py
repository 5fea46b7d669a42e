"""A Dask cluster: more machines for what joblib runs side by side.

Dask sends functions and arrays as pickles, both ways: a scheduler is trusted like this machine.
Over a network use an address `tls://` and the certificates of Dask's own configuration.
"""

from __future__ import annotations

import gc
import logging
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from importlib import import_module
from typing import Any, Generic, TypeVar

import joblib

from data.errors import NotReady, SourceUnavailable

T = TypeVar("T")

_SECONDS_TO_CONNECT = 10
_TIMES_IN_VAIN = 3
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
        *_losses(),
        distributed.comm.CommClosedError,
        distributed.scheduler.KilledWorker,
        # No worker came back.
        TimeoutError,
    ) as problem:
        raise SourceUnavailable(
            f"The workers of {scheduler} were lost: {type(problem).__name__}.",
            "Start them again and run the same command. With --out a backtest goes on from the "
            "folds that were finished.",
        ) from problem
    finally:
        _is_on_cluster.reset(token)


def compute_calls(calls: Sequence[Any], **options: Any) -> Iterator[tuple[int, Any]]:
    """Yields the number and the result of each call, as they come; here or on the cluster.

    With a worker goes what lay there: results that were not fetched, and arguments that others
    waited for. What is open then is asked for again, as often as it helps.

    Args:
        calls: What `joblib.delayed` returns.
        options: Those of `joblib.Parallel`, but how it returns.
    """
    still_open = dict(enumerate(calls))
    n_in_vain = 0
    while still_open:
        work = joblib.Parallel(**options, return_as="generator_unordered")
        # Arguments stay arguments: only those are looked through for what is shared.
        numbered = [
            joblib.delayed(_call)(number, function, *arguments, **keywords)
            for number, (function, arguments, keywords) in still_open.items()
        ]
        try:
            for number, result in work(numbered):
                del still_open[number]
                n_in_vain = 0
                yield number, result
        except _losses():
            n_in_vain += 1
            if n_in_vain == _TIMES_IN_VAIN:
                raise


def _call(
    number: int, function: Callable[..., Any], *arguments: Any, **keywords: Any
) -> tuple[int, Any]:
    return number, function(*arguments, **keywords)


def _losses() -> tuple[type[BaseException], ...]:
    """Returns what is raised where a worker went with what others need; nothing off a cluster."""
    if not is_on_cluster():
        return ()
    client = import_module("distributed.client")
    return (client.FutureCancelledError,)


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
