"""MATLAB Mobile ``.mat``: a timetable for each sensor, named after it, in SI units.

Source: MathWorks, "Sensor Data Collection with MATLAB Mobile". Only mat-io reads timetables.
"""

from __future__ import annotations

import struct
import warnings
import zlib
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from retrodetect.errors import RefusedRecording
from retrodetect.formats.draft import Draft, ReadOptions, Series, Stamps, total, upward
from retrodetect.formats.files import CERTAIN, Candidate, Format, has
from retrodetect.formats.source import guarded

__all__ = ["FORMATS"]

_HEADER_BYTES, _TAG_BYTES, _DEFLATED = 128, 8, 15
_AXES = ("X", "Y", "Z")
_SERIES = {
    "acceleration": ("Acceleration", _AXES, "m/s2"),
    "rotation": ("AngularVelocity", _AXES, "rad/s"),
    "magnetic_field_ut": ("MagneticField", _AXES, "µT"),
    "speed_mps": ("Position", ("speed",), "m/s"),
    "altitude_m": ("Position", ("altitude",), "m"),
    "latitude_deg": ("Position", ("latitude",), "°"),
    "longitude_deg": ("Position", ("longitude",), "°"),
}
"""Timetable, columns and unit of each sensor."""


def read(file: Candidate, _: ReadOptions) -> list[Draft]:
    """Read the timetables of the sensors."""
    tables = _timetables(file)
    series = {
        name: sensor
        for name, (table, columns, unit) in _SERIES.items()
        if (sensor := _series(tables.get(table), columns, unit)) is not None
    }
    acceleration = series.pop("acceleration", None)
    if acceleration is None or acceleration.stamps is None:
        raise RefusedRecording(
            "has no timetable Acceleration with X, Y and Z",
            remedy="record with the accelerometer on, or export the variables as csv",
        )
    draft = Draft(
        acceleration=replace(acceleration, stamps=None),
        stamps=acceleration.stamps,
        gravity=total("MATLAB Mobile includes gravity"),
        sign=upward("MATLAB Mobile, assumed to read +1 g upward", "assumed"),
        columns="Acceleration: X, Y, Z",
    )
    return [draft.filled(series)]


def _timetables(file: Candidate) -> dict[str, Any]:
    """Return the variables of the file by name."""
    with file.source.open() as stream:
        file.source.check_deflated(_deflated(stream.read()), zlib.MAX_WBITS)
    with (
        guarded("a MATLAB file"),
        file.source.on_disk() as path,
        warnings.catch_warnings(action="ignore"),  # about display formats, which are dropped
    ):
        # Its import makes pandas 2 infer another type for text, in the whole process and for good.
        with pd.option_context("future.infer_string", pd.options.future.infer_string):
            from matio import load_from_mat

        return dict(load_from_mat(str(path)))


def _deflated(content: bytes) -> Iterator[bytes]:
    """Yield the packed elements of a level 5 file (MathWorks, "MAT-File Format", chapter 1)."""
    order = ">" if content[126:128] == b"MI" else "<"
    place = _HEADER_BYTES
    while place + _TAG_BYTES <= len(content):
        kind, size = struct.unpack_from(f"{order}II", content, place)
        place += _TAG_BYTES
        if kind == _DEFLATED:
            yield content[place : place + size]
        place += size


def _series(table: Any, columns: tuple[str, ...], unit: str) -> Series | None:
    """Return columns of a timetable as a series; None if they are missing."""
    if not isinstance(table, pd.DataFrame) or not isinstance(table.index, pd.DatetimeIndex):
        return None
    if not {*columns} <= {*table.columns}:
        return None
    cells = table[[*columns]].apply(pd.to_numeric, errors="coerce")
    values = cells.to_numpy(dtype=np.float64, copy=True)  # the table's own are read-only
    ticks = table.index.to_numpy().astype("datetime64[ns]").astype(np.int64)
    is_local = table.index.tz is None
    stamps = Stamps(ticks, 1e-9, "local" if is_local else "unix", "Timestamp")
    return Series(values if len(columns) > 1 else values[:, 0], unit, stamps)


FORMATS = (Format("matlab-mobile", has(CERTAIN, head=rb"MATLAB (?:5\.0|7\.3) MAT-file"), read),)
