"""Places of files that a command writes: refused before any work is done for them."""

from __future__ import annotations

import os
from pathlib import Path

from data.errors import UsageError


def check_place(path: Path | None) -> Path | None:
    """Returns the place as it is; the callback of an option that names a file to be written.

    Raises:
        UsageError: It is a folder, or nothing can be written there.
    """
    if path is None:
        return None
    if path.is_dir():
        raise UsageError(f"{path} is a folder.", f"Name a file in it: {path / 'NAME'}.")
    # Folders that are missing on the way are made.
    place = path
    while not place.exists() and place != place.parent:
        place = place.parent
    if (place != path and not place.is_dir()) or not os.access(place, os.W_OK):
        raise UsageError(f"{path} cannot be written.", f"Look at {place}, or name another place.")
    return path
