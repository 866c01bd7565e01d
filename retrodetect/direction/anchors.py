"""Anchors: what the wearer tells, so that forward and backward get their names."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from retrodetect.direction.decoder import BACKWARD, DIRECTIONS, FORWARD
from retrodetect.errors import UsageError
from retrodetect.recording import FloatArray
from retrodetect.sites import canonical_site

__all__ = ["Anchors", "Mark"]

STARTS_S = 6.0
"""How much of the first bout the habit of starting one way vouches for: about ten steps."""


class Mark(NamedTuple):
    """Strides whose direction the wearer marked.

    Parameters
    ----------
    words
        As on the command line.
    direction
        Index into ``DIRECTIONS``.
    rows : (n,) bool array
        Which strides.
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

    def __post_init__(self) -> None:
        if self.placement is not None:
            object.__setattr__(self, "placement", canonical_site(self.placement))
        if self.front is not None and not (
            len(self.front) == 2 and self.front[0] in "+-" and self.front[1] in "xyz"
        ):
            raise UsageError(
                f"{self.front!r} is no device axis", place="--front", remedy="write +x, -x, … or -z"
            )
        if self.starts not in (None, "forward", "backward"):
            raise UsageError(
                f"{self.starts!r} is no direction",
                place="--starts",
                remedy="write forward or backward",
            )
        for option, stretches in (("--forward", self.forward), ("--backward", self.backward)):
            for start_s, end_s in stretches:
                if not 0 <= start_s < end_s < np.inf:
                    raise UsageError(
                        f"{start_s:g}:{end_s:g} is no stretch of time",
                        place=option,
                        remedy="write start:end in seconds from the first sample",
                    )
        for a, b in self.forward:
            if any(a < d and c < b for c, d in self.backward):
                raise UsageError(
                    f"{a:g}:{b:g} is marked forward and backward",
                    place="--forward, --backward",
                    remedy="mark each second one way only",
                )

    @property
    def front_axis(self) -> FloatArray | None:
        """(3,) unit vector of the front in the device frame, or None."""
        if self.front is None:
            return None
        axis = np.zeros(3)
        axis["xyz".index(self.front[1])] = 1.0 if self.front[0] == "+" else -1.0
        return axis

    def marks(self, strides: pd.DataFrame) -> list[Mark]:
        """Find the strides that are marked; where two marks hold a stride, the later one counts.

        Parameters
        ----------
        strides : DataFrame
            Columns ``bout``, ``start_s``, ``end_s`` of at least one stride, in order of time.

        Returns
        -------
        list of Mark
            One for each mark, also where it holds no stride.
        """
        middle_s = strides[["start_s", "end_s"]].mean(axis=1).to_numpy()
        found = []
        if self.starts is not None:
            first = middle_s < strides["start_s"].iloc[0] + STARTS_S
            first &= (strides["bout"] == strides["bout"].iloc[0]).to_numpy()
            found.append(Mark(f"--starts {self.starts}", DIRECTIONS.index(self.starts), first))
        for direction, stretches in ((FORWARD, self.forward), (BACKWARD, self.backward)):
            for start_s, end_s in stretches:
                words = f"--{DIRECTIONS[direction]} {start_s:g}:{end_s:g}"
                rows = (middle_s >= start_s) & (middle_s < end_s)
                found.append(Mark(words, direction, rows))
        return found
