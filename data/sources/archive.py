"""Opening a source's file as delivered: plain, or as the one CSV file in a zip archive."""

from __future__ import annotations

import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, cast

from data.errors import BadInput

_ZIP_MAGIC = b"PK\x03\x04"
_HINT = "Download it again."


@contextmanager
def open_text_file(path: Path) -> Iterator[tuple[BinaryIO, int]]:
    """Gives the bytes of the text file and how many there are.

    Args:
        path: A text file, or a zip archive that holds exactly one CSV file.

    Raises:
        BadInput: The archive is cut off or damaged, or holds no or several CSV files.
        OSError: The file is not there or cannot be read.
    """
    with path.open("rb") as plain:
        is_zip = plain.read(len(_ZIP_MAGIC)) == _ZIP_MAGIC
        plain.seek(0)
        if not is_zip:
            yield plain, path.stat().st_size
            return
        try:
            with zipfile.ZipFile(plain) as archive:
                members = [m for m in archive.infolist() if m.filename.lower().endswith(".csv")]
                if len(members) != 1:
                    raise BadInput(
                        f"{path.name} holds {len(members)} CSV files, not one.",
                        "Unpack it and give the CSV file that is meant.",
                    )
                with archive.open(members[0]) as member:
                    yield cast(BinaryIO, member), members[0].file_size
        except (zipfile.BadZipFile, zlib.error, EOFError, RuntimeError) as bad:
            raise BadInput(f"{path.name} is a damaged zip archive: {bad}.", _HINT) from None
