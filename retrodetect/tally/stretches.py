"""Stretches: unbroken runs of strides in one direction."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from retrodetect.recording import FloatArray
from retrodetect.tables import MAX_PAUSE_S, STEPS_PER_STRIDE

__all__ = [
    "Columns", "cadence_spm", "columns_of", "either_way", "mostly_unknown", "runs_of", "stretches",
]  # fmt: skip

Columns = Mapping[str, NDArray[Any]]
"""A table as arrays: of small ones, many a day, pandas takes most of the time."""


def columns_of(strides: pd.DataFrame) -> Columns:
    """Columns of a table by name."""
    # Without attrs, of which every selection makes a copy.
    return {str(name): column.to_numpy() for name, column in pd.DataFrame(strides).items()}


def stretches(
    strides: pd.DataFrame, *, unknown: bool = False, by_gait: bool = False
) -> pd.DataFrame:
    """List the unbroken runs of forward or backward strides, on request those of unknown ones too.

    One row each, in order of time: ``bout``, ``direction``, ``start_s``, ``end_s``, ``strides`` (of
    that direction), ``gait`` (of most of them), ``cadence_spm``. A stretch ends with its bout, at a
    stride in the other direction (or gait, if ``by_gait``), or where no stride of its direction
    follows within ``MAX_PAUSE_S``.
    """
    return pd.DataFrame(runs_of(columns_of(strides), unknown=unknown, by_gait=by_gait))


def runs_of(columns: Columns, *, unknown: bool = False, by_gait: bool = False) -> Columns:
    """List the same as :func:`stretches`, from columns and as columns."""
    columns = {name: columns[name] for name in ("bout", "direction", "start_s", "end_s", "gait")}
    state = ("bout", "direction", *(["gait"] if by_gait else []))
    has_way = columns["direction"] != "unknown"
    runs = _runs(_where(columns, has_way), state)
    if unknown:
        middle_s = (columns["start_s"] + columns["end_s"]) / 2
        at = np.searchsorted(runs["start_s"], middle_s, side="right") - 1
        ends_s = np.append(runs["end_s"], -np.inf)  # index -1: before the first
        between = ~has_way & (middle_s > ends_s[at])
        # What lies between two stretches of one direction is two runs, one on either side.
        rest = _runs(_where(columns | {"after": at}, between), (*state, "after"))
        order = np.argsort(np.append(runs["start_s"], rest["start_s"]), kind="stable")
        runs = {name: np.append(runs[name], rest[name])[order] for name in runs}
    return runs


def _where(columns: Columns, rows: NDArray[np.bool_]) -> Columns:
    return {name: values[rows] for name, values in columns.items()}


def cadence_spm(lasting_s: FloatArray) -> float:
    """Steps per minute of strides that last so long; NaN without any."""
    return (
        float(STEPS_PER_STRIDE * len(lasting_s) * 60 / lasting_s.sum())
        if len(lasting_s)
        else np.nan
    )


def either_way(strides: Columns) -> NDArray[np.bool_]:
    """Strides that may have gone forward or backward: unknown ones, but not those sideways."""
    return np.asarray((strides["direction"] == "unknown") & (strides["reason"] != "sideways"))


def mostly_unknown(strides: Columns) -> bool:
    """Tell whether more strides may have gone either way than have a direction.

    That a direction was not found says nothing then.
    """
    return bool(either_way(strides).sum() > (strides["direction"] != "unknown").sum())


def _runs(strides: Columns, state: Sequence[str]) -> Columns:
    """Runs of strides that agree in some columns, without a long pause."""
    start_s, end_s = strides["start_s"], strides["end_s"]
    new = np.append(np.inf, start_s[1:] - end_s[:-1])[: len(start_s)] > MAX_PAUSE_S
    for name in state:
        new[1:] |= strides[name][1:] != strides[name][:-1]
    first = np.flatnonzero(new)
    count = np.diff(first, append=len(start_s))
    running = np.add.reduceat((strides["gait"] == "run").astype(float), first)
    return {
        "bout": strides["bout"][first],
        "direction": strides["direction"][first],
        "start_s": start_s[first],
        "end_s": end_s[first + count - 1],
        "strides": count,
        "gait": np.where(running > 0.5 * count, "run", "walk").astype(object),
        "cadence_spm": STEPS_PER_STRIDE * 60 * count / np.add.reduceat(end_s - start_s, first),
    }
