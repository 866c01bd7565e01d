"""ActiGraph ``.gt3x``: a zip of facts and of a log with one record for each second.

Records are described in ActiGraph's GT3X-File-Format: mark, kind, time, size, content, check. Up to
firmware 2.5 there are no records, only readings from the start on (NHANES-GT3X-File-Format).
"""

from __future__ import annotations

import re
import struct
from collections.abc import Iterator, Mapping

import numpy as np
from numpy.typing import NDArray

from retrodetect.errors import RefusedRecording, UnreadableFile
from retrodetect.formats.draft import Claim, Draft, Series, Sign, Stamps
from retrodetect.formats.options import ReadOptions
from retrodetect.formats.packets import spread
from retrodetect.formats.registry import CERTAIN, NO, Format
from retrodetect.formats.source import Source, archive_members
from retrodetect.recording import FloatArray, Gravity

__all__ = ["FORMAT"]

_TOTAL = Claim[Gravity]("total", "stated", "ActiGraph raw data are totals")
_SIGN = Claim[Sign](1, "assumed", "ActiGraph, taken to read +1 g upward")

_MARK = 0x1E
_HEAD = struct.Struct("<BBIH")
_PACKED, _WORDS = 0x00, 0x1A
"""Kinds of record with acceleration: 12 bits an axis in the order y, x, z, or 16 in x, y, z."""

_FACT = re.compile(
    r"^(Serial Number|Acceleration Scale|Sample Rate|Start Date|Limb):\s*([\w.,]+)", re.MULTILINE
)
_SCALES = {"NEO": 341.0, "CLE": 341.0, "MRA": 341.0, "MOS": 256.0, "TAS": 256.0}
"""Counts to 1 g by serial number, for devices that do not state their scale."""

_TICK_S = 1e-7
_TICKS_TO_1970 = 621_355_968_000_000_000
_LIMBS = {"Waist": "waist", "Wrist": "wrist", "Ankle": "ankle", "Thigh": "thigh"}


def recognise(source: Source) -> int:
    """A zip that holds the facts and the log."""
    if not source.head.startswith(b"PK\x03\x04"):
        return NO
    names = {member.name for member in archive_members(source) or ()}
    return CERTAIN if "info.txt" in names and {"log.bin", "activity.bin"} & names else NO


def read(source: Source, options: ReadOptions) -> list[Draft]:
    """Read the seconds of acceleration.

    Raises
    ------
    UnreadableFile
        Where the scale is missing or the log is damaged from its start.
    RefusedRecording
        Where it holds no second of acceleration.
    """
    del options
    members = {member.name: member for member in archive_members(source) or ()}
    with members["info.txt"].open() as stream:
        facts = dict(_FACT.findall(stream.read(1 << 16).decode("utf-8", "replace")))
    serial = facts.get("Serial Number", "")
    per_g = _number(facts, "Acceleration Scale") or _SCALES.get(serial[:3], 0.0)
    log = members.get("log.bin", members.get("activity.bin"))
    assert log is not None
    with log.open() as stream:
        content = stream.read()
    is_old = log.name == "activity.bin"
    if not per_g or (content[:1] != bytes([_MARK]) and not is_old):
        raise UnreadableFile(
            "is an ActiGraph recording without its scale or with a damaged log",
            file=source.label,
            remedy="download it from the device again",
        )
    values, stamps = _continuous(content, facts) if is_old else _recorded(content)
    if not len(values):
        raise RefusedRecording(
            "holds no second of raw acceleration",
            file=source.label,
            remedy="record raw data, not epochs",
        )
    return [
        Draft(
            acceleration=Series(values / per_g, "g"),
            stamps=stamps,
            gravity=_TOTAL,
            sign=_SIGN,
            device=f"ActiGraph {serial}".strip(),
            placement=_LIMBS.get(facts.get("Limb", "")),
        )
    ]


def _number(facts: Mapping[str, str], name: str) -> float:
    """A fact as a number; 0 where it is none."""
    try:
        return float(facts.get(name, "").replace(",", "."))
    except ValueError:
        return 0.0


def _continuous(content: bytes, facts: Mapping[str, str]) -> tuple[FloatArray, Stamps]:
    """Readings that follow each other from the start on, with their time."""
    values = _twelve_bits(np.frombuffer(content, dtype=np.uint8))
    begin = int(_number(facts, "Start Date")) - _TICKS_TO_1970
    rate_hz = _number(facts, "Sample Rate")
    if not rate_hz or begin < 0:
        return values, Stamps(None, label="no start and rate", rate_hz=rate_hz or None)
    ticks = begin + np.round(np.arange(len(values)) / (rate_hz * _TICK_S)).astype(np.int64)
    return values, Stamps(ticks, _TICK_S, "local", "Start Date and Sample Rate")


def _recorded(log: bytes) -> tuple[FloatArray, Stamps]:
    """Readings of each second, with their time."""
    seconds = list(_seconds(log))
    if not seconds:
        return np.empty((0, 3)), Stamps(None)
    counts = np.array([len(values) for _, values in seconds], dtype=np.intp)
    starts_s = np.array([start for start, _ in seconds], dtype=np.float64)
    values = np.concatenate([values for _, values in seconds])
    return values, Stamps(spread(starts_s, counts), 1.0, "local", "time of each second")


def _seconds(log: bytes) -> Iterator[tuple[int, FloatArray]]:
    """Time and readings of each record of acceleration whose check is right."""
    content = np.frombuffer(log, dtype=np.uint8)
    at = 0
    while 0 <= at <= len(log) - _HEAD.size - 1:
        mark, kind, time_s, size = _HEAD.unpack_from(log, at)
        end = at + _HEAD.size + size
        if mark != _MARK or end >= len(log) or _check(content[at:end]) != log[end]:
            at = log.find(_MARK, at + 1)
            continue
        body = content[end - size : end]
        if kind == _PACKED and size > 1:
            yield time_s, _twelve_bits(body)
        elif kind == _WORDS and size > 1:
            words = body[: size // 6 * 6].view("<i2").reshape(-1, 3)
            yield time_s, words.astype(np.float64)
        at = end + 1


def _check(record: NDArray[np.uint8]) -> int:
    """Complement of all bytes of a record taken by exclusive or."""
    return int(np.bitwise_xor.reduce(record)) ^ 0xFF


def _twelve_bits(content: NDArray[np.uint8]) -> FloatArray:
    """(n, 3) readings x, y, z from a run of signed numbers of 12 bits."""
    bits = np.unpackbits(content)
    numbers = bits[: len(bits) // 36 * 36].reshape(-1, 12) @ (1 << np.arange(11, -1, -1))
    signed = ((numbers ^ 0x800) - 0x800).reshape(-1, 3)
    readings: FloatArray = signed[:, [1, 0, 2]].astype(np.float64)
    return readings


FORMAT = Format("actigraph-gt3x", recognise, read)
