"""Checkpoints: finished folds, or origins, of a backtest on disk, so that it can go on.

A file is written whole or not at all. Its folder is named by a hash of all that decides the
numbers, so that a fold of other data, settings or libraries is never taken up.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from data.panel import Panel
from models.forecasts import COLUMNS, Forecasts

Arrays = dict[str, Any]
"""Arrays by name."""


def hash_run(panels: Sequence[Panel], described: dict[str, Any]) -> str:
    """Returns 16 hex digits of the SHA-256 of the panels' arrays and of a description.

    Args:
        panels: The panel that forecasts are made from, and those that train beside it.
        described: Everything else that decides the numbers, ready for JSON.
    """
    digest = hashlib.sha256(json.dumps(described, sort_keys=True).encode())
    for panel in panels:
        digest.update("\n".join(panel.region_ids).encode())
        for array in (panel.periods, panel.known, panel.country_of):
            digest.update(np.ascontiguousarray(array).tobytes())
        for values in (panel.values, panel.country_values):
            for name in sorted(values):
                digest.update(name.encode())
                digest.update(np.ascontiguousarray(values[name]).tobytes())
    return digest.hexdigest()[:16]


class FoldFiles:
    """Folds of one horizon in a folder; a `models.backtest.FoldStore`.

    Args:
        folder: Folder of the whole run; made when the first fold is kept.
        run: What `hash_run` returned.
        name: Name of this part of the run, e.g. `escalation-3`.
    """

    def __init__(self, folder: Path, run: str, name: str) -> None:
        self._folder = folder / run
        self._name = name

    def load(self, first_row: int) -> Forecasts | None:
        """Returns the forecasts of a fold; None if they are not kept or cannot be read."""
        arrays = read_arrays(self._path(first_row))
        if arrays is None or not arrays.keys() >= set(COLUMNS):
            return None
        return Forecasts(
            **{name: arrays[name] for name in COLUMNS},
            baselines={
                name.removeprefix("baseline_"): values
                for name, values in arrays.items()
                if name.startswith("baseline_")
            },
        )

    def save(self, first_row: int, forecasts: Forecasts) -> None:
        """Keeps the forecasts of a fold."""
        arrays = {name: getattr(forecasts, name) for name in COLUMNS}
        arrays |= {f"baseline_{name}": values for name, values in forecasts.baselines.items()}
        write_arrays(self._path(first_row), arrays)

    def _path(self, first_row: int) -> Path:
        return self._folder / f"{self._name}-{first_row}.npz"


def read_arrays(path: Path) -> Arrays | None:
    """Returns the arrays of a file; None if there is none, or if it is damaged."""
    if not path.exists():
        return None
    try:
        with path.open("rb") as file, np.load(file, allow_pickle=False) as arrays:
            return {name: arrays[name] for name in arrays.files}
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile):
        # A damaged file is no more than a part that is not done yet.
        return None


def write_arrays(path: Path, arrays: Arrays) -> None:
    """Writes a file whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_suffix(".part")
    with unfinished.open("wb") as file:
        np.savez(file, **arrays)
        file.flush()
        os.fsync(file.fileno())
    unfinished.replace(path)


def clear_folds(folder: Path) -> None:
    """Removes the folder of a run that is finished; nothing happens if there is none."""
    shutil.rmtree(folder, ignore_errors=True)
