"""Dates and times written as text, in the many ways apps write them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from retrodetect.formats.draft import NO_TICK, Epoch

__all__ = ["TimeFormat", "moment", "time_format"]

_DAY_NS = 86_400 * 10**9
_YEARS = (1900, 2200)
_YEAR_1900_NS = int(np.datetime64("1900-01-01", "ns").astype(np.int64))
"""Where a time without a date is put by ``strptime``."""

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
"""A fraction of fewer than three digits behind the seconds."""

_MINUTES = re.compile(r"\d{1,2}:\d{2}\.\d+$")


@dataclass(frozen=True, slots=True)
class TimeFormat:
    """How a column writes its times."""

    pattern: str  # as for ``strptime``
    # ``unix`` where a zone stands beside the time, ``local`` with a date, else ``none``
    epoch: Epoch
    zone_min: int | None = None  # offset of that zone in minutes
    wrap_ns: int | None = None  # nanoseconds after which a time without date starts again
    is_ambiguous: bool = False  # whether day and month could be swapped
    # whether ``.7`` stands for 7 ms, as apps write that leave out the zeros before it
    counts_millis: bool = False
    has_zone_name: bool = False  # whether the zone's name follows in brackets, as Java writes it

    def parse(self, cells: pd.Series[Any]) -> NDArray[np.int64]:
        """(n,) nanoseconds since 1970 (or since midnight); ``NO_TICK`` where a cell is no time."""
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
        if lost.any() and "%f" in self.pattern:  # whole seconds are written without a fraction
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
    """Find how a column writes its times; None where it holds none.

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
    """Time in a text by itself; None where it is none."""
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
    """Whether fractions rise within their second only when read as whole milliseconds."""
    written = [(m[0][: m.start("fraction")], m["fraction"]) for m in matches if m["fraction"]]
    if not 1 <= max((len(fraction) for _, fraction in written), default=0) <= 3:
        return False
    within = [(before[1], after[1]) for before, after in pairwise(written) if before[0] == after[0]]
    falls = sum(float(f"0.{after}") < float(f"0.{before}") for before, after in within)
    return falls > sum(int(after) < int(before) for before, after in within)


def _date_pattern(dates: Sequence[str], hint: str) -> tuple[str, bool]:
    """``strptime`` pattern of a date, and whether day and month could be swapped."""
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
