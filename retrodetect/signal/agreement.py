"""Agreement: whether a gyroscope and an accelerometer belong to one body, at one time.

Both must agree on four things: gravity, which stands still once the turns are removed; shocks,
which shake both at the same time; the slow tilt of a trunk; and the swing of a limb, which tilts it
against gravity and drives it round a joint.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from retrodetect.recording import STANDARD_GRAVITY_MPS2, FloatArray
from retrodetect.signal.attitude import level, lever_to_force, low_passed, orientation
from retrodetect.signal.numerics import zero_phase

__all__ = ["are_of_one_body", "gyro_fits", "gyro_lag_s", "swings_reversed", "tilt_agreement"]

LEAST_COHERENCE = 0.9
"""Least length of mean gravity in the non-rotating frame, relative to its length in the device
frame. A gyroscope that fits the accelerometer makes gravity stand still, so it is 1 or more; wrong
axes, signs or units smear it."""

TILT_BAND_HZ = (0.1, 0.5)
"""Slower than any stride: there a trunk leans more than it is pushed around."""

LEAST_TILT_RAD = 0.01
"""Least slow tilt, root mean square, worth comparing: less is the rest of faster movements.
Real belts and lower backs lean by 0.012 to 0.06 rad (own measurement, 108 recordings)."""

TILT_RATE_HZ = 5.0
"""Sampling rate sufficient for that band."""

LEAST_S = 10.0
"""In a shorter recording, the few steps may agree at any lag by chance: in 6 % of captured clips of
5 s and more, in 0.3 % of those of 10 s (own measurement)."""

SHOCK_RATE_HZ = 40.0
"""Least rate of a recording at which shocks show."""

SHOCK_HZ = 8.0
"""Above it are the shocks of steps, which the whole device feels at the same time."""

LONGEST_LAG_S = 1.0
"""Largest lag to try in either direction."""

LEAST_SHOCK_MPS2, LEAST_SHOCK_RADPS = 0.2, 0.02
"""Root mean square of the fast part of readings with shocks: real walks at the wrist, the gentlest,
have 0.3 m/s² and 0.05 rad/s (own measurement)."""

LEAST_LIKENESS, MOST_AT_ONCE, MOST_SHOCK_LAG_S = 0.5, 0.85, 0.045
"""A lag counts if shocks correlate by at least the first there, by at most the second times that at
lag 0, and if it exceeds the third. At 293 real sites shocks agree best within 0.045 s of 0 in all
but one (own measurement)."""

LEVER_BAND_HZ = (3.0, 18.0)
"""Band in which a device shakes around its joint, faster than it tilts against gravity."""

LEAST_EXPLAINED, MOST_EXPLAINED_AT_ONCE, MOST_LEVER_LAG_S = 0.2, 0.5, 0.03
"""A lag also counts if a lever explains at least the first share of the force there, at most the
second times that at lag 0, if shocks agree better than at lag 0, and if it exceeds the third.
This drops no gyroscope that fits in 382 real runs of 10 s and more (own measurement)."""

RIDGE = 3e-4
"""Share of the power of a turn that keeps a lever finite if it turns about one axis alone."""

SWING_BAND_HZ = (0.3, 2.0)
"""Band of the swing of a limb, around the stride frequency."""

MOST_LEFT, LEAST_TIMES_LEFT = 0.7, 2.0
"""A gyroscope is reversed if gravity and a lever leave at most the first share of the force with
its level axes reversed, and at least the second times that without. Real thighs and pockets leave
0.3 to 0.7 as they are (own measurement)."""

MOST_TRUNK_TURN_RADPS, MOST_THIGH_TURN_RADPS = 1.3, 2.0
"""Level angular rate (root mean square) of the median second. A trunk stays below the first,
walking and mostly running; the swing of a limb drowns its tilt. Lower legs are mostly above the
second: they hang on two joints, and no single lever explains their force."""

LEAST_TILT_AGREEMENT = -1.0
"""Least agreement, in standard errors, of the tilts by gyroscope and by gravity. At 108 real belts
and lower backs it costs no stride its direction; with the gyroscope reversed, 26 % of their strides
are named backward instead of 93 and 76 % (``tests/benchmarks/gyroscope.py``)."""


def are_of_one_body(
    acceleration_mps2: FloatArray,
    up: FloatArray,
    angular_rate_radps: FloatArray,
    rate_hz: float,
    source_rate_hz: float,
) -> bool:
    """Judge whether the gyroscope of a run fits its accelerometer.

    From (n, 3) readings, the (n, 3) slow unit vector against gravity, and the rate of the recording
    before resampling. True too if nothing shows a misfit.
    """
    force, rate = acceleration_mps2, angular_rate_radps
    _, gravity_mps2 = level(force, orientation(rate, rate_hz), rate_hz)
    if not gyro_fits(force, gravity_mps2, rate_hz).any():
        return False
    if source_rate_hz >= SHOCK_RATE_HZ and gyro_lag_s(force, rate, rate_hz):
        return False
    turn_radps = _level_turn_radps(up, rate, rate_hz)
    if turn_radps > MOST_THIGH_TURN_RADPS:
        return True
    is_trunk = turn_radps < MOST_TRUNK_TURN_RADPS
    if is_trunk and tilt_agreement(force, rate, rate_hz) < LEAST_TILT_AGREEMENT:
        return False
    return not swings_reversed(force, up, rate, rate_hz)


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
    """Measure the lag of a gyroscope, from the shaking that both sensors feel.

    From (n, 3) readings; below 0 if it is early, and 0 if no lag shows. A short lag needs two
    witnesses: shocks, which agree in size, and a lever, which turns angular acceleration into
    force. A long one shows by shocks alone.
    """
    reach = round(LONGEST_LAG_S * rate_hz)
    if len(acceleration_mps2) < LEAST_S * rate_hz:
        return 0.0
    felt = _shocks(acceleration_mps2, LEAST_SHOCK_MPS2, rate_hz)
    turned = _shocks(angular_rate_radps, LEAST_SHOCK_RADPS, rate_hz)
    alike = np.correlate(np.pad(turned, reach), felt, "valid")
    alike /= np.sqrt((felt @ felt) * (turned @ turned)) + 1e-12
    explained = _explained(acceleration_mps2, angular_rate_radps, reach, rate_hz)
    both = int((alike.clip(0) * explained).argmax())
    shock = int(alike.argmax())
    if (
        alike[both] > max(LEAST_LIKENESS, alike[reach])
        and explained[both] > LEAST_EXPLAINED
        and explained[reach] < MOST_EXPLAINED_AT_ONCE * explained[both]
        and abs(both - reach) > MOST_LEVER_LAG_S * rate_hz
    ):
        return (both - reach) / rate_hz
    if (
        alike[shock] > LEAST_LIKENESS
        and alike[reach] < MOST_AT_ONCE * alike[shock]
        and abs(shock - reach) > MOST_SHOCK_LAG_S * rate_hz
    ):
        return (shock - reach) / rate_hz
    return 0.0


def _explained(force: FloatArray, rate: FloatArray, reach: int, rate_hz: float) -> FloatArray:
    """(2 reach + 1,) share of the force that a lever explains by angular acceleration at a lag."""
    felt, growth = (
        zero_phase(values, LEVER_BAND_HZ, order=2, rate_hz=rate_hz, pad_s=1.0)
        for values in (force, np.gradient(rate, axis=0) * rate_hz)
    )
    padded = np.pad(growth, ((reach, reach), (0, 0)))
    # (3, 3, lags): each axis of the turn with each of the force.
    products = np.array(
        [[np.correlate(turn, along, "valid") for along in felt.T] for turn in padded.T]
    )
    shown = np.stack([products[i - 2, i - 1] - products[i - 1, i - 2] for i in range(3)])
    power = growth.T @ growth
    power = np.trace(power) * np.eye(3) - power
    ridge = RIDGE * np.trace(power) + 1e-12
    lever = np.linalg.solve(power + ridge * np.eye(3), shown)
    explained = 2 * (lever * shown).sum(axis=0) - np.einsum("il,ij,jl->l", lever, power, lever)
    return np.asarray(explained / ((felt**2).sum() + 1e-12)).clip(0)


def swings_reversed(
    acceleration_mps2: FloatArray, up: FloatArray, angular_rate_radps: FloatArray, rate_hz: float
) -> bool:
    """Return whether a limb swings opposite to its gyroscope.

    From (n, 3) readings and the (n, 3) slow unit vector against gravity. A swing tilts the device
    against gravity and drives it around a joint: with the right sign, both explain the force.
    """
    rate = angular_rate_radps
    if len(rate) < LEAST_S * rate_hz:
        return False
    along = np.einsum("ni,ni->n", rate, up)[:, None] * up
    power = float((_swing(acceleration_mps2, rate_hz) ** 2).sum()) + 1e-12
    as_read, turned = (
        _unexplained(acceleration_mps2, values, rate_hz) / power
        for values in (rate, 2 * along - rate)
    )
    return turned < MOST_LEFT and as_read > LEAST_TIMES_LEFT * turned


def _unexplained(force: FloatArray, rate: FloatArray, rate_hz: float) -> float:
    """Power of the force of a swing that gravity and a lever do not explain."""
    above, _ = level(force, orientation(rate, rate_hz), rate_hz)
    linear = force - STANDARD_GRAVITY_MPS2 * above
    swing = _swing(linear, rate_hz)
    by_lever = _swing(lever_to_force(rate, rate_hz).reshape(-1, 9), rate_hz).reshape(-1, 3)
    power, shown = by_lever.T @ by_lever, by_lever.T @ swing.ravel()
    lever = np.linalg.solve(power + (RIDGE * np.trace(power) + 1e-12) * np.eye(3), shown)
    return float(((swing.ravel() - by_lever @ lever) ** 2).sum())


def _swing(values: FloatArray, rate_hz: float) -> FloatArray:
    """Part of readings in the band of a swing."""
    return zero_phase(values, SWING_BAND_HZ, order=2, rate_hz=rate_hz, pad_s=3 / SWING_BAND_HZ[0])


def _level_turn_radps(up: FloatArray, rate: FloatArray, rate_hz: float) -> float:
    """Level angular rate without shocks, root mean square, in the median second."""
    slow = zero_phase(rate, SHOCK_HZ, order=2, rate_hz=rate_hz, pad_s=1.0)
    level_rate = slow - np.einsum("ni,ni->n", slow, up)[:, None] * up
    power = np.einsum("ni,ni->n", level_rate, level_rate)
    seconds = np.array_split(power, max(round(len(power) / rate_hz), 1))
    return float(np.sqrt(np.median([second.mean() for second in seconds])))


def _shocks(values: FloatArray, threshold: float, rate_hz: float) -> FloatArray:
    """(n,) size of the fast part, without its mean; the strongest 0.5 % are clipped.

    Zero throughout if the root mean square is below the threshold: then there are no shocks.
    """
    fast = values - zero_phase(values, SHOCK_HZ, order=4, rate_hz=rate_hz, pad_s=1.0)
    power = np.einsum("ni,ni->n", fast, fast)
    size = np.sqrt(np.minimum(power, np.quantile(power, 0.995)))
    return np.asarray((size - size.mean()) * (power.mean() > threshold**2))
