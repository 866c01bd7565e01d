"""Counting one session."""

from __future__ import annotations

import numpy as np
import pandas as pd

from retrodetect.recording import FloatArray
from retrodetect.sites import SITES
from retrodetect.tables import STEPS_PER_STRIDE
from retrodetect.tally.share import ErrorRates, doubted_rates, share_interval
from retrodetect.tally.stretches import (
    cadence_spm,
    either_way,
    mostly_unknown,
    stretches,
)

__all__ = ["SHAPE_FIELDS", "TALLY_FIELDS", "shape", "tally_session"]

TALLY_FIELDS = (
    "gait_s", "strides", "forward_strides", "backward_strides", "unknown_strides", "steps",
    "backward_share", "backward_share_low", "backward_share_high", "bouts",
    "longest_backward_bout_s", "cadence_forward_spm", "cadence_backward_spm",
)  # fmt: skip
"""What follows from strides, in the order of ``sessions.csv``."""

SHAPE_FIELDS = (
    "forward_s", "backward_s", "unknown_s",
    "walk_forward_strides", "walk_backward_strides", "run_forward_strides", "run_backward_strides",
    "walk_backward_share", "run_backward_share",
    "stride_time_cv_forward", "stride_time_cv_backward",
    "step_asymmetry_forward", "step_asymmetry_backward", "repeats", "sideways_strides",
)  # fmt: skip
"""What was done in more detail, in the order of the later columns of ``sessions.csv``."""

MIN_STRIDES_OF_STRETCH = 5
"""Strides from which a stretch says something of variability and symmetry."""


def tally_session(strides: pd.DataFrame, rates: ErrorRates | None) -> pd.Series[float]:
    """Count the strides of one session; see :func:`retrodetect.tally.tally`."""
    rates = rates or _known_rates(strides)
    strides = pd.DataFrame(strides)  # without attrs, of which every selection makes a copy
    forward, backward = (strides["direction"] == way for way in ("forward", "backward"))
    labelled = forward | backward
    rates = rates or doubted_rates(strides.loc[labelled, "p_backward"].to_numpy(dtype=float))
    open_strides = int(either_way(strides).sum())
    marked = strides.get("marked", "")
    certain = labelled & (strides["direction"] == marked)
    low, high = share_interval(
        int(backward.sum()),
        int(labelled.sum()),
        rates,
        open_strides,
        certain=(int((forward & certain).sum()), int((backward & certain).sum())),
    )
    bouts = strides.groupby("bout")
    runs = stretches(strides)
    none_s = np.nan if mostly_unknown(strides) else 0.0
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
        "longest_backward_bout_s": float(lasting_s.max()) if len(lasting_s) else none_s,
        "cadence_forward_spm": cadence_spm(strides[forward]),
        "cadence_backward_spm": cadence_spm(strides[backward]),
    }
    return pd.Series({name: fields[name] for name in TALLY_FIELDS}, dtype=object)


def _known_rates(strides: pd.DataFrame) -> ErrorRates | None:
    """Error rates that came along with the labels."""
    rates = strides.attrs.get("error_rates")
    return ErrorRates(**rates) if rates else None


def shape(
    strides: pd.DataFrame, contacts_s: FloatArray, placement: str, repeats: int
) -> dict[str, float]:
    """Times, gaits, variability and symmetry by direction: ``SHAPE_FIELDS``.

    ``stride_time_cv`` is the coefficient of variation of stride times within stretches;
    ``step_asymmetry`` how much longer the steps of one foot last than those of the other, as a
    share of their mean (0 for symmetry). NaN where there are too few strides; the latter too where
    the placement does not feel both feet alike.
    """
    lasting_s = strides["end_s"] - strides["start_s"]
    fields: dict[str, float] = {
        f"{way}_s": float(lasting_s[strides["direction"] == way].sum())
        for way in ("forward", "backward", "unknown")
    }
    counts = strides.groupby(["gait", "direction"]).size()
    for gait in ("walk", "run"):
        forward, backward = (int(counts.get((gait, way), 0)) for way in ("forward", "backward"))
        fields[f"{gait}_forward_strides"], fields[f"{gait}_backward_strides"] = forward, backward
        labelled = forward + backward
        fields[f"{gait}_backward_share"] = backward / labelled if labelled else np.nan
    site = SITES.get(placement)
    both_alike = site is not None and site.feels_both_feet
    halves_s = _first_steps_s(strides, contacts_s) if both_alike else None
    for way in ("forward", "backward"):
        of_way = strides["direction"] == way
        fields[f"stride_time_cv_{way}"] = _variability(strides[of_way])
        fields[f"step_asymmetry_{way}"] = (
            np.nan if halves_s is None else _asymmetry(strides[of_way], halves_s[of_way])
        )
    fields["repeats"] = repeats
    fields["sideways_strides"] = int((strides["reason"] == "sideways").sum())
    return {name: fields[name] for name in SHAPE_FIELDS}


def _first_steps_s(strides: pd.DataFrame, contacts_s: FloatArray) -> FloatArray:
    """(n,) time from each stride's start to the other foot's contact; NaN without just one."""
    start_s, end_s = strides["start_s"].to_numpy(), strides["end_s"].to_numpy()
    slack_s = 0.1 * (end_s - start_s)
    first = np.searchsorted(contacts_s, start_s + slack_s)
    has_one = np.searchsorted(contacts_s, end_s - slack_s) - first == 1
    inside = np.append(contacts_s, np.nan)[np.minimum(first, len(contacts_s))]
    return np.where(has_one, inside - start_s, np.nan)


def _variability(strides: pd.DataFrame) -> float:
    """Coefficient of variation of stride times, within bouts."""
    times_s = (strides["end_s"] - strides["start_s"]).groupby([strides["bout"], strides["gait"]])
    spread = times_s.agg(["size", "mean", "std"])
    spread = spread[spread["size"] >= MIN_STRIDES_OF_STRETCH]
    if spread.empty:
        return np.nan
    return float(np.average(spread["std"] / spread["mean"], weights=spread["size"]))


def _asymmetry(strides: pd.DataFrame, first_s: FloatArray) -> float:
    """Difference of the two steps over their mean, within unbroken rows of strides."""
    seen = np.isfinite(first_s)
    part = strides[seen]
    lasting_s = (part["end_s"] - part["start_s"]).to_numpy()
    # Which foot begins is known within an unbroken row of strides only.
    broken = (part["start_s"] - part["end_s"].shift()).abs().to_numpy() > 0.1 * lasting_s
    difference = pd.Series((2 * first_s[seen] - lasting_s) / (lasting_s / 2))
    rows = difference.groupby(np.cumsum(broken)).agg(["size", "mean"])
    rows = rows[rows["size"] >= MIN_STRIDES_OF_STRETCH]
    return float(np.average(rows["mean"].abs(), weights=rows["size"])) if len(rows) else np.nan
