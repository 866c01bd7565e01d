"""Folds: strides to learn from and strides to label, which never share anything.

With several wearers one of them is held out at a time; with one wearer, one session; within a
single session, a stretch of it, with a guard on either side. Nothing is ever drawn at random:
neighbouring strides resemble each other so much that a random draw tests memory.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from retrodetect.direction.decoder import DIRECTIONS
from retrodetect.sites import group_of
from retrodetect.training.examples import BOTH_WAYS, Example
from retrodetect.training.fit import StrideTable

__all__ = ["Fold", "Unit", "apart", "folds", "units_of"]

Unit = Literal["subject", "session", "block"]
"""What is held out together."""

BLOCKS = 4
"""Stretches into which a single session is cut."""

GUARD_S = 4.0
"""Strides closer to a held-out stretch are not learned from: one period of the filter that finds
the vertical, so that no sample affects both sides."""

MOST_FOLDS = 12
"""With more wearers, some are held out together."""


@dataclass(frozen=True, slots=True)
class Fold:
    """Strides to learn from, and strides to label."""

    train: StrideTable  # strides with known truth
    test: tuple[Example, ...]  # examples reduced to the held-out strides


def units_of(strides: pd.DataFrame) -> tuple[NDArray[np.str_], Unit]:
    """Name what each stride must be held out with, and return the widest possible kind of unit.

    Strides are in order of time. Those without a name are neither learned from nor tested. A kind
    is possible if both directions remain at every group of sites.
    """
    people = strides["subject"].to_numpy(dtype=str)
    sessions = (strides["subject"] + "/" + strides["session"]).to_numpy(dtype=str)
    candidates: tuple[tuple[Unit, Any], ...] = (("subject", people), ("session", sessions))
    for kind, units in candidates:
        if _each_can_go(strides, units):
            return _at_most_folds(units), kind
    return _blocks(strides), "block"


def apart(strides: pd.DataFrame, held_out: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Find the strides that share nothing with the held-out ones.

    These are strides of other recordings, and strides of the same one beyond the guard.
    """
    free = ~held_out
    names = strides["recording"].to_numpy(dtype=str)
    begin, end = strides["start_s"].to_numpy(), strides["end_s"].to_numpy()
    for name in np.unique(names[held_out]):
        tested = held_out & (names == name)
        rows = np.flatnonzero(free & (names == name))
        order = np.argsort(begin[tested])
        starts, ends = begin[tested][order], np.maximum.accumulate(end[tested][order])
        after = np.searchsorted(starts, end[rows] + GUARD_S)
        before = np.searchsorted(ends, begin[rows] - GUARD_S, side="right")
        free[rows[after > before]] = False
    return free


def folds(examples: Sequence[Example]) -> tuple[list[Fold], Unit]:
    """Hold out every stride once."""
    table = StrideTable.of(examples)
    units, kind = units_of(table.strides)
    number = table.strides["example"].to_numpy()
    parts_held_out = []
    for unit in np.unique(units[units != ""]):
        tested = units == unit
        learned = apart(table.strides, tested) & (units != "") & table.teaches
        test = [
            example.where(tested[number == i])
            for i, example in enumerate(examples)
            if tested[number == i].any()
        ]
        parts_held_out.append(Fold(table.where(learned), tuple(test)))
    return parts_held_out, kind


def _each_can_go(strides: pd.DataFrame, units: NDArray[np.str_]) -> bool:
    """Whether both directions remain at every group of sites, whichever unit is held out."""
    has_direction = strides["truth"].isin(BOTH_WAYS).to_numpy()
    cells = pd.DataFrame(
        {
            "site": strides["placement"].map(group_of)[has_direction],
            "truth": strides["truth"][has_direction],
            "unit": units[has_direction],
        }
    )
    return bool((cells.groupby(["site", "truth"])["unit"].nunique() > 1).all())


def _at_most_folds(units: NDArray[np.str_]) -> NDArray[np.str_]:
    """Units merged if there are too many."""
    names, number = np.unique(units, return_inverse=True)
    if len(names) <= MOST_FOLDS:
        return units
    return np.array([f"{i % MOST_FOLDS:02}" for i in number])


def _blocks(strides: pd.DataFrame) -> NDArray[np.str_]:
    """Stretches of each direction in turn, so that each block holds some of both."""
    units = np.full(len(strides), "", dtype="<U8")
    has_direction = strides["truth"].isin(DIRECTIONS)
    sites = strides["placement"].map(group_of)
    for _, rows in strides[has_direction].groupby(
        [sites[has_direction], strides["truth"][has_direction]]
    ):
        number = np.arange(len(rows)) * BLOCKS // len(rows)
        units[rows.index.to_numpy()] = np.char.add("block ", number.astype(str))
    return units
