"""Stretches: unbroken runs of strides in one direction."""

from __future__ import annotations

import numpy as np
import pandas as pd

__all__ = ["MAX_PAUSE_S", "stretches"]

MAX_PAUSE_S = 3.0
"""Longest time without a stride of its direction that a stretch bridges: the pause that ends
a gait bout (SCIENCE, 1). So a few unknown strides do not cut a backward stretch in two."""


def stretches(strides: pd.DataFrame) -> pd.DataFrame:
    """List the unbroken runs of forward or backward strides.

    Parameters
    ----------
    strides : DataFrame
        Columns ``bout``, ``start_s``, ``end_s``, ``direction``, in order of time.

    Returns
    -------
    DataFrame
        One row per stretch: ``bout``, ``direction`` (forward or backward), ``start_s``,
        ``end_s``, ``strides`` (labelled ones). A stretch ends with its bout, at a stride in the
        other direction, or where no stride of its direction follows within ``MAX_PAUSE_S``.
    """
    known = strides.loc[
        strides["direction"] != "unknown", ["bout", "direction", "start_s", "end_s"]
    ]
    new = (
        (known["bout"] != known["bout"].shift())
        | (known["direction"] != known["direction"].shift())
        | (known["start_s"] - known["end_s"].shift() > MAX_PAUSE_S)
    )
    return (
        known.groupby(np.cumsum(new.to_numpy()), sort=True)
        .agg(
            bout=("bout", "first"),
            direction=("direction", "first"),
            start_s=("start_s", "first"),
            end_s=("end_s", "last"),
            strides=("direction", "size"),
        )
        .reset_index(drop=True)
    )
