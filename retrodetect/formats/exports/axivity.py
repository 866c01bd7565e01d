"""Axivity AX3 and AX6, as OmGui exports them: no header, CRLF, g, then deg/s for an AX6.

An AX6 was seen to write gyroscope and accelerometer in each other's columns for its first seconds.
"""

from __future__ import annotations

import numpy as np

from retrodetect.formats.candidate import Candidate
from retrodetect.formats.draft import Claim, Draft, Sign
from retrodetect.formats.guess import best_clock
from retrodetect.formats.layout import Axes, Layout, drafts
from retrodetect.formats.options import ReadOptions
from retrodetect.formats.registry import LIKELY, NO, Format
from retrodetect.formats.spool import blocks, release
from retrodetect.formats.table import Table
from retrodetect.formats.text import counted
from retrodetect.recording import FloatArray, Gravity

__all__ = ["FORMAT", "unswapped"]

_TOTAL = Claim[Gravity]("total", "stated", "Axivity writes totals")
_SIGN = Claim[Sign](1, "stated", "Axivity writes specific force")
_ONE_G = (0.7, 1.4)
_BLOCK = 100
"""Rows, one second at the usual rate, over which the sensors are told apart."""


def recognise(file: Candidate) -> int:
    """A clock and three or six columns, three of which average one g."""
    table = file.table
    if table.header or table.preamble or table.width not in (4, 7):
        return NO
    clock = best_clock(table)
    if not clock or clock[0].name != "1" or b"\r\n" not in file.source.head:
        return NO
    return LIKELY if any(_is_one_g(_triad(table, first)) for first in _firsts(table)) else NO


def read(file: Candidate, options: ReadOptions) -> list[Draft]:
    """Read both sensors, and put them right where they were swapped."""
    table = file.table
    layout = Layout(
        clock=best_clock(table),
        acceleration=(Axes("2", "3", "4", "g", _TOTAL),),
        rotation=(Axes("5", "6", "7", "deg/s"),),
        sign=_SIGN,
    )
    return [unswapped(draft) for draft in drafts(table, layout, options)]


def unswapped(draft: Draft) -> Draft:
    """Swap sensors back in place, second by second, where only the gyroscope averages one g."""
    if draft.rotation is None:
        return draft
    acceleration, rotation = draft.acceleration.values, draft.rotation.values
    count = 0
    for second in blocks(len(acceleration), rows=_BLOCK):
        if not _is_one_g(acceleration[second]) and _is_one_g(rotation[second]):
            own = acceleration[second].copy()
            acceleration[second], rotation[second] = rotation[second], own
            count += len(own)
    release(acceleration, rotation)
    if not count:
        return draft
    text = f"accelerometer and gyroscope were swapped in {counted(count, 'row')}; corrected"
    return draft.with_(warnings=(*draft.warnings, text))


def _firsts(table: Table) -> range:
    return range(1, table.width, 3)


def _triad(table: Table, first: int) -> FloatArray:
    return np.stack([table.numbers(index) for index in range(first, first + 3)], axis=1)


def _is_one_g(values: FloatArray) -> bool:
    level = float(np.linalg.norm(np.nanmean(values, axis=0)))
    return _ONE_G[0] < level < _ONE_G[1]


FORMAT = Format("axivity", recognise, read)
