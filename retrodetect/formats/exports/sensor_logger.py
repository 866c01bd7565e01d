"""Sensor Logger (Kelvin Choi), phone and Apple Watch: one file per sensor, named after it.

Each file has ``time`` (ns since 1970) and ``seconds_elapsed``; a phone's axes come as z, y, x.
Only the file name distinguishes an accelerometer from a gyroscope. On iOS all signs are
CoreMotion's, unless the recording was standardised. Source: UNITS.md, COORDINATES.md and
CROSSPLATFORM.md of https://github.com/tszheichoi/awesome-sensor-logger
"""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import datetime
from functools import partial
from zoneinfo import ZoneInfo

import numpy as np

from retrodetect.errors import RefusedRecording
from retrodetect.formats.draft import (
    Claim,
    Draft,
    Note,
    ReadOptions,
    Sign,
    Stamps,
    downward,
    linear,
    total,
    upward,
)
from retrodetect.formats.files import CERTAIN, NO, Candidate, Format, Role
from retrodetect.formats.guess import is_acceleration
from retrodetect.formats.layout import Axes, Layout, Tick, Value, drafts, xyz
from retrodetect.formats.text import records

__all__ = ["FORMATS"]

_CLOCKS = (Tick("time", "ns", "unix"), Tick("seconds_elapsed", "s", "none"))
_AXES = xyz("{}")
_SENSORS = (
    "WatchAccelerometerUncalibrated", "WristMotion", "TotalAcceleration",
    "AccelerometerUncalibrated", "Accelerometer", "GyroscopeUncalibrated", "Gyroscope", "Gravity",
    "MagnetometerUncalibrated", "Magnetometer", "Barometer", "Location", "Annotation", "Metadata",
)  # fmt: skip
_SENSOR = re.compile("|".join(_SENSORS), re.IGNORECASE)
_RANK = {"totalacceleration": 4, "accelerometeruncalibrated": 2, "accelerometer": 1,
         "wristmotion": 2, "watchaccelerometeruncalibrated": 1}  # fmt: skip
_STANDARDISED_ABOVE = 5.0
"""A watch writes gravity with length 1 (g), or 9.81 if set to standardise."""

_WATCH = ("wristmotion", "watchaccelerometeruncalibrated")
_APPLE_MODEL = re.compile(r"(iPhone|iPad|iPod)[\d ,.]*(Pro|Max|Plus|mini|Mini|SE|Air|X[RS]?| )*")


_BESIDE = {
    "gravity": Layout(clock=_CLOCKS, gravity_vector=(xyz("{}", "m/s2"),)),
    "gyroscope": Layout(clock=_CLOCKS, rotation=(xyz("{}", "rad/s"),)),
    "magnetometer": Layout(clock=_CLOCKS, channels={"magnetic_field_ut": (xyz("{}", "µT"),)}),
    "barometer": Layout(clock=_CLOCKS, channels={"pressure_hpa": (Value("pressure", "hPa"),)}),
    "location": Layout(
        clock=_CLOCKS,
        channels={
            "speed_mps": (Value("speed", "m/s"),),
            "altitude_m": (Value("altitude", "m"),),
            "latitude_deg": (Value("latitude", ""),),
            "longitude_deg": (Value("longitude", ""),),
        },
    ),
}
"""Layouts of the other sensors' files."""


def recognise(file: Candidate) -> int:
    """Recognise ``time`` and ``seconds_elapsed`` beside axes."""
    table = file.table
    if not table.has("time", "seconds_elapsed"):
        return CERTAIN if _sensor(file) == "metadata" and _metadata(file) else NO
    is_motion = table.has("x", "y", "z") or table.has("accelerationx", "gravityx")
    return CERTAIN if is_motion or _sensor(file) in ("barometer", "location") else NO


def role(file: Candidate) -> Role:
    """Rank total over linear acceleration, and keep a watch apart from the phone."""
    sensor = _sensor(file)
    rank = _RANK.get(sensor, 0)
    if sensor == "accelerometer" and "gravity" in _companions(file):
        rank = 3
    has_acceleration = sensor in _RANK or (sensor == "" and _is_total(file))
    return Role(has_acceleration, "watch" if sensor in _WATCH else "", rank)


def read(file: Candidate, options: ReadOptions) -> list[Draft]:
    """Read one accelerometer file with the files beside it."""
    sensor, export = _sensor(file), "use Accelerometer.csv or TotalAcceleration.csv"
    if sensor and sensor not in _RANK:
        raise RefusedRecording(f"has no acceleration, only {sensor}", remedy=export)
    if not sensor and not options.gravity and not _is_total(file):
        raise RefusedRecording(
            "its name does not say which sensor it is",
            remedy=f"{export}; if it is an accelerometer, add --gravity total or linear",
        )
    sides = _companions(file)
    facts = _metadata(sides["metadata"]) if "metadata" in sides else {}
    is_watch = sensor in _WATCH
    layout = Layout(
        clock=_CLOCKS,
        acceleration=(_acceleration(file, facts),),
        rotation=(xyz("rotationrate{}", "rad/s"),),
        gravity_vector=(xyz("gravity{}", _watch_unit(file)),),
        beside=None if is_watch else partial(_beside, has_gravity=sensor != "accelerometer"),
        sign=_sign(file, facts),
        notes=_notes(sides),
        device=_device(facts, sensor),
        platform=facts.get("platform", ""),
        placement="wrist" if sensor == "wristmotion" else None,
    )
    part = "watch" if is_watch and "accelerometer" in sides else ""
    (draft,) = drafts(file, {part: layout}, options)
    zone_min = _zone_min(facts, draft.stamps)
    return [draft.with_(stamps=replace(draft.stamps, zone_min=zone_min))]


def _acceleration(file: Candidate, facts: dict[str, str]) -> Axes:
    """Axes, unit and gravity of a file, as the app's UNITS.md states them."""
    sensor = _sensor(file)
    with_gravity = total(f"{sensor} of Sensor Logger includes gravity")
    without = linear(f"{sensor} of Sensor Logger leaves gravity out")
    match sensor:
        case "wristmotion":
            return xyz("acceleration{}", _watch_unit(file), without)
        case "totalacceleration":
            return xyz("{}", "m/s2", with_gravity)
        case "accelerometer":
            return xyz("{}", "m/s2", without)
        case "accelerometeruncalibrated" | "watchaccelerometeruncalibrated":
            is_g = facts.get("platform") == "ios" and not _is_standardised(facts)
            is_android = facts.get("platform") == "android"
            return xyz("{}", "g" if is_g else "m/s2" if is_android else "", with_gravity)
    return _AXES


def _sign(file: Candidate, facts: dict[str, str]) -> Claim[Sign] | None:
    sensor = _sensor(file)
    if _is_standardised(facts):
        return upward("Metadata.csv says that Standardisation was on")
    if _watch_unit(file) == "m/s2":
        return upward("gravity is 9.81 long, so Standardisation was on", "measured")
    if facts.get("platform") == "android" or sensor == "totalacceleration":
        return upward("Sensor Logger on Android")
    if facts.get("platform") == "ios":
        return downward("Sensor Logger on iOS writes CoreMotion's sign")
    if sensor in _WATCH:
        return downward("Apple Watch, with Standardisation assumed off", "assumed")
    return None


def _is_standardised(facts: dict[str, str]) -> bool:
    return facts.get("standardisation", "").lower() == "true"


def _beside(side: Candidate, *, has_gravity: bool) -> Layout:
    """Layout of another sensor's file; an empty one if it is of no use."""
    sensor = _sensor(side)
    return Layout() if has_gravity and sensor == "gravity" else _BESIDE.get(sensor, Layout())


def _notes(sides: dict[str, Candidate]) -> tuple[Note, ...]:
    rows = records(sides["annotation"].source) if "annotation" in sides else []
    return tuple(
        Note(int(row["time"]), row.get("text", "")) for row in rows if row.get("time", "").isdigit()
    )


def _metadata(file: Candidate) -> dict[str, str]:
    """Return the only row of Metadata.csv."""
    rows = records(file.source)
    return rows[0] if rows and {"platform", "sensors"} <= rows[0].keys() else {}


def _zone_min(facts: dict[str, str], stamps: Stamps) -> int | None:
    """Offset of the wearer's zone at the start of the recording; None if not stated."""
    if stamps.epoch != "unix" or stamps.ticks is None or not len(stamps.ticks):
        return None
    try:
        zone = ZoneInfo(facts.get("recording timezone", ""))
        began = datetime.fromtimestamp(float(stamps.ticks[0]) * 1e-9, zone)
    except (KeyError, ValueError, OSError, OverflowError):
        return None
    offset = began.utcoffset()
    return None if offset is None else round(offset.total_seconds() / 60)


def _is_total(file: Candidate) -> bool:
    """Whether the readings stay near one g, as no other sensor's do."""
    table = file.table
    if not table.has(*_AXES.names):
        return False
    return is_acceleration([table.numbers(name) for name in _AXES.names])


def _watch_unit(file: Candidate) -> str:
    """Unit that follows from the length of the gravity columns; empty without them."""
    table = file.table
    if not table.has("gravityx", "gravityy", "gravityz"):
        return ""
    gravity = [table.numbers(f"gravity{axis}") for axis in "xyz"]
    lengths = np.linalg.norm(gravity, axis=0)
    lengths = lengths[np.isfinite(lengths)]
    return "m/s2" if len(lengths) and np.median(lengths) > _STANDARDISED_ABOVE else "g"


def _sensor(file: Candidate) -> str:
    """Sensor in the file name, in lower case; empty if there is none."""
    words = _SENSOR.findall(file.source.stem)
    return words[-1].lower() if words else ""


def _companions(file: Candidate) -> dict[str, Candidate]:
    return {_sensor(side): side for side in file.companions if _sensor(side)}


def _device(facts: dict[str, str], sensor: str) -> str:
    """Model of the device; a name chosen by its owner is left out, as it may identify them."""
    if sensor in _WATCH:
        return "Apple Watch"
    name = facts.get("device name", "")
    is_model = facts.get("platform", "") == "android" or _APPLE_MODEL.fullmatch(name)
    return name if is_model else ""


FORMATS = (Format("sensor-logger", recognise, read, role, is_folder=True),)
