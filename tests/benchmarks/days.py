"""Days of nobody: rest, fidgets and simulated walks, as long as one likes."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from pyarrow import csv

from retrodetect.lab.simulate import parse_plan, walk, wear
from retrodetect.recording import STANDARD_GRAVITY_MPS2, FloatArray

__all__ = ["RATE_HZ", "write_day", "write_same_hours", "write_walk"]

RATE_HZ = 100.0

_PLAN = "walk forward 200s, stand 10s, walk backward 60s, run forward 60s, walk forward 270s"
_BOUTS_S = (12, 20, 40, 90, 180, 420, 600)
"""Most bouts are short, most walking is in long ones (Orendurff et al. 2008, JRRD 45:1077)."""

_HEADER = b"time,seconds_elapsed,x,y,z\n"
_START_NS = 1_800_000_000_000_000_000

_FIDGET_SHARE = 0.15
"""Of the rest: arms and legs of somebody at a desk."""


def write_day(path: Path, hours: float, walking_hours_per_day: float, *, seed: int = 0) -> None:
    """Write a plain csv of some hours at 100 Hz, hour by hour.

    Parameters
    ----------
    path
        File.
    hours
        Length.
    walking_hours_per_day
        Of it, in bouts of 12 s to 10 min; the rest is rest, partly with fidgets.
    seed
        Another number, another day.
    """
    rng = np.random.default_rng(seed)
    steps = _walking(seed)
    left = int(hours * 3600 * RATE_HZ)
    row = 0
    with path.open("wb") as stream:
        stream.write(_HEADER)
        for block in _blocks(steps, walking_hours_per_day / 24, rng):
            block = block[:left]
            rows = np.arange(row, row + len(block))
            _append(stream, rows, block)
            row, left = row + len(block), left - len(block)
            if not left:
                return


def write_same_hours(path: Path, hours: int, walking_share: float, *, seed: int = 0) -> None:
    """Write one hour over and over, so that a longer file has more of the same."""
    count = int(3600 * RATE_HZ)
    blocks = _blocks(_walking(seed), walking_share, np.random.default_rng(seed))
    hour = np.empty((0, 3))
    while len(hour) < count:
        hour = np.concatenate([hour, next(blocks)])
    with path.open("wb") as stream:
        stream.write(_HEADER)
        for number in range(hours):
            _append(stream, np.arange(number * count, (number + 1) * count), hour[:count])


def write_walk(path: Path, seconds: float, *, seed: int = 0) -> None:
    """Write a plain csv of somebody who walks all the time."""
    steps = _walking(seed)[: int(seconds * RATE_HZ)]
    with path.open("wb") as stream:
        stream.write(_HEADER)
        _append(stream, np.arange(len(steps)), steps)


def _append(stream: BinaryIO, rows: NDArray[np.int64], values_mps2: FloatArray) -> None:
    """Append rows as a phone's app writes them: ns since 1970, seconds, six decimals."""
    elapsed_s = rows / RATE_HZ
    columns = [_START_NS + (rows * (1e9 / RATE_HZ)).astype(np.int64), elapsed_s]
    table = pa.table(dict(zip("tsxyz", [*columns, *values_mps2.round(6).T], strict=True)))
    csv.write_csv(table, stream, csv.WriteOptions(include_header=False))


def _walking(seed: int) -> FloatArray:
    """(n, 3) acceleration of ten minutes of walking with a phone at the waist."""
    recording = wear(walk(parse_plan(_PLAN), seed=seed), "waist", rate_hz=RATE_HZ)
    return recording.acceleration_mps2


def _blocks(steps: FloatArray, share: float, rng: np.random.Generator) -> Iterator[FloatArray]:
    """Rest and bouts in turn, for ever."""
    while True:
        bout = int(rng.choice(_BOUTS_S) * RATE_HZ)
        begin = int(rng.integers(0, max(len(steps) - bout, 1)))
        rest = int(bout * (1 - share) / share * rng.uniform(0.7, 1.3))
        yield from _rest(rest, steps[begin], rng)
        yield steps[begin : begin + bout]


def _rest(count: int, posture: FloatArray, rng: np.random.Generator) -> Iterator[FloatArray]:
    """Sensor noise about a posture, and small movements now and then."""
    up = posture / np.linalg.norm(posture) * STANDARD_GRAVITY_MPS2
    while count:
        length = min(count, int(rng.uniform(20, 600) * RATE_HZ))
        block = up + 0.03 * rng.normal(size=(length, 3))
        if rng.random() < _FIDGET_SHARE:
            time_s = np.arange(length) / RATE_HZ
            turn = np.sin(
                2 * np.pi * time_s[:, None] * rng.uniform(0.1, 0.8, 3) + rng.uniform(0, 6, 3)
            )
            block += turn * rng.gamma(2.0, 0.4, 3)
        yield block
        count -= length
