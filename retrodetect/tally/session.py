"""One session: its counts, and its stretches (unbroken runs of strides in one direction)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from retrodetect.errors import UsageError
from retrodetect.recording import FloatArray
from retrodetect.sites import SITES
from retrodetect.tables import MAX_PAUSE_S, STEPS_PER_STRIDE
from retrodetect.tally.share import ErrorRates, doubted_rates, share_interval

__all__ = ["Columns", "columns_of", "either_way", "mostly_unknown", "shape", "stretches", "tally"]

Columns = Mapping[str, NDArray[Any]]
"""A table as arrays: with many small tables, pandas takes most of the time."""

_COLUMNS = {"bout", "start_s", "end_s", "gait", "direction", "p_backward", "reason"}
"""What a table of strides must have to be counted."""

MIN_STRIDES_OF_STRETCH = 5
"""Strides from which the variability and symmetry of a stretch are meaningful."""


def tally(strides: pd.DataFrame, rates: ErrorRates | None = None) -> pd.Series[float]:
    """Count the strides of one session.

    Parameters
    ----------
    strides : DataFrame
        The ``strides`` of a result of :func:`retrodetect.label`: columns ``bout``, ``start_s``,
        ``end_s``, ``gait``, ``direction``, ``p_backward`` and ``reason``, in time order; may be
        empty.
    rates
        How often the model errs. None takes the rates of its card, which :func:`label` puts into
        ``strides.attrs``, or, if the card has none, what ``p_backward`` implies.

    Returns
    -------
    Series
        The fields of ``sessions.csv`` that follow from strides: ``gait_s`` to
        ``cadence_backward_spm``. Counts are 0 and all else NaN if there is nothing to count.
        ``backward_share`` is the share of the strides of known direction,
        ``backward_share_low`` and ``backward_share_high`` its 95 % interval: see
        :func:`retrodetect.tally.share.share_interval`.

    Raises
    ------
    UsageError
        If it is no such table.
    """
    if missing := _COLUMNS.difference(getattr(strides, "columns", ())):
        raise UsageError(
            f"{type(strides).__name__} without {', '.join(sorted(missing))} is not a table of"
            " strides",
            remedy="pass result.strides, where result is what rd.label gives",
        )
    if rates is None and (measured := strides.attrs.get("error_rates")):
        rates = ErrorRates(**measured)
    columns = columns_of(strides)
    way = columns["direction"]
    is_forward, is_backward = way == "forward", way == "backward"
    is_labelled = is_forward | is_backward
    rates = rates or doubted_rates(columns["p_backward"].astype(float)[is_labelled])
    is_certain = is_labelled & (way == columns.get("marked", np.array("")))
    forward, backward = int(is_forward.sum()), int(is_backward.sum())
    labelled = forward + backward
    low, high = share_interval(
        backward,
        labelled,
        rates,
        int(either_way(columns).sum()),
        certain=(int((is_forward & is_certain).sum()), int((is_backward & is_certain).sum())),
    )
    bouts, of = np.unique(columns["bout"], return_inverse=True)
    begin_s, end_s = np.full(len(bouts), np.inf), np.full(len(bouts), -np.inf)
    np.minimum.at(begin_s, of, columns["start_s"])
    np.maximum.at(end_s, of, columns["end_s"])
    runs = stretches(columns)
    none_s = np.nan if mostly_unknown(columns) else 0.0
    backward_s = (runs["end_s"] - runs["start_s"])[runs["direction"] == "backward"]
    lasting_s = columns["end_s"] - columns["start_s"]
    fields = {
        "gait_s": float((end_s - begin_s).sum()),
        "strides": len(strides),
        "forward_strides": forward,
        "backward_strides": backward,
        "unknown_strides": len(strides) - labelled,
        "steps": STEPS_PER_STRIDE * len(strides),
        "backward_share": backward / labelled if labelled else np.nan,
        "backward_share_low": low,
        "backward_share_high": high,
        "bouts": len(bouts),
        "longest_backward_bout_s": float(backward_s.max()) if len(backward_s) else none_s,
        "cadence_forward_spm": _cadence_spm(lasting_s[is_forward]),
        "cadence_backward_spm": _cadence_spm(lasting_s[is_backward]),
    }
    return pd.Series(fields, dtype=object)


def _cadence_spm(lasting_s: FloatArray) -> float:
    """Steps per minute of strides of these durations; NaN without any."""
    if not len(lasting_s):
        return np.nan
    return float(STEPS_PER_STRIDE * len(lasting_s) * 60 / lasting_s.sum())


def shape(
    strides: Columns, contacts_s: FloatArray, placement: str, repeats: int
) -> dict[str, float]:
    """Times, gaits, variability and symmetry by direction, as in the later columns of a session.

    ``stride_time_cv`` is the coefficient of variation of stride times within stretches;
    ``step_asymmetry`` how much longer the steps of one foot last than those of the other, as a
    share of their mean (0 for symmetry). NaN with too few strides; the latter also at placements
    that do not feel both feet alike.
    """
    start_s, end_s, way, gait = (
        strides[name] for name in ("start_s", "end_s", "direction", "gait")
    )
    fields: dict[str, float] = {
        f"{name}_s": float((end_s - start_s)[way == name].sum())
        for name in ("forward", "backward", "unknown")
    }
    for kind in ("walk", "run"):
        forward, backward = (
            int(((gait == kind) & (way == name)).sum()) for name in ("forward", "backward")
        )
        fields[f"{kind}_forward_strides"], fields[f"{kind}_backward_strides"] = forward, backward
        labelled = forward + backward
        fields[f"{kind}_backward_share"] = backward / labelled if labelled else np.nan
    site = SITES.get(placement)
    both_alike = site is not None and site.feels_both_feet
    first_s = _first_steps_s(start_s, end_s, contacts_s)
    stretch = 2 * strides["bout"] + (gait == "run")
    for name in ("forward", "backward"):
        same = way == name
        fields[f"stride_time_cv_{name}"] = _variability((end_s - start_s)[same], stretch[same])
        fields[f"step_asymmetry_{name}"] = (
            _asymmetry(start_s[same], end_s[same], first_s[same]) if both_alike else np.nan
        )
    fields["repeats"] = repeats
    fields["sideways_strides"] = int((strides["reason"] == "sideways").sum())
    return fields


def _first_steps_s(start_s: FloatArray, end_s: FloatArray, contacts_s: FloatArray) -> FloatArray:
    """(n,) time from each stride's start to the other foot's contact; NaN unless just one."""
    slack_s = 0.1 * (end_s - start_s)
    first = np.searchsorted(contacts_s, start_s + slack_s)
    has_one = np.searchsorted(contacts_s, end_s - slack_s) - first == 1
    inside = np.append(contacts_s, np.nan)[np.minimum(first, len(contacts_s))]
    return np.where(has_one, inside - start_s, np.nan)


def _variability(times_s: FloatArray, stretch: NDArray[np.int_]) -> float:
    """Coefficient of variation of (n,) stride times, within (n,) stretches."""
    _, of, size = np.unique(stretch, return_inverse=True, return_counts=True)
    mean_s = np.bincount(of, times_s) / size
    squares = np.bincount(of, (times_s - mean_s[of]) ** 2)
    enough = size >= MIN_STRIDES_OF_STRETCH
    if not enough.any():
        return np.nan
    spread = np.sqrt(squares[enough] / (size[enough] - 1)) / mean_s[enough]
    return float(np.average(spread, weights=size[enough]))


def _asymmetry(start_s: FloatArray, end_s: FloatArray, first_s: FloatArray) -> float:
    """Difference of the two steps over their mean, within unbroken rows of strides."""
    seen = np.isfinite(first_s)
    start_s, end_s, first_s = start_s[seen], end_s[seen], first_s[seen]
    lasting_s = end_s - start_s
    # The first foot is known within an unbroken row of strides only.
    broken = np.abs(start_s[1:] - end_s[:-1]) > 0.1 * lasting_s[1:]
    row = np.append(0, np.cumsum(broken))[: len(start_s)]
    size = np.bincount(row)
    total = np.bincount(row, (2 * first_s - lasting_s) / (lasting_s / 2))
    enough = size >= MIN_STRIDES_OF_STRETCH
    if not enough.any():
        return np.nan
    return float(np.average(np.abs(total[enough] / size[enough]), weights=size[enough]))


def columns_of(strides: pd.DataFrame) -> Columns:
    """Return the columns of a table by name."""
    # Without attrs, which every selection copies.
    return {str(name): column.to_numpy() for name, column in pd.DataFrame(strides).items()}


def stretches(columns: Columns, *, unknown: bool = False, by_gait: bool = False) -> Columns:
    """List the unbroken runs of forward or backward strides, and those of ``unknown`` ones.

    In time order: ``bout``, ``direction``, ``start_s``, ``end_s``, ``strides`` (in that direction),
    ``gait`` (of most of them), ``cadence_spm``. A stretch ends with its bout, at a stride in the
    other direction (or gait, if ``by_gait``), or if no stride in its direction follows within
    ``MAX_PAUSE_S``.
    """
    columns = {name: columns[name] for name in ("bout", "direction", "start_s", "end_s", "gait")}
    state = ("bout", "direction", *(["gait"] if by_gait else []))
    has_way = columns["direction"] != "unknown"
    runs = _runs({name: values[has_way] for name, values in columns.items()}, state)
    if unknown:
        middle_s = (columns["start_s"] + columns["end_s"]) / 2
        at = np.searchsorted(runs["start_s"], middle_s, side="right") - 1
        ends_s = np.append(runs["end_s"], -np.inf)  # index -1: before the first
        between = ~has_way & (middle_s > ends_s[at])
        # Unknown strides before and after a stretch are two runs.
        apart = {name: values[between] for name, values in (columns | {"after": at}).items()}
        rest = _runs(apart, (*state, "after"))
        order = np.argsort(np.append(runs["start_s"], rest["start_s"]), kind="stable")
        runs = {name: np.append(runs[name], rest[name])[order] for name in runs}
    return runs


def either_way(strides: Columns) -> NDArray[np.bool_]:
    """Strides that may have gone forward or backward: unknown ones, but not sideways ones."""
    return np.asarray((strides["direction"] == "unknown") & (strides["reason"] != "sideways"))


def mostly_unknown(strides: Columns) -> bool:
    """Return whether more strides may have gone either way than have a direction.

    Then a missing direction means nothing.
    """
    return bool(either_way(strides).sum() > (strides["direction"] != "unknown").sum())


def _runs(strides: Columns, state: Sequence[str]) -> Columns:
    """Return the runs of strides that agree in some columns, without a long pause."""
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
