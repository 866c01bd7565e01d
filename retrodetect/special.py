"""Functions of ``scipy.special`` that labelling uses.

Importing any part of SciPy takes longer than labelling a minute.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from retrodetect.recording import FloatArray

__all__ = ["expit", "i0e", "i1e", "log_softmax", "logit", "logsumexp", "softmax"]

_SMALL = 3.75
"""Argument up to which the Bessel functions are a series in its square, beyond in its inverse."""

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
"""Abramowitz & Stegun 1964, 9.8.1 to 9.8.4: right to 2e-7."""


def expit(log_odds: FloatArray) -> FloatArray:
    """Return the probability of log odds."""
    return np.asarray(0.5 * (1 + np.tanh(0.5 * log_odds)))


def logit(probability: FloatArray) -> FloatArray:
    """Return the log odds of a probability."""
    return np.asarray(np.log(probability) - np.log1p(-probability))


def logsumexp(values: FloatArray | Sequence[float], axis: int = -1) -> FloatArray:
    """Return the logarithm of a sum of exponentials."""
    most = np.max(values, axis=axis, keepdims=True)
    sums = np.exp(values - most).sum(axis=axis, keepdims=True)
    return np.asarray((np.log(sums) + most).squeeze(axis))


def log_softmax(values: FloatArray, axis: int = -1) -> FloatArray:
    """Return log probabilities that sum to 1, from those that need not."""
    return np.asarray(values - np.expand_dims(logsumexp(values, axis), axis))


def softmax(values: FloatArray | Sequence[float]) -> FloatArray:
    """Return probabilities that sum to 1, from log probabilities that need not."""
    return np.exp(log_softmax(np.asarray(values)))


def i0e(values: FloatArray) -> FloatArray:
    """Modified Bessel function of order 0, over the exponential of its argument, which is ≥ 0."""
    small, large = _arguments(values)
    near = np.polyval(_I0_SMALL, (small / _SMALL) ** 2) * np.exp(-small)
    return np.where(values < _SMALL, near, np.polyval(_I0_LARGE, _SMALL / large) / np.sqrt(large))


def i1e(values: FloatArray) -> FloatArray:
    """Return the same of order 1."""
    small, large = _arguments(values)
    near = small * np.polyval(_I1_SMALL, (small / _SMALL) ** 2) * np.exp(-small)
    return np.where(values < _SMALL, near, np.polyval(_I1_LARGE, _SMALL / large) / np.sqrt(large))


def _arguments(values: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Arguments that each of two series is right for."""
    return np.minimum(values, _SMALL), np.maximum(values, _SMALL)
