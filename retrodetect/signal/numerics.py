"""Functions of SciPy that labelling needs, with NumPy alone.

Importing any part of SciPy takes longer than labelling a minute. Filters are Butterworth, run
forward and backward for zero delay, like ``scipy.signal.butter`` and ``sosfiltfilt``; their orders
are low enough for a single section. Blocks of samples are multiplied by matrices, which is twice as
fast as a loop over samples. Moving means follow ``scipy.ndimage``, and the last functions
``scipy.special``.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from functools import cache
from typing import Literal, NamedTuple, TypeVar

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from retrodetect.recording import FloatArray

__all__ = [
    "Number", "expit", "i0e", "i1e", "log_softmax", "logit", "logsumexp", "moving_maximum",
    "moving_mean", "smoothed", "softmax", "weighted_mean", "zero_phase",
]  # fmt: skip

Number = TypeVar("Number", np.float64, np.complex128)
"""Type of filtered values: real or complex."""

Ends = Literal["symmetric", "reflect", "edge", "wrap"]
"""How to extend both ends of a series, as :func:`numpy.pad` does."""

_BLOCK = 32
"""Samples of a block."""

_IN_CACHE = 1 << 13
"""Numbers to filter at a time: more leave the cache, and take half as long again."""

_NOTHING = 1e-20
"""Share of a state that no sum of 16 digits shows."""

_SMALL = 3.75
"""Argument up to which the Bessel functions are a series in its square; beyond, in its inverse."""

_I0_SMALL = (0.0045813, 0.0360768, 0.2659732, 1.2067492, 3.0899424, 3.5156229, 1.0)
_I0_LARGE = (
    0.00392377, -0.01647633, 0.02635537, -0.02057706, 0.00916281, -0.00157565, 0.00225319,
    0.01328592, 0.39894228,
)  # fmt: skip
_I1_SMALL = (0.00032411, 0.00301532, 0.02658733, 0.15084934, 0.51498869, 0.87890594, 0.5)
_I1_LARGE = (
    -0.00420059, 0.01787654, -0.02895312, 0.02282967, -0.01031555, 0.00163801, -0.00362018,
    -0.03988024, 0.39894228,
)  # fmt: skip
"""Abramowitz & Stegun 1964, 9.8.1 to 9.8.4: accurate to 2e-7."""


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
        Samples in time order, real or complex; at least one.
    band_hz
        Cut-off of a low-pass, or both ends of a band-pass.
    order
        Order of each of the two passes; at most 4, or 2 for a band-pass.
    rate_hz
        Sampling rate of the values.
    pad_s
        How far to extend both ends: as long as the filter rings. Short series are extended by
        their own length.
    padtype
        Extend by point reflection (``odd``) or by reflection (``even``).

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
    """Effect of a filter of order k on a block of n values."""

    forced: FloatArray  # (n, n): what each value (row) adds to each result
    stored: FloatArray  # (n, k): what each value adds to the state after the block
    free: FloatArray  # (k, n): what the state before the block adds to each result
    # (k, k) each: what a state adds to the state after the next block, the second, the fourth, and
    # so on, until it adds nothing
    leaps: tuple[FloatArray, ...]
    settled: FloatArray  # (k,): state after a long series of ones

    @classmethod
    @cache
    def of(cls, order: int, band_hz: float | tuple[float, float], rate_hz: float) -> _Matrices:
        """Build them from the transposed direct form II (Oppenheim & Schafer 2010, ch. 6)."""
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
    """Filter along the rows of a (c, n) array, settled on the first value of each."""
    rows, count = values.shape
    blocks = np.zeros((rows, -(-count // _BLOCK), _BLOCK))
    blocks.reshape(rows, -1)[:, :count] = values
    states = np.empty((rows, blocks.shape[1] + 1, len(matrices.settled)))
    states[:, 0] = values[:, :1] * matrices.settled
    states[:, 1:] = blocks @ matrices.stored
    # Each state collects those before it: one block back, then two, then four.
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


def moving_mean(
    values: FloatArray, width: int, *, ends: Ends = "symmetric", earlier: int = 0
) -> FloatArray:
    """Average (n, ...) values over a window around each sample, or ``earlier`` samples before it.

    A window of even width has one sample more before than after.
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
    """(before + n + after, ...) values, extended at both ends."""
    return np.pad(values, [(before, after)] + [(0, 0)] * (values.ndim - 1), mode=ends)


def expit(log_odds: FloatArray) -> FloatArray:
    """Return the probability of log odds."""
    return np.asarray(0.5 * (1 + np.tanh(0.5 * log_odds)))


def logit(probability: FloatArray) -> FloatArray:
    """Return the log odds of a probability."""
    return np.asarray(np.log(probability) - np.log1p(-probability))


def logsumexp(values: FloatArray | Sequence[float], axis: int = -1) -> FloatArray:
    """Return the logarithm of a sum of exponentials."""
    peak = np.max(values, axis=axis, keepdims=True)
    sums = np.exp(values - peak).sum(axis=axis, keepdims=True)
    return np.asarray((np.log(sums) + peak).squeeze(axis))


def log_softmax(values: FloatArray, axis: int = -1) -> FloatArray:
    """Normalise log probabilities to sum to 1."""
    return np.asarray(values - np.expand_dims(logsumexp(values, axis), axis))


def softmax(values: FloatArray | Sequence[float]) -> FloatArray:
    """Return probabilities that sum to 1 from log probabilities that need not."""
    return np.exp(log_softmax(np.asarray(values)))


def i0e(values: FloatArray) -> FloatArray:
    """Modified Bessel function of order 0 over the exponential of its argument, which is ≥ 0."""
    small, large = _arguments(values)
    near = np.polyval(_I0_SMALL, (small / _SMALL) ** 2) * np.exp(-small)
    return np.where(values < _SMALL, near, np.polyval(_I0_LARGE, _SMALL / large) / np.sqrt(large))


def i1e(values: FloatArray) -> FloatArray:
    """Return the same of order 1."""
    small, large = _arguments(values)
    near = small * np.polyval(_I1_SMALL, (small / _SMALL) ** 2) * np.exp(-small)
    return np.where(values < _SMALL, near, np.polyval(_I1_LARGE, _SMALL / large) / np.sqrt(large))


def _arguments(values: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Clip arguments to the ranges of the two series."""
    return np.minimum(values, _SMALL), np.maximum(values, _SMALL)
