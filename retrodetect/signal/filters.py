"""The one kind of filter there is: Butterworth, run forth and back, so that nothing is delayed.

The same as ``scipy.signal.butter`` and ``sosfiltfilt``, whose import takes as long as everything
else that labelling a minute imports. The orders used here are low enough for a single section.
Blocks of samples are multiplied by matrices, which is twice as fast as a loop over samples.
"""

from __future__ import annotations

import itertools
from functools import cache
from typing import Literal, NamedTuple, TypeVar

import numpy as np
from numpy.typing import NDArray

from retrodetect.recording import FloatArray

__all__ = ["Number", "zero_phase"]

Number = TypeVar("Number", np.float64, np.complex128)
"""What is filtered: real or complex."""

_BLOCK = 32
"""Samples of a block."""

_IN_CACHE = 1 << 13
"""Numbers that are filtered at once: more leave the cache, and take half as long again."""

_NOTHING = 1e-20
"""Share of a state that no sum of numbers with 16 digits shows."""


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
    matrices = _Matrices.of(order, band_hz, rate_hz)
    columns = values.reshape(len(values), -1).T
    filtered = np.empty_like(columns, order="C")
    parts = ("real", "imag") if np.iscomplexobj(values) else ("real",)
    at_once = max(_IN_CACHE // len(values), 1)
    for part, first in itertools.product(parts, range(0, len(columns), at_once)):
        rows = getattr(columns[first : first + at_once], part)
        before, after = rows[:, pad:0:-1], rows[:, -2 : -pad - 2 : -1]
        if padtype == "odd":
            before, after = 2 * rows[:, :1] - before, 2 * rows[:, -1:] - after
        continued = np.concatenate([before, rows, after], axis=1)
        twice = _once(matrices, _once(matrices, continued)[:, ::-1])[:, ::-1]
        kept = twice[:, pad : pad + len(values)]
        setattr(filtered[first : first + at_once], part, kept)
    return np.asarray(filtered.T.reshape(values.shape))


class _Matrices(NamedTuple):
    """What a filter of order k makes of a block of n values.

    Parameters
    ----------
    forced : (n, n) array
        What each value (row) adds to each result.
    left : (n, k) array
        What each value adds to the state that the block leaves behind.
    free : (k, n) array
        What the state before adds to each result.
    leaps : tuple of (k, k) arrays
        What a state adds to those that blocks leave behind: the next, the second, the fourth, and
        so on, until it adds nothing.
    settled : (k,) array
        State after a long series of ones.
    """

    forced: FloatArray
    left: FloatArray
    free: FloatArray
    leaps: tuple[FloatArray, ...]
    settled: FloatArray

    @classmethod
    @cache
    def of(cls, order: int, band_hz: float | tuple[float, float], rate_hz: float) -> _Matrices:
        """From the transposed direct form II (Oppenheim & Schafer 2010, ch. 6)."""
        b, a = _butterworth(order, band_hz, rate_hz)
        states = len(a) - 1
        step = np.eye(states, k=1)
        step[:, 0] -= a[1:]
        fed = b[1:] - a[1:] * b[0]
        powers = [np.eye(states)]
        for _ in range(_BLOCK):
            powers.append(step @ powers[-1])
        free = np.stack([power[0] for power in powers[:_BLOCK]], axis=1)
        impulse = np.concatenate([b[:1], fed @ free[:, :-1]])
        lag = np.arange(_BLOCK) - np.arange(_BLOCK)[:, None]
        leaps = [powers[_BLOCK].T]
        while np.abs(leaps[-1]).max() > _NOTHING:
            leaps.append(leaps[-1] @ leaps[-1])
        return cls(
            np.where(lag >= 0, impulse[lag], 0.0),
            np.stack([power @ fed for power in powers[_BLOCK - 1 :: -1]]),
            free,
            tuple(leaps[:-1]),
            np.linalg.solve(np.eye(states) - step, fed),
        )


def _once(matrices: _Matrices, values: FloatArray) -> FloatArray:
    """Run a filter along the rows of a (c, n) array, as though it began with its first values."""
    rows, count = values.shape
    blocks = np.zeros((rows, -(-count // _BLOCK), _BLOCK))
    blocks.reshape(rows, -1)[:, :count] = values
    states = np.empty((rows, blocks.shape[1] + 1, len(matrices.settled)))
    states[:, 0] = values[:, :1] * matrices.settled
    states[:, 1:] = blocks @ matrices.left
    # Each state takes in those before it: one block back, then two, then four.
    for doubled, leap in enumerate(matrices.leaps):
        back = 1 << doubled
        states[:, back:] += states[:, :-back] @ leap
    filtered = blocks @ matrices.forced
    filtered += states[:, :-1] @ matrices.free
    return np.asarray(filtered.reshape(rows, -1)[:, :count])


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
