"""Examples: labelled recordings of which only the strides are kept.

What is measured in a stride depends on no label and no model, so it is done once: fitting,
holding out and scoring all start from here.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from retrodetect import gait
from retrodetect.direction import StrideEvidence
from retrodetect.recording import Annotation, FloatArray, Recording
from retrodetect.signal import prepare

__all__ = ["STAGES", "Example", "Measured", "measure", "truth_of_strides"]

STAGES = ("formats", "signal", "gait", "features", "direction")
"""Packages whose code decides what is measured in a recording."""

MIN_OVERLAP = 0.7
"""Least share of a stride that must lie in one labelled interval for its truth to be sure."""


@dataclass(frozen=True, slots=True)
class Measured:
    """A recording after the stages that know nothing of directions.

    Parameters
    ----------
    name
        Name of the recording.
    strides : DataFrame
        From :func:`retrodetect.gait.detect`.
    cues
        What each of them shows.
    rate_hz, duration_s
        Sampling rate and length of the recording.
    placement, annotations
        What its file told.
    sha256
        Of its samples: the same under any name and in any packing.
    """

    name: str
    strides: pd.DataFrame
    cues: StrideEvidence
    rate_hz: float
    duration_s: float
    placement: str | None
    annotations: tuple[Annotation, ...]
    sha256: str


@dataclass(frozen=True, slots=True)
class Example:
    """Strides of one recording, what they show, and what they truly were.

    Parameters
    ----------
    measured
        Its strides and what they show.
    subject
        Who wore it; people are told apart within a source only.
    session
        Recordings of one person and session were made with the device in one place.
    source, licence
        Where it comes from, and how it may be used.
    placement
        Body site of the device.
    front : (3,) array or None
        Device axis that points to the wearer's front, where it is known.
    intervals : DataFrame
        ``start_s``, ``end_s``, ``direction`` (forward, backward, sideways, turning, still),
        ``gait`` (walk, run, stairs, none), ``confident``.
    virtual
        Whether the sensor was simulated.
    origin
        File and line that say all this, for messages.
    """

    measured: Measured
    subject: str
    session: str
    source: str
    licence: str
    placement: str
    front: FloatArray | None
    intervals: pd.DataFrame
    virtual: bool = False
    origin: str = ""

    def where(self, rows: np.ndarray[Any, np.dtype[np.bool_]]) -> Example:
        """Return the same with some of its strides only.

        Parameters
        ----------
        rows : (n,) boolean array
            Which strides to keep.
        """
        cues = self.measured.cues.where(rows)
        strides = self.measured.strides[rows].reset_index(drop=True)
        return replace(self, measured=replace(self.measured, strides=strides, cues=cues))

    @property
    def name(self) -> str:
        """How the recording is called."""
        return self.measured.name

    def strides(self) -> pd.DataFrame:
        """Strides with their truth (empty where unsure) and where they come from."""
        strides = self.measured.strides
        front = np.full(3, np.nan) if self.front is None else np.asarray(self.front)
        truth = truth_of_strides(strides, self.intervals)
        # One construction: joining and assigning take most of the time of a short recording.
        return pd.DataFrame(
            {
                **dict(strides.items()),
                **dict(truth.items()),
                "recording": self.name,
                "subject": self.subject,
                "session": self.session,
                "source": self.source,
                "placement": self.placement,
                "virtual": self.virtual,
                "front_x": front[0],
                "front_y": front[1],
                "front_z": front[2],
            },
            index=strides.index,
        )


def measure(recording: Recording) -> Measured:
    """Find the strides of a recording and what they show, exactly as when it is labelled."""
    signals = prepare(recording)
    strides = gait.detect(signals).strides
    return Measured(
        recording.name,
        strides,
        StrideEvidence.of(signals, strides),
        recording.rate_hz,
        recording.duration_s,
        recording.placement,
        recording.annotations,
        hashlib.sha256(recording.acceleration_mps2.tobytes()).hexdigest(),
    )


def truth_of_strides(strides: pd.DataFrame, intervals: pd.DataFrame) -> pd.DataFrame:
    """Give each stride the direction and gait of the interval that covers most of it.

    Parameters
    ----------
    strides
        ``start_s``, ``end_s`` and ``gait``, as found.
    intervals
        ``start_s``, ``end_s``, ``direction``, ``gait`` (empty: as found) and, if some are
        doubtful, ``confident``.

    Returns
    -------
    DataFrame
        ``truth`` and ``true_gait``, indexed as ``strides``; empty strings where unsure.
    """
    begin, end = strides["start_s"].to_numpy(), strides["end_s"].to_numpy()
    unsure = pd.DataFrame({"truth": "", "true_gait": ""}, index=strides.index)
    if strides.empty or intervals.empty:
        return unsure
    shared = np.minimum(end[:, None], intervals["end_s"].to_numpy()) - np.maximum(
        begin[:, None], intervals["start_s"].to_numpy()
    )
    best = shared.argmax(axis=1)
    sure = shared[np.arange(len(best)), best] >= MIN_OVERLAP * (end - begin)
    if "confident" in intervals:
        sure &= intervals["confident"].to_numpy(dtype=bool)[best]
    gait = intervals["gait"].to_numpy(dtype=object)[best]
    truth = pd.DataFrame(
        {
            "truth": intervals["direction"].to_numpy(dtype=object)[best],
            "true_gait": np.where(gait == "", strides["gait"].to_numpy(dtype=object), gait),
        },
        index=strides.index,
    )
    truth.loc[~sure] = ""
    return truth
