"""ActiGraph ``.gt3x``: a zip of facts and of a log with one record for each second.

Records are described in ActiGraph's GT3X-File-Format: mark, kind, time, size, content, check.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Iterator

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

_FACT = re.compile(r"^(Serial Number|Acceleration Scale|Sample Rate):\s*([\w.,]+)", re.MULTILINE)


def recognise(source: Source) -> int:
    """A zip that holds the facts and the log."""
    if not source.head.startswith(b"PK\x03\x04"):
        return NO
    names = {member.name for member in archive_members(source) or ()}
    return CERTAIN if {"info.txt", "log.bin"} <= names else NO


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
    with members["log.bin"].open() as stream:
        log = stream.read()
    try:
        per_g = float(facts["Acceleration Scale"].replace(",", "."))
    except (KeyError, ValueError):
        per_g = 0.0
    if not per_g or log[:1] != bytes([_MARK]):
        raise UnreadableFile(
            "is an ActiGraph recording without its scale or with a damaged log",
            file=source.label,
            remedy="download it from the device again",
        )
    seconds = list(_seconds(log))
    if not seconds:
        raise RefusedRecording(
            "holds no second of raw acceleration",
            file=source.label,
            remedy="record raw data, not epochs",
        )
    counts = np.array([len(values) for _, values in seconds], dtype=np.intp)
    starts_s = np.array([start for start, _ in seconds], dtype=np.float64)
    serial = facts.get("Serial Number", "")
    return [
        Draft(
            acceleration=Series(np.concatenate([v for _, v in seconds]) / per_g, "g"),
            stamps=Stamps(spread(starts_s, counts), 1.0, "local", "time of each second"),
            gravity=_TOTAL,
            sign=_SIGN,
            device=f"ActiGraph {serial}".strip(),
        )
    ]


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
        elif kind == _WORDS:
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
