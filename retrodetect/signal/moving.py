"""Means and maxima over a window that moves along time.

The same as in ``scipy.ndimage``, whose import takes longer than labelling a minute.
"""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from retrodetect.recording import FloatArray

__all__ = ["moving_maximum", "moving_mean", "smoothed", "weighted_mean"]

Ends = Literal["symmetric", "reflect", "edge", "wrap"]
"""How both ends are continued, as by :func:`numpy.pad`."""


def moving_mean(
    values: FloatArray, width: int, *, ends: Ends = "symmetric", earlier: int = 0
) -> FloatArray:
    """Average over a window around each sample.

    Parameters
    ----------
    values : (n, ...) array
        Samples in order of time, at least one.
    width
        Samples of the window; an even one holds one more before than after.
    ends
        How both ends are continued.
    earlier
        How many samples the window lies before its place around the sample.

    Returns
    -------
    (n, ...) array
    """
    before = width // 2 + earlier
    sums = np.cumsum(_continued(values, before + 1, width - before - 1, ends), axis=0)
    return np.asarray((sums[width:] - sums[:-width]) / width)


def moving_maximum(values: FloatArray, width: int) -> FloatArray:
    """Return the largest of the (n,) values in a window around each."""
    before = width // 2
    continued = _continued(values, before, width - before - 1, "symmetric")
    return np.asarray(sliding_window_view(continued, width).max(axis=1))


def smoothed(values: FloatArray, spread: float, *, ends: Ends = "symmetric") -> FloatArray:
    """Smooth (n,) values with a Gaussian of this standard deviation, in samples."""
    half = int(4 * spread + 0.5)
    weights = np.exp(-0.5 * (np.arange(-half, half + 1) / spread) ** 2)
    return weighted_mean(values, weights / weights.sum(), ends=ends)


def weighted_mean(values: FloatArray, weights: FloatArray, *, ends: Ends) -> FloatArray:
    """Average (n,) or (n, k) values along time with (2 m + 1,) symmetric weights."""
    half = len(weights) // 2
    columns = _continued(values, half, half, ends).reshape(len(values) + 2 * half, -1).T
    means = [np.convolve(column, weights, "valid") for column in columns]
    return np.stack(means, axis=1).reshape(values.shape)


def _continued(values: FloatArray, before: int, after: int, ends: Ends) -> FloatArray:
    return np.pad(values, [(before, after)] + [(0, 0)] * (values.ndim - 1), mode=ends)
