"""Attitude: the vertical against bodies whose attitude is known."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rigid import Motion, angle_deg, pendulum, tumbling
from scipy.spatial.transform import Rotation

from retrodetect.recording import STANDARD_GRAVITY_MPS2, FloatArray
from retrodetect.signal import ANALYSIS_RATE_HZ
from retrodetect.signal.attitude import cross_matrix, level, lever_to_force, orientation

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


# Levers -------------------------------------------------------------------------------------


def test_a_cross_matrix_takes_the_cross_product() -> None:
    a, b = np.random.default_rng(0).normal(size=(2, 5, 3))
    np.testing.assert_allclose(np.einsum("nij,nj->ni", cross_matrix(a), b), np.cross(a, b))


def test_a_lever_adds_to_the_force_what_a_pendulum_feels_beside_gravity() -> None:
    body = pendulum(length_m=0.8, rate_hz=200.0)
    by_lever = lever_to_force(body.rate_radps, 200.0) @ [0.0, 0.0, -0.8]
    felt = body.force_mps2 - STANDARD_GRAVITY_MPS2 * body.up
    np.testing.assert_allclose(by_lever[1:-1], felt[1:-1], atol=0.01)
