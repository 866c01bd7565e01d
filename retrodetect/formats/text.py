"""Text: encoding, lines, cells, numbers and JSON, as apps write them."""

from __future__ import annotations

import codecs
import csv
import json
import re
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from retrodetect.errors import RefusedRecording, UnreadableFile
from retrodetect.formats.source import Source

__all__ = [
    "JSON_DAMAGE", "MISSING", "counted", "cut", "cut_off", "decode", "is_number", "is_text",
    "load_json", "normal", "records", "to_float", "to_floats",
]  # fmt: skip

MISSING = {"", "-", "--", "nan", "null", "none", "na", "n/a", "inf", "-inf", "∞", "-∞", "\u2212∞"}
"""Cells without a number, in lower case."""

_BOMS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_NUMBER = re.compile(r"[+\-\u2212]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+\-\u2212]?\d+)?$")
_LARGEST = 1e30
"""No stamp and no reading is larger; such a number is damaged."""

_PLAIN = str.maketrans("", "", "0123456789+-.eE\n")
"""Takes off all that plain numbers are made of."""

_LINE_END = re.compile(r"\r\n|\n|\r")
_CONTROL_SHARE = 0.01
_PRINTED = bytes(byte for byte in range(256) if byte >= 32 or byte in b"\t\n\r\f")


JSON_DAMAGE = (ValueError, KeyError, TypeError, AttributeError, IndexError, OverflowError)
"""What comes of JSON that has another shape than it should."""

_JSON_LINES = re.compile(rb"\s*\{[^\n]*\}\s*\n\s*\{")
_BETWEEN_LINES = re.compile(rb"\}\s*\n\s*\{")
_MOST_JSON_BYTES = 256 * 2**20
"""Some three hours at 104 Hz. JSON has to be in memory whole, at several times its size."""


def cut_off(part: str) -> str:
    """Say that a file ends within a row, page or block."""
    return f"the file ends within a {part}, as if cut off: counts and minutes may be too low"


def counted(count: int, noun: str) -> str:
    """``1 row``, ``2 rows``."""
    return f"{count} {noun}{'' if count == 1 else 's'}"


def decode(source: Source) -> tuple[list[str], str] | None:
    """Whole lines of the head of a file, and its encoding; None where it is binary."""
    decoded = _decoded_head(source.head, source.is_whole)
    if decoded is None:
        return None
    text = decoded[0]
    lines = _LINE_END.split(text) if "\r" in text else text.split("\n")
    if not source.is_whole and len(lines) > 1:
        lines.pop()  # cut off in the middle
    return lines, decoded[1]


def is_text(source: Source) -> bool:
    """Whether a file is text in any encoding."""
    return _decoded_head(source.head, source.is_whole) is not None


def cut(line: str, delimiter: str) -> list[str]:
    """Cells of a line; none where it cannot be cut."""
    if delimiter == r"\s+":
        return line.split()
    if not line.strip() or '"' in line:
        return _cut_quoted(line, delimiter)
    return [cell.strip() for cell in line.split(delimiter)]


def cut_all(lines: Sequence[str], delimiter: str) -> list[list[str]]:
    """Cells of each line; in a fraction of the time where none has blanks or quotes."""
    text = "\n".join(lines)
    if '"' in text or text.split() != [line for line in lines if line]:
        return [cut(line, delimiter) for line in lines]
    return [line.split(delimiter) if line else [] for line in lines]


def _cut_quoted(line: str, delimiter: str) -> list[str]:
    try:
        cells = next(csv.reader([line], delimiter=delimiter, skipinitialspace=True), [])
    except csv.Error:
        return []
    return [cell.strip() for cell in cells]


def records(source: Source) -> list[dict[str, str]]:
    """Rows of a small file of text by column name, such as an app's notes about a recording."""
    decoded = decode(source)
    lines = [line for line in decoded[0] if line.strip()] if decoded else []
    if not lines:
        return []
    delimiter = max("\t;,", key=lines[0].count)
    header, *rows = [cut(line, delimiter) for line in lines]
    names = [*map(normal, header)]
    for row in rows:
        surplus = len(row) - len(names)
        if surplus > 0 and "text" in names:  # somebody's words, commas and all
            at = names.index("text")
            row[at : at + surplus + 1] = [f"{delimiter} ".join(row[at : at + surplus + 1])]
    return [dict(zip(names, row, strict=False)) for row in rows]


def load_json(source: Source) -> Any:
    """Parse a whole file, within bounds; objects on lines of their own make a list."""
    with source.open() as stream:
        text = stream.read(_MOST_JSON_BYTES + 1)
    if len(text) > _MOST_JSON_BYTES:
        raise RefusedRecording(
            f"is JSON larger than {_MOST_JSON_BYTES >> 20} MiB",
            file=source.label,
            remedy="split it, or export csv",
        )
    if _JSON_LINES.match(text):
        text = b"[" + _BETWEEN_LINES.sub(b"},{", text) + b"]"
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        raise UnreadableFile(
            "is JSON that is cut off or damaged", file=source.label, remedy="export it again"
        ) from error


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


def to_float(cell: str, decimal: str) -> float:
    """Number in a cell; NaN where it is none, or damaged."""
    if not is_number(cell, decimal):
        return np.nan
    number = float(cell.replace("\u2212", "-").replace(decimal, "."))
    return number if abs(number) < _LARGEST else np.nan


def to_floats(cells: Sequence[str], decimal: str) -> NDArray[np.float64]:
    """Numbers in cells, each as `to_float` gives it; at once where all are plain."""
    text = "\n".join(cells)
    if decimal != ".":
        # A point is then no part of a number.
        text = "?" if "." in text else text.replace(decimal, ".")
    try:
        if text.translate(_PLAIN):
            raise ValueError
        numbers = np.array([*map(float, text.split("\n"))], dtype=np.float64)
    except ValueError:
        return np.array([to_float(cell, decimal) for cell in cells], dtype=np.float64)
    return np.where(np.abs(numbers) < _LARGEST, numbers, np.nan)


def _decoded_head(head: bytes, is_whole: bool) -> tuple[str, str] | None:
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
    if len(head.translate(None, _PRINTED)) > _CONTROL_SHARE * len(head):
        return None
    for encoding in ("utf-8", "cp1252"):
        try:
            return _decoded(head, encoding, is_whole, "strict"), encoding
        except UnicodeDecodeError:
            continue
    return _decoded(head, "latin-1", is_whole, "strict"), "latin-1"


def _decoded(head: bytes, encoding: str, is_whole: bool, errors: str) -> str:
    return codecs.getincrementaldecoder(encoding)(errors).decode(head, is_whole)
