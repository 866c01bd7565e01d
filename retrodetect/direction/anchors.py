"""Anchors: what the wearer tells, so that forward and backward get their names."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from retrodetect.direction.decoder import DIRECTIONS
from retrodetect.direction.notes import Stretch, stretches_of_notes
from retrodetect.errors import UsageError
from retrodetect.recording import Annotation, FloatArray
from retrodetect.sites import canonical_site

__all__ = ["Anchors", "Mark", "check_spans"]

STARTS_S = 6.0
"""How much of the first bout the habit of starting one way vouches for: about ten steps."""


class Mark(NamedTuple):
    """Strides whose direction the wearer marked.

    Parameters
    ----------
    words
        As on the command line, or which note says it.
    direction
        Index into ``DIRECTIONS`` of the way the wearer went.
    rows : (n,) bool array
        Strides that lie within the mark.
    """

    words: str
    direction: int
    rows: NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Anchors:
    """What is known of a session beyond its signal.

    Parameters
    ----------
    placement
        Body site, by its name or an everyday word (``hip``); holds its name. None infers it.
    front
        Device axis that points to the wearer's front: ``+x``, ``-x``, … ``-z``; or None.
    forward, backward
        Marked stretches (start, end) in seconds from the first sample.
    starts
        Direction of the first strides of the recording, or None.
    stretches
        What a file of labels says; no stride counts where it says ``still`` (no gait).
    use_notes
        Whether notes made in the recording app count as marks.

    Raises
    ------
    UsageError
        Where a value makes no sense, or a stretch is marked both ways.
    """

    placement: str | None = None
    front: str | None = None
    forward: tuple[tuple[float, float], ...] = ()
    backward: tuple[tuple[float, float], ...] = ()
    starts: Literal["forward", "backward"] | None = None
    stretches: tuple[Stretch, ...] = ()
    use_notes: bool = True

    def __post_init__(self) -> None:
        if self.placement is not None:
            object.__setattr__(self, "placement", canonical_site(self.placement))
        if self.front is not None and not (
            len(self.front) == 2 and self.front[0] in "+-" and self.front[1] in "xyz"
        ):
            raise UsageError(
                f"{self.front!r} is not a device axis",
                place="--front",
                remedy="use +x, -x, … or -z",
            )
        if self.starts not in (None, "forward", "backward"):
            raise UsageError(
                f"{self.starts!r} is not a direction",
                place="--starts",
                remedy="use forward or backward",
            )
        check_spans(self._spans)

    @property
    def _spans(self) -> list[Stretch]:
        """The marked stretches, called as on the command line."""
        return [
            Stretch(start_s, end_s, way, f"--{way} {start_s:g}-{end_s:g}")
            for way, spans in (("forward", self.forward), ("backward", self.backward))
            for start_s, end_s in spans
        ]

    @property
    def front_axis(self) -> FloatArray | None:
        """(3,) unit vector of the front in the device frame, or None."""
        if self.front is None:
            return None
        axis = np.zeros(3)
        axis["xyz".index(self.front[1])] = 1.0 if self.front[0] == "+" else -1.0
        return axis

    def heard(self, notes: Sequence[Annotation], strides: pd.DataFrame) -> list[Stretch]:
        """Take the marks from the notes of a recording.

        A note holds until the next note, but no longer than the bout it was pressed in or before:
        one "backward" at the start of a session does not speak for the way back down.

        Parameters
        ----------
        notes
            In order of time.
        strides : DataFrame
            Columns ``bout``, ``start_s``, ``end_s``, in order of time.

        Returns
        -------
        list of Stretch
            None if notes do not count, or hold no stride.
        """
        marks = []
        for stretch in stretches_of_notes(notes, np.inf) if self.use_notes else []:
            held = strides[_within(strides, stretch)]
            if stretch.direction in DIRECTIONS and len(held):
                last = held[held["bout"] == held["bout"].iloc[0]].iloc[-1]
                marks.append(stretch._replace(end_s=float(last["end_s"])))
        return marks

    def gait(self, strides: pd.DataFrame) -> NDArray[np.bool_]:
        """Find the strides that are in no stretch without gait.

        Parameters
        ----------
        strides : DataFrame
            Columns ``start_s``, ``end_s`` of n strides.

        Returns
        -------
        (n,) bool array
        """
        is_gait = np.ones(len(strides), dtype=np.bool_)
        for stretch in self.stretches:
            if stretch.direction == "still":
                is_gait &= ~_within(strides, stretch)
        return is_gait

    def marks(self, strides: pd.DataFrame) -> list[Mark]:
        """Find the strides that are marked; where two marks hold a stride, the later one counts.

        Parameters
        ----------
        strides : DataFrame
            Columns ``bout``, ``start_s``, ``end_s``, in order of time.

        Returns
        -------
        list of Mark
            One for each mark, even if it holds no stride; none for ``starts`` without any stride.
        """
        marks = []
        if self.starts is not None and len(strides):
            first_s = strides["start_s"].iloc[0]
            start = Stretch(first_s, first_s + STARTS_S, self.starts, f"--starts {self.starts}")
            in_bout = (strides["bout"] == strides["bout"].iloc[0]).to_numpy()
            marks.append(_mark(start, in_bout & _within(strides, start)))
        marks += [
            _mark(stretch, _within(strides, stretch))
            for stretch in (*self.stretches, *self._spans)
            if stretch.direction in DIRECTIONS
        ]
        return marks


def check_spans(spans: Sequence[Stretch]) -> None:
    """Refuse stretches of no length, and seconds that are marked both ways."""
    for span in spans:
        option, _, typed = span.source.partition(" ")
        if not 0 <= span.start_s < span.end_s < np.inf:
            raise UsageError(
                f"{typed} is not a range of time",
                place=option,
                remedy="write the start before the end, such as 0:05-0:20",
            )
        if any(
            other.direction != span.direction
            and span.start_s < other.end_s
            and other.start_s < span.end_s
            for other in spans
        ):
            raise UsageError(
                f"{typed} is marked both forward and backward",
                place="--forward, --backward",
                remedy="mark each second only once",
            )


def _mark(stretch: Stretch, rows: NDArray[np.bool_]) -> Mark:
    return Mark(stretch.source, DIRECTIONS.index(stretch.direction), rows)


def _within(strides: pd.DataFrame, stretch: Stretch) -> NDArray[np.bool_]:
    """(n,) strides whose middle lies in a stretch."""
    middle_s = (strides["start_s"].to_numpy() + strides["end_s"].to_numpy()) / 2
    return np.asarray((middle_s >= stretch.start_s) & (middle_s < stretch.end_s))
