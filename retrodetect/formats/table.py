"""Tables of text: what the head of a file says about all of it, and columns read in chunks.

The head decides encoding, delimiter, decimal mark, header, unit row and the kind of each column.
With that known, the body goes straight through the C parser of pandas, column by column, in
chunks. Only where a cell does not fit (a repeated header, U+2212, a lost field) the table is read
again, cell by cell, with unreadable cells as NaN.
"""

from __future__ import annotations

import codecs
import csv
import io
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from types import MappingProxyType
from typing import Any, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from retrodetect.errors import UnreadableFile
from retrodetect.formats.source import Source
from retrodetect.formats.units import is_unit, split_unit

__all__ = ["NO_TICK", "Table", "is_number", "is_text", "normal", "records", "sniff"]

Kind = Literal["number", "integer", "text"]
Way = Literal["fast", "cell by cell", "unquoted"]
Array = NDArray[Any]

NO_TICK = np.iinfo(np.int64).min
"""Stands for a missing integer."""

_WAYS: tuple[Way, ...] = ("fast", "cell by cell", "unquoted")
"""How a table is read, each way more patient than the one before."""

_PADDING = ' "\t\r\n'
_CHUNK_ROWS = 1 << 18
_SAMPLE_LINES = 200
_LONGEST_NAME = 60
_LARGEST = 1e30
"""No stamp and no reading is larger; such a number is damaged."""

_NUMERIC_SHARE = 0.5
"""Share of numbers that makes a column numeric in spite of repeated headers and odd cells."""

_DELIMITERS = ("\t", ";", ",", "|", r"\s+")
_BOMS = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"),
         (codecs.BOM_UTF16_BE, "utf-16"))  # fmt: skip
_NUMBER = re.compile(r"[+\-\u2212]?(?:\d+\.?\d*|\.\d+)(?:[eE][+\-\u2212]?\d+)?$")
_WHOLE = re.compile(r"-?(?:\d{1,18}|[1-8]\d{18})")
"""Whole numbers that fit 64 bits."""

_MISSING = {"", "nan", "null", "none", "na", "n/a", "inf", "-inf", "∞", "-∞", "\u2212∞"}
_SEP_LINE = re.compile(r"^\W*sep\s*=\s*(\W?)")
_COMMENT = re.compile(r"^\s*(?:#|//|%|@|!)+\s*")
_JSON = re.compile(r"\s*(?:\{|\[\s*[\[{\"\d])")
_LINE_END = re.compile(r"\r\n|\n|\r")


@dataclass(frozen=True)
class Table:
    r"""A delimited text file whose head was understood.

    Parameters
    ----------
    source
        The file.
    encoding
        As Python names it.
    delimiter
        One character, or ``\s+`` for runs of blanks.
    decimal
        ``.`` or ``,``.
    preamble
        Lines before the header.
    header
        Column names as written; empty where there is no header.
    units
        The row of units under the header; empty where there is none.
    width
        Number of columns.
    first_line
        0-based number of the first line of data.
    rows
        The first rows, as text.
    terminator
        What ends a row where it is not the line.
    is_padded
        Whether blanks follow the delimiters; taking them off costs a quarter of the time.
    """

    source: Source
    encoding: str
    delimiter: str
    decimal: str
    preamble: tuple[str, ...]
    header: tuple[str, ...]
    units: tuple[str, ...]
    width: int
    first_line: int
    rows: tuple[tuple[str, ...], ...]
    terminator: str | None = None
    is_padded: bool = False

    @cached_property
    def names(self) -> tuple[str, ...]:
        """Column names in normal form; their 1-based number where there is no header."""
        if not self.header:
            return tuple(str(number + 1) for number in range(self.width))
        return tuple(normal(split_unit(cell)[0]) for cell in self.header)

    def unit(self, index: int) -> str:
        """Unit of a column as its header or the unit row states it, else empty."""
        stated = split_unit(self.header[index])[1] if index < len(self.header) else ""
        if not stated and index < len(self.units):
            return self.units[index]
        return stated

    def index(self, name: str) -> int | None:
        """Position of the column with this name (any case, unit left out), None if missing."""
        wanted = normal(name)
        return self.names.index(wanted) if wanted in self.names else None

    def has(self, *names: str) -> bool:
        """Whether all these columns exist."""
        return all(self.index(name) is not None for name in names)

    def cells(self, index: int) -> list[str]:
        """Cells of a column in the first rows."""
        return [row[index] for row in self.rows if index < len(row)]

    def numbers(self, index: int) -> NDArray[np.float64]:
        """Cells of a column in the first rows as numbers, NaN where they are none."""
        return np.array(
            [_to_float(cell, self.decimal) for cell in self.cells(index)], dtype=np.float64
        )

    def kind(self, index: int) -> Kind:
        """What a column holds, judged by the first rows."""
        filled = [cell for cell in self.cells(index) if cell.lower() not in _MISSING]
        cells = [cell for cell in filled if is_number(cell, self.decimal)]
        if len(cells) < _NUMERIC_SHARE * len(filled):
            return "text"
        # A float holds integers exactly up to 2**53; beyond that only an integer will do.
        if any(len(cell) >= 16 for cell in cells) and all(_WHOLE.fullmatch(cell) for cell in cells):
            return "integer"
        return "number"

    def load(
        self,
        columns: Iterable[int],
        texts: Iterable[int] = (),
        convert: Mapping[int, Callable[[pd.Series[Any]], Array]] = MappingProxyType({}),
    ) -> dict[int, Array]:
        """Read some columns of the whole file.

        Parameters
        ----------
        columns
            Those of numbers.
        texts
            Those of text.
        convert
            For columns of text, what turns a chunk of cells into an array.

        Returns
        -------
        dict of arrays
            (n,) float64 (NaN where missing), or int64 (``NO_TICK`` where missing) for integers
            beyond 2**53, or what ``convert`` returns, or strings.

        Raises
        ------
        UnreadableFile
            Where even a forgiving parser cannot cut the rows.
        """
        kinds: dict[int, Kind] = {index: self._number_kind(index) for index in columns}
        kinds |= dict.fromkeys([*texts, *convert], "text")
        for way in _WAYS:
            parts: dict[int, list[Array]] = {index: [] for index in kinds}
            try:
                with np.errstate(invalid="ignore"):  # 1e400 in a column of integers
                    for frame in self._frames(kinds, way):
                        for index, kind in kinds.items():
                            cells = frame.pop(index)  # type: ignore[arg-type]
                            part = self._to_array(cells, kind, convert.get(index), way)
                            parts[index].append(part)
            except (ValueError, OverflowError):  # pandas' ParserError is a ValueError
                continue
            # One column after the other, so that no more than one exists twice at any time.
            return {index: _joined(parts.pop(index), kind) for index, kind in kinds.items()}
        raise UnreadableFile(
            "its rows cannot be told apart", file=self.source.label, remedy="export it again"
        )

    def _number_kind(self, index: int) -> Kind:
        return "integer" if self.kind(index) == "integer" else "number"

    def _frames(self, kinds: Mapping[int, Kind], way: Way) -> Iterator[pd.DataFrame]:
        """The body in chunks, or whole where pandas can read it with several threads.

        It does so for a plain file on disk, of which it must then read every column.
        """
        dtypes = {"number": "float64", "integer": "int64", "text": "str"}
        arguments: dict[str, Any] = {
            "header": None,
            "names": list(range(self.width)),
            "index_col": False,
            "dtype": {i: dtypes[kind] if way == "fast" else "str" for i, kind in kinds.items()},
            "sep": self.delimiter,
            "lineterminator": self.terminator,
            "decimal": self.decimal,
            "skipinitialspace": self.is_padded,
            "quoting": csv.QUOTE_NONE if way == "unquoted" else csv.QUOTE_MINIMAL,
        }
        is_plain = not self.preamble and self.encoding == "utf-8" and self.source.is_stored_plain
        if is_plain and way == "fast" and len(kinds) > self.width / 2:
            yield pd.read_csv(str(self.source.path), skiprows=self.first_line, **arguments)
            return
        arguments |= {"usecols": list(kinds), "chunksize": _CHUNK_ROWS}
        with self._open() as lines, pd.read_csv(lines, **arguments) as reader:
            yield from reader

    def _open(self) -> io.TextIOWrapper:
        """Open the text at the first line of data."""
        lines = io.TextIOWrapper(
            self.source.open(), encoding=self.encoding, errors="replace", newline=""
        )
        for _ in range(self.first_line):
            lines.readline()
        return lines

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


def sniff(source: Source) -> Table | None:
    """Understand the head of a file as a table; None where it is none."""
    decoded = _decode(source.head, source.is_whole)
    if decoded is None:
        return None
    text, encoding = decoded
    if _JSON.match(text):
        return None
    lines = _LINE_END.split(text)
    if not source.is_whole and len(lines) > 1:
        lines.pop()  # cut off in the middle
    terminator = _terminator(lines)
    if terminator:
        lines = [line.rstrip(terminator) for line in lines]
    best = max(
        (
            _judge(rows, delimiter, decimal)
            for delimiter in _DELIMITERS
            for rows in [[_cut(line, delimiter) for line in lines]]
            for decimal in ".,"
        ),
        key=lambda split: split.score,
    )
    if best.score <= 0:
        return _without_rows(source, lines, encoding)
    first_line = _first_data_line(best)
    if first_line is None:
        return None
    header, units, preamble = _header(lines, best, first_line)
    return Table(
        source=source,
        encoding=encoding,
        delimiter=best.delimiter,
        decimal=best.decimal,
        preamble=preamble,
        header=header,
        units=units,
        width=max(best.width, len(header)),
        first_line=first_line,
        rows=tuple(tuple(row) for row in best.rows[first_line:] if len(row) == best.width),
        terminator=terminator,
        is_padded=any(f"{best.delimiter} " in line for line in lines[first_line:]),
    )


def is_text(source: Source) -> bool:
    """Whether a file is text in any encoding."""
    return _decode(source.head, source.is_whole) is not None


def records(source: Source) -> list[dict[str, str]]:
    """Rows of a small file of text by column name, such as an app's notes about a recording."""
    decoded = _decode(source.head, source.is_whole)
    if decoded is None:
        return []
    lines = [line for line in _LINE_END.split(decoded[0]) if line.strip()]
    if not lines:
        return []
    delimiter = max("\t;,", key=lines[0].count)
    names, *rows = [_cut(line, delimiter) for line in lines]
    return [dict(zip(map(normal, names), row, strict=False)) for row in rows]


def normal(name: str) -> str:
    """Name of a column in lower case with single blanks."""
    return " ".join(name.replace("\ufeff", "").lower().split())


def is_number(cell: str, decimal: str = ".") -> bool:
    """Whether a cell is a number with this decimal mark."""
    if decimal == ",":
        if "." in cell:
            return False
        cell = cell.replace(",", ".")
    return _NUMBER.match(cell) is not None


@dataclass(frozen=True)
class _Split:
    """The lines of a head, cut at one delimiter."""

    delimiter: str
    decimal: str
    rows: Sequence[list[str]]
    width: int
    numeric: int
    score: float

    def is_data(self, row: list[str]) -> bool:
        """Whether a row has about as many numbers as rows of data have."""
        if abs(len(row) - self.width) > 1:
            return False
        found = sum(is_number(cell, self.decimal) for cell in row)
        empty = sum(cell.lower() in _MISSING for cell in row)
        return found >= 1 and found + empty >= 0.7 * self.numeric


def _without_rows(source: Source, lines: Sequence[str], encoding: str) -> Table | None:
    """Table of a header alone; None where the text is no such line."""
    filled = [line for line in lines if line.strip() and not _SEP_LINE.match(line)]
    if len(filled) != 1:
        return None
    delimiter = max(_DELIMITERS[:4], key=filled[0].count)
    header = tuple(_cut(filled[0], delimiter))
    if len(header) < 4 or any(len(cell) > _LONGEST_NAME for cell in header):
        return None
    width = len(header)
    return Table(source, encoding, delimiter, ".", (), header, (), width, len(lines), ())


def _terminator(lines: Sequence[str]) -> str | None:
    """A semicolon where each row ends in one (WISDM), and several may share a line."""
    filled = [line for line in lines if line.strip()]
    ended = sum(line.rstrip().endswith(";") for line in filled)
    if not filled or ended < 0.8 * len(filled):
        return None
    return ";" if np.median([line.count(";") for line in filled]) == 1 else None


def _cut(line: str, delimiter: str) -> list[str]:
    """Cells of a line; none where it cannot be cut."""
    if delimiter == r"\s+":
        return line.split()
    try:
        cells = next(csv.reader([line], delimiter=delimiter, skipinitialspace=True), [])
    except csv.Error:
        return []
    return [cell.strip() for cell in cells]


def _judge(rows: Sequence[list[str]], delimiter: str, decimal: str) -> _Split:
    """Judge how much of a table of numbers a delimiter and a decimal mark make of the lines."""
    nothing = _Split(delimiter, decimal, rows, 0, 0, 0.0)
    sample = [row for row in rows if any(row)][-_SAMPLE_LINES:]
    if not sample:
        return nothing
    widths = [len(row) for row in sample]
    width = max(set(widths), key=lambda w: (widths.count(w), w))
    if width < 2:
        return nothing
    even = [row for row in sample if len(row) == width]
    cells = [cell for row in even for cell in row if cell.lower() not in _MISSING]
    numbers = [sum(is_number(cell, decimal) for cell in row) for row in even]
    numeric = int(np.median(numbers))
    if numeric < 1:
        return nothing
    # Where whole numbers fit both decimal marks, the one that is really seen wins.
    seen = any(decimal in cell for cell in cells)
    score = sum(numbers) / len(cells) * len(even) / len(sample) + 1e-6 * seen
    return _Split(delimiter, decimal, rows, width, numeric, score)


def _first_data_line(split: _Split) -> int | None:
    """Line from which on most rows are data."""
    data = [bool(row) and split.is_data(row) for row in split.rows]
    filled = [bool(row) and any(row) for row in split.rows]
    for line, is_data in enumerate(data):
        if is_data:
            following = [d for d, f in zip(data[line:], filled[line:], strict=True) if f][:10]
            if sum(following) >= 0.6 * len(following):
                return line
    return None


def _header(
    lines: Sequence[str], split: _Split, first_line: int
) -> tuple[tuple[str, ...], tuple[str, ...], tuple[str, ...]]:
    """Names, units and preamble above the first line of data."""
    units: tuple[str, ...] = ()
    for line in range(first_line - 1, -1, -1):
        row = split.rows[line]
        if not any(row):
            continue
        if not _fits(row, split):
            break
        if all(is_unit(cell) for cell in row):
            units = tuple(row)
        elif len(set(filter(None, row))) > 1:
            return tuple(row), units, _preamble(lines[:line])
    for line in range(first_line - 1, -1, -1):
        bare = _COMMENT.sub("", lines[line])
        row = _cut(bare, split.delimiter)
        if bare != lines[line] and len(row) == split.width and _fits(row, split):
            return tuple(row), units, _preamble(lines[:first_line])
    return (), units, _preamble(lines[:first_line])


def _fits(row: list[str], split: _Split) -> bool:
    """Whether a row could name the columns: as wide as the data, and not numbers."""
    while row and not row[-1]:
        row = row[:-1]
    named = [cell for cell in row if cell]
    numbers = sum(is_number(cell, split.decimal) for cell in named)
    return split.width - 1 <= len(row) <= split.width + 1 and len(named) >= 2 and numbers <= 1


def _preamble(lines: Sequence[str]) -> tuple[str, ...]:
    """Lines of text above the header, without padding and without a ``sep=`` line."""
    stripped = (line.strip().strip('"').rstrip(",;\t ") for line in lines)
    return tuple(line for line in stripped if line and not _SEP_LINE.match(line))


def _decode(head: bytes, is_whole: bool) -> tuple[str, str] | None:
    """Text and encoding of a head; None where it is binary."""
    for bom, encoding in _BOMS:
        if head.startswith(bom):
            return _decoded(head, encoding, is_whole, "replace"), encoding
    if b"\0" in head and len(head) >= 4:
        zeros = np.frombuffer(head, dtype=np.uint8) == 0
        for parity, encoding in ((1, "utf-16-le"), (0, "utf-16-be")):
            if zeros[parity::2].mean() > 0.5 and zeros[1 - parity :: 2].mean() < 0.1:
                return _decoded(head, encoding, is_whole, "replace"), encoding
        return None
    if sum(byte < 32 and byte not in b"\t\n\r\f" for byte in head) > 0.01 * len(head):
        return None
    for encoding in ("utf-8", "cp1252"):
        try:
            return _decoded(head, encoding, is_whole, "strict"), encoding
        except UnicodeDecodeError:
            continue
    return _decoded(head, "latin-1", is_whole, "strict"), "latin-1"


def _decoded(head: bytes, encoding: str, is_whole: bool, errors: str) -> str:
    return codecs.getincrementaldecoder(encoding)(errors).decode(head, is_whole)


def _to_float(cell: str, decimal: str) -> float:
    if not is_number(cell, decimal):
        return np.nan
    number = float(cell.replace("\u2212", "-").replace(decimal, "."))
    return number if abs(number) < _LARGEST else np.nan


def _joined(parts: list[Array], kind: str) -> Array:
    if not parts:
        return np.empty(0, dtype={"number": "f8", "integer": "i8", "text": "O"}[kind])
    return parts[0] if len(parts) == 1 else np.concatenate(parts)
