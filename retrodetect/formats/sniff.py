"""Sniffing: what the head of a file says about all of it, as a table.

The head decides encoding, delimiter, decimal mark, header and unit row.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from retrodetect.formats.source import Source
from retrodetect.formats.table import Table
from retrodetect.formats.text import MISSING, cut, cut_all, decode, is_number
from retrodetect.formats.units import is_unit

__all__ = ["sniff"]

_DELIMITERS = ("\t", ";", ",", "|", r"\s+")
_SAMPLE_LINES = 200
_LONGEST_NAME = 60
_JSON = re.compile(r"\s*(?:\{|\[\s*[\[{\"\d])")
_SEP_LINE = re.compile(r"^\W*sep\s*=\s*(\W?)")
_HEADERS = re.compile(r"^;\s*Headers\s*,\s*")
"""What loggers of Gulf Coast write before the names of their columns."""

_COMMENT = re.compile(r"^\s*(?:#|//|%|@|!)+\s*")


def sniff(source: Source) -> Table:
    """Understand the head of a file as a table; one of width 0 if it is none."""
    decoded = decode(source)
    if decoded is None or _JSON.match(decoded[0][0]):
        return Table.nothing(source)
    lines, encoding = decoded
    lines = [_HEADERS.sub("", line) if line.startswith(";") else line for line in lines]
    terminator = _terminator(lines)
    if terminator:
        lines = [line.rstrip(terminator) for line in lines]
    sample = [line for line in lines if line.strip()][-_SAMPLE_LINES:]
    best = max(
        (
            _judge(rows, delimiter, decimal)
            for delimiter in _DELIMITERS
            for rows in [_cut_where(sample, delimiter)]
            # A decimal comma that no cell has cannot fit better than a point.
            for decimal in (".," if any("," in cell for row in rows for cell in row) else ".")
        ),
        key=lambda split: split.score,
    )
    if best.score <= 0:
        return _without_rows(source, lines, encoding)
    rows = cut_all(lines, best.delimiter)
    first_line = _first_data_line(rows, best)
    if first_line is None:
        return Table.nothing(source)
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
        is_padded=any(f"{best.delimiter} " in line for line in lines[first_line:]),
    )


@dataclass(frozen=True)
class _Split:
    """How a delimiter and a decimal mark cut the lines, and how well."""

    delimiter: str
    decimal: str
    width: int
    numeric: int
    score: float

    def is_data(self, row: list[str]) -> bool:
        """Whether a row has about as many numbers as rows of data have."""
        if abs(len(row) - self.width) > 1:
            return False
        numbers = sum(is_number(cell, self.decimal) for cell in row)
        empty = sum(cell.lower() in MISSING for cell in row)
        return numbers >= 1 and numbers + empty >= 0.7 * self.numeric


def _without_rows(source: Source, lines: Sequence[str], encoding: str) -> Table:
    """Table of a header alone; of width 0 if the text is no such line."""
    filled = [line for line in lines if line.strip() and not _SEP_LINE.match(line)]
    if len(filled) != 1:
        return Table.nothing(source)
    delimiter = max(_DELIMITERS[:4], key=filled[0].count)
    header = tuple(cut(filled[0], delimiter))
    if len(header) < 4 or any(len(cell) > _LONGEST_NAME for cell in header):
        return Table.nothing(source)
    width = len(header)
    return Table(source, encoding, delimiter, ".", (), header, (), width, len(lines), ())


def _terminator(lines: Sequence[str]) -> str | None:
    """A semicolon where each row ends in one (WISDM), and several may share a line."""
    filled = [line for line in lines if line.strip()]
    ended = sum(line.rstrip().endswith(";") for line in filled)
    if not filled or ended < 0.8 * len(filled):
        return None
    return ";" if np.median([line.count(";") for line in filled]) == 1 else None


def _cut_where(lines: Sequence[str], delimiter: str) -> list[list[str]]:
    """Cells of lines that have a delimiter; of text without it there is no table."""
    if delimiter != r"\s+" and not any(delimiter in line for line in lines):
        return []
    return cut_all(lines, delimiter)


def _judge(rows: Sequence[list[str]], delimiter: str, decimal: str) -> _Split:
    """Judge how much of a table of numbers a delimiter and a decimal mark make of the lines."""
    nothing = _Split(delimiter, decimal, 0, 0, 0.0)
    sample = [row for row in rows if any(row)]
    if not sample:
        return nothing
    widths = [len(row) for row in sample]
    width = max(set(widths), key=lambda w: (widths.count(w), w))
    if width < 2:
        return nothing
    even = [row for row in sample if len(row) == width]
    cells = [cell for row in even for cell in row if cell.lower() not in MISSING]
    numbers = [sum(is_number(cell, decimal) for cell in row) for row in even]
    numeric = int(np.median(numbers))
    if numeric < 1:
        return nothing
    # Where whole numbers fit both decimal marks, the one that is really seen wins.
    seen = any(decimal in cell for cell in cells)
    score = sum(numbers) / len(cells) * len(even) / len(sample) + 1e-6 * seen
    return _Split(delimiter, decimal, width, numeric, score)


def _first_data_line(rows: Sequence[list[str]], split: _Split) -> int | None:
    """Line from which on most rows are data."""
    filled = [line for line, row in enumerate(rows) if any(row)]
    for place, line in enumerate(filled):
        if split.is_data(rows[line]):
            following = filled[place : place + 10]
            if sum(split.is_data(rows[other]) for other in following) >= 0.6 * len(following):
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
    """Lines of text above the header, without padding and without a ``sep=`` line."""
    stripped = (line.strip().strip('"').rstrip(",;\t ") for line in lines)
    return tuple(line for line in stripped if line and not _SEP_LINE.match(line))
