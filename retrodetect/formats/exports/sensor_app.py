"""Sensor-App (Volker Schmitt) for iOS: g with gravity, CoreMotion's sign.

``Date`` is when the file was exported; ``Timestamp`` is the clock.
"""

from __future__ import annotations

from retrodetect.formats.candidate import Candidate
from retrodetect.formats.draft import Claim, Draft, Sign
from retrodetect.formats.layout import Layout, Tick, drafts, xyz
from retrodetect.formats.options import ReadOptions
from retrodetect.formats.registry import CERTAIN, NO, Format
from retrodetect.recording import Gravity

__all__ = ["FORMAT"]

_LAYOUT = Layout(
    clock=(Tick("timestamp", "s", "unix"),),
    acceleration=(
        xyz("acceleration{}", "g", Claim[Gravity]("total", "stated", "Sensor-App writes totals")),
    ),
    sign=Claim[Sign](-1, "stated", "Sensor-App writes CoreMotion's sign"),
)


def recognise(file: Candidate) -> int:
    """``DeviceOrientation`` beside the clock and the axes."""
    table = file.table
    names = ("date", "timestamp", "deviceorientation", "accelerationx")
    return CERTAIN if table.has(*names) else NO


def read(file: Candidate, options: ReadOptions) -> list[Draft]:
    """Read the one table."""
    return [draft.with_(platform="ios") for draft in drafts(file.table, _LAYOUT, options)]


FORMAT = Format("sensor-app", recognise, read)
