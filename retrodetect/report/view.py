"""What the page tells of one session, small enough to keep by the thousand."""

from __future__ import annotations

import base64
import io
from collections.abc import Sequence
from typing import Any

import matplotlib as mpl
import pandas as pd

from retrodetect.recording import FloatArray, Recording
from retrodetect.report.figure import figure
from retrodetect.report.trace import close_ups

__all__ = ["view_of"]


def view_of(
    recording: Recording,
    strides: pd.DataFrame,
    contacts_s: FloatArray,
    trace: FloatArray,
    bouts: pd.DataFrame,
    *,
    warnings: Sequence[str],
    drawn: bool,
    fine: bool,
) -> dict[str, Any]:
    """Keep what a page tells of a session.

    Parameters
    ----------
    recording, strides, contacts_s
        As for :func:`retrodetect.report.figure`.
    trace : (n, 2) array
        Thinned signal, as from :func:`retrodetect.report.trace.trace_of`.
    bouts : DataFrame
        Runs in one direction and gait, as in ``bouts.csv``.
    warnings
        What to know of it, a sentence each.
    drawn
        Whether to draw the figure too (0.2 s and 150 kB each).
    fine
        Whether the page has few sessions, so that there is room for more of the signal.

    Returns
    -------
    dict
        Fit for JSON: ``findings`` (topic, value, ground), ``warnings``, ``annotations``,
        ``start_time``, ``close_ups`` (see :mod:`retrodetect.report.trace`) and ``figure`` (a
        data URI, or None).
    """
    start = recording.start_time
    return {
        "findings": [
            [finding.topic, finding.value, finding.ground] for finding in recording.findings
        ],
        "warnings": list(warnings),
        "annotations": [[note.start_s, note.end_s, note.text] for note in recording.annotations],
        "start_time": start.isoformat(timespec="milliseconds") if start else "",
        "close_ups": close_ups(trace, contacts_s, bouts, fine=fine),
        "figure": _data_uri(recording, strides, contacts_s) if drawn and len(strides) else None,
    }


def _data_uri(recording: Recording, strides: pd.DataFrame, contacts_s: FloatArray) -> str:
    """The figure as an image that a page can hold; the same bytes for the same session."""
    drawn = figure(recording, strides, contacts_s)
    stream = io.StringIO()
    with mpl.rc_context({"svg.fonttype": "none", "svg.hashsalt": "retrodetect"}):
        drawn.savefig(stream, format="svg", metadata={"Date": None})
    return f"data:image/svg+xml;base64,{base64.b64encode(stream.getvalue().encode()).decode()}"
