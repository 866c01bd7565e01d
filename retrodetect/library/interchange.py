"""Interchange: strides in the columns of other tools, there and back.

BIDS (Gorgolewski et al. 2016, Sci Data 3:160044; ``events.tsv``), mobgap (Mobilise-D, lists of
strides in samples) and scikit-digital-health (gait, one row for each initial contact).
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from retrodetect.errors import UsageError
from retrodetect.recording import FloatArray, Recording

__all__ = ["in_seconds", "nearest", "to_bids_events", "to_mobgap", "to_skdh"]

_DAY_S = 86_400.0


def to_bids_events(strides: pd.DataFrame) -> pd.DataFrame:
    """Return strides as the rows of a BIDS ``events.tsv``.

    ``onset`` and ``duration`` in seconds, ``trial_type`` such as ``walk_backward``, then all other
    columns of the strides.
    """
    events = pd.DataFrame(
        {
            "onset": strides["start_s"],
            "duration": strides["end_s"] - strides["start_s"],
            "trial_type": strides["gait"] + "_" + strides["direction"],
        }
    )
    return events.join(strides.drop(columns=["start_s", "end_s"]))


def to_mobgap(strides: pd.DataFrame, recording: Recording) -> pd.DataFrame:
    """Return strides as a stride list of mobgap, which counts the samples of the recording.

    Indexed by ``wb_id`` and ``s_id``: ``start`` and ``end`` in samples, ``duration_s``,
    ``lr_label`` (missing: one sensor does not tell left from right), then all other columns of the
    strides.
    """
    edges = nearest(recording.time_s, strides[["start_s", "end_s"]].to_numpy(dtype=np.float64))
    own: dict[str, Any] = {
        "start": edges[:, 0],
        "end": edges[:, 1],
        "duration_s": strides["end_s"] - strides["start_s"],
        "lr_label": None,
    }
    table = pd.DataFrame(own, index=strides.index).join(strides)
    return table.rename(columns={"bout": "wb_id", "stride": "s_id"}).set_index(["wb_id", "s_id"])


def to_skdh(strides: pd.DataFrame, recording: Recording) -> pd.DataFrame:
    """Return strides in the columns of scikit-digital-health's gait.

    One row for each: ``Day N`` (the recording begins the first) and ``Bout N`` from 1, ``Bout
    Starts`` and ``IC Timestamp`` in seconds since 1970 (since the first sample if the recording has
    no date), ``Bout Duration``, ``Bout Steps``, ``IC Rel Timestamp``, ``PARAM:stride time``, then
    all other columns of the strides.
    """
    bouts = strides.groupby("bout")
    start_s, end_s = strides["start_s"], strides["end_s"]
    bout_s = bouts["start_s"].transform("min")
    offset_s = 0.0 if recording.start_time is None else recording.start_time.timestamp()
    own = pd.DataFrame(
        {
            "Day N": (start_s // _DAY_S).astype(int) + 1,
            "Bout N": strides["bout"] + 1,
            "Bout Starts": bout_s + offset_s,
            "Bout Duration": bouts["end_s"].transform("max") - bout_s,
            "Bout Steps": 2 * bouts["stride"].transform("size"),
            "IC Timestamp": start_s + offset_s,
            "IC Rel Timestamp": start_s - bout_s,
            "PARAM:stride time": end_s - start_s,
        }
    )
    return own.join(strides.drop(columns=["bout", "start_s", "end_s"]))


def in_seconds(strides: pd.DataFrame, recording: Recording) -> pd.DataFrame:
    """Return strides of any of these tools in order of time, with their times in seconds.

    ``start_s`` and ``end_s`` count from the first sample; all other columns stay. Rows of
    scikit-digital-health without a stride time are left out. UsageError if the columns are others,
    or a stride does not end after it begins.
    """
    columns = set(strides.columns)
    start_s: Any
    end_s: Any
    if {"start_s", "end_s"} <= columns:
        start_s, end_s = strides["start_s"], strides["end_s"]
    elif {"onset", "duration"} <= columns:
        start_s, end_s = strides["onset"], strides["onset"] + strides["duration"]
    elif {"start", "end"} <= columns:
        samples = np.arange(len(recording.time_s))
        start_s, end_s = (
            np.interp(strides[edge], samples, recording.time_s, right=np.nan)
            for edge in ("start", "end")
        )
    elif {"IC Timestamp", "PARAM:stride time"} <= columns:
        strides = strides[strides["PARAM:stride time"].notna()]
        start_s = strides["IC Timestamp"]
        if recording.start_time is not None:
            start_s = start_s - recording.start_time.timestamp()
        end_s = start_s + strides["PARAM:stride time"]
    else:
        raise UsageError(
            "the strides have no columns start_s and end_s",
            remedy="rename the columns with the start and end of each stride, in seconds",
        )
    table = strides.assign(start_s=start_s, end_s=end_s).sort_values("start_s", kind="stable")
    if not (np.isfinite(table["end_s"]) & (table["end_s"] > table["start_s"])).all():
        raise UsageError(
            "a stride doesn't end after it starts, or has no time",
            remedy="drop its row, and check the unit of the times",
        )
    return table.reset_index(drop=True)


def nearest(times_s: FloatArray, at_s: FloatArray) -> NDArray[np.intp]:
    """Return which of at least two times, in order, is nearest to each moment."""
    after = np.clip(np.searchsorted(times_s, at_s), 1, len(times_s) - 1)
    return np.asarray(after - (at_s - times_s[after - 1] < times_s[after] - at_s))
