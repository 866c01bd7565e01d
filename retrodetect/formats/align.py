"""Other sensors on the accelerometer's clock."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace

import numpy as np

from retrodetect.formats.clock import Timeline, seconds_on, valid
from retrodetect.formats.draft import Draft, Note, Series
from retrodetect.formats.plausible import turns_otherwise
from retrodetect.formats.spool import blocks, scaled
from retrodetect.formats.text import unit_in
from retrodetect.recording import Annotation, Finding, FloatArray, longest_step_s

__all__ = ["Sensors", "place_notes", "rows_of"]

_TURNING_RADPS = 1.0
"""Ten turns a minute on average; people turn back, and gyroscopes drift by a hundredth of it."""

_DEGREES_ABOVE = 20.0
"""No limb turns faster than this many rad/s for long: 99 % of readings beyond mean deg/s."""

_IMPOSSIBLE_RADPS = 200.0
"""Beyond the range of any gyroscope that is worn (±4000 deg/s, or 70 rad/s)."""

_HEAD_ROWS = 500_000
"""Rows at the beginning from which a unit is told that the file does not state."""

_COORDINATES = ("latitude_deg", "longitude_deg")
_QUANTITIES = {
    "magnetic_field_ut": "magnetic",
    "pressure_hpa": "pressure",
    "speed_mps": "speed",
    "altitude_m": "length",
}


@dataclass(frozen=True)
class Sensors:
    """The other sensors of a recording, on the accelerometer's clock."""

    time_s: FloatArray  # (n,): the accelerometer's clock
    series: dict[str, Series]  # all of them by their name, ``rotation`` among them
    # those with a clock of their own, None where it has no origin in common
    placed: dict[str, _Placed | None]
    # from the unit of each that has a reading to the one it has in a recording
    factors: dict[str, float] = field(default_factory=dict)
    # findings, notes: what was assumed of them, and what the user should know
    findings: tuple[Finding, ...] = ()
    notes: tuple[str, ...] = ()

    @classmethod
    def of(cls, draft: Draft, line: Timeline, *, keeps_coordinates: bool) -> Sensors:
        """Place the sensors of a draft."""
        left_out = () if keeps_coordinates else _COORDINATES
        series = {name: own for name, own in draft.channels.items() if name not in left_out}
        if draft.rotation is not None:
            series["rotation"] = draft.rotation
        apart = {name: own for name, own in series.items() if own.stamps is not None}
        placed = {name: _Placed.of(own, line) for name, own in apart.items()}
        sensors = cls(line.time_s, series, placed)
        present = [name for name in series if sensors.has_readings(name)]
        factors = {name: _factor(name, series[name].unit) for name in present}
        if "rotation" not in factors:
            return replace(sensors, factors=factors)
        head = sensors.readings("rotation", slice(0, _HEAD_ROWS), line.time_s[:_HEAD_ROWS])
        factors["rotation"], finding = _rotation_unit(series["rotation"].unit, head)
        return replace(
            sensors,
            factors=factors,
            findings=(finding,) if finding else (),
            notes=tuple(_turning_on(head * factors["rotation"])),
        )

    def beside(
        self, rows: slice, time_s: FloatArray
    ) -> tuple[FloatArray | None, dict[str, FloatArray]]:
        """Return angular rate in rad/s and the other channels in some rows at these times.

        An impossible angular rate counts as missing.
        """
        channels = {
            name: self.readings(name, rows, time_s, factor) for name, factor in self.factors.items()
        }
        rotation = channels.pop("rotation", None)
        if rotation is not None:
            rotation = np.where(np.abs(rotation) < _IMPOSSIBLE_RADPS, rotation, np.nan)
        return rotation, channels

    def checked(self, acceleration: FloatArray, mps2: float, rate_hz: float) -> Sensors:
        """Leave out a gyroscope that disagrees with readings of so many m/s² to the unit."""
        factor = self.factors.get("rotation")
        if factor is None:
            return self
        parts = (
            (
                time_s,
                scaled(acceleration, rows, mps2),
                self.readings("rotation", rows, time_s, factor),
            )
            for rows in blocks(len(self.time_s), self.time_s, acceleration)
            for time_s in [self.time_s[rows]]
        )
        doubts = turns_otherwise(parts, rate_hz)
        if not doubts:
            return self
        factors = {name: own for name, own in self.factors.items() if name != "rotation"}
        return replace(self, factors=factors, notes=(*self.notes, *doubts))

    def unplaced(self) -> list[str]:
        """Name the sensors whose clock has no common origin with the accelerometer's."""
        lost = [name for name, placed in self.placed.items() if placed is None]
        return [f"left out {', '.join(lost)}: not on the accelerometer's clock"] if lost else []

    def has_readings(self, name: str) -> bool:
        """Whether a sensor has any reading at all; a gyroscope counts without."""
        if self.placed.get(name, True) is None:
            return False
        return name == "rotation" or any(
            bool(np.isfinite(self.readings(name, rows, self.time_s[rows])).any())
            for rows in blocks(len(self.time_s), self.time_s)
        )

    def readings(
        self, name: str, rows: slice, time_s: FloatArray, factor: float = 1.0
    ) -> FloatArray:
        """Return the readings of a sensor in some rows at these times, times a factor."""
        placed = self.placed.get(name)
        if placed is None:
            return scaled(self.series[name].values, rows, factor)
        return placed.at(time_s) * factor


def rows_of(series: Series | None, line: Timeline) -> Callable[[slice], FloatArray] | None:
    """Place a series on a timeline: readings in rows, in their unit, NaN where there are none.

    None without a series, or where the clocks have no common origin.
    """
    if series is None:
        return None
    if series.stamps is None:
        return lambda rows: series.values[rows]
    placed = _Placed.of(series, line)
    return None if placed is None else lambda rows: placed.at(line.time_s[rows])


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


@dataclass(frozen=True, slots=True)
class _Placed:
    """A series of another clock on the accelerometer's."""

    time_s: FloatArray  # (n,): strictly increasing
    values: FloatArray  # (n,) or (n, k): finite
    join_s: float  # longest step between two readings that is bridged

    @classmethod
    def of(cls, series: Series, line: Timeline) -> _Placed | None:
        """Place a series; None where its clock and the accelerometer's have no common origin."""
        assert series.stamps is not None
        is_whole = np.isfinite(np.column_stack([series.values])).all(axis=1)
        timed = valid(series.stamps)
        rows = np.flatnonzero(is_whole if timed is None else is_whole & timed)
        time_s = seconds_on(line, series.stamps.take(rows)) if len(rows) > 1 else None
        if time_s is None:
            return None
        time_s, first = np.unique(time_s, return_index=True)
        # Slow sensors (barometer, GPS) are joined over their own period, fast ones not over a gap.
        usual_s = float(np.median(np.diff(time_s))) if len(time_s) > 1 else 0.0
        return cls(time_s, series.values[rows[first]], longest_step_s(usual_s))

    def at(self, at_s: FloatArray) -> FloatArray:
        """(m,) or (m, k) values at other times, NaN where none is near."""
        begin = max(0, int(np.searchsorted(self.time_s, at_s[0])) - 1)
        time_s = self.time_s[begin : int(np.searchsorted(self.time_s, at_s[-1])) + 1]
        values = self.values[begin : begin + len(time_s)]
        if len(time_s) < 2:
            return np.full((len(at_s), *values.shape[1:]), np.nan)
        columns = values.reshape(len(values), -1).T
        result = np.stack(
            [np.interp(at_s, time_s, column, np.nan, np.nan) for column in columns], axis=1
        )
        steps = np.diff(time_s)
        step = steps[np.clip(np.searchsorted(time_s, at_s), 1, len(steps)) - 1]
        result[step > self.join_s] = np.nan
        return result.reshape(len(at_s), *values.shape[1:])


def _factor(name: str, unit: str) -> float:
    """Factor from the unit of a channel to the one that its name in the recording states."""
    quantity = _QUANTITIES.get(name)
    factor = unit_in(quantity, unit) if quantity else None
    return 1.0 if factor is None else factor


def _rotation_unit(unit: str, values: FloatArray) -> tuple[float, Finding | None]:
    """Factor to rad/s, and what was assumed where the file does not state the unit."""
    factor = unit_in("rotation", unit)
    if factor is not None:
        return factor, None
    readings = np.abs(values[np.isfinite(values)])
    is_degrees = len(readings) > 0 and float(np.percentile(readings, 99)) > _DEGREES_ABOVE
    finding = Finding("gyroscope unit", "deg/s" if is_degrees else "rad/s", "assumed")
    return (np.pi / 180 if is_degrees else 1.0), finding


def _turning_on(rotation_radps: FloatArray) -> list[str]:
    """Say where a gyroscope turns on one way all the time, which no wearer does."""
    with np.errstate(invalid="ignore"):
        readings = rotation_radps[np.isfinite(rotation_radps).all(axis=1)]
    if not len(readings):
        return []
    means, spreads = readings.mean(axis=0), readings.std(axis=0)
    odd = [axis for axis, mean, spread in zip("xyz", np.abs(means), spreads, strict=True)
           if mean > max(_TURNING_RADPS, spread)]  # fmt: skip
    if not odd:
        return []
    return [
        f"the gyroscope turns one way all the time about {' and '.join(odd)}: if columns of two "
        "sensors are mixed up, direction, counts and share are wrong"
    ]
