"""Readings that were only repeated: sample-and-hold rows, frozen sensors, idle zeros."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from retrodetect.formats.remarks import Remark
from retrodetect.recording import FloatArray

__all__ = ["Holds", "find_holds", "repeats"]

_FREEZE_S = 2.0
"""A sensor that repeats itself for longer than this has stopped: any other one has noise."""

_HELD_SHARE = 0.05
_HELD_QUANTA = 4.0
"""A held reading is followed by a jump of many quanta; a coarse sensor at rest, which repeats
itself by nature, moves on by one (own measurement: Physics Toolbox 300, Empatica E4 1)."""

_QUANTUM_ROWS = 20_000


@dataclass(frozen=True, slots=True)
class Holds:
    """What to leave out, and why.

    Parameters
    ----------
    drop : (n,) array of bool
        Rows that hold no reading of their own.
    notes
        Sentences for the user.
    """

    drop: NDArray[np.bool_]
    notes: tuple[Remark, ...]


def repeats(values: FloatArray) -> NDArray[np.bool_]:
    """(n,) whether a row has the readings of the row before."""
    repeated = np.zeros(len(values), dtype=bool)
    rows = np.flatnonzero(values[1:, 0] == values[:-1, 0]) + 1
    repeated[rows] = (values[rows, 1:] == values[rows - 1, 1:]).all(axis=1)
    return repeated


def find_holds(values: FloatArray, time_s: FloatArray, repeated: NDArray[np.bool_]) -> Holds | None:
    """Find repeated rows that are no readings; None where all are.

    Runs of a held reading shrink to its first row. Where a fine sensor stands still for more than
    ``_FREEZE_S``, or a coarse one reads nothing but zero (ActiGraph's idle sleep), the stretch is
    left out as a gap.
    """
    if not repeated.any():
        return None
    starts = np.flatnonzero(~repeated)
    ends = np.append(starts[1:], len(repeated))
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
        text = "{share:.0%} of the rows only repeat the one before; dropped"
        amounts = {"part": int(np.count_nonzero(repeated)), "all": len(repeated)}
        notes.append(Remark(text, amounts))
    if frozen.any():
        text = "the sensor stood still for {seconds:.0f} s; left as gaps"
        notes.append(Remark(text, {"seconds": spans[frozen].sum()}))
    return Holds(drop, tuple(notes)) if drop.any() else None


def _jumps_after_repeats(values: FloatArray, repeated: NDArray[np.bool_]) -> bool:
    """Whether readings jump by many quanta where a run of repeats ends."""
    steps = np.abs(np.diff(values[:_QUANTUM_ROWS], axis=0))
    smallest = [axis[axis > 0].min(initial=np.inf) for axis in steps.T]
    rows = np.flatnonzero(repeated[:-1] & ~repeated[1:])
    jumps = np.abs(values[rows + 1] - values[rows])
    if not len(jumps):
        return True
    return bool(np.median((jumps / smallest).max(axis=1)) >= _HELD_QUANTA)
