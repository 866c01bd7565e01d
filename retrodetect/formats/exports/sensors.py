"""Wearable sensors whose tables a layout describes.

A comment above each says what the maker's software writes and what is special about it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection
from dataclasses import replace
from datetime import datetime
from typing import Any

import numpy as np

from retrodetect.errors import InputError
from retrodetect.formats.draft import Draft, ReadOptions, linear, total, upward
from retrodetect.formats.files import CERTAIN, LIKELY, NO, Candidate, Format, Role, has
from retrodetect.formats.guess import best_clock, stated_rate_hz
from retrodetect.formats.layout import (
    Axes,
    Layout,
    Tick,
    Value,
    drafts,
    table_format,
    xyz,
)
from retrodetect.formats.source import load_json
from retrodetect.formats.table import Table
from retrodetect.formats.text import moment

__all__ = ["FORMATS"]

_IN_THE_EARTHS_FRAME = "is in the earth's frame, not the sensor's: it serves for counting only"


# Bittium Faros: bare X, Y, Z; rate, unit and start stand in the ``meta.json`` beside it.
def _faros(file: Candidate) -> Layout:
    meta = _faros_notes(file)
    try:
        start = datetime.fromisoformat(str(meta.get("start_time")))
    except ValueError:
        start = None
    unit = str(meta.get("units", {}).get("ACC", ""))
    return Layout(
        acceleration=(xyz("{}", unit, total("Faros writes totals")),),
        rate_hz=float(meta["sample_freqs"]["ACC"]),
        sign=upward("Faros, taken to read +1 g upward", "assumed"),
        device="Bittium Faros",
        start_time=start,
    )


def _is_faros(file: Candidate) -> int:
    """Bare axes beside notes that state a rate for them."""
    if file.table.names != ("x", "y", "z"):
        return NO
    return CERTAIN if "ACC" in _faros_notes(file).get("sample_freqs", {}) else NO


def _faros_notes(file: Candidate) -> dict[str, Any]:
    """The notes beside the readings, empty where there are none."""
    for side in file.companions:
        try:
            notes = load_json(side.source) if side.source.name.endswith(".json") else None
        except InputError:
            continue
        if isinstance(notes, dict) and isinstance(notes.get("sample_freqs"), dict):
            return notes
    return {}


# Gulf Coast Data Concepts X2, X16 and the like: counts, under lines that begin with a semicolon.
# https://www.gcdataconcepts.com: the X16 counts 2048 to 1 g. The others' counts are measured.
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
    """Its maker in the preamble."""
    preamble = "\n".join(file.table.preamble)
    return CERTAIN if preamble.startswith(";") and "gcdataconcepts" in preamble else NO


def _with_gyroscope_beside(
    name: str,
    recognise: Callable[[Candidate], int],
    layout: Layout,
    rotation_units: Collection[str],
) -> Format:
    """Format of a file for each sensor, whose columns differ only in their unit."""
    (axes,) = layout.acceleration
    turning = Layout(clock=layout.clock, rotation=(replace(axes, unit=None),))

    def unit(file: Candidate) -> str:
        return file.table.unit(axes.x).strip() if file.table.has(axes.x) else ""

    def beside(side: Candidate) -> Layout:
        return turning if unit(side) in rotation_units else Layout()

    def role(file: Candidate) -> Role:
        return Role(has_acceleration=unit(file) == axes.unit)

    def own(file: Candidate) -> Layout:
        acceleration = (axes,) if role(file).has_acceleration else ()
        return replace(layout, acceleration=acceleration, beside=beside)

    return table_format(name, recognise, own, role)


# MbientLab MetaMotion (MetaBase): a file per sensor, ``epoch (ms)``, misspelt ``epoc (ms)``.
_METAMOTION = Layout(
    clock=(Tick("epoch", "ms", "unix"), Tick("epoc", "ms", "unix")),
    acceleration=(xyz("{}-axis", "g", total("MetaMotion writes totals")),),
    sign=upward("MetaMotion, taken to read +1 g upward", "assumed"),
    device="MetaMotion",
)


def _is_metamotion(file: Candidate) -> int:
    """Its clock beside its axes."""
    has_axes = file.table.has(*_METAMOTION.acceleration[0].names)
    has_clock = any(file.table.has(*clock.names) for clock in _METAMOTION.clock)
    return CERTAIN if has_axes and has_clock else NO


# Polar Sensor Logger: mg, and a sensor clock in ns since 2000 that nobody may ever have set; the
# phone's tells when it began.
_POLAR = Layout(
    clock=(Tick("sensor timestamp", "ns", "none"),),
    acceleration=(xyz("{}", "mg", total("Polar writes totals")),),
    sign=upward("Polar, taken to read +1 g upward", "assumed"),
    device="Polar",
    start_column="phone timestamp",
)


# Shimmer (Consensys): two accelerometers, a low-noise one of ±2 g (LN) and a wide one (WR).
_SHIMMER_AXIS = r"(?P<head>.*){}_x(?P<tail>(?:_cal|_raw|_uncal)?)$"
_CLIPPED_MPS2 = 19.0
_CLIPPED_SHARE = 0.001
"""A reading near the ±2 g of the low-noise sensor is likely cut off."""


def _is_shimmer(file: Candidate) -> int:
    """Consensys' names of either accelerometer."""
    table = file.table
    is_ours = _shimmer_axes(table, "accel_ln") or _shimmer_axes(table, "accel_wr")
    return CERTAIN if is_ours else NO


def _read_shimmer(file: Candidate, options: ReadOptions) -> list[Draft]:
    """Read the low-noise accelerometer, or the wide-range one where the other is cut off."""
    table = file.table
    low, wide = _shimmer_axes(table, "accel_ln"), _shimmer_axes(table, "accel_wr")
    recordings = drafts(file, _shimmer(table, low or wide), options)
    if low and wide and any(_is_clipped(draft) for draft in recordings):
        recordings = drafts(file, _shimmer(table, wide), options)
    return recordings


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
    """Axes of a sensor, calibrated before raw."""
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
# ``earth.csv`` name their columns only ``X (g)``; the latter lies in the earth's frame.
_XIO = Layout(
    clock=(Tick("time", "s"), Tick("timestamp", "us")),
    acceleration=(
        xyz("accelerometer {}", "g", total("x-io writes totals")),
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
    """``Time (s)`` or ``Timestamp (us)`` beside axes in g."""
    table = file.table
    present = next((axes for axes in _XIO.acceleration if table.has(*axes.names)), None)
    if present is None or table.unit(present.x) != "g":
        return NO
    clocks = [name for tick in _XIO.clock for name in tick.names if table.has(name)]
    is_clock = any(table.unit(name) in ("s", "us", "µs") for name in clocks)
    return LIKELY if is_clock else NO


def _xio_role(file: Candidate) -> Role:
    """Rank the sensors' own readings over what was computed from them."""
    return Role(rank=int(_has_totals(file, _XIO)) - int("earth" in file.source.stem.lower()))


def _xio(file: Candidate) -> Layout:
    is_earth = "earth" in file.source.stem.lower() and not _has_totals(file, _XIO)
    return replace(_XIO, warnings=(f"its acceleration {_IN_THE_EARTHS_FRAME}",) * is_earth)


def _has_totals(file: Candidate, layout: Layout) -> bool:
    """Whether a table has the sensor's own readings, which are the first choice of its layout."""
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
    """``SampleTimeFine`` beside either acceleration, surely so with its preamble."""
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


# Xsens MTw (MT Manager txt): facts after ``//``, tabs, and a packet counter for a clock.
_XSENS_MTW = replace(
    _XSENS_DOT, rotation=(xyz("gyr_{}", "rad/s"),), channels={}, device="Xsens MTw"
)


def _is_xsens_mtw(file: Candidate) -> int:
    """``// Start Time`` over a packet counter."""
    table = file.table
    has_axes = table.has("acc_x") or table.has("freeacc_x")
    is_ours = file.source.head.startswith(b"//") and table.has("packetcounter") and has_axes
    return CERTAIN if is_ours else NO


FORMATS = (
    table_format("faros", _is_faros, _faros, is_folder=True),
    table_format("gulf-coast", _is_gulf_coast, _gulf_coast),
    _with_gyroscope_beside("metamotion", _is_metamotion, _METAMOTION, ("deg/s",)),
    _with_gyroscope_beside(
        "polar", has(CERTAIN, "phone timestamp", "sensor timestamp"), _POLAR, ("dps", "deg/s")
    ),
    Format("shimmer", _is_shimmer, _read_shimmer),
    table_format("x-io", _is_xio, _xio, _xio_role, is_folder=True),
    table_format("xsens-dot", _is_xsens_dot, _xsens_dot),
    table_format(
        "xsens-mtw",
        _is_xsens_mtw,
        lambda file: replace(_XSENS_MTW, rate_hz=stated_rate_hz(file.table)),
    ),
)
