"""Finished origins of a backtest of fatalities on disk, so that it can go on after a kill."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd

from data.errors import StateError
from data.panel import Panel
from models.artefacts.manifest import library_versions
from models.checkpoints import Arrays, hash_run, read_arrays, write_arrays
from models.fatalities.names import VERSION
from models.settings import ModelSettings

_TEXTS = ("region_id", "origin", "outcome")


def hash_trial(panel: Panel, settings: ModelSettings, **described: Any) -> str:
    """Returns the hash of all that decides what is kept.

    Args:
        panel: The panel that forecasts are made from.
        settings: First month of histories, seed of draws that are written.
        described: What is tried, ready for JSON.
    """
    told = {
        "outcome": VERSION,
        "step": panel.step,
        **described,
        "train_from": settings.train_from,
        "seed": settings.seed,
        "libraries": library_versions(),
    }
    return hash_run([panel], told)


class FinishedOrigins:
    """Origins of one run in a folder; a `models.fatalities.path.OriginStore`.

    Of each origin the ends of its intervals are kept, which later origins are widened by, and of
    those that are measured first the figures: where the ends are, the figures are too.

    Args:
        folder: Folder of all runs; made when the first origin is kept.
        run: What `hash_trial` returned.
        first_row: Row of the first origin that is measured.
    """

    def __init__(self, folder: Path, run: str, first_row: int) -> None:
        self._folder = folder / run
        self._first_row = first_row

    def load(self, row: int) -> Arrays | None:
        """Returns the ends of an origin; None if it is not finished."""
        if row >= self._first_row and read_arrays(self._path("figures", row)) is None:
            return None
        return read_arrays(self._path("ends", row))

    def save(self, row: int, arrays: Arrays) -> None:
        """Keeps the ends of an origin, which is finished with it."""
        write_arrays(self._path("ends", row), arrays)

    def load_figures(self, row: int) -> pd.DataFrame:
        """Returns the figures of a finished origin.

        Raises:
            StateError: Somebody removed them meanwhile.
        """
        arrays = read_arrays(self._path("figures", row))
        if arrays is None:
            raise StateError(
                f"{self._path('figures', row)} was there and is not any more.",
                "Run the backtest again.",
            )
        return pd.DataFrame(
            {name: list(map(str, one)) if name in _TEXTS else one for name, one in arrays.items()}
        )

    def save_figures(self, row: int, table: pd.DataFrame) -> None:
        """Keeps the figures of an origin, text as text and nothing pickled."""
        write_arrays(
            self._path("figures", row),
            {
                str(name): column.to_numpy().astype(str) if name in _TEXTS else column.to_numpy()
                for name, column in table.items()
            },
        )

    def _path(self, name: str, row: int) -> Path:
        return self._folder / f"{name}-{row}.npz"
