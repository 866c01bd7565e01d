"""Rigid bodies whose attitude is known at every moment, and what a sensor on them reads."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike
from scipy.spatial.transform import Rotation

from retrodetect.recording import STANDARD_GRAVITY_MPS2, FloatArray, Recording
from retrodetect.signal import Signal, prepare

__all__ = ["STRIDE_S", "Angles", "Motion", "angle_deg", "leg", "motion", "pendulum", "tumbling"]

Angles = Callable[[FloatArray], tuple[FloatArray, FloatArray, FloatArray]]
"""Yaw, pitch and roll (rad) at any moment, about z, y and x in this order."""

STRIDE_S = 1.1
"""Length of a stride of :func:`leg`."""

_TICK_S = 1e-4
"""Over which angles and angular rates are differentiated."""


@dataclass(frozen=True, slots=True)
class Motion:
    """A sensor on a rigid body.

    Parameters
    ----------
    time_s : (n,) array
        Of the samples.
    turned : (n, 3, 3) array
        Turns vectors of the device frame into the frame of the room, whose third axis is up.
    rate_radps, force_mps2 : (n, 3) arrays
        What an ideal gyroscope and accelerometer read, device frame.
    """

    time_s: FloatArray
    turned: FloatArray
    rate_radps: FloatArray
    force_mps2: FloatArray

    @property
    def rate_hz(self) -> float:
        """Of the samples."""
        return float(1 / np.diff(self.time_s).mean())

    @property
    def up(self) -> FloatArray:
        """(n, 3) unit vector against gravity, device frame."""
        return np.asarray(self.turned[:, 2])

    def mounted(self, turn: FloatArray) -> Motion:
        """The same with the device turned on the body."""
        return replace(
            self,
            turned=self.turned @ turn.T,
            rate_radps=self.rate_radps @ turn.T,
            force_mps2=self.force_mps2 @ turn.T,
        )

    def recording(self, *, gyroscope: bool = True) -> Recording:
        """What a device writes."""
        return Recording(
            "made", self.time_s, self.force_mps2, self.rate_hz, "made",
            angular_rate_radps=self.rate_radps if gyroscope else None,
        )  # fmt: skip

    def signal(self, *, gyroscope: bool = True) -> Signal:
        """The one run that comes out of the signal stage."""
        (signal,) = prepare(self.recording(gyroscope=gyroscope))
        return signal


def motion(
    angles: Angles,
    *,
    rate_hz: float = 100.0,
    seconds: float = 30.0,
    lever_m: ArrayLike = (0.0, 0.0, 0.0),
    push_mps2: Callable[[FloatArray], FloatArray] | None = None,
) -> Motion:
    """Sample a body that turns by given angles.

    Parameters
    ----------
    lever_m : (3,) array
        From the pivot to the sensor, device frame.
    push_mps2
        Acceleration of the pivot at any moment, (n, 3) in the frame of the room.
    """

    def angular_rate(moments: FloatArray) -> FloatArray:
        _, pitch, roll = angles(moments)
        before, after = np.stack(angles(moments - _TICK_S)), np.stack(angles(moments + _TICK_S))
        d_yaw, d_pitch, d_roll = (after - before) / (2 * _TICK_S)
        return np.stack(
            [
                d_roll - d_yaw * np.sin(pitch),
                d_pitch * np.cos(roll) + d_yaw * np.cos(pitch) * np.sin(roll),
                d_yaw * np.cos(pitch) * np.cos(roll) - d_pitch * np.sin(roll),
            ],
            axis=1,
        )

    time_s = np.arange(int(seconds * rate_hz)) / rate_hz
    yaw_pitch_roll = np.stack(angles(time_s), axis=1)
    turned = Rotation.from_euler("ZYX", yaw_pitch_roll).as_matrix()
    rate = angular_rate(time_s)
    growth = (angular_rate(time_s + _TICK_S) - angular_rate(time_s - _TICK_S)) / (2 * _TICK_S)
    lever = np.broadcast_to(lever_m, rate.shape)
    swing = np.cross(growth, lever) + np.cross(rate, np.cross(rate, lever))
    outer = np.zeros((len(time_s), 3)) if push_mps2 is None else push_mps2(time_s)
    outer = outer + np.array([0.0, 0.0, STANDARD_GRAVITY_MPS2])
    return Motion(time_s, turned, rate, np.einsum("nji,nj->ni", turned, outer) + swing)


def pendulum(
    *,
    swing_deg: float = 25.0,
    frequency_hz: float = 0.9,
    length_m: float = 0.8,
    rate_hz: float = 100.0,
    seconds: float = 30.0,
) -> Motion:
    """A rod that swings about the second axis; the sensor hangs at its end."""

    def angles(t: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
        swing = np.deg2rad(swing_deg) * np.sin(2 * np.pi * frequency_hz * t)
        return 0.3 + 0 * t, swing, 0.1 + 0 * t

    return motion(angles, lever_m=(0.0, 0.0, -length_m), rate_hz=rate_hz, seconds=seconds)


def tumbling(*, rate_hz: float = 100.0, seconds: float = 30.0) -> Motion:
    """A body that rolls over and over while it yaws, and is shaken to and fro."""

    def angles(t: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
        return 0.5 * t + 0.3 * np.sin(3 * t), 0.6 * np.sin(1.7 * t), 0.8 * t + 0.4 * np.sin(5 * t)

    def shaken(t: FloatArray) -> FloatArray:
        return np.stack([3 * np.sin(6 * t), 2 * np.cos(8 * t), 4 * np.sin(11 * t + 1)], axis=1)

    return motion(angles, push_mps2=shaken, rate_hz=rate_hz, seconds=seconds)


def leg(
    *,
    lever_m: ArrayLike = (0.09, 0.03, -0.3),
    turns_s: Sequence[float] = (),
    rate_hz: float = 100.0,
    seconds: float = 30.0,
) -> Motion:
    """A leg that swings from a hip, as in walking along the first axis: uneven in every respect.

    Parameters
    ----------
    lever_m : (3,) array
        From the hip to the sensor.
    turns_s
        When the wearer turns about.
    """

    def angles(t: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
        phase = 2 * np.pi * t / STRIDE_S
        heading = sum((np.pi / 2 * np.tanh(3 * (t - turn_s)) for turn_s in turns_s), 0 * t)
        return (
            heading + 0.05 * np.sin(phase),
            0.4 * np.sin(phase) + 0.12 * np.sin(2 * phase + 0.6) + 0.03 * np.sin(4 * phase + 1),
            0.08 * np.sin(phase + 1) + 0.05 * np.cos(2 * phase) + 0.02 * np.sin(5 * phase),
        )

    def hip(t: FloatArray) -> FloatArray:
        phase = 2 * np.pi * t / STRIDE_S
        ahead = np.sin(2 * phase) + 0.6 * np.cos(phase + 0.3) + 0.3 * np.sin(4 * phase)
        upward = 2.5 * np.cos(2 * phase) + 0.8 * np.cos(4 * phase + 0.5)
        upward += 0.5 * np.cos(phase + 0.2) + 0.3 * np.cos(3 * phase + 1)
        return np.stack([ahead, 0.4 * np.sin(phase), upward], axis=1)

    return motion(angles, rate_hz=rate_hz, seconds=seconds, lever_m=lever_m, push_mps2=hip)


def angle_deg(vectors: FloatArray, others: FloatArray) -> FloatArray:
    """(n,) angle between (n, 3) vectors."""
    cosine = np.einsum("ni,ni->n", vectors, others)
    size = np.linalg.norm(vectors, axis=1) * np.linalg.norm(others, axis=1)
    return np.asarray(np.degrees(np.arccos(np.clip(cosine / size, -1, 1))))
