"""Movesense JSON logs: packets of some readings that share a stamp, m/s² and deg/s."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from retrodetect.errors import RefusedRecording, UnreadableFile
from retrodetect.formats.candidate import Candidate
from retrodetect.formats.draft import Claim, Draft, Series, Sign, Stamps
from retrodetect.formats.jsontext import DAMAGE, load_json
from retrodetect.formats.options import ReadOptions
from retrodetect.formats.packets import spread
from retrodetect.formats.registry import CERTAIN, NO, Format
from retrodetect.recording import FloatArray, Gravity

__all__ = ["FORMAT"]

_TOTAL = Claim[Gravity]("total", "stated", "Movesense writes totals")
_SIGN = Claim[Sign](1, "assumed", "Movesense, taken to read +1 g upward")
_SIGNATURE = re.compile(rb'^\s*\{\s*"Meas"\s*:\s*\{\s*"(?:IMU[69]m?|Acc)"')


def recognise(file: Candidate) -> int:
    """A log of an inertial sensor at the root."""
    return CERTAIN if _SIGNATURE.match(file.source.head) else NO


def read(file: Candidate, options: ReadOptions) -> list[Draft]:
    """Read all packets.

    Raises
    ------
    UnreadableFile
        Where the JSON is cut off or is not what the sensor writes.
    RefusedRecording
        Where it is too long to be read at once, or has no acceleration.
    """
    del options
    try:
        packets = [_body(packet) for packet in _packets(file)]
        stamps_ms = np.array([packet["Timestamp"] for packet in packets], dtype=np.float64)
        readings = [_triads(packet["ArrayAcc"]) for packet in packets]
        turns = [_triads(packet.get("ArrayGyro", ())) for packet in packets]
    except DAMAGE as error:
        raise UnreadableFile(
            "is a Movesense log that is cut off or damaged",
            file=file.source.label,
            remedy="export it again",
        ) from error
    counts = np.array([len(values) for values in readings], dtype=np.intp)
    if not counts.sum():
        raise RefusedRecording(
            "has no acceleration", file=file.source.label, remedy="log IMU6 or IMU9"
        )
    is_turning = counts.tolist() == [len(values) for values in turns]
    return [
        Draft(
            acceleration=Series(np.concatenate(readings), "m/s2"),
            stamps=Stamps(spread(stamps_ms, counts), 1e-3, "none", "Timestamp of each packet"),
            gravity=_TOTAL,
            sign=_SIGN,
            rotation=Series(np.concatenate(turns), "deg/s") if is_turning else None,
            device="Movesense",
            columns="ArrayAcc",
        )
    ]


def _packets(file: Candidate) -> Sequence[Any]:
    """Packets of the one sensor of the log."""
    (packets, *_) = load_json(file.source)["Meas"].values()
    if not isinstance(packets, list):
        raise TypeError
    return packets


def _body(packet: Mapping[str, Any]) -> Mapping[str, Any]:
    """A packet without the name of the sensor, which some loggers put around it."""
    return packet if "Timestamp" in packet else next(iter(packet.values()))


def _triads(readings: Sequence[Mapping[str, float]]) -> FloatArray:
    rows = [(reading["x"], reading["y"], reading["z"]) for reading in readings]
    return np.array(rows, dtype=np.float64).reshape(-1, 3)


FORMAT = Format("movesense", recognise, read)
