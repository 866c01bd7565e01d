"""Packets: readings that a device stores together under one stamp."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from retrodetect.recording import FloatArray

__all__ = ["spread"]

_LATE = 1.5
"""Typical intervals between readings, above which the next packet does not follow this one."""


def spread(stamps: FloatArray, counts: NDArray[Any]) -> FloatArray:
    """Spread the readings of each packet evenly until the next, or as usual before a gap.

    Parameters
    ----------
    stamps : (n,) array
        Time of the first reading of each packet, in any unit.
    counts : (n,) array of int
        Readings in each packet.

    Returns
    -------
    (counts.sum(),) array
        Time of each reading.
    """
    sizes = np.maximum(counts, 1)
    intervals = np.diff(stamps) / sizes[:-1]
    usual = float(np.median(intervals)) if len(intervals) else 0.0
    follows = (intervals > 0) & (intervals < _LATE * usual)
    intervals = np.append(np.where(follows, intervals, usual), usual)
    places = np.arange(counts.sum()) - np.repeat(np.cumsum(counts) - counts, counts)
    times: FloatArray = np.repeat(stamps, counts) + places * np.repeat(intervals, counts)
    return times
