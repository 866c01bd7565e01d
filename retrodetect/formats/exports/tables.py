"""Apps, sensors and data sets whose tables a layout describes.

The comment above each states what writes it and what is special about it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

import numpy as np

from retrodetect.errors import InputError
from retrodetect.formats.draft import Claim, Draft, ReadOptions, downward, linear, total, upward
from retrodetect.formats.files import CERTAIN, LIKELY, NO, Candidate, Format, Role, has
from retrodetect.formats.guess import best_clock, is_acceleration, layouts, stated_rate_hz
from retrodetect.formats.layout import Axes, Layout, Tick, Value, drafts, table_format, xyz
from retrodetect.formats.source import load_json
from retrodetect.formats.table import Table
from retrodetect.formats.text import moment
from retrodetect.recording import Gravity

__all__ = ["FORMATS"]


# HyperIMU (ianovir) for Android: columns end in the phone's own sensor names, of any vendor; a
# clock only if asked for.
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
    """Axes of the sensors whose vendor's name contains ``sensor``."""
    pattern = re.compile(rf"(?<![a-z]){sensor}(?![a-z])(?!.*uncalibrated)[^.]*\.x$")
    heads = (name.removesuffix(".x") for name in table.names if pattern.search(name))
    return tuple(xyz(f"{head}.{{}}", unit, gravity) for head in heads)


# Physics Toolbox Sensor Suite (Vieyra): ``gFx`` in g with gravity, ``ax`` in m/s² without. In a
# multi-record every row repeats the last readings of the slower sensors.
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
        sign=downward("Physics Toolbox on iOS, assumed to use CoreMotion's sign", "assumed")
        if is_ios
        else upward("Physics Toolbox, assumed to be on Android", "assumed"),
    )


def _is_physics_toolbox(file: Candidate) -> int:
    """Recognise the app's short names, which other loggers use for total acceleration."""
    table = file.table
    if table.has("gfx", "gfy", "gfz"):
        return CERTAIN
    axes = ("ax", "ay", "az")
    is_short = table.has("time", *axes) and (table.has("at") or table.has("wx"))
    if not is_short or table.unit("ax"):
        return NO
    return NO if is_acceleration([table.numbers(name) for name in axes]) else LIKELY


def _clock_of(sensor: str) -> Tick:
    return Tick(f"{sensor}timestamp_sincereboot", "s", "none")


# SensorLog (Bernd Thomas) for iOS: one wide table in which every sensor has its own clock.
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


def _sensorlog(file: Candidate) -> Layout:
    """Layout of the accelerometer, or else of device motion with its gravity."""
    return _SENSORLOG if file.table.has("accelerometeraccelerationx") else _SENSORLOG_MOTION


_IN_THE_EARTHS_FRAME = "is in the earth's frame, not the sensor's: it serves for counting only"


# Bittium Faros: bare X, Y, Z; rate, unit and start are in the ``meta.json`` beside it.
def _faros(file: Candidate) -> Layout:
    meta = _faros_notes(file)
    try:
        start = datetime.fromisoformat(str(meta.get("start_time")))
    except ValueError:
        start = None
    unit = str(meta.get("units", {}).get("ACC", ""))
    return Layout(
        acceleration=(xyz("{}", unit, total("Faros includes gravity")),),
        rate_hz=float(meta["sample_freqs"]["ACC"]),
        sign=upward("Faros, assumed to read +1 g upward", "assumed"),
        device="Bittium Faros",
        start_time=start,
    )


def _is_faros(file: Candidate) -> int:
    """Recognise bare axes beside notes that state a rate for them."""
    if file.table.names != ("x", "y", "z"):
        return NO
    return CERTAIN if "ACC" in _faros_notes(file).get("sample_freqs", {}) else NO


def _faros_notes(file: Candidate) -> dict[str, Any]:
    """The notes beside the readings; empty without any."""
    for side in file.companions:
        try:
            notes = load_json(side.source) if side.source.name.endswith(".json") else None
        except InputError:
            continue
        if isinstance(notes, dict) and isinstance(notes.get("sample_freqs"), dict):
            return notes
    return {}


# Gulf Coast Data Concepts X2, X16 and the like: counts, below lines that begin with a semicolon.
# https://www.gcdataconcepts.com: the X16 has 2048 counts per g. Other scales are measured.
def _gulf_coast(file: Candidate) -> Layout:
    preamble = "\n".join(file.table.preamble)
    begun = re.search(r"^;\s*Start_time\s*,\s*([\d-]+)\s*,\s*([\d:.]+)", preamble, re.MULTILINE)
    return Layout(
        clock=(Tick("time", "s", "none"),),
        acceleration=(xyz("a{}", "g/2048" if "X16" in preamble.partition("\n")[0] else None),),
        sign=upward("a logger with its axes printed on it", "assumed"),
        start_time=moment(f"{begun[1]} {begun[2]}") if begun else None,
    )


def _is_gulf_coast(file: Candidate) -> int:
    """Recognise the maker in the preamble."""
    preamble = "\n".join(file.table.preamble)
    return CERTAIN if preamble.startswith(";") and "gcdataconcepts" in preamble else NO


def _with_gyroscope_beside(
    name: str,
    recognise: Callable[[Candidate], int],
    layout: Layout,
    rotation_units: Collection[str],
) -> Format:
    """Format with one file per sensor, whose columns differ only in their unit."""
    (axes,) = layout.acceleration
    turning = Layout(clock=layout.clock, rotation=(replace(axes, unit=None),))

    def unit(file: Candidate) -> str:
        return file.table.unit(axes.x).strip() if file.table.has(axes.x) else ""

    def beside(side: Candidate) -> Layout:
        return turning if unit(side) in rotation_units else Layout()

    def role(file: Candidate) -> Role:
        return Role(has_acceleration=unit(file) == axes.unit)

    def layout_of(file: Candidate) -> Layout:
        acceleration = (axes,) if role(file).has_acceleration else ()
        return replace(layout, acceleration=acceleration, beside=beside)

    return table_format(name, recognise, layout_of, role)


# Shimmer (Consensys): two accelerometers, a low-noise one of ±2 g (LN) and a wide one (WR).
_SHIMMER_AXIS = r"(?P<head>.*){}_x(?P<tail>(?:_cal|_raw|_uncal)?)$"
_CLIPPED_MPS2 = 19.0
_CLIPPED_SHARE = 0.001
"""A reading near the ±2 g of the low-noise sensor is likely cut off."""


def _read_shimmer(file: Candidate, options: ReadOptions) -> list[Draft]:
    """Read the low-noise accelerometer, or the wide-range one if the former is cut off."""
    low, wide = _shimmer_accelerations(file.table)
    recordings = drafts(file, _shimmer(file.table, low or wide), options)
    if low and wide and any(_is_clipped(draft) for draft in recordings):
        recordings = drafts(file, _shimmer(file.table, wide), options)
    return recordings


def _shimmer_accelerations(table: Table) -> tuple[tuple[Axes, ...], tuple[Axes, ...]]:
    """Axes of the low-noise and of the wide-range accelerometer, if present."""
    return _shimmer_axes(table, "accel_ln"), _shimmer_axes(table, "accel_wr")


def _shimmer(table: Table, acceleration: tuple[Axes, ...]) -> Layout:
    clocks = [name for name in table.names if re.search(r"timestamp_(unix|sync|formatted)", name)]
    return Layout(
        clock=(
            *(Tick(name) for name in sorted(clocks, key=lambda name: "unix" not in name)),
            *best_clock(table),
        ),
        acceleration=acceleration,
        rotation=_shimmer_axes(table, "gyro"),
        channels={
            "magnetic_field_ut": _shimmer_axes(table, "mag"),
            "pressure_hpa": tuple(Value(name) for name in table.names if "pressure" in name),
        },
        sign=upward("Shimmer writes specific force"),
        device="Shimmer",
    )


def _shimmer_axes(table: Table, sensor: str) -> tuple[Axes, ...]:
    """Axes of a sensor, calibrated ones before raw ones."""
    matches = [re.match(_SHIMMER_AXIS.format(sensor), name) for name in table.names]
    triads = [
        xyz(f"{match['head']}{sensor}_{{}}{match['tail']}", gravity=total(f"Shimmer {sensor}"))
        for match in matches
        if match
    ]
    return tuple(sorted(triads, key=lambda axes: not axes.x.endswith("_cal")))


def _is_clipped(draft: Draft) -> bool:
    top = np.abs(draft.acceleration.values).max(axis=1)
    return bool((top > _CLIPPED_MPS2).mean() > _CLIPPED_SHARE)


# x-io Technologies NGIMU and x-IMU3: ``Accelerometer X (g)`` with gravity. ``linear.csv`` and
# ``earth.csv`` name their columns only ``X (g)``; the latter is in the earth's frame.
_XIO = Layout(
    clock=(Tick("time", "s"), Tick("timestamp", "us")),
    acceleration=(
        xyz("accelerometer {}", "g", total("x-io includes gravity")),
        xyz("{}", "g", linear("bare X, Y, Z in g of x-io", "assumed")),
    ),
    rotation=(xyz("gyroscope {}", "deg/s"),),
    channels={
        "magnetic_field_ut": (xyz("magnetometer {}"),),
        "pressure_hpa": (Value("barometer", "hPa"),),
    },
    sign=upward("x-io writes specific force"),
)


def _is_xio(file: Candidate) -> int:
    """Recognise ``Time (s)`` or ``Timestamp (us)`` beside axes in g."""
    table = file.table
    present = next((axes for axes in _XIO.acceleration if table.has(*axes.names)), None)
    if present is None or table.unit(present.x) != "g":
        return NO
    clocks = [name for tick in _XIO.clock for name in tick.names if table.has(name)]
    is_clock = any(table.unit(name) in ("s", "us", "µs") for name in clocks)
    return LIKELY if is_clock else NO


def _xio_role(file: Candidate) -> Role:
    """Rank the sensors' own readings over computed ones."""
    return Role(rank=int(_has_totals(file, _XIO)) - int("earth" in file.source.stem.lower()))


def _xio(file: Candidate) -> Layout:
    is_earth = "earth" in file.source.stem.lower() and not _has_totals(file, _XIO)
    return replace(_XIO, warnings=(f"its acceleration {_IN_THE_EARTHS_FRAME}",) * is_earth)


def _has_totals(file: Candidate, layout: Layout) -> bool:
    """Whether a table has the sensor's own readings, the first choice of its layout."""
    return file.table.has(*layout.acceleration[0].names)


# Movella (Xsens) DOT: ``Acc_`` with gravity; ``FreeAcc_`` without, and in the earth's frame.
# ``SampleTimeFine`` counts µs in 32 bits; logs of the PC software count 0.1 ms.
_XSENS_DOT = Layout(
    acceleration=(
        xyz("acc_{}", "m/s2", total("Acc_ of Xsens")),
        xyz("freeacc_{}", "m/s2", linear("FreeAcc_ of Xsens")),
    ),
    rotation=(xyz("gyr_{}", "deg/s"),),
    channels={"magnetic_field_ut": (xyz("mag_{}", ""),)},
    counter="packetcounter",
    sign=upward("Xsens writes specific force"),
    device="Movella DOT",
)
_SLOWEST_US = 1000
"""No DOT samples faster than 120 Hz, so smaller steps are not in µs."""


def _is_xsens_dot(file: Candidate) -> int:
    """Recognise ``SampleTimeFine`` beside either acceleration; a preamble makes it certain."""
    table = file.table
    has_axes = any(table.has(*axes.names) for axes in _XSENS_DOT.acceleration)
    if not table.has("sampletimefine") or not has_axes:
        return NO
    return CERTAIN if any("DeviceTag" in line for line in table.preamble) else LIKELY


def _xsens_dot(file: Candidate) -> Layout:
    table = file.table
    ticks = table.numbers("sampletimefine")
    steps = np.diff(ticks[np.isfinite(ticks)])
    unit = "us" if len(steps) and np.median(steps) >= _SLOWEST_US else "0.1ms"
    preamble = "\n".join(table.preamble)
    rate = re.search(r"OutputRate:?\D*(\d+)", preamble)
    begun = re.search(r"StartTime:?[,;]?\s*(.+)", preamble)
    is_free = not _has_totals(file, _XSENS_DOT)
    return replace(
        _XSENS_DOT,
        clock=(Tick("sampletimefine", unit, "none", wrap_ticks=2**32),),
        rate_hz=float(rate[1]) if rate else None,
        start_time=moment(begun[1].strip()) if begun else None,
        warnings=(f"free acceleration {_IN_THE_EARTHS_FRAME}",) * is_free,
    )


# Xsens MTw (MT Manager txt): facts after ``//``, tabs, and a packet counter as the clock.
_XSENS_MTW = replace(
    _XSENS_DOT, rotation=(xyz("gyr_{}", "rad/s"),), channels={}, device="Xsens MTw"
)


# HHAR: long tables of several people and devices, each with its own clock, with names or without.
_HHAR_NAMES = (
    "index", "arrival_time", "creation_time", "x", "y", "z", "user", "model", "device", "gt",
)  # fmt: skip
_HHAR = Layout(
    clock=(Tick("column 3", "ns"),),
    acceleration=(
        Axes("column 4", "column 5", "column 6", "m/s2", total("HHAR includes gravity")),
    ),
    split=("column 7", "column 9"),
    sign=upward("HHAR was recorded on Android and Tizen"),
)


def _is_hhar(file: Candidate) -> int:
    """Recognise its ten columns, by name or by content: arrival in ms, then creation in ns."""
    table = file.table
    if table.names == _HHAR_NAMES:
        return CERTAIN
    if table.header or table.width != len(_HHAR_NAMES):
        return NO
    kinds = [table.kind(index) == "text" for index in range(table.width)]
    is_epoch = 1e12 < table.numbers(1)[0] < 2.2e12
    return LIKELY if kinds == [False] * 6 + [True] * 4 and is_epoch else NO


# mHealth specification: in g unless the names say m/s².
def _is_mhealth(file: Candidate) -> int:
    """Recognise the name of its clock, and axes of acceleration."""
    return LIKELY if file.table.has("header_time_stamp") and layouts(file.table) else NO


def _mhealth(file: Candidate) -> Mapping[str, Layout]:
    """Layouts of all axes that are named."""
    sign = upward("mHealth, assumed to read +1 g upward", "assumed")
    return {part: replace(layout, sign=sign) for part, layout in layouts(file.table).items()}


# Several body sites side by side (``lw_x`` … ``ra_z``), in g. The letters are those of the
# PhysioNet data set accelerometry-walk-climb-drive: left or right wrist, hip and ankle.
_SITES = {
    f"{side}{letter}": site
    for side in "lr"
    for letter, site in (("w", "wrist"), ("h", "waist"), ("a", "ankle"))
}


def _multi_site(file: Candidate) -> Mapping[str, Layout]:
    """Layouts of the sites with all three axes."""
    triads = {name: xyz(f"{name}_{{}}") for name in _SITES}
    present = {name: axes for name, axes in triads.items() if file.table.has(*axes.names)}
    clock = best_clock(file.table) if len(present) >= 2 else ()
    return {
        name: Layout(clock=clock, acceleration=(axes,), placement=_SITES[name])
        for name, axes in present.items()
    }


def _is_wisdm(file: Candidate) -> int:
    """Recognise six columns without names, the second an activity, rows ended by semicolons."""
    table = file.table
    if table.header or table.width != 6 or table.terminator != ";":
        return NO
    return CERTAIN if table.kind(1) == "text" and table.kind(2) != "text" else NO


def _by_name(file: Candidate) -> Role:
    """Distinguish the accelerometer's file from the gyroscope's, which looks alike, by its name."""
    return Role(has_acceleration="gyro" not in file.source.stem.lower())


FORMATS = (
    # AndroSensor: every sensor in one table, its two clocks in the last columns. Its default of two
    # rows a second is too slow for steps, and refused.
    table_format(
        "androsensor",
        has(
            CERTAIN,
            ("time since start in ms", "yyyy-mo-dd hh-mi-ss_sss"),
            ("accelerometer x", "linear acceleration x"),
        ),
        Layout(
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
        ),
    ),
    table_format("hyperimu", has(CERTAIN, head=rb".{0,200}HyperIMU"), _hyperimu),
    table_format("physics-toolbox", _is_physics_toolbox, _physics_toolbox),
    # Google Science Journal (later Arduino): ``AccX`` in m/s² with gravity, about 15 rows a second.
    # A bare ``timestamp`` is too common to identify it.
    table_format(
        "science-journal",
        has(LIKELY, "relative_time", "accx", "accy", "accz"),
        Layout(
            clock=(Tick("relative_time", "ms", "none"), Tick("timestamp", "ms", "unix")),
            acceleration=(xyz("acc{}", "m/s2", total("AccX of Science Journal")),),
            sign=upward("Science Journal, assumed to be on Android", "assumed"),
        ),
    ),
    # Sensor-App (Volker Schmitt) for iOS: ``Date`` is when the file was exported.
    table_format(
        "sensor-app",
        has(CERTAIN, "date", "timestamp", "deviceorientation", "accelerationx"),
        Layout(
            clock=(Tick("timestamp", "s", "unix"),),
            acceleration=(xyz("acceleration{}", "g", total("Sensor-App includes gravity")),),
            sign=downward("Sensor-App writes CoreMotion's sign"),
            platform="ios",
        ),
    ),
    table_format(
        "sensorlog",
        has(CERTAIN, "loggingtime", ("accelerometeraccelerationx", "motionuseraccelerationx")),
        _sensorlog,
    ),
    table_format("faros", _is_faros, _faros, is_folder=True),
    table_format("gulf-coast", _is_gulf_coast, _gulf_coast),
    # MbientLab MetaMotion (MetaBase): a file per sensor, ``epoch (ms)``, misspelt ``epoc (ms)``.
    _with_gyroscope_beside(
        "metamotion",
        has(CERTAIN, "x-axis", "y-axis", "z-axis", ("epoch", "epoc")),
        Layout(
            clock=(Tick("epoch", "ms", "unix"), Tick("epoc", "ms", "unix")),
            acceleration=(xyz("{}-axis", "g", total("MetaMotion includes gravity")),),
            sign=upward("MetaMotion, assumed to read +1 g upward", "assumed"),
            device="MetaMotion",
        ),
        ("deg/s",),
    ),
    # Polar Sensor Logger: mg, and a sensor clock in ns since 2000 that may never have been set; the
    # phone's shows when it began.
    _with_gyroscope_beside(
        "polar",
        has(CERTAIN, "phone timestamp", "sensor timestamp"),
        Layout(
            clock=(Tick("sensor timestamp", "ns", "none"),),
            acceleration=(xyz("{}", "mg", total("Polar includes gravity")),),
            sign=upward("Polar, assumed to read +1 g upward", "assumed"),
            device="Polar",
            start_column="phone timestamp",
        ),
        ("dps", "deg/s"),
    ),
    Format(
        "shimmer",
        lambda file: CERTAIN if any(_shimmer_accelerations(file.table)) else NO,
        _read_shimmer,
    ),
    table_format("x-io", _is_xio, _xio, _xio_role, is_folder=True),
    table_format("xsens-dot", _is_xsens_dot, _xsens_dot),
    table_format(
        "xsens-mtw",
        has(CERTAIN, "packetcounter", ("acc_x", "freeacc_x"), head=rb"//"),
        lambda file: replace(_XSENS_MTW, rate_hz=stated_rate_hz(file.table)),
    ),
    table_format("hhar", _is_hhar, _HHAR, _by_name),
    table_format("mhealth", _is_mhealth, _mhealth),
    table_format(
        "multi-site", lambda file: LIKELY if len(_multi_site(file)) >= 2 else NO, _multi_site
    ),
    # WISDM: user, activity, ns, x, y, z, each row ended by a semicolon; several people in a file.
    table_format(
        "wisdm",
        _is_wisdm,
        Layout(
            clock=(Tick("3", "ns", "none"),),
            acceleration=(Axes("4", "5", "6", "m/s2", total("WISDM includes gravity")),),
            split=("1",),
            sign=upward("WISDM was recorded on Android"),
        ),
        _by_name,
    ),
)
