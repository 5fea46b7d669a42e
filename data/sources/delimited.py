"""Reading CSV as sources distribute it: row by row, and never content with half a file."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import BinaryIO

from data.errors import BadInput

RawRow = tuple[int, list[str]]
"""Line in the file on which the row begins, and its fields."""

_CHUNK_ROWS = 20_000


def read_chunks(
    stream: BinaryIO, path: Path, on_header: Callable[[list[str]], None]
) -> Iterator[list[RawRow]]:
    """Yields the rows of a CSV file in chunks, in order; empty lines are skipped.

    Args:
        stream: The bytes, UTF-8, with or without byte order mark.
        path: For messages.
        on_header: Called with the header before the first row; raises if it is not what it should
            be.

    Raises:
        BadInput: The file is empty, a web page, no text, or cut off in its last row.
    """
    _check_beginning(stream, path)
    chunk: list[RawRow] = []
    for row in _read_rows(stream, path, on_header):
        chunk.append(row)
        if len(chunk) == _CHUNK_ROWS:
            yield chunk
            chunk = []
    if chunk:
        yield chunk


def _check_beginning(stream: BinaryIO, path: Path) -> None:
    beginning = stream.read(512).lstrip(b"\xef\xbb\xbf \t\r\n")
    stream.seek(0)
    if not beginning:
        raise BadInput(f"{path.name} is empty.", "Download it again.")
    if beginning.startswith(b"<"):
        raise BadInput(
            f"{path.name} is a web page or XML, not CSV.", "Download the CSV file itself."
        )


def _read_rows(
    stream: BinaryIO, path: Path, on_header: Callable[[list[str]], None]
) -> Iterator[RawRow]:
    """Yields each row with the line on which it begins; a quoted field may hold line breaks."""
    text = io.TextIOWrapper(stream, encoding="utf-8-sig", newline="")
    rows = csv.reader(_without_nul(text, path))
    line = 1
    row: list[str] = []
    try:
        header = next(rows)
        on_header(header)
        line = rows.line_num + 1
        for row in rows:
            if row:
                yield line, row
            line = rows.line_num + 1
    except csv.Error as problem:
        raise BadInput(
            f"{path.name}, line {line}: {problem}.", "A quotation mark may be missing."
        ) from None
    except UnicodeDecodeError:
        raise BadInput(
            f"{path.name} is not UTF-8 text near line {line}.", "Save it as UTF-8 CSV."
        ) from None
    finally:
        # Otherwise the wrapper would close the caller's stream when it is collected.
        text.detach()
    if row and len(row) < len(header):
        raise BadInput(
            f"{path.name} is cut off: its last row has {len(row)} of {len(header)} columns.",
            "Download it again.",
        )


def _without_nul(text: Iterable[str], path: Path) -> Iterator[str]:
    for line in text:
        if "\0" in line:
            raise BadInput(f"{path.name} is not text: it holds NUL bytes.", "Give a CSV file.")
        yield line
