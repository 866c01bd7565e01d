"""Session decoder: judges all strides of a placement episode together.

A hidden Markov model over strides (Rabiner 1989, Proc IEEE 77:257). The state of a stride is

- its **direction** (forward, backward, sideways). Sessions of one direction and mixed ones are
  weighed against each other; in mixed ones it changes rarely within a bout and more easily
  between bouts;
- its **pace** (walk or run), which changes rarely within a bout. Above the hip the travel vector
  points the other way in running, so a travel vector that stays while the pace seems to flip
  contradicts the pace;
- the **front** of the wearer, a bearing in the device's level plane that creeps as a phone
  settles in a pocket.

Two things are unknown but never change within an episode:

- where around the body the device sits, its **seat** (belly or lower back), where that is not
  known;
- whether the front that the body shows can be **trusted** for this wearer. If it cannot, it is
  another vector that shows nothing about the front.

Evidence of a stride is its travel vector (von Mises around the front, turned by 180° when
backward and by ±90° when sideways), its front vector (von Mises around the front, whichever
way the wearer goes) and its pace. Posteriors are exact on a grid.

Without any front, "forward" and "backward with the device turned by 180°" explain travel vectors
equally well, and the posterior stays near the prior, which is what it should do.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import log

import numpy as np
from numpy.typing import NDArray

from retrodetect.recording import FloatArray
from retrodetect.signal.numerics import expit, i0e, logit, logsumexp

__all__ = [
    "BACKWARD",
    "DIRECTIONS",
    "FORWARD",
    "PACES",
    "SIDEWAYS",
    "Decoded",
    "Evidence",
    "Priors",
    "decode",
    "mixed_beforehand",
    "of_marks",
]

DIRECTIONS = ("forward", "backward", "sideways")
FORWARD, BACKWARD, SIDEWAYS = range(3)
PACES = ("walk", "run")

FRONTS = 36
"""Bearings on the grid: 10° apart, finer than any placement's angular error."""

MOST_MIXED = 0.5
"""Bound for any number of bouts: many people never go backward."""

BLOCK_NUMBERS = 2**18
"""Numbers in the beliefs in memory at a time: 2 MB, strides by states."""

_BLOCK_STRIDES = 1024
"""Strides whose cues to the front are summed at a time."""

_SCALED = 8
"""Strides between scalings of beliefs: no single stride brings them near the smallest float."""

_LEAST = 1e-150
"""Least belief: one half of a long session may rule out what the other half shows."""

_TURNS = np.kron(
    np.tile(~np.eye(len(DIRECTIONS), dtype=bool), (2, 2)), np.ones((len(PACES), len(PACES)), bool)
)
"""Changes of kind of session, direction and pace that change the direction."""

_RULED_OUT = -50.0
"""Log likelihood of a direction that contradicts the wearer's mark."""


@dataclass(frozen=True, slots=True)
class Priors:
    """Beliefs before any stride is seen.

    Parameters
    ----------
    mixed
        Probability that a bout brings another direction than those before; a session of several
        bouts is mixed the more likely, up to ``MOST_MIXED``.
    mixed_if_stated
        The same for a session in which the wearer marked a part or named the front: people who
        only go forward do neither.
    one_way, one_way_if_shown
        Shares of forward, backward and sideways among sessions in a single direction: if habit
        alone decides, and if a trusted gyroscope shows the front. Habit must be sure enough to
        name an ordinary walk. What the body shows needs no such help, and so strong a habit
        would hide a session all backward. Sessions with any statement of the wearer have the
        shares of `drawn`.
    change_within_bout
        Probability that the direction of a mixed session is drawn anew at a stride within a bout.
        After a pause it always is.
    begun
        Shares of forward, backward and sideways among the directions in which mixed sessions
        begin: most people walk a few steps before they turn round.
    drawn
        Shares of forward, backward and sideways where a direction of a mixed session is drawn. They
        are nearly even: that most go forward for longer is a habit of the wearer, not an
        independent fact of each bout.
    contrast
        Weight of the contrast between the halves of a session; 0 ignores it.
    front_jump
        Probability that the device is turned by an arbitrary angle during a pause.
    front_creep_rad
        Standard deviation of the front's wander from stride to stride.
    stray
        Share of strides whose travel or front vector shows nothing.
    pace_change_within_bout, pace_change_between_bouts
        Probability that the pace is drawn anew at a stride, within a bout and after a pause.
    run
        Share of running where a pace is drawn.
    """

    mixed: float = 0.06
    mixed_if_stated: float = 0.8
    one_way: tuple[float, float, float] = (0.94, 0.05, 0.01)
    one_way_if_shown: tuple[float, float, float] = (0.84, 0.15, 0.01)
    change_within_bout: float = 0.02
    begun: tuple[float, float, float] = (0.8, 0.18, 0.02)
    drawn: tuple[float, float, float] = (0.58, 0.40, 0.02)
    contrast: float = 1.0
    front_jump: float = 0.0002
    front_creep_rad: float = 0.02
    stray: float = 0.05
    pace_change_within_bout: float = 0.01
    pace_change_between_bouts: float = 0.5
    run: float = 0.2


@dataclass(frozen=True, slots=True)
class Evidence:
    """Evidence from the n strides of one placement episode, with c cues and s seats."""

    # (n, 2, 2): travel vector in the level plane of the episode, for a walking and for a running
    # stride; its length is its von Mises concentration, zero without one
    travel: FloatArray
    front: FloatArray  # (n, c, 2, 2): vectors of the cues to the front, likewise
    seats: FloatArray  # (s,): probability of each seat
    # (s, c): angle from the front to where a cue points at that seat; NaN if it shows nothing
    front_offset_rad: FloatArray
    # whether a gyroscope saw the front cues and the seat is known beforehand: they then count for
    # more than habit
    front_shown: bool
    # share of a stride's front vector that is not already in its neighbours': the front vectors of
    # a wearer are off by much the same angle in every stride
    front_temper: float
    front_doubt: float  # probability that front and travel vectors do not agree for this wearer
    log_run: FloatArray  # (n,): log odds of running over walking from the pace of the stride
    bout: NDArray[np.intp]  # (n,): number of its bout
    # (n, 3): log likelihood of each direction from other sources, such as `of_marks`, or zero
    log_direction: FloatArray
    named_front: FloatArray  # (2,): bearing that the wearer named, as long as its concentration
    named_front_doubt: float  # probability that it is entirely wrong
    stated: bool  # whether the wearer marked a part of the session or named the front
    mixed: float  # prior probability that the session is mixed, before this episode
    # (n,): log likelihood ratio of another direction than at the stride before, over the same one;
    # zero if unknown
    log_turn: FloatArray


@dataclass(frozen=True, slots=True)
class Decoded:
    """Posterior of one episode of n strides."""

    probability: FloatArray  # (n, 3): of each direction
    p_run: FloatArray  # (n,): of running
    seats: FloatArray  # (s,): of each seat
    shown: float  # probability that the front that the body shows can be trusted
    log_evidence: float  # log probability of all evidence: compares hypotheses of the placement


def decode(evidence: Evidence, priors: Priors) -> Decoded:
    """Infer direction and pace of every stride of an episode of at least one stride.

    Beliefs are arrays over (one-way or mixed, direction, pace, frame, front). A frame is a seat
    whose cues to the front are trusted, or the last one: they are not, and no seat differs from
    another. Frames that see the same in all strides share a place. The forward pass keeps the
    beliefs with which blocks begin, and the backward pass works the others out again: a day of
    walking needs little more memory than ten minutes.
    """
    count = len(evidence.log_run)
    likelihood = _Likelihood(evidence, priors)
    steps = _steps(evidence, priors, likelihood.fronts)
    state = _first(evidence, priors, likelihood)
    entering, log_evidence = [], 0.0
    block = max(BLOCK_NUMBERS // state.size, 1)
    starts = range(0, count, block)
    for start in starts:
        entering.append(state)
        rows, log_scale = likelihood.rows(slice(start, start + block))
        beliefs, log_total = _forward(rows, state, steps, start)
        state = beliefs[-1].copy()  # a view would keep them all
        log_evidence += log_scale + log_total
    lasting = likelihood.by_frame(state.sum(axis=(0, 1, 2, 4)))
    posterior = np.empty((count, len(DIRECTIONS), len(PACES)))
    after = np.ones_like(state)
    for start, state in zip(reversed(starts), reversed(entering), strict=True):
        if start != starts[-1]:
            rows, _ = likelihood.rows(slice(start, start + block))
            beliefs, _ = _forward(rows, state, steps, start)
        afters, after = _backward(rows, after, steps, start)
        posterior[start : start + len(rows)] = np.einsum("komprf,komprf->kmp", beliefs, afters)
    posterior /= posterior.sum(axis=(1, 2), keepdims=True)
    return Decoded(
        posterior.sum(axis=2),
        posterior[:, :, 1].sum(axis=1),
        lasting[:-1] + lasting[-1] * evidence.seats,
        float(lasting[:-1].sum()),
        float(log_evidence),
    )


def _forward(
    rows: FloatArray, state: FloatArray, steps: list[tuple[FloatArray, FloatArray]], start: int
) -> tuple[FloatArray, float]:
    """Beliefs after each stride of a block, up to a factor each, and their log probability."""
    beliefs, log_total = np.empty((len(rows), *state.shape)), 0.0
    for place, (row, belief) in enumerate(zip(rows, beliefs, strict=True), 1):
        stride = start + place - 1
        np.multiply(row, _moved(state, *steps[stride]) if stride else state, out=belief)
        if place % _SCALED == 0 or place == len(rows):
            total = belief.sum()
            log_total += log(total)
            belief /= total
            np.maximum(belief, _LEAST, out=belief)
        state = belief
    return beliefs, log_total


def _backward(
    rows: FloatArray, after: FloatArray, steps: list[tuple[FloatArray, FloatArray]], start: int
) -> tuple[FloatArray, FloatArray]:
    """Likelihood of what follows each stride of a block, and of the block too, up to factors."""
    afters = np.empty((len(rows), *after.shape))
    for place in range(len(rows) - 1, -1, -1):
        afters[place] = after
        if start + place:
            # A front wanders as easily backward in time.
            turn, drift = steps[start + place]
            after = _moved(rows[place] * after, turn.T, drift)
            if place % _SCALED == 0:
                after /= after.max()
                np.maximum(after, _LEAST, out=after)
    return afters, after


def mixed_beforehand(
    log_turn: FloatArray, episode: NDArray[np.intp], priors: Priors, *, stated: bool
) -> FloatArray:
    """Return the (episodes,) probabilities that a session is mixed, at the start of each.

    Each bout may bring another direction, even if the device was placed anew. Turns within an
    episode are left to its decoding; those outside it, and at its ends, count here.
    ``log_turn`` (bouts,) is the log likelihood ratio of another direction than in the bout before
    over the same one (0 if unknown), ``episode`` (bouts,) numbers the episodes from 0, and
    ``stated`` is as in `Evidence`.
    """
    first = np.flatnonzero(np.diff(episode, prepend=-1))
    if stated:
        return np.full(len(first), priors.mixed_if_stated)
    last = np.append(first[1:], len(episode))[: len(first)] - 1
    until = _log_turns(log_turn, priors)
    after = _log_turns(np.append(0.0, log_turn[:0:-1]), priors)[::-1]
    # A second bout of the episode is drawn anew, whatever came before.
    log_evidence = np.where(first < last, until[first] + after[last], until[-1:])
    prior = min(1 - (1 - priors.mixed) ** max(len(log_turn), 1), MOST_MIXED)
    return expit(logit(np.array(prior)) + log_evidence)


def _log_turns(log_turn: FloatArray, priors: Priors) -> FloatArray:
    """(bouts,) log likelihood of the turns up to each bout in a mixed session."""
    drawn, log_evidence = np.array(priors.drawn), np.zeros(len(log_turn))
    state = drawn
    for bout, odds in enumerate(np.exp(log_turn)):
        state = drawn * (state + odds * (1 - state))
        log_evidence[bout] = np.log(state.sum())
        state = state / state.sum()
    return np.cumsum(log_evidence)


def of_marks(forced: NDArray[np.intp]) -> FloatArray:
    """Turn marks, (n,) indices of directions or -1, into (n, 3) log likelihoods of directions."""
    ruled_out = (forced[:, None] >= 0) & (forced[:, None] != np.arange(len(DIRECTIONS)))
    return np.where(ruled_out, _RULED_OUT, 0.0)


class _Likelihood:
    """Likelihood of all strides, computed in blocks.

    Frames in which the same usable cues point the same way are merged.
    """

    def __init__(self, evidence: Evidence, priors: Priors) -> None:
        self._evidence, self._stray = evidence, priors.stray
        # Without any bearing, a single front is enough.
        self.fronts = FRONTS if evidence.travel.any() or evidence.front.any() else 1
        offsets_rad = np.vstack(
            [evidence.front_offset_rad, np.full(evidence.front.shape[1], np.nan)]
        )
        self._silent = ~(np.isfinite(offsets_rad) & evidence.front.any(axis=(0, 2, 3)))
        steps = np.rint(np.where(self._silent, 0.0, offsets_rad) / (2 * np.pi) * FRONTS)
        one_way = _one_way(evidence, priors)
        seen = np.hstack([self._silent, steps, one_way])
        _, first, self._place = np.unique(seen, axis=0, return_index=True, return_inverse=True)
        self._steps, self._heard = steps[first].astype(np.intp), ~self._silent[first]
        doubt = evidence.front_doubt
        self._weights = np.append((1 - doubt) * evidence.seats, doubt) * np.exp(self._unrelated())
        self.one_way, self.frames = one_way[first], np.bincount(self._place, self._weights)

    def by_frame(self, belief: FloatArray) -> FloatArray:
        """(seats + 1,) belief in each frame, from the belief in merged frames."""
        total = np.maximum(self.frames, np.finfo(float).tiny)
        return np.asarray(self._weights * (belief / total)[self._place])

    def rows(self, here: slice) -> tuple[FloatArray, float]:
        """Compute the likelihood of a block of k strides, and the log of its scale.

        It is a (k, directions, paces, frames, fronts) array, at most 1.
        """
        log_p = self._log_bearing(here)
        log_run = self._evidence.log_run[here]
        log_pace = -np.logaddexp(0.0, np.stack([log_run, -log_run], axis=1))
        log_p += log_pace[:, None, :, None, None]
        log_p += self._evidence.log_direction[here, :, None, None, None]
        scale = log_p.max(axis=(1, 2, 3, 4), keepdims=True)
        log_p -= scale
        return np.exp(log_p, out=log_p), float(scale.sum())

    def _log_bearing(self, here: slice) -> FloatArray:
        """(k, directions, paces, frames, fronts) of travel and front vectors."""
        evidence = self._evidence
        count, frames = len(evidence.log_run[here]), len(self.frames)
        if self.fronts == 1:
            return np.zeros((count, len(DIRECTIONS), len(PACES), frames, 1))
        along = _von_mises(evidence.travel[here])
        backward, left, right = (
            np.roll(along, steps, axis=-1) for steps in (FRONTS // 2, FRONTS // 4, -FRONTS // 4)
        )
        densities = np.stack([along, backward, 0.5 * (left + right)], axis=1)
        travel = self._with_strays(densities)
        front = np.zeros((count, len(PACES), frames, FRONTS))
        if self._heard.any():
            cues = self._log_front(here)
            for frame, cue in np.argwhere(self._heard):
                front[:, :, frame] += np.roll(cues[:, cue], -self._steps[frame, cue], axis=-1)
        return np.asarray(travel[:, :, :, None] + front[:, None])

    def _unrelated(self) -> FloatArray:
        """(seats + 1,) log likelihood of the cues that show nothing about the front.

        Their vectors lie around a bearing of their own; all bearings are equally likely.
        """
        if self.fronts == 1:
            return np.zeros(len(self._evidence.seats) + 1)
        by_bearing = np.zeros((self._evidence.front.shape[1], FRONTS))
        for start in range(0, len(self._evidence.log_run), _BLOCK_STRIDES):
            here = slice(start, start + _BLOCK_STRIDES)
            p_run = expit(self._evidence.log_run[here])
            shares = np.stack([1 - p_run, p_run], axis=1)
            by_bearing += np.einsum("np,ncpf->cf", shares, self._log_front(here))
        of_cue = logsumexp(by_bearing, axis=1) - np.log(FRONTS)
        return np.asarray(self._silent @ of_cue)

    def _log_front(self, here: slice) -> FloatArray:
        """(k, cues, paces, fronts) log density of where cues point."""
        along = _von_mises(self._evidence.front[here])
        return self._evidence.front_temper * self._with_strays(along)

    def _with_strays(self, density: FloatArray) -> FloatArray:
        return np.asarray(np.log((1 - self._stray) * density + self._stray / (2 * np.pi)))


def _first(evidence: Evidence, priors: Priors, likelihood: _Likelihood) -> FloatArray:
    """Belief before the first stride; weighs the untrusted front here, once for all strides."""
    one_way = likelihood.one_way
    mixed = evidence.mixed
    # If nothing shows a turn, the way sessions begin does not help to name it.
    begun = np.array(priors.begun if evidence.travel.any() else priors.drawn)
    sessions = np.stack([(1 - mixed) * one_way.T, np.broadcast_to(mixed * begun, one_way.shape).T])
    return np.asarray(
        (sessions * likelihood.frames)[:, :, None, :, None]
        * np.array([1 - priors.run, priors.run])[:, None, None]
        * _first_front(evidence, likelihood.fronts)
    )


def _one_way(evidence: Evidence, priors: Priors) -> FloatArray:
    """(seats + 1, directions) shares of the directions among one-way sessions."""
    one_way = np.full((len(evidence.seats) + 1, len(DIRECTIONS)), priors.one_way)
    if evidence.front_shown:
        shown = np.isfinite(evidence.front_offset_rad).any(axis=1)
        one_way[:-1][shown] = priors.one_way_if_shown
    if evidence.stated:
        one_way[:] = priors.drawn
    return one_way


def _first_front(evidence: Evidence, fronts: int) -> FloatArray:
    """(fronts,) belief about the front before the first stride."""
    if fronts == 1:
        return np.ones(1)
    kappa = float(np.linalg.norm(evidence.named_front))
    bearing = float(np.arctan2(evidence.named_front[1], evidence.named_front[0]))
    front = np.exp(kappa * (np.cos(_grid_rad() - bearing) - 1))
    doubt = evidence.named_front_doubt
    return np.asarray((1 - doubt) * front / front.sum() + doubt / FRONTS)


def _steps(evidence: Evidence, priors: Priors, fronts: int) -> list[tuple[FloatArray, FloatArray]]:
    """Chances of the next direction and pace, and of the next front, before each stride."""
    pauses = np.diff(evidence.bout, prepend=evidence.bout[:1]) != 0
    kinds = {
        pause: (_turn(priors, pause=pause), _drift(priors, fronts, pause=pause))
        for pause in (False, True)
    }
    steps = [kinds[pause] for pause in pauses.tolist()]
    odds = np.exp(evidence.log_turn)
    for stride in np.flatnonzero(odds != 1.0).tolist():
        turn, drift = steps[stride]
        steps[stride] = turn * np.where(_TURNS, odds[stride], 1.0), drift
    return steps


def _moved(state: FloatArray, turn: FloatArray, drift: FloatArray) -> FloatArray:
    """Change kind of session, direction and pace, the first three axes, and the last."""
    # For such small matrices this takes half the time of ``@``.
    turned = np.dot(turn, state.reshape(len(turn), -1))
    if len(drift) > 1:
        turned = np.dot(turned.reshape(-1, len(drift)), drift)
    return np.asarray(turned.reshape(state.shape))


def _drift(priors: Priors, fronts: int, *, pause: bool) -> FloatArray:
    """(fronts, fronts) chances of the next front after each; symmetric."""
    if fronts == 1:
        return np.ones((1, 1))
    # The creep is far below the grid step: only the neighbours' share has to be right.
    creep = 0.5 * (priors.front_creep_rad / (2 * np.pi / FRONTS)) ** 2
    same = np.eye(FRONTS)
    beside = np.roll(same, 1, axis=0) + np.roll(same, -1, axis=0)
    jump = priors.front_jump if pause else 0.0
    return np.asarray((1 - jump) * ((1 - 2 * creep) * same + creep * beside) + jump / FRONTS)


def _turn(priors: Priors, *, pause: bool) -> FloatArray:
    """Chances of the next kind of session, direction and pace (row) after these (column)."""
    change = 1.0 if pause else priors.change_within_bout
    same = np.eye(len(DIRECTIONS))
    directions = np.zeros((2 * len(DIRECTIONS), 2 * len(DIRECTIONS)))
    directions[: len(DIRECTIONS), : len(DIRECTIONS)] = same
    directions[len(DIRECTIONS) :, len(DIRECTIONS) :] = (1 - change) * same + change * np.array(
        priors.drawn
    )[:, None]
    change = priors.pace_change_between_bouts if pause else priors.pace_change_within_bout
    paces = (1 - change) * np.eye(len(PACES)) + change * np.array([1 - priors.run, priors.run])[
        :, None
    ]
    return np.asarray(np.kron(directions, paces))


def _grid_rad() -> FloatArray:
    """(FRONTS,) bearings of the grid."""
    return np.arange(FRONTS, dtype=np.float64) * (2 * np.pi / FRONTS)


def _von_mises(vectors: FloatArray) -> FloatArray:
    """(..., FRONTS) densities of a bearing around each front."""
    kappa = np.linalg.norm(vectors, axis=-1)[..., None]
    fronts = np.stack([np.cos(_grid_rad()), np.sin(_grid_rad())])
    return np.asarray(np.exp(vectors @ fronts - kappa) / (2 * np.pi * i0e(kappa)))
