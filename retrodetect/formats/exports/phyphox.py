"""phyphox: quoted names with units, one file per set of columns, ``meta/`` beside them.

The app itself converts iOS readings to Android's convention (phyphox-ios,
ExperimentSensorInput.swift). If a file names its columns only X, Y, Z, the file name states
whether gravity is included.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta, timezone

from retrodetect.errors import RefusedRecording
from retrodetect.formats.draft import Draft, ReadOptions, linear, total, upward
from retrodetect.formats.files import LIKELY, NO, Candidate, Format, Role
from retrodetect.formats.layout import Axes, Layout, Tick, Value, drafts, xyz
from retrodetect.formats.spool import Array
from retrodetect.formats.table import Table
from retrodetect.formats.text import records, time_format

__all__ = ["FORMATS"]

_CLOCK = Tick("time", "s")
_SIGN = upward("phyphox writes Android's sign on both systems")
_TOTAL = total("phyphox column Acceleration")
_LINEAR = linear("phyphox column Linear Acceleration")
_BARE = xyz("{}")


def recognise(file: Candidate) -> int:
    """Recognise ``Time (s)`` beside axes with units as phyphox writes them."""
    table = file.table
    if table.index("time") != 0 or table.unit(0) != "s":
        return NO
    triads = (xyz("acceleration {}"), xyz("linear acceleration {}"), _BARE, xyz("gyroscope {}"))
    present = [axes for axes in triads if table.has(*axes.names)]
    units = {table.unit(axes.x) for axes in present}
    return LIKELY if units & {"m/s^2", "m/s²", "rad/s", "µT"} else NO


def role(file: Candidate) -> Role:
    """Rank total acceleration over linear."""
    table = file.table
    axes = _acceleration(file, table)
    is_total = axes is not None and axes.gravity is not None and axes.gravity.value == "total"
    return Role(axes is not None, rank=int(is_total))


def read(file: Candidate, options: ReadOptions) -> list[Draft]:
    """Read the acceleration with the other sensors and the ``meta`` files beside it."""
    axes = _acceleration(file, file.table)
    if axes is None and not options.columns:
        raise RefusedRecording(
            "has no acceleration, only another sensor",
            remedy="use the file of the accelerometer",
        )
    rows = [row for side in file.companions for row in records(side.source)]
    facts = {row["property"]: row.get("value", "") for row in rows if "property" in row}
    brand = facts.get("deviceBrand", "")
    layout = Layout(
        clock=(_CLOCK,),
        acceleration=(axes,) if axes else (),
        rotation=(xyz("gyroscope {}"),),
        beside=_other_sensor,
        sign=_SIGN,
        device=facts.get("deviceModel", ""),
        platform="ios" if brand == "Apple" else "android" if brand else "",
    )
    (draft,) = drafts(file, layout, options)
    return [draft.with_(start_time=_start_time(rows, draft.stamps.ticks))]


def _other_sensor(side: Candidate) -> Layout:
    """Columns of another sensor's file; the unit identifies bare ones."""
    unit = side.table.unit("x") if side.table.has("x") else ""
    return Layout(
        clock=(_CLOCK,),
        rotation=(xyz("gyroscope {}"), *[_BARE] * (unit == "rad/s")),
        channels={
            "magnetic_field_ut": (xyz("magnetic field {}"), *[_BARE] * (unit == "µT")),
            "pressure_hpa": (Value("pressure"), *[Value("x")] * (unit == "hPa")),
            "speed_mps": (Value("velocity"),),
            "altitude_m": (Value("height"),),
            "latitude_deg": (Value("latitude"),),
            "longitude_deg": (Value("longitude"),),
        },
    )


def _acceleration(file: Candidate, table: Table) -> Axes | None:
    """Axes of the acceleration; for bare ones, by unit, the file name decides on gravity."""
    for axes in (
        xyz("acceleration {}", gravity=_TOTAL),
        xyz("linear acceleration {}", gravity=_LINEAR),
    ):
        if table.has(*axes.names):
            return axes
    if not table.has("x", "y", "z") or not table.unit("x").startswith("m/s"):
        return None
    name = file.source.stem.lower()
    if "linear" in name or "without g" in name:
        claim = linear(f"the file name {file.source.stem} says linear")
    elif "acceler" in name:
        claim = total(f"the file name {file.source.stem} of phyphox")
    else:
        return _BARE
    return xyz("{}", gravity=claim)


def _start_time(rows: Sequence[dict[str, str]], ticks: Array | None) -> datetime | None:
    """Wall clock of the first reading, from the START event of ``meta/time.csv`` and its zone."""
    start = next((row for row in rows if row.get("event") == "START"), None)
    if start is None or ticks is None or not len(ticks):
        return None
    try:
        zero_s = float(start["system time"]) - float(start["experiment time"])
        began = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=zero_s + float(ticks[0]))
        return began.astimezone(_zone(start.get("system time text", "")))
    except (KeyError, ValueError, OverflowError):
        return None


def _zone(text: str) -> timezone:
    """Zone of a written time (``… UTC+02:00``), else UTC."""
    written = time_format([text])
    minutes = written.zone_min if written else None
    return timezone(timedelta(minutes=minutes)) if minutes and abs(minutes) < 1440 else UTC


FORMATS = (Format("phyphox", recognise, read, role, is_folder=True),)
