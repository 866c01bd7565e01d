"""What a reader understood, for people and programs."""

from __future__ import annotations

from typing import Any

import numpy as np

from retrodetect.formats.assemble import gaps_s
from retrodetect.recording import STANDARD_GRAVITY_MPS2, Recording

__all__ = ["describe"]

NO_GYROSCOPE = (
    "No gyroscope: without one, forward and backward often cannot be told apart above the ankle;"
    " switch it on in the recording app, or add --front, --forward or --starts."
)


def describe(recording: Recording) -> dict[str, Any]:
    """Say what was understood of a recording, and every assumption.

    Parameters
    ----------
    recording
        As read.

    Returns
    -------
    dict
        Of strings, numbers, lists and dicts, ready for JSON. Each of ``unit``, ``gravity``,
        ``sign``, ``clock`` and ``columns`` (and ``device``, ``platform`` where known) holds
        ``value`` and ``ground``. ``advice`` lists what would make the recording more useful.
    """
    steps = np.diff(recording.time_s)
    gaps = gaps_s(recording.time_s, recording.rate_hz)
    middle = np.median(steps) if len(steps) else 0.0
    mean = np.linalg.norm(recording.acceleration_mps2.mean(axis=0)) if len(steps) else 0.0
    return {
        "name": recording.name,
        "format": recording.format,
        **{
            finding.topic: {"value": finding.value, "ground": finding.ground}
            for finding in recording.findings
        },
        "samples": len(recording.time_s),
        "rate_hz": round(recording.rate_hz, 3),
        "jitter_ms": round(1e3 * 1.4826 * float(np.median(np.abs(steps - middle))), 3)
        if len(steps)
        else 0.0,
        "duration_s": round(recording.duration_s, 3),
        "start_time": recording.start_time.isoformat() if recording.start_time else None,
        "gaps": len(gaps),
        "gaps_s": round(float(gaps.sum()), 3),
        "mean_g": round(float(mean) / STANDARD_GRAVITY_MPS2, 3),
        "gravity_included": recording.gravity == "total",
        "gyroscope": recording.angular_rate_radps is not None,
        "channels": sorted(recording.channels),
        "placement": recording.placement,
        "annotations": [
            {"start_s": note.start_s, "end_s": note.end_s, "text": note.text}
            for note in recording.annotations
        ],
        "warnings": list(recording.warnings),
        "advice": [NO_GYROSCOPE] if recording.angular_rate_radps is None else [],
    }
