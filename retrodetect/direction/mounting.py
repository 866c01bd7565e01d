"""One wearer's strides in the frame of a device that is mounted the same way every time.

If a device sits as it did in labelled recordings, nothing has to point to the front: strides in
each direction look as they did then, axis by axis.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from retrodetect.features import StrideFeatures
from retrodetect.features.catalogue import VECTORS
from retrodetect.recording import FloatArray

__all__ = ["MOST_ASKEW_RAD", "REMEMBERED", "Mounting", "mean_up", "remembered"]

REMEMBERED = np.array(
    [feature.band == "low" or feature.name.endswith("_fixed") for feature in VECTORS]
)
"""(len(VECTORS),) vectors to compare: those that an accelerometer shows best."""

MOST_ASKEW_RAD = np.deg2rad(30)
"""Largest tilt against the labelled recordings at which a mounting is the same. A pouch sits
askew by half of it at most; most devices that were placed anew are off by 90° or 180°."""

MOST_LOG_ODDS = 2.0
"""Bound for a single stride: neighbours are alike, even where they mislead."""


@dataclass(frozen=True, slots=True, eq=False)
class Mounting:
    """Differences between backward and forward strides, axis by axis."""

    up: FloatArray  # (3,): unit vector, the vertical in the device frame
    # (REMEMBERED.sum(), 3): log odds of backward for a vector that is longer by 1 along an axis of
    # the device
    weights: FloatArray
    intercept: float  # log odds of backward for a stride whose vectors are all zero

    def askew_rad(self, features: StrideFeatures) -> float:
        """Angle between the vertical of n strides and that of the labelled ones; NaN for none."""
        return float(np.arccos(np.clip(mean_up(features) @ self.up, -1.0, 1.0)))

    def fits(self, features: StrideFeatures) -> bool:
        """Whether strides have the tilt of the labelled ones, within `MOST_ASKEW_RAD`."""
        return bool(self.askew_rad(features) <= MOST_ASKEW_RAD)

    def log_odds(self, features: StrideFeatures) -> FloatArray:
        """Return the (n,) log odds of backward of walked strides, zero if the device sits askew.

        Vectors are first tilted so that their vertical matches that of the labelled strides.
        """
        if not self.fits(features):
            return np.zeros(len(features))
        vectors = remembered(features) @ _tilt(mean_up(features), self.up).T
        odds = np.einsum("nki,ki->n", vectors, self.weights) + self.intercept
        return np.asarray(np.clip(odds, -MOST_LOG_ODDS, MOST_LOG_ODDS))

    def stored(self) -> dict[str, Any]:
        """Return the numbers by name, fit for JSON."""
        names = [feature.name for feature, used in zip(VECTORS, REMEMBERED, strict=True) if used]
        return {
            "up": self.up.tolist(),
            "intercept": self.intercept,
            "weights": dict(zip(names, self.weights.tolist(), strict=True)),
        }

    @classmethod
    def from_stored(cls, stored: dict[str, Any]) -> Mounting:
        """Rebuild a mounting from :meth:`stored`; ValueError if the sizes do not match."""
        weights = [
            stored["weights"][feature.name]
            for feature, used in zip(VECTORS, REMEMBERED, strict=True)
            if used
        ]
        up = np.array(stored["up"], dtype=float).reshape(3)
        of_vectors = np.array(weights, dtype=float).reshape(REMEMBERED.sum(), 3)
        return cls(up, of_vectors, float(stored["intercept"]))


def remembered(features: StrideFeatures) -> FloatArray:
    """(n, REMEMBERED.sum(), 3) vectors to compare; zero for strides without them."""
    return np.nan_to_num(features.vectors[:, REMEMBERED].astype(np.float64))


def mean_up(features: StrideFeatures) -> FloatArray:
    """(3,) mean vertical of n strides, a unit vector; NaN if none has a vertical."""
    up = features.up[np.isfinite(features.up[:, 0])].sum(axis=0)
    length = np.linalg.norm(up)
    return np.asarray(up / length if length > 0 else np.full(3, np.nan))


def _tilt(start: FloatArray, end: FloatArray) -> FloatArray:
    """(3, 3) smallest rotation between two unit vectors that are not opposite."""
    x, y, z = np.cross(start, end)
    cross = np.array([[0.0, -z, y], [z, 0.0, -x], [-y, x, 0.0]])
    return np.asarray(np.eye(3) + cross + cross @ cross / (1 + start @ end))
