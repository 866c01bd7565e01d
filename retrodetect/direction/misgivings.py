"""What the wearer told, held against the signal: a slip of the pen turns a whole session round."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from retrodetect.direction.anchors import Anchors, Mark
from retrodetect.direction.classify import (
    MOST_LEANING,
    Cues,
    Directions,
    decide,
    level_plane,
)
from retrodetect.direction.decoder import BACKWARD, DIRECTIONS, FORWARD, Priors
from retrodetect.direction.model import DirectionModel, SiteGroup, group_of, pointing
from retrodetect.recording import FloatArray

__all__ = ["misgivings"]

IMPARTIAL = Priors(one_way=(0.49, 0.49, 0.02), drawn=(0.49, 0.49, 0.02))
"""Nothing taken for common: what the signal alone says."""

MOST_DOUBT = 0.25
"""Doubt of a site's travel direction up to which words are held against it. The arm's is beyond:
there right words were doubted as often as wrong ones (``tests/benchmarks/misgivings.py``)."""

STEADY = 0.5
"""Mean resultant length from which a front found is worth naming."""

FITS_RAD = np.deg2rad(60)
"""Angle up to which a named front fits the one found: devices sit askew, and a wrong axis is off
by 90° or 180°."""


def misgivings(
    cues: Cues,
    strides: pd.DataFrame,
    model: DirectionModel,
    anchors: Anchors,
    found: Directions,
) -> tuple[str, ...]:
    """Say what of the wearer's words cannot be right, or was of no use.

    Parameters
    ----------
    cues, strides, model, anchors
        As for :func:`retrodetect.direction.decide`.
    found
        What that returned.

    Returns
    -------
    tuple of str
        One sentence each, without a full stop; none where nothing was told.
    """
    if not len(strides):
        return ()
    marks = anchors.marks(strides)
    if anchors.front is None and not marks:
        return ()
    said = [_empty(mark) for mark in marks if not mark.rows.any()]
    said += _contradictions(marks)
    opposed = _opposed(cues, strides, model, anchors, found)
    said += [
        f"{mark.told} does not fit the signal, which alone says"
        f" {DIRECTIONS[BACKWARD if mark.direction == FORWARD else FORWARD]} there; check it"
        for mark in marks
        if mark.rows.any() and opposed[mark.rows].mean() > 0.5
    ]
    if anchors.front is not None:
        said += _of_front(cues, strides, model, anchors, found, turned=bool(opposed.mean() > 0.5))
    return tuple(said)


def _empty(mark: Mark) -> str:
    return f"{mark.told} holds no stride, and so says nothing"


def _contradictions(marks: list[Mark]) -> list[str]:
    """Marks of the same strides in two directions."""
    return [
        f"{one.told} and {other.told} mark the same strides: the latter counts"
        for i, one in enumerate(marks)
        for other in marks[i + 1 :]
        if one.direction != other.direction and (one.rows & other.rows).any()
    ]


def _opposed(
    cues: Cues, strides: pd.DataFrame, model: DirectionModel, anchors: Anchors, found: Directions
) -> NDArray[np.bool_]:
    """(n,) strides that the signal alone surely names the other way, where it is worth hearing."""
    if not _shows_front(_site(model, found)):
        return np.zeros(len(strides), dtype=np.bool_)
    alone = decide(cues, strides, model, Anchors(anchors.placement), IMPARTIAL).table["direction"]
    named = found.table["direction"]
    both = (alone != "unknown") & (named != "unknown")
    return np.asarray(both & (alone != named))


def _of_front(
    cues: Cues,
    strides: pd.DataFrame,
    model: DirectionModel,
    anchors: Anchors,
    found: Directions,
    *,
    turned: bool,
) -> list[str]:
    """What is wrong with the axis that was named."""
    axis = anchors.front_axis
    assert axis is not None
    told = f"--front {anchors.front}"
    if not np.isfinite(cues.features.up).any():
        return [f"{told} says nothing in a recording without a vertical"]
    plane = level_plane(cues.features.up)
    level = plane @ axis
    if np.linalg.norm(level) <= MOST_LEANING:
        way = "up" if axis @ np.cross(*plane) > 0 else "down"
        return [
            f"{told} points {way} in this recording and says nothing; name the axis to the front"
        ]
    if turned:
        return [f"{told} does not fit the signal, which alone says the opposite; check it"]
    facing = _facing(cues, strides, model, found)
    if facing is None:
        return []
    cosine = float(level @ plane @ facing.along / np.linalg.norm(level))
    if (abs(cosine) if facing.both_ways else cosine) >= np.cos(FITS_RAD):
        return []
    nearest = int(np.argmax(np.abs(facing.along)))
    sign = "+" if facing.along[nearest] > 0 else "-"
    seems = f"{sign}{'xyz'[nearest]}"
    if facing.both_ways:
        seems = f"+{'xyz'[nearest]} or -{'xyz'[nearest]}"
    return [f"{told} does not fit the signal, by which the front is near {seems}; check it"]


def _facing(
    cues: Cues, strides: pd.DataFrame, model: DirectionModel, found: Directions
) -> _Bearing | None:
    """Where the wearer faces as the strides show it; None where the site does not."""
    site = _site(model, found)
    if not _shows_front(site):
        return None
    if site.front.any():
        return _bearing(pointing(site.front, cues.features), both_ways=False)
    walking, running = site.travel.vectors(cues.features)
    travel = np.where(strides["p_run"].to_numpy(dtype=float)[:, None] > 0.5, running, walking)
    direction = found.table["direction"].to_numpy()
    sign = (direction == "forward") * 1.0 - (direction == "backward")
    if np.count_nonzero(sign) > 0.5 * len(sign):
        return _bearing(sign[:, None] * travel, both_ways=False)
    return _bearing(travel, both_ways=True)


def _site(model: DirectionModel, found: Directions) -> SiteGroup:
    """Group of the placement, told or inferred."""
    return model.groups[group_of(found.placement)]


def _shows_front(site: SiteGroup) -> bool:
    """Whether the strides there tell where the wearer faces or goes."""
    return bool(site.front.any()) or site.travel.doubt <= MOST_DOUBT


class _Bearing(NamedTuple):
    """(3,) unit vector along which something points, and whether it may as well be its opposite."""

    along: FloatArray
    both_ways: bool


def _bearing(vectors: FloatArray, *, both_ways: bool) -> _Bearing | None:
    """Along what (n, 3) vectors point on the whole, or there and back; None where not steadily."""
    length = np.linalg.norm(vectors, axis=1)
    units = vectors[length > 0] / length[length > 0, None]
    if not len(units):
        return None
    if both_ways:
        shares, axes = np.linalg.eigh(units.T @ units / len(units))
        return _Bearing(axes[:, -1], True) if shares[-1] - shares[-2] > STEADY else None
    mean = units.mean(axis=0)
    steady = float(np.linalg.norm(mean))
    return _Bearing(mean / steady, False) if steady > STEADY else None
