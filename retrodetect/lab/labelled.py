"""What a loader of a data set is asked for, and what it gives.

The loaders themselves are in :mod:`retrodetect.lab.datasets`,
:mod:`retrodetect.lab.captured` and :mod:`retrodetect.lab.published`.
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
    """A recording whose truth is known.

    Parameters
    ----------
    recording
        The recording, in SI units and the device frame.
    subject
        Who wore it; people are told apart within a source only.
    placement
        Body site of the device.
    front : (3,) array or None
        Device axis that points to the wearer's front, where it is known.
    intervals : DataFrame
        ``start_s``, ``end_s``, ``direction`` (forward, backward, sideways, turning, still),
        ``gait`` (walk, run, stairs, none), ``confident``.
    virtual
        Whether the sensor was simulated on motion capture.
    steps
        Steps of both feet as counted by the wearer or by foot switches, if so.
    contacts_s : array or None
        Times of known initial contacts in order: of both feet, but on a foot or an ankle of
        that one.
    source, licence
        Name of the data set, and its licence as it states it; `datasets.load` fills them in.
    """

    recording: Recording
    subject: str
    placement: str
    front: FloatArray | None
    intervals: pd.DataFrame
    virtual: bool = False
    steps: int | None = None
    contacts_s: FloatArray | None = None
    source: str = ""
    licence: str = ""


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which recordings of a data set to make, and how virtual ones.

    Parameters
    ----------
    placements, subjects
        None for all; for virtual sensors, all in ``captured.VIRTUAL_PLACEMENTS``.
    mounting
        How virtual devices are turned: ``identity`` or ``random``.
    seed
        Seed of random mountings.
    rate_hz
        Sampling rate of virtual sensors.
    """

    placements: frozenset[str] | None = None
    subjects: frozenset[str] | None = None
    mounting: Mounting = "identity"
    seed: int = 0
    rate_hz: float = 50.0

    def takes(self, placement: str, subject: str) -> bool:
        """Whether such a recording is asked for; called before its file is read."""
        return (self.placements is None or placement in self.placements) and (
            self.subjects is None or subject in self.subjects
        )


@dataclass(frozen=True, slots=True)
class DataSet:
    """What is known of a public data set.

    Parameters
    ----------
    title, citation, licence
        As its authors give them.
    virtual
        Whether it is motion capture.
    loader
        From its folder and what is wanted to its recordings.
    """

    title: str
    citation: str
    licence: str
    virtual: bool
    loader: Callable[[Path, Wanted], Iterator[Labelled]]


def throughout(
    recording: Recording, direction: str, gait: str, *, confident: bool = True
) -> pd.DataFrame:
    """One interval from first to last sample.

    Parameters
    ----------
    recording
        The recording that the interval spans.
    confident
        Whether all strides in it surely went that way.
    """
    row = (0.0, recording.duration_s, direction, gait, confident)
    return pd.DataFrame([row], columns=list(INTERVAL_COLUMNS))
