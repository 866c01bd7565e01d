"""Empatica EmbracePlus ``.avro``: one session with the start, rate and scale of each sensor.

Source: Empatica, "EmbracePlus raw data: avro schema".
"""

from __future__ import annotations

import io
import zlib
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from retrodetect.errors import RefusedRecording
from retrodetect.formats.candidate import Candidate
from retrodetect.formats.draft import Claim, Draft, Note, Series, Sign, Stamps
from retrodetect.formats.library import guarded
from retrodetect.formats.options import ReadOptions
from retrodetect.formats.registry import CERTAIN, NO, Format
from retrodetect.recording import Gravity

__all__ = ["FORMAT"]

_TOTAL = Claim[Gravity]("total", "stated", "EmbracePlus writes totals")
_SIGN = Claim[Sign](1, "assumed", "EmbracePlus, taken to read +1 g upward")


_MARK, _SYNC_BYTES = b"Obj\x01", 16


def recognise(file: Candidate) -> int:
    """Avro's mark, and the maker's name in the schema."""
    is_avro = file.source.head.startswith(_MARK)
    return CERTAIN if is_avro and b"empatica" in file.source.head.lower() else NO


def read(file: Candidate, options: ReadOptions) -> list[Draft]:
    """Read the sessions; readings follow each other from the start of a session at its rate.

    Raises
    ------
    UnreadableFile
        Where fastavro is missing, or the file is damaged.
    RefusedRecording
        Where no session holds acceleration.
    """
    del options
    with file.source.open() as stream:
        file.source.check_deflated(_blocks(stream.read()), -zlib.MAX_WBITS)
    with guarded(file.source, "an EmbracePlus recording"), file.source.open() as stream:
        from fastavro import reader

        drafts = [_draft(session) for session in reader(stream)]
    filled = [draft for draft in drafts if len(draft.acceleration.values)]
    if not filled:
        raise RefusedRecording(
            "has no acceleration", file=file.source.label, remedy="choose the file of another hour"
        )
    if len(filled) == 1:
        return filled
    return [draft.with_(part=str(number)) for number, draft in enumerate(filled, 1)]


def _blocks(content: bytes) -> Iterator[bytes]:
    """Packed blocks of an Avro container (Avro 1.12, "Object Container Files")."""
    stream = io.BytesIO(content[len(_MARK) :])

    def number() -> int:
        """A whole number of seven bits a byte, the sign in the lowest one."""
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
        stamps=_stamps(acceleration, len(acceleration["x"]), session.get("timezone")),
        gravity=_TOTAL,
        sign=_SIGN,
        rotation=_rotation(rotation) if rotation and rotation["x"] else None,
        notes=tuple(Note(tick, "button") for tick in tags),
        device="Empatica EmbracePlus",
        placement="wrist",
        columns="rawData.accelerometer",
    )


def _rotation(sensor: Mapping[str, Any]) -> Series:
    return Series(_values(sensor), "deg/s", _stamps(sensor, len(sensor["x"]), None))


def _stamps(sensor: Mapping[str, Any], count: int, zone_s: int | None) -> Stamps:
    """Whole µs since 1970 of each reading."""
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


FORMAT = Format("empatica-embraceplus-avro", recognise, read)
