"""The one kind of filter there is: Butterworth, run forth and back, so that nothing is delayed.

The same as ``scipy.signal.butter`` and ``sosfiltfilt``, whose import takes as long as everything
else that labelling a minute imports. The orders used here are low enough for a single section.
"""

from __future__ import annotations

from functools import cache
from typing import Literal, TypeVar

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import lapack

from retrodetect.recording import FloatArray

__all__ = ["Number", "zero_phase"]

Number = TypeVar("Number", np.float64, np.complex128)
"""What is filtered: real or complex."""

_BLOCK = 8192
"""Samples filtered at a time: they stay in the cache of a processor."""


def zero_phase(
    values: NDArray[Number],
    band_hz: float | tuple[float, float],
    *,
    order: int,
    rate_hz: float,
    pad_s: float,
    padtype: Literal["odd", "even"] = "odd",
) -> NDArray[Number]:
    """Filter along time.

    Parameters
    ----------
    values : (n, ...) array
        Samples in order of time, real or complex; at least one.
    band_hz
        Cut-off of a low-pass, or both ends of a band-pass.
    order
        Of one of the two passes; at most 4, or 2 for a band-pass.
    rate_hz
        Sampling rate of the values.
    pad_s
        How far both ends are continued: for as long as the filter rings. Short series are
        continued by their own length.
    padtype
        Continued by point reflection (``odd``) or by reflection (``even``).

    Returns
    -------
    (n, ...) array
    """
    pad = min(int(pad_s * rate_hz), len(values) - 1)
    kind = np.complex128 if np.iscomplexobj(values) else np.float64
    numbers = np.ascontiguousarray(values, kind).view(np.float64).reshape(len(values), -1).T
    before, after = numbers[:, pad:0:-1], numbers[:, -2 : -pad - 2 : -1]
    if padtype == "odd":
        before, after = 2 * numbers[:, :1] - before, 2 * numbers[:, -1:] - after
    continued = np.concatenate([before, numbers, after], axis=1)
    designed = _butterworth(order, band_hz, rate_hz)
    twice = _once(*designed, _once(*designed, continued)[:, ::-1])[:, ::-1]
    kept = np.ascontiguousarray(twice[:, pad : pad + len(values)].T)
    return np.asarray(kept.view(kind).reshape(values.shape))


def _once(b: FloatArray, a: FloatArray, values: FloatArray) -> FloatArray:
    """Run a filter along the rows of a (c, n) array, as though it began with its first values.

    The recursion is the solution of a banded triangular system.
    """
    order = len(a) - 1
    band = np.asfortranarray(np.repeat(a[:, None], min(values.shape[1], _BLOCK), axis=1))
    past = np.repeat(values[:, :1], order, axis=1)
    done = past * (b.sum() / a.sum())
    filtered = np.empty_like(values)
    for start in range(0, values.shape[1], _BLOCK):
        block = np.concatenate([past, values[:, start : start + _BLOCK]], axis=1)
        count = block.shape[1] - order
        fed = sum(b[lag] * block[:, order - lag : order - lag + count] for lag in range(order + 1))
        for i in range(min(order, count)):
            fed[:, i] -= done[:, i:] @ a[order:i:-1]
        solved, _ = lapack.dtbtrs(band[:, :count], fed.T, uplo="L", diag="U", overwrite_b=True)
        filtered[:, start : start + count] = solved.T
        past, done = block[:, -order:], filtered[:, start + count - order : start + count]
    return filtered


@cache
def _butterworth(
    order: int, band_hz: float | tuple[float, float], rate_hz: float
) -> tuple[FloatArray, FloatArray]:
    """Numerator and denominator, by the bilinear transform (Oppenheim & Schafer 2010, ch. 7)."""
    double = 2 * rate_hz
    edges = double * np.tan(np.pi * np.atleast_1d(band_hz) / rate_hz)
    circle = np.exp(1j * np.pi * (2 * np.arange(order) + order + 1) / (2 * order))
    if len(edges) == 1:
        poles, zeros, gain = edges * circle, np.empty(0), edges[0] ** order
    else:
        half = circle * (edges[1] - edges[0]) / 2
        root = np.sqrt(half**2 - edges[0] * edges[1])
        poles = np.concatenate([half + root, half - root])
        zeros, gain = np.zeros(order), (edges[1] - edges[0]) ** order
    gain *= (np.prod(double - zeros) / np.prod(double - poles)).real
    of_zeros = [*(double + zeros) / (double - zeros), *-np.ones(len(poles) - len(zeros))]
    of_poles = (double + poles) / (double - poles)
    return np.asarray(gain * np.poly(of_zeros).real), np.asarray(np.poly(of_poles).real)
