"""From strides and anchors to a direction for each stride."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd

from retrodetect.direction.anchors import Anchors
from retrodetect.direction.decoder import (
    BACKWARD,
    DIRECTIONS,
    FORWARD,
    Evidence,
    Priors,
    decode,
)
from retrodetect.direction.model import DirectionModel, SiteGroup, group_of
from retrodetect.features import StrideFeatures, compute
from retrodetect.recording import FloatArray
from retrodetect.signal import ANALYSIS_RATE_HZ, Signal

__all__ = [
    "MOST_LEANING",
    "Cues",
    "Directions",
    "FrontKnowledge",
    "classify",
    "decide",
    "level_plane",
]

FrontKnowledge = Literal["given", "marked", "inferred", "unknown"]
ToldApartBy = Literal["wearer", "signal", "habit", ""]

EPISODE_TILT_RAD = np.deg2rad(40)
"""Change of the device's tilt from one bout to the next that means it was placed anew."""

TURN_RAD = np.deg2rad(50)
"""Yaw within a stride above which a weak stride is put down to turning."""

MOST_LEANING = 0.5
"""Length of a named axis in the level plane up to which it points up or down: no bearing to speak
of, and nothing that could be the front."""

GIVEN_FRONT_CONCENTRATION = 16.0
GIVEN_FRONT_DOUBT = 1e-4
"""A named axis: belts and pockets sit askew by 15° (one standard deviation)."""

LEAST_WEIGHT = 0.02
"""Groups of sites less likely than this are not asked."""

PACE_ERROR = 0.05
"""Least doubt about walk or run: errors run through whole bouts, and reverse the direction."""


@dataclass(frozen=True, slots=True)
class Directions:
    """Directions of n strides.

    Parameters
    ----------
    table : DataFrame
        Columns ``direction``, ``p_backward``, ``reason``; rows as the strides.
    front
        How forward got its name: ``given``, ``marked``, ``inferred`` or ``unknown``.
    placement
        The one given, else the inferred group of sites with ``?`` behind it.
    told_apart_by
        What told forward from backward: the ``wearer``, the ``signal`` (toes show in every stride
        where the front is), or ``habit``: that most people mostly go forward. Empty where nothing
        was told apart.
    """

    table: pd.DataFrame
    front: FrontKnowledge
    placement: str
    told_apart_by: ToldApartBy


@dataclass(frozen=True, slots=True)
class Cues:
    """What n strides show; it depends on no model and on no anchor, so that it can be kept.

    Parameters
    ----------
    features
        Moments and swing vectors of each.
    yaw_rad : (n,) array
        How far the device turned about the vertical within each stride.
    """

    features: StrideFeatures
    yaw_rad: FloatArray

    @classmethod
    def of(cls, signals: list[Signal], strides: pd.DataFrame) -> Cues:
        """Measure strides (``run``, ``start_s``, ``end_s``) in the runs of their recording."""
        return cls(compute(signals, strides), _yaw_rad(signals, strides))

    @classmethod
    def joined(cls, parts: Sequence[Cues]) -> Cues:
        """Put together what was measured run by run."""
        return cls(
            StrideFeatures.joined(part.features for part in parts),
            np.concatenate([np.empty(0), *(part.yaw_rad for part in parts)]),
        )


def classify(
    signals: list[Signal],
    strides: pd.DataFrame,
    model: DirectionModel,
    anchors: Anchors | None = None,
    priors: Priors | None = None,
) -> Directions:
    """Name the direction of every stride, or say why it is unknown.

    Parameters
    ----------
    signals
        The runs of the recording.
    strides
        Columns ``run``, ``bout``, ``start_s``, ``end_s``, ``gait``, in order of time.
    model
        A fitted direction model.
    anchors
        What the wearer tells.
    priors
        What is believed before any stride is seen.

    Returns
    -------
    Directions
    """
    return decide(Cues.of(signals, strides), strides, model, anchors, priors)


def decide(
    cues: Cues,
    strides: pd.DataFrame,
    model: DirectionModel,
    anchors: Anchors | None = None,
    priors: Priors | None = None,
) -> Directions:
    """Name directions from what was measured in each stride; otherwise as :func:`classify`.

    Parameters
    ----------
    cues
        What the n strides show.
    strides : DataFrame
        The same strides, columns as for `classify`.
    model, anchors, priors
        As for `classify`.

    Returns
    -------
    Directions
        One row for each stride.
    """
    anchors = anchors or Anchors()
    priors = priors or Priors()
    features = cues.features
    if not len(features):
        return Directions(
            _table(np.empty((0, 3)), 0.5, np.empty(0, bool), np.empty(0, bool)),
            "unknown",
            anchors.placement or "unknown",
            "",
        )
    forced = _forced(strides, anchors)
    episode = _episodes(features.up, strides["bout"].to_numpy())
    told = anchors.front is not None or bool((forced >= 0).any())
    session_bouts = strides["bout"].nunique()
    probability = np.zeros((len(features), len(DIRECTIONS)))
    strides_at = dict.fromkeys(model.groups, 0.0)
    has_front = False
    edges = np.flatnonzero(np.diff(episode, prepend=-1, append=-1))
    for first, end in itertools.pairwise(edges):
        rows = slice(first, end)
        here = features.where(rows)
        plane = level_plane(here.up)
        for group, weight in model.group_weights(here, anchors.placement).items():
            strides_at[group] += weight * len(here)
            if weight > LEAST_WEIGHT:
                evidence = _evidence(
                    here, strides.iloc[rows], forced[rows], plane, model.groups[group], anchors,
                    told, session_bouts,
                )  # fmt: skip
                has_front |= bool(evidence.front.any())
                found = decode(evidence, model.groups[group].score, priors)
                probability[rows] += weight * found.probability
    probability /= probability.sum(axis=1, keepdims=True)
    turning = cues.yaw_rad > TURN_RAD
    no_vertical = ~np.isfinite(features.up[:, 0])
    table = _table(probability, model.threshold, turning, no_vertical)
    front = _front_knowledge(forced, probability, model.threshold, given=has_front)
    placement = anchors.placement or f"{max(strides_at, key=lambda group: strides_at[group])}?"
    by: ToldApartBy = ""
    if (table["direction"] != "unknown").any():
        shows_toes = bool(model.groups[group_of(placement)].front.any())
        by = "wearer" if front in ("given", "marked") else "signal" if shows_toes else "habit"
    return Directions(table, front, placement, by)


def _evidence(
    features: StrideFeatures,
    strides: pd.DataFrame,
    forced: np.ndarray[tuple[int], np.dtype[np.intp]],
    plane: FloatArray,
    site: SiteGroup,
    anchors: Anchors,
    told: bool,
    session_bouts: int,
) -> Evidence:
    """Evidence of one episode if the device sat on one group of sites."""
    p_run = strides["p_run"].to_numpy(dtype=float)
    front = _given_front(plane, anchors)
    axis = anchors.front_axis if front.any() else None
    score, sideways = site.scores(features, (p_run > 0.5).astype(float), axis)
    if not site.hears_running:
        score = np.where(p_run < 0.5, score, np.nan)
    walking, running = site.travel.vectors(features)
    return Evidence(
        walking=walking @ plane.T,
        running=running @ plane.T,
        p_run=np.clip(p_run, PACE_ERROR, 1 - PACE_ERROR),
        score=score,
        log_sideways=sideways,
        bout=strides["bout"].to_numpy(dtype=np.intp),
        forced=forced,
        front=front,
        front_doubt=max(GIVEN_FRONT_DOUBT, site.travel.doubt),
        told=told,
        session_bouts=session_bouts,
    )


def _given_front(plane: FloatArray, anchors: Anchors) -> FloatArray:
    """(2,) front the wearer named, in the plane; its length is its concentration, zero for none."""
    if anchors.front_axis is None:
        return np.zeros(2)
    front = plane @ anchors.front_axis
    length = float(np.linalg.norm(front))
    if length <= MOST_LEANING:
        return np.zeros(2)
    return front * (GIVEN_FRONT_CONCENTRATION / length)


def _forced(strides: pd.DataFrame, anchors: Anchors) -> np.ndarray[tuple[int], np.dtype[np.intp]]:
    """(n,) direction a stride is marked with by the wearer, or -1."""
    forced = np.full(len(strides), -1, dtype=np.intp)
    for mark in anchors.marks(strides):
        forced[mark.rows] = mark.direction
    return forced


def _episodes(
    up: FloatArray, bout: np.ndarray[tuple[int], np.dtype[np.intp]]
) -> np.ndarray[tuple[int], np.dtype[np.intp]]:
    """(n,) number of the placement episode: a new one where the tilt jumps between bouts."""
    first = np.flatnonzero(np.diff(bout, prepend=bout[0] - 1))
    lean = np.add.reduceat(np.nan_to_num(up), first, axis=0)
    lean /= np.maximum(np.linalg.norm(lean, axis=1, keepdims=True), 1e-9)
    jump = np.einsum("ij,ij->i", lean[1:], lean[:-1]) < np.cos(EPISODE_TILT_RAD)
    jump &= np.linalg.norm(lean[1:], axis=1) > 0
    of_bout = np.concatenate([[0], np.cumsum(jump)])
    return np.asarray(np.repeat(of_bout, np.diff(np.append(first, len(bout)))))


def level_plane(up: FloatArray) -> FloatArray:
    """Find the level plane of a device.

    Parameters
    ----------
    up : (n, 3) array
        The vertical in the device frame at each of n strides; may hold NaN.

    Returns
    -------
    (2, 3) array
        Right-handed basis of the plane across their mean.
    """
    mean = np.nanmean(up, axis=0) if np.isfinite(up).any() else np.array([0.0, 0.0, 1.0])
    mean = mean / max(float(np.linalg.norm(mean)), 1e-9)
    first = np.eye(3)[int(np.argmin(np.abs(mean)))]
    first = first - (first @ mean) * mean
    first /= np.linalg.norm(first)
    return np.stack([first, np.cross(mean, first)])


def _yaw_rad(signals: list[Signal], strides: pd.DataFrame) -> FloatArray:
    """(n,) angle turned about the vertical during each stride; 0 without a gyroscope."""
    yaw = np.zeros(len(strides))
    for run, signal in enumerate(signals):
        rows = np.flatnonzero(strides["run"] == run)
        if signal.angular_rate_radps is None or signal.up is None or not len(rows):
            continue
        rate = np.nan_to_num(np.einsum("ij,ij->i", signal.angular_rate_radps, signal.up))
        angle = np.concatenate([[0.0], np.cumsum(rate) / ANALYSIS_RATE_HZ])
        at_s = signal.start_s + np.arange(len(angle)) / ANALYSIS_RATE_HZ
        ends = strides[["start_s", "end_s"]].to_numpy()[rows]
        yaw[rows] = np.abs(np.diff(np.interp(ends, at_s, angle), axis=1))[:, 0]
    return yaw


def _table(
    probability: FloatArray,
    threshold: float,
    turning: np.ndarray[tuple[int], np.dtype[np.bool_]],
    no_vertical: np.ndarray[tuple[int], np.dtype[np.bool_]],
) -> pd.DataFrame:
    """Labels where the posterior reaches the threshold, reasons where it does not."""
    forward, backward, sideways = probability.T
    sure_forward = (forward >= threshold) & ~no_vertical
    sure_backward = (backward >= threshold) & ~no_vertical
    unknown = ~(sure_forward | sure_backward)
    reason = np.select(
        [~unknown, no_vertical, sideways > np.maximum(forward, backward), turning],
        ["", "no_vertical", "sideways", "turning"],
        "weak",
    )
    return pd.DataFrame(
        {
            "direction": np.select(
                [sure_forward, sure_backward], ["forward", "backward"], "unknown"
            ),
            "p_backward": backward,
            "reason": reason,
        }
    )


def _front_knowledge(
    forced: np.ndarray[tuple[int], np.dtype[np.intp]],
    probability: FloatArray,
    threshold: float,
    *,
    given: bool,
) -> FrontKnowledge:
    """How forward got its name in this session."""
    if given:
        return "given"
    if (forced >= 0).any():
        return "marked"
    named = (probability[:, [FORWARD, BACKWARD]] >= threshold).any(axis=1).mean()
    return "inferred" if named > 0.5 else "unknown"
