"""Checks of a session: the wearer's statements against the signal, its strides against bodies.

A slip of the pen reverses a whole session. A clock that is off by a factor makes strides too
long or too short, or bodies that bounce too high or not at all: at the same force, the height
goes with the square of the time.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from retrodetect.direction.anchors import Anchors, Mark
from retrodetect.direction.classify import (
    MOST_LEANING,
    Directions,
    decide,
    level_plane,
)
from retrodetect.direction.decoder import BACKWARD, DIRECTIONS, FORWARD, Priors
from retrodetect.direction.model import DirectionModel
from retrodetect.features import StrideFeatures
from retrodetect.features.catalogue import SITE_SCALARS
from retrodetect.recording import Caution, FloatArray, Topic
from retrodetect.sites import group_of, groups_of
from retrodetect.tables import DOUBTED_STRIDES, IN_WORDS, STEPS_PER_STRIDE

__all__ = ["check_anchors", "doubtful_strides"]

IMPARTIAL = Priors(
    one_way=(0.49, 0.49, 0.02),
    one_way_if_shown=(0.49, 0.49, 0.02),
    begun=(0.49, 0.49, 0.02),
    drawn=(0.49, 0.49, 0.02),
    contrast=0.0,
)
"""Assumes nothing about habits: shows what the signal alone supports."""

MISPLACED = 0.1
"""Posterior of a named placement up to which it is doubtful."""

STEADY = 0.5
"""Least lead of the main axis of travel over the next, in shares of all travel, to report it."""

FITS_RAD = np.deg2rad(60)
"""Angle up to which a named front fits the signal: devices sit askew, and a wrong axis is off by
90° or 180°."""


STRIDE_S = {"walk": (0.6, 2.0), "run": (0.48, 1.05)}
"""Typical stride times, wider than the published ones (Hausdorff 2007, Hum Mov Sci 26:555;
Novacheck 1998, Gait Posture 7:77): 200 and 60 steps a minute in a walk, 250 and 114 in a run."""

BOUNCE_M = (0.008, 0.08)
"""How far a sensor moves up from its mean in each step. Own measurement on 229 real recordings of
walking and running, at all sites: 0.011 to 0.065 m."""

_BRISK_S = 0.92
"""Longest stride whose bounce may be too small: fewer than 130 steps a minute may be shuffled."""

_DOUBTED_SHARE = 0.1
"""Share of a session's strides: fewer of one gait are a few mistakes, not a wrong clock."""


def check_anchors(
    features: StrideFeatures,
    strides: pd.DataFrame,
    model: DirectionModel,
    anchors: Anchors,
    directions: Directions,
) -> tuple[tuple[Caution, ...], Directions]:
    """Report statements that are wrong or unused; where they oppose the signal, trust neither.

    Parameters
    ----------
    features, strides, model, anchors
        As for :func:`retrodetect.direction.decide`.
    directions
        What ``decide`` returned for these strides.

    Returns
    -------
    tuple of Caution
        Statements that cannot be right, or were not used.
    Directions
        The same, but unknown for strides where a wrong statement and the signal disagree.
    """
    if not len(strides):
        return (), directions
    misplaced = _check_placement(features, model, anchors)
    marks = anchors.marks(strides)
    names_front = anchors.front is not None or anchors.same_mounting
    if not (names_front or marks):
        return misplaced, directions
    opposed = _opposed(features, strides, model, anchors)
    lying = f"they lie between {strides['start_s'].min():.0f} and {strides['end_s'].max():.0f} s"
    cautions = [*misplaced]
    cautions += [
        Caution(Topic.WORDS, f"{mark.words} contains no strides ({lying}), so it was ignored")
        for mark in marks
        if not mark.rows.any()
    ]
    cautions += _overlaps(marks)
    wrong = [mark for mark in marks if mark.rows.any() and opposed[mark.rows].mean() > 0.5]
    cautions += [
        _contradiction(
            mark.words,
            f"{DIRECTIONS[BACKWARD if mark.direction == FORWARD else FORWARD]} strides there",
            opposed,
        )
        for mark in wrong
    ]
    is_turned = names_front and bool(opposed.mean() > 0.5)
    if anchors.same_mounting:
        cautions += _check_mounting(features, model, anchors, opposed, is_turned=is_turned)
    if anchors.front is not None:
        cautions += _check_front(features, model, anchors, directions, opposed, is_turned=is_turned)
    if wrong or is_turned:
        directions = _disputed(directions, opposed)
    return tuple(cautions), directions


def _check_placement(
    features: StrideFeatures, model: DirectionModel, anchors: Anchors
) -> tuple[Caution, ...]:
    """Caution if the device moves as at no site that the placement may mean.

    An arm that is held still, and a bag, move as the trunk does.
    """
    if anchors.placement is None:
        return ()
    weights = model.group_weights(features, anchors.placement)
    meant = groups_of(anchors.placement)
    likeliest = max(weights, key=lambda group: weights[group])
    if "arm" in meant and likeliest == "trunk":
        return ()
    if sum(weights.get(group, 0.0) for group in meant) > MISPLACED:
        return ()
    text = (
        f"placement {anchors.placement} contradicts the signal, which shows a device at the"
        f" {likeliest}. Directions follow the signal: correct the placement, or leave it out"
    )
    return (Caution(Topic.CONTRADICTION, text),)


def _contradiction(words: str, shown: str, opposed: NDArray[np.bool_]) -> Caution:
    """Report what the signal shows instead, and how many strides became unknown."""
    count = int(opposed.sum())
    strides = f"all {count} strides" if opposed.all() else f"{count} of {len(opposed)} strides"
    text = (
        f"{words} contradicts the signal, which shows {shown}. One of the two is wrong, so"
        f" {strides} {'count' if count > 1 else 'counts'} as unknown. Correct it, or leave it out"
    )
    return Caution(Topic.CONTRADICTION, text)


def _disputed(directions: Directions, opposed: NDArray[np.bool_]) -> Directions:
    """Make strides unknown where statements and signal disagree."""
    believed = pd.Series(~opposed, directions.table.index)
    table = directions.table.assign(
        direction=directions.table["direction"].where(believed, "unknown"),
        p_backward=directions.table["p_backward"].where(believed, 0.5),
        reason=directions.table["reason"].where(believed, "disputed"),
    )
    is_named = bool((table["direction"] != "unknown").any())
    return replace(
        directions, table=table, told_apart_by=directions.told_apart_by if is_named else ""
    )


def _overlaps(marks: list[Mark]) -> list[Caution]:
    """Report strides that are marked in two directions."""
    return [
        Caution(
            Topic.WORDS,
            f"{earlier.words} and {later.words} mark the same strides, so the second one counts",
        )
        for i, earlier in enumerate(marks)
        for later in marks[i + 1 :]
        if earlier.direction != later.direction and (earlier.rows & later.rows).any()
    ]


def _opposed(
    features: StrideFeatures, strides: pd.DataFrame, model: DirectionModel, anchors: Anchors
) -> NDArray[np.bool_]:
    """(n,) strides that the signal, if it shows the front itself, names differently."""
    alone = decide(features, strides, model, Anchors(anchors.placement), IMPARTIAL)
    if alone.told_apart_by != "signal":
        return np.zeros(len(strides), dtype=np.bool_)
    by_words = decide(features, strides, _without_front(model), anchors, IMPARTIAL)
    signal, words = alone.table["direction"], by_words.table["direction"]
    return np.asarray((signal != "unknown") & (words != "unknown") & (signal != words))


def _without_front(model: DirectionModel) -> DirectionModel:
    """The model without front cues, so that only statements name directions."""
    return replace(
        model,
        groups={
            name: replace(site, front=replace(site.front, weights=0 * site.front.weights))
            for name, site in model.groups.items()
        },
    )


def _check_front(
    features: StrideFeatures,
    model: DirectionModel,
    anchors: Anchors,
    directions: Directions,
    opposed: NDArray[np.bool_],
    *,
    is_turned: bool,
) -> list[Caution]:
    """Cautions about the named front axis."""
    axis = anchors.front_axis
    assert axis is not None
    words = f"--front {anchors.front}"
    if not np.isfinite(features.up).any():
        return [Caution(Topic.WORDS, f"{words} was ignored: the recording is without gravity")]
    plane = level_plane(features.up)
    level = plane @ axis
    if np.linalg.norm(level) <= MOST_LEANING:
        way = "up" if axis @ np.cross(*plane) > 0 else "down"
        text = f"{words} points {way} in this recording: use the axis that points to the front"
        return [Caution(Topic.WORDS, text)]
    if is_turned:
        return [_contradiction(words, "the opposite", opposed)]
    travel = _travel_axis(features, model, directions)
    if travel is None:
        return []
    cosine = float(level @ plane @ travel / np.linalg.norm(level))
    if abs(cosine) >= np.cos(FITS_RAD):
        return []
    nearest = "xyz"[int(np.argmax(np.abs(travel)))]
    text = (
        f"{words} contradicts the signal, which shows travel along +{nearest} or -{nearest}."
        " Correct it, or leave it out"
    )
    return [Caution(Topic.CONTRADICTION, text)]


def _check_mounting(
    features: StrideFeatures,
    model: DirectionModel,
    anchors: Anchors,
    opposed: NDArray[np.bool_],
    *,
    is_turned: bool,
) -> list[Caution]:
    """Cautions about a mounting stated to be the same."""
    words = "--same-mounting"
    mounting = model.mountings.get(anchors.placement or "")
    if mounting is None:
        sites = " and ".join(sorted(model.mountings))
        remembered = f"the mounting at {sites}" if sites else "no mounting"
        where = anchors.placement or "an unnamed site"
        text = f"{words} was ignored at {where}: model {model.name} remembers {remembered}"
        return [Caution(Topic.WORDS, text)]
    if not mounting.fits(features):
        askew_rad = mounting.askew_rad(features)
        why = (
            f"the device is tilted by {np.rad2deg(askew_rad):.0f}° against the recordings that"
            f" model {model.name} learned from"
            if np.isfinite(askew_rad)
            else "nothing shows how the device is tilted"
        )
        return [Caution(Topic.WORDS, f"{words} was ignored: {why}")]
    return [_contradiction(words, "the opposite", opposed)] if is_turned else []


def _travel_axis(
    features: StrideFeatures, model: DirectionModel, directions: Directions
) -> FloatArray | None:
    """(3,) unit vector along which the wearer went, there or back; None if not steady."""
    walked, ran = np.moveaxis(
        model.groups[group_of(directions.placement)].travel.vectors(features), 1, 0
    )
    travel = np.where((directions.table["gait"] == "run").to_numpy()[:, None], ran, walked)
    length = np.linalg.norm(travel, axis=1)
    units = travel[length > 0] / length[length > 0, None]
    if not len(units):
        return None
    shares, axes = np.linalg.eigh(units.T @ units / len(units))
    return axes[:, -1] if shares[-1] - shares[-2] > STEADY else None


def doubtful_strides(features: StrideFeatures, strides: pd.DataFrame) -> list[str]:
    """Report strides unlike anybody's, as from a wrong clock.

    Parameters
    ----------
    features, strides
        Of n strides; the table has ``start_s``, ``end_s`` and ``gait`` (``walk`` or ``run``).

    Returns
    -------
    list of str
        A sentence for each gait whose typical stride is implausible.
    """
    lasting_s = (strides["end_s"] - strides["start_s"]).to_numpy()
    bounce_m = _bounce_m(features, lasting_s)
    doubts = []
    for name, (shortest_s, longest_s) in STRIDE_S.items():
        of_gait = (strides["gait"] == name).to_numpy()
        if np.count_nonzero(of_gait) < max(DOUBTED_STRIDES, _DOUBTED_SHARE * len(strides)):
            continue
        middle_s, middle_m = np.median(lasting_s[of_gait]), np.median(bounce_m[of_gait])
        subject = f"the typical {IN_WORDS[name]} stride"
        if not shortest_s <= middle_s <= longest_s:
            than = "shorter" if middle_s < shortest_s else "longer"
            says = f"{subject} lasts {middle_s:.2f} s, {than} than anybody's"
        elif middle_m > BOUNCE_M[1] or (middle_m < BOUNCE_M[0] and middle_s < _BRISK_S):
            than = "higher" if middle_m > BOUNCE_M[1] else "less high"
            says = f"{subject} goes {100 * middle_m:.2g} cm up and down, {than} than anybody's"
        else:
            continue
        doubts.append(f"{says}: if the clock is wrong, cadence, counts and minutes are too")
    return doubts


def _bounce_m(features: StrideFeatures, lasting_s: FloatArray) -> FloatArray:
    """(n,) amplitude of the vertical movement at the step, NaN without a vertical."""
    at = [feature.name for feature in SITE_SCALARS].index("log_v_low")
    amplitude_mps2 = np.sqrt(2) * np.exp(features.site_scalars[:, at])
    bounce_m: FloatArray = amplitude_mps2 / (2 * np.pi * STEPS_PER_STRIDE / lasting_s) ** 2
    return bounce_m
