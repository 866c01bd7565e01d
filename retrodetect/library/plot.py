"""One figure of a labelled recording, on axes of your own."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from retrodetect.errors import UsageError
from retrodetect.recording import STANDARD_GRAVITY_MPS2, FloatArray, Recording

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["draw"]


def draw(
    recording: Recording,
    strides: pd.DataFrame,
    contacts_s: FloatArray,
    *,
    start_s: float | None,
    end_s: float | None,
    ax: Axes | None,
) -> Axes:
    """Draw signal, contacts and directions; see :meth:`retrodetect.library.result.Result.plot`."""
    try:
        from matplotlib import pyplot as plt

        from retrodetect.report.figure import COLOURS, LANES
    except ImportError as error:
        raise UsageError(
            f"a plot needs {error.name}", remedy="run pip install 'retrodetect[report]'"
        ) from error
    begin_s, stop_s = start_s or 0.0, recording.duration_s if end_s is None else end_s
    begin, stop = np.searchsorted(recording.time_s, [begin_s, stop_s])
    if stop - begin < 2:
        raise UsageError(
            f"no samples between {begin_s:g} and {stop_s:g} s",
            file=recording.name,
            remedy=f"the recording ends at {recording.duration_s:.0f} s",
        )
    if ax is None:
        _, ax = plt.subplots(figsize=(9, 3), layout="constrained")
    time_s = recording.time_s[begin:stop]
    size_mps2 = np.linalg.norm(recording.acceleration_mps2[begin:stop], axis=1)
    if recording.gravity == "total":
        size_mps2 -= STANDARD_GRAVITY_MPS2
    ax.plot(time_s, size_mps2, color="black", linewidth=0.8)
    near_s = contacts_s[(contacts_s >= begin_s) & (contacts_s < stop_s)]
    at_contacts = np.interp(near_s, time_s, size_mps2)
    ax.plot(near_s, at_contacts, "v", color="black", markersize=4, label="initial contact")
    near = strides[(strides["end_s"] > begin_s) & (strides["start_s"] < stop_s)]
    for way in reversed(LANES):
        own = near[near["direction"] == way]
        spans = list(zip(own["start_s"], own["end_s"] - own["start_s"], strict=True))
        if spans:
            ax.broken_barh(
                spans, (0, 1), transform=ax.get_xaxis_transform(), facecolor=COLOURS[way],
                edgecolor="white", linewidth=0.5, alpha=0.3, zorder=0, label=way,
            )  # fmt: skip
    ax.set_xlim(begin_s, stop_s)
    ax.set_xlabel("time (s)")
    ax.set_ylabel("|a| − g (m/s²)" if recording.gravity == "total" else "|a| (m/s²)")
    ax.legend(loc="lower right", bbox_to_anchor=(1, 1), ncols=4, frameon=False, fontsize="small")
    return ax
