"""The stride period, second by second."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import signal as sps

from retrodetect.recording import FloatArray
from retrodetect.signal import ANALYSIS_RATE_HZ, Signal

__all__ = ["HOP_S", "PERIODS_S", "WINDOW_S", "Periods", "stride_periods"]

WINDOW_S = 4.0
"""Two slow strides, the least that shows a period; short enough for a sprint of six strides."""

MIN_RUN_S = 1.8
"""Shortest run looked at, as one window: two strides of running."""

MAX_LAG_SHARE = 0.7
"""Longest period a window can show, as a share of its length."""

HOP_S = 0.5

PERIODS_S = np.exp(np.linspace(np.log(0.44), np.log(2.3), 72))
"""Stride periods looked for: a sprint at 270 steps a minute to a walk at 52."""

BAND_HZ = (0.5, 8.0)

WALK_PERIOD_S, WALK_SPREAD = 1.08, 0.20
RUN_PERIOD_S, RUN_SPREAD = 0.70, 0.16
"""Log-normal priors of the stride period (Hausdorff 2007, Hum Mov Sci 26:555; Novacheck 1998,
Gait Posture 7:77). Wide enough for a slow backward walk."""

RUN_SIZE_MPS2 = 7.0
"""Root mean square above which a recording is more likely of running, whatever the site: waist
and pocket run at 8 to 14 and walk at 1.5 to 5 (own measurement); a walking foot reaches 10,
but its autocorrelation leaves no doubt about its period."""

_PERIODICITY_WEIGHT = 14.0
_CHANGE_WEIGHT = 14.0
_CHANGE_LIMIT = 5.0


@dataclass(frozen=True, slots=True)
class Periods:
    """Stride period at ``HOP_S`` intervals.

    Parameters
    ----------
    time_s : (w,) array
        Middle of each window.
    period_s : (w,) array
    periodicity : (w,) array
        Autocorrelation of the acceleration vector at that period, in [-1, 1].
    size_mps2 : (w,) array
        Root mean square of the moving acceleration.
    """

    time_s: FloatArray
    period_s: FloatArray
    periodicity: FloatArray
    size_mps2: FloatArray


def stride_periods(signal: Signal) -> Periods:
    """Track the stride period through one gap-free run.

    The autocorrelation of the whole vector peaks at the stride everywhere on the body: at the
    foot and wrist because one side moves, on the trunk because left and right steps differ in
    sway. Twice the stride peaks as high, so a prior on the period, by size of the movement,
    and a smooth path through the windows (Viterbi) settle the octave.

    Returns
    -------
    Periods
        Empty where the run is shorter than ``MIN_RUN_S``.
    """
    moving = band_passed(signal)
    length = min(int(WINDOW_S * ANALYSIS_RATE_HZ), len(moving))
    if length < MIN_RUN_S * ANALYSIS_RATE_HZ:
        none = np.empty(0)
        return Periods(none, none, none, none)
    begin = np.arange(0, len(moving) - length + 1, int(HOP_S * ANALYSIS_RATE_HZ))
    periodicity = np.empty((len(begin), len(PERIODS_S)))
    size = np.empty(len(begin))
    for chunk in np.array_split(np.arange(len(begin)), max(1, len(begin) // 4000)):
        periodicity[chunk], size[chunk] = _autocorrelation(moving, begin[chunk], length)
    path = _path(_PERIODICITY_WEIGHT * periodicity + _log_prior(size))
    return Periods(
        time_s=np.asarray(signal.start_s + (begin + length / 2) / ANALYSIS_RATE_HZ, dtype=float),
        period_s=PERIODS_S[path],
        periodicity=periodicity[np.arange(len(path)), path],
        size_mps2=size,
    )


def band_passed(signal: Signal) -> FloatArray:
    """(n, 3) acceleration without gravity, drift and what no step contains."""
    high_hz = min(BAND_HZ[1], 0.42 * signal.source_rate_hz)
    sos = sps.butter(2, [BAND_HZ[0], high_hz], "bandpass", fs=ANALYSIS_RATE_HZ, output="sos")
    pad = min(150, len(signal.acceleration_mps2) - 1)
    return np.asarray(sps.sosfiltfilt(sos, signal.acceleration_mps2, axis=0, padlen=pad))


def _autocorrelation(
    moving: FloatArray, begin: np.ndarray[tuple[int], np.dtype[np.intp]], length: int
) -> tuple[FloatArray, FloatArray]:
    """(w, periods) unbiased autocorrelation of the vector, and (w,) root mean square."""
    windows = np.lib.stride_tricks.sliding_window_view(moving, length, axis=0)[begin]
    windows = windows - windows.mean(axis=-1, keepdims=True)
    padded = 1 << int(np.ceil(np.log2(length + PERIODS_S[-1] * ANALYSIS_RATE_HZ)))
    power = (np.abs(np.fft.rfft(windows, padded, axis=-1)) ** 2).sum(axis=1)
    product = np.fft.irfft(power, padded)
    lag = PERIODS_S * ANALYSIS_RATE_HZ
    whole = np.floor(lag).astype(int)
    share = lag - whole
    at_lag = (1 - share) * product[:, whole] + share * product[:, whole + 1]
    energy = np.maximum(product[:, :1], 1e-9)
    shown = lag <= MAX_LAG_SHARE * length
    unbiased = at_lag / energy * np.where(shown, length / np.where(shown, length - lag, 1), 0)
    return unbiased, np.sqrt(energy[:, 0] / length)


def _log_prior(size_mps2: FloatArray) -> FloatArray:
    """(w, periods) log prior of the period given the size of the movement."""
    log_size = np.log(np.maximum(size_mps2, 1e-3) / RUN_SIZE_MPS2)
    run = np.clip(1 / (1 + np.exp(-log_size / 0.22)), 0.01, 0.97)[:, None]
    log_period = np.log(PERIODS_S)[None]
    walking = np.exp(-0.5 * ((log_period - np.log(WALK_PERIOD_S)) / WALK_SPREAD) ** 2) / WALK_SPREAD
    running = np.exp(-0.5 * ((log_period - np.log(RUN_PERIOD_S)) / RUN_SPREAD) ** 2) / RUN_SPREAD
    return np.asarray(np.log((1 - run) * walking + run * running + 1e-3))


def _path(score: FloatArray) -> np.ndarray[tuple[int], np.dtype[np.intp]]:
    """Best smooth path through the windows (Viterbi 1967)."""
    step = np.abs(np.log(PERIODS_S[:, None] / PERIODS_S[None]))
    change = np.maximum(-_CHANGE_WEIGHT * step, -_CHANGE_LIMIT)
    best = score[0]
    came_from = np.zeros(score.shape, dtype=np.intp)
    for i in range(1, len(score)):
        reached = best[None] + change
        came_from[i] = reached.argmax(axis=1)
        best = reached[np.arange(len(best)), came_from[i]] + score[i]
    path = np.empty(len(score), dtype=np.intp)
    path[-1] = best.argmax()
    for i in range(len(score) - 1, 0, -1):
        path[i - 1] = came_from[i, path[i]]
    return path
