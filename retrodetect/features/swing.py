"""Swing vectors: the horizontal acceleration of a stride relative to its quiet stance."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from retrodetect.features.catalogue import BANDS_HZ, SWING_BINS
from retrodetect.recording import STANDARD_GRAVITY_MPS2, FloatArray
from retrodetect.signal import ANALYSIS_RATE_HZ, Signal, zero_phase

__all__ = ["swing_vectors"]

SAMPLES = 48
"""Points of a resampled stride: 40 to 50 Hz for the usual stride."""

QUIET_S = 0.14
"""Window in which stillness is judged: the shortest foot-flat of a run (0.1 to 0.2 s)."""

ENERGY_SHARES = (0.05, 0.95)
"""The swing has the energy of a stride between these shares; stance is outside."""

_TINY = 1e-6


def swing_vectors(signal: Signal, bounds: NDArray[np.intp]) -> FloatArray:
    """Return the (n, 2 + SWING_BINS, 3) swing vectors of strides, in the order of `SWING`.

    ``bounds`` (n, 2) are half-open ranges of samples in a gap-free run, gravity included. The
    vectors are in the device frame and have no unit.
    """
    stride, stance = _from_stance_to_stance(signal, bounds)
    up = stance / np.maximum(np.linalg.norm(stance, axis=1, keepdims=True), _TINY)
    h = stride - np.einsum("nti,ni->nt", stride, up)[:, :, None] * up[:, None]
    power = np.einsum("nti,nti->nt", h, h)
    rms = np.sqrt(power.mean(axis=1))[:, None] + _TINY
    time = np.linspace(-0.5, 0.5, SAMPLES)[:, None]
    skew = (h * power[:, :, None]).mean(axis=1) / rms**3
    way = -(h * time).mean(axis=1) / (rms * time.std())
    return np.concatenate(
        [skew[:, None], way[:, None], _along_swing(h, power) / rms[:, None]], axis=1
    )


def _from_stance_to_stance(
    signal: Signal, bounds: NDArray[np.intp]
) -> tuple[FloatArray, FloatArray]:
    """(n, SAMPLES, 3) strides cut at their quietest moment, and (n, 3) readings there."""
    acceleration = _smooth(signal)
    restless = _restlessness(acceleration)
    last = len(acceleration) - 1
    length = np.diff(bounds, axis=1)
    at = bounds[:, :1] + np.linspace(0, 1, SAMPLES, endpoint=False) * length
    quietest = restless[at.astype(np.intp)].argmin(axis=1)
    begin = np.take_along_axis(at, quietest[:, None], axis=1)
    # Nothing follows the last stride of a run: take the one before.
    begin = np.where(begin + length > last, begin - length, begin)
    at = np.clip(begin + np.linspace(0, 1, SAMPLES) * length, 0, last)
    below = np.minimum(at.astype(np.intp), last - 1)
    share = (at - below)[:, :, None]
    stride = (1 - share) * acceleration[below] + share * acceleration[below + 1]
    return stride, 0.25 * (stride[:, :2].sum(axis=1) + stride[:, -2:].sum(axis=1))


def _smooth(signal: Signal) -> FloatArray:
    high_hz = min(BANDS_HZ["swing"][1], 0.42 * signal.source_rate_hz)
    return zero_phase(
        signal.acceleration_mps2, high_hz, order=2, rate_hz=ANALYSIS_RATE_HZ, pad_s=1.0
    )


def _restlessness(acceleration: FloatArray) -> FloatArray:
    """(n,) distance from rest: jerk (10 m/s³ count as 1 m/s²) and departure from one g."""
    jerk = np.linalg.norm(np.gradient(acceleration, axis=0), axis=1) * ANALYSIS_RATE_HZ / 10
    departure = np.abs(np.linalg.norm(acceleration, axis=1) - STANDARD_GRAVITY_MPS2)
    width = int(QUIET_S * ANALYSIS_RATE_HZ)
    return np.asarray(np.convolve(jerk + departure, np.ones(width) / width, "same"))


def _along_swing(h: FloatArray, power: FloatArray) -> FloatArray:
    """(n, SWING_BINS, 3) values of h at equal times between the energy shares."""
    energy = np.cumsum(power, axis=1) / np.maximum(power.sum(axis=1, keepdims=True), _TINY)
    first = (energy < ENERGY_SHARES[0]).sum(axis=1)
    last = np.maximum((energy < ENERGY_SHARES[1]).sum(axis=1), first + 1)
    at = first[:, None] + np.linspace(0, 1, SWING_BINS) * (last - first)[:, None]
    below = np.minimum(at.astype(np.intp), SAMPLES - 2)
    share = (np.minimum(at, SAMPLES - 1) - below)[:, :, None]
    rows = np.arange(len(h))[:, None]
    return np.asarray((1 - share) * h[rows, below] + share * h[rows, below + 1])
