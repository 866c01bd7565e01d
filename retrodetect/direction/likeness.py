"""Likeness of bouts: people who turn round walk differently.

Where strides do not show the direction of travel, above all at an arm without a gyroscope, bouts
can still be compared. Bouts in the same direction look alike; few in opposite directions do. This
names no direction: it separates an ordinary walk with pauses from a session in both directions.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from retrodetect.features import StrideFeatures
from retrodetect.features.catalogue import RATIOS, SCALARS
from retrodetect.recording import FloatArray

__all__ = ["COMPARED", "MIN_BOUT_STRIDES", "Likeness", "bout_begins", "bout_means", "log_distance"]

COMPARED = tuple(feature.name for feature in (*SCALARS, *RATIOS))
"""Features in which two bouts, or the two halves of a session, are compared."""

MIN_BOUT_STRIDES = 2
"""Fewest strides for a mean."""

LOG_TURN_BOUNDS = (-4.0, 1.25)
"""Bounds on log likelihood ratios: larger ones were wrong on held-out sources. Stairs or another
shoe make bouts in one direction as unlike as any."""

MOST_DIFFERENCE = 4.0
"""Bound on a single feature's difference, in typical differences."""

_LEAST_DISTANCE = 0.01


@dataclass(frozen=True, slots=True)
class Likeness:
    """What the distance between two bouts shows about their directions."""

    scale: FloatArray  # (len(COMPARED),): typical difference between two bouts in one direction
    # log odds that two bouts go in opposite directions, by log distance, for even prior odds
    slope: float
    intercept: float

    @classmethod
    def silent(cls) -> Likeness:
        """Return a likeness that shows nothing, for models without people who went both ways."""
        return cls(np.ones(len(COMPARED)), 0.0, 0.0)

    def log_turn(self, features: StrideFeatures, strides: pd.DataFrame) -> FloatArray:
        """Compare each bout with the previous one: ``bout`` and ``p_run`` of n ordered strides.

        The first stride of a bout holds the log likelihood ratio of a change of direction over no
        change. The others hold 0, as do bouts that are too short or of another pace.
        """
        log_turn = np.zeros(len(strides))
        bout = strides["bout"].to_numpy()
        first = bout_begins(bout)[1:]
        if len(first):
            means, ran = bout_means(features, bout, (strides["p_run"] > 0.5).to_numpy())
            distance = log_distance(np.diff(means, axis=0), self.scale)
            log_odds = np.clip(self.slope * distance + self.intercept, *LOG_TURN_BOUNDS)
            log_turn[first] = np.where(ran[1:] == ran[:-1], np.nan_to_num(log_odds), 0.0)
        return log_turn


def bout_begins(bout: NDArray[np.intp]) -> NDArray[np.intp]:
    """Return the row of the first stride of each bout, from the (n,) bouts of strides in order."""
    return np.flatnonzero(np.diff(bout, prepend=bout[:1] - 1))


def bout_means(
    features: StrideFeatures, bout: NDArray[np.intp], ran: NDArray[np.bool_]
) -> tuple[FloatArray, NDArray[np.bool_]]:
    """Average the compared features over the strides of each bout that have its pace.

    ``bout`` (n,) numbers the bouts in order, and ``ran`` (n,) says which strides were run. Returns
    the (bouts, len(COMPARED)) means, NaN for bouts of fewer than `MIN_BOUT_STRIDES` such strides,
    and (bouts,) whether most strides of a bout were run.
    """
    number = np.cumsum(np.diff(bout, prepend=bout[:1]) != 0)
    bouts = int(number[-1]) + 1 if len(number) else 0
    bout_ran = np.bincount(number, ran, bouts) > 0.5 * np.bincount(number, minlength=bouts)
    used = np.isfinite(features.up[:, 0]) & (ran == bout_ran[number])
    sums = np.zeros((bouts, len(COMPARED)))
    np.add.at(sums, number[used], features.scalars[used])
    count = np.bincount(number[used], minlength=bouts).astype(float)
    count[count < MIN_BOUT_STRIDES] = np.nan
    return sums / count[:, None], bout_ran


def log_distance(difference: FloatArray, scale: FloatArray) -> FloatArray:
    """Return the (n,) log distances of bouts whose means differ by (n, len(COMPARED)).

    ``scale`` is as in `Likeness`.
    """
    parts = np.minimum(np.abs(difference) / scale, MOST_DIFFERENCE)
    return np.asarray(np.log(np.sqrt((parts**2).mean(axis=1)) + _LEAST_DISTANCE))
