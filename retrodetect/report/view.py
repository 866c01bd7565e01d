"""What the page tells of one session, small enough to keep by the thousand."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pandas as pd

from retrodetect.recording import FloatArray, Recording
from retrodetect.report.trace import close_ups, overview

__all__ = ["view_of"]


def view_of(
    recording: Recording,
    strides: pd.DataFrame,
    contacts_s: FloatArray,
    trace: FloatArray,
    bouts: pd.DataFrame,
    *,
    path: str,
    warnings: Sequence[str],
    fine: bool,
) -> dict[str, Any]:
    """Keep what a page tells of a session.

    Parameters
    ----------
    recording, strides
        As read, and as from :func:`retrodetect.label`.
    contacts_s : (k,) array
        Initial contacts in seconds from the first sample.
    trace : (n, 2) array
        Thinned signal, as from :func:`retrodetect.report.trace.trace_of`.
    bouts : DataFrame
        Runs in one direction and gait, as in ``bouts.csv``.
    path
        Of its file, as the user named it.
    warnings
        What to know of it, a sentence each.
    fine
        Whether the page has few sessions, so that there is room for more of the signal.

    Returns
    -------
    dict
        Fit for JSON: ``path``, ``findings`` (topic, value, ground), ``warnings``, ``annotations``,
        ``start_time``, ``sides`` (strides on side A and on side B), ``overview`` and
        ``close_ups`` (see :mod:`retrodetect.report.trace`).
    """
    start = recording.start_time
    return {
        "path": path,
        "findings": [
            [finding.topic, finding.value, finding.ground] for finding in recording.findings
        ],
        "warnings": list(warnings),
        "annotations": [[note.start_s, note.end_s, note.text] for note in recording.annotations],
        "start_time": start.isoformat(timespec="milliseconds") if start else "",
        "sides": [int((strides["side"] == side).sum()) for side in "AB"],
        "overview": overview(trace, fine=fine),
        "close_ups": close_ups(trace, contacts_s, bouts, fine=fine),
    }
