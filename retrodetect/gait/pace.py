"""Walk or run, stride by stride."""

from __future__ import annotations

import numpy as np
import pandas as pd

from retrodetect.recording import STANDARD_GRAVITY_MPS2, FloatArray
from retrodetect.signal import ANALYSIS_RATE_HZ, Signal

__all__ = ["pace_features", "probability_run"]


def pace_features(signal: Signal, moving: FloatArray, strides: pd.DataFrame) -> FloatArray:
    at = np.rint((strides[["start_s", "end_s"]].to_numpy() - signal.start_s) * ANALYSIS_RATE_HZ)
    at = np.clip(at, 0, len(moving) - 1).astype(np.intp)
    at[:, 1] = np.maximum(at[:, 1], at[:, 0] + 1)
    vertical = signal.vertical_mps2
    total = np.linalg.norm(signal.acceleration_mps2, axis=1)

    def mean(x):
        return np.add.reduceat(np.append(x, 0.0), at.ravel())[::2] / np.diff(at, axis=1)[:, 0]

    v2 = mean(np.einsum("ij,ij->i", moving, signal.up) ** 2)
    size2 = mean((moving**2).sum(axis=1))
    low = mean(total < 0.35 * STANDARD_GRAVITY_MPS2)
    p = strides["end_s"].to_numpy() - strides["start_s"].to_numpy()
    return np.stack([np.log(p), np.log(v2) / 2, np.log(size2) / 2, low], axis=1)


def probability_run(signal: Signal, moving: FloatArray, strides: pd.DataFrame) -> FloatArray:
    p = pace_features(signal, moving, strides)
    return 1 / (1 + np.exp(-(4 * (p[:, 2] - np.log(7)) - 8 * (p[:, 0] - np.log(0.9)))))
