"""What the page tells of one session, small enough to keep by the thousand."""

from __future__ import annotations

import base64
import io
from typing import Any

import matplotlib as mpl
import numpy as np
import pandas as pd

from retrodetect.recording import FloatArray, Recording
from retrodetect.report.figure import figure

__all__ = ["view_of"]


def view_of(
    recording: Recording, strides: pd.DataFrame, contacts_s: FloatArray, *, drawn: bool
) -> dict[str, Any]:
    """Keep what a page tells of a session.

    Parameters
    ----------
    recording, strides, contacts_s
        As for :func:`retrodetect.report.figure`.
    drawn
        Whether to draw the figure too (0.2 s and 150 kB each).

    Returns
    -------
    dict
        Fit for JSON: ``findings`` (topic, value, ground), ``warnings``, ``start_time``,
        ``spans`` (direction, start_s, end_s) and ``figure`` (a data URI, or None).
    """
    return {
        "findings": [[found.topic, found.value, found.ground] for found in recording.findings],
        "warnings": list(recording.warnings),
        "start_time": recording.start_time.isoformat(" ", "seconds")
        if recording.start_time
        else "",
        "spans": _spans(strides),
        "figure": _data_uri(recording, strides, contacts_s) if drawn and len(strides) else None,
    }


def _spans(strides: pd.DataFrame) -> list[tuple[str, float, float]]:
    """Runs of strides with the same label in the same bout."""
    new = (strides["direction"] != strides["direction"].shift()) | (
        strides["bout"] != strides["bout"].shift()
    )
    runs = strides.groupby(np.cumsum(new.to_numpy()), sort=True).agg(
        direction=("direction", "first"), start_s=("start_s", "first"), end_s=("end_s", "last")
    )
    columns = (runs["direction"], runs["start_s"].round(2), runs["end_s"].round(2))
    return list(zip(*(column.tolist() for column in columns), strict=True))


def _data_uri(recording: Recording, strides: pd.DataFrame, contacts_s: FloatArray) -> str:
    """The figure as an image that a page can hold; the same bytes for the same session."""
    drawn = figure(recording, strides, contacts_s)
    stream = io.StringIO()
    with mpl.rc_context({"svg.fonttype": "none", "svg.hashsalt": "retrodetect"}):
        drawn.savefig(stream, format="svg", metadata={"Date": None})
    return f"data:image/svg+xml;base64,{base64.b64encode(stream.getvalue().encode()).decode()}"
