"""Movements that are not gait, as an accelerometer feels them, and gait of known steps.

Rough on purpose: each has the one trait that could be taken for steps (a rhythm, a size, an
impact) in a wide range of strengths.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from scipy import signal as sps
from scipy.ndimage import gaussian_filter1d
from scipy.spatial.transform import Rotation

from retrodetect.lab.simulate import handled
from retrodetect.recording import STANDARD_GRAVITY_MPS2, FloatArray, Recording

__all__ = ["NOT_GAIT", "recorded"]

RATE_HZ = 50.0
NOISE_MPS2 = 0.05


def recorded(
    force_mps2: FloatArray, rate_hz: float = RATE_HZ, name: str = "made", start_s: float = 0.0
) -> Recording:
    """Specific force at a steady rate as a recording."""
    return Recording(
        name=name,
        time_s=start_s + np.arange(len(force_mps2)) / rate_hz,
        acceleration_mps2=force_mps2,
        rate_hz=rate_hz,
        format="made",
    )


def _begin(duration_s: float, seed: int) -> tuple[np.random.Generator, FloatArray, FloatArray]:
    """Random generator, times, and gravity plus sensor noise in a random attitude."""
    rng = np.random.default_rng(seed)
    time_s = np.arange(0, duration_s, 1 / RATE_HZ)
    up = rng.normal(size=3)
    force = STANDARD_GRAVITY_MPS2 * up / np.linalg.norm(up)
    return rng, time_s, force + NOISE_MPS2 * rng.normal(size=(len(time_s), 3))


def _wandering(
    rng: np.random.Generator, time_s: FloatArray, mean: float, spread: float, slow_s: float
) -> FloatArray:
    """A quantity that wanders about its mean; ``spread`` is its standard deviation."""
    noise = gaussian_filter1d(rng.normal(size=len(time_s)), slow_s * RATE_HZ)
    return np.asarray(mean + spread * noise / noise.std())


def _direction(rng: np.random.Generator) -> FloatArray:
    way = rng.normal(size=3)
    return np.asarray(way / np.linalg.norm(way))


def at_rest(duration_s: float, seed: int) -> Recording:
    """On a table."""
    return recorded(_begin(duration_s, seed)[2])


def noise(duration_s: float, seed: int) -> Recording:
    """White noise as large as gait."""
    rng, _, force = _begin(duration_s, seed)
    return recorded(force + rng.uniform(1, 8) * rng.normal(size=force.shape))


def shaking(duration_s: float, seed: int) -> Recording:
    """Shaken by hand, 3.5 to 6 times a second."""
    rng, time_s, force = _begin(duration_s, seed)
    rate_hz = _wandering(rng, time_s, rng.uniform(3.5, 6.0), 0.15, 1.0)
    beat = np.sin(2 * np.pi * np.cumsum(rate_hz) / RATE_HZ)
    size = np.abs(_wandering(rng, time_s, rng.uniform(5, 20), 2.0, 1.0))
    return recorded(force + (size * beat)[:, None] * _direction(rng))


def slow_shaking(duration_s: float, seed: int) -> Recording:
    """Moved to and fro by hand at the rate of steps, 1.5 to 3 times a second."""
    rng, time_s, force = _begin(duration_s, seed)
    rate_hz = _wandering(rng, time_s, rng.uniform(1.5, 3.0), 0.1, 1.0)
    turns = 2 * np.pi * np.cumsum(rate_hz) / RATE_HZ
    beat = np.sin(turns) + 0.15 * np.sin(3 * turns)
    size = np.abs(_wandering(rng, time_s, rng.uniform(3, 15), 1.5, 1.0))
    across = 0.2 * size * np.sin(turns + rng.uniform(0, 6))
    return recorded(
        force + (size * beat)[:, None] * _direction(rng) + across[:, None] * _direction(rng)
    )


def tilting(duration_s: float, seed: int) -> Recording:
    """Turned this way and that, so that gravity alone moves along the axes."""
    rng, time_s, force = _begin(duration_s, seed)
    wander = gaussian_filter1d(rng.normal(size=(len(time_s), 3)), 0.4 * RATE_HZ, axis=0)
    turns = Rotation.from_rotvec(rng.uniform(0.4, 1.2) * wander / wander.std())
    return recorded(turns.apply(force))


def rocking(duration_s: float, seed: int) -> Recording:
    """Tilted to and fro about once a second: a rhythm made by gravity alone."""
    rng, time_s, force = _begin(duration_s, seed)
    rate_hz = _wandering(rng, time_s, rng.uniform(0.6, 1.4), 0.05, 2.0)
    angle = np.deg2rad(rng.uniform(10, 40)) * np.sin(2 * np.pi * np.cumsum(rate_hz) / RATE_HZ)
    return recorded(Rotation.from_rotvec(angle[:, None] * _direction(rng)).apply(force))


def driving(duration_s: float, seed: int) -> Recording:
    """In a car: body bounce near 1.5 Hz, wheel hop near 12 Hz, bends, brakes and bumps."""
    rng, time_s, force = _begin(duration_s, seed)
    size = rng.uniform(0.2, 1.2)
    for low_hz, high_hz, share in ((1.1, 1.9, 1.0), (9.0, 14.0, 0.7), (0.02, 0.2, 1.2)):
        band = sps.butter(1, [low_hz, high_hz], "bandpass", fs=RATE_HZ, output="sos")
        shaken = sps.sosfilt(band, rng.normal(size=force.shape), axis=0)
        force = force + size * share * shaken / shaken.std()
    for at_s in rng.uniform(0, duration_s, int(duration_s / 6)):
        since_s = np.maximum(time_s - at_s, 0)
        bump = rng.uniform(1, 5) * np.exp(-since_s / 0.3) * np.sin(2 * np.pi * 1.4 * since_s)
        force = force + bump[:, None] * force[0] / STANDARD_GRAVITY_MPS2
    return recorded(force)


def cycling(duration_s: float, seed: int) -> Recording:
    """In the trouser pocket of a cyclist: the thigh swings with the pedals, the road shakes."""
    rng, time_s, _ = _begin(duration_s, seed)
    rate_hz = _wandering(rng, time_s, rng.uniform(0.9, 1.6), 0.04, 3.0)
    angle = 0.45 + np.deg2rad(rng.uniform(18, 26)) * np.sin(
        2 * np.pi * np.cumsum(rate_hz) / RATE_HZ
    )
    from_hip_m = rng.uniform(0.1, 0.25)
    quick, quicker = np.gradient(angle, time_s), np.gradient(np.gradient(angle, time_s), time_s)
    # Thigh frame: x along the thigh, y across it in the plane of the swing.
    force = np.stack(
        [
            STANDARD_GRAVITY_MPS2 * np.sin(angle) - from_hip_m * quick**2,
            STANDARD_GRAVITY_MPS2 * np.cos(angle) + from_hip_m * quicker,
            np.zeros(len(time_s)),
        ],
        axis=1,
    )
    road = sps.sosfilt(
        sps.butter(1, [3.0, 20.0], "bandpass", fs=RATE_HZ, output="sos"),
        rng.normal(size=force.shape),
        axis=0,
    )
    force += rng.uniform(0.2, 1.5) * road / road.std()
    return recorded(Rotation.random(rng=rng).apply(force))


def tapping(duration_s: float, seed: int) -> Recording:
    """Held and typed on: irregular knocks, slow tilt."""
    rng, time_s, force = _begin(duration_s, seed)
    wander = gaussian_filter1d(rng.normal(size=(len(time_s), 3)), RATE_HZ, axis=0)
    force = Rotation.from_rotvec(0.15 * wander / wander.std()).apply(force)
    way = _direction(rng)
    for at_s in np.cumsum(rng.gamma(2.0, 0.25, int(4 * duration_s))):
        since_s = np.maximum(time_s - at_s, 0)
        knock = rng.uniform(0.5, 3) * np.exp(-since_s / 0.03) * np.sin(2 * np.pi * 12 * since_s)
        force = force + knock[:, None] * way
    return recorded(force)


def phone_handled(duration_s: float, seed: int) -> Recording:
    """Lies on a table, is taken up, turned, shaken and put back."""
    return handled(duration_s, seed=seed)


NOT_GAIT: dict[str, Callable[[float, int], Recording]] = {
    made.__name__: made
    for made in (
        at_rest, noise, shaking, slow_shaking, tilting, rocking, driving, cycling, tapping,
        phone_handled,
    )
}  # fmt: skip
"""Duration (s) and seed to a recording without a step in it."""
