"""Split at gaps, bring to one rate, find the vertical."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import ndimage
from scipy import signal as sps

from retrodetect.recording import STANDARD_GRAVITY_MPS2, FloatArray, Recording

__all__ = ["ANALYSIS_RATE_HZ", "MAX_GAP_S", "Signal", "prepare"]

ANALYSIS_RATE_HZ = 50.0
"""Rate of every later stage: gait lives below 12 Hz (Antonsson & Mann 1985: 98 % of the
power of heel strikes below 10 Hz), and 50 Hz also carries the sharper running impacts."""

MAX_GAP_S = 0.25
"""Longest pause between samples bridged by linear interpolation. Bursts of Bluetooth
loggers leave 0.2 s between stamps without losing a sample; a step lasts 0.3 s or more."""

ANTI_ALIAS_HALF_S = 0.12
"""Half length of the anti-alias filter: what lies beyond is below 1e-4 of its sum."""

GRAVITY_CUTOFF_HZ = 0.25
"""Low-pass that leaves the slow orientation of the device: below the stride frequency
of slow walking (0.5 Hz), above the rate at which a pocketed phone settles."""


@dataclass(frozen=True, slots=True)
class Signal:
    """One gap-free run of a recording at ``ANALYSIS_RATE_HZ``.

    Parameters
    ----------
    start_s
        Time of the first sample, in seconds from the recording's first sample.
    acceleration_mps2 : (n, 3) array
        Specific force (or linear acceleration where ``up`` is None), device frame.
    up : (n, 3) array or None
        Unit vector against gravity in the device frame, slowly varying; None where
        gravity had been removed by the app.
    angular_rate_radps : (n, 3) array or None
        Gyroscope, device frame, where there is one.
    source_rate_hz
        Rate of the recording before resampling: what the run can show at all.
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

    @property
    def vertical_mps2(self) -> FloatArray:
        """(n,) acceleration along ``up`` with gravity taken off."""
        if self.up is None:
            raise ValueError("gravity was removed from this recording: it has no vertical")
        along = np.einsum("ij,ij->i", self.acceleration_mps2, self.up)
        return np.asarray(along - STANDARD_GRAVITY_MPS2)

    @property
    def horizontal_mps2(self) -> FloatArray:
        """(n, 3) acceleration at right angles to ``up``, device frame."""
        if self.up is None:
            raise ValueError("gravity was removed from this recording: it has no vertical")
        along = np.einsum("ij,ij->i", self.acceleration_mps2, self.up)
        return np.asarray(self.acceleration_mps2 - along[:, None] * self.up)


def prepare(recording: Recording) -> list[Signal]:
    """Cut a recording at its gaps and bring each run to ``ANALYSIS_RATE_HZ``.

    Parameters
    ----------
    recording
        Any recording, of any length, also empty.

    Returns
    -------
    list of Signal
        In order of time; runs shorter than two samples are left out.
    """
    time_s = recording.time_s
    cuts = np.flatnonzero(np.diff(time_s) > max(MAX_GAP_S, 2.5 / recording.rate_hz)) + 1
    bounds = np.concatenate([[0], cuts, [len(time_s)]])
    return [
        _run(recording, int(begin), int(end))
        for begin, end in zip(bounds[:-1], bounds[1:], strict=True)
        if end - begin >= 2
    ]


def _run(recording: Recording, begin: int, end: int) -> Signal:
    """Resample samples ``begin`` to ``end`` and find the vertical."""
    time_s = recording.time_s[begin:end]
    rate_hz = recording.rate_hz
    count = int(np.floor((time_s[-1] - time_s[0]) * ANALYSIS_RATE_HZ + 1e-6)) + 1
    grid_s = time_s[0] + np.arange(count) / ANALYSIS_RATE_HZ
    acceleration = _resample(time_s, recording.acceleration_mps2[begin:end], grid_s, rate_hz)
    rotation = recording.angular_rate_radps
    if rotation is not None:
        # A gyroscope may have started later or paused: what it did read is what counts.
        read = np.flatnonzero(np.isfinite(rotation[begin:end]).all(axis=1))
        rotation = (
            _resample(time_s[read], rotation[begin:end][read], grid_s, rate_hz)
            if len(read) > 1
            else None
        )
    return Signal(
        start_s=float(time_s[0]),
        acceleration_mps2=acceleration,
        up=_up(acceleration) if recording.gravity == "total" else None,
        angular_rate_radps=rotation,
        source_rate_hz=rate_hz,
    )


def _resample(
    time_s: FloatArray, values: FloatArray, grid_s: FloatArray, rate_hz: float
) -> FloatArray:
    """Values at the grid times, with what the analysis rate cannot carry filtered off first.

    Linear interpolation after a zero-phase low-pass: stamps of phones jitter by
    milliseconds, and a polyphase resampler would take them for exact.
    """
    if rate_hz > 1.2 * ANALYSIS_RATE_HZ:
        values = ndimage.correlate1d(values, _anti_alias(rate_hz), axis=0, mode="mirror")
    return np.stack([np.interp(grid_s, time_s, column) for column in values.T], axis=1)


def _anti_alias(rate_hz: float) -> FloatArray:
    """(2k + 1,) taps of a Butterworth low-pass run forth and back.

    A sum over a short symmetric kernel takes a quarter of the time of the recursion.
    """
    sos = sps.butter(2, 0.4 * ANALYSIS_RATE_HZ, fs=rate_hz, output="sos")
    half = int(np.ceil(ANTI_ALIAS_HALF_S * rate_hz))
    impulse = np.zeros(6 * half + 1)
    impulse[3 * half] = 1.0
    taps = sps.sosfiltfilt(sos, impulse, padlen=0)[2 * half : 4 * half + 1]
    return np.asarray(taps / taps.sum())


def _up(acceleration: FloatArray) -> FloatArray:
    """(n, 3) unit vector against gravity: the slow part of the specific force."""
    sos = sps.butter(1, GRAVITY_CUTOFF_HZ, fs=ANALYSIS_RATE_HZ, output="sos")
    slow = _filtfilt(sos, acceleration, ANALYSIS_RATE_HZ / GRAVITY_CUTOFF_HZ)
    return np.asarray(slow / np.maximum(np.linalg.norm(slow, axis=1, keepdims=True), 1e-9))


def _filtfilt(sos: FloatArray, values: FloatArray, ring_samples: float) -> FloatArray:
    """Zero-phase filter along time, padded by how long the filter rings, also for short runs."""
    pad = min(int(3 * ring_samples) + 1, len(values) - 1)
    return np.asarray(sps.sosfiltfilt(sos, values, axis=0, padtype="even", padlen=pad))
