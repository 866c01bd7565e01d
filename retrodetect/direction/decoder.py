"""Session decoder: all strides of a placement episode judged together.

Hidden Markov model over strides. The state of a stride is

- its **direction** (forward, backward, sideways): in most sessions one throughout, in the
  others changing rarely within a bout and more easily between bouts; both are weighed;
- the **front** of the wearer as a bearing in the device's horizontal plane, one unknown
  angle per episode, allowed to creep as a phone settles in a pocket;
- the wearer's **offset**: how far the scores of this person on this device lie from those of
  the people the classifier learned from. It is constant over an episode, so that a thousand
  equally biased strides count as one biased witness.

How far the wearer's directions lie apart, the **separation**, differs from person to person as
well, and where few people taught the classifier it may even be of the other sign. It is
integrated over by three-point quadrature, so that scores which fall into two heaps show that
the direction changed, while they name it no better than they did for people held out.

Evidence of a stride is its travel direction (von Mises around the front, turned by 180°
when backward and by ±90° when sideways) and the score of the free classifier, which is
normal around a mean for each direction plus the wearer's offset (the two-covariance model
of speaker recognition: Brümmer & de Villiers 2010, Odyssey). Posteriors come from the
exact forward-backward recursion (Rabiner 1989, Proc IEEE 77:257) on a grid of offsets by
fronts by directions.

Without an anchor "forward" and "backward with the device turned by 180°" explain travel
directions equally well; the free evidence and the prior break the tie, and where they are
weak the posterior stays near the prior, which is what it should do.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import i0e, logsumexp, softmax
from scipy.stats import t as student_t

from retrodetect.recording import FloatArray

__all__ = [
    "BACKWARD",
    "DIRECTIONS",
    "FORWARD",
    "OFFSET_DEGREES",
    "SIDEWAYS",
    "Decoded",
    "Evidence",
    "Priors",
    "ScoreModel",
    "decode",
]

DIRECTIONS = ("forward", "backward", "sideways")
FORWARD, BACKWARD, SIDEWAYS = range(3)

FRONTS = 36
"""Bearings on the grid: 10° apart, finer than any placement's angular error."""

OFFSETS = np.linspace(-6, 6, 25)
OFFSET_DEGREES = 3
OFFSET_WEIGHTS = student_t(OFFSET_DEGREES).pdf(OFFSETS)
OFFSET_WEIGHTS /= OFFSET_WEIGHTS.sum()
"""Grid over the wearer's offset, in its scale, and Student's t on it. Its tails are heavy: with
the few people there are to learn from, the next wearer may lie far outside."""

MOST_MIXED = 0.5
"""However many bouts there are: many people never go backward."""

QUADRATURE = ((-(3**0.5), 1 / 6), (0.0, 2 / 3), (3**0.5, 1 / 6))
"""Nodes, in standard deviations, and weights that integrate over a normal separation
(Gauss-Hermite)."""

BLOCK = 128
"""Strides whose beliefs are held at a time: 11 MB."""

RESCALE = 8
"""Strides after which beliefs are brought back to 1: even marks that contradict each other take
them no further than to exp(-400)."""

_RULED_OUT = -50.0
"""Log likelihood of a direction that the wearer's mark rules out."""


@dataclass(frozen=True, slots=True)
class Priors:
    """What is believed before any stride is seen.

    Parameters
    ----------
    mixed
        Probability that a bout brings another direction than those before; a session of several
        bouts is mixed the more likely, up to ``MOST_MIXED``.
    mixed_if_told
        The same for a session of which the wearer marked a part or named the front: who only
        ever goes forward does not.
    one_way
        Shares of forward, backward and sideways among sessions that hold one only; of those of
        which the wearer told something they are those of `drawn`.
    change_within_bout, change_between_bouts
        Probability that the direction of a mixed session is drawn anew at a stride, within a
        bout and after a pause.
    drawn
        Shares of forward, backward and sideways where a direction of a mixed session is drawn.
    front_jump
        Probability that the device is turned by an arbitrary angle during a pause.
    front_creep_rad
        Standard deviation of the front's wander from stride to stride.
    stray
        Share of strides whose travel direction says nothing.
    """

    mixed: float = 0.08
    mixed_if_told: float = 0.8
    one_way: tuple[float, float, float] = (0.96, 0.03, 0.01)
    change_within_bout: float = 0.02
    change_between_bouts: float = 0.5
    drawn: tuple[float, float, float] = (0.66, 0.32, 0.02)
    front_jump: float = 0.0002
    front_creep_rad: float = 0.02
    stray: float = 0.05


@dataclass(frozen=True, slots=True)
class ScoreModel:
    """How the free classifier's score behaves on wearers it has not seen.

    Parameters
    ----------
    walking, running : 3 floats each
        Mean score of forward, backward and sideways strides of that gait.
    sd
        Standard deviation of strides within one wearer and direction.
    offset_scale
        Scale of Student's t of their middle between wearers.
    separation_sd
        Standard deviation between wearers of the distance from forward to backward.
    temper
        Share of a stride's evidence that is not already in its neighbours'.
    most_strides
        Most independent strides an episode's scores are ever worth: fatigue, footwear and ground
        make it one sample of many.
    """

    walking: tuple[float, ...]
    running: tuple[float, ...]
    sd: float
    offset_scale: float
    separation_sd: float
    temper: float
    most_strides: float


@dataclass(frozen=True, slots=True)
class Evidence:
    """What is known of the n strides of one placement episode.

    Parameters
    ----------
    walking, running : (n, 2) arrays
        Travel direction in the episode's horizontal plane, were the stride a walking or a
        running one; its length is its von Mises concentration. Zero where there is none.
    p_run : (n,) array
        Probability that it is a running one.
    score : (n,) array
        Log odds of backward against forward from the free features; NaN where there is none.
    log_sideways : (n,) array
        Log likelihood ratio of sideways against either, from the free features.
    bout : (n,) int array
        Which bout it belongs to.
    forced : (n,) int array
        Index of a direction the wearer marked, or -1.
    front : (2,) array
        What is known of the front beforehand: bearing, and concentration as its length. Zero
        where nothing is.
    front_doubt
        Probability that it is wrong altogether.
    told
        Whether the wearer marked a part of the session or named the front.
    session_bouts
        Bouts of the whole session: each may have brought another direction, also where the
        device was placed anew in between.
    """

    walking: FloatArray
    running: FloatArray
    p_run: FloatArray
    score: FloatArray
    log_sideways: FloatArray
    bout: np.ndarray[tuple[int], np.dtype[np.intp]]
    forced: np.ndarray[tuple[int], np.dtype[np.intp]]
    front: FloatArray
    front_doubt: float
    told: bool
    session_bouts: int


@dataclass(frozen=True, slots=True)
class Decoded:
    """Posterior of one episode.

    Parameters
    ----------
    probability : (n, 3) array
        Of each direction for each stride.
    log_evidence
        Log probability of all the evidence: compares hypotheses about the placement.
    """

    probability: FloatArray
    log_evidence: float


def decode(evidence: Evidence, model: ScoreModel, priors: Priors) -> Decoded:
    """Infer the direction of every stride of an episode.

    Parameters
    ----------
    evidence
        Of n ≥ 1 strides in order of time.
    model
        What a score is worth.
    priors
        What is believed beforehand.

    Returns
    -------
    Decoded
    """
    bearing, front = _log_bearing(evidence, priors), _first_front(evidence)
    if not (evidence.walking.any() or evidence.running.any()):
        # Where no stride has a bearing, one front stands for all.
        bearing, front = bearing[:, :1] * 0.0, np.ones(1)
    pause = np.diff(evidence.bout, prepend=evidence.bout[:1]) != 0
    several = _mixed_beforehand(evidence, priors)
    one_way = priors.drawn if evidence.told else priors.one_way
    parts: list[Decoded] = []
    log_weights: list[float] = []
    for node, weight in QUADRATURE if _is_heard(evidence, model) else ((0.0, 1.0),):
        likelihood = _Likelihood.of(evidence, model, bearing, node * model.separation_sd)
        for part, prior in (
            (_one_way(likelihood, front, pause, priors, one_way), 1 - several),
            (_mixed(likelihood, front, pause, priors), several),
        ):
            parts.append(part)
            log_weights.append(
                part.log_evidence + likelihood.log_scale + float(np.log(weight * prior))
            )
    weights = softmax(log_weights)
    return Decoded(
        np.einsum("k,kij->ij", weights, [part.probability for part in parts]),
        float(logsumexp(log_weights)),
    )


def _mixed_beforehand(evidence: Evidence, priors: Priors) -> float:
    """Probability that the session is mixed."""
    if evidence.told:
        return priors.mixed_if_told
    return min(1 - (1 - priors.mixed) ** evidence.session_bouts, MOST_MIXED)


def _is_heard(evidence: Evidence, model: ScoreModel) -> bool:
    return model.temper > 0 and bool(np.isfinite(evidence.score).any())


@dataclass(frozen=True, slots=True)
class _Likelihood:
    """Likelihood of n strides: a factor of the front and one of the offset, by direction.

    Parameters
    ----------
    bearing : (n, fronts, 3) array
        Of the travel direction.
    free : (n, offsets, 3) array
        Of the free features.
    log_scale
        Logarithm of what was taken out of all of them, to keep numbers near 1.
    """

    bearing: FloatArray
    free: FloatArray
    log_scale: float

    @classmethod
    def of(
        cls, evidence: Evidence, model: ScoreModel, bearing: FloatArray, wider: float
    ) -> _Likelihood:
        """Weigh the evidence for a wearer whose directions lie that much further apart."""
        offset = OFFSETS * model.offset_scale if _is_heard(evidence, model) else np.zeros(1)
        mean = np.where(evidence.p_run[:, None] > 0.5, model.running, model.walking)
        mean = mean + wider * np.array([-0.5, 0.5, 0.0])
        away = evidence.score[:, None, None] - offset[:, None] - mean[:, None]
        temper = min(model.temper, model.most_strides / max(np.isfinite(evidence.score).sum(), 1))
        free = np.nan_to_num(-0.5 * temper * (away / model.sd) ** 2)
        free[:, :, SIDEWAYS] += temper * np.nan_to_num(evidence.log_sideways)[:, None]
        marked = np.flatnonzero(evidence.forced >= 0)
        others = ~np.eye(len(DIRECTIONS), dtype=bool)[evidence.forced[marked]]
        free[marked] = np.where(others[:, None], _RULED_OUT, free[marked])
        bearing = bearing.copy()
        bearing[marked] = np.where(others[:, None], 0.0, bearing[marked])
        scales = [log.max(axis=(1, 2), keepdims=True) for log in (bearing, free)]
        return cls(
            np.exp(bearing - scales[0]),
            np.exp(free - scales[1]),
            float(sum(scale.sum() for scale in scales)),
        )


def _offset_weights(likelihood: _Likelihood) -> FloatArray:
    return OFFSET_WEIGHTS if likelihood.free.shape[2] > 1 else np.ones(1)


def _one_way(
    likelihood: _Likelihood,
    front: FloatArray,
    pause: NDArray[np.bool_],
    priors: Priors,
    shares: tuple[float, float, float],
) -> Decoded:
    """Exact posterior of a session of one direction, drawn by these shares.

    Given the direction, front and offset have nothing to do with one another: the front is a
    chain of its own, and the offset a sum.
    """
    wander = {after: _wander(priors, len(front), pause=after) for after in (False, True)}
    state = np.repeat(front[:, None], len(DIRECTIONS), axis=1)
    total = np.empty((len(pause), len(DIRECTIONS)))
    for i, after in enumerate(pause.tolist()):
        if i:
            state = wander[after] @ state
        state = state * likelihood.bearing[i]
        total[i] = state.sum(axis=0)
        state /= total[i]
    log_free = np.log(likelihood.free).sum(axis=0) + np.log(_offset_weights(likelihood))[:, None]
    log_joint = np.log(shares) + np.log(total).sum(axis=0) + logsumexp(log_free, axis=0)
    log_evidence = float(logsumexp(log_joint))
    share = np.exp(log_joint - log_evidence)
    return Decoded(np.broadcast_to(share, total.shape), log_evidence)


def _mixed(
    likelihood: _Likelihood, front: FloatArray, pause: NDArray[np.bool_], priors: Priors
) -> Decoded:
    """Exact posterior of a session of several directions.

    Beliefs on the way there are kept for one block of strides at a time, and worked out again
    from its start on the way back: a day of walking needs no more memory than ten minutes.
    """
    chain = _Chain(likelihood, pause.tolist(), priors)
    count = len(pause)
    drawn = np.array(priors.drawn)
    first = front[:, None, None] * _offset_weights(likelihood)[:, None] * drawn
    starts = range(0, count, BLOCK)
    entering = []
    log_evidence = 0.0
    state = first
    for start in starts:
        entering.append(state)
        ahead, log_total = chain.ahead(state, start, min(start + BLOCK, count))
        log_evidence += log_total
        state = ahead[-1]

    probability = np.empty((count, len(DIRECTIONS)))
    after = np.ones(first.shape)
    for start, state in zip(reversed(starts), reversed(entering), strict=True):
        stop = min(start + BLOCK, count)
        if stop < count:
            ahead = chain.ahead(state, start, stop)[0]
        behind, after = chain.behind(after, start, stop)
        probability[start:stop] = np.einsum("nfod,nfod->nd", ahead, behind)
    return Decoded(probability / probability.sum(axis=1, keepdims=True), log_evidence)


class _Chain:
    """Steps of the recursion over (fronts, offsets, 3) beliefs, forward and backward."""

    def __init__(self, likelihood: _Likelihood, pause: list[bool], priors: Priors) -> None:
        self._likelihood = likelihood
        self._pause = pause
        fronts = likelihood.bearing.shape[1]
        self._wander = {after: _wander(priors, fronts, pause=after) for after in (False, True)}
        self._turn = {after: _turn(priors, pause=after) for after in (False, True)}

    def ahead(self, state: FloatArray, start: int, stop: int) -> tuple[FloatArray, float]:
        """Beliefs after each stride, given the one before, and the log of what was divided out."""
        beliefs = np.empty((stop - start, *state.shape))
        log_total = 0.0
        for i, belief in zip(range(start, stop), beliefs, strict=True):
            if i:
                moved = self._wander[self._pause[i]] @ state.reshape(len(state), -1)
                np.matmul(_flat(moved), self._turn[self._pause[i]], out=_flat(belief))
            else:
                belief[:] = state
            self._weigh(belief, i)
            if i % RESCALE == 0 or i == stop - 1:
                total = float(belief.sum())
                log_total += np.log(total)
                belief /= total
            state = belief
        return beliefs, log_total

    def behind(self, after: FloatArray, start: int, stop: int) -> tuple[FloatArray, FloatArray]:
        """What the strides after each one say of it, and the same for the one before them all."""
        every = np.empty((stop - start, *after.shape))
        for i in range(stop - 1, start - 1, -1):
            every[i - start] = after
            if i:
                weighed = after.copy()
                self._weigh(weighed, i)
                # A front wanders there as easily as back.
                moved = self._wander[self._pause[i]] @ weighed.reshape(len(weighed), -1)
                after = (_flat(moved) @ self._turn[self._pause[i]].T).reshape(after.shape)
                if i % RESCALE == 0:
                    after /= after.max()
        return every, after

    def _weigh(self, belief: FloatArray, i: int) -> None:
        belief *= self._likelihood.bearing[i][:, None]
        belief *= self._likelihood.free[i]


def _flat(belief: FloatArray) -> FloatArray:
    """The same belief with a row for each front and offset."""
    return belief.reshape(-1, len(DIRECTIONS))


def grid_rad() -> FloatArray:
    """(FRONTS,) bearings of the grid."""
    return np.arange(FRONTS, dtype=np.float64) * (2 * np.pi / FRONTS)


def _log_bearing(evidence: Evidence, priors: Priors) -> FloatArray:
    """(n, FRONTS, 3) log density of each bearing for each front and direction."""
    p_run = evidence.p_run[:, None, None]
    density = (1 - p_run) * _densities(evidence.walking) + p_run * _densities(evidence.running)
    return np.asarray(np.log((1 - priors.stray) * density + priors.stray / (2 * np.pi)))


def _densities(travel: FloatArray) -> FloatArray:
    """(n, FRONTS, 3) densities of a travel direction for each front and direction."""
    kappa = np.linalg.norm(travel, axis=1)[:, None]
    along = np.arctan2(travel[:, 1], travel[:, 0])[:, None] - grid_rad()[None]
    left, right = (_von_mises(along + side, kappa) for side in (-np.pi / 2, np.pi / 2))
    return np.stack(
        [_von_mises(along, kappa), _von_mises(along - np.pi, kappa), 0.5 * (left + right)], axis=2
    )


def _von_mises(angle_rad: FloatArray, kappa: FloatArray) -> FloatArray:
    return np.asarray(np.exp(kappa * (np.cos(angle_rad) - 1)) / (2 * np.pi * i0e(kappa)))


def _first_front(evidence: Evidence) -> FloatArray:
    """(FRONTS,) belief about the front before the first stride."""
    kappa = float(np.linalg.norm(evidence.front))
    bearing = float(np.arctan2(evidence.front[1], evidence.front[0]))
    front = np.exp(kappa * (np.cos(grid_rad() - bearing) - 1))
    return np.asarray(
        (1 - evidence.front_doubt) * front / front.sum() + evidence.front_doubt / FRONTS
    )


def _turn(priors: Priors, *, pause: bool) -> FloatArray:
    """(3, 3) chances of the next direction (column) after this one (row), in a mixed session."""
    change = priors.change_between_bouts if pause else priors.change_within_bout
    return (1 - change) * np.eye(len(DIRECTIONS)) + change * np.array(priors.drawn)


def _wander(priors: Priors, fronts: int, *, pause: bool) -> FloatArray:
    """(fronts, fronts) chances of the next front (row) after this one (column)."""
    if fronts == 1:
        return np.ones((1, 1))
    away = grid_rad()[:, None] - grid_rad()[None]
    # A creep far below the grid step: only the neighbours' share has to be right.
    step = 2 * np.pi / FRONTS
    move = 0.5 * (priors.front_creep_rad / step) ** 2
    near = np.isclose(np.cos(away), np.cos(step))
    kernel = np.eye(FRONTS) * (1 - 2 * move) + near * move
    jump = priors.front_jump if pause else 0.0
    return np.asarray((1 - jump) * kernel + jump / FRONTS)
