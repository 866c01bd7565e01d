"""Gyroscopes that do not fit the accelerometer: axes, unit, sign or clock."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rigid import STRIDE_S, Motion, angle_deg, leg, motion, pendulum
from scipy.spatial.transform import Rotation

from retrodetect.recording import STANDARD_GRAVITY_MPS2, FloatArray
from retrodetect.signal import prepare
from retrodetect.signal.agreement import (
    gyro_fits,
    gyro_lag_s,
    swings_reversed,
    tilt_agreement,
)
from retrodetect.signal.attitude import level, orientation

INNER = slice(250, -250)
"""Samples farther than 5 s from both ends."""


# Gravity ------------------------------------------------------------------------------------


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


# Slow tilt ----------------------------------------------------------------------------------


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


# Shocks -------------------------------------------------------------------------------------


def shaken(seconds: float = 60.0, *, late_s: float = 0.0, hum: float = 0.1) -> FloatArray:
    """(n, 3) readings at 50 Hz: shocks of steps, none quite as long or as hard as the next."""
    rng = np.random.default_rng(0)
    time_s = np.arange(0, seconds, 0.02)
    steps_s = late_s + np.cumsum(rng.normal(0.55, 0.03, int(seconds / 0.55)))
    size = rng.uniform(0.5, 2.0, len(steps_s))
    envelope = (size * np.exp(-(((time_s[:, None] - steps_s) / 0.04) ** 2))).sum(axis=1)
    noise = np.random.default_rng(1 + round(1e3 * abs(late_s))).normal(size=(len(time_s), 3))
    return np.asarray((envelope[:, None] + hum) * noise)


@pytest.mark.parametrize("late_s", [-0.8, -0.1, 0.06, 0.25, 0.9])
def test_a_late_gyroscope_feels_the_shocks_late(late_s: float) -> None:
    lag_s = gyro_lag_s(shaken(), shaken(late_s=late_s), 50.0)
    assert lag_s == pytest.approx(late_s, abs=0.02)


@given(st.integers(0, 2**16), st.floats(0.5, 10), st.floats(0.2, 1))
@settings(max_examples=10, deadline=None)
def test_the_lag_ignores_mounting_sign_and_size(seed: int, size: float, turn: float) -> None:
    by = Rotation.random(random_state=seed).as_matrix()
    late = gyro_lag_s(-size * shaken() @ by, turn * shaken(late_s=0.1) @ by.T, 50.0)
    assert late == pytest.approx(0.1, abs=0.02)


def test_without_a_lag_without_shocks_or_too_short_there_is_none() -> None:
    hum = np.random.default_rng(5).normal(size=(3000, 3))
    assert gyro_lag_s(shaken(), shaken(), 50.0) == 0.0
    assert gyro_lag_s(shaken(), hum, 50.0) == 0.0
    assert gyro_lag_s(shaken(), 0 * hum, 50.0) == 0.0
    assert gyro_lag_s(shaken(9.0), shaken(9.0, late_s=0.1), 50.0) == 0.0


LEVER_M = np.array([0.1, 0.05, -0.3])


def rattled(seconds: float = 60.0) -> tuple[FloatArray, FloatArray]:
    """(n, 3) force and angular rate at 50 Hz of a device that shocks shake round a joint."""
    rate = 0.2 * shaken(seconds)
    noise = np.random.default_rng(7).normal(size=rate.shape)
    return np.cross(np.gradient(rate, axis=0) * 50, LEVER_M) + 0.5 * noise, rate


@pytest.mark.parametrize("samples", [-25, -2, 2, 3])
def test_a_lever_shows_a_lag_that_shocks_alone_do_not(samples: int) -> None:
    force, rate = rattled()
    assert gyro_lag_s(force, np.roll(rate, samples, axis=0), 50.0) == samples / 50
    assert gyro_lag_s(-force, np.roll(rate, samples, axis=0), 50.0) == samples / 50


def test_less_than_two_samples_are_no_lag_nor_are_two_that_no_lever_shows() -> None:
    force, rate = rattled()
    assert [gyro_lag_s(force, np.roll(rate, k, axis=0), 50.0) for k in (-1, 0, 1)] == [0.0] * 3
    assert gyro_lag_s(shaken(), shaken(late_s=0.04), 50.0) == 0.0
    assert gyro_lag_s(*(values[:450] for values in (force, np.roll(rate, 3, axis=0))), 50.0) == 0.0


# Swing --------------------------------------------------------------------------------------


def thigh(seconds: float = 30.0) -> Motion:
    """A limb that swings unevenly from a hip which bobs."""

    def angles(t: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
        phase = 2 * np.pi * t / STRIDE_S
        swing = 0.3 * np.sin(phase) + 0.08 * np.sin(2 * phase + 0.6)
        return 0.05 * np.sin(phase), swing, 0.06 * np.sin(phase + 1)

    def hip(t: FloatArray) -> FloatArray:
        step = 4 * np.pi * t / STRIDE_S
        return np.stack([0.6 * np.sin(step), 0.2 * np.sin(step / 2), 2 * np.cos(step)], axis=1)

    return motion(angles, rate_hz=50.0, seconds=seconds, lever_m=LEVER_M, push_mps2=hip)


LIMB = thigh()


def level_reversed(body: Motion) -> Motion:
    """The same with the level axes of the gyroscope reversed, on the body as it hangs."""
    return replace(body, rate_radps=body.rate_radps * [-1, -1, 1])


@settings(max_examples=10, deadline=None)
@given(st.integers(0, 2**16), st.sampled_from([-1.0, 1.0]))
def test_a_limb_swings_as_its_gyroscope_says_however_the_device_sits(
    seed: int, forward: float
) -> None:
    turn = Rotation.random(random_state=seed).as_matrix()
    way = np.array([forward, forward, 1.0])  # turned about the vertical, as who walks the other way
    for body, expected in ((LIMB, False), (level_reversed(LIMB), True)):
        going = replace(
            body, force_mps2=body.force_mps2 * way, rate_radps=body.rate_radps * way
        ).mounted(turn)
        up = np.tile(turn[:, 2], (len(going.time_s), 1))
        found = swings_reversed(going.force_mps2, up, going.rate_radps, 50.0)
        assert found == expected


def test_neither_a_short_swing_nor_one_that_no_lever_explains_is_reversed() -> None:
    turned = level_reversed(LIMB)
    up = np.tile([0.0, 0.0, 1.0], (len(LIMB.time_s), 1))
    short = (values[:450] for values in (turned.force_mps2, up, turned.rate_radps))
    assert not swings_reversed(*short, 50.0)
    pushed = turned.force_mps2 + 6 * np.sin(2.2 * turned.time_s)[:, None]
    assert not swings_reversed(pushed, up, turned.rate_radps, 50.0)


# All together: what a run keeps -------------------------------------------------------------


def is_kept(body: Motion) -> bool:
    return body.signal().angular_rate_radps is not None


@pytest.mark.parametrize("body", [LEANING, LIMB], ids=["trunk", "limb"])
def test_a_reversed_gyroscope_is_left_out_and_one_that_fits_is_kept(body: Motion) -> None:
    assert is_kept(body)
    assert not is_kept(replace(body, rate_radps=-body.rate_radps))
    assert not is_kept(level_reversed(body))


@pytest.mark.parametrize("size", [np.rad2deg(1), 5.0])
def test_a_gyroscope_in_another_unit_is_left_out(size: float) -> None:
    assert not is_kept(replace(LIMB, rate_radps=size * LIMB.rate_radps))


def test_a_lower_leg_turns_too_much_to_be_judged_by_its_swing() -> None:
    shank = pendulum(swing_deg=45.0, rate_hz=50.0)
    assert is_kept(shank)
    up = np.tile([0.0, 0.0, 1.0], (len(shank.time_s), 1))
    assert not swings_reversed(shank.force_mps2, up, shank.rate_radps, 50.0)


@pytest.mark.parametrize(("rate_hz", "kept"), [(50.0, False), (30.0, True)])
def test_shocks_show_a_late_gyroscope_where_the_recording_is_fast_enough(
    rate_hz: float, *, kept: bool
) -> None:
    force, rate = rattled()
    shaking = replace(
        LEANING,
        force_mps2=LEANING.force_mps2 + force,
        rate_radps=LEANING.rate_radps + np.roll(rate, 3, axis=0),
    )
    (signal,) = prepare(replace(shaking.recording(), rate_hz=rate_hz))
    assert (signal.angular_rate_radps is not None) == kept


def test_without_gravity_nothing_is_judged() -> None:
    turned = replace(LIMB, rate_radps=-LIMB.rate_radps)
    (signal,) = prepare(replace(turned.recording(), gravity="linear"))
    assert signal.angular_rate_radps is not None
