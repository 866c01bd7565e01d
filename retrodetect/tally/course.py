"""Course: how fast and how high the wearer was, second by second, where the export knows.

From a positioning receiver and a barometer only; acceleration says nothing of either.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from retrodetect.recording import FloatArray, Recording

__all__ = ["Course"]

SEA_LEVEL_HPA, SCALE_M, EXPONENT = 1013.25, 44330.8, 0.190263
"""Height by pressure in the standard atmosphere (ICAO Doc 7488, 1993; troposphere)."""

SURE_OF_BAROMETER_M, SURE_OF_RECEIVER_M = 1.0, 5.0
"""Least climb told from noise and drift: a phone's barometer repeats to about 0.1 hPa (0.8 m)
over minutes (Bosch BMP280 data sheet: 0.12 hPa relative); receivers' heights to a few metres."""

MAX_AGE_S = 5.0
"""Longest time between readings that is bridged."""


@dataclass(frozen=True, slots=True)
class Course:
    """Speed and height over time."""

    time_s: FloatArray  # (n,): middles of seconds that hold samples
    speed_mps: FloatArray  # (n,): over ground; NaN where not known
    height_m: FloatArray  # (n,): above any level; NaN where not known
    # least difference of height that means something; NaN where there is no height
    sure_m: float = np.nan

    @classmethod
    def of(cls, recording: Recording) -> Course:
        """Take the course of a recording from its channels."""
        seconds = _in_seconds(recording)
        barometer = np.isfinite(seconds[:, 2]).any()
        height = seconds[:, 2] if barometer else seconds[:, 3]
        sure_m = SURE_OF_BAROMETER_M if barometer else SURE_OF_RECEIVER_M
        has_height = np.isfinite(height).any()
        return cls(seconds[:, 0], seconds[:, 1], height, sure_m if has_height else np.nan)

    @classmethod
    def joined(cls, parts: Sequence[Course]) -> Course:
        """Put together the courses of consecutive parts."""
        time_s, speed_mps, height_m, sure_m = (
            np.concatenate([np.empty(0), *arrays])
            for arrays in (
                [part.time_s for part in parts],
                [part.speed_mps for part in parts],
                [part.height_m for part in parts],
                [np.full(len(part.time_s), part.sure_m) for part in parts],
            )
        )
        # The surest source alone: a barometer's zero is not a receiver's.
        surest_m = float(np.nanmin(sure_m)) if np.isfinite(sure_m).any() else np.nan
        return cls(time_s, speed_mps, np.where(sure_m == surest_m, height_m, np.nan), surest_m)

    def mean_speed_mps(self, start_s: float, end_s: float) -> float:
        """Mean speed from one time to another; NaN where not known for half of it."""
        inside = (self.time_s >= start_s - 0.5) & (self.time_s <= end_s + 0.5)
        speed_mps = self.speed_mps[inside]
        speed_mps = speed_mps[np.isfinite(speed_mps)]
        enough = len(speed_mps) and len(speed_mps) >= (end_s - start_s) / 2
        return float(speed_mps.mean()) if enough else np.nan

    def climb_m(self, start_s: float, end_s: float) -> float:
        """Difference of height between two times; NaN where either is not known."""
        has_height = np.isfinite(self.height_m)
        if not has_height.any():
            return np.nan
        time_s, height_m = self.time_s[has_height], self.height_m[has_height]
        heights = []
        for at_s in (start_s, end_s):
            near = np.abs(time_s - at_s) <= MAX_AGE_S / 2
            heights.append(float(np.median(height_m[near])) if near.any() else np.nan)
        return heights[1] - heights[0]


def _in_seconds(piece: Recording) -> FloatArray:
    """(n, 4) time, speed, height by barometer and by receiver, each averaged over a second."""
    channels = piece.channels
    if not len(piece.time_s) or not channels.keys() & {"speed_mps", "pressure_hpa", "altitude_m"}:
        return np.empty((0, 4))
    nothing = np.full(len(piece.time_s), np.nan)
    speed = channels.get("speed_mps", nothing)
    pressure = channels.get("pressure_hpa", nothing)
    with np.errstate(invalid="ignore"):
        height = SCALE_M * (1 - (pressure / SEA_LEVEL_HPA) ** EXPONENT)
        # Receivers write negative speeds where they have none.
        speed = np.where(speed >= 0, speed, np.nan)
    second, index = np.unique(np.floor(piece.time_s), return_inverse=True)
    columns = [_means(index, values, len(second))
               for values in (speed, height, channels.get("altitude_m", nothing))]  # fmt: skip
    return np.column_stack([second + 0.5, *columns])


def _means(index: np.ndarray, values: FloatArray, n: int) -> FloatArray:
    """(n,) mean of the known values of each second; NaN without any."""
    finite = np.isfinite(values)
    count = np.bincount(index[finite], minlength=n)
    total = np.bincount(index[finite], values[finite], minlength=n)
    return np.asarray(np.divide(total, count, out=np.full(n, np.nan), where=count > 0))
