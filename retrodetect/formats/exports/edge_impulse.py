"""Edge Impulse's acquisition format: JSON with an interval, sensors with units, and rows of values.

Source: Edge Impulse, "Data acquisition format".
"""

from __future__ import annotations

import re

import numpy as np

from retrodetect.errors import RefusedRecording, UnreadableFile
from retrodetect.formats.candidate import Candidate
from retrodetect.formats.columns import quantity_of
from retrodetect.formats.draft import Draft, Series, Stamps
from retrodetect.formats.jsontext import DAMAGE, load_json
from retrodetect.formats.options import ReadOptions
from retrodetect.formats.registry import CERTAIN, NO, Format

__all__ = ["FORMAT"]

_SIGNATURE = re.compile(rb'^\s*\{\s*"(?:protected|signature|payload)"\s*:')
_AXIS = re.compile(r"(?P<sensor>.*?)[ _.]?(?P<axis>[xyz])$", re.IGNORECASE)
_INSTEAD = ("rotation", "magnetic", "gravity", "linear")


def recognise(file: Candidate) -> int:
    """Its keys."""
    is_ours = _SIGNATURE.match(file.source.head) and b'"interval_ms"' in file.source.head
    return CERTAIN if is_ours else NO


def read(file: Candidate, options: ReadOptions) -> list[Draft]:
    """Read the three axes of the accelerometer.

    Raises
    ------
    UnreadableFile
        Where the JSON is cut off or of another shape.
    RefusedRecording
        Where no three sensors are the axes of an accelerometer.
    """
    del options
    try:
        payload = load_json(file.source)["payload"]
        names = [str(sensor["name"]) for sensor in payload["sensors"]]
        units = [str(sensor["units"]) for sensor in payload["sensors"]]
        values = np.array(payload["values"], dtype=np.float64).reshape(-1, len(names))
        interval_ms = float(payload["interval_ms"])
        device = str(payload.get("device_type", ""))
    except DAMAGE as error:
        raise UnreadableFile(
            "is an Edge Impulse file that is cut off or damaged",
            file=file.source.label,
            remedy="export it again",
        ) from error
    places = _places(names)
    if places is None:
        raise RefusedRecording(
            f"has no acceleration along x, y and z, only {', '.join(names)}",
            file=file.source.label,
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
    """Where the axes of the first accelerometer stand."""
    by_sensor: dict[str, dict[str, int]] = {}
    for place, name in enumerate(names):
        match = _AXIS.match(name.strip())
        if match and quantity_of(match["sensor"]) not in _INSTEAD:
            by_sensor.setdefault(match["sensor"].lower(), {})[match["axis"].lower()] = place
    triads = [[axes[axis] for axis in "xyz"] for axes in by_sensor.values() if {*"xyz"} <= {*axes}]
    return triads[0] if triads else None


FORMAT = Format("edge-impulse", recognise, read)
