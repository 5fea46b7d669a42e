"""Hosts on one machine: each with its own network address, name and /tmp, joined by a switch.

They share nothing but that network, the processors and a checkout that they can only read. Made of
network namespaces, which need root and iproute2 (`ip`).
"""

from __future__ import annotations

import os
import shlex
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

CHECKOUT = Path(__file__).resolve().parents[1]
DASK = (sys.executable, "-m", "dask")

_INTO_HOST = """
set -e
hostname "$1"; private="$2"; checkout="$3"; shift 3
case "$checkout" in /tmp/*) below="$private/${checkout#/tmp/}"; mkdir -p "$below" ;; esac
for place in "$checkout" $below; do
  mount --bind "$checkout" "$place"
  mount -o remount,bind,ro "$place"
done
mount --rbind "$private" /tmp
mount -t tmpfs tmpfs /dev/shm
cd /tmp
exec "$@"
"""
"""Runs in mounts of its own, so nothing of it is seen or left outside. A checkout below /tmp is
mounted again below the new one."""


@dataclass(frozen=True)
class Host:
    """One host.

    Attributes:
        name: Its hostname.
        address: Its address in 10.77.0.0/24. There is no way out of that network.
        namespace: Its network namespace.
        link: The end of its cable at the switch.
        private: What is its /tmp, as seen from outside.
        switch: Network namespace of the switch.
    """

    name: str
    address: str
    namespace: str
    link: str
    private: Path
    switch: str

    def start(
        self, *command: str | Path, settings: Mapping[str, str] | None = None, **options: Any
    ) -> subprocess.Popen[bytes]:
        """Returns a process that runs here, in a process group of its own.

        Args:
            command: Its words.
            settings: Environment variables beside those of this process.
            options: Those of `subprocess.Popen`.
        """
        environment = {k: v for k, v in os.environ.items() if not k.startswith(("TOCSIN_", "DASK"))}
        environment |= {"TMPDIR": "/tmp", "HOME": "/tmp", "PYTHONPATH": str(CHECKOUT)}
        return subprocess.Popen(
            ["ip", "netns", "exec", self.namespace, "unshare", "--mount", "--uts", "sh", "-c",
             _INTO_HOST, "sh", self.name, str(self.private), str(CHECKOUT), *map(str, command)],
            env=environment | dict(settings or {}),
            start_new_session=True,
            **options,
        )  # fmt: skip

    def start_service(
        self, *command: str | Path, settings: Mapping[str, str] | None = None
    ) -> subprocess.Popen[bytes]:
        """Returns a process whose words go to the file `log` in this host's /tmp."""
        with (self.private / "log").open("ab") as log:
            return self.start(*command, settings=settings, stdout=log, stderr=subprocess.STDOUT)

    def cut_link(self) -> None:
        """Pulls the cable out at the switch: nothing arrives, and nobody is told."""
        _ip("-n", self.switch, "link", "set", self.link, "down")

    def bytes_sent_and_received(self) -> tuple[int, int]:
        """Returns what went over its cable, in bytes with all headers."""
        counted = _ip("netns", "exec", self.switch, "cat", "/proc/net/dev")
        line = next(line for line in counted.splitlines() if line.strip().startswith(self.link))
        numbers = line.split(":")[1].split()
        # What the switch receives is what the host sends.
        return int(numbers[0]), int(numbers[8])


@contextmanager
def connected_hosts(names: list[str], folder: Path) -> Iterator[list[Host]]:
    """Gives hosts of these names, and takes them away again.

    Args:
        names: Hostnames.
        folder: Where the /tmp of each host lies.

    Raises:
        RuntimeError: This machine cannot make hosts; the message says why.
    """
    with ExitStack() as undo:
        stem = f"t{os.getpid()}"
        switch = f"{stem}-switch"
        _add_namespace(switch, undo)
        _ip("-n", switch, "link", "add", "bridge", "type", "bridge")
        _ip("-n", switch, "link", "set", "bridge", "up")
        hosts = []
        for number, name in enumerate(names, 1):
            private = folder / name
            private.mkdir()
            private.chmod(0o1777)
            host = Host(
                name, f"10.77.0.{number}", f"{stem}-{name}", f"port{number}", private, switch
            )
            _add_namespace(host.namespace, undo)
            _ip("-n", switch, "link", "add", host.link, "type", "veth",
                "peer", "name", "eth0", "netns", host.namespace)  # fmt: skip
            _ip("-n", switch, "link", "set", host.link, "master", "bridge", "up")
            _ip("-n", host.namespace, "address", "add", f"{host.address}/24", "dev", "eth0")
            for device in ("lo", "eth0"):
                _ip("-n", host.namespace, "link", "set", device, "up")
            hosts.append(host)
        yield hosts


def start_dask(
    scheduler: Host, workers: Sequence[Host], *options: str
) -> tuple[str, list[subprocess.Popen[bytes]]]:
    """Returns the address of a scheduler, and its process and those of its workers.

    Args:
        scheduler: Where the scheduler runs.
        workers: Where a worker with one thread runs.
        options: More words for each worker.
    """
    address = f"tcp://{scheduler.address}:8786"
    command = (*DASK, "scheduler", "--host", scheduler.address, "--no-dashboard")
    worker_command = (*DASK, "worker", address, "--nthreads", "1", "--no-dashboard", *options)
    started = [scheduler.start_service(*command)]
    return address, [*started, *(one.start_service(*worker_command) for one in workers)]


def end(*processes: subprocess.Popen[bytes]) -> None:
    """Kills processes and their children as a power cut does."""
    for process in processes:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def _add_namespace(name: str, undo: ExitStack) -> None:
    _ip("netns", "add", name)
    undo.callback(_ip, "netns", "delete", name)


def _ip(*words: str) -> str:
    if shutil.which("ip") is None:
        raise RuntimeError("iproute2 (`ip`) is not installed")
    done = subprocess.run(["ip", *words], capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"{shlex.join(['ip', *words])}: {done.stderr.strip()}")
    return done.stdout
