"""A CSV file in blocks of whole rows, as long as its quotation marks leave no doubt.

Every quotation mark must stand where RFC 4180 puts it: around a whole field, or doubled inside one.
Then the marks before a line end tell whether a row ends there, and any two readers agree on its
fields.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO, cast

import numpy as np

BLOCK_BYTES = 8 << 20
_LARGEST_BLOCK = 8 * BLOCK_BYTES
_MARK_OF_ORDER = b"\xef\xbb\xbf"


@dataclass(frozen=True)
class Block:
    """Whole rows of a file.

    Attributes:
        content: Their bytes: UTF-8 without NUL, lines ended by LF or CR LF.
        line: Line in the file on which they begin.
        has_quotes: True if any field is quoted.
    """

    content: bytes
    line: int
    has_quotes: bool


@dataclass(frozen=True)
class Remainder:
    """The rest of a file, from the beginning of a row on.

    Attributes:
        stream: Its bytes.
        line: Line in the file on which it begins.
    """

    stream: BinaryIO
    line: int


def read_blocks(stream: BinaryIO) -> Iterator[Block | Remainder]:
    """Yields blocks in the order of the file and, if one leaves a doubt, all from there on."""
    line = 1
    rest = stream.read(len(_MARK_OF_ORDER))
    rest = b"" if rest == _MARK_OF_ORDER else rest
    while True:
        more = stream.read(BLOCK_BYTES)
        content = rest + more
        if not content:
            return
        end = len(content) if not more else _find_end(content)
        if not end and len(content) < _LARGEST_BLOCK:
            rest = content
            continue
        block = Block(content[:end], line, b'"' in content[:end])
        if not end or not _is_beyond_doubt(block):
            # Without an end it is a very long row, or a mark that was never closed.
            yield Remainder(cast(BinaryIO, io.BufferedReader(_Joined(content, stream))), line)
            return
        yield block
        if not more:
            return
        line += block.content.count(b"\n")
        rest = content[end:]


def _find_end(content: bytes) -> int:
    """Returns where the last row ends that is known to be whole; 0 if there is none."""
    if b'"' not in content:
        return content.rfind(b"\n") + 1
    signs = np.frombuffer(content, np.uint8)
    quotes = np.flatnonzero(signs == ord('"'))
    ends = np.flatnonzero(signs == ord("\n"))
    ends = ends[np.searchsorted(quotes, ends) % 2 == 0]
    return int(ends[-1]) + 1 if len(ends) else 0


def _is_beyond_doubt(block: Block) -> bool:
    content = block.content
    if b"\0" in content or content.count(b"\r") != content.count(b"\r\n"):
        return False
    try:
        content.decode()
    except UnicodeDecodeError:
        return False
    if not block.has_quotes:
        return True
    signs = np.frombuffer(content, np.uint8)
    quotes = np.flatnonzero(signs == ord('"'))
    opening, closing = quotes[0::2], quotes[1::2]
    before = signs[opening[opening > 0] - 1]
    after = signs[closing[closing + 1 < len(signs)] + 1]
    return len(opening) == len(closing) and bool(
        np.isin(before, np.frombuffer(b',\n"', np.uint8)).all()
        and np.isin(after, np.frombuffer(b',\r\n"', np.uint8)).all()
    )


class _Joined(io.RawIOBase):
    """Bytes that were read already, and the stream that they came from."""

    def __init__(self, head: bytes, stream: BinaryIO) -> None:
        self._head = head
        self._stream = stream

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        part = self._head[: len(buffer)] or self._stream.read(len(buffer))
        self._head = self._head[len(buffer) :]
        buffer[: len(part)] = part
        return len(part)
