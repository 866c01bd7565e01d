"""Plain tables: any clock and any three axes that can be told by name or by value."""

from __future__ import annotations

from retrodetect.errors import RefusedRecording
from retrodetect.formats.candidate import Candidate
from retrodetect.formats.draft import Draft, Series
from retrodetect.formats.guess import (
    best_clock,
    has_decimal_commas,
    layouts,
    no_acceleration,
    rotation_axes,
    stated_rate_hz,
)
from retrodetect.formats.layout import Layout, drafts, series
from retrodetect.formats.options import ReadOptions
from retrodetect.formats.registry import NO, POSSIBLE, Format, Role

__all__ = ["FORMAT"]


def recognise(file: Candidate) -> int:
    """Take any table of numbers."""
    is_skeleton = file.source.head.startswith(b"HIERARCHY")  # BVH holds angles of joints
    return POSSIBLE if file.table.width and not is_skeleton else NO


def role(file: Candidate) -> Role:
    """Tell tables with acceleration from those of other things."""
    return Role(has_acceleration=bool(layouts(file.table)))


def read(file: Candidate, options: ReadOptions) -> list[Draft]:
    """Read by column names, or by the values where there are none.

    Raises
    ------
    RefusedRecording
        Where nothing looks like acceleration.
    """
    table = file.table
    if has_decimal_commas(table):
        raise RefusedRecording(
            "uses commas both as decimal commas and between its columns",
            file=file.source.label,
            remedy="export it with decimal points, or with semicolons between the columns",
        )
    guessed = layouts(table)
    if options.columns:
        guessed = {"": Layout(clock=best_clock(table), rate_hz=stated_rate_hz(table))}
    if not guessed:
        raise no_acceleration(table)
    return [
        draft.with_(
            part="/".join(filter(None, (part, draft.part))),
            rotation=draft.rotation or _rotation_beside(file),
        )
        for part, layout in guessed.items()
        for draft in drafts(table, layout, options)
    ]


def _rotation_beside(file: Candidate) -> Series | None:
    """Gyroscope from a file beside the accelerometer's."""
    for side in file.companions:
        table = side.table
        if (clock := best_clock(table)) and (axes := rotation_axes(table)):
            return series(table, axes, clock[0])
    return None


FORMAT = Format("plain", recognise, read, role)
