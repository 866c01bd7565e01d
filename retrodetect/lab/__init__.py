"""Laboratory: the simulator, public data sets, and the making of the shipped models.

Nothing that reads, labels or tallies imports it. Here stands what a loader of a data set is asked
for, and what it gives; the loaders are in ``datasets``, ``captured`` and ``published``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import pandas as pd

from retrodetect.recording import FloatArray, Recording

__all__ = ["INTERVAL_COLUMNS", "DataSet", "Labelled", "Mounting", "Wanted", "throughout"]

INTERVAL_COLUMNS = ("start_s", "end_s", "direction", "gait", "confident")
"""Columns of a table of intervals with known truth."""

Mounting = Literal["identity", "random"]


@dataclass(frozen=True, slots=True)
class Labelled:
    """A recording whose truth is known."""

    recording: Recording  # the recording, in SI units and the device frame
    subject: str  # who wore it; people are told apart within a source only
    placement: str  # body site of the device
    # (3,) or None: device axis that points to the wearer's front, where it is known
    front: FloatArray | None
    # ``start_s``, ``end_s``, ``direction`` (forward, backward, sideways, turning,
    # still), ``gait`` (walk, run, stairs, none), ``confident``
    intervals: pd.DataFrame
    virtual: bool = False  # whether the sensor was simulated on motion capture
    # steps of both feet as counted by the wearer or by foot switches, if so
    steps: int | None = None
    # array or None: times of known initial contacts in order: of both feet, but on a foot or
    # an ankle of that one
    contacts_s: FloatArray | None = None
    # source, licence: name of the data set, and its licence as it states it; `datasets.load`
    # fills them in
    source: str = ""
    licence: str = ""


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which recordings of a data set to make, and how virtual ones."""

    # placements, subjects: none for all; for virtual sensors, all in
    # ``captured.VIRTUAL_PLACEMENTS``
    placements: frozenset[str] | None = None
    subjects: frozenset[str] | None = None
    mounting: Mounting = "identity"  # how virtual devices are turned: ``identity`` or ``random``
    seed: int = 0  # seed of random mountings
    rate_hz: float = 50.0  # sampling rate of virtual sensors

    def takes(self, placement: str, subject: str) -> bool:
        """Whether such a recording is asked for; called before its file is read."""
        return (self.placements is None or placement in self.placements) and (
            self.subjects is None or subject in self.subjects
        )


@dataclass(frozen=True, slots=True)
class DataSet:
    """What is known of a public data set."""

    # title, citation, licence: as its authors give them
    title: str
    citation: str
    licence: str
    virtual: bool  # whether it is motion capture
    # from its folder and what is wanted to its recordings
    loader: Callable[[Path, Wanted], Iterator[Labelled]]


def throughout(
    recording: Recording, direction: str, gait: str, *, confident: bool = True
) -> pd.DataFrame:
    """One interval from first to last sample."""
    row = (0.0, recording.duration_s, direction, gait, confident)
    return pd.DataFrame([row], columns=list(INTERVAL_COLUMNS))
