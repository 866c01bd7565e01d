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
    """A recording after the stages that know nothing of directions."""

    name: str  # name of the recording
    strides: pd.DataFrame  # from :func:`retrodetect.gait.detect`
    cues: StrideEvidence  # what each of them shows
    # rate_hz, duration_s: sampling rate and length of the recording
    rate_hz: float
    duration_s: float
    # placement, annotations: what its file told
    placement: str | None
    annotations: tuple[Annotation, ...]
    sha256: str  # of its samples: the same under any name and in any packing


@dataclass(frozen=True, slots=True)
class Example:
    """Strides of one recording, what they show, and what they truly were."""

    measured: Measured  # its strides and what they show
    subject: str  # who wore it; people are told apart within a source only
    session: str  # recordings of one person and session were made with the device in one place
    # source, licence: where it comes from, and how it may be used
    source: str
    licence: str
    placement: str  # body site of the device
    # (3,) or None: device axis that points to the wearer's front, where it is known
    front: FloatArray | None
    # ``start_s``, ``end_s``, ``direction`` (forward, backward, sideways, turning,
    # still), ``gait`` (walk, run, stairs, none), ``confident``
    intervals: pd.DataFrame
    virtual: bool = False  # whether the sensor was simulated
    origin: str = ""  # file and line that say all this, for messages

    def where(self, rows: np.ndarray[Any, np.dtype[np.bool_]]) -> Example:
        """Return the same with some of its strides only."""
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

    An interval without a gait leaves it as found; one may be doubtful (``confident``). ``truth``
    and ``true_gait`` are indexed as ``strides``, and empty where unsure.
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
