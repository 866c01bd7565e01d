"""Plausibility: whether the readings, once resolved, can be the acceleration of a body.

What cannot be is refused. What is doubtful is read, with a warning that says what may be wrong.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from retrodetect.errors import RefusedRecording
from retrodetect.formats.level import Level
from retrodetect.formats.spool import blocks, picked
from retrodetect.formats.text import counted
from retrodetect.recording import STANDARD_GRAVITY_MPS2, FloatArray, Gravity

__all__ = ["check_axes", "check_without_unit", "doubts"]

_CHECKED_ROWS = 500_000

_EQUAL_SHARE, _SAME_CORRELATION = 0.95, 0.9999
_CONSTANT_LENGTH, _TURNS = 1e-3, 0.05
"""No accelerometer that turns by 3° reads so evenly: noise and its axes' own scales forbid it."""

_STANDARD_WITHIN = 1e-3
_NEAR_ZERO_SPREADS, _NEAR_ZERO_SHARE = 0.1, 0.005

_EVEN_IF_SURE, _EVEN, _FAR_FROM_ZERO, _LOWEST_PERCENT = 0.7, 0.4, 0.5, 1.0
"""Offsets of the axes of a sensor are alike within a quarter of their size, and gravity adds to
one. A walker's axes are not both so even and so far from zero (samples and data sets: none)."""

_UNLIKE = 8.0
_STUCK_S, _MOVING_MPS2 = 2.0, 0.5
_FAR_G, _FAR_SHARE, _FAR_BLOCKS, _FAR_MUCH = (0.5, 2.0), 0.02, 2, 0.15

_CLIP_ABOVE_G, _CLIP_COUNT, _CLIP_SHARE, _CLIP_MUCH = 1.5, 5, 0.001, 0.02
_SPIKE_ABOVE_G: dict[Gravity, float] = {"total": 0.8, "linear": 0.1}
_SPIKE_WITHIN, _SPIKE_TIMES = 0.01, 3.0
"""Where a device rests, it reads less than 1.5 g again and again. A limit so low shows only in how
much rarer the readings beside it are."""

_WRAP_SHARE = 0.8
_FAST_HZ, _STEPS_HZ, _STEPS_SHARE = 200.0, 6.0, 0.05
_PACE_BLOCK_S, _PACE_BLOCKS = 4.0, 100
"""Steps and their first harmonics are slower than 6 Hz, and hold a fifth or more of the power even
on a foot."""


def check_axes(values: FloatArray, label: str) -> None:
    """Refuse readings that are not the axes of an accelerometer.

    Parameters
    ----------
    values : (n, 3) array
        In any unit, as the file has them.
    label
        File, for messages.

    Raises
    ------
    RefusedRecording
        For copied axes, a magnitude and directions.
    """
    _refuse(*_not_three_axes(values[:_CHECKED_ROWS]), label)


def check_without_unit(values: FloatArray, level: Level, label: str) -> None:
    """Refuse readings of unknown unit that are no acceleration in any.

    Parameters
    ----------
    values : (n, 3) array
        Whose unit is neither stated nor given.
    level
        Of these readings.
    label
        File, for messages.

    Raises
    ------
    RefusedRecording
        For counts around an offset, and values that were scaled or lost their sign.
    """
    _refuse(*_not_in_a_unit(values[:_CHECKED_ROWS], level), label)


def _refuse(reason: str, remedy: str, label: str) -> None:
    if reason:
        raise RefusedRecording(reason, file=label, remedy=remedy)


def _not_three_axes(rows: FloatArray) -> tuple[str, str]:
    """Why the columns are not the axes of an accelerometer, and the remedy."""
    moving = [axis for axis, column in zip("xyz", rows.T, strict=True) if column.any()]
    if len(moving) == 1:
        return f"only {moving[0]} is ever other than 0, so it may be a magnitude", (
            "export all three axes"
        )
    for first, second in ((0, 1), (0, 2), (1, 2)):
        pair = rows[:, [first, second]]
        if (pair.std(axis=0) > 0).all() and (
            (pair[:, 0] == pair[:, 1]).mean() > _EQUAL_SHARE or _are_multiples(pair)
        ):
            return f"its axes {'xyz'[first]} and {'xyz'[second]} hold the same readings", (
                "export all three axes, or name their columns with --columns"
            )
    lengths = np.linalg.norm(rows, axis=1)
    turning = float(np.linalg.norm(rows.std(axis=0)))
    if lengths.std() < _CONSTANT_LENGTH * lengths.mean() and turning > _TURNS * lengths.mean():
        return "all its readings are equally long, as directions or gravity alone are", (
            "export the accelerometer, or name its columns with --columns"
        )
    return "", ""


def _are_multiples(pair: FloatArray) -> bool:
    """Whether one column is the other times a factor."""
    cosine = (pair[:, 0] @ pair[:, 1]) / np.prod(np.linalg.norm(pair, axis=0))
    return bool(min(abs(cosine), np.abs(np.corrcoef(pair.T)).min()) > _SAME_CORRELATION)


def _not_in_a_unit(rows: FloatArray, level: Level) -> tuple[str, str]:
    """Why values without a unit are not acceleration, and the remedy."""
    means, spreads = rows.mean(axis=0), rows.std(axis=0)
    lowest = np.percentile(rows, _LOWEST_PERCENT, axis=0)
    even = _EVEN_IF_SURE if level.is_one_g else _EVEN
    if means.min() > even * means.max() > 0 and (lowest > _FAR_FROM_ZERO * means).all():
        text = ", ".join(f"{mean:.4g}" for mean in means)
        return f"seems to hold counts around an offset, not acceleration (axis means {text})", (
            "convert them to g first; if they are acceleration, give the unit with --unit"
        )
    export = "export the raw acceleration; if it is, give the unit with --unit"
    low, high = rows.min(axis=0), rows.max(axis=0)
    if (high == 1).all() and ((low == 0).all() or (low == -1).all()):
        return f"all its axes run exactly from {low[0]:g} to 1, so they were scaled", export
    if max(np.abs(means).max(), np.abs(spreads - 1).max()) < _STANDARD_WITHIN:
        return "its axes were scaled to mean 0 and spread 1", export
    near = ((rows > 0) & (rows < _NEAR_ZERO_SPREADS * spreads)).mean(axis=0) > _NEAR_ZERO_SHARE
    if np.count_nonzero(near & (low >= 0)) >= 2:
        return "its axes are often near 0 but never negative, so they lost their sign", export
    return "", ""


def doubts(
    values: FloatArray,
    limits: FloatArray,
    time_s: FloatArray,
    rate_hz: float,
    mps2: float,
    gravity: Gravity,
) -> list[str]:
    """Say what in the readings may be wrong, and what in the result.

    Parameters
    ----------
    values : (n, 3) array
        In the file's unit.
    limits : (2, 3) array
        Smallest and largest of them.
    time_s : (n,) array
        Their times, increasing.
    rate_hz
        Their rate.
    mps2
        The unit.
    gravity
        Whether they include it.

    Returns
    -------
    list of str
        A sentence for each doubt.
    """
    return [
        *_uneven(values),
        *_stuck(values, time_s, rate_hz, mps2),
        *(_far_from_1_g(values, rate_hz, mps2) if gravity == "total" else ()),
        *_clipped(values, limits, mps2, gravity),
        *_too_fast(values, rate_hz, mps2),
    ]


def _uneven(values: FloatArray) -> Iterator[str]:
    """One axis varies far more than the others, as another sensor's column does."""
    spreads = values[:_CHECKED_ROWS].std(axis=0)
    low, middle, high = np.sort(spreads)
    if low > 0 and high >= _UNLIKE * middle:
        yield (
            f"{'xyz'[int(spreads.argmax())]} varies {high / middle:.0f} times as much as the other "
            "axes: if it is another sensor's column, direction, counts and share are wrong"
        )


def _stuck(values: FloatArray, time_s: FloatArray, rate_hz: float, mps2: float) -> Iterator[str]:
    """An axis keeps one reading while the others move."""
    stuck_s = np.zeros(3)
    for block in blocks(len(values), values, time_s):
        own, seconds = values[block], time_s[block]
        for axis in range(3):
            changes = np.flatnonzero(np.diff(own[:, axis]))
            begins, ends = np.append(0, changes + 1), np.append(changes, len(own) - 1)
            is_long = ends - begins >= _STUCK_S * rate_hz
            for begin, end in zip(begins[is_long], ends[is_long], strict=True):
                others = own[begin:end].std(axis=0)
                if others.max() * mps2 > _MOVING_MPS2:
                    stuck_s[axis] += seconds[end] - seconds[begin]
    for axis in np.flatnonzero(stuck_s).tolist():
        share = stuck_s[axis] / (time_s[-1] - time_s[0])
        yield (
            f"{'xyz'[axis]} does not change for {stuck_s[axis]:.0f} s ({share:.0%} of the "
            "recording) while the other axes do: direction, counts and share may be wrong there"
        )


def _far_from_1_g(values: FloatArray, rate_hz: float, mps2: float) -> Iterator[str]:
    """A part of the readings averages far from 1 g, as after a change of unit or sensor."""
    levels_g = Level.norms(values, rate_hz) * mps2 / STANDARD_GRAVITY_MPS2
    far = (levels_g < _FAR_G[0]) | (levels_g > _FAR_G[1])
    share = far.mean()
    is_much = np.count_nonzero(far) >= _FAR_BLOCKS or share > _FAR_MUCH
    if is_much and _FAR_SHARE < share < 1:
        yield (
            f"{share:.0%} of its readings average far from 1 g (such as {levels_g[far][0]:.2g} g): "
            "if the unit or the sensor changes within it, direction and share are wrong there"
        )


def _clipped(
    values: FloatArray, limits: FloatArray, mps2: float, gravity: Gravity
) -> Iterator[str]:
    """An axis stays at its very limit, or wraps around there, as at the end of a range."""
    ranges = limits[1] - limits[0]
    at, beside, wrapped = np.zeros((2, 3)), np.zeros((2, 3)), np.zeros(3)
    for block in blocks(len(values), values):
        own = values[block]
        wrapped += np.count_nonzero(np.abs(np.diff(own, axis=0)) > _WRAP_SHARE * ranges, axis=0)
        for side, limit in enumerate(limits):
            at[side] += np.count_nonzero(own == limit, axis=0)
    least = max(_CLIP_COUNT, _CLIP_SHARE * len(values))
    much = at > _CLIP_MUCH * len(values)
    reach_g = np.abs(limits) * mps2 / STANDARD_GRAVITY_MPS2
    is_low = much & (reach_g > _SPIKE_ABOVE_G[gravity]) & (reach_g <= _CLIP_ABOVE_G) & (ranges > 0)
    if is_low.any():
        for block in blocks(len(values), values):
            apart = np.abs(values[block] - limits[:, None])
            beside += np.count_nonzero((apart > 0) & (apart < _SPIKE_WITHIN * ranges), axis=1)
    is_low &= at > _SPIKE_TIMES * beside
    is_clipped = (at >= least) & ((reach_g > _CLIP_ABOVE_G) | is_low)
    for axis in range(3):
        name = "xyz"[axis]
        for side in np.flatnonzero(is_clipped[:, axis]).tolist():
            count = int(at[side, axis])
            limit_g = limits[side, axis] * mps2 / STANDARD_GRAVITY_MPS2
            text = f"{name} is cut off at {limit_g:.3g} g in {counted(count, 'reading')}"
            share = f" ({count / len(values):.0%}): pace, direction and share may be wrong there"
            yield text + (share if much[side, axis] else "")
        is_open = (at[:, axis] < least).all()  # a range that cuts off does not wrap around
        if is_open and wrapped[axis] >= least and ranges[axis] * mps2 > STANDARD_GRAVITY_MPS2:
            yield (
                f"{name} jumps from one end of its range to the other {wrapped[axis]:.0f} times: "
                "if it wraps around, pace, direction and share are wrong"
            )


def _too_fast(values: FloatArray, rate_hz: float, mps2: float) -> Iterator[str]:
    """Nothing moves as slowly as steps, as where a clock runs ten times too fast."""
    if rate_hz < _FAST_HZ:
        return
    size = min(round(_PACE_BLOCK_S * rate_hz), len(values))
    count = len(values) // size
    starts = np.unique(np.linspace(0, count - 1, min(count, _PACE_BLOCKS)).astype(int)) * size
    rows = picked(values, (starts[:, None] + np.arange(size)).ravel())
    lengths = np.linalg.norm(rows.reshape(-1, size, 3), axis=2) * mps2
    lengths = lengths[lengths.std(axis=1) > _MOVING_MPS2]
    if not len(lengths):
        return
    power = np.abs(np.fft.rfft(lengths - lengths.mean(axis=1, keepdims=True), axis=1)) ** 2
    hertz = np.fft.rfftfreq(size, 1 / rate_hz)
    slow = power[:, hertz < _STEPS_HZ].sum(axis=1) / power.sum(axis=1)
    if np.median(slow) < _STEPS_SHARE:
        yield (
            f"nothing in it moves as slowly as steps at {rate_hz:.0f} readings a second: if the "
            "unit of its clock is wrong, cadence, counts and minutes are too"
        )
