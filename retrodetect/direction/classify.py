"""From strides and anchors to a direction for each stride."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from retrodetect.direction.anchors import Anchors
from retrodetect.direction.decoder import (
    BACKWARD,
    DIRECTIONS,
    FORWARD,
    PACES,
    Decoded,
    Evidence,
    Priors,
    decode,
    mixed_beforehand,
    of_marks,
)
from retrodetect.direction.likeness import bout_begins
from retrodetect.direction.model import DirectionModel, seats_of
from retrodetect.direction.mounting import Mounting
from retrodetect.features import StrideFeatures
from retrodetect.recording import FloatArray
from retrodetect.signal.numerics import i0e, i1e, logit, logsumexp, softmax
from retrodetect.sites import GROUPS, SITES

__all__ = [
    "MOST_LEANING",
    "Directions",
    "FrontKnowledge",
    "decide",
    "level_plane",
]

FrontKnowledge = Literal["given", "marked", "inferred", "unknown"]
ToldApartBy = Literal["wearer", "signal", "habit", ""]

EPISODE_TILT_RAD = np.deg2rad(40)
"""Change of tilt from one bout to the next that means that the device was placed anew."""

TURN_RAD = np.deg2rad(50)
"""Yaw within a stride above which a weak stride is attributed to turning."""

MOST_LEANING = 0.5
"""Length of a named axis in the level plane up to which it points up or down: it has hardly any
bearing, and cannot be the front."""

GIVEN_FRONT_CONCENTRATION = 16.0
GIVEN_FRONT_DOUBT = 1e-4
"""A named axis: belts and pockets sit askew by 15° (one standard deviation)."""

LEAST_WEIGHT = 0.02
"""Less likely groups of sites are ignored."""

PACE_TEMPER = 0.3
"""Share of a stride's pace that its neighbours do not hold: five are smoothed together."""

RUN_STRIDES, MOST_RUN_LOG_ODDS = 12.0, 6.0
WALK_STRIDES, MOST_WALK_LOG_ODDS = 60.0, 13.0
"""Bounds on the independent strides that the pace of an episode counts as, and on the log odds of
either pace for a stride. Brisk and bouncy walkers look like runners in all their strides; no
runner looks like a slow walker."""

FRONT_STRIDES = 12.0
MOST_FRONT = 12.0
"""Bounds on the independent strides that the front vectors of an episode count as, and on their
concentration: a wearer's are all off by much the same angle, 17° (one standard deviation)."""

LEAST_DOUBT = 1e-4
"""Least probability that a stride went the other way: no model was tested on enough strides to be
surer, and stated axes and marks are wrong at least as often."""

SETTLED = 0.9
"""Share of strides with a sure direction above which an episode counts as decided."""

LEAST_HABIT = 0.95
"""Least posterior of a label in a session that turns, where habit alone names both ways: of the
namings held out 359 of 360 above it were right, of those from 0.9 to 0.95 34 of 45
(``tests/benchmarks/naming.py``, before this bound). Likewise in one that is backward throughout as
an accelerometer alone sees it: of 181 real forward walks with a thigh or a front pocket two were
called backward at 0.90 and 0.91."""

LEAST_ASSUMED = 0.85
"""Least probability of forward rather than backward for a session that goes one way and without
any statement: an ordinary walk is called forward, and the result calls this an assumption. At 0.8
more ordinary walks get their name, but twice as many that are backward throughout get a wrong one
with only an accelerometer in a pocket."""

_DECODED = [
    *DIRECTIONS, "p_run", "A", "B", "a_forward", "front_shown", "named_front", "least",
    "least_ahead",
]  # fmt: skip
"""Columns of the decoded table, besides the groups of sites."""

SIGNAL_SHARE = 0.9
"""Least probability of one seat and its front for the signal to count as showing the front."""


@dataclass(frozen=True, slots=True)
class Directions:
    """Directions of n strides.

    Parameters
    ----------
    table : DataFrame
        Columns ``direction``, ``p_backward``, ``reason``, ``gait``, ``side``, ``p_side``,
        ``marked``; rows as the strides. Side is ``A`` or ``B``, two opposite ways to go, or empty,
        as where no stride shows its way; the session begins with A. Marked is the direction that
        the wearer marked, or empty.
    front
        How forward got its name: ``given``, ``marked``, ``inferred`` or ``unknown``.
    placement
        The stated one, else the inferred group of sites followed by ``?``.
    told_apart_by
        What separated forward from backward: the ``wearer``, the ``signal`` (the body shows its
        front), or ``habit``: how most people walk. Empty if nothing did.
    a_forward
        Probability that side A is forward; NaN without any stride on a side.
    """

    table: pd.DataFrame
    front: FrontKnowledge
    placement: str
    told_apart_by: ToldApartBy
    a_forward: float

    @property
    def sides(self) -> tuple[int, int]:
        """Strides on side A and on side B."""
        side = self.table["side"]
        return int((side == "A").sum()), int((side == "B").sum())

    @property
    def naming(self) -> float:
        """Probability that the likelier naming of the sides is right; NaN without sides."""
        return max(self.a_forward, 1 - self.a_forward)

    @property
    def share_if_swapped(self) -> float:
        """Backward share of the strides on a side if that naming is wrong; NaN without sides."""
        a, b = self.sides
        if np.isnan(self.a_forward) or not a + b:
            return np.nan
        return (a if self.a_forward >= 0.5 else b) / (a + b)


def decide(
    features: StrideFeatures,
    strides: pd.DataFrame,
    model: DirectionModel,
    anchors: Anchors | None = None,
    priors: Priors | None = None,
) -> Directions:
    """Name the direction of every stride, or say why it is unknown.

    Parameters
    ----------
    features
        What the n strides show.
    strides : DataFrame
        The same strides in order of time: ``bout``, ``start_s``, ``end_s``, ``p_run``.
    model
        A fitted direction model.
    anchors
        Statements of the wearer.
    priors
        Beliefs before any stride is seen.

    Returns
    -------
    Directions
        One row for each stride.
    """
    anchors = anchors or Anchors()
    session = _Session(features, strides, anchors, model, priors or Priors())
    parts = [session.decode(rows, mixed) for rows, mixed in session.episodes]
    decoded = pd.concat(parts) if parts else pd.DataFrame(columns=_DECODED, dtype=float)
    table = _table(decoded, features, model.threshold)
    table["marked"] = np.array([*DIRECTIONS, ""], dtype=object)[session.forced]
    labelled = (table["direction"] != "unknown").to_numpy()
    front = _front_knowledge(session.forced, labelled, given=bool(decoded["named_front"].any()))
    by: ToldApartBy = ""
    if labelled.any():
        named = front in ("given", "marked")
        by = "wearer" if named else "signal" if decoded["front_shown"].mean() > 0.5 else "habit"
    a_forward = decoded["a_forward"].to_numpy()
    sided = (table["side"] != "").to_numpy() & np.isfinite(a_forward)
    return Directions(
        table,
        front,
        _placement(anchors, decoded),
        by,
        float(a_forward[sided].mean()) if sided.any() else np.nan,
    )


def _placement(anchors: Anchors, decoded: pd.DataFrame) -> str:
    """The stated site, else the likeliest group with a question mark."""
    if anchors.placement is not None or decoded.empty:
        return anchors.placement or "unknown"
    return f"{decoded.reindex(columns=list(GROUPS)).sum().idxmax()}?"


class _Session:
    """State that all episodes of a recording share."""

    def __init__(
        self,
        features: StrideFeatures,
        strides: pd.DataFrame,
        anchors: Anchors,
        model: DirectionModel,
        priors: Priors,
    ) -> None:
        self._features, self._strides, self._anchors = features, strides, anchors
        self._model, self._priors = model, priors
        self.forced = _forced(strides, anchors)
        mounting = model.mountings.get(anchors.placement or "") if anchors.same_mounting else None
        # A tilted device is ignored here, as its caution reports, and states nothing.
        self._mounting = mounting if mounting and mounting.fits(features) else None
        self.stated = (
            anchors.front is not None
            or self._mounting is not None
            or bool((self.forced >= 0).any())
        )
        log_turn = model.likeness.log_turn(features, strides)
        begins = bout_begins(strides["bout"].to_numpy())
        episode = _episodes(features.up, begins)
        mixed = mixed_beforehand(log_turn[begins], episode[begins], priors, stated=self.stated)
        edges = np.flatnonzero(np.diff(episode, prepend=-1, append=-1)).tolist()
        # Rows of each episode, and how likely the session is mixed by the bouts of the others.
        rows = itertools.starmap(slice, itertools.pairwise(edges))
        self.episodes = list(zip(rows, mixed.tolist(), strict=True))
        log_turn[edges[:-1]] = 0.0
        self._log_turn = log_turn

    def decode(self, rows: slice, mixed: float) -> pd.DataFrame:
        """Decode an episode under every hypothesis about its group of sites, and weigh them.

        The n rows hold the probability of each direction, of running, of going to either side (0
        if no stride shows its way) and of each group. The rest is the same in all rows: the
        probability that side A is forward (NaN without sides), whether the body showed its front,
        whether an axis that the wearer named was used, and the thresholds of a label.
        """
        features = self._features.where(rows)
        plane = level_plane(features.up)
        by_group = self._model.group_weights(features, self._anchors.placement)
        weights = {group: weight for group, weight in by_group.items() if weight > LEAST_WEIGHT}
        evidences = [self._evidence(features, rows, mixed, plane, group) for group in weights]
        decoded = [decode(evidence, self._priors) for evidence in evidences]
        shares = softmax(np.log([*weights.values()]))
        probability = _mean([each.probability for each in decoded], shares)
        front_shown = sum(shares * np.array([*map(_shows_front, evidences, decoded)])) > 0.5
        shows_travel = self._mounting is not None or any(
            bool(evidence.travel.any()) for evidence in evidences
        )
        sides = self._sides(probability, evidences, shares, shows_travel=shows_travel)
        on_a = sides[:, 0] >= self._model.threshold
        forward = probability[on_a][:, [FORWARD, BACKWARD]].sum(axis=0)
        threshold, threshold_ahead = self._least(features, sides, front_shown=front_shown)
        return pd.DataFrame(
            {
                **dict(zip(DIRECTIONS, probability.T, strict=True)),
                "p_run": _mean([each.p_run for each in decoded], shares),
                **dict(zip("AB", sides.T * shows_travel, strict=True)),
                **dict(zip(weights, shares, strict=True)),
                "a_forward": forward[0] / forward.sum() if on_a.any() and shows_travel else np.nan,
                "front_shown": front_shown,
                "named_front": self._mounting is not None or evidences[0].named_front.any(),
                "least": threshold,
                "least_ahead": threshold_ahead,
            }
        )

    def _least(
        self, features: StrideFeatures, sides: FloatArray, *, front_shown: bool
    ) -> tuple[float, float]:
        """Least posterior of a label in an episode, and of an assumed forward beside backward."""
        threshold = self._model.threshold
        if self.stated:
            return threshold, np.inf
        on_side = (sides >= threshold).mean(axis=0)
        is_one_way = on_side[0] >= SETTLED and not on_side[1]
        by_habit = on_side.all() and not front_shown
        if by_habit or (is_one_way and not features.mostly_with_gyro):
            threshold = max(threshold, LEAST_HABIT)
        if not is_one_way:
            return threshold, np.inf
        return threshold, self._model.threshold if front_shown else LEAST_ASSUMED

    def _sides(
        self,
        probability: FloatArray,
        evidences: list[Evidence],
        shares: FloatArray,
        *,
        shows_travel: bool,
    ) -> FloatArray:
        """(n, 2) probability of side A, on which the episode begins, and of side B."""
        threshold = self._model.threshold
        sides = probability[:, [FORWARD, BACKWARD]]
        if (sides.max(axis=1) >= threshold).mean() < SETTLED and not self.stated and shows_travel:
            sides = self._unnamed_sides(evidences, shares)
        begins = np.flatnonzero(sides.max(axis=1) >= threshold)
        if len(begins) and sides[begins[0], 1] > sides[begins[0], 0]:
            sides = sides[:, ::-1]
        return sides

    def _unnamed_sides(self, evidences: list[Evidence], shares: FloatArray) -> FloatArray:
        """(n, 2) probability of the two sides, whatever their names.

        Decoding the episode twice, with a clear stride taken for forward and for backward, shows
        which strides go the same way.
        """
        length = sum(np.linalg.norm(evidence.travel[:, 0], axis=1) for evidence in evidences)
        clear = int(np.convolve(length, np.ones(5), "same").argmax())
        sides, log_evidence = [], []
        for name, opposite in ((FORWARD, BACKWARD), (BACKWARD, FORWARD)):
            forced = np.full(len(length), -1)
            forced[clear] = name
            log_direction = of_marks(forced)
            decoded = [
                decode(replace(evidence, log_direction=log_direction), self._priors)
                for evidence in evidences
            ]
            of_site = np.log(shares) + [episode.log_evidence for episode in decoded]
            probability = _mean([episode.probability for episode in decoded], softmax(of_site))
            sides.append(probability[:, [name, opposite]])
            log_evidence.append(float(logsumexp(of_site)))
        return _mean(sides, softmax(log_evidence))

    def _evidence(
        self,
        features: StrideFeatures,
        rows: slice,
        mixed: float,
        plane: FloatArray,
        group: str,
    ) -> Evidence:
        """Evidence of an episode if the device sat at one group of sites."""
        site, seats = self._model.groups[group], seats_of(self._anchors.placement, group)
        strides = self._strides.iloc[rows]
        seen_by = {SITES[seat.site].travel_seen_by for seat in seats}
        seen = features.has_gyro & (seen_by != {"nothing"}) | ("accelerometer" in seen_by)
        # On an arm that does not swing, an occasional turning stride shows no more than the others.
        swings = _turns_enough(features, max(SITES[seat.site].least_turn_radps for seat in seats))
        travel, of_travel = _balanced(
            site.travel.vectors(features) @ plane.T * (seen & swings)[:, None, None]
        )
        front, of_front = _balanced(site.front_cues(features) @ plane.T * swings)
        front_total = max(float(np.linalg.norm(front, axis=-1).sum(axis=0).max()), 1e-9)
        front_temper = min(1.0, FRONT_STRIDES / len(features), MOST_FRONT / front_total)
        return Evidence(
            travel=travel,
            front=front,
            seats=np.array([seat.weight for seat in seats]),
            front_offset_rad=np.array([seat.offsets_rad for seat in seats]),
            front_shown=bool(
                features.mostly_with_gyro
                and front.any()
                and max(seat.weight for seat in seats) > SIGNAL_SHARE
            ),
            front_temper=front_temper,
            front_doubt=site.doubt(features),
            log_run=_log_run(strides["p_run"].to_numpy(dtype=float))
            + of_travel
            + front_temper * of_front.sum(axis=1),
            bout=strides["bout"].to_numpy(dtype=np.intp),
            log_direction=of_marks(self.forced[rows])
            + self._priors.contrast * _contrast(site.contrast, features, strides, travel)
            + _as_mounted(self._mounting, features, strides),
            named_front=_named_front(plane, self._anchors),
            named_front_doubt=max(GIVEN_FRONT_DOUBT, float(site.travel.doubt.min())),
            stated=self.stated,
            mixed=mixed,
            log_turn=self._log_turn[rows],
        )


def _turns_enough(features: StrideFeatures, least_radps: float) -> bool:
    """Whether a typical stride turns fast enough to show anything."""
    log_rate = features.log_angular_rate[features.has_gyro]
    if least_radps == 0 or not len(log_rate):
        return True
    return bool(np.median(log_rate) >= np.log(least_radps))


def _contrast(
    weights: FloatArray, features: StrideFeatures, strides: pd.DataFrame, travel: FloatArray
) -> FloatArray:
    """(n, 3) log likelihood of each direction, by how a stride differs from the session's mean."""
    log_direction = np.zeros((len(features), 3))
    walked = (strides["p_run"] < 0.5).to_numpy() & travel.any(axis=(1, 2))
    if walked.any():
        score = features.scalars[walked] @ weights
        by_stride = (score - score.mean()) / walked.sum()
        log_direction[walked, FORWARD] = -by_stride
        log_direction[walked, BACKWARD] = by_stride
    return log_direction


def _as_mounted(
    mounting: Mounting | None, features: StrideFeatures, strides: pd.DataFrame
) -> FloatArray:
    """(n, 3) log likelihood of each direction, from how it looked in the same mounting."""
    log_direction = np.zeros((len(features), 3))
    if mounting is not None:
        walked = (strides["p_run"] < 0.5).to_numpy()
        half = 0.5 * mounting.log_odds(features)[walked]
        log_direction[walked, FORWARD], log_direction[walked, BACKWARD] = -half, half
    return log_direction


def _log_run(p_run: FloatArray) -> FloatArray:
    """(n,) log odds of running that the pace of each stride adds to the episode's."""
    odds = logit(np.clip(p_run, 1e-6, 1 - 1e-6))
    run = min(PACE_TEMPER, RUN_STRIDES / len(odds)) * np.clip(odds, 0.0, MOST_RUN_LOG_ODDS)
    walk = min(PACE_TEMPER, WALK_STRIDES / len(odds)) * np.clip(odds, -MOST_WALK_LOG_ODDS, 0.0)
    return np.asarray(run + walk)


def _balanced(vectors: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Make (..., 2, 2) level vectors equally long for both paces if they are opposed.

    How surely a pace shows a bearing must not decide the pace, as that would decide the
    direction. The (...) log odds of running make up for vectors that only one pace has.
    """
    length = np.linalg.norm(vectors, axis=-1)
    opposed = np.einsum("...i,...i->...", vectors[..., 0, :], vectors[..., 1, :]) < 0
    scale = length.min(axis=-1, keepdims=True) / np.maximum(length, 1e-12)
    kappa = np.where((length > 0).all(axis=-1)[..., None], 0.0, length)
    ratio = i1e(kappa) / i0e(kappa)
    gain = kappa * (ratio - 1) - np.log(i0e(kappa))
    balanced = np.where(opposed[..., None, None], vectors * scale[..., None], vectors)
    return balanced, np.asarray(gain[..., 0] - gain[..., 1])


def _shows_front(evidence: Evidence, decoded: Decoded) -> bool:
    """Whether a single front remained, shown by the body and trusted.

    A single cue cannot separate seats: habit chose among them.
    """
    offsets_rad = evidence.front_offset_rad
    likeliest = offsets_rad[decoded.seats.argmax()]
    alike = np.array(
        [np.array_equal(seat_rad, likeliest, equal_nan=True) for seat_rad in offsets_rad]
    )
    used = np.isfinite(likeliest)
    weights = decoded.seats if used.sum() > 1 else evidence.seats
    sure = weights[alike].sum() > SIGNAL_SHARE and decoded.shown > SIGNAL_SHARE
    return bool(sure and evidence.front[:, used].any())


def _mean(values: Sequence[FloatArray], shares: FloatArray) -> FloatArray:
    return np.asarray(sum(share * value for share, value in zip(shares, values, strict=True)))


def _named_front(plane: FloatArray, anchors: Anchors) -> FloatArray:
    """(2,) front the wearer named, in the plane, as long as its concentration; zero if none."""
    if anchors.front_axis is None:
        return np.zeros(2)
    front = plane @ anchors.front_axis
    length = float(np.linalg.norm(front))
    if length <= MOST_LEANING:
        return np.zeros(2)
    return front * (GIVEN_FRONT_CONCENTRATION / length)


def _forced(strides: pd.DataFrame, anchors: Anchors) -> NDArray[np.intp]:
    """(n,) direction that the wearer marked for a stride, or -1."""
    forced = np.full(len(strides), -1, dtype=np.intp)
    for mark in anchors.marks(strides):
        forced[mark.rows] = mark.direction
    return forced


def _episodes(up: FloatArray, begins: NDArray[np.intp]) -> NDArray[np.intp]:
    """(n,) number of the placement episode: a new one where the tilt jumps between bouts."""
    if not len(begins):
        return np.empty(0, dtype=np.intp)
    lean = np.add.reduceat(np.nan_to_num(up), begins, axis=0)
    lean /= np.maximum(np.linalg.norm(lean, axis=1, keepdims=True), 1e-9)
    jump = np.einsum("ij,ij->i", lean[1:], lean[:-1]) < np.cos(EPISODE_TILT_RAD)
    jump &= np.linalg.norm(lean[1:], axis=1) > 0
    of_bout = np.concatenate([[0], np.cumsum(jump)])
    return np.asarray(np.repeat(of_bout, np.diff(np.append(begins, len(up)))))


def level_plane(up: FloatArray) -> FloatArray:
    """Return the (2, 3) right-handed basis of the plane across the mean of (n, 3) verticals."""
    mean = np.nanmean(up, axis=0) if np.isfinite(up).any() else np.array([0.0, 0.0, 1.0])
    mean = mean / max(float(np.linalg.norm(mean)), 1e-9)
    first = np.eye(3)[int(np.argmin(np.abs(mean)))]
    first = first - (first @ mean) * mean
    first /= np.linalg.norm(first)
    return np.stack([first, np.cross(mean, first)])


def _table(decoded: pd.DataFrame, features: StrideFeatures, side_threshold: float) -> pd.DataFrame:
    """Labels where the posterior reaches its threshold, else reasons."""
    forward, backward, sideways, threshold, threshold_ahead, p_run = (
        decoded[name].to_numpy() for name in (*DIRECTIONS, "least", "least_ahead", "p_run")
    )
    p_sides = decoded[["A", "B"]].to_numpy()
    no_vertical = ~np.isfinite(features.up[:, 0])
    ahead = (forward >= threshold_ahead * (forward + backward)) & (forward > sideways)
    sure_forward = ((forward >= threshold) | ahead) & ~no_vertical
    sure_backward = (backward >= threshold) & ~no_vertical
    unknown = ~(sure_forward | sure_backward)
    on_a, on_b = (p_sides >= side_threshold).T & ~no_vertical
    reason = np.select(
        [
            ~unknown,
            no_vertical,
            sideways > np.maximum(forward, backward),
            on_a | on_b,
            features.yaw_rad > TURN_RAD,
        ],
        ["", "no_vertical", "sideways", "unnamed", "turning"],
        "weak",
    )
    return pd.DataFrame(
        {
            "direction": np.select(
                [sure_forward, sure_backward], ["forward", "backward"], "unknown"
            ),
            "p_backward": np.clip(backward, LEAST_DOUBT, 1 - LEAST_DOUBT),
            "reason": reason,
            "side": np.select([on_a, on_b], ["A", "B"], ""),
            "p_side": np.minimum(p_sides.max(axis=1), 1 - LEAST_DOUBT),
            "gait": np.array(PACES, dtype=object)[(p_run > 0.5).astype(np.intp)],
        }
    )


def _front_knowledge(
    forced: NDArray[np.intp], labelled: NDArray[np.bool_], *, given: bool
) -> FrontKnowledge:
    """How forward got its name in this session."""
    if given:
        return "given"
    if (forced >= 0).any():
        return "marked"
    return "inferred" if labelled.sum() > 0.5 * len(labelled) else "unknown"
