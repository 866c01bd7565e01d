"""Laboratory: the simulator, public data sets, and the making of the shipped models.

Nothing that reads, labels or tallies imports it. This module holds what a loader of a data set is
passed and what it returns; the loaders are in ``datasets``, ``captured`` and ``published``.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from retrodetect.recording import FloatArray, Gravity, Recording

__all__ = ["INTERVAL_COLUMNS", "Labelled", "Truth", "Wanted"]

INTERVAL_COLUMNS = ("start_s", "end_s", "direction", "gait", "confident")
"""Columns of a table of intervals with known truth."""

Truth = tuple[str, str, bool]
"""Direction and gait of a whole recording, and whether they surely apply to all its strides."""


@dataclass(frozen=True, slots=True)
class Labelled:
    """A recording whose truth is known."""

    recording: Recording  # the recording, in SI units and the device frame
    subject: str  # who wore it; unique within a source only
    placement: str  # body site of the device
    front: FloatArray | None  # (3,) device axis that points to the wearer's front, if known
    # ``start_s``, ``end_s``, ``direction`` (forward, backward, sideways, turning,
    # still), ``gait`` (walk, run, stairs, none), ``confident``
    intervals: pd.DataFrame
    virtual: bool = False  # whether the sensor was simulated on motion capture
    # steps of both feet, as counted by the wearer or by foot switches
    steps: int | None = None
    # times of initial contacts, sorted: of both feet, but on a foot or ankle of that foot only
    contacts_s: FloatArray | None = None
    # name of the data set and the licence it states; `datasets.load` fills them in
    source: str = ""
    licence: str = ""

    @classmethod
    def of(
        cls, name: str, subject: str, placement: str, truth: Truth | pd.DataFrame, *,
        time_s: FloatArray, acceleration_mps2: FloatArray,
        angular_rate_radps: FloatArray | None = None, rate_hz: float | None = None,
        gravity: Gravity = "total", front: FloatArray | None = None, **more: Any,
    ) -> Labelled:  # fmt: skip
        """Make one from arrays; drop rows whose time does not advance.

        The default rate is that of the median interval.
        """
        fresh = np.diff(time_s, prepend=-np.inf) > 0
        time_s = time_s[fresh] - time_s[0]
        recording = Recording(
            name=name,
            time_s=time_s,
            acceleration_mps2=acceleration_mps2[fresh],
            angular_rate_radps=None if angular_rate_radps is None else angular_rate_radps[fresh],
            rate_hz=float(1 / np.median(np.diff(time_s))) if rate_hz is None else rate_hz,
            format=name.partition("/")[0],
            gravity=gravity,
        )
        if isinstance(truth, tuple):
            rows = [(0.0, recording.duration_s, *truth)]
            truth = pd.DataFrame(rows, columns=list(INTERVAL_COLUMNS))
        return cls(recording, subject, placement, front, truth, **more)


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which recordings of a data set to make; None for all."""

    placements: frozenset[str] | None  # default of virtual sensors: `captured.VIRTUAL_PLACEMENTS`
    subjects: frozenset[str] | None

    def takes(self, placement: str, subject: str) -> bool:
        """Whether to make such a recording; called before its file is read."""
        return (self.placements is None or placement in self.placements) and (
            self.subjects is None or subject in self.subjects
        )
