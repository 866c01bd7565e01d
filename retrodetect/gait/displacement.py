"""Displacement of a foot in each stride, by gyroscope and accelerometer.

A foot stands still once a stride. Between two stances the gyroscope shows how it turned, so the
specific force is known in a frame that does not rotate; less gravity and integrated twice, it is
the way. Velocity left at the second stance is error, and is removed (zero-velocity update: Foxlin
2005, IEEE Comput Graph Appl 25(6):38; the smoother of a random walk).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from retrodetect.recording import STANDARD_GRAVITY_MPS2, FloatArray
from retrodetect.signal import ANALYSIS_RATE_HZ, Signal
from retrodetect.signal.attitude import level, orientation
from retrodetect.signal.numerics import moving_mean

__all__ = ["WAY_COLUMNS", "displacements_m"]

WAY_COLUMNS = ("way_x_m", "way_y_m", "way_z_m")
"""Columns of the way in a table of strides, in the device frame."""

STANCE_TURN_RADPS, STANCE_FORCE_MPS2 = 0.5, 1.0
"""Angular rate, and distance of the specific force from gravity, that count the same against a
stance (the detector of Skog et al. 2010, IEEE Trans Biomed Eng 57:2657)."""

STANCE_S = 0.06
"""Time that filters leave of the stance of a sprint, which lasts 0.12 s."""

MAX_UNREST = 10.0
"""Mean square of both above which there is no stance: walks stay below 1 and sprints below 5
(own measurement on two feet)."""

MAX_DRIFT_MPS = 1.2
"""Median leftover velocity at which the readings do not fit together: it is 0.2 to 0.7 m/s in 26
recordings of two sets at 100 Hz and more, 1.4 and more with half the angular rate, 2.7 and more
without one, and 1.8 and more at 24 Hz, which is too slow for the swing (own measurement)."""

STANCE_SHARES = (-0.15, 0.85)
"""Range of the stance after a contact, as fractions of a stride."""

VIOLENT_MPS2, VIOLENCE = 32.0, 6
"""Specific force at which its own error weighs as much as all others, and the power with which its
variance grows. Ranges end at 16 g: impacts are clipped there, and smeared by filters. Without this,
11 runs with sprints were 4 % too short, 11 of another person 6 % (``uci-sangenis-foot``)."""


def displacements_m(signal: Signal, edges: FloatArray) -> FloatArray:
    """Measure the way from stance to stance of each stride of a foot.

    Parameters
    ----------
    signal
        The run that contains the strides.
    edges : (n, 2) array
        Contacts at the start and end of each stride, in samples of the run.

    Returns
    -------
    (n, 3) array
        Level way in m, in the device frame at the first of the two stances; NaN if no stance is
        visible, or without a gyroscope that fits.
    """
    ways_m = np.full((len(edges), 3), np.nan)
    if signal.angular_rate_radps is None or signal.up is None or not len(edges):
        return ways_m
    force, rate = signal.acceleration_mps2, signal.angular_rate_radps
    departure = np.linalg.norm(force, axis=1) - STANDARD_GRAVITY_MPS2
    unrest = moving_mean(
        np.einsum("ij,ij->i", rate, rate) / STANCE_TURN_RADPS**2
        + (departure / STANCE_FORCE_MPS2) ** 2,
        round(STANCE_S * ANALYSIS_RATE_HZ),
    )
    first, last = _stances(unrest, edges)
    turned = orientation(rate, ANALYSIS_RATE_HZ)
    up, _ = level(force, turned, ANALYSIS_RATE_HZ, weight=1 / (1 + unrest) ** 2)
    seen = (last > first) & (np.maximum(unrest[first], unrest[last]) < MAX_UNREST)
    if not seen.any():
        return ways_m
    first, last = first[seen], last[seen]
    middle = (first + last) // 2
    above = np.einsum("nij,nj->ni", turned[middle], up[middle])
    way, drift_mps = _between(np.einsum("nij,nj->ni", turned, force), first, last, above)
    if np.median(np.linalg.norm(drift_mps, axis=1)) > MAX_DRIFT_MPS:
        return ways_m
    way -= np.einsum("ij,ij->i", way, above)[:, None] * above
    ways_m[seen] = np.einsum("nji,nj->ni", turned[first], way)
    return ways_m


def _stances(unrest: FloatArray, edges: FloatArray) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Stillest samples after the contacts at the start and end of each stride.

    Strides that share a contact share its stance, so that their ways add up.
    """
    length = np.diff(edges, axis=1)[:, 0]
    follows = np.isclose(edges[1:, 0], edges[:-1, 1])
    before, after = length.copy(), length.copy()
    before[1:][follows], after[:-1][follows] = length[:-1][follows], length[1:][follows]
    early, late = STANCE_SHARES

    def stillest(begin: FloatArray, end: FloatArray) -> NDArray[np.intp]:
        bounds = np.clip(np.rint([begin, end]), 0, len(unrest) - 1).astype(np.intp).T
        return np.array([low + unrest[low : high + 1].argmin() for low, high in bounds])

    return (
        stillest(edges[:, 0] + early * before, edges[:, 0] + late * length),
        stillest(edges[:, 1] + early * length, edges[:, 1] + late * after),
    )


def _between(
    force: FloatArray, first: NDArray[np.intp], last: NDArray[np.intp], up: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """(n, 3) way between two stances, in a frame that does not rotate, and leftover velocity.

    That velocity is distributed over the samples by the variance of their errors: the same
    everywhere, plus more along a violent force.
    """
    size = np.linalg.norm(force, axis=1)
    along = force / np.maximum(size, 1e-9)[:, None]
    violence = (size / VIOLENT_MPS2)[:, None, None] ** VIOLENCE
    variance = np.eye(3) + violence * along[:, :, None] * along[:, None, :]
    time_s = (last - first)[:, None] / ANALYSIS_RATE_HZ
    gained, way = _integrals(force, first, last)
    gained -= STANDARD_GRAVITY_MPS2 * time_s * up
    way -= STANDARD_GRAVITY_MPS2 * time_s**2 / 2 * up
    spread, carried = _integrals(variance, first, last)
    error = np.linalg.solve(spread, gained[:, :, None])
    return way - (carried @ error)[:, :, 0], gained


def _integrals(
    values: FloatArray, first: NDArray[np.intp], last: NDArray[np.intp]
) -> tuple[FloatArray, FloatArray]:
    """Single and double integral over time between samples."""
    step_s = 1 / ANALYSIS_RATE_HZ
    once = _cumulated(values) * step_s
    twice = _cumulated(once) * step_s
    time_s = ((last - first) * step_s).reshape(-1, *[1] * (values.ndim - 1))
    return once[last] - once[first], twice[last] - twice[first] - once[first] * time_s


def _cumulated(values: FloatArray) -> FloatArray:
    """Integral from the first sample to each, in steps (trapezoidal rule)."""
    sums = np.zeros_like(values)
    np.cumsum(0.5 * (values[1:] + values[:-1]), axis=0, out=sums[1:])
    return sums
