"""Reading CSV as sources distribute it: in order, with lines, and never content with half a file.

Blocks that leave no doubt (`data.sources.csv_blocks`) are parsed by column; what stands on which
line is worked out only for rows that somebody asks for. A block with a row of the wrong width, and
what comes after a doubt, goes row by row through Python's own, more lenient reader.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import BinaryIO, overload

import pyarrow as pa
import pyarrow.csv

from data.errors import BadInput
from data.sources.csv_blocks import Block, read_blocks

RawRow = tuple[int, list[str]]
"""Line in the file on which the row begins, and its fields."""

_CHUNK_ROWS = 20_000


class Rows(Sequence[RawRow]):
    """Rows of a file in its order, one by one or column by column.

    Args:
        find: Gives the rows.
        columns: The same rows by column, if they all have the same width.
    """

    def __init__(self, find: Callable[[], list[RawRow]], columns: pa.Table | None = None) -> None:
        self._find = find
        self._found: list[RawRow] | None = None
        self._columns = columns

    def __len__(self) -> int:
        return len(self._rows) if self._columns is None else len(self._columns)

    @overload
    def __getitem__(self, index: int) -> RawRow: ...

    @overload
    def __getitem__(self, index: slice) -> list[RawRow]: ...

    def __getitem__(self, index: int | slice) -> RawRow | list[RawRow]:
        return self._rows[index]

    def __iter__(self) -> Iterator[RawRow]:
        return iter(self._rows)

    def has_width(self, width: int) -> bool:
        """Returns whether each row has so many fields."""
        if self._columns is not None:
            return bool(self._columns.num_columns == width)
        return all(len(fields) == width for _, fields in self._rows)

    def column(self, position: int) -> pa.Array:
        """Returns one field of all rows, as large strings; each row must have it."""
        if self._columns is not None:
            return self._columns.column(position).combine_chunks()
        return pa.array([fields[position] for _, fields in self._rows], pa.large_string())

    @property
    def _rows(self) -> list[RawRow]:
        if self._found is None:
            self._found = self._find()
        return self._found


def read_chunks(
    stream: BinaryIO, path: Path, on_header: Callable[[list[str]], None]
) -> Iterator[Rows]:
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
    header: list[str] | None = None
    chunk: Rows | None = None
    for part in read_blocks(stream):
        if isinstance(part, Block):
            if header is None:
                split = _split_header(part, path)
                if split is None:
                    continue
                header, part = split
                on_header(header)
            chunks: Iterable[Rows] = [_parse(part, path, len(header))]
        else:
            text = io.TextIOWrapper(part.stream, encoding="utf-8", newline="")
            rows = _read_rows(text, path, part.line)
            if header is None:
                header = next(rows)[1]
                on_header(header)
            chunks = _in_chunks(rows)
        for found in chunks:
            if len(found):
                chunk = found
                yield chunk
    if header and chunk is not None and not chunk.has_width(len(header)):
        row = chunk[-1][1]
        if len(row) < len(header):
            raise BadInput(
                f"{path.name} is cut off: its last row has {len(row)} of {len(header)} columns.",
                "Download it again.",
            )


def _check_beginning(stream: BinaryIO, path: Path) -> None:
    beginning = stream.read(512).lstrip(b"\xef\xbb\xbf \t\r\n")
    stream.seek(0)
    if not beginning:
        raise BadInput(f"{path.name} is empty.", "Download it again.")
    if beginning.startswith(b"<"):
        raise BadInput(
            f"{path.name} is a web page or XML, not CSV.", "Download the CSV file itself."
        )


def _split_header(block: Block, path: Path) -> tuple[list[str], Block] | None:
    """Returns the header and what stands below it; None if the block holds only empty lines."""
    lines = io.StringIO(block.content.decode(), newline="")
    reader = csv.reader(lines)
    try:
        header = next((row for row in reader if row), None)
    except csv.Error as problem:
        raise BadInput(
            f"{path.name}, line {block.line}: {problem}.", "A quotation mark may be missing."
        ) from None
    if header is None:
        return None
    rest = lines.read().encode()
    return header, Block(rest, block.line + reader.line_num, b'"' in rest)


def _parse(block: Block, path: Path, width: int) -> Rows:
    def find() -> list[RawRow]:
        lines = io.StringIO(block.content.decode(), newline="")
        return list(_read_rows(lines, path, block.line))

    names = [str(position) for position in range(width)]
    try:
        columns = pyarrow.csv.read_csv(
            pa.BufferReader(block.content),
            pyarrow.csv.ReadOptions(column_names=names, block_size=len(block.content) + 1),
            pyarrow.csv.ParseOptions(newlines_in_values=block.has_quotes),
            pyarrow.csv.ConvertOptions(
                column_types=dict.fromkeys(names, pa.large_string()), strings_can_be_null=False
            ),
        )
    except pa.ArrowInvalid:
        # A row of another width, or none at all.
        return Rows(find)
    return Rows(find, columns)


def _in_chunks(rows: Iterator[RawRow]) -> Iterator[Rows]:
    while found := list(islice(rows, _CHUNK_ROWS)):
        yield Rows(found.copy)


def _read_rows(lines: Iterable[str], path: Path, line: int) -> Iterator[RawRow]:
    """Yields each row with the line on which it begins; a quoted field may hold line breaks.

    Args:
        lines: Lines with their ends.
        path: For messages.
        line: Line in the file on which the first of them stands.
    """
    before = line - 1
    rows = csv.reader(_without_nul(lines, path))
    try:
        for row in rows:
            if row:
                yield line, row
            line = before + rows.line_num + 1
    except csv.Error as problem:
        raise BadInput(
            f"{path.name}, line {line}: {problem}.", "A quotation mark may be missing."
        ) from None
    except UnicodeDecodeError:
        raise BadInput(
            f"{path.name} is not UTF-8 text near line {line}.", "Save it as UTF-8 CSV."
        ) from None


def _without_nul(text: Iterable[str], path: Path) -> Iterator[str]:
    for line in text:
        if "\0" in line:
            raise BadInput(f"{path.name} is not text: it holds NUL bytes.", "Give a CSV file.")
        yield line
