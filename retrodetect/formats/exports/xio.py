"""x-io Technologies NGIMU and x-IMU3: ``Accelerometer X (g)`` with gravity; ``linear`` without.

``linear.csv`` and ``earth.csv`` name their columns only ``X (g)``; the latter lies in the earth's
frame.
"""

from __future__ import annotations

from retrodetect.formats.candidate import Candidate
from retrodetect.formats.draft import Claim, Draft, Sign
from retrodetect.formats.layout import Layout, Tick, Value, drafts, xyz
from retrodetect.formats.options import ReadOptions
from retrodetect.formats.registry import LIKELY, NO, Format, Role
from retrodetect.recording import Gravity

__all__ = ["FORMAT"]

_TOTAL = xyz("accelerometer {}", "g", Claim[Gravity]("total", "stated", "x-io writes totals"))
_LINEAR = xyz("{}", "g", Claim[Gravity]("linear", "assumed", "bare X, Y, Z in g of x-io"))
_LAYOUT = Layout(
    clock=(Tick("time", "s"), Tick("timestamp", "us")),
    acceleration=(_TOTAL, _LINEAR),
    rotation=(xyz("gyroscope {}", "deg/s"),),
    channels={
        "magnetic_field_ut": (xyz("magnetometer {}"),),
        "pressure_hpa": (Value("barometer", "hPa"),),
    },
    sign=Claim[Sign](1, "stated", "x-io writes specific force"),
)


def recognise(file: Candidate) -> int:
    """``Time (s)`` or ``Timestamp (us)`` beside axes in g."""
    table = file.table
    if not (table.has("time") or table.has("timestamp")):
        return NO
    present = [axes for axes in (_TOTAL, _LINEAR) if table.has(*axes.names)]
    if not present or table.index(present[0].x) is None:
        return NO
    unit = table.unit(table.index(present[0].x) or 0)
    is_clock = any(
        (index := table.index(tick.names[0])) is not None and table.unit(index) in ("s", "us", "µs")
        for tick in _LAYOUT.clock
    )
    return LIKELY if unit == "g" and is_clock else NO


def role(file: Candidate) -> Role:
    """Rank the sensors' own readings over what was computed from them."""
    return Role(rank=int(file.table.has(*_TOTAL.names)) - int("earth" in file.source.stem.lower()))


def read(file: Candidate, options: ReadOptions) -> list[Draft]:
    """Read the accelerometer, or else the linear acceleration."""
    is_earth = "earth" in file.source.stem.lower() and not file.table.has(*_TOTAL.names)
    warnings = (
        ("its acceleration is in the earth's frame, not the sensor's: direction may be wrong",)
        if is_earth
        else ()
    )
    return [draft.with_(warnings=warnings) for draft in drafts(file.table, _LAYOUT, options)]


FORMAT = Format("x-io", recognise, read, role, is_folder=True)
