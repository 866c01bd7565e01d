"""Tables: columns of a text file, read through the C parser of pandas.

What `sniff` learned from the head (delimiter, decimal mark, the kind of each column) lets the body
go straight through the parser, block by block. A block in which a cell does not fit (a repeated
header, U+2212, a lost field) is read again cell by cell, with unreadable cells as NaN.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from types import MappingProxyType
from typing import Any, BinaryIO, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from retrodetect.errors import UnreadableFile
from retrodetect.formats.draft import NO_TICK
from retrodetect.formats.source import HEAD_BYTES, Source
from retrodetect.formats.text import MISSING, cut_off, is_number, normal, to_floats
from retrodetect.formats.units import split_unit
from retrodetect.threads import ahead

__all__ = ["Array", "Table"]

Kind = Literal["number", "integer", "text"]
Way = Literal["fast", "cell by cell", "unquoted"]
Array = NDArray[Any]

_WAYS: tuple[Way, ...] = ("fast", "cell by cell", "unquoted")
"""How a block is read, each way more patient than the one before."""

_MISFITS = (ValueError, OverflowError, IndexError)
"""What pandas raises where rows do not fit; its ParserError is a ValueError."""

BLOCK_BYTES = 2**21
"""What is parsed at once: larger blocks leave the cache, smaller ones pay for more calls (own
measurement: 2 and 4 MiB take three quarters of the time that 8 MiB or 256 KiB take)."""

MOST_LINE = HEAD_BYTES
"""No row is longer, or the head would have shown none: longer lines are damage and passed over,
lest they fill the memory (or, as a row of a million cells, take the parser minutes)."""

_THREADS = 2
_DTYPES: dict[Kind, Any] = {
    "number": np.dtype(np.float64), "integer": np.dtype(np.int64), "text": "str",
}  # fmt: skip
_EMPTY = {"number": np.empty(0), "integer": np.empty(0, np.int64), "text": np.empty(0, object)}
_PADDING = ' "\t\r\n'
_NUMERIC_SHARE = 0.5
"""Share of numbers that makes a column numeric in spite of repeated headers and odd cells."""

_PLACE = re.compile(r"column ([1-9]\d{0,4})")
_OLD_LINE_END = re.compile(rb"\r(?!\n)")

_WHOLE = re.compile(r"-?(?:\d{1,18}|[1-8]\d{18})")
"""Whole numbers that fit 64 bits."""


@dataclass(frozen=True)
class Table:
    """A delimited text file whose head was understood."""

    source: Source  # the file
    encoding: str  # as Python names it
    delimiter: str  # one character, or ``\s+`` for runs of blanks
    decimal: str  # ``.`` or ``,``
    preamble: tuple[str, ...]  # lines before the header
    header: tuple[str, ...]  # column names as written; empty where there is no header
    units: tuple[str, ...]  # the row of units under the header; empty where there is none
    width: int  # number of columns; 0 if the file is no table
    first_line: int  # 0-based number of the first line of data
    rows: tuple[tuple[str, ...], ...]  # the first rows, as text
    terminator: str | None = None  # what ends a row where it is not the line
    # whether blanks follow the delimiters; taking them off costs a quarter of the time
    is_padded: bool = False

    @classmethod
    def nothing(cls, source: Source) -> Table:
        """Return the table of a file that is none: without columns and rows."""
        return cls(source, "utf-8", ",", ".", (), (), (), 0, 0, ())

    @cached_property
    def names(self) -> tuple[str, ...]:
        """Column names in normal form; their 1-based number where there is no header."""
        if not self.header:
            return tuple(str(number + 1) for number in range(self.width))
        return tuple(normal(split_unit(cell)[0]) for cell in self.header)

    def unit(self, column: int | str) -> str:
        """Unit of a column as its header or the unit row states it, else empty."""
        index = self.place(column)
        stated = split_unit(self.header[index])[1] if index < len(self.header) else ""
        if not stated and index < len(self.units):
            return self.units[index]
        return stated

    def index(self, name: str) -> int | None:
        """Position of a column, None if missing.

        Its name counts in any case, with or without its unit and quotes; ``column 3`` is the third.
        """
        wanted = normal(name)
        for written in (wanted, normal(split_unit(wanted.strip("\"'"))[0])):
            if written in self.names:
                return self.names.index(written)
        place = _PLACE.fullmatch(wanted)
        return int(place[1]) - 1 if place and int(place[1]) <= self.width else None

    def has(self, *names: str) -> bool:
        """Whether all these columns exist."""
        return all(self.index(name) is not None for name in names)

    def cells(self, column: int | str) -> tuple[str, ...]:
        """Cells of a column in the first rows; none where only the header is as wide."""
        index = self.place(column)
        return self._columns[index] if index < len(self._columns) else ()

    @cached_property
    def _columns(self) -> list[tuple[str, ...]]:
        return list(zip(*self.rows, strict=True))

    def numbers(self, column: int | str) -> NDArray[np.float64]:
        """Cells of a column in the first rows as numbers, NaN where they are none."""
        index = self.place(column)
        if index not in self._numbers:
            self._numbers[index] = to_floats(self.cells(index), self.decimal)
        return self._numbers[index]

    @cached_property
    def _numbers(self) -> dict[int, NDArray[np.float64]]:
        return {}

    def place(self, column: int | str) -> int:
        """Position of a column that exists."""
        place = self.index(column) if isinstance(column, str) else column
        assert place is not None
        return place

    @cached_property
    def notes(self) -> list[str]:
        """What was noticed on the way through the rows; empty before."""
        return []

    @cached_property
    def _kinds(self) -> dict[int, Kind]:
        return {}

    def kind(self, index: int) -> Kind:
        """What a column holds, judged by the first rows."""
        if index not in self._kinds:
            self._kinds[index] = self._judged(index)
        return self._kinds[index]

    def _judged(self, index: int) -> Kind:
        cells: Sequence[str] = self.cells(index)
        if not np.isfinite(self.numbers(index)).all():
            filled = [cell for cell in cells if cell.lower() not in MISSING]
            cells = [cell for cell in filled if is_number(cell, self.decimal)]
            if len(cells) < _NUMERIC_SHARE * len(filled):
                return "text"
        # A float holds integers exactly up to 2**53; beyond that only an integer will do.
        if any(len(cell) >= 16 for cell in cells) and all(_WHOLE.fullmatch(cell) for cell in cells):
            return "integer"
        return "number"

    def chunks(
        self,
        columns: Iterable[int],
        texts: Iterable[int] = (),
        convert: Mapping[int, Callable[[pd.Series[Any]], Array]] = MappingProxyType({}),
    ) -> Iterator[dict[int, Array]]:
        """Read some columns block by block; ``convert`` makes arrays of those of text.

        Numbers come as (n,) float64, NaN where missing; integers beyond 2**53 as int64, ``NO_TICK``
        where missing; the rest as strings. At least one chunk, empty where there are no rows.
        """
        kinds: dict[int, Kind] = {index: self._number_kind(index) for index in columns}
        kinds |= dict.fromkeys([*texts, *convert], "text")

        def parse(block: bytes | str) -> dict[int, Array]:
            for way in _WAYS:
                # 1e400 in a column of integers is no matter.
                with suppress(*_MISFITS), np.errstate(invalid="ignore"):
                    frame = self._frame(block, kinds, way)
                    return {
                        index: self._to_array(frame.pop(index), kind, convert.get(index), way)  # type: ignore[arg-type]
                        for index, kind in kinds.items()
                    }
            raise UnreadableFile(
                "its rows cannot be separated", file=self.source.label, remedy="export it again"
            )

        threads = _THREADS if self.source.stored_bytes > BLOCK_BYTES else 1
        parsed = ahead(parse, self._blocks() if self.rows else (), threads)
        yield next(parsed, {index: _EMPTY[kind] for index, kind in kinds.items()})
        yield from parsed

    def _blocks(self) -> Iterator[bytes | str]:
        """The body in blocks of whole lines, as bytes where these are UTF-8 with usual ends."""
        is_plain = self.encoding == "utf-8" and not _OLD_LINE_END.search(self.source.head)
        with self.source.open() as raw:
            text = io.TextIOWrapper(raw, self.encoding, errors="replace", newline="")
            stream: BinaryIO | io.TextIOWrapper = raw if is_plain else text
            for _ in range(self.first_line):
                stream.readline()
            while block := stream.read(BLOCK_BYTES):
                if self.terminator:
                    block += stream.readline()  # type: ignore[operator]
                else:
                    block = _sane(block, stream)
                if block[:1].strip() or not block.isspace():
                    yield block
                    if self._ends_within_row(block):
                        self.notes.append(cut_off("row"))
            text.detach()

    def _ends_within_row(self, block: Any) -> bool:
        """Whether the last line has no end, and fewer cells than the line before."""
        by: Any = None if self.delimiter == r"\s+" else self.delimiter
        ends: Any = ("\n", self.terminator or "\n")
        if isinstance(block, bytes):
            by, ends = by and by.encode(), tuple(end.encode() for end in ends)
        if block.endswith(ends):  # so do all blocks but the last
            return False
        lines = block[-2 * MOST_LINE :].splitlines(keepends=True)[-2:]
        if len(lines) < 2 or lines[1].endswith(lines[0][-1:]):
            return False
        before, last = lines
        is_shorter = 0 < len(last.split(by)) < len(before.split(by))
        return is_shorter and bool(last.strip()[:1].isdigit() == before.strip()[:1].isdigit())

    def _frame(self, block: bytes | str, kinds: Mapping[int, Kind], way: Way) -> pd.DataFrame:
        """Columns of a block, as text where the way is a patient one."""
        is_fast = way == "fast"
        if not is_fast:
            # A first row as wide as the table, for blocks in which no other is.
            wide = " ".join(["nan"] * self.width) if self.delimiter == r"\s+" else (
                self.delimiter.join(["nan"] * self.width)
            )  # fmt: skip
            text = block if isinstance(block, str) else block.decode(self.encoding, "replace")
            block = f"{wide}{self.terminator or ''}\n{text}"
        frame = pd.read_csv(
            io.StringIO(block) if isinstance(block, str) else io.BytesIO(block),
            header=None,
            names=list(range(self.width)),
            index_col=False,
            usecols=list(kinds),
            dtype={index: _DTYPES[kind] if is_fast else "str" for index, kind in kinds.items()},
            sep=self.delimiter,
            lineterminator=self.terminator,
            decimal=self.decimal,
            skipinitialspace=self.is_padded,
            quoting=csv.QUOTE_NONE if way == "unquoted" else csv.QUOTE_MINIMAL,
            low_memory=False,
        )
        return frame if is_fast else frame.iloc[1:]

    def _number_kind(self, index: int) -> Kind:
        return "integer" if self.kind(index) == "integer" else "number"

    def _to_array(
        self,
        cells: pd.Series[Any],
        kind: Kind,
        convert: Callable[[pd.Series[Any]], Array] | None,
        way: Way,
    ) -> Array:
        if kind == "text":
            cells = cells.fillna("").str.strip(_PADDING)
            return convert(cells) if convert else cells.to_numpy(dtype=object)
        if way == "fast":
            return cells.to_numpy()
        cells = cells.fillna("").str.strip(_PADDING).str.rstrip(";")
        cells = cells.str.replace("\u2212", "-", regex=False)
        if kind == "integer":
            whole = cells.where(cells.str.fullmatch(_WHOLE.pattern), str(NO_TICK))
            return whole.astype("int64").to_numpy()
        if self.decimal == ",":
            cells = cells.str.replace(",", ".", regex=False)
        numbers = pd.to_numeric(cells, errors="coerce").to_numpy(dtype=np.float64, copy=True)
        numbers[~np.isfinite(numbers)] = np.nan
        return numbers


def _sane(block: Any, stream: BinaryIO | io.TextIOWrapper) -> Any:
    """A block to the end of its last line, without lines that are none."""
    ends: Any = ("\n", "\r") if isinstance(block, str) else (b"\n",)
    rest: Any = stream.readline(MOST_LINE)
    block += rest
    while len(rest) == MOST_LINE and not rest.endswith(ends):
        rest = stream.readline(MOST_LINE)
    for begin in range(0, len(block) - MOST_LINE, MOST_LINE):
        # A line of twice that length, or more, fills one of these windows.
        if all(block.find(end, begin, begin + MOST_LINE) < 0 for end in ends):
            lines = (line for line in block.splitlines(True) if len(line) <= MOST_LINE)
            return block[:0].join(lines)
    return block
