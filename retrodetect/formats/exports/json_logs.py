"""Logs in JSON: Movesense and Edge Impulse."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

import numpy as np

from retrodetect.errors import RefusedRecording
from retrodetect.formats.draft import Draft, ReadOptions, Series, Stamps, total, upward
from retrodetect.formats.files import CERTAIN, Candidate, Format, has
from retrodetect.formats.source import guarded, load_json
from retrodetect.formats.spool import spread
from retrodetect.formats.table import quantity_of
from retrodetect.recording import FloatArray

__all__ = ["FORMATS"]


# Movesense: packets of several readings that share a stamp.
def _read_movesense(file: Candidate, _: ReadOptions) -> list[Draft]:
    """Read all packets."""
    with guarded("a Movesense log"):
        (logged, *_) = load_json(file.source)["Meas"].values()
        # Some loggers wrap each packet in the name of the sensor.
        packets = [
            entry if "Timestamp" in entry else next(iter(entry.values())) for entry in logged
        ]
        stamps_ms = np.array([packet["Timestamp"] for packet in packets], dtype=np.float64)
        readings = [_triads(packet["ArrayAcc"]) for packet in packets]
        turns = [_triads(packet.get("ArrayGyro", ())) for packet in packets]
    counts = np.array([len(values) for values in readings], dtype=np.intp)
    if not counts.sum():
        raise RefusedRecording("has no acceleration", remedy="log IMU6 or IMU9")
    is_turning = counts.tolist() == [len(values) for values in turns]
    return [
        Draft(
            acceleration=Series(np.concatenate(readings), "m/s2"),
            stamps=Stamps(spread(stamps_ms, counts), 1e-3, "none", "Timestamp of each packet"),
            gravity=total("Movesense includes gravity"),
            sign=upward("Movesense, assumed to read +1 g upward", "assumed"),
            rotation=Series(np.concatenate(turns), "deg/s") if is_turning else None,
            device="Movesense",
            columns="ArrayAcc",
        )
    ]


def _triads(readings: Sequence[Mapping[str, float]]) -> FloatArray:
    rows = [(reading["x"], reading["y"], reading["z"]) for reading in readings]
    return np.array(rows, dtype=np.float64).reshape(-1, 3)


# Edge Impulse: an interval, sensors with units, and rows of values (Edge Impulse, "Data acquisition
# format").
_AXIS = re.compile(r"(?P<sensor>.*?)[ _.]?(?P<axis>[xyz])$", re.IGNORECASE)
_INSTEAD = ("rotation", "magnetic", "gravity", "linear")


def _read_edge_impulse(file: Candidate, _: ReadOptions) -> list[Draft]:
    """Read the three axes of the accelerometer."""
    with guarded("an Edge Impulse file"):
        payload = load_json(file.source)["payload"]
        names = [str(sensor["name"]) for sensor in payload["sensors"]]
        units = [str(sensor["units"]) for sensor in payload["sensors"]]
        values = np.array(payload["values"], dtype=np.float64).reshape(-1, len(names))
        interval_ms = float(payload["interval_ms"])
        device = str(payload.get("device_type", ""))
    places = _places(names)
    if places is None:
        raise RefusedRecording(
            f"has no acceleration along x, y and z, only {', '.join(names)}",
            remedy="record the accelerometer",
        )
    return [
        Draft(
            acceleration=Series(values[:, places], units[places[0]]),
            stamps=Stamps(None, rate_hz=1000.0 / interval_ms if interval_ms > 0 else None),
            device=device,
            columns=", ".join(names[place] for place in places),
            is_named=any("acc" in names[place].lower() for place in places),
        )
    ]


def _places(names: list[str]) -> list[int] | None:
    """Columns of the axes of the first accelerometer."""
    by_sensor: dict[str, dict[str, int]] = {}
    for place, name in enumerate(names):
        match = _AXIS.match(name.strip())
        if match and quantity_of(match["sensor"]) not in _INSTEAD:
            by_sensor.setdefault(match["sensor"].lower(), {})[match["axis"].lower()] = place
    triads = [[axes[axis] for axis in "xyz"] for axes in by_sensor.values() if {*"xyz"} <= {*axes}]
    return triads[0] if triads else None


FORMATS = (
    Format(
        "movesense",
        has(CERTAIN, head=rb'\s*\{\s*"Meas"\s*:\s*\{\s*"(?:IMU[69]m?|Acc)"'),
        _read_movesense,
    ),
    Format(
        "edge-impulse",
        has(CERTAIN, head=rb'\s*\{\s*"(?:protected|signature|payload)"\s*:.*"interval_ms"'),
        _read_edge_impulse,
    ),
)
