"""Walk or run, stride by stride."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from retrodetect.gait.movement import Movement
from retrodetect.recording import STANDARD_GRAVITY_MPS2, FloatArray
from retrodetect.signal import ANALYSIS_RATE_HZ
from retrodetect.signal.numerics import expit

__all__ = ["pace_features", "probability_run"]

FLIGHT_G = 0.35
"""Specific force below which the body falls freely: only running has such moments."""

STILL_G = 0.15
"""Largest departure of the specific force from gravity while a foot stands still."""

WEIGHTS = (-11.4, 2.9, 2.0, 24.0, 0.0)
INTERCEPT = -10.7
"""Logistic regression on :func:`pace_features`, fitted to the walks and runs of waist, pocket,
wrist, arm, thigh, shank and foot in five data sets of 46 people (own measurement). Weights
are few and physical on purpose: a short stride, a large bounce, a flight phase."""

ONE_FOOT_WEIGHTS = (-3.0, 0.0, 5.6, 0.0, -35.0)
ONE_FOOT_INTERCEPT = -4.0
"""The same for a sensor that feels one foot: it falls freely in every swing, so the time it stands
still decides instead. Fitted to feet and ankles of six data sets, with the same weight for each set
and pace (own measurement), then doubled: without that, 39 and 81 % of the runs of two real feet are
taken for the walks beside them; with it, 27 and 13 %."""

SMOOTH_STRIDES = 5
"""Nobody changes between walking and running for a single stride."""


def pace_features(movement: Movement, edges: FloatArray) -> FloatArray:
    """Return features that separate running from walking.

    For (n, 2) first and last moments of strides, in samples of the run: (n, 5) log period (s), log
    root mean square of the vertical and of the whole acceleration (m/s²), share of the stride in
    free fall, and share at rest.
    """
    moving = movement.moving
    at = np.clip(np.rint(edges), 0, len(moving) - 1).astype(np.intp)
    at[:, 1] = np.maximum(at[:, 1], at[:, 0] + 1)

    def mean(values: FloatArray) -> FloatArray:
        sums = np.add.reduceat(np.append(values, 0.0), at.ravel())[::2]
        return np.asarray(sums / np.diff(at, axis=1)[:, 0])

    whole = np.einsum("ij,ij->i", moving, moving)
    # Without gravity there is no vertical: take an equal share of each axis.
    vertical = whole / 3 if movement.vertical is None else movement.vertical**2
    falling = (movement.force < FLIGHT_G * STANDARD_GRAVITY_MPS2) & (movement.vertical is not None)
    period_s = np.diff(edges, axis=1)[:, 0] / ANALYSIS_RATE_HZ
    return np.stack(
        [
            np.log(period_s),
            0.5 * np.log(mean(vertical) + 1e-6),
            0.5 * np.log(mean(whole) + 1e-6),
            mean(falling.astype(float)),
            mean((movement.activity < STILL_G * STANDARD_GRAVITY_MPS2).astype(float)),
        ],
        axis=1,
    )


def probability_run(
    movement: Movement, edges: FloatArray, bout: NDArray[np.intp], one_foot: NDArray[np.bool_]
) -> FloatArray:
    """Return the probability that each stride is a running one, smoothed within its bout.

    Strides have (n, 2) ``edges`` in samples of the run and belong to a bout; ``one_foot`` states
    whether the sensor feels only the contacts of one foot in them.
    """
    features = pace_features(movement, edges)
    log_odds = np.where(
        one_foot,
        features @ np.array(ONE_FOOT_WEIGHTS) + ONE_FOOT_INTERCEPT,
        features @ np.array(WEIGHTS) + INTERCEPT,
    )
    sums = np.concatenate([[0.0], np.cumsum(log_odds)])
    here = np.arange(len(log_odds))
    begin = np.maximum(here - SMOOTH_STRIDES // 2, np.searchsorted(bout, bout))
    end = np.minimum(here + SMOOTH_STRIDES // 2 + 1, np.searchsorted(bout, bout, side="right"))
    return np.asarray(expit((sums[end] - sums[begin]) / (end - begin)))
