"""Smooth curves through knots in time."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from scipy.interpolate import PchipInterpolator

from retrodetect.recording import FloatArray

__all__ = ["through"]

CLOSEST_S = 0.002
"""Knots nearer to each other than this are one; the body moves in frames of 5 ms."""


def through(knots: Iterable[tuple[float, float]], time_s: FloatArray) -> FloatArray:
    """Curve through (time, value) knots that never overshoots them.

    Parameters
    ----------
    knots
        In any order, at least one; of knots at one time the last given counts.
    time_s : (n,) array
        Where to evaluate. Before the first knot and after the last the curve is level.

    Returns
    -------
    (n,) array
        Monotone cubic interpolation (Fritsch & Butland, SIAM J Sci Stat Comput 5:300, 1984).
    """
    latest = dict(knots)
    at = np.array(sorted(latest))
    at = at[np.concatenate([[True], np.diff(at) > CLOSEST_S])]
    # The interpolation divides by differences, and the smallest floats overflow it.
    values = np.round([latest[float(t)] for t in at], 12)
    if len(at) < 2:
        return np.full(len(time_s), values[0])
    return np.asarray(PchipInterpolator(at, values)(np.clip(time_s, at[0], at[-1])))
