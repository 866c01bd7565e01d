"""Other sensors on the accelerometer's clock."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from itertools import product
from typing import Any

import numpy as np

from retrodetect.formats.clock import Timeline, seconds_on, valid
from retrodetect.formats.draft import Draft, Note, Series
from retrodetect.formats.plausible import RESCALED
from retrodetect.formats.spool import blocks, scaled
from retrodetect.formats.text import unit_in
from retrodetect.recording import Annotation, Finding, FloatArray, longest_step_s

__all__ = ["Sensors", "mixed_up", "place_notes", "rows_of"]

_TURNING_RADPS = 1.0
"""Ten turns a minute on average: people turn back, and gyroscopes drift by a hundredth of it."""

_DEGREES_ABOVE = 20.0
"""No limb keeps turning faster than this (rad/s): a higher 99th percentile means deg/s."""

_IMPOSSIBLE_RADPS = 200.0
"""Beyond the range of any wearable gyroscope (±4000 deg/s, or 70 rad/s)."""

_HEAD_ROWS = 500_000
"""First rows, from which the unit is inferred if the file does not state it."""

_TURNED_ROWS, _TURNED_RADPS, _TURNED_SPREAD, _TURNED_ALIKE = 100, 0.1, 0.2, 0.9
"""Own measurement: correlations are 0.999, and at most 0.75 with any two columns swapped."""

_AVERAGED_S, _SMOOTHED = 0.2, np.hanning(11)[1:-1] / np.hanning(11).sum()
"""Averages of 0.2 s are smoothed over 1.8 s, which removes strides and keeps tilts."""

_BESIDE_A_GAP = 0.5

_QUIET_MPS2, _TILTING_RADPS, _TILTING_S = 2.5, 0.3, 1.0
_LEFT, _OTHERWISE, _FAR_OFF = 0.5, 0.5, 2.0
"""Share of the change of gravity that the gyroscope leaves unexplained; ratio to it with axes
reversed. Own measurement: 268 of 511 recordings tilt enough, and none of them is doubted (reversed
axes leave at least 0.74 unexplained); with axes reversed, 86 of 100 are."""

_RESIZED_S, _RESIZED_RADPS, _RESIZED_LEAST, _RESIZED_BLOCKS = 1.0, 0.5, 3, 600
_RESIZED_GAP, _RESIZED_WITHIN = 1.3, 1.6
"""Own measurement: none of 828 recordings changes like that; of copies with their last quarter,
half or two thirds in another unit, 91 in 100 do."""

_COORDINATES = ("latitude_deg", "longitude_deg")
_QUANTITIES = {
    "magnetic_field_ut": "magnetic",
    "pressure_hpa": "pressure",
    "speed_mps": "speed",
    "altitude_m": "length",
}


_Reader = Callable[[slice, FloatArray], FloatArray]
"""Returns readings at rows and times of the accelerometer."""


@dataclass(frozen=True)
class Sensors:
    """The other sensors of a recording, on the accelerometer's clock."""

    time_s: FloatArray  # (n,): the accelerometer's clock
    readers: dict[str, _Reader]  # by name, ``rotation`` among them
    # from the unit of each sensor that has readings to its unit in a recording
    factors: dict[str, float]
    # findings, notes: what was assumed about them, and what the user should know
    findings: tuple[Finding, ...] = ()
    notes: tuple[str, ...] = ()

    @classmethod
    def of(cls, draft: Draft, line: Timeline, *, keeps_coordinates: bool) -> Sensors:
        """Place the sensors of a draft on its timeline."""
        left_out = () if keeps_coordinates else _COORDINATES
        series = {name: channel for name, channel in draft.channels.items() if name not in left_out}
        if draft.rotation is not None:
            series["rotation"] = draft.rotation
        readers: dict[str, _Reader] = {}
        for name, channel in series.items():
            if (reader := rows_of(channel, line)) is not None:
                readers[name] = reader
        lost = ", ".join(name for name in series if name not in readers)
        notes = []
        if lost:
            doubt = ", so more strides may be unknown" if "rotation" in lost else ""
            notes.append(f"left out {lost}: not on the accelerometer's clock{doubt}")
        factors = {
            name: _factor(name, series[name].unit)
            for name, reader in readers.items()
            if name == "rotation" or _has_readings(reader, line.time_s)
        }
        if "rotation" not in factors:
            return cls(line.time_s, readers, factors, notes=tuple(notes))
        head = readers["rotation"](slice(_HEAD_ROWS), line.time_s[:_HEAD_ROWS])
        factors["rotation"], *findings = _rotation_unit(series["rotation"].unit, head)
        notes += _turning_on(head * factors["rotation"])
        return cls(line.time_s, readers, factors, tuple(findings), tuple(notes))

    def beside(
        self, rows: slice, time_s: FloatArray
    ) -> tuple[FloatArray | None, dict[str, FloatArray]]:
        """Return angular rate in rad/s and the other channels at rows and times.

        An impossible angular rate becomes NaN.
        """
        channels = {name: self._readings(name, rows, time_s) for name in self.factors}
        rotation = channels.pop("rotation", None)
        if rotation is not None:
            rotation = np.where(np.abs(rotation) < _IMPOSSIBLE_RADPS, rotation, np.nan)
        return rotation, channels

    def checked(self, acceleration: FloatArray, mps2: float, rate_hz: float) -> Sensors:
        """Leave out a gyroscope that disagrees with acceleration of ``mps2`` m/s² per unit."""
        if "rotation" not in self.factors:
            return self
        parts = (
            (time_s, scaled(acceleration, rows, mps2), self._readings("rotation", rows, time_s))
            for rows in blocks(len(self.time_s), self.time_s, acceleration)
            for time_s in [self.time_s[rows]]
        )
        doubts = _turns_otherwise(parts, rate_hz)
        if not doubts:
            return self
        factors = {name: factor for name, factor in self.factors.items() if name != "rotation"}
        return replace(self, factors=factors, notes=(*self.notes, *doubts))

    def resized(self, linear: FloatArray, rate_hz: float) -> list[str]:
        """Report that linear acceleration (n, 3), in any unit, changes size but rotation does not.

        A change of unit does that; a change of movement changes both.
        """
        if "rotation" not in self.factors:
            return []
        size = max(1, round(_RESIZED_S * rate_hz))
        ratios = np.concatenate([
            _ratios(linear[rows], self._readings("rotation", rows, self.time_s[rows]), size)
            for rows in blocks(len(linear), linear, self.time_s, rows=_RESIZED_BLOCKS * size)
        ])  # fmt: skip
        count = len(ratios)
        parted = np.arange(_RESIZED_LEAST, count - _RESIZED_LEAST + 1)
        if not len(parted):
            return []
        # Split where the means before and after differ most for their counts.
        apart = np.abs(np.cumsum(ratios)[parted - 1] - parted / count * ratios.sum())
        begin = int(parted[(apart / np.sqrt(parted * (count - parted))).argmax()])
        small, large = sorted((ratios[:begin], ratios[begin:]), key=np.median)
        times = np.exp(np.median(large) - np.median(small))
        gap = np.percentile(large, 10) - np.percentile(small, 90)
        is_unit = any(1 / _RESIZED_WITHIN < times / unit < _RESIZED_WITHIN for unit in RESCALED)
        if gap < np.log(_RESIZED_GAP) or not is_unit:
            return []
        share = min(begin, count - begin) / count
        return [
            f"against the gyroscope, acceleration is {times:.0f} times as large in one part "
            f"({share:.0%}) as elsewhere: if its unit changes there, direction, counts and share "
            "are wrong"
        ]

    def _readings(self, name: str, rows: slice, time_s: FloatArray) -> FloatArray:
        """Readings of a sensor in its unit in a recording."""
        readings = self.readers[name](rows, time_s)
        return np.multiply(readings, self.factors[name], out=readings)


def rows_of(series: Series | None, line: Timeline) -> _Reader | None:
    """Return a reader of a series on a timeline, in its unit, NaN if none is near.

    None without a series, or if the clocks share no origin.
    """
    if series is None:
        return None
    if series.stamps is None:
        return lambda rows, _: scaled(series.values, rows)
    placed = _Placed.of(series, line)
    return None if placed is None else lambda _, time_s: placed.at(time_s)


def _has_readings(reader: _Reader, time_s: FloatArray) -> bool:
    return any(
        bool(np.isfinite(reader(rows, time_s[rows])).any()) for rows in blocks(len(time_s), time_s)
    )


def place_notes(notes: tuple[Note, ...], line: Timeline) -> tuple[Annotation, ...]:
    """Place the app's notes on the accelerometer's clock, in order."""
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
    """A series from another clock, placed on the accelerometer's."""

    time_s: FloatArray  # (n,): strictly increasing
    values: FloatArray  # (n,) or (n, k): finite
    join_s: float  # longest step between two readings that is interpolated

    @classmethod
    def of(cls, series: Series, line: Timeline) -> _Placed | None:
        """Place a series; None if its clock and the accelerometer's share no origin."""
        assert series.stamps is not None
        is_whole = np.isfinite(np.column_stack([series.values])).all(axis=1)
        timed = valid(series.stamps)
        rows = np.flatnonzero(is_whole if timed is None else is_whole & timed)
        time_s = seconds_on(line, series.stamps.take(rows)) if len(rows) > 1 else None
        if time_s is None:
            return None
        time_s, first = np.unique(time_s, return_index=True)
        # Bridge the period of slow sensors (barometer, GPS), but not a gap in fast ones.
        usual_s = float(np.median(np.diff(time_s))) if len(time_s) > 1 else 0.0
        return cls(time_s, series.values[rows[first]], longest_step_s(usual_s))

    def at(self, at_s: FloatArray) -> FloatArray:
        """(m,) or (m, k) values at other times, NaN if no reading is near."""
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
    """Factor from the unit of a channel to the unit that its name in the recording states."""
    quantity = _QUANTITIES.get(name)
    factor = unit_in(quantity, unit) if quantity else None
    return 1.0 if factor is None else factor


def _rotation_unit(unit: str, values: FloatArray) -> tuple[Any, ...]:
    """Factor to rad/s; also a finding if the file does not state the unit."""
    factor = unit_in("rotation", unit)
    if factor is not None:
        return (factor,)
    readings = np.abs(values[np.isfinite(values)])
    is_degrees = len(readings) > 0 and float(np.percentile(readings, 99)) > _DEGREES_ABOVE
    finding = Finding("gyroscope unit", "deg/s" if is_degrees else "rad/s", "assumed")
    return (np.pi / 180 if is_degrees else 1.0), finding


def _turning_on(rotation_radps: FloatArray) -> list[str]:
    """Report that a gyroscope turns one way all the time, which no wearer does."""
    is_whole = np.isfinite(rotation_radps).all(axis=1)
    if not is_whole.any():
        return []
    axes = [axis[is_whole] for axis in rotation_radps.T]
    means, spreads = np.mean(axes, axis=1), np.std(axes, axis=1)
    odd = [axis for axis, mean, spread in zip("xyz", np.abs(means), spreads, strict=True)
           if mean > max(_TURNING_RADPS, spread)]  # fmt: skip
    if not odd:
        return []
    return [
        f"the gyroscope turns one way all the time about {' and '.join(odd)}: if columns of two "
        "sensors are mixed up, direction, counts and share are wrong"
    ]


def mixed_up(gravity: FloatArray, rotation: FloatArray, time_s: FloatArray) -> list[str]:
    """Report that gravity does not turn as the gyroscope does, as if columns are mixed up.

    Seen from the device, a direction fixed in the world changes by its cross product with the
    angular rate, whatever the unit of either; the rate is NaN if missing.
    """
    seen = np.diff(gravity, axis=0) / np.diff(time_s)[:, None]
    down = (gravity[1:] + gravity[:-1]) / 2
    expected = np.cross(down, (rotation[1:] + rotation[:-1]) / 2)
    is_whole = np.isfinite(seen + expected).all(axis=1)
    if np.count_nonzero(is_whole) < _TURNED_ROWS:
        return []
    seen, expected = seen[is_whole], expected[is_whole]
    spread = seen.std(axis=0)
    if spread.max() <= _TURNED_RADPS * np.linalg.norm(down[is_whole].mean(axis=0)):
        return []
    turned = spread > _TURNED_SPREAD * spread.max()
    together = ((seen - seen.mean(axis=0)) * (expected - expected.mean(axis=0))).mean(axis=0)
    if (together > _TURNED_ALIKE * spread * expected.std(axis=0))[turned].all():
        return []
    return [
        "gravity does not turn as the gyroscope does: if columns of two sensors are mixed up, "
        "direction, counts and share are wrong"
    ]


def _ratios(linear: FloatArray, rotation_radps: FloatArray, size: int) -> FloatArray:
    """(k,) logarithms of the spread of acceleration over that of rotation, where both move."""
    whole = len(linear) // size * size
    spreads, turning = (
        np.linalg.norm(values[:whole].reshape(-1, size, 3).std(axis=1), axis=1)
        for values in (linear, rotation_radps)
    )
    is_moving = (turning > _RESIZED_RADPS) & (spreads > 0)
    return np.asarray(np.log(spreads[is_moving] / turning[is_moving]))


def _turns_otherwise(
    parts: Iterable[tuple[FloatArray, FloatArray, FloatArray]], rate_hz: float
) -> list[str]:
    """Report that a device does not tilt as its gyroscope says, as if an axis is reversed.

    ``parts`` are consecutive: seconds (n,), specific force (n, 3) in m/s² and angular rate (n, 3)
    in rad/s, NaN if missing. It shows when the device tilts in the hand, on getting up or in a
    turn; steady strides hide it, because the force of a swing looks like a tilt.
    """
    size = max(1, round(_AVERAGED_S * rate_hz))
    averages = np.concatenate([_averages(*part, size) for part in parts])
    if len(averages) <= len(_SMOOTHED):
        return []
    step_s = size / rate_hz
    averages[np.abs(np.gradient(averages[:, 0]) / step_s - 1) > _BESIDE_A_GAP] = np.nan
    smooth = np.stack([np.convolve(axis, _SMOOTHED, "valid") for axis in averages.T], axis=1)
    length, square, force, rotation = smooth[:, 1], smooth[:, 2], smooth[:, 3:6], smooth[:, 6:]
    shaken_mps2 = np.sqrt(np.maximum(square - length**2, 0))
    gravity = force / np.linalg.norm(force, axis=1, keepdims=True)
    seen = np.gradient(gravity, step_s, axis=0)
    is_clear = (shaken_mps2 < _QUIET_MPS2) & (np.linalg.norm(seen, axis=1) > _TILTING_RADPS)
    is_clear &= np.isfinite(rotation).all(axis=1)
    if np.count_nonzero(is_clear) * step_s < _TILTING_S:
        return []
    gravity, seen, rotation = gravity[is_clear], seen[is_clear], rotation[is_clear]
    unexplained, *flipped = (
        np.linalg.norm(seen - np.cross(gravity, rotation * signs)) / np.linalg.norm(seen)
        for signs in product((1, -1), repeat=3)
    )
    if unexplained < _LEFT or (min(flipped) > _OTHERWISE * unexplained and unexplained < _FAR_OFF):
        return []
    return [
        "left out the gyroscope, because gravity does not turn as it says: more strides may be "
        "unknown. If columns of the two sensors are mixed up, direction, counts and share are "
        "wrong too"
    ]


def _averages(
    time_s: FloatArray, force_mps2: FloatArray, rotation_radps: FloatArray, size: int
) -> FloatArray:
    """(k, 9) averages: seconds, length of the force, its square, force, rotation."""
    square = (force_mps2**2).sum(axis=1)
    whole = len(time_s) // size * size
    columns = (time_s, np.sqrt(square), square, *force_mps2.T, *rotation_radps.T)
    return np.stack([column[:whole].reshape(-1, size).mean(axis=1) for column in columns], axis=1)
