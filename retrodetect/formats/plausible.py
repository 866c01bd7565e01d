"""Readings: their unit and gravity, rows that are not readings, and doubts about the rest.

A body at rest or walking feels 1 g on average over seconds, whatever the mounting; without gravity
the average is near 0. That average, the *level*, distinguishes units and gravity. Readings that
cannot be the acceleration of a body are refused; doubtful ones are read, with a warning that states
what may be wrong.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from retrodetect.errors import RefusedRecording
from retrodetect.formats.clock import long_steps
from retrodetect.formats.draft import Claim, ReadOptions
from retrodetect.formats.spool import BLOCK_ROWS, blocks, picked, release
from retrodetect.formats.text import counted, unit_in_mps2
from retrodetect.recording import (
    DIRECTION_RATE_HZ,
    STANDARD_GRAVITY_MPS2,
    Finding,
    FloatArray,
    Gravity,
    longest_step_s,
)

__all__ = []


BLOCK_S = 4.0
"""Length of the averages: several strides, but less than most turns."""

_MOST_BLOCKS = 2000

_LINEAR_BELOW_G = 0.3
_TOTAL_G = (0.65, 1.6)
_TOTAL_SPREADS = 0.65
_LINEAR_SPREADS = 0.3
"""Own measurement on samples and data sets, walking to sprinting, foot to wrist: total acceleration
averages 0.77 to 1.26 g and 0.7 to 6 of its spreads; linear acceleration 0.01 to 0.06 g and 0.03 to
0.1 spreads, but up to 0.56 g and 0.6 spreads if the device is shaken."""

_PROBABLE_G, _MOST_G = (0.6, 1.45), 4.0
_SURE_G = (0.85, 1.18)
_SURE_BLOCKS = 3
_GUESSES = {"g": 1.0, "m/s2": STANDARD_GRAVITY_MPS2, "mg": 1000.0}
_COUNTS_PER_G = tuple(2**power for power in range(6, 15))
_COUNTS_WITHIN = 0.08
_WALKING_G = 0.5
"""No walk spreads more than this in g, so a linear acceleration that does is in m/s²."""


@dataclass(frozen=True, slots=True)
class Level:
    """Averages of the readings, in the file's own unit."""

    typical: float  # median norm of the block averages
    # low, high: quartiles of the same
    low: float
    high: float
    spread: float  # median deviation within a block
    blocks: int  # number of blocks

    @classmethod
    def of(cls, values: FloatArray, rate_hz: float) -> Level:
        """Measure the level of (n, 3) readings."""
        averaged = blocks_of(values, rate_hz)
        norms = np.linalg.norm(averaged.mean(axis=1), axis=1)
        spread = np.linalg.norm(averaged.std(axis=1), axis=1)
        low, typical, high = np.percentile(norms, [25, 50, 75])
        return cls(float(typical), float(low), float(high), float(np.median(spread)), len(norms))

    def is_surely(self, one_g: float) -> bool:
        """Whether the readings stay near ``one_g`` throughout."""
        bottom, top = (limit * one_g for limit in _SURE_G)
        return self.blocks >= _SURE_BLOCKS and bottom < self.low and self.high < top

    def is_about(self, one_g: float) -> bool:
        """Whether the typical average could be ``one_g``."""
        return _TOTAL_G[0] * one_g < self.typical < _TOTAL_G[1] * one_g


def blocks_of(
    values: FloatArray, rate_hz: float, length_s: float = BLOCK_S, limit: int = _MOST_BLOCKS
) -> FloatArray:
    """(k, m, 3) blocks of readings spread evenly over the recording; each axis is contiguous."""
    size = max(1, min(len(values), int(length_s * rate_hz)))  # rounded up, a block would be lost
    count = len(values) // size
    places = np.linspace(0, count - 1, limit).astype(int) if count > limit else np.arange(count)
    axes = np.empty((3, len(places), size))
    for block, begin in enumerate(places * size):
        axes[:, block] = values[begin : begin + size].T
    release(values)
    return np.moveaxis(axes, 0, 2)


@dataclass(frozen=True, slots=True)
class Scale:
    """Factor to m/s² and gravity, and the grounds for both."""

    mps2: float
    gravity: Gravity
    findings: tuple[Finding, Finding]
    warnings: tuple[str, ...] = ()


def resolve(level: Level, unit: str, gravity: Claim[Gravity] | None, options: ReadOptions) -> Scale:
    """Determine unit (empty if the file states none) and gravity together.

    Refused if the unit can neither be read nor inferred from the level of the readings.
    """
    stated = unit_in_mps2(options.unit or unit)
    warnings: list[str] = []
    if stated is None:
        factor, unit_finding = _measured_unit(level, unit, gravity, options)
    else:
        factor = stated
        unit_finding = Finding("unit", options.unit or unit, "given" if options.unit else "stated")
        measured_unit = _contradiction(level, factor)
        if measured_unit is not None and options.unit:
            warnings.append(
                f"--unit {options.unit} does not fit its readings, which average "
                f"{level.typical:.3g}, 1 g in {measured_unit}: if it is wrong, so are strides and "
                "direction"
            )
        elif measured_unit is not None:
            factor = unit_in_mps2(measured_unit) or factor
            unit_finding = Finding("unit", f"{measured_unit} (the file says {unit})", "measured")
            warnings.append(
                f"the file states {unit}, but its readings average {level.typical:.3g}, 1 g in "
                f"{measured_unit}: if that is wrong, so are strides and direction"
            )
    level_g = level.typical * factor / STANDARD_GRAVITY_MPS2
    included, finding = _gravity(level_g, gravity, options, warnings)
    if included == "total" and not warnings:
        warnings += _improbable(level_g, options)
    return Scale(factor, included, (unit_finding, finding), tuple(warnings))


def _improbable(level_g: float, options: ReadOptions) -> list[str]:
    """Report readings with gravity whose average length is far from 1 g.

    Refused if no worn sensor can average that.
    """
    if _PROBABLE_G[0] < level_g < _PROBABLE_G[1]:
        return []
    if level_g > _MOST_G and options.unit is None:
        raise RefusedRecording(
            f"averages {level_g:.2f} g, but a body feels 1 g: wrong unit, or an offset",
            remedy="correct the file, or give its unit with --unit",
        )
    return [
        f"its readings average {level_g:.2f} g instead of 1 g: unit, offset or a column may be "
        "wrong, and with them direction and share"
    ]


def _contradiction(level: Level, factor: float) -> str | None:
    """Unit in which the readings stay at one g, if the stated one cannot be right."""
    if _LINEAR_BELOW_G < level.typical * factor / STANDARD_GRAVITY_MPS2 < 2 * _TOTAL_G[1]:
        return None
    return next((unit for unit, one_g in _GUESSES.items() if level.is_surely(one_g)), None)


def _measured_unit(
    level: Level,
    unit: str,
    gravity: Claim[Gravity] | None,
    options: ReadOptions,
) -> tuple[float, Finding]:
    """Unit from the level: one g in g, m/s² or mg, or in counts of a binary range."""
    wanted = options.gravity or (gravity.value if gravity else None)
    if wanted != "linear":
        for guess, one_g in _GUESSES.items():
            if level.is_about(one_g) and level.typical > _TOTAL_SPREADS * level.spread:
                ground = "measured" if level.is_surely(one_g) else "assumed"
                text = f"{guess} (mean vector {level.typical:.3g})"
                return unit_in_mps2(guess) or 1.0, Finding("unit", text, ground)  # type: ignore[arg-type]
        for counts in _COUNTS_PER_G:
            if abs(level.typical / counts - 1) < _COUNTS_WITHIN and level.blocks >= _SURE_BLOCKS:
                text = f"counts, {counts} to 1 g (mean vector {level.typical:.4g})"
                return STANDARD_GRAVITY_MPS2 / counts, Finding("unit", text, "assumed")
    is_linear = wanted == "linear" or (
        level.typical < _LINEAR_SPREADS * level.spread
        and level.typical < _LINEAR_BELOW_G * STANDARD_GRAVITY_MPS2
    )
    if is_linear and level.spread > _WALKING_G:
        return 1.0, Finding("unit", f"m/s2 (no gravity, spread {level.spread:.3g})", "assumed")
    raise RefusedRecording(
        f"the unit of its acceleration is unclear (its readings average {level.typical:.4g}"
        + (f", stated as {unit!r})" if unit else ")"),
        remedy="give it with --unit",
    )


def _gravity(
    level_g: float, claim: Claim[Gravity] | None, options: ReadOptions, warnings: list[str]
) -> tuple[Gravity, Finding]:
    """Whether gravity is included: as given, else as the file says unless the readings disagree."""
    measured: Gravity | None = None
    if level_g < _LINEAR_BELOW_G:
        measured = "linear"
    elif level_g > _TOTAL_G[0]:
        measured = "total"
    text = f"mean vector {level_g:.2f} g"
    if options.gravity:
        if measured not in (None, options.gravity):
            warnings.append(
                f"--gravity {options.gravity} does not fit its readings ({text}): if it is wrong, "
                "so are direction and share"
            )
        return options.gravity, Finding("gravity", options.gravity, "given")
    if claim is None:
        if measured is None:
            return "total", Finding("gravity", f"total ({text})", "assumed")
        return measured, Finding("gravity", f"{measured} ({text})", "measured")
    if measured is None or measured == claim.value:
        return claim.value, Finding("gravity", f"{claim.value} ({claim.because})", claim.ground)
    warnings.append(
        f"{claim.because}, but the {text} shows {measured}: if that is wrong, so are direction and "
        "share"
    )
    return measured, Finding("gravity", f"{measured} ({text}, against {claim.because})", "measured")


_FREEZE_S = 2.0
"""A sensor that repeats itself for longer has stopped: any other has noise."""

_HELD_SHARE = 0.05
_HELD_QUANTA = 4.0
"""After a held reading comes a jump of many quanta; a coarse sensor at rest, which naturally
repeats itself, moves by one (own measurement: Physics Toolbox 300, Empatica E4 1)."""

_QUANTUM_ROWS = 20_000
_BLANK_STEPS = 4.0
_SLOW_S = 2.0
"""A stretch is slow if steps longer than 1/15 s follow each other for this long. Less contains no
whole stride, and phones falter for up to 1.6 s (MobiFall)."""

_FILLED_QUANTA, _FILLED_WITHIN, _FILLED_ROWS, _FILLED_SHARE = 8.0, 1e-3, 5, 0.8
"""A filled gap is straight on all axes within a rounded reading, changes on at least one, and has
nearly all the rows that belong there."""

_AGAIN_ROWS, _AGAIN_S = 5, 5.0
"""This many consecutive rows repeat by chance at rest, but not at one distance for this long."""

_AGAIN_WITHIN_ROWS = 500_000
_FAST_ENOUGH = 1.5
"""A recording below this multiple of the rate falls short of it by jitter alone."""


@dataclass(frozen=True, slots=True)
class Holds:
    """Rows to leave out, and why."""

    drop: NDArray[np.bool_]  # (n,) of bool: rows without a reading of their own
    notes: tuple[str, ...]  # sentences for the user


def repeats(values: FloatArray) -> NDArray[np.bool_]:
    """(n,) whether a row repeats the readings of the row before."""
    repeated = np.zeros(len(values), dtype=bool)
    for block in blocks(len(values), values):
        readings = values[max(block.start - 1, 0) : block.stop]
        rows = np.flatnonzero(readings[1:, 0] == readings[:-1, 0]) + 1
        same = (readings[rows, 1:] == readings[rows - 1, 1:]).all(axis=1)
        repeated[block.stop - len(readings) + rows] = same
    return repeated


def blanks(values: FloatArray) -> NDArray[np.intp]:
    """(m,) rows that are not readings: the same number on all axes, far from their neighbours.

    Examples are zeros between readings, and codes such as -999.
    """
    alike = np.concatenate([np.empty(0, dtype=np.intp), *(
        block.start + rows[readings[rows, 1] == readings[rows, 2]]
        for block in blocks(len(values), values) for readings in [values[block]]
        for rows in [np.flatnonzero(readings[:, 0] == readings[:, 1])]
    )])  # fmt: skip
    if not len(alike):
        return alike
    is_new = (np.diff(alike, prepend=-2) > 1) | (np.diff(values[alike, 0], prepend=np.nan) != 0)
    begins, ends = alike[is_new], alike[np.append(np.flatnonzero(is_new)[1:], len(alike)) - 1]
    steps = np.linalg.norm(np.diff(values[:_QUANTUM_ROWS], axis=0), axis=1)
    usual = np.median(steps[steps > 0]) if (steps > 0).any() else np.inf
    apart = [
        np.where(inside, np.linalg.norm(values[here] - values[beside], axis=1), np.inf)
        for here, beside, inside in (
            (begins, begins - 1, begins > 0),
            (ends, np.minimum(ends + 1, len(values) - 1), ends + 1 < len(values)),
        )
    ]
    is_blank = (np.min(apart, axis=0) > _BLANK_STEPS * usual) & np.isfinite(apart).any(axis=0)
    return np.asarray(alike[is_blank[np.cumsum(is_new) - 1]])


def find_holds(values: FloatArray, time_s: FloatArray, repeated: NDArray[np.bool_]) -> Holds | None:
    """Find repeated rows that are not readings; None if there are none.

    Runs of a held reading shrink to its first row. A stretch in which a fine sensor stands still
    for more than ``_FREEZE_S``, or a coarse one reads only zero (ActiGraph's idle sleep), is left
    out as a gap.
    """
    if not repeated.any():
        return None
    # Runs of rows, all repeated but the first.
    starts = np.flatnonzero(repeated[1:] & ~repeated[:-1])
    ends = np.flatnonzero(repeated & ~np.append(repeated[1:], False)) + 1
    spans = time_s[ends - 1] - time_s[starts]
    is_fine = _jumps_after_repeats(values, repeated)
    is_held = is_fine and float(repeated.mean()) >= _HELD_SHARE
    is_zero = np.abs(values[starts]).sum(axis=1) == 0
    frozen = (spans > _FREEZE_S) & (is_fine | is_zero)
    drop, again = repeated & is_held, repeated.copy()
    for run in np.flatnonzero(frozen):
        drop[starts[run] + (not is_zero[run]) : ends[run]] = True
        again[starts[run] : ends[run]] = False
    notes = []
    if is_held and again.mean() >= _HELD_SHARE:
        notes.append(
            f"{again.mean():.0%} of the rows only repeat the row before and are left out: strides "
            "may be less precisely timed"
        )
    if frozen.any():
        notes.append(
            f"the sensor repeats one reading for {spans[frozen].sum():.0f} s, which are left out: "
            "strides and minutes are missing there"
        )
    return Holds(drop, tuple(notes)) if drop.any() else None


def _jumps_after_repeats(values: FloatArray, repeated: NDArray[np.bool_]) -> bool:
    """Whether readings jump by many quanta at the end of a run of repeats."""
    rows = np.flatnonzero(repeated[:-1] & ~repeated[1:])
    jumps = np.abs(picked(values, rows, 1))
    if not len(jumps):
        return True
    return bool(np.median((jumps / _smallest_steps(values)).max(axis=1)) >= _HELD_QUANTA)


def find_slow(time_s: FloatArray, rate_hz: float) -> Holds | None:
    """Find stretches too slow for directions in a faster recording; None if there are none.

    Each leaves a single gap.
    """
    if rate_hz < _FAST_ENOUGH * DIRECTION_RATE_HZ or len(time_s) < 2:
        return None
    slow = long_steps(time_s, 1 / DIRECTION_RATE_HZ)
    parted = np.flatnonzero(np.diff(slow) > 1)
    begins = slow[np.append(0, parted + 1)] if len(slow) else slow
    ends = slow[np.append(parted, -1)] + 1 if len(slow) else slow
    is_long = (ends - begins > 1) & (time_s[ends] - time_s[begins] >= _SLOW_S)
    if not is_long.any():
        return None
    drop = np.zeros(len(time_s), dtype=bool)
    for begin, end in zip(begins[is_long], ends[is_long], strict=True):
        drop[begin + 1 : end] = True
    slow_s = float((time_s[ends] - time_s[begins])[is_long].sum())
    share = slow_s / float(time_s[-1] - time_s[0])
    text = (
        f"{share:.0%} of the recording ({slow_s:.0f} s) has fewer than {DIRECTION_RATE_HZ:g} "
        "readings a second and is left out: strides and minutes are missing there, and the share "
        "may be wrong"
    )
    return Holds(drop, (text,))


def find_filled(values: FloatArray, time_s: FloatArray, rate_hz: float) -> Holds | None:
    """Find gaps filled with straight lines, to leave out again; None if there are none."""
    if not rate_hz:  # rows years apart
        return None
    length_s = longest_step_s(1 / rate_hz)
    quantum = _smallest_steps(values)
    drop = np.zeros(len(values), dtype=bool)
    filled_s: list[float] = []
    for part in _straight_parts(values, time_s, int(length_s * rate_hz), quantum):
        for first, last in _lines(values[part], time_s[part], quantum):
            rows = slice(part.start + first + 1, part.start + last)
            line_s = float(time_s[rows.stop] - time_s[rows.start - 1])
            fewest = max(_FILLED_ROWS, _FILLED_SHARE * line_s * rate_hz)
            if line_s > length_s and last - first >= fewest and not drop[rows].any():
                drop[rows] = True
                filled_s.append(line_s)
    if not filled_s:
        return None
    gaps = counted(len(filled_s), "gap")
    text = (
        f"{gaps} of {sum(filled_s):.1f} s in all had been filled with straight lines, which are "
        "left out: strides and minutes are missing there, and the share may be wrong"
    )
    return Holds(drop, (text,))


def _straight_parts(
    values: FloatArray, time_s: FloatArray, span: int, quantum: FloatArray
) -> Iterator[slice]:
    """Rows around lines of ``span`` rows, three of which, a third apart, lie on a line."""
    apart = max(1, span // 3)
    straight = [np.empty(0, dtype=np.intp)]
    for block in blocks(len(values), values, time_s):
        rows = slice(-(-block.start // apart) * apart, block.stop + 2 * apart, apart)
        readings, seconds = np.asfortranarray(values[rows]), np.ascontiguousarray(time_s[rows])
        numbers = np.arange(max(len(readings) - 2, 0))
        at: slice | NDArray[np.intp] = slice(None)
        for axis, line in enumerate(readings.T):  # few are left after the first
            off, change = _off_the_line(line, seconds, at)
            at = numbers[at][off <= quantum[axis] + _FILLED_WITHIN * np.abs(change)]
        is_steep = (np.abs(readings[2:][at] - readings[:-2][at]) > _FILLED_QUANTA * quantum).any(
            axis=1
        )
        straight.append(rows.start + apart * numbers[at][is_steep])
    begins = np.concatenate(straight)
    for starts in np.split(begins, np.flatnonzero(np.diff(begins) > 3 * apart) + 1):
        if len(starts):
            yield slice(max(int(starts[0]) - apart, 0), int(starts[-1]) + 3 * apart + 1)


def _off_the_line(
    line: FloatArray, time_s: FloatArray, at: slice | NDArray[np.intp] = slice(None)
) -> tuple[FloatArray, FloatArray]:
    """(m,) distance of readings from a line between the neighbours, and (m,) change along it.

    ``at`` selects the readings by the row before. The line is even over rows, or over time.
    """
    (begin, middle, end), (begin_s, middle_s, end_s) = (
        (array[:-2][at], array[1:-1][at], array[2:][at]) for array in (line, time_s)
    )
    risen, change = middle - begin, end - begin
    shares = (middle_s - begin_s) / (end_s - begin_s)
    return np.minimum(np.abs(risen - change / 2), np.abs(risen - shares * change)), change


def _lines(
    readings: FloatArray, time_s: FloatArray, quantum: FloatArray
) -> Iterator[tuple[int, int]]:
    """First and last row of each straight line in readings (n, 3)."""
    near = 2 * quantum + _FILLED_WITHIN * np.ptp(readings, axis=0)
    off = np.stack([_off_the_line(axis, time_s)[0] for axis in readings.T], axis=1)
    is_on = (off <= near).all(axis=1)
    turns = np.flatnonzero(np.diff(is_on, prepend=False, append=False)).reshape(-1, 2)
    for begin, end in turns.tolist():
        # A row beside the line may be near it by chance.
        for first, last in product((begin, begin + 1), (end + 1, end)):
            line, seconds = readings[first : last + 1], time_s[first : last + 1]
            change = line[-1] - line[0]
            apart = [
                np.abs(line - line[0] - shares[:, None] * change).max(axis=0)
                for clock in (np.arange(len(line)), seconds)
                for shares in [(clock - clock[0]) / max(clock[-1] - clock[0], 1e-9)]
            ]
            if (np.min(apart, axis=0) <= quantum + _FILLED_WITHIN * np.abs(change).max()).all():
                yield first, last
                break


def _smallest_steps(values: FloatArray) -> FloatArray:
    """(3,) smallest steps of each axis, of which its readings are multiples."""
    steps = np.abs(np.diff(values[:_QUANTUM_ROWS], axis=0))
    return np.array([axis[axis > 0].min(initial=np.inf) for axis in steps.T])


def repeated_later(values: FloatArray, time_s: FloatArray, rate_hz: float) -> list[str]:
    """Report a stretch of readings that occurs again later, as if a part was inserted twice.

    Held rows are already left out; only the first ``_AGAIN_WITHIN_ROWS`` are compared.
    """
    numbers = values[:_AGAIN_WITHIN_ROWS] @ np.array([1.0, math.pi, math.e])
    count = len(numbers) - _AGAIN_ROWS + 1
    if count < 2 * _AGAIN_S * rate_hz:
        return []
    marks = np.zeros(count)
    for place in range(_AGAIN_ROWS):
        marks += numbers[place : place + count] * 3.0**-place
    if pd.Index(marks).is_unique:
        return []
    order = np.argsort(marks, kind="stable")
    same = np.diff(marks[order]) == 0
    apart = order[1:][same] - order[:-1][same]
    apart = apart[apart >= _AGAIN_S * rate_hz]
    if not len(apart):
        return []
    distances, rows = np.unique(apart, return_counts=True)
    if rows.max() < _AGAIN_S * rate_hz:
        return []
    later_s = float(time_s[distances[rows.argmax()]] - time_s[0])
    return [
        f"{rows.max() / rate_hz:.0f} s of readings occur again {later_s:.0f} s later: if they "
        "are a copy, counts and minutes are too high"
    ]


_CHECKED_ROWS, _CHECKED_BLOCKS = 1000, 50

_EQUAL_SHARE, _SAME_CORRELATION = 0.95, 0.9999
_CONSTANT_LENGTH, _TURNS = 1e-3, 0.05
"""No accelerometer that turns by 3° reads so evenly: noise and unequal scales prevent it."""

_STANDARD_WITHIN = 1e-3
_NEAR_ZERO_SPREADS, _NEAR_ZERO_SHARE, _NEAR_ZERO_ROWS = 0.1, (0.005, 0.012), 5
"""Least share of readings near zero, without a crossing, for two axes or for one (own measurement:
0.6 % at most in 866 recordings; without their sign, 95 in 100 have 1.6 % or more)."""

_EVEN_IF_SURE, _EVEN, _FAR_FROM_ZERO, _LOWEST_PERCENT = 0.7, 0.4, 0.5, 1.0
"""A sensor's offsets are alike within a quarter of their size, and gravity adds to one. A walker's
axes are not both so even and so far from zero (samples and data sets: none)."""

_UNLIKE = 8.0
_STUCK_S, _MOVING_MPS2 = 2.0, 0.5
_FAR_G, _FAR_SHARE, _FAR_BLOCKS, _FAR_MUCH = (0.5, 2.0), 0.02, 2, 0.15
_REST_SPREAD_G, _REST_G = 0.03, (0.85, 1.15)
_LEVEL_BLOCKS, _RUNNING_G = 12, 4.0
"""A running foot averages up to 3.2 g, and spreads by more (own measurement, real and captured).
Blocks are shorter if fewer than 12 of the usual length fit."""

_LINE_ROWS, _LINE_BLOCKS, _STRAIGHT, _LINE_SHARE, _KEPT_SHARE = 20, 300, 0.02, 0.02, 0.6
_TURNS_APART, _TURNS_HZ = 1.25, 20.0
"""Rows differ more the further apart they are (own measurement on 38 recordings of 15 to 400 Hz: by
one step 0.4 to 0.8 of the difference by two or three). Below 20 Hz three rows may span a runner's
step, and are alike again."""

_RHYTHM_S, _RHYTHM_PERIODS_S, _RHYTHM_ALIKE = 2.0, (0.3, 1.3), 0.5
_RESCALED_BLOCKS, _RESCALED_SHARE = 3, 0.08
RESCALED = (STANDARD_GRAVITY_MPS2, 1000.0)
"""From g to m/s² and mg."""

_RESCALED_GAP, _RESCALED_WITHIN = 2.5, 2.0
"""Walking and running of one wearer differ by less and pass through sizes in between (own
measurement: none of 341 recordings; of copies that continue in g, two in three)."""

_SIZES_G = (0.12, 5.0)
"""Own measurement: from 0.2 g at a walker's lower back to 4.1 g at a runner's foot."""

_CLIP_ABOVE_G, _CLIP_COUNT, _CLIP_SHARE, _CLIP_MUCH = 1.5, 5, 0.001, 0.02
_SPIKE_ABOVE_G: dict[Gravity, float] = {"total": 0.8, "linear": 0.1}
_SPIKE_WITHIN, _SPIKE_TIMES = 0.01, 3.0
"""A device at rest reads less than 1.5 g again and again. A limit that low shows only if readings
beside it are much rarer."""

_NARROW_S, _NARROW_STRETCHES, _NARROW_SHARE = (2.0, 4.0), 2, 0.1
"""A narrower range cuts off several stretches at exactly the same reading, or much of one. In less
than 48 s, stretches are shorter, so that whole ones lie within it."""

_BLUR_STEP, _BLUR_STEPS = 0.005, (1, 2, 4, 8)
_BLUR_ROWS, _BLUR_SHARE, _BLUR_TIMES = 20, 0.004, 3.0
"""If noise was added after clipping, readings pile up within a few hundredths of the end of the
range, and are rarer further in (own measurement: no recording without a limit has 20 readings in
such a pile)."""

_WRAP_SHARE = 0.8
_FAST_HZ, _STEPS_HZ, _STEPS_SHARE = 200.0, 6.0, 0.05
_PACE_BLOCKS = 100
"""Steps and their first harmonics are below 6 Hz, and hold at least a fifth of the power even on a
foot."""


def check_axes(values: FloatArray) -> None:
    """Refuse (n, 3) readings, in any unit, that are not the axes of an accelerometer.

    Copied axes, a magnitude and directions are refused.
    """
    rows = _sample(values)
    moving = [axis for axis, column in zip("xyz", rows.T, strict=True) if column.any()]
    if len(moving) == 1:
        raise RefusedRecording(
            f"only {moving[0]} ever differs from 0, so it may be a magnitude",
            remedy="export all three axes",
        )
    for first, second in ((0, 1), (0, 2), (1, 2)):
        pair = rows[:, [first, second]]
        if (pair.std(axis=0) > 0).all() and (
            (pair[:, 0] == pair[:, 1]).mean() > _EQUAL_SHARE or _are_multiples(pair)
        ):
            raise RefusedRecording(
                f"its axes {'xyz'[first]} and {'xyz'[second]} hold the same readings",
                remedy="export all three axes, or name their columns with --columns",
            )
    lengths = np.linalg.norm(rows, axis=1)
    turning = float(np.linalg.norm(rows.std(axis=0)))
    if lengths.std() < _CONSTANT_LENGTH * lengths.mean() and turning > _TURNS * lengths.mean():
        raise RefusedRecording(
            "all its readings have the same length, like those of gravity or of a direction",
            remedy="export the accelerometer, or name its columns with --columns",
        )


def check_scale(values: FloatArray, level: Level, unit: str) -> None:
    """Refuse (n, 3) readings that are not acceleration in any unit: scaled, or without a sign.

    If the file states no unit, refuse counts around an offset too.
    """
    rows = _sample(values)
    means, spreads = rows.mean(axis=0), rows.std(axis=0)
    lowest = np.percentile(rows, _LOWEST_PERCENT, axis=0)
    is_one_g = any(map(level.is_surely, _GUESSES.values()))
    even = _EVEN_IF_SURE if is_one_g else _EVEN
    is_offset = means.min() > even * means.max() > 0 and (lowest > _FAR_FROM_ZERO * means).all()
    if is_offset and not unit:
        text = ", ".join(f"{mean:.4g}" for mean in means)
        raise RefusedRecording(
            f"seems to hold counts around an offset, not acceleration (axis means {text})",
            remedy="convert them to g first; if they are acceleration, give the unit with --unit",
        )
    low, high = rows.min(axis=0), rows.max(axis=0)
    reason = ""
    if (high == 1).all() and ((low == 0).all() or (low == -1).all()):
        reason = f"all its axes run exactly from {low[0]:g} to 1, so they were scaled"
    elif max(np.abs(means).max(), np.abs(spreads - 1).max()) < _STANDARD_WITHIN:
        reason = "its axes were scaled to mean 0 and spread 1"
    elif np.count_nonzero(_on_one_side(rows, _NEAR_ZERO_SHARE[0])) >= 2:
        reason = "its axes are often near 0 but never cross it, so they lost their sign"
    if reason:
        raise RefusedRecording(
            reason, remedy="export the raw acceleration; if this is raw, give the unit with --unit"
        )


def _sample(values: FloatArray) -> FloatArray:
    """(m, 3) readings from all parts of a recording."""
    if len(values) <= _CHECKED_ROWS * _CHECKED_BLOCKS:
        return values
    return blocks_of(values, _CHECKED_ROWS, 1.0, _CHECKED_BLOCKS).reshape(-1, 3)


def _on_one_side(rows: FloatArray, share: float) -> NDArray[np.bool_]:
    """(3,) whether this share of an axis is near zero, and no reading beyond it."""
    never_cross = (rows.min(axis=0) >= 0) | (rows.max(axis=0) <= 0)
    near = (rows != 0) & (np.abs(rows) < _NEAR_ZERO_SPREADS * rows.std(axis=0))
    is_near = near.sum(axis=0) >= max(_NEAR_ZERO_ROWS, share * len(rows))
    return np.asarray(never_cross & is_near)


def _are_multiples(pair: FloatArray) -> bool:
    """Whether one column is a multiple of the other."""
    cosine = (pair[:, 0] @ pair[:, 1]) / np.prod(np.linalg.norm(pair, axis=0))
    return bool(min(abs(cosine), np.abs(np.corrcoef(pair.T)).min()) > _SAME_CORRELATION)


@dataclass(frozen=True, slots=True)
class Ends:
    """Smallest and largest readings of consecutive stretches, in the file's unit."""

    size: int  # rows of a stretch; the last may have fewer
    readings: FloatArray  # (k, 2, 3)
    counts: NDArray[np.intp]  # (k, 2, 3): number of readings in the stretch that equal them

    @classmethod
    def of(cls, values: FloatArray, rate_hz: float) -> Ends:
        """Find the ends of (n, 3) readings."""
        length_s = float(np.clip(len(values) / rate_hz / _LEVEL_BLOCKS, *_NARROW_S))
        size = max(1, round(length_s * rate_hz))
        ends, counts = [], []
        for block in blocks(len(values), values, rows=size * max(1, BLOCK_ROWS // size)):
            columns = np.ascontiguousarray(values[block].T)
            whole = columns.shape[1] // size * size
            for stretches in (columns[:, :whole].reshape(3, -1, size), columns[:, None, whole:]):
                if stretches.size:
                    both = np.stack([stretches.min(axis=2), stretches.max(axis=2)])
                    ends.append(both)
                    counts.append(np.count_nonzero(stretches == both[..., None], axis=3))
        return cls(
            size,
            np.moveaxis(np.concatenate(ends, axis=2), 2, 0),
            np.moveaxis(np.concatenate(counts, axis=2), 2, 0),
        )

    @property
    def limits(self) -> FloatArray:
        """(2, 3) smallest and largest readings overall."""
        return np.stack([self.readings[:, 0].min(axis=0), self.readings[:, 1].max(axis=0)])


def sensor_doubts(
    values: FloatArray,
    ends: Ends,
    time_s: FloatArray,
    rate_hz: float,
    mps2: float,
    gravity: Gravity,
) -> list[str]:
    """List what may be wrong with the readings of a sensor, and hence with the result.

    ``values`` (n, 3) and their ``ends`` are in the file's unit.
    """
    return [
        *_uneven(values),
        *_lost_sign(values),
        *_stuck(values, time_s, rate_hz, mps2),
        *(_sized(values, ends.limits, rate_hz, mps2) if gravity == "linear" else ()),
        *_clipped(values, ends, mps2, gravity),
        *_too_fast(values, rate_hz, mps2),
        *_interpolated(values, rate_hz, mps2),
        *_taking_turns(values, rate_hz, mps2),
    ]


def _uneven(values: FloatArray) -> Iterator[str]:
    """Report an axis that varies far more than the others, like another sensor's column."""
    spreads = _sample(values).std(axis=0)
    low, middle, high = np.sort(spreads)
    if low > 0 and high >= _UNLIKE * middle:
        yield (
            f"{'xyz'[int(spreads.argmax())]} varies {high / middle:.0f} times as much as the other "
            "axes: if it is another sensor's column, direction, counts and share are wrong"
        )


def _lost_sign(values: FloatArray) -> Iterator[str]:
    """Report axes that are folded at zero."""
    for axis in np.flatnonzero(_on_one_side(_sample(values), _NEAR_ZERO_SHARE[1])):
        yield (
            f"{'xyz'[axis]} is often near 0 but never crosses it: if it lost its sign, "
            "direction, counts and share are wrong"
        )


def _stuck(values: FloatArray, time_s: FloatArray, rate_hz: float, mps2: float) -> Iterator[str]:
    """Report axes that keep one reading while the others move."""
    stuck_s = np.zeros(3)
    apart = max(1, int(_STUCK_S * rate_hz / 2))
    for block in blocks(len(values), values, time_s):
        readings, seconds = values[block], time_s[block]
        for axis in range(3):
            # A run this long has two of the thinned rows.
            if not (np.diff(readings[::apart, axis]) == 0).any():
                continue
            changes = np.flatnonzero(np.diff(readings[:, axis]))
            begins, ends = np.append(0, changes + 1), np.append(changes, len(readings) - 1)
            is_long = ends - begins >= _STUCK_S * rate_hz
            for begin, end in zip(begins[is_long], ends[is_long], strict=True):
                spreads = readings[begin:end].std(axis=0)
                if spreads.max() * mps2 > _MOVING_MPS2:
                    stuck_s[axis] += seconds[end] - seconds[begin]
    for axis in np.flatnonzero(stuck_s).tolist():
        share = stuck_s[axis] / (time_s[-1] - time_s[0])
        yield (
            f"{'xyz'[axis]} does not change for {stuck_s[axis]:.0f} s ({share:.0%} of the "
            "recording) while the other axes do: direction, counts and share may be wrong there"
        )


def far_from_1_g(values: FloatArray, rate_hz: float, mps2: float) -> Iterator[str]:
    """Report parts of the readings, gravity included, that average far from 1 g.

    A change of unit or sensor does that.
    """
    length_s = float(np.clip(len(values) / rate_hz / _LEVEL_BLOCKS, 1.0, BLOCK_S))
    windows = blocks_of(values, rate_hz, length_s) * mps2 / STANDARD_GRAVITY_MPS2
    levels_g = np.linalg.norm(windows.mean(axis=1), axis=1)
    spreads_g = np.linalg.norm(windows.std(axis=1), axis=1)
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


def _sized(values: FloatArray, limits: FloatArray, rate_hz: float, mps2: float) -> Iterator[str]:
    """Report rhythmic movement, without gravity, too small or large for steps, or of two sizes."""
    sizes = _rhythmic_sizes(values, rate_hz)
    yield from _rescaled(sizes)
    if len(sizes) < _RESCALED_BLOCKS:
        return
    to_g = mps2 / STANDARD_GRAVITY_MPS2
    typical_g, large_g = np.percentile(sizes, [50, 90]) * to_g
    # A wearer at rest has a rhythm too, the heartbeat, but moves now and then.
    is_still = np.abs(limits).max() * to_g < _SIZES_G[0]
    is_small = _SIZES_G[0] / STANDARD_GRAVITY_MPS2 < large_g < _SIZES_G[0]
    if is_still or is_small or typical_g > _SIZES_G[1]:
        yield (
            f"its rhythmic movement measures {typical_g:.2g} g, but steps measure 0.2 to 4 g: "
            "if the unit is wrong, so are strides, minutes and direction"
        )


def _rhythmic_sizes(values: FloatArray, rate_hz: float) -> FloatArray:
    """(k,) sorted spreads of stretches of movement that repeats itself as steps do."""
    windows = blocks_of(values, rate_hz, _RHYTHM_S)
    windows = windows - windows.mean(axis=1, keepdims=True)
    size = windows.shape[1]
    power = (np.abs(np.fft.rfft(windows, 2 * size, axis=1)) ** 2).sum(axis=2)
    alike = np.fft.irfft(power, axis=1)[:, :size] / (1 - np.arange(size) / size)
    periods = slice(*(round(period_s * rate_hz) for period_s in _RHYTHM_PERIODS_S))
    repeats_at = alike[:, periods].max(axis=1, initial=0)
    is_rhythmic = repeats_at > _RHYTHM_ALIKE * alike[:, 0]
    return np.sort(np.sqrt(alike[is_rhythmic, 0] / size))


def _rescaled(sizes: FloatArray) -> Iterator[str]:
    """Report two groups of sizes with none in between, as after a change of unit."""
    margin = max(_RESCALED_BLOCKS, round(_RESCALED_SHARE * len(sizes)))
    if len(sizes) < 2 * margin:
        return
    steps = sizes[margin : 1 - margin] / sizes[margin - 1 : -margin]
    parted = margin + int(steps.argmax())
    ratio = float(np.median(sizes[parted:]) / np.median(sizes[:parted]))
    is_unit = any(1 / _RESCALED_WITHIN < ratio / unit < _RESCALED_WITHIN for unit in RESCALED)
    if steps.max() > _RESCALED_GAP and is_unit:
        share = min(parted, len(sizes) - parted) / len(sizes)
        yield (
            f"movements with the same rhythm come in two sizes, one {ratio:.0f} times the other "
            f"({share:.0%} of them): if the unit changes within it, direction, counts and share "
            "are wrong there"
        )


def _clipped(values: FloatArray, ends: Ends, mps2: float, gravity: Gravity) -> Iterator[str]:
    """Report axes that stay at their limit, or wrap around there, as at the end of a range."""
    limits = ends.limits
    at = np.where(ends.readings == limits, ends.counts, 0).sum(axis=0)
    fewest = max(_CLIP_COUNT, _CLIP_SHARE * len(values))
    is_clipped = (at >= fewest) & _stand_out(values, limits, at, mps2, gravity)
    rows, to_g = _sample(values), mps2 / STANDARD_GRAVITY_MPS2
    for axis, side in np.ndindex(3, 2):
        limit, count, elsewhere = float(limits[side, axis]), int(at[side, axis]), ""
        is_long = count > _CLIP_MUCH * len(values)
        if not is_clipped[side, axis]:
            in_turn = ends.readings[:, side, axis], ends.counts[:, side, axis]
            limit, count = _narrower(values[:, axis], ends.size, *in_turn, limit, mps2)
            elsewhere = f" but reaches {limits[side, axis] * to_g:.3g} g elsewhere"
        if count < fewest:
            yield from _blurred(rows[:, axis], axis, side, to_g)
        else:
            text = (
                f"{'xyz'[axis]} is cut off at {limit * to_g:.3g} g in {counted(count, 'reading')}"
            )
            share = f" ({count / len(values):.0%})" if is_long else ""
            wrong = "pace, direction and share" if share or elsewhere else "single strides"
            yield f"{text}{share}{elsewhere}: {wrong} may be wrong there"
    ranges = limits[1] - limits[0]
    # An axis that is cut off does not wrap around.
    may_wrap = (at < fewest).all(axis=0) & (ranges * mps2 > STANDARD_GRAVITY_MPS2)
    for axis in np.flatnonzero(may_wrap):
        jumps = _jumps(values, ends, int(axis), _WRAP_SHARE * ranges[axis])
        if jumps >= fewest:
            yield (
                f"{'xyz'[axis]} jumps from one end of its range to the other {jumps} times: "
                "if it wraps around, pace, direction and share are wrong"
            )


def _jumps(values: FloatArray, ends: Ends, axis: int, limit: float) -> int:
    """Number of larger steps of an axis; stretches that span less are skipped."""
    lowest, highest = ends.readings[..., axis].T
    lowest = np.minimum(lowest, np.append(lowest[1:], lowest[-1]))  # with the first row beyond
    highest = np.maximum(highest, np.append(highest[1:], highest[-1]))
    jumps = 0
    for begin in ends.size * np.flatnonzero(highest - lowest > limit):
        steps = np.diff(values[begin : begin + ends.size + 1, axis])
        jumps += int(np.count_nonzero(np.abs(steps) > limit))
    return jumps


def _blurred(readings: FloatArray, axis: int, side: int, to_g: float) -> Iterator[str]:
    """Report that readings (n,) of an axis pile up near their highest (1) or lowest (0)."""
    limit, extent = float(readings.max() if side else readings.min()), float(np.ptp(readings))
    if abs(limit) * to_g <= _CLIP_ABOVE_G or not extent:
        return
    apart = np.abs(readings - limit) / (extent * _BLUR_STEP)
    rows = np.bincount(apart[apart < 3 * _BLUR_STEPS[-1]].astype(np.intp))
    for steps in _BLUR_STEPS:
        pile, *beside = (int(rows[steps * at : steps * (at + 1)].sum()) for at in range(3))
        if pile >= max(_BLUR_ROWS, _BLUR_SHARE * len(readings), _BLUR_TIMES * max(beside)):
            yield (
                f"{'xyz'[axis]} piles up at about {limit * to_g:.3g} g ({pile / len(readings):.1%} "
                "of its readings), as if cut off there: pace, direction and share may be wrong "
                "there"
            )
            return


def _stand_out(
    values: FloatArray, limits: FloatArray, at: FloatArray, mps2: float, gravity: Gravity
) -> NDArray[np.bool_]:
    """(2, 3) whether readings at a limit are not rest: it is high, or few others are near it."""
    ranges = limits[1] - limits[0]
    reach_g = np.abs(limits) * mps2 / STANDARD_GRAVITY_MPS2
    is_high = reach_g > _CLIP_ABOVE_G
    may_be = ~is_high & (at > _CLIP_MUCH * len(values)) & (reach_g > _SPIKE_ABOVE_G[gravity])
    may_be &= ranges > 0
    if not may_be.any():
        return is_high
    beside = np.zeros((2, 3))
    for block in blocks(len(values), values):
        apart = np.abs(values[block] - limits[:, None])
        beside += np.count_nonzero((apart > 0) & (apart < _SPIKE_WITHIN * ranges), axis=1)
    return is_high | (may_be & (at > _SPIKE_TIMES * beside))


def _narrower(
    readings: FloatArray,
    size: int,
    ends: FloatArray,
    counts: NDArray[np.intp],
    limit: float,
    mps2: float,
) -> tuple[float, int]:
    """Reading short of the limit at which most readings pile up, and their number.

    ``readings`` (n,) are of one axis, ``mps2`` m/s² per unit, in stretches of ``size``
    rows. A device at rest reads less than 1.5 g again and again, so a lower pile is a limit only
    if the device moves and readings beside it are rare.
    """
    is_pile = (counts >= _CLIP_COUNT) & (ends != limit)
    is_low = np.abs(ends) * mps2 <= _CLIP_ABOVE_G * STANDARD_GRAVITY_MPS2
    for place in np.flatnonzero(is_pile & is_low):
        stretch = readings[place * size : (place + 1) * size]
        apart = np.abs(stretch - ends[place])
        beside = np.count_nonzero((apart > 0) & (apart < _SPIKE_WITHIN * np.ptp(stretch)))
        is_moving = stretch.std() * mps2 > _MOVING_MPS2
        is_pile[place] = is_moving and counts[place] > _SPIKE_TIMES * beside
    piles, first, stretches = np.unique(ends[is_pile], return_inverse=True, return_counts=True)
    heights = np.bincount(first, counts[is_pile], len(piles))
    stays = (stretches >= _NARROW_STRETCHES) | (heights >= _NARROW_SHARE * size)
    if not stays.any():
        return limit, 0
    pile = float(piles[(heights * stays).argmax()])
    return pile, int(np.count_nonzero(readings == pile))


def _too_fast(values: FloatArray, rate_hz: float, mps2: float) -> Iterator[str]:
    """Report that nothing moves as slowly as steps, as if a clock runs ten times too fast."""
    if rate_hz < _FAST_HZ:
        return
    lengths = np.linalg.norm(blocks_of(values, rate_hz, limit=_PACE_BLOCKS), axis=2) * mps2
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
    """Report readings mostly on straight lines between a few, as if a slow recording was filled."""
    windows = blocks_of(values, rate_hz, limit=_LINE_BLOCKS)
    if windows.shape[1] < _LINE_ROWS:
        return
    steps = np.diff(windows, axis=1)
    bends = np.abs(np.diff(steps, axis=1))
    is_bent = _largest(bends) > _STRAIGHT * _largest(np.abs(steps[:, 1:]))
    kept_hz = is_bent.mean(axis=1) * rate_hz
    is_moving = np.linalg.norm(windows.std(axis=1), axis=1) * mps2 > _MOVING_MPS2
    slow = is_moving & (kept_hz < min(DIRECTION_RATE_HZ, _KEPT_SHARE * rate_hz))
    if slow.sum() > _LINE_SHARE * max(1, is_moving.sum()):
        yield (
            f"{slow.sum() / is_moving.sum():.0%} of its movement lies on straight lines between "
            f"{np.median(kept_hz[slow]):.3g} readings a second, as if a slow recording had been "
            "interpolated: strides may be missing there, and direction and share wrong"
        )


def _taking_turns(values: FloatArray, rate_hz: float, mps2: float) -> Iterator[str]:
    """Report rows that continue an earlier row, as if two or three sensors take turns."""
    windows = blocks_of(values, rate_hz, limit=_LINE_BLOCKS)
    windows = windows[np.linalg.norm(windows.std(axis=1), axis=1) * mps2 > _MOVING_MPS2]
    if not len(windows) or windows.shape[1] < _LINE_ROWS or rate_hz < _TURNS_HZ:
        return
    next_row, second_row, third_row = (
        np.abs(windows[:, apart:] - windows[:, :-apart]).mean(axis=(1, 2)) for apart in (1, 2, 3)
    )
    if np.median(next_row / np.minimum(second_row, third_row)) > _TURNS_APART:
        yield (
            "its rows seem to come from several sensors in turn: if so, counts, pace, direction "
            "and share are wrong. Export each sensor separately, or name it in a column device"
        )


def _largest(axes: FloatArray) -> FloatArray:
    """(k, m) largest of the three axes of (k, m, 3)."""
    return np.asarray(np.maximum(np.maximum(axes[..., 0], axes[..., 1]), axes[..., 2]))
