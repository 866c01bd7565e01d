"""Tables: the layout of a delimited text from its head, and its columns through pandas.

`sniff` infers encoding, delimiter, decimal mark, header, unit row and the kind of each column from
the head, so that the body goes straight through the C parser, block by block. A block in which a
cell does not fit (a repeated header, U+2212, a missing field) is parsed again cell by cell;
unreadable cells become NaN.
"""

from __future__ import annotations

import csv
import io
import re
from collections import defaultdict, deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import islice
from types import MappingProxyType
from typing import Any, BinaryIO, Literal, TypeVar

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from retrodetect.errors import UnreadableFile
from retrodetect.formats.source import HEAD_BYTES, Source
from retrodetect.formats.text import (
    MISSING,
    NO_TICK,
    cut,
    cut_all,
    decode,
    is_number,
    is_unit,
    normal,
    split_unit,
    to_floats,
    unit_in,
)

__all__ = ["PROCESSED", "Quantity", "Table", "ahead", "quantity_of", "says_acceleration", "sniff"]


Kind = Literal["number", "integer", "text"]
Way = Literal["fast", "cell by cell", "unquoted"]
Array = NDArray[Any]
S = TypeVar("S")
T = TypeVar("T")

_WAYS: tuple[Way, ...] = ("fast", "cell by cell", "unquoted")
"""Ways to parse a block, the strictest first."""

_MISFITS = (ValueError, OverflowError, IndexError)
"""Raised by pandas if rows do not fit; its ParserError is a ValueError."""

BLOCK_BYTES = 3 * 2**20
"""Size of a parsed block: larger ones leave the cache, smaller ones cost more calls (own
measurement: 3 to 6 MiB take 90 % of the time of 2 MiB, and 70 % of that of 1 or 8 MiB)."""

MOST_LINE = HEAD_BYTES
"""No row is longer, or the head would not contain one. Longer lines are damage and are skipped:
they could fill the memory, and a row of a million cells keeps the parser busy for minutes."""

_THREADS = 2
_DTYPES: dict[Kind, Any] = {
    "number": np.dtype(np.float64), "integer": np.dtype(np.int64), "text": "str",
}  # fmt: skip
_EMPTY = {"number": np.empty(0), "integer": np.empty(0, np.int64), "text": np.empty(0, object)}
_PADDING = ' "\t\r\n'
_NUMERIC_SHARE = 0.5
"""Share of numbers that makes a column numeric despite repeated headers and odd cells."""

_PLACE = re.compile(r"column ([1-9]\d{0,4})")
_OLD_LINE_END = re.compile(rb"\r(?!\n)")

_WHOLE = re.compile(r"-?(?:\d{1,18}|[1-8]\d{18})")
"""Integers that fit in 64 bits."""


@dataclass(frozen=True)
class Table:
    """A delimited text file, as its head describes it."""

    source: Source  # the file
    encoding: str = "utf-8"  # as Python names it
    delimiter: str = ","  # one character, or ``\s+`` for runs of blanks
    decimal: str = "."  # or a comma
    preamble: tuple[str, ...] = ()  # lines before the header
    header: tuple[str, ...] = ()  # column names as written; empty without a header
    units: tuple[str, ...] = ()  # the row of units under the header; empty without one
    width: int = 0  # number of columns; 0 if the file isn't a table
    first_line: int = 0  # 0-based number of the first line of data
    rows: tuple[tuple[str, ...], ...] = ()  # the first rows, as text
    terminator: str | None = None  # ends a row, if not the line break
    # whether blanks follow the delimiters; stripping them costs a quarter of the time
    is_padded: bool = False

    @cached_property
    def names(self) -> tuple[str, ...]:
        """Column names in normal form; without a header, their 1-based numbers."""
        if not self.header:
            return tuple(str(number + 1) for number in range(self.width))
        return tuple(normal(split_unit(cell)[0]) for cell in self.header)

    @cached_property
    def columns(self) -> list[Column]:
        """Quantity, axis and unit of each named column."""
        return _classified(self)

    def unit(self, column: int | str) -> str:
        """Unit of a column as the header or the unit row states it, else empty."""
        index = self.place(column)
        stated = split_unit(self.header[index])[1] if index < len(self.header) else ""
        if not stated and index < len(self.units):
            return self.units[index]
        return stated

    def index(self, name: str) -> int | None:
        """Position of a column, None if missing.

        The name matches in any case, with or without unit and quotes; ``column 3`` is the third.
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
        """Cells of a column in the first rows; empty if only the header is that wide."""
        return self._cells[self.place(column)]

    @cached_property
    def _cells(self) -> list[tuple[str, ...]]:
        cells = list(zip(*self.rows, strict=True))
        return [*cells, *[()] * (self.width - len(cells))]

    def numbers(self, column: int | str) -> NDArray[np.float64]:
        """Cells of a column in the first rows as numbers, NaN if they aren't."""
        return self._numbers[self.place(column)]

    @cached_property
    def _numbers(self) -> list[NDArray[np.float64]]:
        return [to_floats(cells, self.decimal) for cells in self._cells]

    def place(self, column: int | str) -> int:
        """Position of an existing column."""
        place = self.index(column) if isinstance(column, str) else column
        assert place is not None
        return place

    @cached_property
    def is_cut_off(self) -> bool:
        """Whether the last row is incomplete; False until it is read."""
        return False

    def kind(self, index: int) -> Kind:
        """Kind of a column, judged by its first rows."""
        return self._kinds[index]

    @cached_property
    def _kinds(self) -> list[Kind]:
        return [*map(self._judged, range(self.width))]

    def _judged(self, index: int) -> Kind:
        cells: Sequence[str] = self.cells(index)
        if not np.isfinite(self.numbers(index)).all():
            filled = [cell for cell in cells if cell.lower() not in MISSING]
            cells = [cell for cell in filled if is_number(cell, self.decimal)]
            if len(cells) < _NUMERIC_SHARE * len(filled):
                return "text"
        # A float holds integers exactly up to 2**53; larger ones must stay integers.
        if max(map(len, cells), default=0) >= 16 and all(map(_WHOLE.fullmatch, cells)):
            return "integer"
        return "number"

    def chunks(
        self,
        columns: Iterable[int],
        texts: Iterable[int] = (),
        convert: Mapping[int, Callable[[pd.Series[Any]], Array]] = MappingProxyType({}),
    ) -> Iterator[dict[int, Array]]:
        """Read columns block by block; ``convert`` turns text columns into arrays.

        Numbers are (n,) float64, NaN if missing; integers beyond 2**53 are int64, ``NO_TICK`` if
        missing; the rest are strings. Yields at least one chunk, empty if there are no rows.
        """
        kinds: dict[int, Kind] = {index: self._number_kind(index) for index in columns}
        kinds |= dict.fromkeys([*texts, *convert], "text")

        def parse(block: bytes) -> dict[int, Array]:
            for way in _WAYS:
                # 1e400 in a column of integers does no harm.
                with suppress(*_MISFITS), np.errstate(invalid="ignore"):
                    frame = self._frame(block, kinds, way)
                    return {
                        index: self._to_array(frame[index], kind, convert.get(index), way)
                        for index, kind in kinds.items()
                    }
            raise UnreadableFile(
                "its rows cannot be separated", file=self.source.label, remedy="export it again"
            )

        threads = _THREADS if self.source.stored_bytes > BLOCK_BYTES else 1
        parsed = ahead(parse, self._blocks() if self.rows else (), threads)
        yield next(parsed, {index: _EMPTY[kind] for index, kind in kinds.items()})
        yield from parsed

    def _blocks(self) -> Iterator[bytes]:
        """Yield the body in blocks of whole lines, as UTF-8 with usual line ends."""
        is_usual = self.encoding == "utf-8" and not _OLD_LINE_END.search(self.source.head)
        with self.source.open() as raw:
            stream = raw if is_usual else _Recoded(raw, self.encoding)
            for _ in range(self.first_line):
                stream.readline()
            while block := stream.read(BLOCK_BYTES):
                block = block + stream.readline() if self.terminator else _sane(block, stream)
                if block[:1].strip() or not block.isspace():
                    yield block
                    if self._ends_within_row(block):
                        self.__dict__["is_cut_off"] = True

    def _ends_within_row(self, block: bytes) -> bool:
        """Whether the last line is unterminated and has fewer cells than the line before."""
        if block.endswith((b"\n", (self.terminator or "\n").encode())):  # all but the last do
            return False
        lines = block[-2 * MOST_LINE :].splitlines(keepends=True)[-2:]
        if len(lines) < 2 or lines[1].endswith(lines[0][-1:]):
            return False
        before, last = lines
        by = None if self.delimiter == r"\s+" else self.delimiter.encode()
        is_shorter = len(last.split(by)) < len(before.split(by))
        return is_shorter and bool(last.strip()[:1].isdigit() == before.strip()[:1].isdigit())

    def _frame(self, block: bytes, kinds: Mapping[int, Kind], way: Way) -> pd.DataFrame:
        """Parse columns of a block, as text unless the way is fast."""
        is_fast = way == "fast"
        if not is_fast:
            # Start with a row as wide as the table: the block may not have one.
            delimiter = " " if self.delimiter == r"\s+" else self.delimiter
            wide = delimiter.join(["nan"] * self.width)
            block = f"{wide}{self.terminator or ''}\n".encode() + block
        frame = pd.read_csv(
            io.BytesIO(block),
            encoding_errors="replace",
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


class _Recoded:
    """A text stream that reads as UTF-8 with usual line ends."""

    def __init__(self, raw: BinaryIO, encoding: str) -> None:
        self._text = io.TextIOWrapper(raw, encoding, errors="replace")

    def read(self, size: int) -> bytes:
        return self._text.read(size).encode()

    def readline(self, size: int = -1) -> bytes:
        return self._text.readline(size).encode()


def _sane(block: bytes, stream: BinaryIO | _Recoded) -> bytes:
    """Complete the last line of a block, and drop lines that are too long."""
    rest = stream.readline(MOST_LINE)
    block += rest
    while len(rest) >= MOST_LINE and not rest.endswith(b"\n"):
        rest = stream.readline(MOST_LINE)
    for begin in range(0, len(block) - MOST_LINE, MOST_LINE):
        # A line at least twice as long fills one of these windows.
        if block.find(b"\n", begin, begin + MOST_LINE) < 0:
            lines = (line for line in block.splitlines(True) if len(line) <= MOST_LINE)
            return b"".join(lines)
    return block


_DELIMITERS = ("\t", ";", ",", "|", r"\s+")
_SAMPLE_LINES = 200
_LONGEST_NAME = 60
_JSON = re.compile(r"\s*(?:\{|\[\s*[\[{\"\d])")
_SEP_LINE = re.compile(r"^\W*sep\s*=\s*(\W?)")
_HEADERS = re.compile(r"^;\s*Headers\s*,\s*")
"""Prefix of the line of column names in files of Gulf Coast loggers."""

_COMMENT = re.compile(r"^\s*(?:#|//|%|@|!)+\s*")


def sniff(source: Source) -> Table:
    """Infer the layout of a table from the head of a file; its width is 0 if it isn't a table."""
    decoded = decode(source)
    if decoded is None or _JSON.match(decoded[0][0]):
        return Table(source)
    lines, encoding = decoded
    terminator = None
    if ";" in "".join(lines):
        lines = [_HEADERS.sub("", line) if line.startswith(";") else line for line in lines]
        terminator = _terminator(lines)
    if terminator:
        lines = [line.rstrip(terminator) for line in lines]
    sample = [*islice(filter(str.strip, reversed(lines)), _SAMPLE_LINES)][::-1]
    splits = (
        _judge(rows, delimiter, decimal)
        for delimiter in _DELIMITERS
        if delimiter == r"\s+" or any(delimiter in line for line in sample)
        for rows in [cut_all(sample, delimiter)]
        # Without a comma in any cell, a decimal comma cannot fit better than a point.
        for decimal in (".," if any("," in cell for row in rows for cell in row) else ".")
    )
    best = max(filter(None, splits), key=lambda split: split.score, default=None)
    if best is None:
        return _without_rows(source, lines, encoding)
    rows = cut_all(lines, best.delimiter)
    first_line = _first_data_line(rows, best)
    if first_line is None:
        return Table(source)
    header, units, preamble = _header(lines, rows, best, first_line)
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
        rows=tuple(tuple(row) for row in rows[first_line:] if len(row) == best.width),
        terminator=terminator,
        is_padded=f"{best.delimiter} " in "\n".join(lines[first_line:]),
    )


@dataclass(frozen=True)
class _Split:
    """Lines cut by a delimiter and a decimal mark, and how well they fit."""

    delimiter: str
    decimal: str
    width: int
    numeric: int
    score: float

    def is_data(self, row: list[str]) -> bool:
        """Whether a row has about as many numbers as a row of data."""
        if abs(len(row) - self.width) > 1:
            return False
        numbers = sum(is_number(cell, self.decimal) for cell in row)
        empty = sum(cell.lower() in MISSING for cell in row)
        return numbers >= 1 and numbers + empty >= 0.7 * self.numeric


def _without_rows(source: Source, lines: Sequence[str], encoding: str) -> Table:
    """Table of a header without rows; its width is 0 if the text isn't one."""
    filled = [line for line in lines if line.strip() and not _SEP_LINE.match(line)]
    if len(filled) != 1:
        return Table(source)
    delimiter = max(_DELIMITERS[:4], key=filled[0].count)
    header = tuple(cut(filled[0], delimiter))
    if len(header) < 4 or any(len(cell) > _LONGEST_NAME for cell in header):
        return Table(source)
    return Table(
        source, encoding, delimiter, header=header, width=len(header), first_line=len(lines)
    )


def _terminator(lines: Sequence[str]) -> str | None:
    """Return a semicolon if rows end in one (WISDM) and may share a line."""
    filled = [line for line in lines if line.strip()]
    ended = sum(line.rstrip().endswith(";") for line in filled)
    if not filled or ended < 0.8 * len(filled):
        return None
    return ";" if np.median([line.count(";") for line in filled]) == 1 else None


def _judge(rows: Sequence[list[str]], delimiter: str, decimal: str) -> _Split | None:
    """Score how well a delimiter and a decimal mark split the lines into numbers."""
    sample = [row for row in rows if any(row)]
    widths = [len(row) for row in sample]
    width = max(set(widths), key=lambda w: (widths.count(w), w), default=0)
    if width < 2:
        return None
    even = [row for row in sample if len(row) == width]
    cells = [cell for row in even for cell in row]
    numbers = np.isfinite(to_floats(cells, decimal)).reshape(-1, width).sum(axis=1)
    numeric = int(np.median(numbers))
    if numeric < 1:
        return None
    # If whole numbers fit both decimal marks, prefer the one that occurs.
    seen = any(decimal in cell for cell in cells)
    filled = sum(cell.lower() not in MISSING for cell in cells)
    score = float(numbers.sum()) / filled * len(even) / len(sample) + 1e-6 * seen
    return _Split(delimiter, decimal, width, numeric, score)


def _first_data_line(rows: Sequence[list[str]], split: _Split) -> int | None:
    """First line from which most rows are data."""
    for line, row in enumerate(rows):
        if split.is_data(row):
            following = [*islice(filter(any, rows[line:]), 10)]
            if sum(map(split.is_data, following)) >= 0.6 * len(following):
                while line and len(rows[line - 1]) == split.width and not any(rows[line - 1]):
                    line -= 1  # a row without readings still takes its time
                return line
    return None


def _header(
    lines: Sequence[str], rows: Sequence[list[str]], split: _Split, first_line: int
) -> tuple[tuple[str, ...], tuple[str, ...], tuple[str, ...]]:
    """Names, units and preamble above the first line of data."""
    units: tuple[str, ...] = ()
    for line in range(first_line - 1, -1, -1):
        row = rows[line]
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
        row = cut(bare, split.delimiter)
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
    """Lines above the header, without padding and without a ``sep=`` line."""
    stripped = (line.strip().strip('"').rstrip(",;\t ") for line in lines)
    return tuple(line for line in stripped if line and not _SEP_LINE.match(line))


Quantity = Literal[
    "time", "counter", "acceleration", "linear", "gravity", "rotation", "magnetic", "pressure",
    "speed", "magnitude", "counts", "who", "unknown", "other",
]  # fmt: skip

_WORDS: dict[Quantity, set[str]] = {
    "acceleration": {"acc", "accel", "accl", "acceleration", "accelerometer", "accelerations",
                     "beschleunigung", "accélération", "aceleracion", "aceleración", "acce",
                     "accelerometro", "acelerometro", "acelerómetro", "accéléromètre",
                     "akcelerometr", "beschleunigungssensor", "versnelling"},
    "gravity": {"gravity", "grav", "gravitational", "schwerkraft", "gravedad", "gravité",
                "static", "stat"},
    "rotation": {"gyro", "gyr", "gyroscope", "rotation", "rotationrate", "angular", "omega",
                 "as", "rot", "gyros", "gyroskop", "giroscopio", "giroscópio", "giroscopo"},
    "magnetic": {"mag", "magnetometer", "magnetic", "magnet", "magn"},
    "pressure": {"pressure", "barometer", "baro"},
    "speed": {"speed", "velocity", "vel"},
    "magnitude": {"magnitude", "vm", "vectormagnitude", "absolute", "resultant", "norm", "enmo",
                  "svm", "smv", "total"},
    "counts": {"counts", "count", "axis1", "axis2", "axis3", "steps", "lux", "inclinometer"},
    "who": {"user", "subject", "person", "participant", "device", "model"},
    "time": {"time", "timestamp", "timestamps", "t", "ts", "elapsed", "epoch", "epoc", "date",
             "datetime", "clock", "millis", "seconds", "zeit", "tiempo", "temps", "tempo", "unix",
             "ms", "sec", "arrival", "creation", "tijd", "tid", "micros",
             "us", "tick", "ticks", "uptime", "timer", "microseconds", "milliseconds", "nanos",
             "nanoseconds", "secs", "second", "czas", "čas", "aika", "idő",
             "zaman", "ora", "время", "时间", "時間", "시간"},
    "counter": {"counter", "seq", "sequence", "sample", "samples", "index", "packet",
                "packetcounter", "frame", "row", "no", "nr", "id"},
}  # fmt: skip
_LINEAR = {"linear", "lineare", "lin", "user", "free", "freeacc", "linearacc", "useracceleration",
           "lacc", "dyn", "dynamic", "nograv", "body"}  # fmt: skip
_TOTAL = {"total", "totalacceleration", "raw", "uncalibrated", "calibrated", "sensor", "wo", "m"}
_OTHER = {
    "euler", "quat", "quaternion", "roll", "pitch", "yaw", "orientation", "azimuth", "attitude",
    "mat", "latitude", "longitude", "altitude", "accuracy", "bearing", "temperature", "temp",
    "heart", "hr", "light", "sound", "battery", "bias", "position", "pos", "vector", "jerk",
    "label", "activity", "std", "var", "mean", "min", "max", "gps",
}  # fmt: skip
PROCESSED = {"filtered", "filt", "smooth", "smoothed", "world", "earth", "global", "hp", "lp",
             "highpass", "lowpass", "hpf", "lpf"}  # fmt: skip
"""Words for processed readings; they name no other sensor."""

_UNIT_WORDS = {"attr", "mps2", "ms2", "g", "mg", "meters", "per", "second", "squared", "rad",
               "deg", "ut", "radps", "dps", "s", "m", "s2", "ns", "us", "hpa"}  # fmt: skip
"""Words that do not name a sensor; ``attr_x`` is from RealWorld (Mannheim)."""

_MEANINGFUL = set().union(*_WORDS.values()) | _LINEAR | _TOTAL | _UNIT_WORDS
"""Words that name neither a device nor a body site."""

_SHORT = re.compile(
    r"(?P<letter>linacc|acc|accel|ac|gyro|gyr|gy|mag|grav|gf|lin|la|ua|a|g|w|m)_?(?P<axis>[xyz])$"
)
_SHORT_MEANING: dict[str, Quantity] = {
    "a": "acceleration", "ac": "acceleration", "acc": "acceleration", "accel": "acceleration",
    "gf": "acceleration", "g": "rotation", "w": "rotation", "gy": "rotation", "gyro": "rotation",
    "gyr": "rotation", "m": "magnetic",
    "mag": "magnetic", "grav": "gravity", "lin": "linear", "linacc": "linear", "la": "linear",
    "ua": "linear",
}  # fmt: skip
_SENSORS: tuple[Quantity, ...] = ("acceleration", "gravity", "rotation", "magnetic")
_NUMBERED = re.compile(r"(?P<stem>.*[^\W\d_])[_ .\[]?(?P<number>[0-3])\]?$")
_UNIT_SUFFIX = re.compile(
    r"[_ ](?P<unit>mps2|ms2|m_s2|mg|g|ns|us|ms|s|sec|seconds|millis|radps|rad_s|dps|deg_s|ut|"
    r"meters_per_second_squared)$",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Column:
    """Meaning of a column's name."""

    index: int  # position
    # ``acceleration``: of a kind not stated; ``unknown``: an axis of a sensor not stated
    quantity: Quantity
    axis: str  # ``x``, ``y``, ``z`` or empty
    group: tuple[str, ...]  # the remaining words: a device, a body site
    unit: str  # as stated in the name or the unit row


def _classified(table: Table) -> list[Column]:
    """Classify each named column of a table."""
    numbered = _numbered_axes(table)
    columns = [
        _column(table, index, numbered.get(index, ""))
        for index, written in enumerate(table.header)
        if written
    ]
    # `x,y,z (m/s^2)` states the unit once, for all three.
    bare = [column for column in columns if table.names[column.index] in ("x", "y", "z")]
    unit = next((column.unit for column in bare if column.unit), "")
    # Beside columns named acceleration they are something else, such as a position.
    is_named = any(c.quantity == "acceleration" and c not in bare for c in columns)
    is_other = is_named and unit_in("acceleration", unit) is None
    quantity: Quantity = "other" if is_other else _of_unit("acceleration", unit)
    return [
        replace(column, quantity=quantity, group=(), unit=unit) if column in bare else column
        for column in columns
    ]


def quantity_of(name: str) -> Quantity:
    """Quantity that a sensor's name in a cell states: ``Linear Acceleration``, ``gyro``."""
    words = set(_words(name))
    quantity = _quantity(words, "x")
    return "linear" if quantity == "acceleration" and words & _LINEAR else quantity


def _numbered_axes(table: Table) -> dict[int, str]:
    """Axes of numbered columns (``Acc1`` to ``Acc3``, ``values_0`` to ``values_2``)."""
    places: dict[str, dict[int, int]] = defaultdict(dict)
    for index, name in enumerate(table.names):
        match = _NUMBERED.match(name)
        if match and name not in _WORDS["counts"]:
            places[match["stem"]][int(match["number"])] = index
    triads = [axes for axes in places.values() if sorted(axes) in ([0, 1, 2], [1, 2, 3])]
    return {
        index: axis
        for axes in triads
        for axis, (_, index) in zip("xyz", sorted(axes.items()), strict=True)
    }


def _column(table: Table, index: int, numbered: str) -> Column:
    raw = table.header[index]
    unit = table.unit(index)
    words = _words(raw.split("(")[0].split("[")[0])
    suffix = _UNIT_SUFFIX.search(raw)
    if not unit and suffix:
        unit = suffix["unit"].replace("_", "")
    if numbered:
        words = [*filter(None, (word.rstrip("0123456789") for word in words)), numbered]
    axis = next((word for word in words if word in ("x", "y", "z")), "")
    rest = [word for word in words if word not in ("x", "y", "z", "axis")]
    letter = word = _letter(words, axis)
    short = None if axis else next(filter(None, map(_SHORT.match, rest)), None)
    if short:
        letter, axis, word = short["letter"], short["axis"], short[0]
    if letter:
        rest.remove(word)
    quantity = _SHORT_MEANING[letter] if letter else _quantity(set(rest), axis)
    if quantity == "acceleration":
        quantity = _of_unit("linear" if _LINEAR.intersection(rest) else quantity, unit)
    return Column(index, quantity, axis, tuple(w for w in rest if w not in _MEANINGFUL), unit)


def _letter(words: list[str], axis: str) -> str:
    """Letter before an axis that stands for its sensor (``a_x``, ``gX``), else empty.

    After the axis the same letter is a unit (``x_g``).
    """
    before = words[: words.index(axis)][-1:] if axis else []
    is_named = any(words_of & set(words) for words_of in map(_WORDS.__getitem__, _SENSORS))
    return before[0] if before and before[0] in _SHORT_MEANING and not is_named else ""


def says_acceleration(name: str) -> bool:
    """Whether a name contains a word for acceleration."""
    words = _words(name)
    letter = _letter(words, next((word for word in words if word in ("x", "y", "z")), ""))
    return (
        bool(_WORDS["acceleration"].intersection(words))
        or any(map(_SHORT.match, words))
        or _SHORT_MEANING.get(letter) in ("acceleration", "linear")
    )


def _of_unit(quantity: Quantity, unit: str) -> Quantity:
    """Quantity of a column, corrected if its unit contradicts its name."""
    if unit_in("acceleration", unit) is None and unit_in("rotation", unit) is not None:
        return "rotation"
    return "magnetic" if unit_in("magnetic", unit) is not None else quantity


def _quantity(words: set[str], axis: str) -> Quantity:
    if words & _OTHER:
        return "other"
    if axis:
        named = _first_named(words, ("gravity", "rotation", "magnetic", "speed"))
        if named is not None:
            return named
        # Loggers of a single accelerometer write a bare x, y, z beside a time.
        if words & _WORDS["acceleration"] or not words - _UNIT_WORDS - _LINEAR - _TOTAL:
            return "acceleration"
        return "unknown"
    order: tuple[Quantity, ...] = (
        "magnitude", "counts", "time", "who", "counter", "pressure", "speed",
    )  # fmt: skip
    return _first_named(words, order) or "other"


def _first_named(words: set[str], order: tuple[Quantity, ...]) -> Quantity | None:
    """First quantity in this order that has one of these words."""
    return next((quantity for quantity in order if words & _WORDS[quantity]), None)


def _words(name: str) -> list[str]:
    """Split a name into words: ``userAcceleration.x`` and ``USER_ACCELERATION_X`` split alike."""
    split = re.sub(r"([a-z0-9])([A-Z])", r"\1 \2", name)
    split = re.sub(r"([A-Z]+)([A-Z][a-z])", r"\1 \2", split)
    return [word.lower() for word in re.findall(r"[^\W_]+", split)]


def ahead(work: Callable[[S], T], items: Iterable[S], threads: int) -> Iterator[T]:
    """Apply work to items in threads, and yield the results in order.

    This pays off if the work releases the interpreter lock, as NumPy and pandas do on arrays. At
    most one more item is taken than there are threads. One thread is the caller's own.
    """
    if threads == 1:
        yield from map(work, items)
        return
    with ThreadPoolExecutor(threads) as pool:
        coming: deque[Future[T]] = deque()
        for item in items:
            coming.append(pool.submit(work, item))
            if len(coming) > threads:
                yield coming.popleft().result()
        while coming:
            yield coming.popleft().result()
