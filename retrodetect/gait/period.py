"""Where movement repeats like gait, and the stride period there."""

from __future__ import annotations

import itertools
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from retrodetect.gait.movement import Movement
from retrodetect.recording import FloatArray
from retrodetect.signal import ANALYSIS_RATE_HZ, HOP_S, MIN_ACTIVITY_MPS2, WINDOW_S

__all__ = ["PERIODS_S", "Stretch", "stretches"]

SingleArray = NDArray[np.float32]

MIN_RUN_S = 1.8
"""Shortest run to examine, as one window: two strides of running."""

MAX_LAG_SHARE = 0.7
"""Longest period a window can show, as a share of its length."""

PERIODS_S = np.exp(np.linspace(np.log(0.44), np.log(2.3), 72))
"""Stride periods sought: from a sprint at 270 steps a minute to a walk at 52."""

WALK_PERIOD_S, WALK_SPREAD = 1.08, 0.20
RUN_PERIOD_S, RUN_SPREAD = 0.70, 0.16
"""Log-normal priors of the stride period (Hausdorff 2007, Hum Mov Sci 26:555; Novacheck 1998,
Gait Posture 7:77). Wide enough for a slow backward walk."""

GENTLE_SIZE_MPS2, GENTLE_POWER = 2.0, 0.25
"""Below this root mean square the expected walk is slower, by this power of the size: walking at
0.5 m/s moves trunk and arm by 1 m/s² and takes 1.3 to 1.7 s a stride."""

RUN_SIZE_MPS2 = 7.0
"""Root mean square above which a recording is more likely of running, whatever the site: waist
and pocket run at 8 to 14 and walk at 1.5 to 5 (own measurement); a walking foot reaches 10,
but its autocorrelation leaves no doubt about its period."""

MIN_SIZE_MPS2 = 0.5
"""Least movement: slow walking has 0.9 at the waist, a phone on a table 0.02."""

STRIDE_LINE_LIMIT = 0.85
SLOW_LINE_LIMIT, SLOW_LINE_HZ = 0.90, 2.0
STEP_LINE_LIMIT = 0.96
QUICK_LINE_LIMIT, QUICK_LINE_HZ, OVERTONE_HZ, OVERTONE = 0.55, 3.8, 3.0, 2.6
"""Largest share of the movement in one spectral line: at the stride frequency, at the step
frequency of walking, at that of running, and above any step frequency or this multiple of the
stride frequency. Steps are blows, with harmonics: on nine data sets the shares reach at most 0.82,
0.89, 0.966 and 0.50 (own measurement). Pedalling, rocking and shaking are closer to a pure tone, or
quicker."""

LINE_HALF_WIDTH_HZ = 0.4

MIN_PERIODICITY = 0.20
"""Least autocorrelation at the stride period for gait to continue: noise and a bouncing car stay
below in 19 of 20 windows, gait above in 49 of 50."""

SURE_PERIODICITY, SURE_WINDOWS = 0.50, 3
"""Autocorrelation of gait in this many windows in a row: a bouncing car has it in one or two."""

SURE_SHARE = 0.25
"""Share of its windows in which gentle gait has it: simulated steps back and forth at 0.4 m/s, with
stops between, reach 0.27, other gait below ``BRISK_MPS2`` 0.3. A car that seems to walk on stays
below 0.15."""

BRISK_PERIODICITY, BRISK_MPS2, BRISK_LINE_LIMIT, SHORT_WINDOWS = 0.31, 1.8, 0.70, 16
"""A lower one is enough in a stretch of at most this many windows whose size and period are those
of ordinary walking: two or three strides between sitting, standing and turning hardly repeat, but
few cars shake their driver as hard, and handling a phone makes a purer tone."""

MAX_PAUSE_S = 2.0
"""Longest pause within a stretch: a turn on the spot, a stumble."""

_PERIODICITY_WEIGHT = 14.0
_CHANGE_WEIGHT = 14.0
_CHANGE_LIMIT = 5.0
_CHUNK = 100
"""Windows to transform at a time; more leave the cache, and take twice the time."""

_PADDED = 320
"""Samples of a window and of the longest period after it, and a few more: quick to transform."""


@dataclass(frozen=True, slots=True)
class Stretch:
    """Part of a run in which the movement repeats like gait."""

    begin: int  # half-open range of samples
    end: int
    period_s: FloatArray  # (end - begin,) stride period at each sample


def stretches(movement: Movement) -> list[Stretch]:
    """Find the stretches of a gap-free run, in time order, and their stride periods.

    The autocorrelation of the whole vector peaks at the stride everywhere on the body: at the
    foot and wrist because one side moves, on the trunk because left and right steps differ in
    sway. Twice the stride peaks as high, so a prior on the period, by size of the movement,
    and a smooth path through the windows (Viterbi) decide the octave.
    """
    moving = movement.moving
    length = min(int(WINDOW_S * ANALYSIS_RATE_HZ), len(moving))
    if length < MIN_RUN_S * ANALYSIS_RATE_HZ:
        return []
    begin = np.arange(0, len(moving) - length + 1, int(HOP_S * ANALYSIS_RATE_HZ))
    size = np.sqrt(_window_mean(np.einsum("ij,ij->i", moving, moving), begin, length))
    active = size > MIN_SIZE_MPS2
    active &= _window_spread(movement.force, begin, length) > MIN_ACTIVITY_MPS2
    windows = np.flatnonzero(active)
    if not len(windows):
        return []
    periodicity = np.empty((len(windows), len(PERIODS_S)))
    line_share, line_hz = np.empty((2, len(windows)))
    # Single precision is plenty for comparisons with two digits, and twice as fast.
    axes = np.ascontiguousarray(moving.T, np.float32)
    sliding = np.lib.stride_tricks.sliding_window_view(axes, length, axis=1).swapaxes(0, 1)
    for chunk in np.array_split(np.arange(len(windows)), len(windows) // _CHUNK + 1):
        part = sliding[begin[windows[chunk]]]
        part -= part.mean(axis=-1, keepdims=True)
        periodicity[chunk] = _autocorrelation(part)
        line_share[chunk], line_hz[chunk] = _strongest_line(part)
    score = _PERIODICITY_WEIGHT * periodicity + _log_prior(size[windows])
    breaks = np.flatnonzero(np.diff(windows) > 1) + 1
    path = np.concatenate([_path(part) for part in np.split(score, breaks)])
    at_path = periodicity[np.arange(len(path)), path]
    like_gait = at_path > MIN_PERIODICITY
    like_gait &= line_share < _line_limit(line_hz, PERIODS_S[path])
    hard = size[windows] > BRISK_MPS2
    brisk = hard & (np.abs(np.log(PERIODS_S[path] / WALK_PERIOD_S)) < WALK_SPREAD)
    brisk &= (at_path > BRISK_PERIODICITY) & (line_share < BRISK_LINE_LIMIT)
    brisk |= at_path > SURE_PERIODICITY
    return _joined(
        begin[windows][like_gait],
        PERIODS_S[path][like_gait],
        _runs_of(like_gait & (at_path > SURE_PERIODICITY), windows)[like_gait],
        (hard & _runs_of(like_gait & brisk, windows))[like_gait],
        hard[like_gait],
        length,
        len(moving),
    )


def _joined(
    begin: NDArray[np.intp],
    period_s: FloatArray,
    sure: NDArray[np.bool_],
    brisk: NDArray[np.bool_],
    hard: NDArray[np.bool_],
    length: int,
    samples: int,
) -> list[Stretch]:
    """Join windows over pauses up to MAX_PAUSE_S; drop stretches that are never sure.

    A short stretch need only be brisk: a longer walk repeats its strides. A gentle one must be
    sure more often than by chance.
    """
    cut = np.flatnonzero(np.diff(begin) > (MAX_PAUSE_S + HOP_S) * ANALYSIS_RATE_HZ) + 1
    parts = [
        part
        for part in np.split(np.arange(len(begin)), cut)
        if (len(part) <= SHORT_WINDOWS and brisk[part].any())
        or (sure[part].any() and (2 * hard[part].mean() > 1 or sure[part].mean() >= SURE_SHARE))
    ]
    joined: list[Stretch] = []
    for part in parts:
        first, last = int(begin[part[0]]), int(begin[part[-1]]) + length
        if joined and first < joined[-1].end:
            # Outer windows contain gait somewhere: two stretches share what is between them.
            middle = (first + joined[-1].end) // 2
            before = joined.pop()
            joined.append(Stretch(before.begin, middle, before.period_s[: middle - before.begin]))
            first = middle
        last = min(last, samples)
        track = np.interp(np.arange(first, last), begin[part] + length / 2, period_s[part])
        joined.append(Stretch(first, last, track))
    return joined


def _window_mean(values: FloatArray, begin: NDArray[np.intp], length: int) -> FloatArray:
    sums = np.concatenate([[0.0], np.cumsum(values)])
    return np.asarray(np.maximum(sums[begin + length] - sums[begin], 0.0) / length)


def _window_spread(values: FloatArray, begin: NDArray[np.intp], length: int) -> FloatArray:
    """Standard deviation over each window."""
    mean = _window_mean(values, begin, length)
    return np.asarray(np.sqrt(np.maximum(_window_mean(values**2, begin, length) - mean**2, 0.0)))


def _autocorrelation(windows: SingleArray) -> FloatArray:
    """(w, periods) unbiased autocorrelation of the vector, from (w, 3, length) windows."""
    length = windows.shape[-1]
    product = np.fft.irfft(_power(windows, _PADDED), _PADDED)
    lag = PERIODS_S * ANALYSIS_RATE_HZ
    whole = np.floor(lag).astype(int)
    share = lag - whole
    at_lag = (1 - share) * product[:, whole] + share * product[:, whole + 1]
    shown = lag <= MAX_LAG_SHARE * length
    scale = np.where(shown, length / np.where(shown, length - lag, 1), 0)
    return np.asarray(at_lag / np.maximum(product[:, :1], 1e-9) * scale)


def _power(windows: SingleArray, padded: int) -> SingleArray:
    """(w, frequencies) power of the vector."""
    spectrum = np.fft.rfft(windows, padded, axis=-1)
    return np.asarray((spectrum.real**2 + spectrum.imag**2).sum(axis=1))


def _strongest_line(windows: SingleArray) -> tuple[FloatArray, FloatArray]:
    """(w,) largest share of the power in one line, and its frequency.

    Windows too short to separate lines have a share of 0.
    """
    length = windows.shape[-1]
    if length < WINDOW_S * ANALYSIS_RATE_HZ:
        return np.zeros(len(windows)), np.zeros(len(windows))
    padded = 1 << int(np.ceil(np.log2(2 * length)))
    power = _power(windows * np.hanning(length).astype(np.float32), padded)
    half = int(LINE_HALF_WIDTH_HZ * padded / ANALYSIS_RATE_HZ)
    sums = np.pad(np.cumsum(power, axis=1, dtype=np.float64), ((0, 0), (1, 0)))
    lines = sums[:, 2 * half + 1 :] - sums[:, : -2 * half - 1]
    top = lines.argmax(axis=1)
    share = lines[np.arange(len(lines)), top] / np.maximum(sums[:, -1], 1e-9)
    return share, (top + half) * ANALYSIS_RATE_HZ / padded


def _line_limit(line_hz: FloatArray, period_s: FloatArray) -> FloatArray:
    """(w,) share above which a line is too strong for gait."""
    in_stride = line_hz * period_s
    quick = (line_hz > QUICK_LINE_HZ) | (line_hz > OVERTONE_HZ) & (in_stride > OVERTONE)
    return np.select(
        [in_stride < 1.5, line_hz < SLOW_LINE_HZ, quick],
        [STRIDE_LINE_LIMIT, SLOW_LINE_LIMIT, QUICK_LINE_LIMIT],
        STEP_LINE_LIMIT,
    )


def _runs_of(sure: NDArray[np.bool_], windows: NDArray[np.intp]) -> NDArray[np.bool_]:
    """Keep what is sure in SURE_WINDOWS windows in a row, or in all of a shorter series."""
    new = np.diff(windows, prepend=-2) > 1
    series = np.cumsum(new)
    run = np.cumsum(new | ~sure | ~np.concatenate([[False], sure[:-1]]))
    need = np.minimum(SURE_WINDOWS, np.bincount(series)[series])
    return np.asarray(sure & (np.bincount(run, sure)[run] >= need))


def _log_prior(size_mps2: FloatArray) -> FloatArray:
    """(w, periods) log prior of the period given the size of the movement."""
    log_size = np.log(np.maximum(size_mps2, 1e-3) / RUN_SIZE_MPS2)
    run = np.clip(1 / (1 + np.exp(-log_size / 0.22)), 0.01, 0.97)[:, None]
    log_period = np.log(PERIODS_S)[None]
    gentle = np.maximum(GENTLE_SIZE_MPS2 / np.maximum(size_mps2, MIN_SIZE_MPS2), 1.0)[:, None]
    slow = (log_period - np.log(WALK_PERIOD_S) - GENTLE_POWER * np.log(gentle)) / WALK_SPREAD
    quick = (log_period - np.log(RUN_PERIOD_S)) / RUN_SPREAD
    walking = np.exp(-0.5 * slow**2) / WALK_SPREAD
    running = np.exp(-0.5 * quick**2) / RUN_SPREAD
    return np.asarray(np.log((1 - run) * walking + run * running + 1e-3))


def _path(score: FloatArray) -> NDArray[np.intp]:
    """Best smooth path through the windows (Viterbi 1967)."""
    place = _CHANGE_WEIGHT * np.log(PERIODS_S)
    cost = np.minimum(np.abs(place[:, None] - place), _CHANGE_LIMIT)
    reached = score.copy()
    by_way = np.empty_like(cost)
    for before, after in itertools.pairwise(reached):
        after += np.subtract(before[:, None], cost, out=by_way).max(axis=0)
    path = np.empty(len(score), dtype=np.intp)
    path[-1] = reached[-1].argmax()
    for i in range(len(score) - 1, 0, -1):
        path[i - 1] = (reached[i - 1] - cost[path[i]]).argmax()
    return path
