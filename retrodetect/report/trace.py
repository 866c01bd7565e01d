"""The signal as a page draws it: thinned as it passes, and cut out around a bout."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from retrodetect.recording import STANDARD_GRAVITY_MPS2, FloatArray, Recording

__all__ = ["close_ups", "overview", "trace_of"]

TRACE_HZ = 20.0
"""Rate of the thinned signal: an impact is still a peak, and a day takes 28 MB."""

MARGIN_S = 2.0
LONGEST_S = {True: 16.0, False: 8.0}
MOST = {True: 60, False: 16}
"""Length and number of a session's cut-outs, on a page with few sessions or with many, so that
200 sessions stay under 10 MB."""

COLUMNS = {True: 400, False: 120}
"""Columns of the overview: about as many as a phone has points across."""

TENTHS = 10
"""Drawn to a tenth of a m/s², which is finer than a screen."""


def trace_of(recording: Recording) -> FloatArray:
    """Thin the size of the acceleration to about ``TRACE_HZ``.

    Parameters
    ----------
    recording
        Or a part of one.

    Returns
    -------
    (n, 2) array
        Time in seconds, and the mean size around it in m/s² with gravity taken off.
    """
    size: FloatArray = np.linalg.norm(recording.acceleration_mps2, axis=1)
    if recording.gravity == "total":
        size = size - STANDARD_GRAVITY_MPS2
    step = max(int(recording.rate_hz // TRACE_HZ), 1)
    first = np.arange(0, len(size), step)
    if not len(first):
        return np.empty((0, 2))
    counts = np.diff(np.append(first, len(size)))
    return np.column_stack(
        [np.add.reduceat(values, first) / counts for values in (recording.time_s, size)]
    )


def overview(trace: FloatArray, *, fine: bool) -> str:
    """Draw how much moved over the whole recording.

    Parameters
    ----------
    trace : (n, 2) array
        From `trace_of`, all parts of the recording.
    fine
        Whether the page has few sessions.

    Returns
    -------
    str
        SVG path in a box of 1000 by 100; empty without samples.
    """
    if not len(trace) or trace[-1, 0] <= 0:
        return ""
    first = np.unique(np.linspace(0, len(trace), COLUMNS[fine], endpoint=False).astype(int))
    largest = np.maximum.reduceat(np.abs(trace[:, 1]), first)
    top = max(float(np.quantile(largest, 0.98)), 1.0)
    x = np.rint(1000 * trace[first, 0] / trace[-1, 0]).astype(int)
    y = np.rint(100 - 100 * np.minimum(largest / top, 1)).astype(int)
    return f"M0 100L{' '.join(f'{a} {b}' for a, b in zip(x, y, strict=True))} 1000 100Z"


def close_ups(
    trace: FloatArray, contacts_s: FloatArray, bouts: pd.DataFrame, *, fine: bool
) -> list[dict[str, Any]]:
    """Cut the (n, 2) trace out around the longest bouts, in order of time.

    Each has its ``bout`` (row), ``begin_s``, ``end_s``, ``low`` and ``high`` (tenths of m/s²),
    ``line`` and ``contacts`` (SVG paths; x in hundredths of a second from ``begin_s``, y down in
    tenths of m/s²). ``fine`` if the page has few sessions.
    """
    lasting_s = (bouts["end_s"] - bouts["start_s"]).to_numpy()
    chosen = np.sort(np.argsort(-lasting_s, kind="stable")[: MOST[fine]])
    starts_s, ends_s = bouts["start_s"].to_numpy(), bouts["end_s"].to_numpy()
    return [
        _close_up(trace, contacts_s, int(row), float(starts_s[row]), float(ends_s[row]), fine)
        for row in chosen
    ]


def _close_up(
    trace: FloatArray, contacts_s: FloatArray, row: int, start_s: float, end_s: float, fine: bool
) -> dict[str, Any]:
    begin_s = max(start_s - MARGIN_S, 0.0)
    end_s = min(end_s + MARGIN_S, begin_s + LONGEST_S[fine])
    first, last = np.searchsorted(trace[:, 0], (begin_s, end_s))
    cut = trace[first:last]
    x = np.rint(100 * (cut[:, 0] - begin_s)).astype(int)
    y = -np.rint(TENTHS * cut[:, 1]).astype(int)
    near = contacts_s[(contacts_s >= begin_s) & (contacts_s < end_s)]
    ticks = np.rint(100 * (near - begin_s)).astype(int)
    return {
        "bout": row,
        "begin_s": round(begin_s, 2),
        "end_s": round(end_s, 2),
        "low": int(-y.max(initial=-10)),
        "high": int(-y.min(initial=10)),
        "line": _line(x, y),
        "contacts": ticks.tolist(),
    }


def _line(x: FloatArray, y: FloatArray) -> str:
    """Path with steps relative to the point before, in the shortest writing."""
    if not len(x):
        return ""
    steps = zip(np.diff(x).tolist(), np.diff(y).tolist(), strict=True)
    return f"M{x[0]} {y[0]}l" + "".join(f"{a} {b} " for a, b in steps)
