"""Where a movement repeats the way gait does, and how long one stride takes."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import ndimage
from scipy import signal as sps

from retrodetect.recording import FloatArray
from retrodetect.signal import ANALYSIS_RATE_HZ, Signal

__all__ = ["Rhythm", "find_rhythm"]

WINDOW_S = 5.12
"""Span of one periodicity test: three strides of slow walking, seven of running."""

HOP_S = 1.0
"""Step between tests; bout edges are then refined on the contacts."""

STRIDE_PERIOD_S = (0.5, 2.2)
"""Stride durations looked for: sprinting (0.5 s) to very slow walking (2.2 s)."""

MIN_RMS_MPS2 = 0.5
"""Least movement of a gait window, about half of slow walking at the lower back."""

MIN_REGULARITY = 0.45
"""Least normalised autocorrelation at the stride lag."""


@dataclass(frozen=True, slots=True)
class Rhythm:
    """Gait spans of one run and the stride period at each sample.

    Parameters
    ----------
    spans : (k, 2) int array
        Half-open sample ranges in which the movement repeats like gait.
    period_s : (n,) array
        Stride duration at each sample; meaningful inside spans.
    """

    spans: np.ndarray[tuple[int, int], np.dtype[np.int64]]
    period_s: FloatArray


def find_rhythm(signal: Signal, movement: FloatArray) -> Rhythm:
    """Test the run window by window for a stride-long repetition.

    Parameters
    ----------
    signal
        One gap-free run.
    movement : (n, 3) array
        Its acceleration without the slow part, m/s².
    """
    size, hop = int(WINDOW_S * ANALYSIS_RATE_HZ), int(HOP_S * ANALYSIS_RATE_HZ)
    n = len(movement)
    none = Rhythm(np.empty((0, 2), dtype=np.int64), np.full(n, np.nan))
    if n < size // 2:
        return none
    padded = np.pad(movement, ((size // 2, size // 2 + hop), (0, 0)))
    windows = np.lib.stride_tricks.sliding_window_view(padded, size, axis=0)[::hop][: n // hop + 1]
    rms = np.sqrt(np.mean(np.sum(windows**2, axis=1), axis=1))
    lags = np.arange(
        int(STRIDE_PERIOD_S[0] * ANALYSIS_RATE_HZ), int(STRIDE_PERIOD_S[1] * ANALYSIS_RATE_HZ) + 1
    )
    similarity = _similarity(windows, int(lags[-1]) + 1)[:, lags]
    smooth = ndimage.uniform_filter1d(similarity, 5, axis=0)
    score = smooth - 0.15 * np.log2(lags / ANALYSIS_RATE_HZ / 1.1) ** 2
    best = lags[np.argmax(score, axis=1)]
    regularity = np.take_along_axis(similarity, (best - lags[0])[:, None], axis=1)[:, 0]
    walking = (rms > MIN_RMS_MPS2) & (regularity > MIN_REGULARITY)
    walking = ndimage.binary_opening(ndimage.binary_closing(walking, np.ones(3)), np.ones(2))
    edges = np.flatnonzero(np.diff(np.concatenate([[0], walking.astype(np.int8), [0]])))
    spans = edges.reshape(-1, 2) * hop - [hop // 2, hop // 2]
    period = np.interp(np.arange(n), np.arange(len(best)) * hop, best / ANALYSIS_RATE_HZ)
    return Rhythm(np.clip(spans, 0, n), period)


def _similarity(windows: FloatArray, lags: int) -> FloatArray:
    """(w, lags) autocorrelation of 3-axis windows, 1 for a perfect repetition.

    Products are summed over axes, so that the result does not depend on how the
    device is turned; each lag is normalised by the energy of the parts compared
    (McLeod & Wyvill 2005, "A smarter way to find pitch").
    """
    size = windows.shape[2]
    spectrum = np.fft.rfft(windows, 2 * size, axis=2)
    products = np.fft.irfft(np.sum(np.abs(spectrum) ** 2, axis=1), axis=1)[:, :lags]
    energy = np.pad(np.cumsum(np.sum(windows**2, axis=1), axis=1), ((0, 0), (1, 0)))
    lag = np.arange(lags)
    head = energy[:, size - lag]
    tail = energy[:, [size]] - energy[:, lag]
    return np.asarray(2 * products / np.maximum(head + tail, 1e-9))


def movement_of(signal: Signal) -> FloatArray:
    """(n, 3) acceleration without gravity and slow tilting, device frame, m/s²."""
    if len(signal.acceleration_mps2) < 16:
        return signal.acceleration_mps2 - signal.acceleration_mps2.mean(axis=0)
    sos = sps.butter(2, (0.4, 12.0), "bandpass", fs=ANALYSIS_RATE_HZ, output="sos")
    return np.asarray(
        sps.sosfiltfilt(
            sos,
            signal.acceleration_mps2,
            axis=0,
            padlen=min(150, len(signal.acceleration_mps2) - 1),
        )
    )
