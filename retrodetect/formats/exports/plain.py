"""Plain tables: any clock and any three axes that name or values identify.

Counts and epochs, which activity monitors derive irreversibly from acceleration, are refused.
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


def _read_table(file: Candidate, options: ReadOptions) -> list[Draft]:
    """Read by column names, or by values if there are none."""
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
    """Recognise names of counting devices, or columns of counts."""
    is_signed = _SIGNS.search(file.source.head[:_COUNTS_WITHIN]) and is_text(file.source)
    return LIKELY if is_signed and not file.table.has("x", "y", "z") else NO


def _refuse_counts(_: Candidate, __: ReadOptions) -> list[Draft]:
    raise RefusedRecording(
        "has activity counts or summaries per epoch, not acceleration",
        remedy="export the raw acceleration",
    )


PLAIN = Format(
    "plain",
    # BVH is a table of numbers too, but of joint angles.
    lambda file: POSSIBLE if file.table.width and file.source.head[:9] != b"HIERARCHY" else NO,
    _read_table,
    lambda file: Role(has_acceleration=bool(layouts(file.table))),
)
FORMATS = (PLAIN, Format("counts", _is_counts, _refuse_counts))
