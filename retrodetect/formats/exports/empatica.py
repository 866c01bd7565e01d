"""Empatica: E4 csv, EmbracePlus csv and ``.avro``."""

from __future__ import annotations

import io
import zlib
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import replace
from typing import Any

import numpy as np

from retrodetect.errors import InputError, RefusedRecording
from retrodetect.formats.draft import Draft, Note, ReadOptions, Series, Stamps, total, upward
from retrodetect.formats.files import CERTAIN, NO, Candidate, Format, Role, has
from retrodetect.formats.layout import Axes, Layout, Tick, drafts, table_format, xyz
from retrodetect.formats.source import guarded
from retrodetect.formats.table import Table

__all__ = ["FORMATS"]

# E4 ``ACC.csv``: a row of start times, a row of rates, then whole numbers of 1/64 g.
_E4 = Layout(
    acceleration=(Axes("1", "2", "3", "g/64", total("Empatica E4 includes gravity")),),
    sign=upward("Empatica E4, assumed to read +1 g upward", "assumed"),
    device="Empatica E4",
    placement="wrist",
)


def _read_e4(file: Candidate, options: ReadOptions) -> list[Draft]:
    """Read the rows under the two heads."""
    start_s, rate_hz = _heads(file.table) or (0.0, 0.0)
    (draft,) = drafts(file, replace(_E4, notes=_tags(file)), options)
    draft = draft.take(np.arange(2, len(draft.acceleration.values)))
    ticks = start_s + np.arange(len(draft.acceleration.values)) / rate_hz
    stamps = Stamps(ticks, 1.0, "unix", f"start and {rate_hz:g} Hz in the first rows")
    return [draft.with_(stamps=stamps)]


def _heads(table: Table) -> tuple[float, float] | None:
    """Start in s since 1970 and rate in Hz; None if the first two rows cannot be these."""
    if table.header or table.preamble or len(table.rows) < 2:
        return None
    heads = np.stack([table.numbers(index)[:2] for index in range(table.width)])
    start_s, rate_hz = heads[0].tolist()
    is_head = (heads == heads[0]).all() and 1e9 < start_s < 2.2e9 and 0 < rate_hz <= 256
    return (start_s, rate_hz) if is_head else None


def _tags(file: Candidate) -> tuple[Note, ...]:
    """Presses of the button in s since 1970, one per line of ``tags.csv``."""
    for side in file.companions:
        if side.source.stem == "tags":
            with suppress(ValueError, InputError):
                lines = side.source.head.decode("ascii", "replace").split()
                return tuple(Note(float(line), "tag") for line in lines)
    return ()


_TOTAL = total("EmbracePlus includes gravity")
_SIGN = upward("EmbracePlus, assumed to read +1 g upward", "assumed")

# EmbracePlus csv, as Empatica's own converter from avro writes it.
_EMBRACEPLUS = Layout(
    clock=(Tick("unix_timestamp", "us", "unix"),),
    acceleration=(xyz("{}", "g", _TOTAL),),
    sign=_SIGN,
    device="Empatica EmbracePlus",
    placement="wrist",
)


# ``.avro``: one session with the start, rate and scale of each sensor (Empatica, "EmbracePlus raw
# data: avro schema").
_MARK, _SYNC_BYTES = b"Obj\x01", 16


def _read_avro(file: Candidate, _: ReadOptions) -> list[Draft]:
    """Read the sessions, whose readings run from the start at the stated rate."""
    with file.source.open() as stream:
        file.source.check_deflated(_blocks(stream.read()), -zlib.MAX_WBITS)
    with guarded("an EmbracePlus recording"), file.source.open() as stream:
        from fastavro import reader

        recordings = [_draft(session) for session in reader(stream)]
    filled = [draft for draft in recordings if len(draft.acceleration.values)]
    if not filled:
        raise RefusedRecording("has no acceleration", remedy="choose the file of another hour")
    if len(filled) == 1:
        return filled
    return [draft.with_(part=str(number)) for number, draft in enumerate(filled, 1)]


def _blocks(content: bytes) -> Iterator[bytes]:
    """Packed blocks of an Avro container (Avro 1.12, "Object Container Files")."""
    stream = io.BytesIO(content[len(_MARK) :])

    def number() -> int:
        """Read an integer of seven bits per byte, with the sign in the lowest bit."""
        shift = whole = 0
        while byte := stream.read(1):
            whole |= (byte[0] & 0x7F) << shift
            shift += 7
            if byte[0] < 0x80:
                break
        return (whole >> 1) ^ -(whole & 1)

    while count := number():
        if count < 0:
            number()  # bytes of the entries
        for _ in range(min(abs(count), len(content))):
            for _ in ("key", "value"):
                stream.read(max(number(), 0))
    stream.read(_SYNC_BYTES)
    while number():
        yield stream.read(max(number(), 0))
        stream.read(_SYNC_BYTES)


def _draft(session: Any) -> Draft:
    raw = session["rawData"]
    acceleration = raw["accelerometer"]
    rotation = raw.get("gyroscope")
    tags = raw.get("tags", {}).get("tagsTimeMicros", ())
    return Draft(
        acceleration=Series(_values(acceleration), "g"),
        stamps=_stamps(acceleration, session.get("timezone")),
        gravity=_TOTAL,
        sign=_SIGN,
        rotation=Series(_values(rotation), "deg/s", _stamps(rotation))
        if rotation and rotation["x"]
        else None,
        notes=tuple(Note(tick, "button") for tick in tags),
        device="Empatica EmbracePlus",
        placement="wrist",
        columns="rawData.accelerometer",
    )


def _stamps(sensor: Mapping[str, Any], zone_s: int | None = None) -> Stamps:
    """Stamps of the readings in whole µs since 1970."""
    count = len(sensor["x"])
    steps = np.arange(count) * (1e6 / sensor["samplingFrequency"]) if count else np.empty(0)
    ticks = sensor["timestampStart"] + np.round(steps).astype(np.int64)
    zone_min = None if zone_s is None else round(zone_s / 60)
    return Stamps(ticks, 1e-6, "unix", "timestampStart and samplingFrequency", zone_min=zone_min)


def _values(sensor: Mapping[str, Any]) -> Any:
    """(n, 3) readings in the sensor's unit."""
    scale = sensor["imuParams"]
    span = scale["physicalMax"] - scale["physicalMin"]
    per_count = scale.get("conversionFactor") or span / (scale["digitalMax"] - scale["digitalMin"])
    axes = [np.array(sensor[axis], dtype=np.float64) for axis in "xyz"]
    return np.stack(axes, axis=1) * per_count


FORMATS = (
    Format(
        "empatica-e4",
        lambda file: CERTAIN if _heads(file.table) else NO,
        _read_e4,
        lambda file: Role(has_acceleration=file.table.width == 3),
        is_folder=True,
    ),
    table_format(
        "empatica-embraceplus",
        lambda file: CERTAIN if file.table.names == ("unix_timestamp", "x", "y", "z") else NO,
        _EMBRACEPLUS,
    ),
    Format("empatica-embraceplus-avro", has(CERTAIN, head=rb"Obj\x01(?i:.*empatica)"), _read_avro),
)
