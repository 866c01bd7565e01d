"""MbientLab MetaMotion (MetaBase): a file per sensor, ``epoch (ms)``, misspelt ``epoc (ms)``."""

from __future__ import annotations

from retrodetect.formats.candidate import Candidate
from retrodetect.formats.draft import Claim, Draft, Sign
from retrodetect.formats.layout import Axes, Layout, Tick, drafts, series
from retrodetect.formats.options import ReadOptions
from retrodetect.formats.registry import CERTAIN, NO, Format, Role
from retrodetect.formats.table import Table
from retrodetect.recording import Gravity

__all__ = ["FORMAT"]

_CLOCKS = (Tick("epoch", "ms", "unix"), Tick("epoc", "ms", "unix"))
_AXES = Axes("x-axis", "y-axis", "z-axis")
_TOTAL = Claim[Gravity]("total", "stated", "MetaMotion writes totals")
_SIGN = Claim[Sign](1, "assumed", "MetaMotion, taken to read +1 g upward")


def recognise(file: Candidate) -> int:
    """Its clock beside its axes."""
    table = file.table
    if not table.has(*_AXES.names):
        return NO
    return CERTAIN if any(table.has(*clock.names) for clock in _CLOCKS) else NO


def role(file: Candidate) -> Role:
    """Only readings in g are the accelerometer's."""
    return Role(has_acceleration=_unit(file.table) == "g")


def read(file: Candidate, options: ReadOptions) -> list[Draft]:
    """Read the accelerometer with the gyroscope from the file beside it."""
    table = file.table
    axes = (Axes(*_AXES.names, gravity=_TOTAL),) if _unit(table) == "g" else ()
    recordings = drafts(table, Layout(clock=_CLOCKS, acceleration=axes, sign=_SIGN), options)
    sides = [side.table for side in file.companions]
    rotation = next(
        (
            values
            for side in sides
            if side.has(*_AXES.names) and _unit(side) == "deg/s"
            for clock in _CLOCKS
            if (values := series(side, (_AXES,), clock))
        ),
        None,
    )
    return [draft.with_(rotation=rotation, device="MetaMotion") for draft in recordings]


def _unit(table: Table) -> str:
    return table.unit(table.index("x-axis") or 0)


FORMAT = Format("metamotion", recognise, read, role)
