"""Plausibility: whether the readings, once resolved, can be the acceleration of a body.

What cannot be is refused. What is doubtful is read, with a warning that says what may be wrong.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import product

import numpy as np
from numpy.typing import NDArray

from retrodetect.errors import RefusedRecording
from retrodetect.formats.level import BLOCK_S, Level, blocks_of
from retrodetect.formats.spool import BLOCK_ROWS, blocks
from retrodetect.formats.text import counted
from retrodetect.recording import DIRECTION_RATE_HZ, STANDARD_GRAVITY_MPS2, FloatArray, Gravity

__all__ = [
    "check_axes",
    "check_without_unit",
    "far_from_1_g",
    "mixed_up",
    "sensor_doubts",
    "turns_otherwise",
]

_CHECKED_ROWS, _CHECKED_BLOCKS = 1000, 50

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
_REST_SPREAD_G, _REST_G = 0.03, (0.85, 1.15)
_LEVEL_BLOCKS, _RUNNING_G = 12, 4.0
"""A foot that runs averages up to 3.2 g, and spreads by more (own measurement, real and captured).
Shorter blocks are taken where fewer than 12 of the usual length fit."""

_LINE_ROWS, _LINE_BLOCKS, _STRAIGHT, _LINE_SHARE, _FILLED_SHARE = 20, 300, 0.02, 0.02, 0.6
_RHYTHM_S, _RHYTHM_PERIODS_S, _RHYTHM_ALIKE = 2.0, (0.3, 1.3), 0.5
_RESCALED_BLOCKS, _RESCALED_SHARE = 3, 0.08
_RESCALED_GAP, _RESCALED, _RESCALED_WITHIN = 2.5, (STANDARD_GRAVITY_MPS2, 1000.0), 2.0
"""From g to m/s² and mg. Walking and running of one wearer differ by less and pass through what
lies between (own measurement: none of 341 recordings; of their copies that go on in g, two in
three)."""

_TURNED_ROWS, _TURNED_RADPS, _TURNED_SPREAD, _TURNED_ALIKE = 100, 0.1, 0.2, 0.9
"""Own measurement: correlations of 0.999, and of 0.75 or less with any two columns swapped."""

_AVERAGED_S, _SMOOTHED = 0.2, np.hanning(11)[1:-1] / np.hanning(11).sum()
"""Averages of 0.2 s are smoothed over 1.8 s, which removes strides and leaves tilts."""

_BESIDE_A_GAP = 0.5

_QUIET_MPS2, _TILTING_RADPS, _TILTING_S = 2.5, 0.3, 1.0
_LEFT, _OTHERWISE, _FAR_OFF = 0.5, 0.5, 2.0
"""How much of the change of gravity the gyroscope leaves unexplained; how much less of it with axes
turned round. Own measurement: 268 of 511 recordings tilt enough, and none of them is doubted (axes
turned round leave 0.74 of it or more); with axes that are turned round, 86 of 100 are."""

_CLIP_ABOVE_G, _CLIP_COUNT, _CLIP_SHARE, _CLIP_MUCH = 1.5, 5, 0.001, 0.02
_SPIKE_ABOVE_G: dict[Gravity, float] = {"total": 0.8, "linear": 0.1}
_SPIKE_WITHIN, _SPIKE_TIMES = 0.01, 3.0
"""Where a device rests, it reads less than 1.5 g again and again. A limit so low shows only in how
much rarer the readings beside it are."""

_NARROW_S, _NARROW_STRETCHES, _NARROW_SHARE = 4.0, 2, 0.1
"""A range that narrows cuts several stretches off at the very same reading, or much of one."""

_WRAP_SHARE = 0.8
_FAST_HZ, _STEPS_HZ, _STEPS_SHARE = 200.0, 6.0, 0.05
_PACE_BLOCKS = 100
"""Steps and their first harmonics are slower than 6 Hz, and hold a fifth or more of the power even
on a foot."""


def check_axes(values: FloatArray, label: str) -> None:
    """Refuse (n, 3) readings, in any unit, that are not the axes of an accelerometer.

    Copied axes, a magnitude, and directions are refused.
    """
    _refuse(*_not_three_axes(_sample(values)), label)


def check_without_unit(values: FloatArray, level: Level, label: str) -> None:
    """Refuse (n, 3) readings whose unit nobody stated and that are no acceleration in any.

    Counts around an offset, and values that were scaled or lost their sign, are refused.
    """
    _refuse(*_not_in_a_unit(_sample(values), level), label)


def _sample(values: FloatArray) -> FloatArray:
    """(m, 3) readings from all over a recording."""
    if len(values) <= _CHECKED_ROWS * _CHECKED_BLOCKS:
        return values
    return blocks_of(values, _CHECKED_ROWS, 1.0, _CHECKED_BLOCKS).reshape(-1, 3)


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


def sensor_doubts(
    values: FloatArray,
    limits: FloatArray,
    time_s: FloatArray,
    rate_hz: float,
    mps2: float,
    gravity: Gravity,
) -> list[str]:
    """Say what in the readings of a sensor may be wrong, and what in the result.

    ``values`` (n, 3) are in the file's unit, ``limits`` (2, 3) the smallest and largest of them.
    """
    return [
        *_uneven(values),
        *_stuck(values, time_s, rate_hz, mps2),
        *(_rescaled(values, rate_hz) if gravity == "linear" else ()),
        *_clipped(values, limits, rate_hz, mps2, gravity),
        *_too_fast(values, rate_hz, mps2),
        *_interpolated(values, rate_hz, mps2),
    ]


def mixed_up(gravity: FloatArray, rotation: FloatArray, time_s: FloatArray) -> list[str]:
    """Say where gravity does not turn as the gyroscope says, as after columns were mixed up.

    Seen from the device, a direction that stands still in the world changes by its cross product
    with the angular rate, whatever the unit of either; the rate is NaN where it is not known.
    """
    seen = np.diff(gravity, axis=0) / np.diff(time_s)[:, None]
    middle = (rotation[1:] + rotation[:-1]) / 2
    expected = np.cross((gravity[1:] + gravity[:-1]) / 2, middle)
    is_whole = np.isfinite(seen + expected).all(axis=1)
    seen, expected = seen[is_whole], expected[is_whole]
    spread = seen.std(axis=0) if len(seen) >= _TURNED_ROWS else np.zeros(3)
    if spread.max() <= _TURNED_RADPS * np.linalg.norm(np.nanmean(gravity, axis=0)):
        return []
    turned = np.flatnonzero(spread > _TURNED_SPREAD * spread.max())
    if min(np.corrcoef(seen[:, axis], expected[:, axis])[0, 1] for axis in turned) > _TURNED_ALIKE:
        return []
    return [
        "gravity does not turn as the gyroscope does: if columns of two sensors are mixed up, "
        "direction, counts and share are wrong"
    ]


def turns_otherwise(
    parts: Iterable[tuple[FloatArray, FloatArray, FloatArray]], rate_hz: float
) -> list[str]:
    """Say that a device tilts otherwise than its gyroscope says, as with an axis turned round.

    Parameters
    ----------
    parts
        Consecutive parts of one recording: seconds (n,), specific force (n, 3) in m/s², angular
        rate (n, 3) in rad/s, NaN where it is not known.
    rate_hz
        Sampling rate of the readings.

    Returns
    -------
    list of str
        Empty where it does not show. It shows where the device tilts in the hand, in getting up or
        in a turn; steady strides hide it, for the force of a swing looks like a tilt.
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
    left, *others = (
        np.linalg.norm(seen - np.cross(gravity, rotation * signs)) / np.linalg.norm(seen)
        for signs in product((1, -1), repeat=3)
    )
    if left < _LEFT or (min(others) > _OTHERWISE * left and left < _FAR_OFF):
        return []
    return [
        "left out the gyroscope, because gravity does not turn as it says: more strides may be "
        "unknown. If columns of the two sensors are mixed up, direction, counts and share are "
        "wrong too"
    ]


def _averages(
    time_s: FloatArray, force_mps2: FloatArray, rotation_radps: FloatArray, size: int
) -> FloatArray:
    """(k, 9) averages: seconds, the length of the force and its square, force, rotation."""
    square = (force_mps2**2).sum(axis=1)
    rows = np.column_stack([time_s, np.sqrt(square), square, force_mps2, rotation_radps])
    whole = len(rows) // size * size
    return np.asarray(rows[:whole].reshape(-1, size, rows.shape[1]).mean(axis=1))


def _uneven(values: FloatArray) -> Iterator[str]:
    """One axis varies far more than the others, as another sensor's column does."""
    spreads = _sample(values).std(axis=0)
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
            if np.count_nonzero(own[1:, axis] == own[:-1, axis]) < _STUCK_S * rate_hz:
                continue
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


def far_from_1_g(values: FloatArray, rate_hz: float, mps2: float) -> Iterator[str]:
    """Say where a part of the readings, gravity in, averages far from 1 g.

    So it does after a change of unit or sensor.
    """
    length_s = float(np.clip(len(values) / rate_hz / _LEVEL_BLOCKS, 1.0, BLOCK_S))
    own = blocks_of(values, rate_hz, length_s) * mps2 / STANDARD_GRAVITY_MPS2
    levels_g = np.linalg.norm(own.mean(axis=1), axis=1)
    spreads_g = np.linalg.norm(own.std(axis=1), axis=1)
    is_running = (levels_g < _RUNNING_G) & (levels_g < spreads_g)
    far = (levels_g < _FAR_G[0]) | ((levels_g > _FAR_G[1]) & ~is_running)
    share = far.mean()
    is_much = np.count_nonzero(far) >= _FAR_BLOCKS or share > _FAR_MUCH
    if is_much and _FAR_SHARE < share < 1:
        yield (
            f"{share:.0%} of its readings average far from 1 g (such as {levels_g[far][0]:.2g} g): "
            "if the unit or the sensor changes within it, direction and share are wrong there"
        )
        return
    at_rest_g = levels_g[spreads_g < _REST_SPREAD_G]
    if len(at_rest_g) >= _FAR_BLOCKS and not _REST_G[0] < np.median(at_rest_g) < _REST_G[1]:
        yield (
            f"at rest it reads {np.median(at_rest_g):.2f} g instead of 1 g: if the scale or the "
            "offset of an axis is wrong, direction and share may be wrong"
        )


def _rescaled(values: FloatArray, rate_hz: float) -> Iterator[str]:
    """Rhythmic movement of two sizes with none in between, as after a change of unit."""
    own = blocks_of(values, rate_hz, _RHYTHM_S)
    own = own - own.mean(axis=1, keepdims=True)
    size = own.shape[1]
    power = (np.abs(np.fft.rfft(own, 2 * size, axis=1)) ** 2).sum(axis=2)
    alike = np.fft.irfft(power, axis=1)[:, :size] / (1 - np.arange(size) / size)
    sizes = np.sqrt(alike[:, 0])
    periods = slice(*(round(period_s * rate_hz) for period_s in _RHYTHM_PERIODS_S))
    if not alike[:, periods].size:
        return
    is_rhythmic = alike[:, periods].max(axis=1) > _RHYTHM_ALIKE * alike[:, 0]
    sizes = np.sort(sizes[is_rhythmic])
    least = max(_RESCALED_BLOCKS, round(_RESCALED_SHARE * len(sizes)))
    if len(sizes) < 2 * least:
        return
    steps = sizes[least : 1 - least] / sizes[least - 1 : -least]
    parted = least + int(steps.argmax())
    ratio = float(np.median(sizes[parted:]) / np.median(sizes[:parted]))
    is_unit = any(1 / _RESCALED_WITHIN < ratio / unit < _RESCALED_WITHIN for unit in _RESCALED)
    if steps.max() > _RESCALED_GAP and is_unit:
        share = min(parted, len(sizes) - parted) / len(sizes)
        yield (
            f"movements with the same rhythm come in two sizes, one {ratio:.0f} times the other "
            f"({share:.0%} of them): if the unit changes within it, direction, counts and share "
            "are wrong there"
        )


def _clipped(
    values: FloatArray, limits: FloatArray, rate_hz: float, mps2: float, gravity: Gravity
) -> Iterator[str]:
    """An axis stays at its very limit, or wraps around there, as at the end of a range."""
    ranges = limits[1] - limits[0]
    size = max(1, round(_NARROW_S * rate_hz))
    ends, counts = _ends_in_turn(values, size)
    at = np.where(ends == limits, counts, 0).sum(axis=0)
    beside, wrapped = np.zeros((2, 3)), np.zeros(3)
    for block in blocks(len(values), values):
        for axis, own in enumerate(np.ascontiguousarray(values[block].T)):
            wrapped[axis] += np.count_nonzero(np.abs(np.diff(own)) > _WRAP_SHARE * ranges[axis])
    least = max(_CLIP_COUNT, _CLIP_SHARE * len(values))
    much = at > _CLIP_MUCH * len(values)
    to_g = mps2 / STANDARD_GRAVITY_MPS2
    reach_g = np.abs(limits) * to_g
    is_low = much & (reach_g > _SPIKE_ABOVE_G[gravity]) & (reach_g <= _CLIP_ABOVE_G) & (ranges > 0)
    if is_low.any():
        for block in blocks(len(values), values):
            apart = np.abs(values[block] - limits[:, None])
            beside += np.count_nonzero((apart > 0) & (apart < _SPIKE_WITHIN * ranges), axis=1)
    is_low &= at > _SPIKE_TIMES * beside
    is_clipped = (at >= least) & ((reach_g > _CLIP_ABOVE_G) | is_low)
    for axis in range(3):
        name = "xyz"[axis]
        for side in range(2):
            count, limit = int(at[side, axis]), limits[side, axis]
            elsewhere = ""
            if not is_clipped[side, axis]:
                in_turn = ends[:, side, axis], counts[:, side, axis]
                limit, count = _narrower(values[:, axis], size, *in_turn, limit, mps2)
                if count < least:
                    continue
                elsewhere = f" but reaches {limits[side, axis] * to_g:.3g} g elsewhere"
            text = f"{name} is cut off at {limit * to_g:.3g} g in {counted(count, 'reading')}"
            share = f" ({count / len(values):.0%})" if much[side, axis] else ""
            doubt = ": pace, direction and share may be wrong there" if share or elsewhere else ""
            yield text + share + elsewhere + doubt
        is_open = (at[:, axis] < least).all()  # a range that cuts off does not wrap around
        if is_open and wrapped[axis] >= least and ranges[axis] * mps2 > STANDARD_GRAVITY_MPS2:
            yield (
                f"{name} jumps from one end of its range to the other {wrapped[axis]:.0f} times: "
                "if it wraps around, pace, direction and share are wrong"
            )


def _ends_in_turn(values: FloatArray, size: int) -> tuple[FloatArray, NDArray[np.intp]]:
    """(k, 2, 3) smallest and largest readings of so many rows in turn, and how many equal them."""
    ends, counts = [], []
    for block in blocks(len(values), values, rows=size * max(1, BLOCK_ROWS // size)):
        own = np.ascontiguousarray(values[block].T)
        begins = np.arange(0, own.shape[1], size)
        for extreme in (np.minimum, np.maximum):
            end = extreme.reduceat(own, begins, axis=1)
            is_end = own == np.repeat(end, size, axis=1)[:, : own.shape[1]]
            ends.append(end.T)
            counts.append(np.add.reduceat(is_end, begins, axis=1, dtype=np.intp).T)
    return (
        np.stack([np.concatenate(ends[::2]), np.concatenate(ends[1::2])], axis=1),
        np.stack([np.concatenate(counts[::2]), np.concatenate(counts[1::2])], axis=1),
    )


def _narrower(
    own: FloatArray,
    size: int,
    ends: FloatArray,
    counts: NDArray[np.intp],
    limit: float,
    mps2: float,
) -> tuple[float, int]:
    """Reading short of the limit at which most readings pile up, and how many of them.

    ``own`` (n,) are the readings of an axis, of so many m/s² to the unit, in stretches of so many
    rows. Where a device rests, it reads less than 1.5 g again and again, so a limit below is one
    only where it moves and readings beside it are rare.
    """
    is_pile = (counts >= _CLIP_COUNT) & (ends != limit)
    is_low = np.abs(ends) * mps2 <= _CLIP_ABOVE_G * STANDARD_GRAVITY_MPS2
    for place in np.flatnonzero(is_pile & is_low):
        stretch = own[place * size : (place + 1) * size]
        apart = np.abs(stretch - ends[place])
        beside = np.count_nonzero((apart > 0) & (apart < _SPIKE_WITHIN * np.ptp(stretch)))
        is_moving = stretch.std() * mps2 > _MOVING_MPS2
        is_pile[place] = is_moving and counts[place] > _SPIKE_TIMES * beside
    piles, first, stretches = np.unique(ends[is_pile], return_inverse=True, return_counts=True)
    heights = np.bincount(first, counts[is_pile], len(piles))
    stays = (stretches >= _NARROW_STRETCHES) | (heights >= _NARROW_SHARE * size)
    if not stays.any():
        return limit, 0
    most = int((heights * stays).argmax())
    return float(piles[most]), int(heights[most])


def _too_fast(values: FloatArray, rate_hz: float, mps2: float) -> Iterator[str]:
    """Nothing moves as slowly as steps, as where a clock runs ten times too fast."""
    if rate_hz < _FAST_HZ:
        return
    lengths = np.linalg.norm(blocks_of(values, rate_hz, most=_PACE_BLOCKS), axis=2) * mps2
    lengths = lengths[lengths.std(axis=1) > _MOVING_MPS2]
    if not len(lengths):
        return
    power = np.abs(np.fft.rfft(lengths - lengths.mean(axis=1, keepdims=True), axis=1)) ** 2
    hertz = np.fft.rfftfreq(lengths.shape[1], 1 / rate_hz)
    slow = power[:, hertz < _STEPS_HZ].sum(axis=1) / power.sum(axis=1)
    if np.median(slow) < _STEPS_SHARE:
        yield (
            f"nothing moves as slowly as steps at {rate_hz:.0f} readings a second: if the "
            "unit of its clock is wrong, cadence, counts and minutes are too"
        )


def _interpolated(values: FloatArray, rate_hz: float, mps2: float) -> Iterator[str]:
    """Most readings lie on straight lines between a few, as a slow recording that was filled up."""
    own = blocks_of(values, rate_hz, most=_LINE_BLOCKS)
    if own.shape[1] < _LINE_ROWS:
        return
    steps = np.diff(own, axis=1)
    bends = np.abs(np.diff(steps, axis=1))
    is_bent = _largest(bends) > _STRAIGHT * _largest(np.abs(steps[:, 1:]))
    kept_hz = is_bent.mean(axis=1) * rate_hz
    is_moving = np.linalg.norm(own.std(axis=1), axis=1) * mps2 > _MOVING_MPS2
    slow = is_moving & (kept_hz < min(DIRECTION_RATE_HZ, _FILLED_SHARE * rate_hz))
    if slow.sum() > _LINE_SHARE * max(1, is_moving.sum()):
        yield (
            f"{slow.sum() / is_moving.sum():.0%} of its movement lies on straight lines between "
            f"{np.median(kept_hz[slow]):.3g} readings a second, as if a slow recording had been "
            "interpolated: strides may be missing there, and direction and share wrong"
        )


def _largest(axes: FloatArray) -> FloatArray:
    """(k, m) largest of the three axes of (k, m, 3)."""
    return np.asarray(np.maximum(np.maximum(axes[..., 0], axes[..., 1]), axes[..., 2]))
