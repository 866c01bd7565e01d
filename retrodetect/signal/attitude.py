"""Attitude: the vertical at every moment, from gyroscope and accelerometer together.

The gyroscope measures how the device turned from sample to sample. Turned back by that, the
specific force is seen in a frame that does not rotate: there gravity stands still, and everything
else averages out within a few strides. So the low-passed force in that frame, turned forward again,
is the vertical in the device frame. This is a complementary filter (Mahony, Hamel & Pflimlin 2008,
IEEE Trans Autom Control 53:1203) without its loop over samples and, since the low-pass runs forward
and backward, without its lag.
"""

from __future__ import annotations

import numpy as np

from retrodetect.recording import FloatArray
from retrodetect.signal.numerics import zero_phase

__all__ = [
    "TIME_CONSTANT_S", "cross_matrix", "level", "lever_to_force", "low_passed", "orientation",
]  # fmt: skip

TIME_CONSTANT_S = 4.0
"""Time for which the gyroscope is trusted alone: several strides, yet short against its drift
(0.01 rad/s over 4 s tilt the vertical by 2°)."""

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
    cross = cross_matrix(turn_rad)
    # sin(a) / a and (1 - cos(a)) / a², in a form that holds without a turn.
    of_sine = np.sinc(angle / np.pi)
    of_cosine = 0.5 * np.sinc(0.5 * angle / np.pi) ** 2
    return np.asarray(np.eye(3) + of_sine * cross + of_cosine * (cross @ cross))


def cross_matrix(vectors: FloatArray) -> FloatArray:
    """Return (n, 3, 3) matrices that take the cross product with (n, 3) vectors."""
    x, y, z = vectors.T
    cross = np.zeros((len(vectors), 3, 3))
    cross[:, 2, 1], cross[:, 0, 2], cross[:, 1, 0] = x, y, z
    return np.asarray(cross - cross.swapaxes(1, 2))


def lever_to_force(angular_rate_radps: FloatArray, rate_hz: float) -> FloatArray:
    """Return (n, 3, 3) matrices: what a lever r adds to the force, ω̇ × r + ω × (ω × r)."""
    cross = cross_matrix(angular_rate_radps)
    growth = np.gradient(angular_rate_radps, axis=0) * rate_hz
    return np.asarray(cross_matrix(growth) + cross @ cross)


def level(
    acceleration_mps2: FloatArray,
    turned: FloatArray,
    rate_hz: float,
    weight: FloatArray | None = None,
) -> tuple[FloatArray, FloatArray]:
    """Find the vertical from the (n, 3) specific force and the matrices of :func:`orientation`.

    The (n,) ``weight`` is how well each reading shows gravity, such as those of a foot at rest; by
    default all weigh the same. Returns (n, 3) unit vectors against gravity in the device frame, and
    the (n,) length of the slow part of the force: near 9.8 m/s² if the gyroscope fits.
    """
    still = np.einsum("nij,nj->ni", turned, acceleration_mps2)
    slow = (
        low_passed(still, rate_hz)
        if weight is None
        else low_passed(still * weight[:, None], rate_hz) / low_passed(weight, rate_hz)[:, None]
    )
    length = np.linalg.norm(slow, axis=1)
    up = np.einsum("nji,nj->ni", turned, slow) / np.maximum(length, 1e-9)[:, None]
    return up, length


def low_passed(values: FloatArray, rate_hz: float) -> FloatArray:
    """Low-pass (n, k) values to the band of gravity in a frame that does not rotate."""
    return zero_phase(
        values, 1 / (2 * np.pi * TIME_CONSTANT_S), order=1, rate_hz=rate_hz,
        pad_s=3 * TIME_CONSTANT_S, padtype="even",
    )  # fmt: skip
