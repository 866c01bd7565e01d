"""Exports that are whole and wrong: units, sensors, rates, rows and scales unlike what they say.

The oracle is the walk itself: what is read must be the walk at its own time, or be refused, or
carry a warning.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np

from retrodetect.errors import InputError
from retrodetect.formats import read

from .reexport import START_NS, G, walk

__all__ = ["MUTATIONS", "Sheet", "judge", "sheet"]

_CLOCKS = {"s": 1e9, "ms": 1e6, "us": 1e3, "ns": 1.0}
_UNITS = {"m/s2": 1.0, "g": 1 / G, "mg": 1000 / G}


@dataclass(frozen=True)
class Sheet:
    """A table of a clock, an accelerometer and a gyroscope, as an app would write it."""

    second: np.ndarray
    acceleration: np.ndarray
    rotation: np.ndarray
    clock: str = "s"
    is_epoch: bool = False
    unit: str = "m/s2"
    stated_clock: str = ""
    stated_unit: str = ""
    names: tuple[str, ...] = ("acc_x", "acc_y", "acc_z", "gyro_x", "gyro_y", "gyro_z")
    rows: np.ndarray = field(default_factory=lambda: np.empty(0, dtype=int))

    def text(self) -> str:
        """The csv."""
        ticks = self.second * 1e9 / _CLOCKS[self.clock]
        ticks = ticks + START_NS / _CLOCKS[self.clock] * self.is_epoch
        stated = f" ({self.stated_unit})" if self.stated_unit else ""
        names = [f"{name}{stated if place < 3 else ''}" for place, name in enumerate(self.names)]
        clock = f"time ({self.stated_clock})" if self.stated_clock else "time"
        decimals = 4 if self.clock == "s" else 0
        values = np.hstack([self.acceleration * _UNITS[self.unit], self.rotation])
        lines = [
            ",".join([f"{tick:.{decimals}f}", *(f"{value:.6g}" for value in row)])
            for tick, row in zip(ticks[self.rows], values[self.rows], strict=True)
        ]
        return "\n".join([",".join([clock, *names]), *lines, ""])


def sheet(rng: random.Random) -> Sheet:
    """A walk of 40 s in one of the usual ways to write it."""
    rate_hz = rng.choice([50, 100])
    original = walk(rate_hz=rate_hz, duration_s=40, seed=rng.randrange(1000))
    second = original.time_ns / 1e9
    noise = np.random.default_rng(rng.randrange(1000)).normal(0, 1, (len(second), 3))
    phase = 5.6 * second  # a trunk turns so far in each stride, a shank five times as far
    turning = np.stack([60 * np.sin(phase), 40 * np.cos(phase), 30 * np.sin(2 * phase)], axis=1)
    clock, unit = rng.choice([*_CLOCKS]), rng.choice([*_UNITS])
    return Sheet(
        second=second,
        acceleration=original.acceleration_mps2,
        rotation=turning + noise,
        clock=clock,
        is_epoch=rng.random() < 0.5,
        unit=unit,
        stated_clock=rng.choice(["", clock]),
        stated_unit=rng.choice(["", unit]),
        rows=np.arange(len(second)),
    )


def _clock_swapped(own: Sheet, rng: random.Random) -> Sheet:
    return replace(own, stated_clock=rng.choice([*_CLOCKS]))


def _unit_swapped(own: Sheet, rng: random.Random) -> Sheet:
    return replace(own, stated_unit=rng.choice([*_UNITS]))


def _sensors_swapped(own: Sheet, rng: random.Random) -> Sheet:
    del rng
    return replace(own, names=(*own.names[3:], *own.names[:3]))


def _column_swapped(own: Sheet, rng: random.Random) -> Sheet:
    place = rng.randrange(3)
    names = [*own.names]
    names[place], names[place + 3] = names[place + 3], names[place]
    return replace(own, names=tuple(names))


def _slowed(own: Sheet, rng: random.Random) -> Sheet:
    count = len(own.rows)
    begin, every = count // 3, rng.choice([2, 4, 8, 15, 20])
    inside = (own.rows >= begin) & (own.rows < 2 * begin)
    return replace(own, rows=own.rows[~inside | (own.rows % every == 0)])


def _doubled(own: Sheet, rng: random.Random) -> Sheet:
    count = len(own.rows)
    begin = rng.choice([0, count // 4, count // 2])
    return replace(own, rows=np.concatenate([own.rows, own.rows[begin:]]))


def _overlapping(own: Sheet, rng: random.Random) -> Sheet:
    middle = len(own.rows) // 2
    back = rng.randrange(50, middle)
    return replace(own, rows=np.concatenate([own.rows[:middle], own.rows[middle - back :]]))


def _out_of_order(own: Sheet, rng: random.Random) -> Sheet:
    middle = rng.randrange(200, len(own.rows) - 200)
    return replace(own, rows=np.roll(own.rows, middle))


def _offset(own: Sheet, rng: random.Random) -> Sheet:
    offset = rng.choice([1.5, 3.0, 10.0]) * G
    return replace(own, acceleration=own.acceleration + offset)


def _repeated_axis(own: Sheet, rng: random.Random) -> Sheet:
    axes = rng.choice([[0, 0, 2], [0, 1, 1], [1, 1, 1], [2, 1, 2]])
    return replace(own, acceleration=own.acceleration[:, axes])


def _late(own: Sheet, rng: random.Random) -> Sheet:
    late = own.acceleration.copy()
    late[: rng.randrange(20, 800)] = 0.0
    return replace(own, acceleration=late)


def _clipped(own: Sheet, rng: random.Random) -> Sheet:
    strong = 2.5 * (own.acceleration - own.acceleration.mean(axis=0)) + own.acceleration
    limit = rng.choice([1.6, 2.0]) * G
    return replace(own, acceleration=np.clip(strong, -limit, limit))


MUTATIONS: dict[str, Callable[[Sheet, random.Random], Sheet]] = {
    "none": lambda own, rng: own,
    "clock swapped in the header": _clock_swapped,
    "unit swapped in the header": _unit_swapped,
    "sensors swapped": _sensors_swapped,
    "one column swapped": _column_swapped,
    "slow in the middle": _slowed,
    "rows doubled": _doubled,
    "overlap": _overlapping,
    "blocks out of order": _out_of_order,
    "offset added": _offset,
    "axis repeated": _repeated_axis,
    "late readings": _late,
    "clipped": _clipped,
}


def judge(original: Sheet, mutated: Sheet, folder: Path) -> str:
    """Say what is silently wrong with the outcome; empty where nothing is."""
    path = folder / "walk.csv"
    path.write_text(mutated.text())
    try:
        (recording,) = read(path)
    except InputError as error:
        return "" if error.remedy else "without a remedy"
    if recording.warnings:
        return ""
    at = np.searchsorted(original.second, recording.time_s + 2e-3) - 1
    at = np.clip(at, 0, len(original.second) - 1)
    if np.abs(original.second[at] - recording.time_s).max() > 2e-3:
        return "at another time"
    if np.abs(original.acceleration[at] - recording.acceleration_mps2).max() > 0.02:
        return "another acceleration"
    is_all = len(at) >= 0.95 * len(original.second)
    return "" if is_all else f"only {len(at)} rows of {len(original.second)}"
