"""Files read in blocks by column against Python's own reader, row by row."""

from __future__ import annotations

import csv
import io
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

import data.sources.csv_blocks as csv_blocks
from data.errors import BadInput
from data.sources.delimited import RawRow, read_chunks
from data.sources.numbers import SeenNumbers

PATH = Path("file.csv")
SMALL = 16


def read_plainly(text: str) -> list[RawRow]:
    """Returns the rows below the header with their lines, as the standard library reads them."""
    reader = csv.reader(io.StringIO(text, newline=""))
    rows, line = [], 1
    for row in reader:
        if row:
            rows.append((line, row))
        line = reader.line_num + 1
    return rows[1:]


def read(text: str) -> tuple[list[RawRow], bool]:
    """Returns the rows as we read them, and whether their columns say the same."""
    rows: list[RawRow] = []
    agrees = True
    for chunk in read_chunks(io.BytesIO(text.encode()), PATH, lambda _: None):
        if chunk.has_width(2):
            columns = [chunk.column(place).to_pylist() for place in (0, 1)]
            agrees &= [list(row) for row in zip(*columns, strict=True)] == [f for _, f in chunk]
        rows += chunk
    return rows, agrees


@pytest.fixture(autouse=True)
def _small_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(csv_blocks, "BLOCK_BYTES", SMALL)
    monkeypatch.setattr(csv_blocks, "_LARGEST_BLOCK", 4 * SMALL)


fields = st.text(st.sampled_from('ab é,"\n'), max_size=6)
blocks_are_small = settings(max_examples=150, deadline=None)


@pytest.mark.parametrize("ending", ["\n", "\r\n"])
def test_what_a_writer_writes_is_read_with_its_lines(ending: str) -> None:
    @blocks_are_small
    @given(st.lists(st.tuples(fields, fields), min_size=1, max_size=12))
    def check(rows: list[tuple[str, str]]) -> None:
        stream = io.StringIO(newline="")
        writer = csv.writer(stream, lineterminator=ending)
        writer.writerows([("one", "two"), *rows])
        text = stream.getvalue()
        assert read(text) == (read_plainly(text), True)

    check()


def test_any_text_is_read_as_the_standard_library_reads_it() -> None:
    @blocks_are_small
    @given(st.text(st.sampled_from('ab,"\n\r'), max_size=80))
    def check(body: str) -> None:
        # A last row that is cut off is refused: here there is none.
        text = f"one,two\n{body}\n"
        plain = read_plainly(text)
        if plain and len(plain[-1][1]) < 2:
            text, plain = f"{text}x,y", read_plainly(f"{text}x,y")
        if plain and len(plain[-1][1]) < 2:
            return
        assert read(text) == (plain, True)

    check()


def test_a_strict_file_goes_by_column_and_a_doubtful_one_does_not() -> None:
    strict = b'one,two\n"a\n""b",c\nd,e\n' * 5
    assert all(
        isinstance(part, csv_blocks.Block) for part in csv_blocks.read_blocks(io.BytesIO(strict))
    )
    doubtful = b'one,two\na,5" gun\n' + b"d,e\n" * 20
    assert isinstance(list(csv_blocks.read_blocks(io.BytesIO(doubtful)))[-1], csv_blocks.Remainder)


PIECES = [b"a", b"1", b",", b'"', b"\n", b"\r\n", b"\r", b" ", b"\0", b"\xff", b"\xef\xbb\xbf"]


@settings(max_examples=300, deadline=None)
@given(st.lists(st.sampled_from(PIECES), max_size=14).map(b"".join))
@example(b'\na"a"')
def test_any_bytes_are_read_or_refused_in_words(content: bytes) -> None:
    with suppress(BadInput):
        for rows in read_chunks(io.BytesIO(content), PATH, lambda _: None):
            assert len(list(rows)) == len(rows)


def test_a_header_that_is_far_too_long_is_refused() -> None:
    long = b"a" * (csv.field_size_limit() + 1)
    with pytest.raises(BadInput, match="line 1: field larger"):
        list(read_chunks(io.BytesIO(long + b",b\n1,2\n"), PATH, lambda _: None))


@settings(max_examples=100, deadline=None)
@given(st.lists(st.lists(st.integers(0, 30), max_size=8), max_size=12))
def test_numbers_seen_before_are_known(parts: list[list[int]]) -> None:
    seen, known = SeenNumbers(), set()
    for part in parts:
        expected = []
        for number in part:
            expected.append(number in known)
            known.add(number)
        assert seen.add(np.array(part, dtype=np.int64)).tolist() == expected
