"""Session decoder against the sum over every path: on tiny sessions it must be exact."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise, product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.special import expit, iv, logsumexp

from retrodetect.direction import decoder
from retrodetect.direction.decoder import (
    BACKWARD,
    FORWARD,
    FRONTS,
    SIDEWAYS,
    Decoded,
    Evidence,
    Priors,
    decode,
    mixed_beforehand,
    of_marks,
)
from retrodetect.recording import FloatArray

PRIORS = Priors(
    mixed=0.1,
    mixed_if_stated=0.7,
    one_way=(0.8, 0.15, 0.05),
    one_way_if_shown=(0.6, 0.3, 0.1),
    begun=(0.7, 0.2, 0.1),
    change_within_bout=0.07,
    drawn=(0.6, 0.3, 0.1),
    front_jump=0.05,
    front_creep_rad=0.08,
    stray=0.1,
    pace_change_within_bout=0.06,
    pace_change_between_bouts=0.3,
    run=0.25,
)
STEP_RAD = 2 * np.pi / FRONTS
GRID_RAD = STEP_RAD * np.arange(FRONTS, dtype=np.float64)
TURNS_RAD = {FORWARD: [0.0], BACKWARD: [np.pi], SIDEWAYS: [-np.pi / 2, np.pi / 2]}
OFFSETS_RAD = np.array([[0.0, np.nan], [np.nan, np.pi], [2 * STEP_RAD, np.pi / 2]])
"""Three seats: the body alone shows the front, the lever alone, both."""


def evidence_of(seed: int, strides: int = 3) -> Evidence:
    """Anything at all, with holes in it."""
    rng = np.random.default_rng(seed)
    travel = rng.normal(0, 2, (strides, 2, 2))
    travel[rng.random(strides) < 0.2] = 0.0
    front = rng.normal(0, 1.5, (strides, 2, 2, 2))
    front[rng.random(strides) < 0.2] = 0.0
    return Evidence(
        travel=travel,
        front=front,
        seats=rng.dirichlet([2.0, 2.0, 2.0]),
        front_offset_rad=OFFSETS_RAD,
        front_shown=bool(rng.random() < 0.5),
        front_temper=float(rng.uniform(0.2, 1.0)),
        front_doubt=float(rng.uniform(0.05, 0.4)),
        log_run=rng.normal(0, 1.5, strides),
        bout=np.cumsum(rng.random(strides) < 0.5),
        log_direction=rng.normal(0, 1.5, (strides, 3)),
        named_front=rng.normal(0, 3, 2) * (rng.random() < 0.5),
        named_front_doubt=0.03,
        stated=bool(rng.random() < 0.5),
        mixed=float(rng.uniform(0.05, 0.9)),
        log_turn=rng.normal(0, 2, strides) * (rng.random(strides) < 0.5),
    )


def von_mises(vector: FloatArray, around_rad: FloatArray) -> FloatArray:
    """(FRONTS,) density of a vector's bearing around other bearings."""
    kappa = np.hypot(*vector)
    away = np.arctan2(vector[1], vector[0]) - around_rad
    return np.asarray(np.exp(kappa * np.cos(away)) / (2 * np.pi * iv(0, kappa)))


def with_strays(density: FloatArray, priors: Priors) -> FloatArray:
    return np.asarray((1 - priors.stray) * density + priors.stray / (2 * np.pi))


class Enumerated:
    """The model of the decoder, spelt out for one stride at a time."""

    def __init__(self, evidence: Evidence, priors: Priors) -> None:
        self.evidence, self.priors = evidence, priors
        self.pauses = [a != b for a, b in pairwise(evidence.bout)]
        strides, cues = range(len(evidence.bout)), range(evidence.front_offset_rad.shape[1])
        # Of every stride and cue once, not for every path.
        self.paces = {key: self.pace(*key) for key in product(strides, (0, 1))}
        self.travels = {key: self.travel(*key) for key in product(strides, range(3), (0, 1))}
        self.cues = {key: self.cue(*key) for key in product(strides, cues, (0, 1))}
        self.alone = [np.log(self.unrelated(cue)) for cue in cues]
        self.wanders = {pause: self.wander(pause=pause) for pause in (False, True)}
        self.before = self.front_before()

    def travel(self, stride: int, direction: int, pace: int) -> FloatArray:
        """(FRONTS,) density of the travel vector."""
        vector = self.evidence.travel[stride, pace]
        around = [von_mises(vector, GRID_RAD + turn) for turn in TURNS_RAD[direction]]
        return with_strays(np.asarray(sum(around) / len(around)), self.priors)

    def cue(self, stride: int, cue: int, pace: int) -> FloatArray:
        """(FRONTS,) tempered density of a cue to the front, by where it points."""
        density = von_mises(self.evidence.front[stride, cue, pace], GRID_RAD)
        return np.asarray(with_strays(density, self.priors) ** self.evidence.front_temper)

    def pace(self, stride: int, pace: int) -> float:
        """Probability of the pace of a stride by itself."""
        p_run = float(expit(self.evidence.log_run[stride]))
        return p_run if pace else 1 - p_run

    def unrelated(self, cue: int) -> float:
        """Likelihood of a cue that lies around a bearing of its own."""
        total = np.zeros(FRONTS)
        for stride in range(len(self.evidence.bout)):
            for pace in (0, 1):
                total += self.paces[stride, pace] * np.log(self.cues[stride, cue, pace])
        return float(np.exp(total).mean())

    def front_before(self) -> FloatArray:
        """(FRONTS,) belief in the front before the first stride."""
        belief = von_mises(self.evidence.named_front, GRID_RAD)
        doubt = self.evidence.named_front_doubt
        return np.asarray((1 - doubt) * belief / belief.sum() + doubt / FRONTS)

    def wander(self, *, pause: bool) -> FloatArray:
        """(FRONTS, FRONTS) how the front goes from stride to stride."""
        move = 0.5 * (self.priors.front_creep_rad / STEP_RAD) ** 2
        creep = (1 - 2 * move) * np.eye(FRONTS)
        for k in range(FRONTS):
            creep[(k + 1) % FRONTS, k] += move
            creep[(k - 1) % FRONTS, k] += move
        jump = self.priors.front_jump * pause
        return np.asarray((1 - jump) * creep + jump / FRONTS)

    def log_path(
        self, directions: tuple[int, ...], paces: tuple[int, ...], seat: int, *, trusted: bool
    ) -> float:
        """Log likelihood of all evidence but what is known of paths beforehand."""
        from_elsewhere, belief = 0.0, self.before
        cues = range(self.evidence.front_offset_rad.shape[1])
        offsets_rad = self.evidence.front_offset_rad[seat]
        used = [cue for cue in cues if trusted and np.isfinite(offsets_rad[cue])]
        for stride, (direction, pace) in enumerate(zip(directions, paces, strict=True)):
            if stride:
                belief = self.wanders[self.pauses[stride - 1]] @ belief
            from_elsewhere += self.evidence.log_direction[stride, direction]
            belief = self.paces[stride, pace] * self.travels[stride, direction, pace] * belief
            for cue in used:
                steps = round(offsets_rad[cue] / STEP_RAD)
                belief = belief * np.roll(self.cues[stride, cue, pace], -steps)
        alone = sum(self.alone[cue] for cue in cues if cue not in used)
        return from_elsewhere + float(np.log(belief.sum()) + alone)

    def log_directions(self, path: tuple[int, ...], *, shown: bool) -> float:
        """Log probability of directions beforehand, where the front is shown and trusted or not."""
        priors, evidence = self.priors, self.evidence
        habit = priors.one_way_if_shown if shown and evidence.front_shown else priors.one_way
        one_way = priors.drawn if evidence.stated else habit
        chance = (priors.begun if evidence.travel.any() else priors.drawn)[path[0]]
        turns = 1.0
        for stride, (before, after) in enumerate(pairwise(path), 1):
            change = 1.0 if self.pauses[stride - 1] else priors.change_within_bout
            chance *= change * priors.drawn[after] + (1 - change) * (before == after)
            turns *= np.exp(evidence.log_turn[stride] * (before != after))
        same = len(set(path)) == 1
        mixed = evidence.mixed
        return float(np.log(mixed * chance * turns + (1 - mixed) * one_way[path[0]] * same))

    def log_paces(self, path: tuple[int, ...]) -> float:
        """Log probability of paces beforehand."""
        priors, drawn = self.priors, (1 - self.priors.run, self.priors.run)
        chance = drawn[path[0]]
        for pause, before, after in zip(self.pauses, path, path[1:], strict=False):
            change = priors.pace_change_between_bouts if pause else priors.pace_change_within_bout
            chance *= change * drawn[after] + (1 - change) * (before == after)
        return float(np.log(chance))


def by_enumeration(evidence: Evidence, priors: Priors) -> Decoded:
    """Posterior by summing over all paths of directions and paces, seats and trust.

    Only the front's walk is not spelt out: given all else it is a product of matrices.
    """
    n = len(evidence.bout)
    model = Enumerated(evidence, priors)
    cases: list[tuple[tuple[int, ...], tuple[int, ...], int, bool]] = []
    log_weight = []
    for directions in product(range(3), repeat=n):
        for paces in product(range(2), repeat=n):
            before = {
                shown: model.log_directions(directions, shown=shown) + model.log_paces(paces)
                for shown in (True, False)
            }
            for seat, trusted in product(range(len(evidence.seats)), [True, False]):
                trust = 1 - evidence.front_doubt if trusted else evidence.front_doubt
                shown = trusted and bool(np.isfinite(evidence.front_offset_rad[seat]).any())
                cases.append((directions, paces, seat, trusted))
                log_weight.append(
                    before[shown] + np.log(evidence.seats[seat] * trust)
                    + model.log_path(directions, paces, seat, trusted=trusted)
                )  # fmt: skip
    log_evidence = float(logsumexp(log_weight))
    probability, p_run = np.zeros((n, 3)), np.zeros(n)
    seats, shown = np.zeros(len(evidence.seats)), 0.0
    for (directions, paces, seat, trusted), log in zip(cases, log_weight, strict=True):
        weight = np.exp(log - log_evidence)
        probability[np.arange(n), directions] += weight
        p_run += weight * np.array(paces)
        seats[seat] += weight
        shown += weight * trusted
    return Decoded(probability, p_run, seats, float(shown), log_evidence)


def assert_same(found: Decoded, expected: Decoded, *, atol: float = 1e-9) -> None:
    for name in ("probability", "p_run", "seats", "shown"):
        np.testing.assert_allclose(getattr(found, name), getattr(expected, name), atol=atol)
    # Each density is divided by a Bessel function that is exact to 1e-6 (test_special.py).
    assert found.log_evidence == pytest.approx(expected.log_evidence, abs=1e-6)


# Against all paths --------------------------------------------------------------------------


@settings(max_examples=8, deadline=None)
@given(st.integers(0, 2**16))
def test_the_posterior_is_that_of_all_paths(seed: int) -> None:
    evidence = evidence_of(seed)
    assert_same(decode(evidence, PRIORS), by_enumeration(evidence, PRIORS))


def test_it_is_so_for_four_strides() -> None:
    evidence = replace(
        evidence_of(3, strides=4), seats=np.ones(1), front_offset_rad=OFFSETS_RAD[2:]
    )
    assert_same(decode(evidence, PRIORS), by_enumeration(evidence, PRIORS))


@pytest.mark.parametrize(
    "changes",
    [
        {"mixed": 1e-12, "mixed_if_stated": 1e-12},
        {"mixed_if_stated": 1 - 1e-12},
        {"change_within_bout": 1e-12, "pace_change_within_bout": 1e-12},
        {"front_jump": 0.0, "front_creep_rad": 0.0},
        {"front_jump": 1.0},
        {"stray": 1.0},
        {"run": 1e-12},
    ],
    ids=str,
)
def test_it_is_so_at_the_edges_of_the_priors(changes: dict[str, float]) -> None:
    evidence, priors = evidence_of(1), replace(PRIORS, **changes)  # type: ignore[arg-type]
    assert_same(decode(evidence, priors), by_enumeration(evidence, priors))


@pytest.mark.parametrize(
    "changes",
    [
        {"travel": np.zeros((3, 2, 2))},
        {"front": np.zeros((3, 2, 2, 2))},
        {"front_doubt": 1e-12},
        {"front_doubt": 1 - 1e-12},
        {"front_offset_rad": np.full((3, 2), np.nan)},
        {"log_direction": of_marks(np.array([BACKWARD, -1, FORWARD]))},
        {"named_front": np.array([0.0, 16.0])},
        {"log_run": np.array([-30.0, 30.0, 0.0])},
        {"bout": np.array([0, 0, 1])},
        {"mixed": 1 - 1e-9},
        {"log_turn": np.array([0.0, -30.0, 30.0])},
    ],
    ids=lambda changes: ", ".join(changes),
)
def test_it_is_so_at_the_edges_of_the_evidence(changes: dict[str, NDArray[np.float64]]) -> None:
    evidence = replace(evidence_of(2), **changes)  # type: ignore[arg-type]
    assert_same(decode(evidence, PRIORS), by_enumeration(evidence, PRIORS))


def test_without_any_bearing_seats_and_trust_stay_as_they_were() -> None:
    silent = replace(evidence_of(4), travel=np.zeros((3, 2, 2)), front=np.zeros((3, 2, 2, 2)))
    found = decode(silent, PRIORS)
    np.testing.assert_allclose(found.seats, silent.seats, atol=1e-12)
    assert found.shown == pytest.approx(1 - silent.front_doubt)
    expected = by_enumeration(silent, PRIORS)
    np.testing.assert_allclose(found.probability, expected.probability, atol=1e-9)
    np.testing.assert_allclose(found.p_run, expected.p_run, atol=1e-9)


# Numerics -----------------------------------------------------------------------------------


@pytest.mark.parametrize("block", [1, 2, 7, 149, 150, 1000])
def test_the_size_of_a_block_makes_no_difference(
    block: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    evidence = evidence_of(5, strides=150)
    expected = decode(evidence, PRIORS)
    states = 12 * (len(evidence.seats) + 1) * decoder.FRONTS
    monkeypatch.setattr(decoder, "BLOCK_NUMBERS", block * states)
    assert_same(decode(evidence, PRIORS), expected)


def test_a_day_of_contradicting_marks_stays_finite() -> None:
    evidence = evidence_of(7, strides=2000)
    forced = np.resize([FORWARD, BACKWARD], 2000)
    found = decode(
        replace(evidence, log_direction=of_marks(forced), front_temper=12 / 2000), PRIORS
    )
    assert np.isfinite(found.log_evidence)
    np.testing.assert_allclose(found.probability.sum(axis=1), 1.0)
    np.testing.assert_array_equal(found.probability.argmax(axis=1), forced)


def test_a_long_session_of_anything_stays_finite() -> None:
    found = decode(replace(evidence_of(8, strides=3000), front_temper=0.8), PRIORS)
    assert np.isfinite(found.log_evidence)
    np.testing.assert_allclose(found.probability.sum(axis=1), 1.0)


# What is believed beforehand ----------------------------------------------------------------


def mixed_by(log_turn: FloatArray, *, stated: bool = False) -> float:
    """Probability of a mixed session, where every bout is an episode of its own."""
    return float(mixed_beforehand(log_turn, np.arange(len(log_turn)), PRIORS, stated=stated)[0])


def test_the_more_bouts_the_likelier_a_mixed_session_up_to_a_half() -> None:
    def mixed(bouts: int) -> float:
        return mixed_by(np.zeros(bouts))

    assert mixed(1) == pytest.approx(0.1)
    assert mixed(3) == pytest.approx(1 - 0.9**3)
    assert mixed(50) == pytest.approx(mixed(500)) == pytest.approx(0.5)
    assert mixed_by(np.zeros(3), stated=True) == PRIORS.mixed_if_stated


def test_bouts_that_are_alike_belie_a_mixed_session_and_unlike_ones_bear_it_out() -> None:
    log_turn = np.array([0.0, -2.0, 1.0, -0.5])
    paths = [*product(range(3), repeat=4)]
    drawn = np.array(PRIORS.drawn)
    chances = [
        np.prod(drawn[list(path)])
        * np.exp(sum(log_turn[i] for i in range(1, 4) if path[i] != path[i - 1]))
        for path in paths
    ]
    prior = 1 - 0.9**4
    evidence = prior * sum(chances)
    expected = evidence / (evidence + 1 - prior)
    assert mixed_by(log_turn) == pytest.approx(expected)
    assert mixed_by(np.full(4, -3.0)) < prior
    assert mixed_by(np.full(4, 3.0)) > prior


@pytest.mark.parametrize("seed", range(5))
def test_the_turns_within_an_episode_are_left_to_its_decoding(seed: int) -> None:
    rng = np.random.default_rng(seed)
    log_turn = np.append(0.0, rng.normal(0, 1.5, 7))
    episode = np.append(0, np.cumsum(rng.random(7) < 0.5))
    found = mixed_beforehand(log_turn, episode, PRIORS, stated=False)
    inner = np.diff(episode, prepend=-1) == 0
    expected = [
        mixed_by(np.where(inner & (episode == number), 0.0, log_turn))
        for number in range(episode[-1] + 1)
    ]
    np.testing.assert_allclose(found, expected)


def test_no_bout_has_no_episode() -> None:
    assert not len(mixed_beforehand(np.zeros(0), np.zeros(0, np.intp), PRIORS, stated=False))


def test_a_silent_session_says_what_was_believed_beforehand() -> None:
    silent = replace(
        evidence_of(0),
        travel=np.zeros((3, 2, 2)), front=np.zeros((3, 2, 2, 2)), log_run=np.zeros(3),
        log_direction=np.zeros((3, 3)), stated=False, mixed=0.3, front_shown=False,
        log_turn=np.zeros(3),
    )  # fmt: skip
    one_way, drawn = PRIORS.one_way[FORWARD], PRIORS.drawn[FORWARD]
    forward = decode(silent, PRIORS).probability[0, FORWARD]
    assert forward == pytest.approx(0.7 * one_way + 0.3 * drawn)
