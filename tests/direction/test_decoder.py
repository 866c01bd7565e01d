"""The session decoder against exhaustive enumeration, and its bookkeeping on long sessions."""

from __future__ import annotations

import itertools
from dataclasses import replace

import numpy as np
import pytest

from retrodetect.direction import decoder
from retrodetect.direction.decoder import FRONTS, Evidence, Priors, decode

PRIORS = Priors(front_creep_rad=0.05, front_jump=0.01)


def evidence_of(count: int = 3, seed: int = 0, **changes: object) -> Evidence:
    rng = np.random.default_rng(seed)
    bout = np.zeros(count, dtype=np.intp)
    bout[count // 2 :] = 1
    evidence = Evidence(
        travel=2 * rng.normal(size=(count, 2, 2)),
        front=1.5 * rng.normal(size=(count, 2, 2, 2)),
        seats=np.array([0.7, 0.3]),
        front_offset_rad=np.array([[0.0, 0.0], [np.nan, np.pi]]),
        front_temper=0.8,
        front_doubt=0.1,
        log_run=rng.normal(size=count),
        bout=bout,
        forced=np.full(count, -1, dtype=np.intp),
        named_front=np.zeros(2),
        named_front_doubt=0.01,
        told=False,
        session_bouts=2,
    )
    return replace(evidence, **changes)  # type: ignore[arg-type]


def von_mises(vector: np.ndarray, bearing_rad: float) -> float:
    kappa = float(np.hypot(*vector))
    away = np.arctan2(vector[1], vector[0]) - bearing_rad
    return float(np.exp(kappa * np.cos(away)) / (2 * np.pi * np.i0(kappa)))


def strayed(density: float) -> float:
    return (1 - PRIORS.stray) * density + PRIORS.stray / (2 * np.pi)


def enumerated(evidence: Evidence) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Sum over every seat, trust, kind of session and path of directions, paces and fronts.

    Fronts are summed exactly as well: they move to a neighbour or stay, and jump in pauses.
    """
    count = len(evidence.log_run)
    grid = 2 * np.pi * np.arange(FRONTS) / FRONTS
    pauses = np.diff(evidence.bout, prepend=evidence.bout[:1]) != 0
    creep = 0.5 * (PRIORS.front_creep_rad / (2 * np.pi / FRONTS)) ** 2
    step = np.eye(FRONTS) * (1 - 2 * creep)
    step += creep * (np.roll(np.eye(FRONTS), 1, 0) + np.roll(np.eye(FRONTS), -1, 0))
    jump = PRIORS.front_jump
    moves = {False: step, True: (1 - jump) * step + jump / FRONTS}
    kappa = float(np.hypot(*evidence.named_front))
    first = np.exp(kappa * np.cos(grid - np.arctan2(*evidence.named_front[::-1])))
    first = (1 - evidence.named_front_doubt) * first / first.sum()
    first += evidence.named_front_doubt / FRONTS

    def cue(i: int, c: int, pace: int, offset: float) -> np.ndarray:
        at = [strayed(von_mises(evidence.front[i, c, pace], b + offset)) for b in grid]
        return np.array(at) ** evidence.front_temper

    p_run = 1 / (1 + np.exp(-evidence.log_run))
    unrelated = []
    for c in range(evidence.front.shape[1]):
        logs = [
            (1 - p_run[i]) * np.log(cue(i, c, 0, 0.0)) + p_run[i] * np.log(cue(i, c, 1, 0.0))
            for i in range(count)
        ]
        unrelated.append(np.exp(np.sum(logs, axis=0)).mean())

    mixed = 1 - (1 - PRIORS.mixed) ** evidence.session_bouts
    direction, running = np.zeros((count, 3)), np.zeros(count)
    seats = np.zeros(len(evidence.seats))
    for seat, trusted, is_mixed in itertools.product(
        range(len(seats)), (True, False), (True, False)
    ):
        offsets = evidence.front_offset_rad[seat]
        weight = evidence.seats[seat] * (mixed if is_mixed else 1 - mixed)
        weight *= 1 - evidence.front_doubt if trusted else evidence.front_doubt
        for c, offset in enumerate(offsets):
            if not trusted or np.isnan(offset):
                weight *= unrelated[c]
        for way in itertools.product(range(3), repeat=count):
            for pace in itertools.product(range(2), repeat=count):
                p = weight * (PRIORS.drawn if is_mixed else PRIORS.one_way)[way[0]]
                p *= (1 - PRIORS.run, PRIORS.run)[pace[0]]
                state = first.copy()
                for i in range(count):
                    if i:
                        change = (
                            PRIORS.change_between_bouts if pauses[i] else PRIORS.change_within_bout
                        )
                        same = way[i] == way[i - 1]
                        p *= (
                            (1 - change) * same + change * PRIORS.drawn[way[i]]
                            if is_mixed
                            else float(same)
                        )
                        change = (
                            PRIORS.pace_change_between_bouts
                            if pauses[i]
                            else PRIORS.pace_change_within_bout
                        )
                        p *= (1 - change) * (pace[i] == pace[i - 1]) + change * (
                            1 - PRIORS.run,
                            PRIORS.run,
                        )[pace[i]]
                        state = moves[bool(pauses[i])] @ state
                    p *= p_run[i] if pace[i] else 1 - p_run[i]
                    travel = evidence.travel[i, pace[i]]
                    turns = {0: (0.0,), 1: (np.pi,), 2: (np.pi / 2, -np.pi / 2)}[way[i]]
                    state = state * [
                        strayed(float(np.mean([von_mises(travel, b + turn) for turn in turns])))
                        for b in grid
                    ]
                    if trusted:
                        for c, offset in enumerate(offsets):
                            if np.isfinite(offset):
                                state = state * cue(i, c, pace[i], offset)
                total = p * state.sum()
                seats[seat] += total
                for i in range(count):
                    direction[i, way[i]] += total
                    running[i] += total * pace[i]
    return direction / seats.sum(), running / seats.sum(), seats / seats.sum()


@pytest.mark.parametrize("seed", [0, 1])
def test_posteriors_are_those_of_exhaustive_enumeration(seed):
    evidence = evidence_of(2, seed)
    direction, running, seats = enumerated(evidence)
    decoded = decode(evidence, PRIORS)
    np.testing.assert_allclose(decoded.probability, direction, atol=1e-9)
    np.testing.assert_allclose(decoded.p_run, running, atol=1e-9)
    np.testing.assert_allclose(decoded.seats, seats, atol=1e-9)


def test_blocks_leave_no_seam(monkeypatch):
    evidence = evidence_of(40)
    whole = decode(evidence, PRIORS)
    monkeypatch.setattr(decoder, "BLOCK", 7)
    pieces = decode(evidence, PRIORS)
    np.testing.assert_allclose(pieces.probability, whole.probability, atol=1e-12)
    assert pieces.log_evidence == pytest.approx(whole.log_evidence)


def test_a_long_session_stays_finite():
    evidence = evidence_of(3000)
    decoded = decode(evidence, PRIORS)
    assert np.isfinite(decoded.probability).all()
    np.testing.assert_allclose(decoded.probability.sum(axis=1), 1.0)
    assert np.isfinite(decoded.log_evidence)


def test_marks_force_their_strides_and_may_contradict_each_other():
    forced = np.array([0, -1, 1, 0])
    decoded = decode(evidence_of(4, forced=forced, told=True), PRIORS)
    for stride, way in ((0, 0), (2, 1), (3, 0)):
        assert decoded.probability[stride, way] > 0.999


def test_without_any_bearing_the_priors_are_left():
    evidence = evidence_of(
        5,
        travel=np.zeros((5, 2, 2)),
        front=np.zeros((5, 2, 2, 2)),
        bout=np.zeros(5, dtype=np.intp),
        session_bouts=1,
    )
    priors = Priors()
    probability = decode(evidence, priors).probability
    expected = (1 - priors.mixed) * np.array(priors.one_way)
    expected += priors.mixed * np.array(priors.drawn)
    np.testing.assert_allclose(probability, np.tile(expected, (5, 1)), atol=1e-9)


def test_a_front_that_is_always_doubted_says_nothing():
    silent = evidence_of(6, front=np.zeros((6, 2, 2, 2)))
    doubted = evidence_of(6, front_doubt=1.0)
    seats = np.array([1.0, 0.0])
    np.testing.assert_allclose(
        decode(replace(doubted, seats=seats), PRIORS).probability,
        decode(replace(silent, seats=seats, front_doubt=1.0), PRIORS).probability,
        atol=1e-9,
    )
