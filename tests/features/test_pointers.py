"""Pointers: vectors of the device frame, on bodies whose every motion is known."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from handmade import AHEAD, UP
from hypothesis import given, settings
from hypothesis import strategies as st
from rigid import STRIDE_S, angle_deg, leg, motion
from scipy.spatial.transform import Rotation
from scipy.stats import skew

from retrodetect.features import StrideFeatures, compute, pointers
from retrodetect.features.catalogue import (
    GYRO_SCALARS,
    HARMONICS,
    LEVER_BANDS_HZ,
    NEEDS_GYRO,
    POINTERS,
    VECTORS,
)
from retrodetect.recording import STANDARD_GRAVITY_MPS2, FloatArray
from retrodetect.signal import ANALYSIS_RATE_HZ, Signal

NAMES = [feature.name for feature in POINTERS]
WITHOUT_GYRO = [name for name in NAMES if name.endswith("_fixed")]
WITH_GYRO = [feature.name for feature in NEEDS_GYRO if feature in POINTERS]
LEVERS = [f"lever_{band}" for band in LEVER_BANDS_HZ]
SCALARS = [feature.name for feature in GYRO_SCALARS]

EVEN = [name for name in NAMES if name[0] in "RSQal"]
ODD = [name for name in NAMES if name[0] in "UA"]

few = settings(max_examples=10, deadline=None)


def strides_of(
    count: int = 20, *, first_s: float = 3.0, stride_s: float = STRIDE_S
) -> pd.DataFrame:
    start_s = first_s + stride_s * np.arange(count)
    return pd.DataFrame({"run": 0, "bout": 0, "start_s": start_s, "end_s": start_s + stride_s})


def measured(signal: Signal, strides: pd.DataFrame | None = None) -> StrideFeatures:
    return compute([signal], strides_of() if strides is None else strides)


def pointing(features: StrideFeatures) -> FloatArray:
    """(n, len(POINTERS), 3) of the vectors that are pointers."""
    return features.vectors[:, -len(POINTERS) - 1 : -1]


def scalar(features: StrideFeatures, name: str) -> FloatArray:
    return np.asarray(features.gyro_scalars[:, SCALARS.index(name)])


PLAIN = leg().signal()


# Invariances --------------------------------------------------------------------------------


@few
@given(st.integers(0, 2**16))
def test_all_pointers_turn_with_the_device_and_lie_level(seed: int) -> None:
    turn = Rotation.random(rng=np.random.default_rng(seed)).as_matrix()
    expected, turned = measured(PLAIN), measured(leg().mounted(turn).signal())
    np.testing.assert_allclose(pointing(turned), pointing(expected) @ turn.T, atol=1e-6)
    np.testing.assert_allclose(turned.gyro_scalars, expected.gyro_scalars, atol=1e-6)
    slope = np.einsum("nki,ni->nk", pointing(turned), turned.up)
    # By the vertical of the whole stride, which is off by some degrees where a segment swings.
    assert np.abs(slope).max() < 0.06


def test_a_total_sign_flip_of_the_acceleration_turns_all_pointers_round() -> None:
    # The vertical flips with the force, so vertical forces keep their sign and level vectors turn:
    # R, U, a lever (force over rotation). The axis that S, Q and A are read across flips through
    # the vertical, their strength comes from the gyroscope and stays. Along it a_p keeps its
    # strength, for force and axis flip. All turn alike, so what they say together is the same.
    expected = measured(PLAIN)
    assert PLAIN.up is not None
    flipped = measured(replace(PLAIN, acceleration_mps2=-PLAIN.acceleration_mps2, up=-PLAIN.up))
    np.testing.assert_allclose(pointing(flipped), -pointing(expected), atol=1e-9)
    np.testing.assert_allclose(flipped.gyro_scalars, expected.gyro_scalars, atol=1e-9)


@pytest.mark.parametrize("rate_hz", [25.0, 50.0, 400.0])
def test_pointers_do_not_depend_on_the_rate_of_the_source(rate_hz: float) -> None:
    found, expected = measured(leg(rate_hz=rate_hz).signal()), measured(PLAIN)
    np.testing.assert_allclose(pointing(found), pointing(expected), atol=0.04)
    np.testing.assert_allclose(found.gyro_scalars, expected.gyro_scalars, atol=0.02)


def test_pointers_ignore_the_size_of_the_movement() -> None:
    # Without a swing nothing ties the force to gravity.
    def of_size(size: float) -> FloatArray:
        shaken = motion(upright, push_mps2=lambda t: size * bounce(t))
        return pointing(measured(shaken.signal()))[:, : len(WITHOUT_GYRO)]

    found = [of_size(0.5), of_size(2.0)]
    np.testing.assert_allclose(found[0], found[1], atol=1e-3)


def reversed_in_time(signal: Signal) -> Signal:
    """As if the wearer had done all of it backward in time: rotations turn the other way."""
    assert signal.up is not None
    assert signal.angular_rate_radps is not None
    return replace(
        signal,
        acceleration_mps2=signal.acceleration_mps2[::-1].copy(),
        up=signal.up[::-1].copy(),
        angular_rate_radps=-signal.angular_rate_radps[::-1],
    )


@pytest.fixture(scope="module")
def there_and_back() -> tuple[StrideFeatures, StrideFeatures]:
    strides = strides_of()
    end_s = PLAIN.time_s[-1]
    back = strides.assign(start_s=end_s - strides["end_s"], end_s=end_s - strides["start_s"])
    reverse = measured(reversed_in_time(PLAIN), back[::-1].reset_index(drop=True))
    return measured(PLAIN), reverse.where(slice(None, None, -1))


def test_every_pointer_is_even_or_odd() -> None:
    assert sorted(EVEN + ODD) == sorted(NAMES)


@pytest.mark.parametrize("name", EVEN)
def test_time_reversal_keeps_what_shows_the_front(
    name: str, there_and_back: tuple[StrideFeatures, StrideFeatures]
) -> None:
    forward, backward = (one.vector(name) for one in there_and_back)
    np.testing.assert_allclose(backward, forward, atol=0.02)


@pytest.mark.parametrize("name", ODD)
def test_time_reversal_turns_what_shows_the_travel(
    name: str, there_and_back: tuple[StrideFeatures, StrideFeatures]
) -> None:
    forward, backward = (one.vector(name) for one in there_and_back)
    np.testing.assert_allclose(backward, -forward, atol=0.02)


def test_a_recording_cut_elsewhere_gives_the_same_pointers() -> None:
    whole = leg(seconds=60.0).signal()
    strides = strides_of(10, first_s=30.0)
    assert whole.up is not None
    assert whole.angular_rate_radps is not None
    late = replace(
        whole,
        start_s=10.0,
        acceleration_mps2=whole.acceleration_mps2[500:2700],
        up=whole.up[500:2700],
        angular_rate_radps=whole.angular_rate_radps[500:2700],
    )
    np.testing.assert_allclose(
        pointing(measured(late, strides)), pointing(measured(whole, strides)), atol=0.01
    )


def test_many_strides_are_measured_as_few_are(monkeypatch: pytest.MonkeyPatch) -> None:
    expected = pointing(measured(PLAIN))
    monkeypatch.setattr(pointers, "BLOCK", 3)
    np.testing.assert_allclose(pointing(measured(PLAIN)), expected, atol=1e-12)


# Harmonics ----------------------------------------------------------------------------------


def upright(t: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
    """A body that does not turn."""
    return 0 * t, 0 * t, 0 * t


def bounce(t: FloatArray) -> FloatArray:
    """Of a trunk that walks along the first axis."""
    step = 4 * np.pi * t / STRIDE_S
    ahead = 0.8 * np.sin(step + 0.2)
    return np.stack([ahead, 0.3 * np.cos(step / 2), 2.5 * np.cos(step)], axis=1)


@pytest.mark.parametrize("k", HARMONICS)
@few
@given(st.floats(-np.pi, np.pi), st.floats(-np.pi, np.pi), st.floats(0.2, 3.0))
def test_a_harmonic_is_split_by_its_phase_against_the_vertical(
    k: int, bearing_rad: float, lag_rad: float, size: float
) -> None:
    ahead = np.array([np.cos(bearing_rad), np.sin(bearing_rad), 0.0])

    def shaken(t: FloatArray) -> FloatArray:
        phase = 2 * np.pi * k * t / STRIDE_S
        upward = 1.5 * np.cos(phase)
        level = np.outer(size * np.cos(phase - lag_rad), ahead)
        return np.asarray(level + np.outer(upward, UP))

    found = measured(motion(upright, push_mps2=shaken).signal(gyroscope=False))
    expected = dict.fromkeys(WITHOUT_GYRO, 0 * ahead) | {
        f"R{k}_fixed": np.cos(lag_rad) * ahead, f"U{k}_fixed": -np.sin(lag_rad) * ahead
    }  # fmt: skip
    for name, vector in expected.items():
        np.testing.assert_allclose(found.vector(name).mean(axis=0), vector, atol=0.08)


def test_a_stride_is_measured_around_its_own_middle() -> None:
    there = motion(upright, push_mps2=bounce).signal()
    back = motion(upright, push_mps2=lambda t: bounce(t) * [-1, -1, 1]).signal()
    turn_s = 3.0 + 10 * STRIDE_S
    before = (there.time_s < turn_s)[:, None]
    force = np.where(before, there.acceleration_mps2, back.acceleration_mps2)
    travel = measured(replace(there, acceleration_mps2=force)).vector("U2_fixed")[:, 0]
    np.testing.assert_allclose(travel[:9], -travel[11:][::-1], atol=0.01)
    assert travel[9] == pytest.approx(-travel[10], abs=0.05)
    assert abs(travel[9]) > 0.5 * abs(travel[8])


def test_at_the_trunk_the_second_harmonic_points_where_the_walker_goes() -> None:
    # The push ahead comes a quarter before the push up (Kunze et al. 2009).
    def forward(t: FloatArray) -> FloatArray:
        step = 4 * np.pi * t / STRIDE_S
        return np.stack([-np.sin(step), 0 * t, 2 * np.cos(step)], axis=1)

    travel = measured(motion(upright, push_mps2=forward).signal()).vector("U2_fixed")
    assert travel[:, 0].min() > 0.95


def test_without_rotation_both_frames_are_the_same() -> None:
    nearly = measured(motion(barely, push_mps2=bounce).signal())
    for k in HARMONICS:
        for kind in "RU":
            fixed, gyro = (nearly.vector(f"{kind}{k}_{frame}") for frame in ("fixed", "gyro"))
            np.testing.assert_allclose(gyro, fixed, atol=0.15)


def barely(t: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
    """A body that turns just enough for a gyroscope to be heard."""
    swing = 0.02 * np.sin(2 * np.pi * t / STRIDE_S)
    return 0 * t, swing, 0 * t


def test_the_gyroscope_takes_out_the_gravity_that_a_swing_mixes_in() -> None:
    def rocking(t: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
        return 0 * t, 0.6 * np.sin(4 * np.pi * t / STRIDE_S + 1.2), 0 * t

    rocked = measured(motion(rocking, push_mps2=bounce).signal())
    still = measured(motion(upright, push_mps2=bounce).signal())
    for name in ("R2", "U2"):
        truth = still.vector(f"{name}_fixed")
        off = [
            np.abs(rocked.vector(f"{name}_{frame}") - truth).max() for frame in ("gyro", "fixed")
        ]
        assert off[0] < 0.05
        assert off[1] > 0.3


# Rotation -----------------------------------------------------------------------------------


def nodding(lean: Callable[[FloatArray], FloatArray]) -> StrideFeatures:
    """A segment whose upper end leans along the first axis by an angle of the stride's phase."""

    def angles(t: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
        return 0 * t, lean(2 * np.pi * t / STRIDE_S), 0 * t

    return measured(motion(angles, push_mps2=bounce).signal())


PHASE = np.linspace(0, 2 * np.pi, 1000, endpoint=False)


@pytest.mark.parametrize("sign", [1.0, -1.0])
def test_s_points_where_the_lower_end_goes_far_and_briefly(sign: float) -> None:
    def lean(phase: FloatArray) -> FloatArray:
        return 0.3 * np.sin(phase) - sign * 0.15 * np.cos(2 * phase)

    found = nodding(lean).vector("S").mean(axis=0)
    np.testing.assert_allclose(found, -skew(lean(PHASE)) * AHEAD, atol=0.06)


@pytest.mark.parametrize("sign", [1.0, -1.0])
def test_a_points_against_where_the_lower_end_goes_fast(sign: float) -> None:
    def lean(phase: FloatArray) -> FloatArray:
        return 0.3 * np.sin(phase) - sign * 0.15 * np.sin(2 * phase)

    found = nodding(lean).vector("A").mean(axis=0)
    np.testing.assert_allclose(found, skew(np.gradient(lean(PHASE))) * AHEAD, atol=0.06)


@pytest.mark.parametrize("sign", [1.0, -1.0])
def test_q_points_where_the_lower_end_is_while_the_segment_rests(sign: float) -> None:
    def lean(phase: FloatArray) -> FloatArray:
        # At rest, leaning back, for a third of the stride.
        return -sign * 0.4 * np.clip(np.cos(phase) + 0.5, 0, None)

    found = nodding(lean).vector("Q")
    rest = (lean(np.array(np.pi)) - lean(PHASE).mean()) / lean(PHASE).std()
    np.testing.assert_allclose(found[:, 0], -rest, atol=0.25)


@pytest.mark.parametrize("sign", [1.0, -1.0])
def test_a_p_points_where_the_push_is_hard_and_brief(sign: float) -> None:
    def swinging(t: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
        return 0 * t, 0.05 * np.sin(2 * np.pi * t / STRIDE_S), 0 * t

    def push(t: FloatArray) -> FloatArray:
        phase = 2 * np.pi * t / STRIDE_S
        ahead = sign * 3 * (np.cos(phase) + 0.5 * np.cos(2 * phase))
        return np.stack([ahead, 0 * t, 2 * np.cos(2 * phase)], axis=1)

    found = measured(motion(swinging, push_mps2=push).signal()).vector("a_p")
    strength = skew(np.cos(PHASE) + 0.5 * np.cos(2 * PHASE))
    np.testing.assert_allclose(found.mean(axis=0), sign * strength * AHEAD, atol=0.2)


def test_what_the_turning_looks_like() -> None:
    def angles(t: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
        phase = 2 * np.pi * t / STRIDE_S
        return 0.1 * np.sin(phase), 0.2 * np.sin(phase), 0.1 * np.cos(phase)

    found = measured(motion(angles, push_mps2=bounce).signal())
    rms = 2 * np.pi / STRIDE_S * np.sqrt([0.5 * 0.1**2, 0.5 * 0.2**2, 0.5 * 0.1**2])
    level = np.hypot(rms[1], rms[2])
    np.testing.assert_allclose(scalar(found, "log_turn"), np.log(level), atol=0.05)
    np.testing.assert_allclose(scalar(found, "turn_planar"), 0.8, atol=0.03)
    np.testing.assert_allclose(scalar(found, "log_yaw"), np.log(rms[0] / level), atol=0.1)


def test_walking_in_a_circle_changes_nothing_of_the_rotation() -> None:
    def circling(t: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
        yaw, pitch, roll = wobbling(t)
        return yaw + 0.5 * t, pitch, roll

    straight, round_ = (
        measured(motion(angles, lever_m=(0.1, 0.0, 0.0)).signal())
        for angles in (wobbling, circling)
    )
    for name in ("S", "Q", "A"):
        np.testing.assert_allclose(round_.vector(name), straight.vector(name), atol=0.15)
    np.testing.assert_allclose(scalar(round_, "log_yaw"), scalar(straight, "log_yaw"), atol=0.15)


# Lever --------------------------------------------------------------------------------------


def wobbling(t: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
    """A segment that turns about both level axes, slowly and fast."""
    phase = 2 * np.pi * t / STRIDE_S
    return (
        0.05 * np.sin(2 * phase),
        0.2 * np.sin(phase) + 0.06 * np.sin(2 * phase + 0.6) + 0.03 * np.sin(4 * phase + 1),
        0.1 * np.sin(phase + 1) + 0.06 * np.cos(2 * phase) + 0.03 * np.sin(5 * phase),
    )


@few
@given(st.floats(-np.pi, np.pi), st.floats(0.06, 0.3), st.floats(-0.2, 0.2))
def test_a_lever_points_from_the_axis_out_to_the_sensor(
    bearing_rad: float, length_m: float, height_m: float
) -> None:
    outward = length_m * np.array([np.cos(bearing_rad), np.sin(bearing_rad), 0.0])
    found = measured(motion(wobbling, lever_m=(*outward[:2], height_m)).signal())
    for band in LEVER_BANDS_HZ:
        vectors = found.vector(f"lever_{band}")
        assert angle_deg(vectors, np.tile(outward, (len(vectors), 1))).max() < 10
        share = scalar(found, f"lever_share_{band}")
        assert share.min() > 0.98
        np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), np.sqrt(share), rtol=0.01)
        np.testing.assert_allclose(scalar(found, f"lever_length_{band}"), length_m, rtol=0.1)


def test_a_lever_weighs_the_less_the_less_it_explains() -> None:
    rng = np.random.default_rng(0)
    still, shaken = (
        measured(replace(signal, acceleration_mps2=signal.acceleration_mps2 + noise))
        for signal in [motion(wobbling, lever_m=(0.12, 0.0, 0.0)).signal()]
        for noise in (0.0, rng.normal(0, 3, signal.acceleration_mps2.shape))
    )
    for name in LEVERS:
        strength = np.linalg.norm(shaken.vector(name), axis=1)
        assert strength.mean() < 0.7
        assert np.linalg.norm(still.vector(name), axis=1).min() > 0.9
        share = scalar(shaken, name.replace("lever", "lever_share"))
        np.testing.assert_allclose(strength, np.sqrt(np.clip(share, 0, 1)), rtol=0.01)


@pytest.mark.parametrize("length_m", [0.015, 0.5])
def test_a_lever_that_no_body_has_is_not_heard(length_m: float) -> None:
    found = measured(motion(wobbling, lever_m=(length_m, 0.0, 0.05)).signal())
    assert not any(found.vector(name).any() for name in LEVERS)
    assert found.has_gyro.all()
    np.testing.assert_allclose(scalar(found, "lever_length_mid"), length_m, rtol=0.1)


def test_the_lowest_band_is_not_heard_alone() -> None:
    # A hip that sways with the swing of the leg, as if the sensor sat 0.15 m further ahead.
    def swaying(t: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
        phase = 2 * np.pi * t / STRIDE_S
        pitch = 0.2 * np.sin(phase) + 0.006 * np.sin(5 * phase + 1)
        return 0 * t, pitch, 0.1 * np.sin(phase + 1) + 0.006 * np.sin(6 * phase)

    def sway(t: FloatArray) -> FloatArray:
        phase = 2 * np.pi * t / STRIDE_S
        growth = -0.2 * (2 * np.pi / STRIDE_S) ** 2 * np.sin(phase)
        return np.outer(-0.15 * growth, UP)

    found = measured(motion(swaying, lever_m=(0.01, 0.0, 0.0), push_mps2=sway).signal())
    assert scalar(found, "lever_length_low").min() > 0.1
    assert scalar(found, "lever_length_mid").max() < 0.03
    assert not any(found.vector(name).any() for name in LEVERS)


def test_neighbours_in_a_bout_share_a_lever_but_other_bouts_do_not() -> None:
    before, after = (motion(wobbling, lever_m=lever).signal() for lever in np.eye(3)[:2] * 0.12)
    cut = round(3 * ANALYSIS_RATE_HZ + 10 * STRIDE_S * ANALYSIS_RATE_HZ)
    force = np.concatenate([before.acceleration_mps2[:cut], after.acceleration_mps2[cut:]])
    signal = replace(before, acceleration_mps2=force)
    strides = strides_of()
    apart = strides.assign(bout=np.repeat([0, 1], 10))

    def cosine(table: pd.DataFrame) -> FloatArray:
        lever = measured(signal, table).vector("lever_high")
        return np.asarray(lever[:, 0] / np.linalg.norm(lever, axis=1))

    together, by_bout = cosine(strides), cosine(apart)
    # Seven strides weigh alike: the change takes as long.
    assert together[6] > 0.999
    assert (np.diff(together[7:14]) < -0.03).all()
    assert together[13] < 0.02
    assert by_bout[:10].min() > 0.95
    assert by_bout[10:].max() < 0.3


# Taking out the arm -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arm_m", "names"), [(0.3, ("U2_arm", "U2_hanging")), (0.45, ("U2_arm",))], ids=str
)
def test_once_the_arm_is_taken_out_the_travel_of_the_trunk_shows(
    arm_m: float, names: tuple[str, ...]
) -> None:
    # A lever is fitted, or taken for the usual length of an arm that hangs.
    def swinging(t: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
        phase = 2 * np.pi * t / STRIDE_S
        pitch = 0.3 * np.sin(phase) - 0.1 * np.sin(2 * phase + 0.5) - 0.1
        return 0 * t, pitch + 0.02 * np.sin(4 * phase), 0.05 * np.cos(phase)

    def jolted(t: FloatArray) -> FloatArray:
        jolt = 2.0 * np.sin(8 * np.pi * t / STRIDE_S)
        return bounce(t) + np.outer(jolt, AHEAD)

    trunk = measured(motion(upright, push_mps2=jolted).signal()).vector("U2_fixed")
    watch = motion(swinging, push_mps2=jolted, lever_m=(0.03, 0.02, -arm_m))
    wrist = measured(watch.signal())
    for name in ("U2_gyro", "U2_arm", "U2_hanging"):
        off_deg = angle_deg(wrist.vector(name), trunk)
        assert (off_deg < 20).all() if name in names else (off_deg > 90).all()


# Without a gyroscope, or with one that does not fit -----------------------------------------


def deaf_to(rate: FloatArray | None) -> StrideFeatures:
    return measured(replace(PLAIN, angular_rate_radps=rate))


def assert_not_heard(found: StrideFeatures) -> None:
    assert not found.has_gyro.any()
    assert not found.gyro_scalars.any()
    expected = measured(PLAIN)
    for name in NAMES:
        if name in WITH_GYRO:
            assert not found.vector(name).any()
        else:
            np.testing.assert_array_equal(found.vector(name), expected.vector(name))


def test_without_a_gyroscope_what_needs_one_is_zero() -> None:
    assert measured(PLAIN).has_gyro.all()
    assert_not_heard(deaf_to(None))


@pytest.mark.parametrize(
    "distort",
    [
        np.rad2deg,
        np.zeros_like,
        np.ones_like,
        lambda rate: np.random.default_rng(0).normal(0, 0.003, rate.shape),
        lambda rate: np.deg2rad(rate),
    ],
    ids=["degrees for radians", "dead", "stuck", "noise only", "radians for degrees"],
)
def test_a_gyroscope_that_does_not_fit_is_not_heard(
    distort: Callable[[FloatArray], FloatArray],
) -> None:
    assert PLAIN.angular_rate_radps is not None
    assert_not_heard(deaf_to(distort(PLAIN.angular_rate_radps)))


@pytest.mark.parametrize("size", [0.0, np.rad2deg(1)], ids=["dead", "in degrees"])
def test_a_gyroscope_that_fails_on_the_way_is_heard_until_then(size: float) -> None:
    whole = leg(seconds=60.0).signal()
    assert whole.angular_rate_radps is not None
    rate = whole.angular_rate_radps.copy()
    rate[1500:] *= size
    heard = measured(replace(whole, angular_rate_radps=rate), strides_of(45)).has_gyro
    assert heard[:18].all()
    assert not heard[30:].any()


# Edges --------------------------------------------------------------------------------------


def test_no_strides_have_no_pointers() -> None:
    none = measured(PLAIN, strides_of(0))
    assert none.vectors.shape == (0, len(VECTORS), 3)
    assert none.gyro_scalars.shape == (0, len(GYRO_SCALARS))
    assert none.has_gyro.shape == (0,)


@pytest.mark.parametrize("rate", [None, 0.0, 1e-4])
def test_a_device_at_rest_has_finite_pointers(rate: float | None) -> None:
    force = np.tile([0.0, 0.0, STANDARD_GRAVITY_MPS2], (1500, 1))
    up = np.tile([0.0, 0.0, 1.0], (1500, 1))
    turning = None if rate is None else np.full((1500, 3), rate)
    found = measured(Signal(0.0, force, up, turning, 100.0))
    assert np.isfinite(found.vectors).all()
    assert not found.has_gyro.any()


def test_without_gravity_no_gyroscope_is_heard() -> None:
    found = measured(replace(PLAIN, up=None))
    assert np.isnan(found.vectors).all()
    assert not found.has_gyro.any()


def test_strides_that_reach_beyond_the_run_have_finite_pointers() -> None:
    found = measured(PLAIN, strides_of(40, first_s=-2.0))
    assert np.isfinite(found.vectors).all()
    assert np.abs(pointing(found)).max() < 2.5


# The catalogue ------------------------------------------------------------------------------


def test_every_pointer_and_scalar_is_documented_once() -> None:
    for feature in (*POINTERS, *GYRO_SCALARS):
        assert feature.meaning
        assert feature.source
        assert feature.unit in ("1", "log", "m")
    assert len(set(NAMES)) == len(NAMES)
    assert len(set(SCALARS)) == len(SCALARS)
    assert sorted(WITHOUT_GYRO + WITH_GYRO) == sorted(NAMES)
