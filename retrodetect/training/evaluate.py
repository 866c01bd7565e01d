"""Label recordings whose truth is known, and count what came out, stride by stride."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import TypeVar

import numpy as np
import pandas as pd

from retrodetect.direction import Anchors, DirectionModel, Priors, decide
from retrodetect.recording import Recording
from retrodetect.sites import group_of
from retrodetect.training.datasets import Labelled
from retrodetect.training.examples import Example, example_of

__all__ = ["join", "label_with_truth", "marked_stretch", "summary", "told_front"]

_Known = TypeVar("_Known", Labelled, Example)

_KEPT = [
    "start_s", "end_s", "bout", "p_run", "truth", "true_gait", "source", "subject",
    "session", "recording", "placement", "virtual",
]  # fmt: skip


def label_with_truth(
    model: DirectionModel,
    recordings: Iterable[_Known],
    anchors_of: Callable[[_Known], Anchors] = lambda labelled: Anchors(labelled.placement),
    priors: Priors | None = None,
) -> pd.DataFrame:
    """Label recordings exactly as users' are labelled and put the truth beside each stride.

    Parameters
    ----------
    model
        That has seen neither these wearers nor these sources.
    recordings
        With truth.
    anchors_of
        What the wearer is supposed to have told of a recording.
    priors
        As in :func:`retrodetect.direction.classify`.

    Returns
    -------
    DataFrame
        One row per stride: ``source``, ``subject``, ``session``, ``recording``, ``placement``,
        ``virtual``, ``start_s``, ``end_s``, ``gait``, ``true_gait``, ``truth`` (empty where
        unsure), ``direction``, ``p_backward``, ``reason``, ``told_apart_by``.
    """
    tables = []
    for one in recordings:
        example = one if isinstance(one, Example) else example_of(one)
        strides = example.strides()
        directions = decide(example.measured.cues, strides, model, anchors_of(one), priors)
        tables.append(
            strides[_KEPT].join(directions.table).assign(told_apart_by=directions.told_apart_by)
        )
    return pd.concat(tables, ignore_index=True)


def summary(rows: pd.DataFrame, by: Sequence[str] = ()) -> pd.DataFrame:
    """Count right, wrong and unknown strides among those that truly went forward or backward.

    Parameters
    ----------
    rows
        As from `label_with_truth`.
    by
        Columns to count apart.

    Returns
    -------
    DataFrame
        ``strides``, ``right_of_labelled``, ``wrong`` (of all), ``unknown``,
        ``recall_backward`` and ``f1_backward`` (unknown counted as missed),
        ``false_backward_per_1000`` forward strides.
    """
    known = rows[rows["truth"].isin(["forward", "backward"])]
    if not by:
        return _counts(known).to_frame().T
    counted = {key: _counts(part) for key, part in known.groupby(list(by), sort=True)}
    return pd.DataFrame(counted.values(), index=pd.MultiIndex.from_tuples(counted, names=list(by)))


def _counts(rows: pd.DataFrame) -> pd.Series:
    truth, found = rows["truth"], rows["direction"]
    backward, forward = truth == "backward", truth == "forward"
    hit = int((backward & (found == "backward")).sum())
    false = int((forward & (found == "backward")).sum())
    labelled = int((found != "unknown").sum())
    right = int((truth == found).sum())
    return pd.Series(
        {
            "strides": len(rows),
            "right_of_labelled": right / labelled if labelled else np.nan,
            "wrong": (labelled - right) / max(len(rows), 1),
            "unknown": 1 - labelled / max(len(rows), 1),
            "recall_backward": hit / backward.sum() if backward.any() else np.nan,
            "f1_backward": 2 * hit / (hit + false + backward.sum()) if backward.any() else np.nan,
            "false_backward_per_1000": 1000 * false / forward.sum() if forward.any() else np.nan,
        }
    )


def join(parts: Sequence[Labelled], *, pause_s: float = 5.0) -> Labelled:
    """Put recordings of one wearer, site and mounting behind each other as one session.

    Between two of them lies a gap of ``pause_s`` in which nothing was recorded.

    Parameters
    ----------
    parts
        In order, all of one wearer, site and mounting.
    pause_s
        Length of the gaps in seconds.

    Returns
    -------
    Labelled
        With the intervals of all.
    """
    shift_s, begin = 0.0, []
    for part in parts:
        begin.append(shift_s)
        shift_s += part.recording.duration_s + pause_s
    first = parts[0]
    recordings = [part.recording for part in parts]
    return Labelled(
        **{
            **{name: getattr(first, name) for name in Labelled.__dataclass_fields__},
            "recording": Recording(
                name=f"{first.source}/{first.subject}/{first.placement}",
                time_s=np.concatenate(
                    [one.time_s + shift for one, shift in zip(recordings, begin, strict=True)]
                ),
                acceleration_mps2=np.concatenate([one.acceleration_mps2 for one in recordings]),
                rate_hz=recordings[0].rate_hz,
                format="joined",
            ),
            "intervals": pd.concat(
                [
                    part.intervals.assign(
                        start_s=part.intervals["start_s"] + shift,
                        end_s=part.intervals["end_s"] + shift,
                    )
                    for part, shift in zip(parts, begin, strict=True)
                ],
                ignore_index=True,
            ),
        }
    )


def marked_stretch(labelled: Labelled | Example, length_s: float = 5.0) -> Anchors:
    """Return the anchor of a wearer who marks where they walked straight ahead for a while.

    That is the first stretch of which the truth is sure that most of it is forward.

    Parameters
    ----------
    labelled
        With known truth.
    length_s
        Its length in seconds.

    Returns
    -------
    Anchors
        Placement and marked stretch; the placement alone where nobody surely went forward.
    """
    sure = labelled.intervals[
        (labelled.intervals["direction"] == "forward") & labelled.intervals["confident"]
    ]
    spans = sure[["start_s", "end_s"]].to_numpy(dtype=float)
    inside = [
        np.clip(spans[:, 1], start_s, start_s + length_s).sum()
        - np.clip(spans[:, 0], start_s, start_s + length_s).sum()
        for start_s in spans[:, 0]
    ]
    if not inside:
        return Anchors(labelled.placement)
    enough = np.flatnonzero(np.array(inside) > 0.5 * length_s)
    start_s = float(spans[enough[0] if len(enough) else int(np.argmax(inside)), 0])
    return Anchors(labelled.placement, forward=((start_s, start_s + length_s),))


def told_front(known: Labelled | Example) -> Anchors:
    """Return the anchors of a wearer who tells the placement, and the front where it is known.

    Parameters
    ----------
    known
        With known truth.

    Returns
    -------
    Anchors
        The front where it lies on an axis of the device; never at a foot or ankle, which show
        it themselves.
    """
    front = None
    if known.front is not None and group_of(known.placement) not in ("foot", "ankle"):
        axis = int(np.abs(known.front).argmax())
        if abs(known.front[axis]) > 0.99:
            front = f"{'+' if known.front[axis] > 0 else '-'}{'xyz'[axis]}"
    return Anchors(known.placement, front=front)
