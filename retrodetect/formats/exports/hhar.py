"""HHAR: long tables of several people and devices; arrival in ms, creation in ns by each device."""

from __future__ import annotations

from retrodetect.formats.candidate import Candidate
from retrodetect.formats.draft import Claim, Draft, Sign
from retrodetect.formats.layout import Axes, Layout, Tick, drafts
from retrodetect.formats.options import ReadOptions
from retrodetect.formats.registry import CERTAIN, LIKELY, NO, Format, Role
from retrodetect.formats.table import Table
from retrodetect.recording import Gravity

__all__ = ["FORMAT"]

_TOTAL = Claim[Gravity]("total", "stated", "HHAR writes totals")
_SIGN = Claim[Sign](1, "stated", "HHAR was recorded on Android and Tizen")
_NAMES = ("index", "arrival_time", "creation_time", "x", "y", "z", "user", "model", "device", "gt")
_NUMBERS = tuple(str(number) for number in range(1, 11))


def recognise(file: Candidate) -> int:
    """Its ten columns, by name or by what they hold."""
    table = file.table
    if table.width != len(_NAMES):
        return NO
    if table.names == _NAMES:
        return CERTAIN
    kinds = [table.kind(index) == "text" for index in range(table.width)]
    arrival = table.numbers(1)[:1]
    is_epoch = bool(len(arrival) and 1e12 < arrival[0] < 2.2e12)
    return LIKELY if kinds == [False] * 6 + [True] * 4 and not table.header and is_epoch else NO


def role(file: Candidate) -> Role:
    """Tell the accelerometer's file from the gyroscope's, which looks alike, by its name."""
    return Role(has_acceleration="gyro" not in file.source.stem.lower())


def read(file: Candidate, options: ReadOptions) -> list[Draft]:
    """Read each person with each device, by the device's own clock."""
    table = file.table
    names = _names(table)
    layout = Layout(
        clock=(Tick(names[2], "ns"),),
        acceleration=(Axes(names[3], names[4], names[5], "m/s2", _TOTAL),),
        split=(names[6], names[8]),
        sign=_SIGN,
    )
    return drafts(table, layout, options)


def _names(table: Table) -> tuple[str, ...]:
    return _NAMES if table.header else _NUMBERS


FORMAT = Format("hhar", recognise, read, role)
