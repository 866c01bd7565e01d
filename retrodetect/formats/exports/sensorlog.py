"""SensorLog (Bernd Thomas) for iOS: one wide table in which every sensor has a clock of its own.

``loggingTime`` is when a row was written and jitters; ``…Timestamp_sinceReboot`` is CoreMotion's.
"""

from __future__ import annotations

from retrodetect.formats.candidate import Candidate
from retrodetect.formats.draft import Claim, Draft, Sign
from retrodetect.formats.layout import Layout, Tick, Value, drafts, xyz
from retrodetect.formats.options import ReadOptions
from retrodetect.formats.registry import CERTAIN, NO, Format
from retrodetect.recording import Gravity

__all__ = ["FORMAT"]

_TOTAL = Claim[Gravity]("total", "stated", "SensorLog's accelerometerAcceleration")
_LINEAR = Claim[Gravity]("linear", "stated", "SensorLog's motionUserAcceleration")
_LOGGING = Tick("loggingtime")


def _own(sensor: str) -> Tick:
    return Tick(f"{sensor}timestamp_sincereboot", "s", "none")


_ACCELEROMETER = Layout(
    clock=(_own("accelerometer"), _LOGGING),
    acceleration=(xyz("accelerometeracceleration{}", "g", _TOTAL),),
)
_MOTION = Layout(
    clock=(_own("motion"), _LOGGING),
    acceleration=(xyz("motionuseracceleration{}", "g", _LINEAR),),
    gravity_vector=(xyz("motiongravity{}", "g"),),
)


def recognise(file: Candidate) -> int:
    """``loggingTime`` beside CoreMotion's names."""
    table = file.table
    if not table.has("loggingtime"):
        return NO
    names = ("accelerometeraccelerationx", "motionuseraccelerationx")
    return CERTAIN if any(table.has(name) for name in names) else NO


def read(file: Candidate, options: ReadOptions) -> list[Draft]:
    """Read the accelerometer, or else device motion with its gravity."""
    table = file.table
    is_raw = table.has("accelerometeraccelerationx")
    layout = _ACCELEROMETER if is_raw else _MOTION
    layout = Layout(
        clock=layout.clock,
        acceleration=layout.acceleration,
        gravity_vector=layout.gravity_vector,
        rotation=(
            xyz("gyrorotation{}", "rad/s", clock=_own("gyro")),
            xyz("motionrotationrate{}", "rad/s", clock=_own("motion")),
        ),
        channels={
            "magnetic_field_ut": (xyz("magnetometer{}", "µT", clock=_own("magnetometer")),),
            "pressure_hpa": (Value("altimeterpressure", "kPa"),),
            "speed_mps": (Value("locationspeed", "m/s"),),
            "altitude_m": (Value("locationaltitude", "m"),),
            "latitude_deg": (Value("locationlatitude", ""),),
            "longitude_deg": (Value("locationlongitude", ""),),
        },
        sign=Claim[Sign](-1, "stated", "SensorLog writes CoreMotion's sign"),
    )
    return [draft.with_(platform="ios") for draft in drafts(table, layout, options)]


FORMAT = Format("sensorlog", recognise, read)
