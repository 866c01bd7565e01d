"""Pointers: what turns with the device, what time reversal keeps, and what a lever is."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial.transform import Rotation

from retrodetect.features import NEEDS_GYRO, POINTERS, compute
from retrodetect.features.compute import StrideFeatures
from retrodetect.recording import STANDARD_GRAVITY_MPS2, FloatArray, Recording
from retrodetect.signal import ANALYSIS_RATE_HZ, Signal, prepare

STRIDE_S = 1.1
COUNT = 14
EVEN = ("R1", "R2", "R3", "R4")
ODD = ("U1", "U2", "U3", "U4")
few = settings(max_examples=8, deadline=None)
Motion = tuple[FloatArray, FloatArray]


def swung(
    rate_hz: float = ANALYSIS_RATE_HZ, lever_m: tuple[float, float, float] = (0.1, 0, 0)
) -> Motion:
    """Force and rate of a sensor on a swinging, bouncing segment; x to the front, z up."""
    time_s = np.arange(0, 22.0, 1 / rate_hz)
    phase = 2 * np.pi * time_s / STRIDE_S
    pitch = 0.35 * np.sin(phase) + 0.12 * np.cos(2 * phase + 0.5)
    speed = 2 * np.pi / STRIDE_S
    rate = speed * (0.35 * np.cos(phase) - 0.24 * np.sin(2 * phase + 0.5))
    change = speed**2 * (-0.35 * np.sin(phase) - 0.48 * np.cos(2 * phase + 0.5))
    omega = np.stack([0 * rate, rate, 0 * rate], axis=1)
    omega_dot = np.stack([0 * rate, change, 0 * rate], axis=1)
    world = np.stack(
        [
            0.8 * np.sin(2 * phase + 0.3) + 0.5 * np.cos(phase),
            0.3 * np.sin(phase),
            STANDARD_GRAVITY_MPS2 + 2.0 * np.cos(2 * phase) + 0.6 * np.cos(phase + 1.0),
        ],
        axis=1,
    )
    attitude = Rotation.from_euler("y", pitch[:, None])
    lever = np.array([0.1, 0.0, 0.0])
    felt = np.cross(omega_dot, lever) + np.cross(omega, np.cross(omega, lever))
    return attitude.inv().apply(world) + felt, omega


def strides() -> pd.DataFrame:
    start_s = 3.0 + STRIDE_S * np.arange(COUNT)
    return pd.DataFrame({"run": 0, "bout": 0, "start_s": start_s, "end_s": start_s + STRIDE_S})


def features(motion: Motion, *, gyroscope: bool = True) -> StrideFeatures:
    force, rate = motion
    mean = force.mean(axis=0)
    up = np.tile(mean / np.linalg.norm(mean), (len(force), 1))
    signal = Signal(0.0, force, up, rate if gyroscope else None, 100.0)
    return compute([signal], strides())


def pointer(found: StrideFeatures, name: str) -> FloatArray:
    return found.vector(name)


@few
@given(st.integers(0, 2**16))
def test_every_pointer_turns_with_the_device(seed):
    turn = Rotation.random(rng=np.random.default_rng(seed))
    force, rate = swung()
    expected = features((force, rate))
    turned = features((turn.apply(force), turn.apply(rate)))
    for feature in POINTERS:
        np.testing.assert_allclose(
            pointer(turned, feature.name),
            turn.apply(pointer(expected, feature.name)),
            atol=1e-6,
            err_msg=feature.name,
        )


def test_a_total_sign_flip_turns_pointers_of_the_accelerometer_alone():
    force, rate = swung()
    plain, flipped = features((force, rate)), features((-force, rate))
    for name in (f"{kind}_fixed" for kind in EVEN + ODD):
        np.testing.assert_allclose(pointer(flipped, name), -pointer(plain, name), atol=1e-9)


def test_time_reversal_keeps_what_is_even_and_turns_what_is_odd():
    force, rate = swung()
    ahead = features((force, rate))
    back = features((force[::-1].copy(), -rate[::-1].copy()))

    def mean(found: StrideFeatures, name: str) -> FloatArray:
        return np.asarray(pointer(found, name).mean(axis=0))

    for frame in ("fixed", "gyro"):
        for name in EVEN:
            np.testing.assert_allclose(
                mean(back, f"{name}_{frame}"), mean(ahead, f"{name}_{frame}"), atol=0.03
            )
        for name in ODD:
            np.testing.assert_allclose(
                mean(back, f"{name}_{frame}"), -mean(ahead, f"{name}_{frame}"), atol=0.03
            )
    for name in ("S", "Q", "lever_low", "lever_mid", "lever_high"):
        np.testing.assert_allclose(mean(back, name), mean(ahead, name), atol=0.1, err_msg=name)
    np.testing.assert_allclose(mean(back, "A"), -mean(ahead, "A"), atol=0.1)
    assert np.linalg.norm(mean(ahead, "A")) > 0.3
    assert np.linalg.norm(mean(ahead, "U2_fixed")) > 0.1


@pytest.mark.parametrize("rate_hz", [25.0, 50.0, 100.0, 400.0])
def test_pointers_hardly_depend_on_the_sampling_rate(rate_hz):
    force, rate = swung(rate_hz)
    recording = Recording(
        "walk", np.arange(len(force)) / rate_hz, force, rate_hz, "test", angular_rate_radps=rate
    )
    found = compute(prepare(recording), strides())
    expected = features(swung())
    for name in ("R1_gyro", "U2_fixed", "U2_gyro", "S", "A", "lever_low"):
        np.testing.assert_allclose(
            pointer(found, name).mean(axis=0), pointer(expected, name).mean(axis=0), atol=0.12,
            err_msg=name,
        )  # fmt: skip


@pytest.mark.parametrize("lever_m", [(0.12, 0, 0), (-0.12, 0, 0), (0.06, 0, 0.05)])
def test_a_rigid_body_tells_the_lever_of_its_sensor(lever_m):
    # Nothing but the turning moves it.
    time_s = np.arange(0, 22.0, 1 / ANALYSIS_RATE_HZ)
    rng = np.random.default_rng(1)
    waves = rng.uniform(0, 2 * np.pi, size=(3, 6))
    hz = np.array([0.9, 1.8, 2.7, 3.6, 4.5, 5.4])
    size = np.array([0.12, 0.06, 0.04, 0.03, 0.02, 0.01])
    angle = (size * np.sin(2 * np.pi * hz * time_s[:, None, None] + waves)).sum(axis=2)
    attitude = Rotation.from_euler("xyz", angle)
    step = (attitude[:-1].inv() * attitude[1:]).as_rotvec() * ANALYSIS_RATE_HZ
    rate = np.concatenate([step[:1], 0.5 * (step[1:] + step[:-1]), step[-1:]])
    change = np.gradient(rate, axis=0) * ANALYSIS_RATE_HZ
    felt = np.cross(change, lever_m) + np.cross(rate, np.cross(rate, lever_m))
    force = attitude.inv().apply(np.tile([0, 0, STANDARD_GRAVITY_MPS2], (len(rate), 1))) + felt
    found = features((force, rate))
    outward = np.array([np.sign(lever_m[0]), 0, 0])
    for name in ("lever_low", "lever_mid"):
        lever = pointer(found, name)[3:-3]
        cosine = lever @ outward / np.linalg.norm(lever, axis=1)
        assert cosine.min() > np.cos(np.deg2rad(15)), name
        assert np.linalg.norm(lever, axis=1).min() > 0.8, name


def test_without_a_gyroscope_its_pointers_are_zero_and_the_others_the_same():
    motion = swung()
    plain, full = features(motion, gyroscope=False), features(motion)
    assert not plain.has_gyro.any()
    assert full.has_gyro.all()
    for feature in NEEDS_GYRO:
        assert not pointer(plain, feature.name).any()
    np.testing.assert_array_equal(pointer(plain, "U2_fixed"), pointer(full, "U2_fixed"))


def test_a_gyroscope_in_degrees_is_not_heard():
    force, rate = swung()
    assert not features((force, np.rad2deg(rate))).has_gyro.any()


def test_a_device_at_rest_points_nowhere():
    force = np.tile([0.0, 0.0, STANDARD_GRAVITY_MPS2], (1100, 1))
    found = features((force, np.zeros((1100, 3))))
    assert np.isfinite(found.vectors).all()
    assert np.abs(pointer(found, "U2_gyro")).max() < 1e-6
