"""Session decoder: what a session of strides comes to, with and without a front."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from retrodetect.direction.decoder import (
    BACKWARD,
    FORWARD,
    FRONTS,
    SIDEWAYS,
    Decoded,
    Evidence,
    Priors,
    decode,
    of_marks,
)
from retrodetect.recording import FloatArray

TURN_RAD = {FORWARD: 0.0, BACKWARD: np.pi, SIDEWAYS: np.pi / 2}
HILL = ((FORWARD, 30), (BACKWARD, 20), (FORWARD, 30), (BACKWARD, 20))
Bouts = tuple[tuple[int, int], ...]
Truth = NDArray[np.intp]
few = settings(max_examples=15, deadline=None)


def session(
    bouts: Bouts = HILL,
    *,
    mounting_rad: float | FloatArray = 1.0,
    body: float = 0.0,
    lever: float = 0.0,
    seats: tuple[float, ...] = (1.0,),
    offsets_rad: tuple[tuple[float, float], ...] = ((0.0, 0.0),),
    front_doubt: float = 0.02,
    log_run: float | FloatArray = -3.0,
    ran: float | NDArray[np.bool_] = False,
    marked: int = 0,
    named: bool = False,
    pauses: bool = True,
    seed: int = 0,
) -> tuple[Truth, Evidence]:
    """Strides of a trunk: where it went, and what it shows.

    Bearings scatter by about 20°. Travel has a concentration of 4; the body shows its front with
    a concentration of ``body``, and the lever points there with one of ``lever``. Travel is read
    the other way round where the stride is taken for a running one.
    """
    rng = np.random.default_rng(seed)
    truth = np.repeat([way for way, _ in bouts], [count for _, count in bouts]).astype(np.intp)
    count = len(truth)
    front_rad = np.broadcast_to(mounting_rad, count)
    forced = np.full(count, -1, dtype=np.intp)
    forced[:marked] = truth[:marked]

    def vectors(bearing_rad: FloatArray, concentration: float) -> FloatArray:
        scattered = bearing_rad + rng.vonmises(0, 8.0, count)
        return concentration * np.stack([np.cos(scattered), np.sin(scattered)], axis=1)

    ways_rad = np.array([TURN_RAD[int(way)] for way in truth])
    travel = vectors(front_rad + ways_rad, 4.0) * np.where(ran, -1.0, 1.0).reshape(-1, 1)
    cues = np.stack([vectors(front_rad, body), vectors(front_rad, lever)], axis=1)
    of_bout = np.repeat(np.arange(len(bouts)), [length for _, length in bouts])
    return truth, Evidence(
        travel=np.stack([travel, -travel], axis=1),
        front=np.repeat(cues[:, :, None], 2, axis=2),
        seats=np.array(seats),
        front_offset_rad=np.array(offsets_rad),
        front_shown=False,
        front_temper=min(1.0, 12 / count),
        front_doubt=front_doubt,
        log_run=np.array(np.broadcast_to(log_run, count)),
        bout=of_bout if pauses else 0 * of_bout,
        log_direction=of_marks(forced),
        named_front=16.0 * named * np.array([np.cos(front_rad[0]), np.sin(front_rad[0])]),
        named_front_doubt=1e-4,
        stated=named or marked > 0,
        mixed=1 - (1 - Priors().mixed) ** (len(bouts) if pauses else 1),
        log_turn=np.zeros(count),
    )


def right(truth: Truth, decoded: Decoded) -> float:
    """Share of strides whose likeliest direction is true."""
    return float((decoded.probability.argmax(axis=1) == truth).mean())


def labelled(decoded: Decoded) -> NDArray[np.bool_]:
    """(n,) strides of which forward or backward would be said."""
    return np.asarray(decoded.probability[:, [FORWARD, BACKWARD]].max(axis=1) >= 0.9)


# What names the directions ------------------------------------------------------------------


@few
@given(st.floats(-np.pi, np.pi), st.integers(0, 1000))
def test_a_front_that_the_body_shows_names_a_session_without_a_word(
    mounting_rad: float, seed: int
) -> None:
    truth, evidence = session(mounting_rad=mounting_rad, body=3.0, seed=seed)
    decoded = decode(evidence, Priors())
    assert right(truth, decoded) > 0.97
    assert labelled(decoded).mean() > 0.9
    assert decoded.shown > 0.95


def test_it_names_a_session_that_is_backward_throughout() -> None:
    truth, evidence = session(((BACKWARD, 60),), body=3.0)
    assert right(truth, decode(evidence, Priors())) == 1.0


def test_a_front_that_a_gyroscope_shows_names_a_few_strides_that_all_go_backward() -> None:
    _, evidence = session(((BACKWARD, 6),), body=1.5, front_doubt=0.08)
    by_habit, by_front = (
        decode(replace(evidence, front_shown=shown), Priors()).probability[:, BACKWARD].min()
        for shown in (False, True)
    )
    assert by_habit < 0.9 < by_front


@few
@given(st.floats(-np.pi, np.pi), st.integers(0, 1000))
def test_a_named_front_names_the_session_for_any_mounting(mounting_rad: float, seed: int) -> None:
    truth, evidence = session(mounting_rad=mounting_rad, named=True, seed=seed)
    assert right(truth, decode(evidence, Priors())) > 0.97


def test_a_few_marked_strides_name_the_rest() -> None:
    truth, evidence = session(marked=5)
    assert right(truth, decode(evidence, Priors())) > 0.97


def test_marks_hold_against_everything_else() -> None:
    truth, evidence = session(body=3.0, named=True)
    forced = np.full(len(truth), -1)
    forced[[3, 10, 11, 40]] = [BACKWARD, BACKWARD, FORWARD, FORWARD]
    probability = decode(replace(evidence, log_direction=of_marks(forced)), Priors()).probability
    rows = np.flatnonzero(forced >= 0)
    assert (probability[rows, forced[rows]] > 0.999).all()


def test_without_any_front_a_session_that_turns_is_named_by_how_sessions_begin_and_not_surely() -> (
    None
):
    _, evidence = session(((FORWARD, 50), (BACKWARD, 50)))
    decoded = decode(evidence, Priors())
    assert not labelled(decoded).any()
    forward, backward, _ = Priors().begun
    first = decoded.probability[:50, FORWARD]
    assert forward / (forward + backward) == pytest.approx(first.mean(), abs=0.15)
    even = replace(Priors(), begun=Priors().drawn)
    assert (decode(evidence, even).probability[:50, FORWARD] < first).all()


def test_nor_does_a_session_of_one_way_get_more_than_habit_however_long() -> None:
    priors = Priors()
    short, long = (
        decode(session(((FORWARD, count),))[1], priors).probability[:, FORWARD].mean()
        for count in (20, 1000)
    )
    beforehand = priors.one_way[FORWARD]
    assert short == pytest.approx(beforehand, abs=0.04)
    assert long == pytest.approx(beforehand, abs=0.04)


def test_strides_without_evidence_keep_what_is_believed_beforehand() -> None:
    _, evidence = session(((FORWARD, 10),))
    priors = Priors()
    silent = replace(
        evidence, travel=np.zeros((10, 2, 2)), front=np.zeros((10, 2, 2, 2)), log_run=np.zeros(10)
    )
    decoded = decode(silent, priors)
    expected = (1 - priors.mixed) * np.array(priors.one_way) + priors.mixed * np.array(priors.drawn)
    np.testing.assert_allclose(decoded.probability, np.tile(expected, (10, 1)), atol=1e-9)
    np.testing.assert_allclose(decoded.p_run, priors.run)


# Trust in the front that the body shows -----------------------------------------------------


def test_a_front_that_is_always_doubted_says_nothing() -> None:
    _, evidence = session(body=3.0)
    doubted = decode(replace(evidence, front_doubt=1.0), Priors())
    silent = decode(replace(evidence, front=0 * evidence.front), Priors())
    np.testing.assert_allclose(doubted.probability, silent.probability, atol=1e-9)
    assert doubted.shown == pytest.approx(0.0, abs=1e-9)


def test_the_more_a_front_is_doubted_the_nearer_to_habit() -> None:
    _, evidence = session(((BACKWARD, 40),), body=3.0)
    backward = [
        decode(replace(evidence, front_doubt=doubt), Priors()).probability[:, BACKWARD].mean()
        for doubt in (0.001, 0.1, 0.5, 0.9, 1.0)
    ]
    assert (np.diff(backward) < 0).all()
    assert backward[0] > 0.95
    assert backward[-1] < 0.1


@pytest.mark.parametrize("seed", range(3))
def test_a_front_across_the_travel_is_not_trusted(seed: int) -> None:
    _, evidence = session(HILL, body=3.0, front_doubt=0.05, seed=seed)
    turn = np.array([[0.0, -1.0], [1.0, 0.0]])
    across = decode(replace(evidence, front=evidence.front @ turn.T), Priors())
    silent = decode(replace(evidence, front=0 * evidence.front), Priors())
    assert across.shown < 0.1
    np.testing.assert_allclose(across.probability, silent.probability, atol=0.1)


def test_many_strides_that_are_off_alike_are_one_witness() -> None:
    # All tempered to twelve: no session is so long that its front overrules a mark or an axis.
    _, evidence = session(((FORWARD, 2000),), named=True, body=3.0)
    against = replace(evidence, front=-evidence.front, front_doubt=0.1)
    assert decode(against, Priors()).probability[:, FORWARD].min() > 0.9


# Seats: where around the body ---------------------------------------------------------------

BELLY_OR_BACK = {"seats": (0.5, 0.5), "offsets_rad": ((np.nan, 0.0), (np.nan, np.pi))}


def test_belly_and_lower_back_that_nothing_tells_apart_leave_a_mixed_session_unnamed() -> None:
    _, evidence = session(
        ((FORWARD, 50), (BACKWARD, 50)), lever=3.0, **BELLY_OR_BACK  # type: ignore[arg-type]
    )  # fmt: skip
    decoded = decode(evidence, Priors())
    assert not labelled(decoded).any()
    assert decoded.seats.max() < 0.9


def test_habit_tells_them_apart_where_a_session_goes_one_way() -> None:
    truth, evidence = session(
        ((FORWARD, 60),), lever=3.0, **BELLY_OR_BACK  # type: ignore[arg-type]
    )  # fmt: skip
    belly = decode(evidence, Priors())
    back = decode(replace(evidence, front=-evidence.front), Priors())
    assert belly.seats[0] > 0.9
    assert back.seats[1] > 0.9
    assert right(truth, belly) == right(truth, back) == 1.0


def test_so_does_a_body_that_shows_its_front_besides() -> None:
    offsets_rad = ((0.0, 0.0), (0.0, np.pi))
    truth, evidence = session(
        body=3.0, lever=3.0, seats=(0.9, 0.1), offsets_rad=offsets_rad, front_doubt=0.01
    )
    turned = evidence.front * np.array([1.0, -1.0]).reshape(1, 2, 1, 1)
    decoded = decode(replace(evidence, front=turned), Priors())
    assert decoded.seats[1] > 0.9
    assert right(truth, decoded) > 0.97


@pytest.mark.parametrize("lever_deg", [-90.0, 90.0, 180.0])
def test_a_lever_is_turned_by_where_around_the_body_it_sits(lever_deg: float) -> None:
    outward_rad = np.deg2rad(lever_deg)
    truth, evidence = session(lever=3.0, offsets_rad=((np.nan, outward_rad),))
    cosine, sine = np.cos(outward_rad), np.sin(outward_rad)
    turned = evidence.front @ np.array([[cosine, sine], [-sine, cosine]])
    assert right(truth, decode(replace(evidence, front=turned), Priors())) > 0.97


# Changes of direction -----------------------------------------------------------------------


def test_a_turn_round_within_a_bout_is_found_where_it_is() -> None:
    truth, evidence = session(
        ((FORWARD, 30), (BACKWARD, 10), (FORWARD, 30)), body=3.0, pauses=False
    )
    wrong = np.flatnonzero(decode(evidence, Priors()).probability.argmax(axis=1) != truth)
    assert len(wrong) <= 2
    assert set(wrong) <= {28, 29, 30, 31, 38, 39, 40, 41}


def test_one_stray_bearing_does_not_turn_the_wearer_round() -> None:
    truth, evidence = session(((FORWARD, 40),), named=True)
    evidence.travel[20] *= -3
    assert right(truth, decode(evidence, Priors())) == 1.0


def test_sideways_strides_are_neither() -> None:
    truth, evidence = session(((FORWARD, 30), (SIDEWAYS, 15), (FORWARD, 30)), named=True)
    assert right(truth, decode(evidence, Priors())) > 0.9


def test_a_direction_changes_more_easily_in_a_pause() -> None:
    _, evidence = session(((FORWARD, 40), (BACKWARD, 2), (FORWARD, 40)), named=True)
    within = replace(evidence, bout=0 * evidence.bout)
    backward = [
        decode(one, Priors()).probability[40:42, BACKWARD].min() for one in (evidence, within)
    ]
    assert backward[0] > backward[1]


# The front moves ----------------------------------------------------------------------------


def test_a_front_that_creeps_is_followed() -> None:
    mounting_rad = 1.0 + np.linspace(0, 2 * np.pi, 600)
    truth, evidence = session(
        tuple((way, 60) for way in (FORWARD, BACKWARD) * 5), mounting_rad=mounting_rad, named=True
    )
    assert right(truth, decode(evidence, Priors())) > 0.97
    stiff = decode(evidence, Priors(front_creep_rad=1e-6))
    assert right(truth, stiff) < 0.8


def test_a_device_turned_in_a_pause_has_another_front() -> None:
    bouts = ((FORWARD, 30), (FORWARD, 30), (BACKWARD, 30), (FORWARD, 30))
    mounting_rad = np.repeat([1.0, 1.0 + np.pi / 2], 60)
    truth, evidence = session(bouts, mounting_rad=mounting_rad, body=3.0)
    decoded = decode(evidence, Priors(front_jump=0.01))
    assert right(truth, decoded) > 0.97
    never = decode(evidence, Priors(front_jump=0.0))
    assert decoded.log_evidence > never.log_evidence + 5


# Pace ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(5))
def test_a_brisk_walker_keeps_one_pace_and_one_direction(seed: int) -> None:
    log_run = np.random.default_rng(seed).normal(0, 0.6, 110)
    truth, evidence = session(((FORWARD, 110),), body=3.0, log_run=log_run, seed=seed)
    decoded = decode(evidence, Priors())
    assert right(truth, decoded) == 1.0
    assert (decoded.p_run < 0.5).all()


def test_nobody_changes_pace_from_stride_to_stride() -> None:
    log_run = np.where(np.arange(60) % 2, 1.5, -2.0)
    _, evidence = session(((FORWARD, 60),), log_run=log_run)
    decoded = decode(replace(evidence, travel=0 * evidence.travel), Priors())
    assert (decoded.p_run < 0.2).all()


def test_travel_that_stays_belies_a_pace_that_seems_to_change() -> None:
    log_run = np.full(60, -1.5)
    log_run[25:29] = 1.0
    truth, evidence = session(((FORWARD, 60),), body=3.0, log_run=log_run)
    decoded = decode(evidence, Priors())
    assert (decoded.p_run < 0.5).all()
    assert right(truth, decoded) == 1.0


@pytest.mark.parametrize("pauses", [False, True])
@pytest.mark.parametrize("way", [FORWARD, BACKWARD])
def test_a_change_of_pace_is_found_within_two_strides(way: int, *, pauses: bool) -> None:
    ran = np.arange(90) // 30 == 1
    log_run = np.where(ran, 1.2, -1.2)
    truth, evidence = session(
        ((way, 30), (way, 30), (way, 30)), body=3.0, log_run=log_run, ran=ran, pauses=pauses
    )
    decoded = decode(evidence, Priors())
    changes = np.flatnonzero(np.diff(decoded.p_run > 0.5))
    assert len(changes) == 2
    np.testing.assert_allclose(changes, [29, 59], atol=2)
    assert right(truth, decoded) > 0.95


def test_running_turns_the_travel_round() -> None:
    truth, evidence = session(named=True, log_run=3.0, ran=True)
    decoded = decode(evidence, Priors())
    assert right(truth, decoded) > 0.97
    assert (decoded.p_run > 0.5).all()


# Invariances --------------------------------------------------------------------------------


@pytest.mark.parametrize("steps", [1, 9, 18, -5])
def test_turning_the_device_changes_nothing(steps: int) -> None:
    _, evidence = session(body=2.0, lever=2.0, named=True)
    angle_rad = steps * 2 * np.pi / FRONTS
    cosine, sine = np.cos(angle_rad), np.sin(angle_rad)
    turn = np.array([[cosine, sine], [-sine, cosine]])
    turned = replace(
        evidence,
        travel=evidence.travel @ turn,
        front=evidence.front @ turn,
        named_front=evidence.named_front @ turn,
    )
    plain, after = decode(evidence, Priors()), decode(turned, Priors())
    np.testing.assert_allclose(after.probability, plain.probability, atol=1e-9)
    assert after.log_evidence == pytest.approx(plain.log_evidence)


@pytest.mark.parametrize("angle_deg", [2.0, 5.0, 77.0])
def test_nor_does_it_much_between_the_bearings_of_the_grid(angle_deg: float) -> None:
    _, evidence = session(body=2.0)
    cosine, sine = np.cos(np.deg2rad(angle_deg)), np.sin(np.deg2rad(angle_deg))
    turn = 3 * np.array([[cosine, sine], [-sine, cosine]])
    sharp = replace(evidence, travel=3 * evidence.travel, front=3 * evidence.front)
    turned = replace(evidence, travel=evidence.travel @ turn, front=evidence.front @ turn)
    plain, after = decode(sharp, Priors()), decode(turned, Priors())
    np.testing.assert_allclose(after.probability, plain.probability, atol=0.01)
    assert after.log_evidence == pytest.approx(plain.log_evidence, abs=2.0)


def test_but_for_how_sessions_begin_one_done_backward_in_time_comes_to_the_same() -> None:
    _, evidence = session(body=3.0)
    back = replace(
        evidence,
        travel=evidence.travel[::-1],
        front=evidence.front[::-1],
        log_run=evidence.log_run[::-1],
        log_direction=evidence.log_direction[::-1],
        bout=-evidence.bout[::-1],
    )
    priors = replace(Priors(), begun=Priors().drawn)
    np.testing.assert_allclose(
        decode(back, priors).probability[::-1], decode(evidence, priors).probability, atol=1e-9
    )


def test_two_thousand_strides_stay_finite_and_right() -> None:
    bouts = tuple((way, 100) for way in (FORWARD, BACKWARD) * 10)
    truth, evidence = session(bouts, body=3.0)
    decoded = decode(evidence, Priors())
    assert np.isfinite(decoded.log_evidence)
    np.testing.assert_allclose(decoded.probability.sum(axis=1), 1.0)
    assert right(truth, decoded) > 0.97


def test_what_half_a_long_session_rules_out_the_other_half_may_show() -> None:
    truth, evidence = session(((FORWARD, 1000), (BACKWARD, 1000)), body=3.0, pauses=False)
    decoded = decode(evidence, Priors())
    assert right(truth, decoded) > 0.999
    assert labelled(decoded).mean() > 0.99
