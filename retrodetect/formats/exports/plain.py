"""Plain tables: any clock and any three axes that can be told by name or by value."""

from __future__ import annotations

from retrodetect.formats.draft import Draft, Series
from retrodetect.formats.guess import (
    best_clock,
    layouts,
    no_acceleration,
    rotation_axes,
    stated_rate_hz,
)
from retrodetect.formats.layout import Layout, drafts, series
from retrodetect.formats.options import ReadOptions
from retrodetect.formats.registry import NO, POSSIBLE, Format, Role
from retrodetect.formats.source import Source

__all__ = ["FORMAT"]


def recognise(source: Source) -> int:
    """Take any table of numbers."""
    return POSSIBLE if source.table is not None else NO


def role(source: Source) -> Role:
    """Tell tables with acceleration from those of other things."""
    assert source.table is not None
    return Role(has_acceleration=bool(layouts(source.table)))


def read(source: Source, options: ReadOptions) -> list[Draft]:
    """Read by column names, or by the values where there are none.

    Raises
    ------
    RefusedRecording
        Where nothing looks like acceleration.
    """
    table = source.table
    assert table is not None
    guessed = layouts(table)
    if options.columns:
        guessed = {"": Layout(clock=best_clock(table), rate_hz=stated_rate_hz(table))}
    if not guessed:
        raise no_acceleration(table)
    return [
        draft.with_(
            part="/".join(filter(None, (part, draft.part))),
            rotation=draft.rotation or _rotation_beside(source),
        )
        for part, layout in guessed.items()
        for draft in drafts(table, layout, options)
    ]


def _rotation_beside(source: Source) -> Series | None:
    """Gyroscope from a file beside the accelerometer's."""
    for side in source.companions:
        table = side.table
        if table is not None and (clock := best_clock(table)) and (axes := rotation_axes(table)):
            return series(table, axes, clock[0])
    return None


FORMAT = Format("plain", recognise, read, role)
