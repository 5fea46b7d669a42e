"""Progress: steps done of steps in all, told to whoever wants to know."""

from __future__ import annotations

from collections.abc import Callable

Progress = Callable[[int, int, str], None]
"""Called with steps done, steps in all, and what was done."""


class StepCounter:
    """Counts steps and tells them on."""

    def __init__(self, total: int, on_progress: Progress | None) -> None:
        """Begins at 0 of `total`.

        Args:
            total: Steps in all.
            on_progress: Who is told; None for nobody.
        """
        self.total = total
        self.done = 0
        self.on_progress = on_progress

    def __call__(self, text: str) -> None:
        """Counts one more step and says what was done."""
        self.done += 1
        if self.on_progress is not None:
            self.on_progress(self.done, self.total, text)
