"""The command `tocsin` with a state of its own: as users run it, and in the process of the tests.

Starting a process costs seconds of imports, which say nothing of a message or an exit code. So most
tests take `run`, and those of each group of commands that ask for the process take `run_process`.
"""

import io
import json
import os
import socket
import subprocess
import sys
from collections.abc import Callable
from contextlib import redirect_stderr, redirect_stdout, suppress
from pathlib import Path
from typing import Any

import pytest

from service.cli import main

ROOT = Path(__file__).resolve().parents[3]
Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture(scope="module")
def state(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("state")


@pytest.fixture(scope="module")
def run(state: Path) -> Run:
    """Runs the command's entry in this process: same words, settings, output and exit code."""

    def run_command(
        *words: str, cwd: Path = ROOT, **settings: str
    ) -> subprocess.CompletedProcess[str]:
        out, err = io.StringIO(), io.StringIO()
        code: str | int | None = 0
        with pytest.MonkeyPatch.context() as patch, redirect_stdout(out), redirect_stderr(err):
            for name in [name for name in os.environ if name.startswith("TOCSIN_")]:
                patch.delenv(name)
            patch.setenv("TOCSIN_STATE_DIR", str(state))
            for name, value in settings.items():
                patch.setenv(f"TOCSIN_{name.upper()}", value)
            patch.setattr(sys, "argv", ["tocsin", *words])
            patch.chdir(cwd)
            try:
                main.run()
            except SystemExit as end:
                code = end.code
        # As the interpreter has it: no code is success, and a text would be a failure.
        number = 0 if code is None else code if isinstance(code, int) else 1
        return subprocess.CompletedProcess(words, number, out.getvalue(), err.getvalue())

    return run_command


@pytest.fixture(scope="module")
def run_process(state: Path) -> Run:
    """Runs the command as users do, in a process of its own."""
    environment = {k: v for k, v in os.environ.items() if not k.startswith("TOCSIN_")}
    environment["TOCSIN_STATE_DIR"] = str(state)

    def run_command(
        *words: str, cwd: Path = ROOT, **settings: str
    ) -> subprocess.CompletedProcess[str]:
        command = [str(Path(sys.executable).parent / "tocsin"), *words]
        own = environment | {f"TOCSIN_{name.upper()}": value for name, value in settings.items()}
        return subprocess.run(
            command, capture_output=True, text=True, env=own, cwd=cwd, check=False
        )

    return run_command


@pytest.fixture(scope="module")
def run_json(run: Run) -> Callable[..., Any]:
    def run_command(*words: str) -> Any:
        done = run(*words, "--json")
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    return run_command


@pytest.fixture(scope="module")
def shared_data() -> Path:
    folder = Path(os.environ.get("TOCSIN_TEST_SHARED_DATA", ROOT.parent / "shared" / "data"))
    if not (folder / "ged_sahel_1989_2021.csv").exists():
        pytest.skip(f"No real data in {folder}; set TOCSIN_TEST_SHARED_DATA to their folder.")
    return folder


@pytest.fixture
def free_port() -> int:
    """A port below those that the system gives out by itself: nobody takes it meanwhile."""
    for port in range(20_000 + os.getpid() % 10_000, 32_000):
        with suppress(OSError), socket.socket() as probe:
            probe.bind(("127.0.0.1", port))
            return port
    raise AssertionError("No port is free.")
