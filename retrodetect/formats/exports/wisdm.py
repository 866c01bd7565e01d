"""WISDM: user, activity, ns, x, y, z, each row ended by a semicolon; several people in a file."""

from __future__ import annotations

from retrodetect.formats.candidate import Candidate
from retrodetect.formats.draft import Claim, Draft, Sign
from retrodetect.formats.layout import Axes, Layout, Tick, drafts
from retrodetect.formats.options import ReadOptions
from retrodetect.formats.registry import CERTAIN, NO, Format, Role
from retrodetect.recording import Gravity

__all__ = ["FORMAT"]

_LAYOUT = Layout(
    clock=(Tick("3", "ns", "none"),),
    acceleration=(
        Axes("4", "5", "6", "m/s2", Claim[Gravity]("total", "stated", "WISDM writes totals")),
    ),
    split=("1",),
    sign=Claim[Sign](1, "stated", "WISDM was recorded on Android"),
)


def recognise(file: Candidate) -> int:
    """Six columns without names, the second an activity, each row ended by a semicolon."""
    table = file.table
    if table.header or table.width != 6 or table.terminator != ";":
        return NO
    return CERTAIN if table.kind(1) == "text" and table.kind(2) != "text" else NO


def role(file: Candidate) -> Role:
    """Tell the accelerometer's file from the gyroscope's, which looks alike, by its name."""
    return Role(has_acceleration="gyro" not in file.source.stem.lower())


def read(file: Candidate, options: ReadOptions) -> list[Draft]:
    """Read each person."""
    return drafts(file.table, _LAYOUT, options)


FORMAT = Format("wisdm", recognise, read, role)
