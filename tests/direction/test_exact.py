"""Session decoder against the sum over every path: on tiny sessions it must be exact."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise, product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import iv, logsumexp
from scipy.stats import t as student_t

from retrodetect.direction import decoder
from retrodetect.direction.decoder import (
    BACKWARD,
    FORWARD,
    FRONTS,
    SIDEWAYS,
    Decoded,
    Evidence,
    Priors,
    ScoreModel,
    decode,
)
from retrodetect.recording import FloatArray

MODEL = ScoreModel(
    walking=(-1.2, 0.9, 0.2),
    running=(-0.4, 0.7, -0.1),
    sd=0.8,
    offset_scale=0.7,
    separation_sd=0.6,
    temper=0.3,
    most_strides=0.8,
)
PRIORS = Priors(
    mixed=0.1,
    mixed_if_told=0.7,
    one_way=(0.8, 0.15, 0.05),
    change_within_bout=0.07,
    change_between_bouts=0.4,
    drawn=(0.6, 0.3, 0.1),
    front_jump=0.05,
    front_creep_rad=0.08,
    stray=0.1,
)
STEP_RAD = 2 * np.pi / FRONTS


def evidence_of(seed: int, strides: int = 3) -> Evidence:
    """Anything at all, with holes in it."""
    rng = np.random.default_rng(seed)
    score = rng.normal(0, 1.5, strides)
    sideways = rng.normal(-1, 1, strides)
    score[rng.random(strides) < 0.2] = np.nan
    sideways[rng.random(strides) < 0.3] = np.nan
    walking, running = rng.normal(0, 2, (2, strides, 2))
    walking[rng.random(strides) < 0.2] = 0.0
    return Evidence(
        walking=walking,
        running=running,
        p_run=rng.uniform(0.05, 0.95, strides),
        score=score,
        log_sideways=sideways,
        bout=np.cumsum(rng.random(strides) < 0.5),
        forced=np.where(rng.random(strides) < 0.2, rng.integers(0, 2, strides), -1),
        front=rng.normal(0, 3, 2) * (rng.random() < 0.5),
        front_doubt=0.03,
        told=bool(rng.random() < 0.5),
        session_bouts=int(rng.integers(1, 5)),
    )


def von_mises(angle_rad: FloatArray, kappa: float) -> FloatArray:
    return np.asarray(np.exp(kappa * np.cos(angle_rad)) / (2 * np.pi * iv(0, kappa)))


def bearing_density(evidence: Evidence, priors: Priors, stride: int, direction: int) -> FloatArray:
    """(FRONTS,) density of the travel direction of one stride, whatever the front."""
    fronts = STEP_RAD * np.arange(FRONTS)
    turns = {FORWARD: [0.0], BACKWARD: [np.pi], SIDEWAYS: [-np.pi / 2, np.pi / 2]}[direction]
    density = np.zeros(FRONTS)
    p_run = evidence.p_run[stride]
    for travel, share in ((evidence.walking, 1 - p_run), (evidence.running, p_run)):
        x, y = travel[stride]
        around = [von_mises(np.arctan2(y, x) - fronts - turn, np.hypot(x, y)) for turn in turns]
        density += share * np.mean(around, axis=0)
    return (1 - priors.stray) * density + priors.stray / (2 * np.pi)


def by_enumeration(evidence: Evidence, model: ScoreModel, priors: Priors) -> Decoded:
    """Posterior by summing over all paths of directions, wearers and fronts.

    Only the front's walk is not spelt out: given the directions it is a product of matrices.
    """
    n = len(evidence.score)
    pause = [False] + [a != b for a, b in pairwise(evidence.bout)]
    has_bearing = bool(evidence.walking.any() or evidence.running.any())

    # Front: where it may go from stride to stride.
    move = 0.5 * (priors.front_creep_rad / STEP_RAD) ** 2
    creep = (1 - 2 * move) * np.eye(FRONTS)
    for k in range(FRONTS):
        creep[(k + 1) % FRONTS, k] += move
        creep[(k - 1) % FRONTS, k] += move
    jump = (1 - priors.front_jump) * creep + priors.front_jump / FRONTS
    kappa = np.hypot(*evidence.front)
    fronts = STEP_RAD * np.arange(FRONTS)
    first = np.exp(kappa * np.cos(fronts - np.arctan2(evidence.front[1], evidence.front[0])))
    first = (1 - evidence.front_doubt) * first / first.sum() + evidence.front_doubt / FRONTS

    # Wearer: offset and separation.
    heard = model.temper > 0 and bool(np.isfinite(evidence.score).any())
    wearers = [(0.0, 0.0, 1.0)]
    if heard:
        grid = np.linspace(-6, 6, 25)
        chance = student_t(3).pdf(grid)
        chance /= chance.sum()
        wearers = [
            (offset * model.offset_scale, node * model.separation_sd, share * weight)
            for node, share in ((-np.sqrt(3), 1 / 6), (0.0, 2 / 3), (np.sqrt(3), 1 / 6))
            for offset, weight in zip(grid, chance, strict=True)
        ]
    scored = max(int(np.isfinite(evidence.score).sum()), 1)
    temper = min(model.temper, model.most_strides / scored)

    def log_free(stride: int, direction: int, offset: float, wider: float) -> float:
        mean = (model.running if evidence.p_run[stride] > 0.5 else model.walking)[direction]
        mean += {FORWARD: -wider / 2, BACKWARD: wider / 2, SIDEWAYS: 0.0}[direction] + offset
        log = 0.0
        if np.isfinite(evidence.score[stride]):
            log -= 0.5 * temper * ((evidence.score[stride] - mean) / model.sd) ** 2
        if direction == SIDEWAYS and np.isfinite(evidence.log_sideways[stride]):
            log += temper * evidence.log_sideways[stride]
        return log

    def log_path(path: tuple[int, ...]) -> float:
        """Of the evidence, given the directions: fronts and wearers summed over."""
        ruled_out, belief = 0.0, first
        free = [0.0] * len(wearers)
        for stride, direction in enumerate(path):
            if stride:
                belief = (jump if pause[stride] else creep) @ belief
            marked = evidence.forced[stride]
            if marked >= 0 and marked != direction:
                ruled_out -= 50.0
                continue
            if has_bearing:
                belief = belief * bearing_density(evidence, priors, stride, direction)
            free = [
                log + log_free(stride, direction, offset, wider)
                for log, (offset, wider, _) in zip(free, wearers, strict=True)
            ]
        chances = [chance for _, _, chance in wearers]
        return ruled_out + float(np.log(belief.sum()) + logsumexp(free, b=chances))

    session = 1 - (1 - priors.mixed) ** evidence.session_bouts
    several = priors.mixed_if_told if evidence.told else min(session, 0.5)
    one_way = priors.drawn if evidence.told else priors.one_way
    log_weight, paths = [], list(product(range(3), repeat=n))
    for path in paths:
        chance = priors.drawn[path[0]]
        for stride in range(1, n):
            change = priors.change_between_bouts if pause[stride] else priors.change_within_bout
            chance *= change * priors.drawn[path[stride]] + (1 - change) * (
                path[stride] == path[stride - 1]
            )
        chance = several * chance + (1 - several) * one_way[path[0]] * (len(set(path)) == 1)
        log_weight.append(np.log(chance) + log_path(path))
    log_evidence = float(logsumexp(log_weight))
    probability = np.zeros((n, 3))
    for path, log in zip(paths, log_weight, strict=True):
        probability[np.arange(n), path] += np.exp(log - log_evidence)
    return Decoded(probability, log_evidence)


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 2**16))
def test_the_posterior_is_that_of_all_paths(seed: int) -> None:
    evidence = evidence_of(seed)
    expected = by_enumeration(evidence, MODEL, PRIORS)
    found = decode(evidence, MODEL, PRIORS)
    np.testing.assert_allclose(found.probability, expected.probability, atol=1e-9)
    assert found.log_evidence == pytest.approx(expected.log_evidence, abs=1e-8)


@pytest.mark.parametrize("changes", [
    {"mixed": 1e-12, "mixed_if_told": 1e-12},
    {"mixed_if_told": 1 - 1e-12},
    {"change_within_bout": 1e-12},
    {"front_jump": 0.0, "front_creep_rad": 0.0},
    {"stray": 1.0},
])  # fmt: skip
@pytest.mark.parametrize("seed", range(3))
def test_it_is_so_at_the_edges_of_the_priors(changes: dict[str, float], seed: int) -> None:
    evidence, priors = evidence_of(seed), replace(PRIORS, **changes)  # type: ignore[arg-type]
    expected = by_enumeration(evidence, MODEL, priors)
    np.testing.assert_allclose(
        decode(evidence, MODEL, priors).probability, expected.probability, atol=1e-9
    )


@pytest.mark.parametrize("temper", [0.0, 0.05])
@pytest.mark.parametrize("seed", range(3))
def test_a_classifier_that_is_not_heard_changes_nothing(temper: float, seed: int) -> None:
    evidence, model = evidence_of(seed), replace(MODEL, temper=temper)
    expected = by_enumeration(evidence, model, PRIORS)
    np.testing.assert_allclose(
        decode(evidence, model, PRIORS).probability, expected.probability, atol=1e-9
    )
    if not temper:
        deaf = replace(evidence, score=np.full(3, np.nan), log_sideways=np.full(3, np.nan))
        np.testing.assert_allclose(
            decode(evidence, model, PRIORS).probability, decode(deaf, model, PRIORS).probability
        )


@pytest.mark.parametrize("silent", ["walking", "running"])
def test_bearings_of_one_gait_are_bearings(silent: str) -> None:
    evidence = replace(evidence_of(4), **{silent: np.zeros((3, 2))})  # type: ignore[arg-type]
    expected = by_enumeration(evidence, MODEL, PRIORS)
    found = decode(evidence, MODEL, PRIORS)
    np.testing.assert_allclose(found.probability, expected.probability, atol=1e-9)


@pytest.mark.parametrize("scored", [0, 1, 2])
def test_scores_of_few_strides_are_worth_no_more_than_an_episodes_may_be(scored: int) -> None:
    evidence, model = evidence_of(2), replace(MODEL, temper=0.9)
    score = np.where(np.arange(3) < scored, [1.0, -0.5, 2.0], np.nan)
    evidence = replace(evidence, score=score, log_sideways=np.array([0.5, -1.0, np.nan]))
    expected = by_enumeration(evidence, model, PRIORS)
    found = decode(evidence, model, PRIORS)
    np.testing.assert_allclose(found.probability, expected.probability, atol=1e-9)


def test_strides_without_a_bearing_need_no_front() -> None:
    evidence = replace(evidence_of(4), walking=np.zeros((3, 2)), running=np.zeros((3, 2)))
    expected = by_enumeration(evidence, MODEL, PRIORS)
    found = decode(evidence, MODEL, PRIORS)
    np.testing.assert_allclose(found.probability, expected.probability, atol=1e-9)


@pytest.mark.parametrize("block", [1, 2, 7, 30, 64, 1000])
def test_the_size_of_a_block_makes_no_difference(
    block: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    evidence = evidence_of(5, strides=150)
    expected = decode(evidence, MODEL, PRIORS)
    monkeypatch.setattr(decoder, "BLOCK", block)
    found = decode(evidence, MODEL, PRIORS)
    np.testing.assert_allclose(found.probability, expected.probability, atol=1e-9)
    assert found.log_evidence == pytest.approx(expected.log_evidence, abs=1e-6)


@pytest.mark.parametrize("rescale", [1, 3])
def test_nor_does_how_often_beliefs_are_scaled(
    rescale: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    evidence = evidence_of(6, strides=100)
    expected = decode(evidence, MODEL, PRIORS)
    monkeypatch.setattr(decoder, "RESCALE", rescale)
    found = decode(evidence, MODEL, PRIORS)
    np.testing.assert_allclose(found.probability, expected.probability, atol=1e-9)
    assert found.log_evidence == pytest.approx(expected.log_evidence, abs=1e-6)


def test_a_day_of_contradicting_marks_stays_finite() -> None:
    evidence = evidence_of(7, strides=2000)
    forced = np.resize([FORWARD, BACKWARD], 2000)
    found = decode(replace(evidence, forced=forced), MODEL, PRIORS)
    assert np.isfinite(found.log_evidence)
    np.testing.assert_array_equal(found.probability.argmax(axis=1), forced)


def test_the_more_bouts_the_likelier_a_mixed_session_up_to_a_half() -> None:
    def says(bouts: int) -> float:
        silent = replace(
            evidence_of(0),
            walking=np.zeros((3, 2)), running=np.zeros((3, 2)), score=np.full(3, np.nan),
            log_sideways=np.full(3, np.nan), forced=np.full(3, -1), told=False,
            session_bouts=bouts,
        )  # fmt: skip
        return float(decode(silent, MODEL, PRIORS).probability[0, FORWARD])

    one_way, drawn = PRIORS.one_way[FORWARD], PRIORS.drawn[FORWARD]
    assert says(1) == pytest.approx(0.9 * one_way + 0.1 * drawn)
    assert says(3) == pytest.approx(0.9**3 * one_way + (1 - 0.9**3) * drawn)
    assert says(50) == says(500) == pytest.approx(0.5 * one_way + 0.5 * drawn)


def test_scores_in_two_heaps_show_that_the_direction_changed() -> None:
    # However far apart this wearer's directions lie, even where the model expects them close.
    strides = 60
    still = replace(
        evidence_of(0, strides),
        walking=np.zeros((strides, 2)), running=np.zeros((strides, 2)),
        log_sideways=np.full(strides, np.nan), forced=np.full(strides, -1), told=True,
        bout=np.repeat([0, 1], strides // 2), front=np.zeros(2), session_bouts=2,
        p_run=np.full(strides, 0.05),
    )  # fmt: skip
    model = replace(MODEL, walking=(-0.3, 0.3, 0.0), sd=0.5, temper=0.5, most_strides=30)
    heaps = replace(still, score=np.repeat([-2.0, 2.0], strides // 2))
    spread, none = (
        decode(heaps, replace(model, separation_sd=sd), PRIORS).log_evidence for sd in (1.5, 0.0)
    )
    assert spread > none + 1
    found = decode(heaps, replace(model, separation_sd=1.5), PRIORS).probability
    assert (found[:30, FORWARD] > 0.8).all()
    assert (found[30:, BACKWARD] > 0.8).all()
