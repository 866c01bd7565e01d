"""Counting one session."""

from __future__ import annotations

import numpy as np
import pandas as pd

from retrodetect.tally.share import ErrorRates, doubted_rates, share_interval
from retrodetect.tally.stretches import stretches

__all__ = ["TALLY_FIELDS", "tally_session"]

TALLY_FIELDS = (
    "gait_s", "strides", "forward_strides", "backward_strides", "unknown_strides", "steps",
    "backward_share", "backward_share_low", "backward_share_high", "bouts",
    "longest_backward_bout_s", "cadence_forward_spm", "cadence_backward_spm",
)  # fmt: skip
"""What follows from strides, in the order of ``sessions.csv``."""

STEPS_PER_STRIDE = 2


def tally_session(strides: pd.DataFrame, rates: ErrorRates | None) -> pd.Series[float]:
    """Count the strides of one session; see :func:`retrodetect.tally.tally`.

    Parameters
    ----------
    strides, rates
        As for :func:`retrodetect.tally.tally`.

    Returns
    -------
    Series
        ``TALLY_FIELDS``.
    """
    forward, backward = (strides["direction"] == way for way in ("forward", "backward"))
    labelled = forward | backward
    rates = (
        rates
        or _known_rates(strides)
        or doubted_rates(strides.loc[labelled, "p_backward"].to_numpy(dtype=float))
    )
    low, high = share_interval(int(backward.sum()), int(labelled.sum()), rates)
    bouts = strides.groupby("bout")
    runs = stretches(strides)
    lasting_s = (runs["end_s"] - runs["start_s"])[runs["direction"] == "backward"]
    fields: dict[str, float] = {
        "gait_s": float((bouts["end_s"].max() - bouts["start_s"].min()).sum()),
        "strides": len(strides),
        "forward_strides": int(forward.sum()),
        "backward_strides": int(backward.sum()),
        "unknown_strides": int((~labelled).sum()),
        "steps": STEPS_PER_STRIDE * len(strides),
        "backward_share": float(backward.sum() / labelled.sum()) if labelled.any() else np.nan,
        "backward_share_low": low,
        "backward_share_high": high,
        "bouts": len(bouts),
        "longest_backward_bout_s": float(lasting_s.max()) if len(lasting_s) else 0.0,
        "cadence_forward_spm": _cadence_spm(strides[forward]),
        "cadence_backward_spm": _cadence_spm(strides[backward]),
    }
    return pd.Series({name: fields[name] for name in TALLY_FIELDS}, dtype=object)


def _known_rates(strides: pd.DataFrame) -> ErrorRates | None:
    """Error rates that came along with the labels."""
    found = strides.attrs.get("error_rates")
    return ErrorRates(**found) if found else None


def _cadence_spm(strides: pd.DataFrame) -> float:
    """Steps per minute of walking or running time; NaN without strides."""
    lasting_s = (strides["end_s"] - strides["start_s"]).sum()
    return float(STEPS_PER_STRIDE * len(strides) * 60 / lasting_s) if lasting_s else np.nan
