"""AndroSensor: every sensor in one table, its two clocks in the last columns.

Its default of two rows a second is too slow for steps, and is refused as such.
"""

from __future__ import annotations

from retrodetect.formats.candidate import Candidate
from retrodetect.formats.draft import Claim, Draft, Sign
from retrodetect.formats.layout import Layout, Tick, Value, drafts, first_time, xyz
from retrodetect.formats.options import ReadOptions
from retrodetect.formats.registry import CERTAIN, NO, Format
from retrodetect.recording import Gravity

__all__ = ["FORMAT"]

_ELAPSED = Tick("time since start in ms", "ms", "none")
_WALL = Tick("yyyy-mo-dd hh-mi-ss_sss")
_LAYOUT = Layout(
    clock=(_ELAPSED, _WALL),
    acceleration=(
        xyz("accelerometer {}", gravity=Claim[Gravity]("total", "stated", "ACCELEROMETER")),
        xyz("linear acceleration {}",
            gravity=Claim[Gravity]("linear", "stated", "LINEAR ACCELERATION")),
    ),
    rotation=(xyz("gyroscope {}"),),
    channels={
        "magnetic_field_ut": (xyz("magnetic field {}"),),
        "pressure_hpa": (Value("atmospheric pressure", "hPa"),),
        "speed_mps": (Value("location speed", "km/h"),),
        "altitude_m": (Value("location altitude", "m"),),
        "latitude_deg": (Value("location latitude :", ""),),
        "longitude_deg": (Value("location longitude :", ""),),
    },
    sign=Claim[Sign](1, "stated", "AndroSensor runs on Android"),
)  # fmt: skip


def recognise(file: Candidate) -> int:
    """Either of its clocks beside an accelerometer."""
    table = file.table
    if not (table.has(*_ELAPSED.names) or table.has(*_WALL.names)):
        return NO
    return CERTAIN if any(table.has(axes.x) for axes in _LAYOUT.acceleration) else NO


def read(file: Candidate, options: ReadOptions) -> list[Draft]:
    """Read the accelerometer, or else the linear acceleration."""
    table = file.table
    start = first_time(table, *_WALL.names)
    recordings = drafts(table, _LAYOUT, options)
    return [draft.with_(platform="android", start_time=start) for draft in recordings]


FORMAT = Format("androsensor", recognise, read)
