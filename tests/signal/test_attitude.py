"""Attitude: the vertical against bodies whose attitude is known, and gyroscopes that do not fit."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rigid import Motion, angle_deg, leg, motion, pendulum, tumbling
from scipy.spatial.transform import Rotation

from retrodetect.recording import STANDARD_GRAVITY_MPS2, FloatArray
from retrodetect.signal import ANALYSIS_RATE_HZ
from retrodetect.signal.attitude import gyro_fits, level, orientation, tilt_agreement

BODIES = {"pendulum": pendulum, "tumbling": tumbling}
INNER = slice(250, -250)
"""Samples farther than 5 s from both ends."""


def up_of(body: Motion) -> tuple[FloatArray, FloatArray]:
    """The vertical by the signal stage and by the truth."""
    signal = body.signal()
    assert signal.angular_rate_radps is not None
    turned = orientation(signal.angular_rate_radps, ANALYSIS_RATE_HZ)
    up, _ = level(signal.acceleration_mps2, turned, ANALYSIS_RATE_HZ)
    truth = [np.interp(signal.time_s, body.time_s, axis) for axis in body.up.T]
    return up, np.stack(truth, axis=1)


# Orientation --------------------------------------------------------------------------------


@pytest.mark.parametrize("body", BODIES)
def test_the_turns_of_a_device_are_chained(body: str) -> None:
    truth = BODIES[body](rate_hz=50.0)
    turned = orientation(truth.rate_radps, 50.0)
    since_start = truth.turned[0].T @ truth.turned
    off = Rotation.from_matrix(turned.swapaxes(1, 2) @ since_start).magnitude()
    assert np.degrees(off).max() < 0.2


@pytest.mark.parametrize("count", [1, 2, 255, 256, 257, 700])
def test_every_sample_has_an_orientation_that_follows_from_the_one_before(count: int) -> None:
    rate = np.random.default_rng(0).normal(size=(count, 3))
    turned = orientation(rate, 50.0)
    assert turned.shape == (count, 3, 3)
    np.testing.assert_allclose(turned[0], np.eye(3))
    steps = Rotation.from_rotvec((rate + np.roll(rate, -1, axis=0)) / 100).as_matrix()[:-1]
    np.testing.assert_allclose(turned[:-1] @ steps, turned[1:], atol=1e-9)


# The vertical -------------------------------------------------------------------------------


@pytest.mark.parametrize("rate_hz", [25.0, 50.0, 100.0, 400.0])
@pytest.mark.parametrize("body", BODIES)
def test_the_vertical_is_true_to_a_degree_at_any_rate(body: str, rate_hz: float) -> None:
    up, truth = up_of(BODIES[body](rate_hz=rate_hz))
    assert angle_deg(up, truth)[INNER].max() < 1.0
    # At its ends a recording gives away less than a swing's worth.
    assert angle_deg(up, truth).max() < 3.0


@pytest.mark.parametrize("body", BODIES)
def test_gravity_has_its_length_where_nothing_rotates(body: str) -> None:
    truth = BODIES[body](rate_hz=50.0)
    up, gravity = level(truth.force_mps2, orientation(truth.rate_radps, 50.0), 50.0)
    np.testing.assert_allclose(np.linalg.norm(up, axis=1), 1.0)
    np.testing.assert_allclose(gravity, STANDARD_GRAVITY_MPS2, rtol=0.02)


@settings(max_examples=10, deadline=None)
@given(st.integers(0, 2**16), st.sampled_from(sorted(BODIES)))
def test_the_vertical_turns_with_the_device(seed: int, body: str) -> None:
    turn = Rotation.random(rng=np.random.default_rng(seed)).as_matrix()
    plain, mounted = BODIES[body](rate_hz=50.0), BODIES[body](rate_hz=50.0).mounted(turn)
    turned, also = (orientation(one.rate_radps, 50.0) for one in (plain, mounted))
    np.testing.assert_allclose(also, turn @ turned @ turn.T, atol=1e-9)
    up, gravity = level(plain.force_mps2, turned, 50.0)
    up_mounted, gravity_mounted = level(mounted.force_mps2, also, 50.0)
    np.testing.assert_allclose(up_mounted, up @ turn.T, atol=1e-9)
    np.testing.assert_allclose(gravity_mounted, gravity, atol=1e-9)


@pytest.mark.parametrize("body", BODIES)
def test_a_total_sign_flip_of_the_acceleration_turns_the_vertical_round(body: str) -> None:
    truth = BODIES[body](rate_hz=50.0)
    turned = orientation(truth.rate_radps, 50.0)
    up, gravity = level(truth.force_mps2, turned, 50.0)
    down, same = level(-truth.force_mps2, turned, 50.0)
    np.testing.assert_allclose(down, -up, atol=1e-12)
    np.testing.assert_allclose(same, gravity, atol=1e-12)


@pytest.mark.parametrize("body", BODIES)
def test_a_recording_cut_elsewhere_gives_the_same_in_the_middle(body: str) -> None:
    truth = BODIES[body](rate_hz=50.0, seconds=60.0)
    whole, _ = level(truth.force_mps2, orientation(truth.rate_radps, 50.0), 50.0)
    rows = slice(437, 2600)
    part, _ = level(truth.force_mps2[rows], orientation(truth.rate_radps[rows], 50.0), 50.0)
    assert angle_deg(part, whole[rows])[INNER].max() < 1.0
    far = slice(750, -750)
    assert angle_deg(part, whole[rows])[far].max() < 0.1


# Gyroscopes that do not fit -----------------------------------------------------------------


TURNS_S = (8.0, 16.0, 24.0, 32.0, 40.0, 48.0)


def fits(distorted: Callable[[FloatArray], FloatArray]) -> tuple[np.ndarray, FloatArray]:
    """Where the distorted gyroscope of a leg is heard, and how far the vertical is off."""
    truth = leg(turns_s=TURNS_S, rate_hz=50.0, seconds=60.0)
    turned = orientation(distorted(truth.rate_radps), 50.0)
    up, gravity = level(truth.force_mps2, turned, 50.0)
    return gyro_fits(truth.force_mps2, gravity, 50.0), angle_deg(up, truth.up)


def test_a_gyroscope_that_is_right_is_heard_throughout() -> None:
    heard, off_deg = fits(lambda rate: rate)
    assert heard.all()
    assert off_deg[INNER].max() < 1.0


@pytest.mark.parametrize("axis", np.eye(3))
def test_a_bias_of_three_degrees_a_second_is_borne(axis: FloatArray) -> None:
    heard, off_deg = fits(lambda rate: rate + np.deg2rad(3) * axis)
    assert heard.mean() > 0.9
    # It is seen from both sides in time, so it mostly cancels; while the wearer turns it cannot.
    assert np.median(off_deg) < 5.0


def test_degrees_taken_for_radians_are_heard_nowhere() -> None:
    heard, _ = fits(np.rad2deg)
    assert not heard.any()


# Only a turn shows that yaw is not read as yaw; that the level axes are exchanged shows nowhere.
@pytest.mark.parametrize("axes", [[1, 2, 0], [2, 0, 1], [0, 2, 1], [2, 1, 0]])
def test_swapped_axes_are_not_heard_where_the_wearer_turns(axes: list[int]) -> None:
    heard, _ = fits(lambda rate: rate[:, axes])
    turns = [round(turn_s * 50) for turn_s in TURNS_S]
    assert not heard[turns].any()


@pytest.mark.parametrize(
    ("force_g", "gravity_g", "heard"),
    [
        (1.0, 0.95, True),
        (1.0, 0.85, False),
        (0.7, 0.68, True),
        (1.6, 0.95, True),
        (1.6, 0.85, False),
    ],
    ids=["fits", "smeared", "reads too little", "flung outward", "flung outward and smeared"],
)
def test_gravity_must_not_get_lost(force_g: float, gravity_g: float, *, heard: bool) -> None:
    force = np.tile([0.0, 0.0, force_g * STANDARD_GRAVITY_MPS2], (500, 1))
    gravity = np.full(500, gravity_g * STANDARD_GRAVITY_MPS2)
    assert (gyro_fits(force, gravity, 50.0) == heard).all()


# A gyroscope that is reversed -----------------------------------------------------------------


def leaning(seconds: float) -> Motion:
    """A trunk that walks straight on and slowly leans about."""

    def angles(t: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
        return 0.1 * np.sin(6 * t), 0.08 * np.sin(1.9 * t), 0.05 * np.sin(1.3 * t + 1)

    def step(t: FloatArray) -> FloatArray:
        return np.stack([np.sin(11 * t), 0.5 * np.sin(5.5 * t), 2 * np.cos(11 * t)], axis=1)

    return motion(angles, rate_hz=50.0, seconds=seconds, push_mps2=step)


LEANING = leaning(60.0)


@settings(max_examples=10, deadline=None)
@given(st.integers(0, 2**16), st.sampled_from([1.0, -1.0]))
def test_slow_tilt_agrees_however_the_device_sits_and_whatever_its_sign(
    seed: int, sign: float
) -> None:
    body = LEANING.mounted(Rotation.random(random_state=seed).as_matrix())
    assert tilt_agreement(sign * body.force_mps2, body.rate_radps, 50.0) > 5
    assert tilt_agreement(sign * body.force_mps2, -body.rate_radps, 50.0) < -5


def test_only_what_tilts_counts() -> None:
    plain = tilt_agreement(LEANING.force_mps2, LEANING.rate_radps, 50.0)
    for flip, agrees in (([1, 1, -1], True), ([-1, -1, 1], False)):
        agreement = tilt_agreement(LEANING.force_mps2, LEANING.rate_radps * flip, 50.0)
        assert agreement == pytest.approx(plain if agrees else -plain, rel=0.1)


def test_it_is_surer_the_longer_a_recording_is_and_says_nothing_of_a_short_or_dead_one() -> None:
    once, twice, short = (
        tilt_agreement(body.force_mps2, body.rate_radps, 50.0)
        for body in (leaning(100.0), leaning(200.0), leaning(15.0))
    )
    assert twice == pytest.approx(np.sqrt(2) * once, rel=0.1)
    assert short == 0.0
    assert tilt_agreement(LEANING.force_mps2, 0 * LEANING.rate_radps, 50.0) == 0.0
