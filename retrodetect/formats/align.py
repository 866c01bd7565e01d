"""Other sensors on the accelerometer's clock."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from retrodetect.formats.clock import Timeline, seconds_on, valid
from retrodetect.formats.draft import Note, Series
from retrodetect.formats.units import unit_in
from retrodetect.recording import Annotation, Finding, FloatArray

__all__ = [
    "Placed",
    "in_unit",
    "place_notes",
    "rotation_unit",
    "turning_on",
    "without_coordinates",
]

_GAP_S = 0.25
_TURNING_RADPS = 1.0
"""Ten turns a minute on average; people turn back, and gyroscopes drift by a hundredth of it."""

_DEGREES_ABOVE = 20.0
"""No limb turns faster than this many rad/s for long: 99 % of readings beyond mean deg/s."""

_QUANTITIES = {
    "magnetic_field_ut": "magnetic",
    "pressure_hpa": "pressure",
    "speed_mps": "speed",
    "altitude_m": "length",
}


@dataclass(frozen=True, slots=True)
class Placed:
    """A series of another clock on the accelerometer's.

    Parameters
    ----------
    time_s : (n,) array
        Strictly increasing.
    values : (n,) or (n, k) array
        Finite.
    join_s
        Longest step between two readings that is bridged.
    """

    time_s: FloatArray
    values: FloatArray
    join_s: float

    @classmethod
    def of(cls, series: Series, line: Timeline) -> Placed | None:
        """Place a series; None where its clock and the accelerometer's have no common origin."""
        assert series.stamps is not None
        known = np.isfinite(np.column_stack([series.values])).all(axis=1)
        timed = valid(series.stamps)
        rows = np.flatnonzero(known if timed is None else known & timed)
        time_s = seconds_on(line, series.stamps.take(rows)) if len(rows) > 1 else None
        if time_s is None:
            return None
        time_s, first = np.unique(time_s, return_index=True)
        # Slow sensors (barometer, GPS) are joined over their own period, fast ones not over a gap.
        usual_s = float(np.median(np.diff(time_s))) if len(time_s) > 1 else 0.0
        return cls(time_s, series.values[rows[first]], max(_GAP_S, 2.5 * usual_s))

    def at(self, at_s: FloatArray) -> FloatArray:
        """(m,) or (m, k) values at other times, NaN where none is near."""
        begin = max(0, int(np.searchsorted(self.time_s, at_s[0])) - 1)
        time_s = self.time_s[begin : int(np.searchsorted(self.time_s, at_s[-1])) + 1]
        values = self.values[begin : begin + len(time_s)]
        if len(time_s) < 2:
            return np.full((len(at_s), *values.shape[1:]), np.nan)
        columns = values.reshape(len(values), -1).T
        result = np.stack([np.interp(at_s, time_s, one, np.nan, np.nan) for one in columns], axis=1)
        steps = np.diff(time_s)
        step = steps[np.clip(np.searchsorted(time_s, at_s), 1, len(steps)) - 1]
        result[step > self.join_s] = np.nan
        return result.reshape(len(at_s), *values.shape[1:])


def in_unit(name: str, unit: str, values: FloatArray) -> FloatArray:
    """Values of a channel in the unit that its name states."""
    quantity = _QUANTITIES.get(name)
    factor = unit_in(quantity, unit) if quantity else None
    return values if factor is None else values * factor


def rotation_unit(unit: str, values: FloatArray) -> tuple[float, Finding | None]:
    """Factor to rad/s, and what was assumed where the file does not state the unit."""
    factor = unit_in("rotation", unit)
    if factor is not None:
        return factor, None
    known = np.abs(values[np.isfinite(values)])
    is_degrees = len(known) > 0 and float(np.percentile(known, 99)) > _DEGREES_ABOVE
    finding = Finding("gyroscope unit", "deg/s" if is_degrees else "rad/s", "assumed")
    return (np.pi / 180 if is_degrees else 1.0), finding


def turning_on(rotation_radps: FloatArray) -> list[str]:
    """Say where a gyroscope turns on one way all the time, which no wearer does."""
    with np.errstate(invalid="ignore"):
        known = rotation_radps[np.isfinite(rotation_radps).all(axis=1)]
    if not len(known):
        return []
    means, spreads = known.mean(axis=0), known.std(axis=0)
    odd = [axis for axis, mean, spread in zip("xyz", np.abs(means), spreads, strict=True)
           if mean > max(_TURNING_RADPS, spread)]  # fmt: skip
    if not odd:
        return []
    return [
        f"the gyroscope turns one way all the time about {' and '.join(odd)}: if columns of two "
        "sensors are mixed up, direction, counts and share are wrong"
    ]


def place_notes(notes: tuple[Note, ...], line: Timeline) -> tuple[Annotation, ...]:
    """Notes of the app on the accelerometer's clock, in order."""
    ordered = sorted(notes, key=lambda note: note.tick)
    stamps = replace(line.origin, ticks=np.array([note.tick for note in ordered]), counter=None)
    times = seconds_on(line, stamps) if notes else None
    if times is None:
        return ()
    return tuple(
        Annotation(float(at), float(at), note.text) for at, note in zip(times, ordered, strict=True)
    )


def without_coordinates(channels: Mapping[str, Series]) -> dict[str, Series]:
    """Channels that do not tell where the wearer was."""
    return {
        name: series
        for name, series in channels.items()
        if name not in ("latitude_deg", "longitude_deg")
    }
