"""Walk or run, stride by stride."""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy.special import expit

from retrodetect.recording import STANDARD_GRAVITY_MPS2, FloatArray
from retrodetect.signal import ANALYSIS_RATE_HZ, Signal

__all__ = ["pace_features", "probability_run"]

FLIGHT_G = 0.35
"""Specific force below which the body falls freely: only running has such moments."""

WEIGHTS = (-11.4, 2.9, 2.0, 24.0)
INTERCEPT = -10.7
"""Logistic regression on :func:`pace_features`, fitted to the walks and runs of waist, pocket,
wrist, arm, thigh, shank and foot in five data sets of 46 people (own measurement). Weights
are few and physical on purpose: a short stride, a large bounce, a flight phase."""

SMOOTH_STRIDES = 5
"""Nobody changes between walking and running for a single stride."""


def pace_features(signal: Signal, moving: FloatArray, strides: pd.DataFrame) -> FloatArray:
    """Return what tells running from walking.

    Parameters
    ----------
    signal
        The run the strides lie in.
    moving : (n, 3) array
        Its band-passed acceleration.
    strides
        Columns ``start_s`` and ``end_s``.

    Returns
    -------
    (strides, 4) array
        Log period (s), log root mean square of the vertical and of the whole acceleration
        (m/s²), share of the stride in free fall.
    """
    at = np.rint((strides[["start_s", "end_s"]].to_numpy() - signal.start_s) * ANALYSIS_RATE_HZ)
    at = np.clip(at, 0, len(moving) - 1).astype(np.intp)
    at[:, 1] = np.maximum(at[:, 1], at[:, 0] + 1)

    def mean(values: FloatArray) -> FloatArray:
        sums = np.add.reduceat(np.append(values, 0.0), at.ravel())[::2]
        return np.asarray(sums / np.diff(at, axis=1)[:, 0])

    whole = np.einsum("ij,ij->i", moving, moving)
    # Without gravity there is no vertical: take an equal share of each axis.
    vertical = whole / 3 if signal.up is None else np.einsum("ij,ij->i", moving, signal.up) ** 2
    force = np.linalg.norm(signal.acceleration_mps2, axis=1)
    falling = (force < FLIGHT_G * STANDARD_GRAVITY_MPS2) & (signal.up is not None)
    period_s = (strides["end_s"] - strides["start_s"]).to_numpy()
    return np.stack(
        [
            np.log(period_s),
            0.5 * np.log(mean(vertical) + 1e-6),
            0.5 * np.log(mean(whole) + 1e-6),
            mean(falling.astype(float)),
        ],
        axis=1,
    )


def probability_run(signal: Signal, moving: FloatArray, strides: pd.DataFrame) -> FloatArray:
    """Return the probability of each of the strides of one bout to be a running one."""
    log_odds = pace_features(signal, moving, strides) @ np.array(WEIGHTS) + INTERCEPT
    width = min(SMOOTH_STRIDES, len(log_odds))
    padded = np.pad(log_odds, (width // 2, (width - 1) // 2), mode="edge")
    return np.asarray(expit(np.convolve(padded, np.ones(width) / width, "valid")))
