"""Stretches: unbroken runs of strides in one direction."""

from __future__ import annotations

import numpy as np
import pandas as pd

from retrodetect.tables import MAX_PAUSE_S, STEPS_PER_STRIDE

__all__ = [
    "cadence_spm",
    "either_way",
    "mostly_unknown",
    "stretches",
]


def stretches(
    strides: pd.DataFrame, *, unknown: bool = False, by_gait: bool = False
) -> pd.DataFrame:
    """List the unbroken runs of forward or backward strides, on request those of unknown ones too.

    One row each, in order of time: ``bout``, ``direction``, ``start_s``, ``end_s``, ``strides`` (of
    that direction), ``gait`` (of most of them), ``cadence_spm``. A stretch ends with its bout, at a
    stride in the other direction (or gait, if ``by_gait``), or where no stride of its direction
    follows within ``MAX_PAUSE_S``.
    """
    state = ["bout", "direction", *(["gait"] if by_gait else [])]
    labelled = _runs(strides[strides["direction"] != "unknown"], state)
    if not unknown:
        return labelled
    middle_s = (strides["start_s"] + strides["end_s"]) / 2
    at = np.searchsorted(labelled["start_s"], middle_s, side="right") - 1
    ends_s = np.append(labelled["end_s"].to_numpy(), -np.inf)  # index -1: before the first
    between = (strides["direction"] == "unknown") & (middle_s.to_numpy() > ends_s[at])
    # What lies between two stretches of one direction is two runs, one on either side.
    runs = _runs(strides[between].assign(after=at[between]), [*state, "after"])
    return pd.concat([table for table in (labelled, runs) if len(table)] or [labelled]).sort_values(
        "start_s", kind="stable", ignore_index=True
    )


def cadence_spm(strides: pd.DataFrame) -> float:
    """Steps per minute of walking or running time; NaN without strides."""
    lasting_s = (strides["end_s"] - strides["start_s"]).sum()
    return float(STEPS_PER_STRIDE * len(strides) * 60 / lasting_s) if lasting_s else np.nan


def either_way(strides: pd.DataFrame) -> pd.Series[bool]:
    """Strides that may have gone forward or backward: unknown ones, but not those sideways."""
    return (strides["direction"] == "unknown") & (strides["reason"] != "sideways")


def mostly_unknown(strides: pd.DataFrame) -> bool:
    """Tell whether more strides may have gone either way than have a direction.

    That a direction was not found says nothing then.
    """
    return bool(either_way(strides).sum() > (strides["direction"] != "unknown").sum())


def _runs(strides: pd.DataFrame, state: list[str]) -> pd.DataFrame:
    """Runs of strides that agree in some columns, without a long pause."""
    start_s, end_s = (strides[name].to_numpy(dtype=float) for name in ("start_s", "end_s"))
    new = np.append(np.inf, start_s[1:] - end_s[:-1])[: len(strides)] > MAX_PAUSE_S
    for name in state:
        values = strides[name].to_numpy()
        new[1:] |= values[1:] != values[:-1]
    first = np.flatnonzero(new)
    count = np.diff(first, append=len(strides))
    running = np.add.reduceat((strides["gait"] == "run").to_numpy(dtype=float), first)
    return pd.DataFrame(
        {
            "bout": strides["bout"].to_numpy()[first],
            "direction": strides["direction"].array[first],
            "start_s": start_s[first],
            "end_s": end_s[first + count - 1],
            "strides": count,
            "gait": np.where(running > 0.5 * count, "run", "walk"),
            "cadence_spm": STEPS_PER_STRIDE * 60 * count / np.add.reduceat(end_s - start_s, first),
        }
    )
