"""Label recordings whose truth is known, and put the truth beside each stride."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import numpy as np
import pandas as pd

from retrodetect.direction import Anchors, DirectionModel, Priors, decide
from retrodetect.sites import group_of
from retrodetect.training.examples import Example

__all__ = ["label_with_truth", "stated_anchors"]

_KEPT = [
    "start_s", "end_s", "bout", "truth", "true_gait", "source", "subject",
    "session", "recording", "placement", "virtual",
]  # fmt: skip


def label_with_truth(
    model: DirectionModel,
    recordings: Iterable[Example],
    anchors_of: Callable[[Example], Anchors] = lambda example: Anchors(example.placement),
    priors: Priors | None = None,
) -> pd.DataFrame:
    """Label recordings exactly as users' are labelled and put the truth beside each stride.

    Parameters
    ----------
    model
        That has seen neither these wearers nor these sources.
    recordings
        Measured recordings with known truth.
    anchors_of
        What the wearer is supposed to have told of a recording.

    Returns
    -------
    DataFrame
        One row per stride: ``source``, ``subject``, ``session``, ``recording``, ``placement``,
        ``virtual``, ``start_s``, ``end_s``, ``gait``, ``true_gait``, ``truth`` (empty where
        unsure), ``direction``, ``p_backward``, ``reason``, ``told_apart_by``.
    """
    tables = []
    for example in recordings:
        strides = example.strides()
        directions = decide(example.measured.cues, strides, model, anchors_of(example), priors)
        tables.append(
            strides[_KEPT].join(directions.table).assign(told_apart_by=directions.told_apart_by)
        )
    return pd.concat(tables, ignore_index=True)


def stated_anchors(example: Example) -> Anchors:
    """Return the anchors of a wearer who states the placement, and the front where it is known.

    Returns
    -------
    Anchors
        The front where it lies on an axis of the device; never at a foot or ankle, which show
        it themselves.
    """
    front = None
    if example.front is not None and group_of(example.placement) not in ("foot", "ankle"):
        axis = int(np.abs(example.front).argmax())
        if abs(example.front[axis]) > 0.99:
            front = f"{'+' if example.front[axis] > 0 else '-'}{'xyz'[axis]}"
    return Anchors(example.placement, front=front)
