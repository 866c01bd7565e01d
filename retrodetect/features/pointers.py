"""Pointers: vectors of a stride that point to the wearer's front, or in the direction of travel.

Backward gait is nearly forward gait with time reversed. What is even under time reversal stays with
the **front** whichever way the wearer goes; what is odd turns with the **travel**. Their scalar
product is the direction, independent of the mounting and of the sign of the axes.

Four kinds of pointer, all in the device frame:

- **harmonics**: with the complex Fourier amplitudes V_k of the vertical and H_k of the horizontal
  force at k times the stride frequency, R_k = Re(H_k · conj V_k) is even and
  U_k = Im(H_k · conj V_k) odd under time reversal. They are taken in two frames: levelled by the
  mean force of the stride, or at every moment by the gyroscope, which removes the gravity that a
  swinging segment mixes in. Signs differ between the two;
- **rotation**: with m the main level axis of the angular rate and p = m × up, the skewness of the
  angle is even and that of the rate odd. The sign of m drops out;
- **lean**: the quadrature between the angle of the segment and the vertical force. A foot tilts
  back as it lands and forward as it pushes off; backward, the other way round;
- **lever**: a sensor at r from the axis of its segment feels ω̇ × r + ω × (ω × r). Least squares
  yields r, and its level part points from the body to the sensor (backward at an ankle, which
  hangs behind the knee while the shank turns).
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from retrodetect.features.catalogue import (
    BANDS_HZ,
    HARMONICS,
    LEVER_BANDS_HZ,
    POINTERS,
    TURN_SCALARS,
)
from retrodetect.recording import STANDARD_GRAVITY_MPS2, FloatArray
from retrodetect.signal import ANALYSIS_RATE_HZ, Signal, zero_phase
from retrodetect.signal.agreement import gyro_fits
from retrodetect.signal.attitude import level, lever_to_force, orientation

__all__ = ["pointers"]

SAMPLES = 64
"""Points to which a window of one or two strides is resampled."""

WIDTH_STRIDES = 2.0
"""Window over which harmonics are taken: with Hann weights, those of one stride."""

RATE_CUTOFF_HZ, LEVER_CUTOFF_HZ = 8.0, 15.0
"""Low-pass of the angular rate: its skewness needs only the swing, its derivative more."""

LEVER_STRIDES = 3
"""Strides on both sides that share a lever: a sensor stays where it is."""

ARM_BAND_HZ = (0.5, 1.3)
"""Band of the stride frequency, in which an arm swings."""

HANGING_ARM_M = 0.3
"""From the shoulder's effective axis to a watch on a hanging arm (own measurement: 23 of 23)."""

LEAST_LEVER_M, MOST_LEVER_M = 0.03, 0.35
"""Lengths possible on a body; a lever of another length shows nothing."""

LEAST_TURN_RADPS = 0.05
"""Level angular rate (root mean square) below which a gyroscope is dead or stuck: the stillest
strides of real lower backs, belts and chests read 0.10 rad/s (own measurement, 10,000 strides)."""

RIDGE = 1e-3
"""Share of the regressors' power that keeps a lever finite if a segment hardly turns."""

LEAST_POWER_SHARE = 1e-4
"""Added to the share of the power in a harmonic: anything less is noise."""

BLOCK = 1024
"""Strides to resample at a time (20 MB)."""

_TINY = 1e-6


class Pointers(NamedTuple):
    """Pointers of n strides.

    Parameters
    ----------
    vectors : (n, len(POINTERS), 3) array
        Level vectors of the device frame, of length 0 to about 1.
    log_power : (n, 2 · len(HARMONICS)) array
        Log share of the vertical, then of the horizontal power in each harmonic.
    turn_scalars : (n, len(TURN_SCALARS)) array
        What the rotation shows about the body site.
    """

    vectors: FloatArray
    log_power: FloatArray
    turn_scalars: FloatArray


def pointers(
    signal: Signal, start_s: FloatArray, end_s: FloatArray, bout: NDArray[np.intp]
) -> Pointers:
    """Measure the pointers of the strides of one gap-free run.

    Parameters
    ----------
    signal
        The run, with gravity.
    start_s, end_s : (n,) arrays
        Start and end of each stride, in time order.
    bout : (n,) array
        Bout of each stride: neighbours in a bout share a lever.

    Returns
    -------
    Pointers
    """
    assert signal.up is not None
    force = _low_pass(signal.acceleration_mps2, _highest(signal, BANDS_HZ["pointer"][1]))
    strides = _Strides.of(signal, start_s, end_s)
    turning = _Turning.of(signal)
    levers = None if turning is None else _levers(turning, strides, bout)
    vectors = np.zeros((len(start_s), len(POINTERS), 3))
    log_power = np.zeros((len(start_s), 2 * len(HARMONICS)))
    scalars = np.zeros((len(start_s), len(TURN_SCALARS)))
    for first in range(0, len(start_s), BLOCK):
        rows = slice(first, first + BLOCK)
        here = strides.rows(rows)
        window = _at(force, here.around(WIDTH_STRIDES))
        up = _unit((window * _HANN[:, None]).sum(axis=1))
        v_k, h_k = _amplitudes(window, up)
        log_power[rows] = _log_power(v_k, h_k)
        fixed = np.concatenate(_harmonics(v_k, h_k), axis=1)
        vectors[rows, : fixed.shape[1]] = fixed
        if turning is not None and levers is not None:
            with_gyro, scalars[rows] = _with_gyro(turning, here, window, levers.rows(rows))
            vectors[rows, fixed.shape[1] :] = with_gyro
    return Pointers(vectors, log_power, scalars)


class _Strides(NamedTuple):
    """Middle and length of strides, in samples of their run."""

    middle: FloatArray
    length: FloatArray
    last: int

    @classmethod
    def of(cls, signal: Signal, start_s: FloatArray, end_s: FloatArray) -> _Strides:
        middle = (0.5 * (start_s + end_s) - signal.start_s) * ANALYSIS_RATE_HZ
        length = (end_s - start_s) * ANALYSIS_RATE_HZ
        return cls(middle, length, len(signal.acceleration_mps2) - 1)

    def rows(self, rows: slice) -> _Strides:
        return _Strides(self.middle[rows], self.length[rows], self.last)

    def around(self, strides: float) -> FloatArray:
        """(n, SAMPLES) moments of windows of that many strides."""
        return self.middle[:, None] + strides * self.length[:, None] * _PHASE

    def bounds(self) -> NDArray[np.intp]:
        """(n, 2) half-open ranges of samples."""
        begin = np.clip(np.rint(self.middle - 0.5 * self.length), 0, self.last)
        end = np.clip(np.rint(self.middle + 0.5 * self.length), begin + 1, self.last + 1)
        return np.stack([begin, end], axis=1).astype(np.intp)


class _Turning(NamedTuple):
    """Turning of a device, sample by sample.

    Parameters
    ----------
    rate : (n, 3) array
        Angular rate, low-passed.
    up : (n, 3) array
        Vertical, from gyroscope and accelerometer.
    linear : (n, 3) array
        Acceleration without gravity.
    lever_to_force : (n, 3, 3) array
        What a lever adds to the acceleration: ω̇ × r + ω × (ω × r) as a matrix.
    fits : (n,) bool array
        Whether the gyroscope agrees with the accelerometer there.
    highest_hz
        Highest frequency that the recording can show.
    """

    rate: FloatArray
    up: FloatArray
    linear: FloatArray
    lever_to_force: FloatArray
    fits: NDArray[np.bool_]
    highest_hz: float

    @classmethod
    def of(cls, signal: Signal) -> _Turning | None:
        """None without a gyroscope."""
        if signal.angular_rate_radps is None:
            return None
        force = signal.acceleration_mps2
        turned = orientation(signal.angular_rate_radps, ANALYSIS_RATE_HZ)
        up, gravity = level(force, turned, ANALYSIS_RATE_HZ)
        fits = gyro_fits(force, gravity, ANALYSIS_RATE_HZ)
        rate = _low_pass(signal.angular_rate_radps, _highest(signal, LEVER_CUTOFF_HZ))
        return cls(
            _low_pass(signal.angular_rate_radps, _highest(signal, RATE_CUTOFF_HZ)),
            up,
            force - STANDARD_GRAVITY_MPS2 * up,
            lever_to_force(rate, ANALYSIS_RATE_HZ),
            fits,
            _highest(signal, np.inf),
        )


class _Levers(NamedTuple):
    """Levers of n strides.

    Parameters
    ----------
    lever_m : (n, bands, 3) array
        From the axis of the segment to the sensor, in each band.
    share : (n, bands) array
        Share of the acceleration that it explains.
    arm_m : (n, 3) array
        Lever of the swing of an arm.
    """

    lever_m: FloatArray
    share: FloatArray
    arm_m: FloatArray

    def rows(self, rows: slice) -> _Levers:
        return _Levers(self.lever_m[rows], self.share[rows], self.arm_m[rows])


def _with_gyro(
    turning: _Turning, strides: _Strides, window: FloatArray, levers: _Levers
) -> tuple[FloatArray, FloatArray]:
    """(n, k, 3) pointers of the turning segment and (n, len(TURN_SCALARS)) scalars."""
    at = strides.around(WIDTH_STRIDES)
    up = _unit(_at(turning.up, at))
    mean_up = _unit((up * _HANN[:, None]).sum(axis=1))
    v_k, h_k = _amplitudes(_levelled(window, up, mean_up), mean_up)
    in_phase, quadrature = _harmonics(v_k, h_k)
    lean = _lean(v_k, _levelled(_at(turning.rate, at), up, mean_up), mean_up)
    to_force = _at(turning.lever_to_force.reshape(-1, 9), at).reshape(*at.shape, 3, 3)
    without_arm = []
    for lever_m in (levers.arm_m, -HANGING_ARM_M * mean_up):
        rest = window - np.einsum("ntij,nj->nti", to_force, lever_m)
        amplitudes = _amplitudes(_levelled(rest, up, mean_up), mean_up)
        without_arm.append(_harmonics(*amplitudes)[1][:, :2])
    rotation, scalars = _rotation(turning, strides, window, mean_up)
    level_m = (
        levers.lever_m
        - np.einsum("nbi,ni->nb", levers.lever_m, mean_up)[:, :, None] * mean_up[:, None]
    )
    length_m = np.linalg.norm(level_m, axis=2)
    plausible = (length_m > LEAST_LEVER_M) & (length_m < MOST_LEVER_M)
    # The lowest band also contains the sway of the body: alone it may point anywhere.
    plausible[:, 0] &= plausible[:, 1:].any(axis=1)
    strength = np.sqrt(np.clip(levers.share, 0, 1)) * plausible
    vectors = np.concatenate(
        [
            in_phase,
            quadrature,
            lean,
            rotation,
            _unit(level_m) * strength[:, :, None],
            *without_arm,
        ],
        axis=1,
    )
    scalars = np.concatenate([scalars, np.minimum(length_m, 1.0), levers.share], axis=1)
    middle = np.clip(np.rint(strides.middle), 0, strides.last).astype(np.intp)
    log_turn = scalars[:, 0]
    heard = turning.fits[middle] & (log_turn > np.log(LEAST_TURN_RADPS))
    return vectors * heard[:, None, None], scalars * heard[:, None]


_Amplitudes = NDArray[np.complex128]
"""(n, len(HARMONICS)) of values along an axis, or (n, len(HARMONICS), 3) of vectors."""


def _harmonics(v_k: _Amplitudes, h_k: _Amplitudes) -> tuple[FloatArray, FloatArray]:
    """Two times (n, len(HARMONICS), 3): R_k and U_k, over the size of all harmonics together."""
    cross = _coupled(h_k, v_k)
    return cross.real, cross.imag


def _log_power(v_k: _Amplitudes, h_k: _Amplitudes) -> FloatArray:
    """(n, 2 len(HARMONICS)) log share of the vertical and of the level power in each harmonic."""
    power = np.stack([np.abs(v_k) ** 2, (np.abs(h_k) ** 2).sum(axis=2)], axis=1)
    shares = power / (power.sum(axis=2, keepdims=True) + _TINY)
    return np.asarray(np.log(shares + LEAST_POWER_SHARE).reshape(len(v_k), -1))


def _lean(v_k: _Amplitudes, rate: FloatArray, up: FloatArray) -> FloatArray:
    """(n, 1, 3) level angle in quadrature to the vertical force at 1/T, upper end ahead."""
    _, rate_k = _amplitudes(rate, up)
    angle_k = rate_k / (1j * np.array(HARMONICS))[:, None]
    return np.cross(_coupled(angle_k, v_k).imag[:, :1], up[:, None])


def _amplitudes(values: FloatArray, up: FloatArray) -> tuple[_Amplitudes, _Amplitudes]:
    """Amplitudes of (n, t, 3) values along the vertical, and of the level remainder."""
    centred = values - np.einsum("t,nti->ni", _HANN, values)[:, None]
    amplitudes = np.einsum("kt,nti->nki", _FOURIER, centred)
    along = np.einsum("nki,ni->nk", amplitudes, up)
    return along, amplitudes - along[:, :, None] * up[:, None]


def _coupled(level: _Amplitudes, along: _Amplitudes) -> _Amplitudes:
    """(n, k, 3) level amplitudes times conjugate ones, over the size of all harmonics together."""
    size = np.sqrt((np.abs(along) ** 2).sum(axis=1) * (np.abs(level) ** 2).sum(axis=(1, 2)))
    return np.asarray(level * along.conj()[:, :, None] / (size[:, None, None] + _TINY))


def _rotation(
    turning: _Turning, strides: _Strides, window: FloatArray, up: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """(n, 4, 3) S, Q, A and a_p of one stride each, and (n, 3) scalars of its rotation."""
    rate = _at(turning.rate, strides.around(1.0))
    rate -= rate.mean(axis=1, keepdims=True)
    yaw = np.einsum("nti,ni->nt", rate, up)
    level_rate = rate - yaw[:, :, None] * up[:, None]
    power, axes = np.linalg.eigh(np.einsum("nti,ntj->nij", level_rate, level_rate) / SAMPLES)
    main = axes[:, :, -1]
    across = np.cross(main, up)
    about = np.einsum("nti,ni->nt", level_rate, main)
    angle = -np.cumsum(about, axis=1)
    angle -= angle.mean(axis=1, keepdims=True)
    # The middle of the window of two strides is the stride itself.
    push = np.einsum("nti,ni->nt", window[:, SAMPLES // 4 : -SAMPLES // 4], across)
    lean = _quietest_fifth(angle, about) / (angle.std(axis=1) + _TINY)
    strength = np.stack([_skewness(angle), lean, _skewness(about), _skewness(push)], axis=1)
    total = power.sum(axis=1) + _TINY
    looks = [
        0.5 * np.log(total),
        power[:, -1] / total,
        0.5 * np.log((yaw**2).mean(axis=1) / total + _TINY),
    ]
    return np.clip(strength, -2, 2)[:, :, None] * across[:, None], np.stack(looks, axis=1)


def _quietest_fifth(angle: FloatArray, rate: FloatArray) -> FloatArray:
    """(n,) mean angle in the fifth of the stride that turns least."""
    width = SAMPLES // 10
    around = np.concatenate([rate[:, -width:], rate, rate[:, :width]], axis=1)
    size = np.lib.stride_tricks.sliding_window_view(np.abs(around), 2 * width + 1, axis=1)
    unrest = size.mean(axis=2)
    quiet = unrest <= np.quantile(unrest, 0.2, axis=1, keepdims=True)
    return np.asarray((angle * quiet).sum(axis=1) / quiet.sum(axis=1))


def _levers(turning: _Turning, strides: _Strides, bout: NDArray[np.intp]) -> _Levers:
    """Fit levers to each stride and its neighbours in the bout."""
    bounds = strides.bounds()
    here = np.arange(len(bout))
    begin = np.maximum(here - LEVER_STRIDES, np.searchsorted(bout, bout))
    end = np.minimum(here + LEVER_STRIDES + 1, np.searchsorted(bout, bout, side="right"))

    def fit(band_hz: tuple[float, float]) -> tuple[FloatArray, FloatArray]:
        band_hz = (band_hz[0], min(band_hz[1], turning.highest_hz))
        x = _band_pass(turning.lever_to_force.reshape(-1, 9), band_hz).reshape(-1, 3, 3)
        y = _band_pass(turning.linear, band_hz)
        xx, xy, yy = (
            _pooled(_sums(product, bounds), begin, end)
            for product in (
                np.einsum("tki,tkj->tij", x, x),
                np.einsum("tki,tk->ti", x, y),
                np.einsum("tk,tk->t", y, y),
            )
        )
        ridge = (RIDGE * np.einsum("nii->n", xx) + _TINY)[:, None, None] * np.eye(3)
        lever_m = np.linalg.solve(xx + ridge, xy[:, :, None])[:, :, 0]
        explained = 2 * np.einsum("ni,ni->n", lever_m, xy)
        explained -= np.einsum("ni,nij,nj->n", lever_m, xx, lever_m)
        return lever_m, explained / (yy + _TINY)

    fitted = [fit(band_hz) for band_hz in LEVER_BANDS_HZ.values()]
    return _Levers(
        np.stack([lever_m for lever_m, _ in fitted], axis=1),
        np.stack([share for _, share in fitted], axis=1),
        fit(ARM_BAND_HZ)[0],
    )


def _sums(values: FloatArray, bounds: NDArray[np.intp]) -> FloatArray:
    """Sum of the samples in each half-open range."""
    padded = np.concatenate([values, np.zeros_like(values[:1])])
    return np.asarray(np.add.reduceat(padded, bounds.ravel(), axis=0)[::2])


def _pooled(sums: FloatArray, begin: NDArray[np.intp], end: NDArray[np.intp]) -> FloatArray:
    """Sum over neighbouring strides."""
    ranges = np.stack([begin, end], axis=1)
    return _sums(sums, ranges)


def _levelled(force: FloatArray, up: FloatArray, mean_up: FloatArray) -> FloatArray:
    """Turn (n, t, 3) forces by the smallest rotation from each ``up`` to its mean."""
    axis = np.cross(up, mean_up[:, None])
    cosine = np.einsum("nti,ni->nt", up, mean_up)[:, :, None]
    turned = np.cross(axis, force)
    return np.asarray(force + turned + np.cross(axis, turned) / (1 + np.maximum(cosine, -0.9)))


def _at(values: FloatArray, moments: FloatArray) -> FloatArray:
    """Interpolate between samples; beyond the ends, repeat the end values."""
    moments = np.clip(moments, 0, len(values) - 1)
    below = moments.astype(np.intp)
    share = (moments - below)[..., None]
    above = np.minimum(below + 1, len(values) - 1)
    return np.asarray((1 - share) * values[below] + share * values[above])


def _skewness(values: FloatArray) -> FloatArray:
    """(n,) skewness along time."""
    centred = values - values.mean(axis=1, keepdims=True)
    return np.asarray((centred**3).mean(axis=1) / ((centred**2).mean(axis=1) ** 1.5 + _TINY**3))


def _unit(vectors: FloatArray) -> FloatArray:
    return np.asarray(vectors / (np.linalg.norm(vectors, axis=-1, keepdims=True) + 1e-12))


def _low_pass(values: FloatArray, cutoff_hz: float) -> FloatArray:
    return zero_phase(values, cutoff_hz, order=2, rate_hz=ANALYSIS_RATE_HZ, pad_s=1.0)


def _band_pass(values: FloatArray, band_hz: tuple[float, float]) -> FloatArray:
    return zero_phase(values, band_hz, order=2, rate_hz=ANALYSIS_RATE_HZ, pad_s=3 / band_hz[0])


def _highest(signal: Signal, cutoff_hz: float) -> float:
    """Limit a cut-off to what the recording's own rate allows."""
    return min(cutoff_hz, 0.42 * signal.source_rate_hz)


_PHASE = np.linspace(-0.5, 0.5, SAMPLES)
_HANN = np.hanning(SAMPLES + 2)[1:-1]
_HANN /= _HANN.sum()
_FOURIER = _HANN * np.exp(-2j * np.pi * WIDTH_STRIDES * np.array(HARMONICS)[:, None] * _PHASE)
