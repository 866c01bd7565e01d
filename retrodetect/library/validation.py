"""Validation: compare our strides with a reference, on a lab's own recordings."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from retrodetect.errors import UsageError
from retrodetect.library.doors import RecordingLike, label
from retrodetect.library.result import Result, in_seconds, nearest
from retrodetect.recording import FloatArray

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["Validation", "validate"]

TOLERANCE = 0.25
"""Largest distance of a contact from a true one, in strides: half a step, beyond which it is nearer
to the contact of the other foot."""

LIMITS = 1.96
"""Standard deviations to the limits of agreement (Bland & Altman 1986, Lancet 327:307)."""


@dataclass(frozen=True, eq=False)
class Validation:
    """Agreement of the strides found with a reference."""

    # a row for each true stride: ``start_s``, ``end_s``, our ``found_start_s``, ``found_end_s``
    # (NaN if missed), the true ``direction`` if given, our ``found_direction`` (empty if missed)
    strides: pd.DataFrame
    # ``true`` and ``found`` strides, ``sensitivity`` (share of the true strides whose start and end
    # we found) and ``precision`` (share of ours that lie in a true one)
    detection: pd.Series[float]
    # ours less true, in seconds, for ``start``, ``end`` and ``stride_time``:
    # ``n``, ``bias``, ``sd``, limits of agreement ``lower`` and ``upper``, ``mean_absolute``
    timing: pd.DataFrame
    direction: pd.DataFrame | None  # strides by true direction (rows) and ours; None without truth
    result: Result  # what was validated

    def plot(self, *, ax: Axes | None = None) -> Axes:
        """Draw the Bland–Altman plot of the stride times."""
        if ax is None:
            from matplotlib import pyplot as plt

            _, ax = plt.subplots(figsize=(5, 3.5), layout="constrained")
        true_s = self.strides["end_s"] - self.strides["start_s"]
        found_s = self.strides["found_end_s"] - self.strides["found_start_s"]
        ax.plot((true_s + found_s) / 2, 1e3 * (found_s - true_s), ".", color="black", alpha=0.6)
        row: Any = 1e3 * self.timing.loc["stride_time"]
        for name, style in (("bias", "-"), ("lower", "--"), ("upper", "--")):
            ax.axhline(row[name], color="black", linewidth=0.8, linestyle=style)
            ax.text(
                1, row[name], f"{row[name]:.0f} ms", transform=ax.get_yaxis_transform(),
                ha="right", va="bottom", fontsize="small",
            )  # fmt: skip
        ax.set_xlabel("mean stride time (s)")
        ax.set_ylabel("ours − reference (ms)")
        return ax

    def _repr_html_(self) -> str:
        parts = [self.detection.to_frame("detection"), self.timing.round(4), self.direction]
        return "".join(part.to_html() for part in parts if part is not None)


def validate(source: RecordingLike | Result, truth: pd.DataFrame, **hints: Any) -> Validation:
    """Compare the strides of a recording with a reference, such as force plates or mocap.

    Parameters
    ----------
    source
        Path, data frame or recording, or a result.
    truth : DataFrame
        All true strides of the recording, of one foot or both: ``start_s`` and
        ``end_s`` (or the columns of mobgap, scikit-digital-health or BIDS) and, if you have it,
        ``direction`` (``forward``, ``backward``).
    **hints
        As for :func:`retrodetect.label`: ``placement``, ``front``, ``model`` and others.

    Returns
    -------
    Validation
        Tables of ``detection``, ``timing`` and ``direction``, and ``strides`` with a row for each
        true stride.

    Raises
    ------
    UsageError
        If the reference has no strides, or makes no sense.

    Notes
    -----
    A true contact counts as found if a detected one, of either foot, is within a quarter of a
    stride of it. Directions are compared where the middle of a true stride lies in a detected one.
    """
    result = source if isinstance(source, Result) else label(source, **hints)
    true = in_seconds(truth, result.recording)
    if true.empty:
        raise UsageError("the reference has no strides", remedy="check how its rows were selected")
    ours = result.strides
    spans, detected = (table[["start_s", "end_s"]].to_numpy(dtype=float) for table in (true, ours))
    matched = _matched(result.contacts_s, spans)
    at = _containing(detected, spans.mean(axis=1))
    pairs = pd.DataFrame(
        {
            "start_s": spans[:, 0],
            "end_s": spans[:, 1],
            "found_start_s": matched[:, 0],
            "found_end_s": matched[:, 1],
            "found_direction": np.append(ours["direction"].to_numpy(dtype=object), "")[at],
        }
    )
    counts = None
    if "direction" in true:
        pairs["direction"] = true["direction"]
        named = pairs[pairs["found_direction"] != ""]
        counts = pd.crosstab(named["direction"], named["found_direction"])
    in_true = _containing(spans, detected.mean(axis=1)) >= 0
    detection = pd.Series(
        {
            "true": float(len(spans)),
            "found": float(len(detected)),
            "sensitivity": float(np.isfinite(matched[:, 0]).mean()),
            "precision": float(in_true.mean()) if len(detected) else np.nan,
        }
    )
    errors = matched - spans
    errors_s = {"start": errors[:, 0], "end": errors[:, 1], "stride_time": np.diff(errors)[:, 0]}
    timing = pd.DataFrame({name: _agreement(values) for name, values in errors_s.items()}).T
    return Validation(pairs, detection, timing, counts, result)


def _matched(contacts_s: FloatArray, spans: FloatArray) -> FloatArray:
    """(n, 2) our contacts nearest to the start and end of each true stride; NaN if one is far."""
    if len(contacts_s) < 2:
        return np.full_like(spans, np.nan)
    matched = contacts_s[nearest(contacts_s, spans)]
    far = np.abs(matched - spans) > TOLERANCE * np.diff(spans)
    matched[far.any(axis=1)] = np.nan
    return matched


def _containing(spans: FloatArray, moments_s: FloatArray) -> NDArray[np.intp]:
    """Index of the stride that contains each moment; -1 if none does."""
    at = np.searchsorted(spans[:, 0], moments_s, side="right") - 1
    inside = (at >= 0) & (moments_s < np.append(spans[:, 1], -np.inf)[at])
    return np.where(inside, at, -1)


def _agreement(errors_s: FloatArray) -> dict[str, float]:
    """Bias and limits of agreement."""
    errors_s = errors_s[np.isfinite(errors_s)]
    bias = float(errors_s.mean()) if len(errors_s) else np.nan
    sd = float(errors_s.std(ddof=1)) if len(errors_s) > 1 else np.nan
    return {
        "n": float(len(errors_s)),
        "bias": bias,
        "sd": sd,
        "lower": bias - LIMITS * sd,
        "upper": bias + LIMITS * sd,
        "mean_absolute": float(np.abs(errors_s).mean()) if len(errors_s) else np.nan,
    }
