"""Empatica E4 ``ACC.csv``: a row of start times, a row of rates, then whole numbers of 1/64 g."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from retrodetect.errors import InputError
from retrodetect.formats.candidate import Candidate
from retrodetect.formats.draft import Claim, Draft, Note, Sign, Stamps
from retrodetect.formats.layout import Axes, Layout, drafts
from retrodetect.formats.options import ReadOptions
from retrodetect.formats.registry import CERTAIN, NO, Format, Role
from retrodetect.formats.table import Table
from retrodetect.recording import Gravity

__all__ = ["FORMAT"]

_TOTAL = Claim[Gravity]("total", "stated", "Empatica E4 writes totals")
_SIGN = Claim[Sign](1, "assumed", "Empatica E4, taken to read +1 g upward")


def recognise(file: Candidate) -> int:
    """The same start in the first row of each column, the same rate in the second."""
    return CERTAIN if _heads(file.table) is not None else NO


def role(file: Candidate) -> Role:
    """Only the file of three columns is the accelerometer's."""
    return Role(has_acceleration=file.table.width == 3)


def read(file: Candidate, options: ReadOptions) -> list[Draft]:
    """Read the rows under the two heads."""
    table = file.table
    start_s, rate_hz = _heads(table) or (0.0, 0.0)
    body = replace(table, first_line=table.first_line + 2, rows=table.rows[2:])
    layout = Layout(acceleration=(Axes("1", "2", "3", "g/64", _TOTAL),), sign=_SIGN)
    draft = drafts(body, layout, options)[0]
    ticks = start_s + np.arange(len(draft.acceleration.values)) / rate_hz
    stamps = Stamps(ticks, 1.0, "unix", f"start and {rate_hz:g} Hz in the first rows")
    return [draft.with_(stamps=stamps, notes=_tags(file), device="Empatica E4", placement="wrist")]


def _heads(table: Table) -> tuple[float, float] | None:
    """Start in s since 1970 and rate in Hz, where the first two rows can be these."""
    if table.header or table.preamble or len(table.rows) < 2:
        return None
    first, second = ({float(cell) for cell in row} if all(row) else set()
                     for row in _numbers(table))  # fmt: skip
    if len(first) != 1 or len(second) != 1:
        return None
    start_s, rate_hz = first.pop(), second.pop()
    return (start_s, rate_hz) if 1e9 < start_s < 2.2e9 and 0 < rate_hz <= 256 else None


def _numbers(table: Table) -> list[list[float]]:
    columns = [table.numbers(index)[:2] for index in range(table.width)]
    return [list(row) for row in zip(*columns, strict=True)]


def _tags(file: Candidate) -> tuple[Note, ...]:
    """Presses of the button, in s since 1970, one a line in ``tags.csv``."""
    notes: list[Note] = []
    for side in file.companions:
        try:
            lines = (
                side.source.head.decode("ascii", "replace").split()
                if side.source.stem == "tags"
                else []
            )
            notes.extend(Note(float(line), "tag") for line in lines)
        except (ValueError, InputError):
            continue
    return tuple(notes)


FORMAT = Format("empatica-e4", recognise, read, role, is_folder=True)
