"""Split a recording at gaps and rest, resample it, and find the vertical."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

import numpy as np

from retrodetect.recording import FloatArray, Recording, longest_step_s
from retrodetect.signal.activity import HOP_S, WINDOW, active_parts, variation
from retrodetect.signal.agreement import are_of_one_body
from retrodetect.signal.numerics import weighted_mean, zero_phase

__all__ = ["ANALYSIS_RATE_HZ", "Signal", "prepare", "signals"]

ANALYSIS_RATE_HZ = 50.0
"""Rate of every later stage: gait is below 12 Hz (Antonsson & Mann 1985: 98 % of the power of heel
strikes below 10 Hz), and 50 Hz also carries the sharper impacts of running."""

ANTI_ALIAS_HALF_S = 0.12
"""Half length of the anti-alias filter: what it cuts off is below 1e-4 of its sum."""

_CONTEXT = 2
"""Hops of samples around a signal that its filters need (1 s)."""

GRAVITY_CUTOFF_HZ = 0.25
"""Low-pass that keeps the slow orientation of the device: below the stride frequency
of slow walking (0.5 Hz), above the rate at which a pocketed phone settles."""


@dataclass(frozen=True, slots=True)
class Signal:
    """An active part of a recording without gaps, at ``ANALYSIS_RATE_HZ``.

    Parameters
    ----------
    start_s
        Time of the first sample, in seconds from the recording's first sample.
    acceleration_mps2 : (n, 3) array
        Specific force (or linear acceleration if ``up`` is None), device frame.
    up : (n, 3) array or None
        Unit vector against gravity in the device frame, slowly varying; None if the app removed
        gravity.
    angular_rate_radps : (n, 3) array or None
        Gyroscope, device frame, if there is one that fits the accelerometer
        (:func:`retrodetect.signal.agreement.are_of_one_body`).
    source_rate_hz
        Rate of the recording before resampling: the limit of what the run can show.
    """

    start_s: float
    acceleration_mps2: FloatArray
    up: FloatArray | None
    angular_rate_radps: FloatArray | None
    source_rate_hz: float

    @property
    def time_s(self) -> FloatArray:
        """(n,) seconds from the recording's first sample."""
        return self.start_s + np.arange(len(self.acceleration_mps2)) / ANALYSIS_RATE_HZ


def prepare(recording: Recording) -> list[Signal]:
    """Find the active parts of a recording and resample them to ``ANALYSIS_RATE_HZ``.

    Parameters
    ----------
    recording
        Any recording, of any length, even empty.

    Returns
    -------
    list of Signal
        In time order; stretches stiller than any gait are left out.
    """
    return list(signals([recording]))


def signals(pieces: Iterable[Recording]) -> Iterator[Signal]:
    """Like :func:`prepare`, for a recording in pieces, however it is cut.

    Parameters
    ----------
    pieces
        Consecutive parts of one recording on one clock, with the same sensors.

    Yields
    ------
    Signal
        As soon as it is complete. Memory holds the last minute of the recording, or the current
        active part, an hour at most.
    """
    rest: _Buffer | None = None
    for piece in pieces:
        buffer = _Buffer.of(piece) if rest is None else rest.followed_by(piece)
        *ended, rest = buffer.between_gaps()
        for run in ended:
            yield from run.take_signals(is_closed=True)
        yield from rest.take_signals(is_closed=False)
    if rest is not None:
        yield from rest.take_signals(is_closed=True)


@dataclass(slots=True)
class _Buffer:
    """Samples of a run whose signals are not yet complete."""

    facts: Recording  # one piece, for what all pieces share
    series: tuple[FloatArray, ...]  # time, specific force and, if there is one, angular rate
    origin_s: float  # start of the run
    first: int = 0  # hop in which they begin
    floor: int = 0  # first hop that a signal may begin at

    @classmethod
    def of(cls, piece: Recording) -> _Buffer:
        """Take all samples of a piece."""
        rotation = piece.angular_rate_radps
        origin_s = float(piece.time_s[0]) if len(piece.time_s) else 0.0
        series = piece.time_s, piece.acceleration_mps2, *([] if rotation is None else [rotation])
        return cls(piece, series, origin_s)

    @property
    def time_s(self) -> FloatArray:
        """Time of each sample."""
        return self.series[0]

    def followed_by(self, piece: Recording) -> _Buffer:
        """Append the samples of the next piece."""
        new = _Buffer.of(piece)
        if not len(self.time_s):
            return new
        both = zip(self.series, new.series, strict=False)
        return replace(self, series=tuple(np.concatenate(parts) for parts in both))

    def between_gaps(self) -> list[_Buffer]:
        """Cut where samples are missing; the last run may continue in the next piece."""
        longest_s = longest_step_s(1 / self.facts.rate_hz)
        cuts = np.flatnonzero(np.diff(self.time_s) > longest_s) + 1
        if not len(cuts):
            return [self]
        runs = [self._rows(0, int(cuts[0]))]
        for begin, end in zip(cuts, [*cuts[1:], len(self.time_s)], strict=True):
            run = self._rows(int(begin), int(end))
            runs.append(replace(run, origin_s=float(run.time_s[0]), first=0, floor=0))
        return runs

    def take_signals(self, *, is_closed: bool) -> Iterator[Signal]:
        """Yield the complete signals, and keep the samples that a later one may need."""
        if not len(self.time_s):
            return
        hops = int((self.time_s[-1] - self.origin_s) / HOP_S + 1e-6)
        is_short = is_closed and not self.first
        varies_mps2 = variation(
            self.time_s,
            self.series[1],
            self.origin_s,
            (self.first, hops),
            length=min(WINDOW, hops) if is_short else WINDOW,
        )
        parts = active_parts(varies_mps2, self.first, self.floor, hops, is_closed=is_closed)
        for begin, end in parts.whole:
            yield self._signal(begin, end, is_last=is_closed and end == hops)
        if is_closed:
            return
        first = max(parts.needed - _CONTEXT, self.first)
        begin = int(np.searchsorted(self.time_s, self.origin_s + first * HOP_S - 1e-9))
        # Copied: a view would keep everything in memory.
        self.series = tuple(values[begin:].copy() for values in self.series)
        self.first, self.floor = first, parts.floor

    def _rows(self, begin: int, end: int) -> _Buffer:
        return replace(self, series=tuple(values[begin:end] for values in self.series))

    def _signal(self, begin: int, end: int, *, is_last: bool) -> Signal:
        """Resample a range of hops, the last one to the end of the run, and find the vertical."""
        per_hop = round(HOP_S * ANALYSIS_RATE_HZ)
        stop = end * per_hop
        if is_last:
            duration_s = self.time_s[-1] - self.origin_s
            stop = int(np.floor(duration_s * ANALYSIS_RATE_HZ + 1e-6)) + 1
        grid_s = self.origin_s + np.arange(begin * per_hop, stop) / ANALYSIS_RATE_HZ
        around_s = (grid_s[0] - _CONTEXT * HOP_S, grid_s[-1] + _CONTEXT * HOP_S)
        rows = self._rows(*map(int, np.searchsorted(self.time_s, around_s)))
        time_s, force, *rotations = rows.series
        rate_hz, rotation = self.facts.rate_hz, None
        acceleration = _resample(time_s, force, grid_s, rate_hz)
        if rotations:
            # A gyroscope may have started later or paused: use the readings it has.
            read = np.flatnonzero(np.isfinite(rotations[0]).all(axis=1))
            if len(read) > 1:
                rotation = _resample(time_s[read], rotations[0][read], grid_s, rate_hz)
        up = _up(acceleration) if self.facts.gravity == "total" else None
        if rotation is not None and up is not None:
            fits = are_of_one_body(acceleration, up, rotation, ANALYSIS_RATE_HZ, rate_hz)
            rotation = rotation if fits else None
        return Signal(
            start_s=float(grid_s[0]),
            acceleration_mps2=acceleration,
            up=up,
            angular_rate_radps=rotation,
            source_rate_hz=rate_hz,
        )


def _resample(
    time_s: FloatArray, values: FloatArray, grid_s: FloatArray, rate_hz: float
) -> FloatArray:
    """Resample to the grid times, after filtering off what the analysis rate cannot carry.

    Linear interpolation after a zero-phase low-pass: stamps of phones jitter by milliseconds,
    and a polyphase resampler would treat them as exact.
    """
    if rate_hz > 1.2 * ANALYSIS_RATE_HZ:
        values = weighted_mean(values, _anti_alias(rate_hz), ends="reflect")
    return np.stack([np.interp(grid_s, time_s, column) for column in values.T]).T


def _anti_alias(rate_hz: float) -> FloatArray:
    """(2k + 1,) taps of a Butterworth low-pass run forward and backward.

    A sum over a short symmetric kernel takes a quarter of the time of the recursion.
    """
    half = int(np.ceil(ANTI_ALIAS_HALF_S * rate_hz))
    impulse = np.zeros(6 * half + 1)
    impulse[3 * half] = 1.0
    response = zero_phase(impulse, 0.4 * ANALYSIS_RATE_HZ, order=2, rate_hz=rate_hz, pad_s=0.0)
    taps = response[2 * half : 4 * half + 1]
    return np.asarray(taps / taps.sum())


def _up(acceleration: FloatArray) -> FloatArray:
    """(n, 3) unit vector against gravity: the slow part of the specific force."""
    slow = zero_phase(
        acceleration, GRAVITY_CUTOFF_HZ, order=1, rate_hz=ANALYSIS_RATE_HZ,
        pad_s=3 / GRAVITY_CUTOFF_HZ, padtype="even",
    )  # fmt: skip
    return np.asarray(slow / np.maximum(np.linalg.norm(slow, axis=1, keepdims=True), 1e-9))
