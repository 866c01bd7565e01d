"""Recording apps for phones whose tables a layout describes.

A comment above each says what the app writes and what is special about it.
"""

from __future__ import annotations

import re
from dataclasses import replace

from retrodetect.formats.draft import Claim, downward, linear, total, upward
from retrodetect.formats.files import CERTAIN, LIKELY, NO, Candidate, has
from retrodetect.formats.guess import best_clock, is_acceleration, stated_rate_hz
from retrodetect.formats.layout import Axes, Layout, Tick, Value, table_format, xyz
from retrodetect.formats.table import Table
from retrodetect.recording import Gravity

__all__ = ["FORMATS"]


# AndroSensor: every sensor in one table, its two clocks in the last columns. Its default of two
# rows a second is too slow for steps, and is refused as such.
_ANDROSENSOR = Layout(
    clock=(Tick("time since start in ms", "ms", "none"), Tick("yyyy-mo-dd hh-mi-ss_sss")),
    acceleration=(
        xyz("accelerometer {}", gravity=total("ACCELEROMETER")),
        xyz("linear acceleration {}", gravity=linear("LINEAR ACCELERATION")),
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
    sign=upward("AndroSensor runs on Android"),
    platform="android",
    start_column="yyyy-mo-dd hh-mi-ss_sss",
)


def _is_androsensor(file: Candidate) -> int:
    """Either of its clocks beside an accelerometer."""
    table = file.table
    has_clock = any(table.has(*clock.names) for clock in _ANDROSENSOR.clock)
    has_axes = any(table.has(axes.x) for axes in _ANDROSENSOR.acceleration)
    return CERTAIN if has_clock and has_axes else NO


# HyperIMU (ianovir) for Android: columns end in the phone's own sensor names, whoever made them;
# a clock only if asked for.
def _hyperimu(file: Candidate) -> Layout:
    table = file.table
    return Layout(
        clock=(Tick("timestamp", "ms", "unix"),),
        acceleration=(
            *_ending(table, "accelerometer", "m/s2", total("HyperIMU column accelerometer")),
            *_ending(table, "linear[_ ]acceleration", "m/s2",
                     linear("HyperIMU column linear acceleration")),
        ),
        rotation=_ending(table, "gyroscope", "rad/s"),
        channels={"magnetic_field_ut": _ending(table, "magnetic[_ ]field", "µT")},
        rate_hz=stated_rate_hz(table),
        sign=upward("HyperIMU runs on Android"),
        platform="android",
    )  # fmt: skip


def _ending(
    table: Table, sensor: str, unit: str, gravity: Claim[Gravity] | None = None
) -> tuple[Axes, ...]:
    """Axes of the sensor whose vendor's name says this."""
    pattern = re.compile(rf"(?<![a-z]){sensor}(?![a-z])(?!.*uncalibrated)[^.]*\.x$")
    heads = (name.removesuffix(".x") for name in table.names if pattern.search(name))
    return tuple(xyz(f"{head}.{{}}", unit, gravity) for head in heads)


# Physics Toolbox Sensor Suite (Vieyra): ``gFx`` in g with gravity, ``ax`` in m/s² without. In a
# multi-record every row repeats what the slower sensors read last.
def _physics_toolbox(file: Candidate) -> Layout:
    is_ios = file.table.has("gftotal")
    return Layout(
        clock=(Tick("time"), *best_clock(file.table)),
        acceleration=(
            xyz("gf{}", "g", total("g-force of Physics Toolbox")),
            xyz("a{}", "m/s2", linear("ax, ay, az of Physics Toolbox")),
        ),
        rotation=(xyz("w{}", "rad/s"),),
        channels={"magnetic_field_ut": (xyz("b{}", "µT"),)},
        sign=downward("gFTotal of Physics Toolbox on iOS, taken as CoreMotion's sign", "assumed")
        if is_ios
        else upward("Physics Toolbox, taken as on Android", "assumed"),
    )


def _is_physics_toolbox(file: Candidate) -> int:
    """The app's short names; other loggers write total acceleration under them."""
    table = file.table
    if table.has("gfx", "gfy", "gfz"):
        return CERTAIN
    axes = ("ax", "ay", "az")
    is_short = table.has("time", *axes) and (table.has("at") or table.has("wx"))
    if not is_short or table.unit("ax"):
        return NO
    return NO if is_acceleration([table.numbers(name) for name in axes]) else LIKELY


# Google Science Journal (later Arduino): ``AccX`` in m/s² with gravity, about 15 rows a second. A
# bare ``timestamp`` is too common to tell it.
_SCIENCE_JOURNAL = Layout(
    clock=(Tick("relative_time", "ms", "none"), Tick("timestamp", "ms", "unix")),
    acceleration=(xyz("acc{}", "m/s2", total("AccX of Science Journal")),),
    sign=upward("Science Journal, taken as on Android", "assumed"),
)

# Sensor-App (Volker Schmitt) for iOS: ``Date`` is when the file was exported.
_SENSOR_APP = Layout(
    clock=(Tick("timestamp", "s", "unix"),),
    acceleration=(xyz("acceleration{}", "g", total("Sensor-App writes totals")),),
    sign=downward("Sensor-App writes CoreMotion's sign"),
    platform="ios",
)


def _clock_of(sensor: str) -> Tick:
    return Tick(f"{sensor}timestamp_sincereboot", "s", "none")


# SensorLog (Bernd Thomas) for iOS: one wide table in which every sensor has a clock of its own.
# ``loggingTime`` is when a row was written and jitters; ``…Timestamp_sinceReboot`` is CoreMotion's.
_SENSORLOG = Layout(
    clock=(_clock_of("accelerometer"), Tick("loggingtime")),
    acceleration=(
        xyz("accelerometeracceleration{}", "g", total("SensorLog's accelerometerAcceleration")),
    ),
    rotation=(
        xyz("gyrorotation{}", "rad/s", clock=_clock_of("gyro")),
        xyz("motionrotationrate{}", "rad/s", clock=_clock_of("motion")),
    ),
    channels={
        "magnetic_field_ut": (xyz("magnetometer{}", "µT", clock=_clock_of("magnetometer")),),
        "pressure_hpa": (Value("altimeterpressure", "kPa"),),
        "speed_mps": (Value("locationspeed", "m/s"),),
        "altitude_m": (Value("locationaltitude", "m"),),
        "latitude_deg": (Value("locationlatitude", ""),),
        "longitude_deg": (Value("locationlongitude", ""),),
    },
    sign=downward("SensorLog writes CoreMotion's sign"),
    platform="ios",
)
_SENSORLOG_MOTION = replace(
    _SENSORLOG,
    clock=(_clock_of("motion"), Tick("loggingtime")),
    acceleration=(
        xyz("motionuseracceleration{}", "g", linear("SensorLog's motionUserAcceleration")),
    ),
    gravity_vector=(xyz("motiongravity{}", "g"),),
)


def _is_sensorlog(file: Candidate) -> int:
    """``loggingTime`` beside CoreMotion's names."""
    table = file.table
    has_axes = table.has("accelerometeraccelerationx") or table.has("motionuseraccelerationx")
    return CERTAIN if table.has("loggingtime") and has_axes else NO


def _sensorlog(file: Candidate) -> Layout:
    """The accelerometer, or else device motion with its gravity."""
    return _SENSORLOG if file.table.has("accelerometeraccelerationx") else _SENSORLOG_MOTION


FORMATS = (
    table_format("androsensor", _is_androsensor, _ANDROSENSOR),
    table_format(
        "hyperimu", lambda file: CERTAIN if b"HyperIMU" in file.source.head[:200] else NO, _hyperimu
    ),
    table_format("physics-toolbox", _is_physics_toolbox, _physics_toolbox),
    table_format(
        "science-journal", has(LIKELY, "relative_time", "accx", "accy", "accz"), _SCIENCE_JOURNAL
    ),
    table_format(
        "sensor-app",
        has(CERTAIN, "date", "timestamp", "deviceorientation", "accelerationx"),
        _SENSOR_APP,
    ),
    table_format("sensorlog", _is_sensorlog, _sensorlog),
)
