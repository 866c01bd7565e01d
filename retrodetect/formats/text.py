"""Text as apps write it: encodings, lines, cells, numbers, units and times."""

from __future__ import annotations

import codecs
import csv
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from math import pi
from typing import Any, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from retrodetect.formats.source import Source
from retrodetect.recording import STANDARD_GRAVITY_MPS2

__all__ = [
    "MISSING", "NO_TICK", "Epoch", "TimeFormat", "counted", "cut", "cut_all", "cut_off",
    "decode", "is_number", "is_text", "is_unit", "moment", "normal", "records", "split_unit",
    "time_format", "to_float", "to_floats", "unit_in", "unit_in_mps2",
]  # fmt: skip


MISSING = {"", "-", "--", "nan", "null", "none", "na", "n/a", "inf", "-inf", "∞", "-∞", "\u2212∞"}
"""Cells that mean "no number", in lower case."""

_BOMS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_NUMBER = re.compile(r"[+\-\u2212]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+\-\u2212]?\d+)?$")
_LARGEST = 1e30
"""No stamp or reading is larger; a larger number is damaged."""

_PLAIN = str.maketrans("", "", "0123456789+-.eE\n")
"""Removes the characters of plain numbers, so what is left shows other text."""

_LINE_END = re.compile(r"\r\n|\n|\r")
_CONTROL_SHARE = 0.01
_PRINTED = bytes(byte for byte in range(256) if byte >= 32 or byte in b"\t\n\r\f")


def cut_off(part: str) -> str:
    """Say that a file ends within a row, page or block."""
    return f"the file ends within a {part}, as if cut off: counts and minutes may be too low"


def counted(count: int, noun: str) -> str:
    """Return ``1 row`` or ``2 rows``."""
    return f"{count} {noun}{'' if count == 1 else 's'}"


def decode(source: Source) -> tuple[list[str], str] | None:
    """Whole lines of a file's head, and its encoding; None where it is binary."""
    decoded = _decoded_head(source.head, source.is_whole)
    if decoded is None:
        return None
    text, encoding = decoded
    lines = _LINE_END.split(text) if "\r" in text else text.split("\n")
    if not source.is_whole and len(lines) > 1:
        lines.pop()  # the head may end inside it
    return lines, encoding


def is_text(source: Source) -> bool:
    """Whether a file is text in any encoding."""
    return decode(source) is not None


def cut(line: str, delimiter: str) -> list[str]:
    """Split a line into cells."""
    if delimiter == r"\s+":
        return line.split()
    if '"' not in line:
        return [cell.strip() for cell in line.split(delimiter)] if line else []
    (cells,) = csv.reader([line], delimiter=delimiter, skipinitialspace=True)
    return [cell.strip() for cell in cells]


def cut_all(lines: Sequence[str], delimiter: str) -> list[list[str]]:
    """Split each line into cells; much faster where there are no quotes or blanks."""
    text = "\n".join(lines)
    if '"' in text or text.split() != [line for line in lines if line]:
        return [cut(line, delimiter) for line in lines]
    return [line.split(delimiter) if line else [] for line in lines]


def records(source: Source) -> list[dict[str, str]]:
    """Rows of a small text file as dicts by column name, such as an app's notes."""
    decoded = decode(source)
    lines = [line for line in decoded[0] if line.strip()] if decoded else []
    if not lines:
        return []
    delimiter = max("\t;,", key=lines[0].count)
    header, *rows = [cut(line, delimiter) for line in lines]
    names = [*map(normal, header)]
    for row in rows:
        surplus = len(row) - len(names)
        if surplus > 0 and "text" in names:  # free text that contains commas
            at = names.index("text")
            row[at : at + surplus + 1] = [f"{delimiter} ".join(row[at : at + surplus + 1])]
    return [dict(zip(names, row, strict=False)) for row in rows]


def normal(name: str) -> str:
    """Column name in lower case, with single blanks."""
    return " ".join(name.replace("\ufeff", "").lower().split())


def is_number(cell: str, decimal: str = ".") -> bool:
    """Whether a cell is a number with this decimal mark."""
    if decimal == ",":
        if "." in cell:
            return False
        cell = cell.replace(",", ".")
    return _NUMBER.match(cell) is not None


def to_float(cell: str, decimal: str) -> float:
    """Number in a cell; NaN where there is none, or it is damaged."""
    if not is_number(cell, decimal):
        return np.nan
    number = float(cell.replace("\u2212", "-").replace(decimal, "."))
    return number if abs(number) < _LARGEST else np.nan


def to_floats(cells: Sequence[str], decimal: str) -> NDArray[np.float64]:
    """Numbers in cells, as `to_float` gives them; vectorised where all are plain."""
    text = "\n".join(cells)
    if decimal != ".":
        # With a decimal comma, a point is not part of a number.
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


_QUANTITIES: dict[str, dict[str, float]] = {
    "acceleration": {
        "m/s2": 1.0, "mps2": 1.0, "ms2": 1.0, "ms-2": 1.0, "m/s/s": 1.0,
        "meterspersecondsquared": 1.0, "g": STANDARD_GRAVITY_MPS2, "gn": STANDARD_GRAVITY_MPS2,
        "mg": STANDARD_GRAVITY_MPS2 / 1000, "cm/s2": 0.01, "gal": 0.01, "mm/s2": 0.001,
    },
    "rotation": {
        "rad/s": 1.0, "radps": 1.0, "rad/sec": 1.0, "radianspersecond": 1.0, "deg/s": pi / 180,
        "deg/sec": pi / 180, "dps": pi / 180, "°/s": pi / 180, "degrees/s": pi / 180,
        "degreespersecond": pi / 180, "mdps": pi / 180e3,
    },
    "magnetic": {"ut": 1.0, "microtesla": 1.0, "mgauss": 0.1, "gauss": 100.0, "mt": 1e3, "t": 1e6},
    "pressure": {"hpa": 1.0, "mbar": 1.0, "kpa": 10.0, "pa": 0.01, "bar": 1e3},
    "speed": {"m/s": 1.0, "mps": 1.0, "km/h": 1 / 3.6, "kmh": 1 / 3.6, "kph": 1 / 3.6},
    "length": {"m": 1.0},
    "time": {
        "0.1ms": 1e-4, "ns": 1e-9, "us": 1e-6, "ms": 1e-3, "s": 1.0, "sec": 1.0, "secs": 1.0,
        "seconds": 1.0, "second": 1.0, "millis": 1e-3, "milliseconds": 1e-3, "microseconds": 1e-6,
        "nanoseconds": 1e-9, "nanos": 1e-9, "min": 60.0, "minutes": 60.0, "h": 3600.0,
        "hours": 3600.0,
    },
}  # fmt: skip
_OTHER_UNITS = {
    "", "mv", "v", "us", "kohms", "no_units", "nounits", "local_flux", "localflux",
    "degreescelsius", "celsius", "c", "°c", "lux", "%", "n", "txt", "bpm", "hz", "deg", "°", "rad",
    "db", "a.u.", "au", "counts",
}  # fmt: skip
_TRAILING = re.compile(
    r"^(?P<name>.*?)(?<!\s)\s*+[(\[{](?P<unit>[^()\[\]{}]*(?:\([^()]*\))?)[)\]}]\s*$"
)


def unit_in(quantity: str, unit: str) -> float | None:
    """Factor from ``unit`` to the unit used inside; None where the unit is unknown.

    Inside: m/s² for ``acceleration``, rad/s for ``rotation``, µT for ``magnetic``, hPa for
    ``pressure``, m/s for ``speed``, m for ``length`` and s for ``time``.
    """
    return _QUANTITIES[quantity].get(_plain(unit))


def unit_in_mps2(unit: str) -> float | None:
    """Factor from an acceleration unit to m/s²; also accepts fractions such as ``g/256``."""
    base, _, divisor = unit.partition("/") if re.fullmatch(r"\s*m?g\s*/\s*\d+\s*", unit) else (
        unit, "", "1",
    )  # fmt: skip
    factor = unit_in("acceleration", base)
    return None if factor is None or float(divisor) == 0 else factor / float(divisor)


def split_unit(header: str) -> tuple[str, str]:
    """Split ``Acceleration x (m/s^2)`` into name and unit (empty where there is none)."""
    match = _TRAILING.match(header)
    return (match["name"], match["unit"]) if match else (header, "")


def is_unit(text: str) -> bool:
    """Whether a cell could stand in a row of units."""
    plain = _plain(text)
    return plain in _OTHER_UNITS or any(plain in names for names in _QUANTITIES.values())


def _plain(unit: str) -> str:
    """Unit name in lower case, without blanks and brackets, with one way to write a square."""
    plain = unit.lower().replace("²", "2").replace("µ", "u").replace("μ", "u")
    return re.sub(r"[\s^*()_]", "", plain).replace("sec2", "s2")


NO_TICK = np.iinfo(np.int64).min
"""Stands for a missing stamp."""

Epoch = Literal["unix", "local", "none"]
_DAY_NS = 86_400 * 10**9
_YEARS = (1900, 2200)
_YEAR_1900_NS = int(np.datetime64("1900-01-01", "ns").astype(np.int64))
"""Date that ``strptime`` gives to a time without a date."""

_HOUR_NS = 3_600 * 10**9

_DATE = (
    r"(?P<date>\d{4}(?P<mark>[-/.])\d{1,2}(?P=mark)\d{1,2}"
    r"|\d{1,2}(?P<dash>[-/.])\d{1,2}(?P=dash)(?:\d{4}|\d\d)"
    r"|\d{1,2}(?P<blank>[- /])[A-Za-z]{3}(?P=blank)(?:\d{4}|\d\d)|[A-Za-z]{3} \d{1,2},? \d{4})"
)
_TIME = (
    r"(?P<hour>\d{1,2})(?P<sep>[:.\-])\d{2}(?P=sep)\d{2}(?:(?P<point>[.:,_])(?P<fraction>\d{1,9}))?"
    r"(?P<half>\s*[AaPp][Mm])?(?P<zone>\s*(?:Z|UTC|GMT)?(?:[+-]\d{2}:?\d{2})?)(?:\s*\[[\w/+-]+\])?"
)
_DATE_TIME = re.compile(rf"{_DATE}(?P<between>[T _]+){_TIME}$")
_DATE_ONLY = re.compile(rf"{_DATE}$")
_TIME_ONLY = re.compile(rf"{_TIME}$")
_NAMED_ZONE = r"\s*\[[\w/+-]+\]$"
_FRACTION = r"(?<=[:.\-]\d\d[:.\-]\d\d)([.:,_])(\d{1,2})(?!\d)"
"""A fraction of fewer than three digits after the seconds."""

_MINUTES = re.compile(r"\d{1,2}:\d{2}\.\d+$")


@dataclass(frozen=True, slots=True)
class TimeFormat:
    """How a column writes its times."""

    pattern: str  # as in ``strptime``
    # ``unix`` if a zone is given, ``local`` if only a date is, else ``none``
    epoch: Epoch
    zone_min: int | None = None  # offset of that zone in minutes
    wrap_ns: int | None = None  # nanoseconds after which a time without a date starts again
    is_ambiguous: bool = False  # whether day and month could be swapped
    # whether ``.7`` means 7 ms: some apps drop the leading zeros
    counts_millis: bool = False
    has_zone_name: bool = False  # whether a zone name follows in brackets, as Java writes it

    def parse(self, cells: pd.Series[Any]) -> NDArray[np.int64]:
        """(n,) nanoseconds since 1970 (or midnight); ``NO_TICK`` where a cell holds no time."""
        if self.wrap_ns == _HOUR_NS:
            parts = cells.str.extract(r"^(\d+):([\d.]+)$").apply(pd.to_numeric, errors="coerce")
            nanoseconds = np.round((60 * parts[0] + parts[1]) * 1e9)
            return np.asarray(nanoseconds.fillna(NO_TICK), dtype=np.int64)
        if self.has_zone_name:
            cells = cells.str.replace(_NAMED_ZONE, "", regex=True)
        if self.counts_millis:
            cells = cells.str.replace(_FRACTION, lambda m: m[1] + m[2].zfill(3), regex=True)
        parsed = self._parse(cells, self.pattern)
        lost = parsed.isna()
        if lost.any() and "%f" in self.pattern:  # whole seconds may lack the fraction
            whole = re.sub(r".%f", "", self.pattern)
            parsed = parsed.fillna(self._parse(cells[lost], whole))
        ticks = parsed.to_numpy().astype("datetime64[ns]").astype(np.int64)
        if self.wrap_ns == _DAY_NS:
            ticks[ticks != NO_TICK] -= _YEAR_1900_NS
        return ticks

    def _parse(self, cells: pd.Series[Any], pattern: str) -> pd.Series[Any]:
        parsed = pd.to_datetime(cells, format=pattern, errors="coerce", utc=True)
        parsed = parsed.dt.tz_localize(None)
        return parsed.where(parsed.dt.year.between(*_YEARS)).astype("datetime64[ns]")


def time_format(cells: Sequence[str], hint: str = "") -> TimeFormat | None:
    """Find the format of a column's times; None where it holds none.

    ``hint`` is the order of day and month where the file states it (``M/d/yyyy``).
    """
    filled = [cell for cell in cells if cell]
    if not filled:
        return None
    if all(_MINUTES.match(cell) for cell in filled):
        return TimeFormat("", "none", wrap_ns=_HOUR_NS)
    for shape in (_DATE_TIME, _DATE_ONLY, _TIME_ONLY):
        matches = [shape.match(cell) for cell in filled]
        fitting = [match for match in matches if match]
        if len(fitting) >= 0.8 * len(filled):
            return _from_matches(fitting, hint)
    return None


def moment(text: str, hint: str = "") -> datetime | None:
    """Parse a text that is a single time; None where it isn't one."""
    written = time_format([text], hint)
    if written is None or written.wrap_ns is not None:
        return None
    nanoseconds = int(written.parse(pd.Series([text], dtype="str"))[0])
    when = pd.Timestamp(nanoseconds)
    return None if pd.isna(when) else when.to_pydatetime(warn=False)


def _from_matches(matches: Sequence[re.Match[str]], hint: str) -> TimeFormat:
    groups = max(
        (match.groupdict() for match in matches), key=lambda g: len(g.get("fraction") or "")
    )
    pattern, is_ambiguous = "", False
    if "date" in groups:
        pattern, is_ambiguous = _date_pattern([m["date"] for m in matches], hint)
        pattern += groups.get("between") or ""
    zone_min = None
    if "hour" in groups:
        sep = groups["sep"]
        half = groups["half"] or ""
        pattern += f"{'%I' if half else '%H'}{sep}%M{sep}%S"
        pattern += f"{groups['point']}%f" if groups["fraction"] else ""
        pattern += half.replace(half.strip(), "%p") if half else ""
        zone = groups["zone"] or ""
        zone_min = _zone_min(zone.strip())
        pattern += re.sub(r"Z|[+-]\d{2}:?\d{2}", "%z", zone)
    has_date = "date" in groups
    return TimeFormat(
        pattern,
        epoch="none" if not has_date else "local" if zone_min is None else "unix",
        zone_min=zone_min,
        wrap_ns=None if has_date else _DAY_NS,
        is_ambiguous=is_ambiguous,
        counts_millis="hour" in groups and _counts_millis(matches),
        has_zone_name=all(match[0].endswith("]") for match in matches),
    )


def _counts_millis(matches: Sequence[re.Match[str]]) -> bool:
    """Whether fractions increase within their second only if read as whole milliseconds."""
    written = [(m[0][: m.start("fraction")], m["fraction"]) for m in matches if m["fraction"]]
    if not 1 <= max((len(fraction) for _, fraction in written), default=0) <= 3:
        return False
    within = [(before[1], after[1]) for before, after in pairwise(written) if before[0] == after[0]]
    falls = sum(float(f"0.{after}") < float(f"0.{before}") for before, after in within)
    return falls > sum(int(after) < int(before) for before, after in within)


def _date_pattern(dates: Sequence[str], hint: str) -> tuple[str, bool]:
    """``strptime`` pattern of a date, and whether day and month are ambiguous."""
    if re.search("[A-Za-z]", dates[0]):
        year = "%Y" if re.search(r"\d{4}$", dates[0]) else "%y"
        if dates[0][0].isdigit():
            mark = re.sub(r"\w", "", dates[0])[0]
            return f"%d{mark}%b{mark}{year}", False
        return f"%b %d{',' if ',' in dates[0] else ''} %Y", False
    sep = re.sub(r"\d", "", dates[0])[0]
    parts = np.array([date.split(sep) for date in dates if date.count(sep) == 2], dtype=int)
    if parts[0, 0] > 31:
        return f"%Y{sep}%m{sep}%d", False
    year = "%Y" if parts[0, 2] > 99 else "%y"
    day_first, month_first = f"%d{sep}%m{sep}{year}", f"%m{sep}%d{sep}{year}"
    if (parts[:, 0] > 12).any():
        return day_first, False
    if (parts[:, 1] > 12).any() or hint.lower().startswith("m"):
        return month_first, False
    # 1/2/2024 is American, 1.2.2024 is European.
    is_day_first = hint.lower().startswith("d") or sep == "."
    return day_first if is_day_first else month_first, not hint


def _zone_min(zone: str) -> int | None:
    if zone in ("Z", "UTC", "GMT"):
        return 0
    match = re.search(r"([+-])(\d{2}):?(\d{2})$", zone)
    if not match:
        return None
    minutes = 60 * int(match[2]) + int(match[3])
    return -minutes if match[1] == "-" else minutes
