"""ActiGraph: raw csv of ActiLife, and ``.gt3x`` from the device."""

from __future__ import annotations

import re
import struct
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from retrodetect.errors import RefusedRecording, UnreadableFile
from retrodetect.formats.draft import Draft, ReadOptions, Series, Stamps, total, upward
from retrodetect.formats.files import CERTAIN, NO, Candidate, Format, has
from retrodetect.formats.guess import stated_rate_hz
from retrodetect.formats.layout import Axes, Layout, Tick, table_format, xyz
from retrodetect.formats.source import Source, archive_members
from retrodetect.formats.spool import gather, gather_packets, read_blocks, twelve_bits
from retrodetect.formats.text import moment
from retrodetect.recording import FloatArray

__all__ = ["FORMATS"]

_TOTAL = total("ActiGraph raw data include gravity")
_SIGN = upward("ActiGraph, assumed to read +1 g upward", "assumed")


def _csv(file: Candidate) -> Layout:
    """Layout under a preamble of ten lines: g, with or without a time column.

    Epoch counts have the same preamble; only an epoch of 00:00:00 means raw readings.
    """
    table = file.table
    preamble = "\n".join(table.preamble)
    epoch = re.search(r"Epoch Period \(hh:mm:ss\) (\d\d:\d\d:\d\d)", preamble)
    if epoch is None or epoch[1] != "00:00:00":
        raise RefusedRecording(
            f"has activity counts per epoch ({epoch[1] if epoch else 'unknown'}), not raw readings",
            remedy="export the raw data from ActiLife",
        )
    date_format = re.search(r"date format (\S+)", preamble)
    hint = date_format[1] if date_format else ""
    begun = re.search(r"Start Time (\S+)\s+Start Date (\S+)", preamble)
    return Layout(
        clock=(Tick("timestamp", date_hint=hint),),
        acceleration=(xyz("accelerometer {}", "g", _TOTAL), Axes("1", "2", "3", "g", _TOTAL)),
        rotation=(xyz("gyroscope {}", "deg/s"),),
        channels={"magnetic_field_ut": (xyz("magnetometer {}", "µT"),)},
        rate_hz=stated_rate_hz(table),
        sign=_SIGN,
        device="ActiGraph",
        start_time=moment(f"{begun[2]} {begun[1]}", hint) if begun else None,
    )


# ``.gt3x`` is a zip of facts and a log with one record for each second. ActiGraph's
# GT3X-File-Format describes the records: mark, kind, time, size, content, check. Up to firmware 2.5
# there are no records, only readings from the start on (NHANES-GT3X-File-Format).
_MARK = 0x1E
_HEAD = struct.Struct("<BBIH")
_MOST_BYTES = 1 << 17
"""Longer than any record."""

_PAIR_BYTES = 9
"""Two readings of three axes."""

_PACKED, _WORDS = 0x00, 0x1A
"""Kinds of record with acceleration: 12 bits an axis in the order y, x, z, or 16 in x, y, z."""

_FACT = re.compile(
    r"^(Serial Number|Acceleration Scale|Sample Rate|Start Date|Limb):\s*([\w.,]+)", re.MULTILINE
)
_LARGEST = 4e18
"""Upper bound of a fact: ticks of 100 ns since the year 1 reach it after the year 9999."""

_SCALES = {"NEO": 341.0, "CLE": 341.0, "MRA": 341.0, "MOS": 256.0, "TAS": 256.0}
"""Counts per g by serial number, for devices that do not state their scale."""

_TICK_S = 1e-7
_TICKS_TO_1970 = 621_355_968_000_000_000
_LIMBS = {"Waist": "waist", "Wrist": "wrist", "Ankle": "ankle", "Thigh": "thigh"}


def _is_gt3x(file: Candidate) -> int:
    """Recognise a zip that holds the facts and the log."""
    if not file.source.head.startswith(b"PK\x03\x04"):
        return NO
    names = {member.name for member in archive_members(file.source) or ()}
    return CERTAIN if "info.txt" in names and {"log.bin", "activity.bin"} & names else NO


def _read_gt3x(file: Candidate, _: ReadOptions) -> list[Draft]:
    """Read the seconds of acceleration."""
    members = {member.name: member for member in archive_members(file.source) or ()}
    with members["info.txt"].open() as stream:
        facts = dict(_FACT.findall(stream.read(1 << 16).decode("utf-8", "replace")))
    scale = _SCALES.get(facts.get("Serial Number", "")[:3], 0.0)
    per_g = _number(facts, "Acceleration Scale") or scale
    log = members.get("log.bin")
    if not per_g or (log and log.head[:1] != bytes([_MARK])):
        raise UnreadableFile(
            "is an ActiGraph recording whose scale is missing or whose log is damaged",
            remedy="download it from the device again",
        )
    if log:
        columns = gather_packets(_blocks(log, per_g))
        stamps = Stamps(columns.get("times"), 1.0, "local", "time of each second")
    else:
        rate_hz = _number(facts, "Sample Rate")
        start = int(_number(facts, "Start Date")) - _TICKS_TO_1970
        columns = gather(_continuous(members["activity.bin"], per_g, start, rate_hz))
        stamps = Stamps(columns.get("times"), _TICK_S, "local", "Start Date and Sample Rate")
        if not rate_hz or start < 0:
            stamps = Stamps(None, rate_hz=rate_hz or None)
    if not columns:
        raise RefusedRecording("has no raw acceleration", remedy="record raw data, not epochs")
    return [
        Draft(
            acceleration=Series(columns["acceleration"], "g"),
            stamps=stamps,
            gravity=_TOTAL,
            sign=_SIGN,
            device="ActiGraph",
            placement=_LIMBS.get(facts.get("Limb", "")),
        )
    ]


def _number(facts: Mapping[str, str], name: str) -> float:
    """Return a fact as a number; 0 if it isn't one, or is one that no device writes."""
    try:
        number = float(facts.get(name, "").replace(",", "."))
    except ValueError:
        return 0.0
    return number if 0 < number < _LARGEST else 0.0


def _continuous(
    log: Source, per_g: float, start: int, rate_hz: float
) -> Iterator[dict[str, NDArray[Any]]]:
    """Consecutive readings in g, with their ticks at a stated rate."""
    count = 0
    with log.open() as stream:
        for content, _ in read_blocks(stream, _PAIR_BYTES):
            values = _readings(np.frombuffer(content, dtype=np.uint8)) / per_g
            numbers = np.arange(count, count + len(values), dtype=np.float64)
            count += len(values)
            ticks = np.round(numbers / ((rate_hz or 1.0) * _TICK_S)).astype(np.int64)
            yield {"acceleration": values, "times": start + ticks}


def _blocks(log: Source, per_g: float) -> Iterator[dict[str, NDArray[Any]]]:
    """Yield records of acceleration, those of a block of the log at a time."""
    rest = b""
    with log.open() as stream:
        for block, is_last in read_blocks(stream):
            content = rest + block
            # A record that may extend beyond the block waits for the next.
            end_of_records = len(content) - (0 if is_last else _MOST_BYTES)
            seconds: list[tuple[int, FloatArray]] = []
            end = _read_records(content, end_of_records, seconds)
            rest = content[end:]
            if seconds:
                yield {
                    "stamps": np.array([start for start, _ in seconds], dtype=np.float64),
                    "counts": np.array([len(values) for _, values in seconds], dtype=np.intp),
                    "acceleration": np.concatenate([values for _, values in seconds]) / per_g,
                }


def _read_records(log: bytes, limit: int, seconds: list[tuple[int, FloatArray]]) -> int:
    """Add time and readings of each record with a correct check; return where the next begins."""
    content = np.frombuffer(log, dtype=np.uint8)
    at = 0
    while 0 <= at < limit and at <= len(log) - _HEAD.size - 1:
        mark, kind, time_s, size = _HEAD.unpack_from(log, at)
        end = at + _HEAD.size + size
        if mark != _MARK or end >= len(log) or _check(content[at:end]) != log[end]:
            at = log.find(_MARK, at + 1)
            continue
        body = content[end - size : end]
        if kind == _PACKED and size > 1:
            seconds.append((time_s, _readings(body)))
        elif kind == _WORDS and size > 1:
            words = body[: size // 6 * 6].view("<i2").reshape(-1, 3)
            seconds.append((time_s, words.astype(np.float64)))
        at = end + 1
    return at if at >= 0 else len(log)


def _check(record: NDArray[np.uint8]) -> int:
    """Complement of the exclusive or of all bytes of a record."""
    return int(np.bitwise_xor.reduce(record)) ^ 0xFF


def _readings(content: NDArray[np.uint8]) -> FloatArray:
    """(n, 3) raw readings x, y, z from packed ones, which hold y first."""
    numbers = twelve_bits(content)
    yxz = numbers[: len(numbers) // 3 * 3].reshape(-1, 3)
    return yxz[:, [1, 0, 2]].astype(np.float64)


FORMATS = (
    table_format("actigraph", has(CERTAIN, head=rb".{0,200}Data File Created By ActiGraph"), _csv),
    Format("actigraph-gt3x", _is_gt3x, _read_gt3x),
)
