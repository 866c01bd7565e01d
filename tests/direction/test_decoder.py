"""Session decoder: what breaks the 180° ambiguity, and what must not."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from retrodetect.direction.decoder import (
    BACKWARD,
    FORWARD,
    SIDEWAYS,
    Evidence,
    Priors,
    ScoreModel,
    decode,
)

MODEL = ScoreModel(
    walking=(-1.0, 1.0, 0.0),
    running=(-1.0, 1.0, 0.0),
    sd=1.0,
    offset_scale=1.5,
    separation_sd=0.5,
    temper=0.2,
    most_strides=25,
)
HILL = ((FORWARD, 30), (BACKWARD, 20), (FORWARD, 30), (BACKWARD, 20))
TURN = {FORWARD: 0.0, BACKWARD: np.pi, SIDEWAYS: np.pi / 2}


def session(
    bouts: tuple[tuple[int, int], ...],
    *,
    front_rad: float = 1.0,
    known_front: bool = False,
    score: float = np.nan,
    offset: float = 0.0,
    marked: int = 0,
    gait: float = 0.02,
    spread: float = 6.0,
    seed: int = 0,
) -> tuple[np.ndarray, Evidence]:
    rng = np.random.default_rng(seed)
    truth = np.repeat([way for way, _ in bouts], [count for _, count in bouts])
    turn = np.array([TURN[way] for way in truth])
    sign = np.where(truth == BACKWARD, 1, -1)
    forced = np.full(len(truth), -1)
    forced[:marked] = truth[:marked]
    bearing = front_rad + turn + rng.vonmises(0, spread, len(truth))
    travel = 4 * np.stack([np.cos(bearing), np.sin(bearing)], axis=1) * (1 if gait < 0.5 else -1)
    return truth, Evidence(
        walking=travel,
        running=-travel,
        p_run=np.full(len(truth), gait),
        score=sign * score + offset + rng.normal(0, 0.5, len(truth)),
        log_sideways=np.full(len(truth), np.nan),
        bout=np.repeat(np.arange(len(bouts)), [count for _, count in bouts]),
        forced=forced,
        front=16 * known_front * np.array([np.cos(front_rad), np.sin(front_rad)]),
        front_doubt=1e-4,
        told=known_front or marked > 0,
        session_bouts=len(bouts),
    )


def right(truth: np.ndarray, probability: np.ndarray) -> float:
    return float((probability.argmax(axis=1) == truth).mean())


@settings(max_examples=20, deadline=None)
@given(st.floats(-np.pi, np.pi), st.integers(0, 1000))
def test_a_known_front_names_both_directions_for_any_mounting(front: float, seed: int) -> None:
    truth, evidence = session(HILL, front_rad=front, known_front=True, seed=seed)
    assert right(truth, decode(evidence, MODEL, Priors()).probability) > 0.97


def test_a_few_marked_strides_name_the_whole_session() -> None:
    truth, evidence = session(HILL, marked=5)
    assert right(truth, decode(evidence, MODEL, Priors()).probability) > 0.97


def test_running_reverses_the_travel_direction() -> None:
    truth, evidence = session(HILL, known_front=True, gait=0.98)
    assert right(truth, decode(evidence, MODEL, Priors()).probability) > 0.97


def test_a_stride_of_doubtful_pace_says_little() -> None:
    truth, evidence = session(((FORWARD, 30),), known_front=True)
    evidence.p_run[10:15] = 0.7
    assert right(truth, decode(evidence, MODEL, Priors()).probability) == 1.0


def test_without_an_anchor_free_evidence_names_the_directions() -> None:
    truth, evidence = session(HILL, score=1.0)
    assert right(truth, decode(evidence, MODEL, Priors()).probability) > 0.97


@pytest.mark.parametrize("offset", [-2.0, 2.0])
def test_a_wearer_whose_scores_all_lean_one_way_is_still_told_apart(offset: float) -> None:
    truth, evidence = session(HILL, score=1.0, offset=offset)
    assert right(truth, decode(evidence, MODEL, Priors()).probability) > 0.97


@pytest.mark.parametrize("offset", [-1.5, 0.0, 1.5])
def test_a_session_that_never_turns_is_forward_by_the_prior(offset: float) -> None:
    _, evidence = session(((FORWARD, 500),), score=0.0, offset=offset)
    assert decode(evidence, MODEL, Priors()).probability[:, FORWARD].min() > 0.8


def test_a_thousand_equally_biased_strides_count_as_one_biased_witness() -> None:
    few = decode(session(((FORWARD, 20),), score=0.0, offset=1.0)[1], MODEL, Priors()).probability
    many = decode(
        session(((FORWARD, 1000),), score=0.0, offset=1.0)[1], MODEL, Priors()
    ).probability
    assert abs(many[:, BACKWARD].mean() - few[:, BACKWARD].mean()) < 0.2


def test_sideways_strides_are_neither() -> None:
    truth, evidence = session(((FORWARD, 30), (SIDEWAYS, 15), (FORWARD, 30)), known_front=True)
    assert right(truth, decode(evidence, MODEL, Priors()).probability) > 0.9


def test_one_stray_bearing_does_not_turn_the_wearer_round() -> None:
    truth, evidence = session(((FORWARD, 40),), known_front=True)
    evidence.walking[20] *= -1
    evidence.running[20] *= -1
    assert right(truth, decode(evidence, MODEL, Priors()).probability) == 1.0


@settings(max_examples=10, deadline=None)
@given(st.floats(-np.pi, np.pi))
def test_turning_the_device_turns_nothing_but_the_front(turn: float) -> None:
    plain = decode(session(HILL, score=0.5)[1], MODEL, Priors()).probability
    turned = decode(session(HILL, score=0.5, front_rad=1.0 + turn)[1], MODEL, Priors()).probability
    assert np.abs(plain - turned).max() < 0.05


def test_strides_without_evidence_keep_the_prior() -> None:
    _, evidence = session(((FORWARD, 10),))
    evidence.walking[:] = 0
    evidence.running[:] = 0
    evidence.score[:] = np.nan
    evidence.log_sideways[:] = np.nan
    found = decode(evidence, MODEL, Priors()).probability
    priors = Priors()
    expected = (1 - priors.mixed) * np.array(priors.one_way) + priors.mixed * np.array(priors.drawn)
    np.testing.assert_allclose(found[0], expected, atol=1e-6)


def test_probabilities_add_up() -> None:
    found = decode(session(HILL)[1], MODEL, Priors()).probability
    np.testing.assert_allclose(found.sum(axis=1), 1.0)
