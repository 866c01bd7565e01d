"""Check what the wearer said against the signal: a slip of the pen turns a whole session round."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from retrodetect.direction.anchors import Anchors, Mark
from retrodetect.direction.classify import (
    MOST_LEANING,
    Directions,
    StrideEvidence,
    decide,
    level_plane,
)
from retrodetect.direction.decoder import BACKWARD, DIRECTIONS, FORWARD, Priors
from retrodetect.direction.model import DirectionModel
from retrodetect.recording import FloatArray
from retrodetect.sites import group_of

__all__ = ["check_anchors"]

IMPARTIAL = Priors(one_way=(0.49, 0.49, 0.02), drawn=(0.49, 0.49, 0.02))
"""Takes nothing for common: what the signal alone says."""

STEADY = 0.5
"""How much stronger than across must travel be along its axis to be worth naming."""

FITS_RAD = np.deg2rad(60)
"""Angle up to which a named front fits the signal: devices sit askew, and a wrong axis is off by
90° or 180°."""


def check_anchors(
    shown: StrideEvidence,
    strides: pd.DataFrame,
    model: DirectionModel,
    anchors: Anchors,
    directions: Directions,
) -> tuple[str, ...]:
    """Say which of the wearer's words cannot be right, or were of no use.

    Parameters
    ----------
    shown, strides, model, anchors
        As for :func:`retrodetect.direction.decide`.
    directions
        What that returned.

    Returns
    -------
    tuple of str
        One sentence each, without a full stop; none where nothing was said.
    """
    if not len(strides):
        return ()
    marks = anchors.marks(strides)
    if anchors.front is None and not marks:
        return ()
    opposed = _opposed(shown, strides, model, anchors)
    sentences = [
        f"{mark.words} holds no stride, so it was not used" for mark in marks if _is_empty(mark)
    ]
    sentences += _contradictions(marks)
    sentences += [
        f"{mark.words} contradicts the signal, which shows"
        f" {DIRECTIONS[BACKWARD if mark.direction == FORWARD else FORWARD]} strides there; check it"
        for mark in marks
        if not _is_empty(mark) and opposed[mark.rows].mean() > 0.5
    ]
    if anchors.front is not None:
        is_turned = bool(opposed.mean() > 0.5)
        sentences += _check_front(shown, model, anchors, directions, is_turned=is_turned)
    return tuple(sentences)


def _is_empty(mark: Mark) -> bool:
    return not mark.rows.any()


def _contradictions(marks: list[Mark]) -> list[str]:
    """Marks of the same strides in two directions."""
    return [
        f"{earlier.words} and {later.words} mark the same strides; the second was used"
        for i, earlier in enumerate(marks)
        for later in marks[i + 1 :]
        if earlier.direction != later.direction and (earlier.rows & later.rows).any()
    ]


def _opposed(
    shown: StrideEvidence,
    strides: pd.DataFrame,
    model: DirectionModel,
    anchors: Anchors,
) -> NDArray[np.bool_]:
    """(n,) strides that the signal, where it shows the front itself, names otherwise."""
    alone = decide(shown, strides, model, Anchors(anchors.placement), IMPARTIAL)
    if alone.told_apart_by != "signal":
        return np.zeros(len(strides), dtype=np.bool_)
    by_words = decide(shown, strides, _without_front(model), anchors, IMPARTIAL)
    signal, words = alone.table["direction"], by_words.table["direction"]
    return np.asarray((signal != "unknown") & (words != "unknown") & (signal != words))


def _without_front(model: DirectionModel) -> DirectionModel:
    """The model if no body showed its front: what the words alone say."""
    return replace(
        model,
        groups={
            name: replace(site, front=replace(site.front, weights=0 * site.front.weights))
            for name, site in model.groups.items()
        },
    )


def _check_front(
    shown: StrideEvidence,
    model: DirectionModel,
    anchors: Anchors,
    directions: Directions,
    *,
    is_turned: bool,
) -> list[str]:
    """What is wrong with the axis that was named."""
    axis = anchors.front_axis
    assert axis is not None
    words = f"--front {anchors.front}"
    if not np.isfinite(shown.features.up).any():
        return [f"{words} is of no use in a recording without gravity"]
    plane = level_plane(shown.features.up)
    level = plane @ axis
    if np.linalg.norm(level) <= MOST_LEANING:
        way = "up" if axis @ np.cross(*plane) > 0 else "down"
        return [f"{words} points {way} in this recording; name the axis that points to the front"]
    if is_turned:
        return [f"{words} contradicts the signal, which shows the opposite; check it"]
    travel = _travel_axis(shown, model, directions)
    if travel is None:
        return []
    cosine = float(level @ plane @ travel / np.linalg.norm(level))
    if abs(cosine) >= np.cos(FITS_RAD):
        return []
    nearest = "xyz"[int(np.argmax(np.abs(travel)))]
    return [
        f"{words} contradicts the signal, which shows travel along +{nearest} or -{nearest};"
        " check it"
    ]


def _travel_axis(
    shown: StrideEvidence, model: DirectionModel, directions: Directions
) -> FloatArray | None:
    """(3,) unit vector along which the wearer went, there or back; None where it is not steady."""
    walked, ran = np.moveaxis(
        model.groups[group_of(directions.placement)].travel.vectors(shown.features), 1, 0
    )
    travel = np.where((directions.table["gait"] == "run").to_numpy()[:, None], ran, walked)
    length = np.linalg.norm(travel, axis=1)
    units = travel[length > 0] / length[length > 0, None]
    if not len(units):
        return None
    shares, axes = np.linalg.eigh(units.T @ units / len(units))
    return axes[:, -1] if shares[-1] - shares[-2] > STEADY else None
