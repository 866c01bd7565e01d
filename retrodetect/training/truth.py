"""Which labelled interval a stride belongs to."""

from __future__ import annotations

import numpy as np
import pandas as pd

__all__ = ["truth_of_strides"]

MIN_OVERLAP = 0.7
"""Least share of a stride that must lie in one labelled interval for its truth to be sure."""


def truth_of_strides(strides: pd.DataFrame, intervals: pd.DataFrame) -> pd.DataFrame:
    """Give each stride the direction and gait of the interval that covers most of it.

    Parameters
    ----------
    strides
        ``start_s``, ``end_s`` and ``gait``, as found.
    intervals
        ``start_s``, ``end_s``, ``direction``, ``gait`` (empty: as found) and, if some are
        doubtful, ``confident``.

    Returns
    -------
    DataFrame
        ``truth`` and ``true_gait``, indexed as ``strides``; empty strings where unsure.
    """
    begin, end = strides["start_s"].to_numpy(), strides["end_s"].to_numpy()
    unsure = pd.DataFrame({"truth": "", "true_gait": ""}, index=strides.index)
    if strides.empty or intervals.empty:
        return unsure
    shared = np.minimum(end[:, None], intervals["end_s"].to_numpy()) - np.maximum(
        begin[:, None], intervals["start_s"].to_numpy()
    )
    best = shared.argmax(axis=1)
    sure = shared[np.arange(len(best)), best] >= MIN_OVERLAP * (end - begin)
    if "confident" in intervals:
        sure &= intervals["confident"].to_numpy(dtype=bool)[best]
    gait = intervals["gait"].to_numpy(dtype=object)[best]
    truth = pd.DataFrame(
        {
            "truth": intervals["direction"].to_numpy(dtype=object)[best],
            "true_gait": np.where(gait == "", strides["gait"].to_numpy(dtype=object), gait),
        },
        index=strides.index,
    )
    truth.loc[~sure] = ""
    return truth
