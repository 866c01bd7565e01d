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
from typing import NamedTuple

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
"""Strides whose beliefs are held at a time: 8 MB at most."""

NEGLIGIBLE = 1e-9
"""What is less likely than this, given all strides, is not followed back through them."""

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
    pause = np.diff(evidence.bout, prepend=evidence.bout[:1]) != 0
    several = _mixed_beforehand(evidence, priors)
    one_way = priors.drawn if evidence.told else priors.one_way
    likelihood = _Likelihood(evidence, model, priors)
    # Where no stride has a bearing, one front stands for all.
    front = _first_front(evidence) if likelihood.has_bearing else np.ones(1)
    constant = _one_way(likelihood, front, pause, priors, one_way)
    chain = _Chain(likelihood, front, pause, priors)
    varied = chain.ahead()
    log_weights = np.log([1 - several, several])
    log_weights += (constant.log_evidence, varied.log_evidence)
    weights = softmax(log_weights)
    probability = weights[0] * constant.probability
    if weights[1] > NEGLIGIBLE:
        probability = probability + weights[1] * chain.smoothed(varied)
    return Decoded(probability, float(logsumexp(log_weights)))


def _mixed_beforehand(evidence: Evidence, priors: Priors) -> float:
    """Probability that the session is mixed."""
    if evidence.told:
        return priors.mixed_if_told
    return min(1 - (1 - priors.mixed) ** evidence.session_bouts, MOST_MIXED)


def _is_heard(evidence: Evidence, model: ScoreModel) -> bool:
    return model.temper > 0 and bool(np.isfinite(evidence.score).any())


class _Rows(NamedTuple):
    """Likelihood of some strides: a factor of the front and one of the wearer, by direction.

    Parameters
    ----------
    bearing : (k, 3, fronts) array
        Of the travel direction.
    free : (k, 3, wearers) array
        Of the free features, for every offset and separation that a wearer may have.
    log_scale
        Logarithm of what was taken out of all of them, to keep numbers near 1.
    """

    bearing: FloatArray
    free: FloatArray
    log_scale: float


class _Likelihood:
    """Likelihood of all strides, worked out for a block of them at a time."""

    def __init__(self, evidence: Evidence, model: ScoreModel, priors: Priors) -> None:
        self._evidence, self._model, self._priors = evidence, model, priors
        self._offset, self._wider, self.wearers = _wearers(evidence, model)
        scored = max(np.isfinite(evidence.score).sum(), 1)
        self._temper = min(model.temper, model.most_strides / scored)
        self.has_bearing = bool(evidence.walking.any() or evidence.running.any())

    def __len__(self) -> int:
        return len(self._evidence.score)

    def blocks(self) -> range:
        """First strides of the blocks."""
        return range(0, len(self), BLOCK)

    def rows(self, start: int, wearers: slice | NDArray[np.intp] = slice(None)) -> _Rows:
        """Weigh the evidence of the block that begins there, for some or all wearers."""
        here = slice(start, start + BLOCK)
        evidence, model = self._evidence, self._model
        mean = np.where(evidence.p_run[here, None] > 0.5, model.running, model.walking)
        mean = mean[:, :, None] + self._wider[wearers] * np.array([-0.5, 0.5, 0.0])[:, None]
        away = evidence.score[here, None, None] - self._offset[wearers] - mean
        free = np.nan_to_num(-0.5 * self._temper * (away / model.sd) ** 2)
        free[:, SIDEWAYS] += self._temper * np.nan_to_num(evidence.log_sideways[here])[:, None]
        bearing = np.zeros((len(free), len(DIRECTIONS), 1))
        if self.has_bearing:
            bearing = _log_bearing(evidence, here, self._priors)
        marked = np.flatnonzero(evidence.forced[here] >= 0)
        others = ~np.eye(len(DIRECTIONS), dtype=bool)[evidence.forced[here][marked]]
        free[marked] = np.where(others[:, :, None], _RULED_OUT, free[marked])
        bearing[marked] = np.where(others[:, :, None], 0.0, bearing[marked])
        scales = [log.max(axis=(1, 2), keepdims=True) for log in (bearing, free)]
        return _Rows(
            np.exp(bearing - scales[0]),
            np.exp(free - scales[1]),
            float(sum(scale.sum() for scale in scales)),
        )


def _wearers(evidence: Evidence, model: ScoreModel) -> tuple[FloatArray, FloatArray, FloatArray]:
    """(wearers,) offsets and separations that a wearer may have, and how likely each pair is."""
    if not _is_heard(evidence, model):
        return np.zeros(1), np.zeros(1), np.ones(1)
    node, weight = np.array(QUADRATURE).T
    return (
        np.tile(OFFSETS * model.offset_scale, len(node)),
        np.repeat(node * model.separation_sd, len(OFFSETS)),
        np.outer(weight, OFFSET_WEIGHTS).ravel(),
    )


def _one_way(
    likelihood: _Likelihood,
    front: FloatArray,
    pause: NDArray[np.bool_],
    priors: Priors,
    shares: tuple[float, float, float],
) -> Decoded:
    """Exact posterior of a session of one direction, drawn by these shares.

    Given the direction, front and wearer have nothing to do with one another: the front is a
    chain of its own, and the wearer a sum.
    """
    wander = {after: _wander(priors, len(front), pause=after) for after in (False, True)}
    state = np.tile(front, (len(DIRECTIONS), 1))
    log_total = np.zeros(len(DIRECTIONS))
    log_free = np.log(likelihood.wearers)
    log_scale = 0.0
    for start in likelihood.blocks():
        rows = likelihood.rows(start)
        for i, bearing in enumerate(rows.bearing, start=start):
            if i:
                # A front wanders there as easily as back.
                state = state @ wander[bool(pause[i])]
            state *= bearing
            if i % RESCALE == 0 or i == len(pause) - 1:
                total = state.sum(axis=1)
                log_total += np.log(total)
                state /= total[:, None]
        log_free = log_free + np.log(rows.free).sum(axis=0)
        log_scale += rows.log_scale
    log_joint = np.log(shares) + log_total + logsumexp(log_free, axis=1)
    log_evidence = float(logsumexp(log_joint))
    share = np.exp(log_joint - log_evidence)
    return Decoded(np.tile(share, (len(pause), 1)), log_scale + log_evidence)


class _Ahead(NamedTuple):
    """What was believed on the way from the first stride to the last.

    Parameters
    ----------
    entering : list of (3, fronts, wearers) arrays
        Before the first stride of each block.
    leaving : (3, fronts, wearers) array
        After the last stride.
    log_evidence
        Log probability of all the evidence.
    """

    entering: list[FloatArray]
    leaving: FloatArray
    log_evidence: float


class _Chain:
    """Exact posterior of a session of several directions.

    Beliefs on the way there are kept where blocks begin, and worked out again from there on the
    way back: a day of walking needs little more memory than ten minutes.
    """

    def __init__(
        self,
        likelihood: _Likelihood,
        front: FloatArray,
        pause: NDArray[np.bool_],
        priors: Priors,
    ) -> None:
        drawn = np.array(priors.drawn)
        change = {True: priors.change_between_bouts, False: priors.change_within_bout}
        self._likelihood = likelihood
        self._first = drawn[:, None, None] * front[:, None] * likelihood.wearers
        self._pause = pause.tolist()
        self._wander = {after: _wander(priors, len(front), pause=after) for after in change}
        # Chances of the next direction (row) after this one (column).
        self._turn = {
            after: (1 - chance) * np.eye(len(DIRECTIONS)) + chance * drawn[:, None]
            for after, chance in change.items()
        }

    def ahead(self) -> _Ahead:
        """Go from the first stride to the last."""
        state, entering, log_evidence = self._first, [], 0.0
        for start in self._likelihood.blocks():
            entering.append(state)
            rows = self._likelihood.rows(start)
            state, log_total = self._block_ahead(state, rows, start)
            log_evidence += rows.log_scale + log_total
        total = float(state.sum())
        return _Ahead(entering, state / total, log_evidence + float(np.log(total)))

    def smoothed(self, way: _Ahead) -> FloatArray:
        """(n, 3) probability of each direction, given the strides before and after.

        No wearer turns into another: those whom all strides together rule out are left out.
        """
        by_wearer = way.leaving.sum(axis=(0, 1))
        wearers = np.flatnonzero(by_wearer > NEGLIGIBLE / len(by_wearer))
        probability = np.empty((len(self._likelihood), len(DIRECTIONS)))
        after = np.ones((*way.leaving.shape[:2], len(wearers)))
        for start, entering in zip(
            reversed(self._likelihood.blocks()), reversed(way.entering), strict=True
        ):
            rows = self._likelihood.rows(start, wearers)
            beliefs = np.empty((len(rows.free), *after.shape))
            self._block_ahead(entering[:, :, wearers], rows, start, beliefs)
            after = self._block_behind(after, rows, start, beliefs)
            probability[start : start + BLOCK] = beliefs.sum(axis=(2, 3))
        return np.asarray(probability / probability.sum(axis=1, keepdims=True))

    def _block_ahead(
        self, state: FloatArray, rows: _Rows, start: int, beliefs: FloatArray | None = None
    ) -> tuple[FloatArray, float]:
        """Belief after a block given the one before, and the log of what was divided out."""
        log_total = 0.0
        for row, (bearing, free) in enumerate(
            zip(rows.bearing[..., None], rows.free[:, :, None], strict=True)
        ):
            i = start + row
            if i:
                moved = self._turn[self._pause[i]] @ state.reshape(len(state), -1)
                state = self._wander[self._pause[i]] @ moved.reshape(state.shape)
                state *= bearing
            else:
                state = state * bearing
            state *= free
            if i % RESCALE == 0:
                total = float(state.sum())
                log_total += float(np.log(total))
                state /= total
            if beliefs is not None:
                beliefs[row] = state
        return state, log_total

    def _block_behind(
        self, after: FloatArray, rows: _Rows, start: int, beliefs: FloatArray
    ) -> FloatArray:
        """Weigh each belief with what later strides say, and return what the block says too."""
        for row in range(len(beliefs) - 1, -1, -1):
            beliefs[row] *= after
            i = start + row
            if i:
                after = after * rows.bearing[row][..., None]
                after *= rows.free[row][:, None]
                # A front wanders there as easily as back.
                after = self._wander[self._pause[i]] @ after
                moved = self._turn[self._pause[i]].T @ after.reshape(len(after), -1)
                after = moved.reshape(after.shape)
                if i % RESCALE == 0:
                    after /= after.max()
        return after


def grid_rad() -> FloatArray:
    """(FRONTS,) bearings of the grid."""
    return np.arange(FRONTS, dtype=np.float64) * (2 * np.pi / FRONTS)


def _log_bearing(evidence: Evidence, here: slice, priors: Priors) -> FloatArray:
    """(k, 3, FRONTS) log density of some bearings for each direction and front."""
    p_run = evidence.p_run[here, None, None]
    walking, running = (_densities(way[here]) for way in (evidence.walking, evidence.running))
    density = (1 - p_run) * walking + p_run * running
    return np.asarray(np.log((1 - priors.stray) * density + priors.stray / (2 * np.pi)))


def _densities(travel: FloatArray) -> FloatArray:
    """(n, 3, FRONTS) densities (von Mises) of a travel direction for each direction and front."""
    kappa = np.linalg.norm(travel, axis=1)[:, None]
    away = np.arctan2(travel[:, 1], travel[:, 0])[:, None] - grid_rad()
    along, across = kappa * np.cos(away), kappa * np.sin(away)
    sideways = 0.5 * (np.exp(across - kappa) + np.exp(-across - kappa))
    ways = np.stack([np.exp(along - kappa), np.exp(-along - kappa), sideways], axis=1)
    return np.asarray(ways / (2 * np.pi * i0e(kappa))[:, None])


def _first_front(evidence: Evidence) -> FloatArray:
    """(FRONTS,) belief about the front before the first stride."""
    kappa = float(np.linalg.norm(evidence.front))
    bearing = float(np.arctan2(evidence.front[1], evidence.front[0]))
    front = np.exp(kappa * (np.cos(grid_rad() - bearing) - 1))
    return np.asarray(
        (1 - evidence.front_doubt) * front / front.sum() + evidence.front_doubt / FRONTS
    )


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
