"""Agreement: whether a gyroscope and an accelerometer belong to one body, at one time.

Both must agree on three things: gravity, which stands still once the turns are removed; the slow
tilt of a trunk; and shocks, which shake both at the same time.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from retrodetect.recording import STANDARD_GRAVITY_MPS2, FloatArray
from retrodetect.signal.attitude import low_passed
from retrodetect.signal.numerics import zero_phase

__all__ = ["gyro_fits", "gyro_lag_s", "tilt_agreement"]

LEAST_COHERENCE = 0.9
"""Least length of mean gravity in the non-rotating frame, relative to its length in the device
frame. A gyroscope that fits the accelerometer makes gravity stand still, so it is 1 or more; wrong
axes, signs or units smear it."""

TILT_BAND_HZ = (0.1, 0.5)
"""Slower than any stride: there a trunk leans more than it is pushed about."""

LEAST_TILT_RAD = 0.01
"""Least slow tilt, root mean square, worth comparing: less is the rest of faster movements.
Real belts and lower backs lean by 0.012 to 0.06 rad (own measurement, 108 recordings)."""

TILT_RATE_HZ = 5.0
"""Rate that is enough for that band."""

LEAST_SHOCK_S = 10.0
"""In a shorter recording, the few steps may agree at any lag by chance: in 6 % of captured clips of
5 s and more, in 0.3 % of those of 10 s (own measurement)."""

SHOCK_HZ = 8.0
"""Above it are the shocks of steps, which the whole device feels at the same time."""

LONGEST_LAG_S = 1.0
"""Largest lag to try, either way."""

LEAST_SHOCK_MPS2, LEAST_SHOCK_RADPS = 0.2, 0.02
"""Root mean square of the fast part of readings with shocks: real walks at the wrist, the gentlest,
have 0.3 m/s² and 0.05 rad/s (own measurement)."""

LEAST_LIKENESS, MOST_AT_ONCE = 0.5, 0.85
"""A lag counts if shocks agree this much then, and at lag 0 at most this share of it."""


def gyro_fits(
    acceleration_mps2: FloatArray, gravity_mps2: FloatArray, rate_hz: float
) -> NDArray[np.bool_]:
    """Return where a gyroscope agrees with the (n, 3) specific force.

    Takes the (n,) length from :func:`level`. False where the gyroscope smears gravity: wrong unit,
    axes or sign, or no readings.
    """
    unturned = np.linalg.norm(low_passed(acceleration_mps2, rate_hz), axis=1)
    return np.asarray(gravity_mps2 > LEAST_COHERENCE * np.minimum(unturned, STANDARD_GRAVITY_MPS2))


def tilt_agreement(
    acceleration_mps2: FloatArray, angular_rate_radps: FloatArray, rate_hz: float
) -> float:
    """Correlate the slow tilt by gyroscope with the slow tilt by gravity.

    Leaning turns the gyroscope and moves gravity in the device frame alike. A gyroscope with
    reversed level axes smears nothing in a straight walk (:func:`gyro_fits`), but shows the
    opposite tilt. From (n, 3) readings, return the correlation over its standard error: above 0 if
    they agree; below -1 it is seldom without a wrong sign or axis.
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
    gravity = zero_phase(
        force, low_hz, order=2, rate_hz=1 / step_s, pad_s=3 / low_hz, padtype="even"
    )
    up = gravity / (np.linalg.norm(gravity, axis=1, keepdims=True) + 1e-9)
    turned = np.cumsum(np.cross(up, rate), axis=0) * step_s
    # Filters ring at the ends of a recording, which Hann weights leave out.
    ends = np.hanning(count)[:, None]
    moved, tilt = (
        ends * zero_phase(values, TILT_BAND_HZ, order=4, rate_hz=1 / step_s, pad_s=3 / low_hz)
        for values in (force, turned)
    )
    moved -= np.einsum("ni,ni->n", moved, up)[:, None] * up
    moved_power, tilt_power = (moved**2).sum(), (tilt**2).sum()
    if tilt_power < 3 / 8 * count * LEAST_TILT_RAD**2:
        return 0.0
    independent = 2 * (high_hz - low_hz) * count * step_s
    return float((moved * tilt).sum() * np.sqrt(independent / (moved_power * tilt_power)))


def gyro_lag_s(
    acceleration_mps2: FloatArray, angular_rate_radps: FloatArray, rate_hz: float
) -> float:
    """Measure the lag of a gyroscope, from the shocks that both sensors feel.

    From (n, 3) readings; below 0 if it is early, and 0 if the shocks show no lag. At 293 real sites
    the correlation of both sizes is highest within 0.045 s of 0 (own measurement).
    """
    most = round(LONGEST_LAG_S * rate_hz)
    if len(acceleration_mps2) < LEAST_SHOCK_S * rate_hz:
        return 0.0
    felt = _shocks(acceleration_mps2, LEAST_SHOCK_MPS2, rate_hz)
    turned = _shocks(angular_rate_radps, LEAST_SHOCK_RADPS, rate_hz)
    likeness = np.correlate(np.pad(turned, most), felt, "valid")
    likeness /= np.sqrt((felt @ felt) * (turned @ turned)) + 1e-12
    peak = int(likeness.argmax())
    if likeness[peak] < LEAST_LIKENESS or likeness[most] > MOST_AT_ONCE * likeness[peak]:
        return 0.0
    return (peak - most) / rate_hz


def _shocks(values: FloatArray, least: float, rate_hz: float) -> FloatArray:
    """(n,) size of the fast part, without its mean; the hardest few are cut to the next.

    Zero throughout if the root mean square is below ``least``, so that there are no shocks.
    """
    fast = values - zero_phase(values, SHOCK_HZ, order=4, rate_hz=rate_hz, pad_s=1.0)
    power = np.einsum("ni,ni->n", fast, fast)
    size = np.sqrt(np.minimum(power, np.quantile(power, 0.995)))
    return np.asarray((size - size.mean()) * (power.mean() > least**2))
