"""Attitude: where up is at every moment, by gyroscope and accelerometer together.

The gyroscope says how the device turned from sample to sample. Turned back by that, the specific
force is seen from a frame that does not rotate: there gravity stands still, while all else the
device feels averages out within a few strides. So the low-passed force in that frame, turned
forth again, is the vertical in the device frame. It is a complementary filter (Mahony, Hamel &
Pflimlin 2008, IEEE Trans Autom Control 53:1203) without its loop over samples and, since the
low-pass runs forth and back, without its lag.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from retrodetect.recording import STANDARD_GRAVITY_MPS2, FloatArray
from retrodetect.signal.numerics import zero_phase

__all__ = ["TIME_CONSTANT_S", "gyro_fits", "level", "orientation", "tilt_agreement"]

TIME_CONSTANT_S = 4.0
"""How long the gyroscope is trusted alone: several strides, yet short against its drift
(0.01 rad/s over 4 s tilt the vertical by 2°)."""

LEAST_COHERENCE = 0.9
"""Least length of mean gravity in the non-rotating frame, against its length in the device frame.
A gyroscope that fits the accelerometer makes gravity stand still, so it is 1 or more; wrong axes,
signs or units smear it out."""

TILT_BAND_HZ = (0.1, 0.5)
"""Slower than any stride: there a trunk leans more than it is pushed about."""

LEAST_TILT_RAD = 0.01
"""Root mean square of a slow tilt that is worth comparing: less is the rest of faster movements.
Real belts and lower backs lean by 0.012 to 0.06 rad (own measurement, 108 recordings)."""

TILT_RATE_HZ = 5.0
"""Enough to show that band."""

_BLOCK = 256
"""Samples whose rotations are chained in one vectorised loop."""


def orientation(angular_rate_radps: FloatArray, rate_hz: float) -> FloatArray:
    """Chain the rotations of a device from its (n, 3) gyroscope, in the device frame.

    Returns (n, 3, 3) matrices that turn vectors of the device frame at each sample into the frame
    of the first sample.
    """
    count = len(angular_rate_radps)
    turn_rad = np.zeros((-(-count // _BLOCK) * _BLOCK, 3))
    # Trapezoidal rule: the rate between two samples is the mean of both.
    turn_rad[1:count] = 0.5 * (angular_rate_radps[1:] + angular_rate_radps[:-1]) / rate_hz
    turned = _rotations(turn_rad).reshape(-1, _BLOCK, 3, 3)
    for i in range(1, _BLOCK):
        turned[:, i] = turned[:, i - 1] @ turned[:, i]
    for block in range(1, len(turned)):
        turned[block] = turned[block - 1, -1] @ turned[block]
    return turned.reshape(-1, 3, 3)[:count]


def _rotations(turn_rad: FloatArray) -> FloatArray:
    """(n, 3, 3) matrices of (n, 3) turns about an axis (Rodrigues' formula)."""
    angle = np.linalg.norm(turn_rad, axis=1)[:, None, None]
    x, y, z = turn_rad.T
    cross = np.zeros((len(turn_rad), 3, 3))
    cross[:, 2, 1], cross[:, 0, 2], cross[:, 1, 0] = x, y, z
    cross -= cross.swapaxes(1, 2).copy()
    # sin(a) / a and (1 - cos(a)) / a², which are whole where there is no turn.
    of_sine = np.sinc(angle / np.pi)
    of_cosine = 0.5 * np.sinc(0.5 * angle / np.pi) ** 2
    return np.asarray(np.eye(3) + of_sine * cross + of_cosine * (cross @ cross))


def level(
    acceleration_mps2: FloatArray,
    turned: FloatArray,
    rate_hz: float,
    weight: FloatArray | None = None,
) -> tuple[FloatArray, FloatArray]:
    """Find the vertical from the (n, 3) specific force and the matrices of :func:`orientation`.

    The (n,) ``weight`` says how much each reading says of gravity, such as those of a foot at rest;
    by default all say the same. Returns (n, 3) unit vectors against gravity in the device frame,
    and the (n,) length of the slow part of the force: near 9.8 m/s² where the gyroscope fits.
    """
    still = np.einsum("nij,nj->ni", turned, acceleration_mps2)
    slow = (
        _slow(still, rate_hz)
        if weight is None
        else _slow(still * weight[:, None], rate_hz) / _slow(weight, rate_hz)[:, None]
    )
    length = np.linalg.norm(slow, axis=1)
    up = np.einsum("nji,nj->ni", turned, slow) / np.maximum(length, 1e-9)[:, None]
    return up, length


def gyro_fits(
    acceleration_mps2: FloatArray, gravity_mps2: FloatArray, rate_hz: float
) -> NDArray[np.bool_]:
    """Tell where a gyroscope agrees with the (n, 3) specific force.

    With the (n,) length from :func:`level`. False where the gyroscope smears gravity out: wrong
    unit, axes or sign, or no readings.
    """
    unturned = np.linalg.norm(_slow(acceleration_mps2, rate_hz), axis=1)
    return np.asarray(gravity_mps2 > LEAST_COHERENCE * np.minimum(unturned, STANDARD_GRAVITY_MPS2))


def tilt_agreement(
    acceleration_mps2: FloatArray, angular_rate_radps: FloatArray, rate_hz: float
) -> float:
    """Correlate the slow tilt that a gyroscope shows with the one that gravity shows.

    Leaning over turns the gyroscope and moves gravity in the device frame alike. A gyroscope with
    its level axes reversed smears nothing out in a straight walk (:func:`gyro_fits`), but shows the
    tilt the wrong way round. From (n, 3) readings, return the correlation over its standard error:
    above 0 where they agree, and below -1 seldom but by a wrong sign or axis.
    """
    step = max(round(rate_hz / TILT_RATE_HZ), 1)
    count = len(acceleration_mps2) // step
    force, rate = (
        values[: count * step].reshape(count, step, 3).mean(axis=1)
        for values in (acceleration_mps2, angular_rate_radps)
    )
    step_s, (low_hz, high_hz) = step / rate_hz, TILT_BAND_HZ
    if count * step_s < 2 / low_hz:
        return 0.0
    slow = zero_phase(force, low_hz, order=2, rate_hz=1 / step_s, pad_s=3 / low_hz, padtype="even")
    up = slow / (np.linalg.norm(slow, axis=1, keepdims=True) + 1e-9)
    turned = np.cumsum(np.cross(up, rate), axis=0) * step_s
    # Filters swing at the ends of a recording, which Hann's weights leave out.
    moved, tilt = (
        zero_phase(values, TILT_BAND_HZ, order=4, rate_hz=1 / step_s, pad_s=3 / low_hz)
        * np.hanning(count)[:, None]
        for values in (force, turned)
    )
    moved -= np.einsum("ni,ni->n", moved, up)[:, None] * up
    moved_power, tilt_power = (moved**2).sum(), (tilt**2).sum()
    if tilt_power < 3 / 8 * count * LEAST_TILT_RAD**2:
        return 0.0
    independent = 2 * (high_hz - low_hz) * count * step_s
    return float((moved * tilt).sum() * np.sqrt(independent / (moved_power * tilt_power)))


def _slow(values: FloatArray, rate_hz: float) -> FloatArray:
    return zero_phase(
        values, 1 / (2 * np.pi * TIME_CONSTANT_S), order=1, rate_hz=rate_hz,
        pad_s=3 * TIME_CONSTANT_S, padtype="even",
    )  # fmt: skip
