"""Readings that were only repeated: sample-and-hold rows, frozen sensors, idle zeros."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from retrodetect.formats.repair import long_steps
from retrodetect.formats.spool import blocks, picked
from retrodetect.recording import DIRECTION_RATE_HZ, FloatArray

__all__ = ["Holds", "find_holds", "find_slow", "repeated_later", "repeats"]

_FREEZE_S = 2.0
"""A sensor that repeats itself for longer than this has stopped: any other one has noise."""

_HELD_SHARE = 0.05
_HELD_QUANTA = 4.0
"""A held reading is followed by a jump of many quanta; a coarse sensor at rest, which repeats
itself by nature, moves on by one (own measurement: Physics Toolbox 300, Empatica E4 1)."""

_QUANTUM_ROWS = 20_000
_SLOW_S = 2.0
"""A stretch is slow where steps longer than 1/15 s follow each other for so long. In less there is
no whole stride to lose, and phones falter for up to 1.6 s (MobiFall)."""

_AGAIN_ROWS, _AGAIN_S = 5, 5.0
"""So many rows in a row are alike by chance at rest, but not at one distance for so long."""

_AGAIN_WITHIN_ROWS = 500_000
_FAST_ENOUGH = 1.5
"""A recording at less than this many times that rate strays below it by jitter alone."""


@dataclass(frozen=True, slots=True)
class Holds:
    """What to leave out, and why."""

    drop: NDArray[np.bool_]  # (n,) of bool: rows that hold no reading of their own
    notes: tuple[str, ...]  # sentences for the user


def repeats(values: FloatArray) -> NDArray[np.bool_]:
    """(n,) whether a row has the readings of the row before."""
    repeated = np.zeros(len(values), dtype=bool)
    for block in blocks(len(values), values):
        own = values[max(block.start - 1, 0) : block.stop]
        rows = np.flatnonzero(own[1:, 0] == own[:-1, 0]) + 1
        same = (own[rows, 1:] == own[rows - 1, 1:]).all(axis=1)
        repeated[block.stop - len(own) + rows] = same
    return repeated


def find_holds(values: FloatArray, time_s: FloatArray, repeated: NDArray[np.bool_]) -> Holds | None:
    """Find repeated rows that are no readings; None where all are.

    Runs of a held reading shrink to its first row. Where a fine sensor stands still for more than
    ``_FREEZE_S``, or a coarse one reads nothing but zero (ActiGraph's idle sleep), the stretch is
    left out as a gap.
    """
    if not repeated.any():
        return None
    # Runs of rows of which all but the first are repeated.
    starts = np.flatnonzero(repeated[1:] & ~repeated[:-1])
    ends = np.flatnonzero(repeated & ~np.append(repeated[1:], False)) + 1
    spans = time_s[ends - 1] - time_s[starts]
    is_fine = _jumps_after_repeats(values, repeated)
    is_held = is_fine and float(repeated.mean()) >= _HELD_SHARE
    is_zero = np.abs(values[starts]).sum(axis=1) == 0
    frozen = (spans > _FREEZE_S) & (is_fine | is_zero)
    drop = repeated & is_held
    for run in np.flatnonzero(frozen):
        drop[starts[run] + (not is_zero[run]) : ends[run]] = True
    notes = []
    if is_held:
        notes.append(f"dropped {repeated.mean():.0%} of the rows, which only repeat the row before")
    if frozen.any():
        notes.append(
            f"the sensor repeats one reading for {spans[frozen].sum():.0f} s, which are left out"
        )
    return Holds(drop, tuple(notes)) if drop.any() else None


def _jumps_after_repeats(values: FloatArray, repeated: NDArray[np.bool_]) -> bool:
    """Whether readings jump by many quanta where a run of repeats ends."""
    steps = np.abs(np.diff(values[:_QUANTUM_ROWS], axis=0))
    smallest = [axis[axis > 0].min(initial=np.inf) for axis in steps.T]
    rows = np.flatnonzero(repeated[:-1] & ~repeated[1:])
    jumps = np.abs(picked(values, rows + 1) - picked(values, rows))
    if not len(jumps):
        return True
    return bool(np.median((jumps / smallest).max(axis=1)) >= _HELD_QUANTA)


def find_slow(time_s: FloatArray, rate_hz: float) -> Holds | None:
    """Find stretches too slow for directions in a recording that is fast elsewhere; None for none.

    What is left of each is one gap.
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


def repeated_later(values: FloatArray, time_s: FloatArray, rate_hz: float) -> list[str]:
    """Say where a stretch of readings comes again later, as of a part that was put in twice.

    Rows that were held are left out; the first ``_AGAIN_WITHIN_ROWS`` count.
    """
    marks = values[:_AGAIN_WITHIN_ROWS] @ np.array([1.0, np.pi, np.e])
    count = len(marks) - _AGAIN_ROWS + 1
    if count < 2 * _AGAIN_S * rate_hz:
        return []
    marks = sum(marks[place : place + count] * 3.0**-place for place in range(_AGAIN_ROWS))
    ordered = np.sort(marks)
    if (ordered[1:] != ordered[:-1]).all():
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
