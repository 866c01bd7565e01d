"""Plain tables: any clock and any three axes that can be told by name or by value.

Counts and epochs, which activity monitors make of acceleration and nobody can turn back, are
refused.
"""

from __future__ import annotations

import re
from dataclasses import replace

from retrodetect.errors import RefusedRecording
from retrodetect.formats.draft import Draft, ReadOptions
from retrodetect.formats.files import LIKELY, NO, POSSIBLE, Candidate, Format, Role
from retrodetect.formats.guess import (
    best_clock,
    has_decimal_commas,
    layouts,
    no_acceleration,
    rotation_axes,
    stated_rate_hz,
)
from retrodetect.formats.layout import Layout, drafts
from retrodetect.formats.text import is_text

__all__ = ["FORMATS", "PLAIN"]


def _is_table(file: Candidate) -> int:
    """Take any table of numbers."""
    is_skeleton = file.source.head.startswith(b"HIERARCHY")  # BVH holds angles of joints
    return POSSIBLE if file.table.width and not is_skeleton else NO


def _role(file: Candidate) -> Role:
    """Tell tables with acceleration from those of other things."""
    return Role(has_acceleration=bool(layouts(file.table)))


def _read_table(file: Candidate, options: ReadOptions) -> list[Draft]:
    """Read by column names, or by the values where there are none."""
    table = file.table
    if has_decimal_commas(table):
        raise RefusedRecording(
            "uses commas both as decimal commas and between its columns",
            remedy="export it with decimal points, or with semicolons between the columns",
        )
    guessed = layouts(table)
    if options.columns:
        guessed = {"": Layout(clock=best_clock(table), rate_hz=stated_rate_hz(table))}
    if not guessed:
        raise no_acceleration(table)
    parts = {part: replace(layout, beside=_gyroscope) for part, layout in guessed.items()}
    return drafts(file, parts, options)


def _gyroscope(side: Candidate) -> Layout:
    """Layout of a file beside the accelerometer's."""
    return Layout(clock=best_clock(side.table), rotation=rotation_axes(side.table))


_SIGNS = re.compile(
    rb"Actical|Actiwatch|Actiware|Activity Counts|sampleRate = \d+ seconds|ENMO|"
    rb"\baxis1\b.*\baxis2\b",
    re.IGNORECASE,
)
_COUNTS_WITHIN = 4096


def _is_counts(file: Candidate) -> int:
    """Names of counting devices, or columns of counts."""
    if _SIGNS.search(file.source.head[:_COUNTS_WITHIN]) is None or not is_text(file.source):
        return NO
    has_axes = file.table.has("x", "y", "z")
    return NO if has_axes else LIKELY


def _refuse_counts(_: Candidate, __: ReadOptions) -> list[Draft]:
    """Refuse, in a row of its own."""
    raise RefusedRecording(
        "has activity counts or summaries per epoch, not acceleration",
        remedy="export the raw acceleration",
    )


PLAIN = Format("plain", _is_table, _read_table, _role)
FORMATS = (PLAIN, Format("counts", _is_counts, _refuse_counts))
