"""How far a foot goes: known ways, and when none is told."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rigid import Motion, motion
from scipy.spatial.transform import Rotation

from retrodetect import gait
from retrodetect.features import compute
from retrodetect.features.compute import SHORT_WAY_M
from retrodetect.gait.displacement import displacements_m
from retrodetect.lab.datasets import load
from retrodetect.lab.simulate import PERFECT, parse_plan, walk, wear
from retrodetect.recording import FloatArray
from retrodetect.signal import ANALYSIS_RATE_HZ, Signal, prepare

STRIDE_S, SWING_S, STRIDES = 1.1, 0.6, 20
BETWEEN = slice(1, -1)
"""Strides with a whole one on either side."""


def foot(way_m: float, turn_rad: float = 0.0) -> Motion:
    """A foot that swings a way ahead, turns as it goes, and stands until the next stride."""

    def phase(t: FloatArray) -> FloatArray:
        return np.clip((t % STRIDE_S) / SWING_S, 0, 1)

    def angles(t: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
        p = phase(t)
        smooth = p**3 * (10 - 15 * p + 6 * p**2)
        yaw = turn_rad * (np.floor(t / STRIDE_S) + smooth)
        return yaw, -0.9 * np.sin(2 * np.pi * p) * np.sin(np.pi * p) ** 2, 0 * t

    def push(t: FloatArray) -> FloatArray:
        p = phase(t)
        ahead = way_m * (60 * p - 180 * p**2 + 120 * p**3) / SWING_S**2
        course = turn_rad * np.floor(t / STRIDE_S)
        lift = 8.0 * np.sin(2 * np.pi * p) * np.sin(np.pi * p) ** 2
        return np.stack([ahead * np.cos(course), ahead * np.sin(course), lift], axis=1)

    return motion(angles, push_mps2=push, seconds=STRIDES * STRIDE_S, rate_hz=200.0)


def contacts(signal: Signal) -> FloatArray:
    """(n, 2) edges of the strides, each from one end of a swing to the next."""
    ends_s = np.arange(STRIDES) * STRIDE_S + SWING_S
    return (np.stack([ends_s[:-1], ends_s[1:]], axis=1) - signal.start_s) * ANALYSIS_RATE_HZ


@settings(max_examples=10, deadline=None)
@given(st.floats(0.4, 2.0), st.sampled_from([-1, 1]), st.integers(0, 2**16))
def test_the_way_is_right_both_ways_however_the_device_is_mounted(
    size_m: float, way: int, seed: int
) -> None:
    turn = Rotation.random(rng=seed).as_matrix()
    signal = foot(way * size_m).mounted(turn).signal()
    found_m = displacements_m(signal, contacts(signal))[BETWEEN]
    np.testing.assert_allclose(found_m, np.tile(turn @ [way * size_m, 0, 0], (17, 1)), atol=0.02)


def test_a_curve_is_as_long_as_its_strides() -> None:
    signal = foot(1.3, turn_rad=0.5).signal()
    lengths_m = np.linalg.norm(displacements_m(signal, contacts(signal)), axis=1)
    np.testing.assert_allclose(lengths_m[BETWEEN], 1.3, rtol=0.02)


def test_strides_that_follow_each_other_share_a_stance() -> None:
    signal = foot(1.3).signal()
    late = contacts(signal) + 0.2 * STRIDE_S * ANALYSIS_RATE_HZ
    np.testing.assert_allclose(
        displacements_m(signal, late)[BETWEEN],
        displacements_m(signal, contacts(signal))[BETWEEN],
        atol=0.02,
    )


@settings(max_examples=10, deadline=None)
@given(st.floats(0.1, 2.0), st.sampled_from([-1, 1]), st.integers(0, 2**16))
def test_the_way_is_a_vector_of_the_stride_that_turns_with_the_device(
    size_m: float, way: int, seed: int
) -> None:
    turn = Rotation.random(rng=seed).as_matrix()
    signal = foot(way * size_m).mounted(turn).signal()
    edges = contacts(signal)[BETWEEN]
    strides = pd.DataFrame({"run": 0, "bout": 0, "start_s": edges[:, 0] / ANALYSIS_RATE_HZ})
    strides["end_s"] = edges[:, 1] / ANALYSIS_RATE_HZ
    ways_m = displacements_m(signal, contacts(signal))[BETWEEN]
    known = strides.assign(**dict(zip(gait.WAY_COLUMNS, ways_m.T, strict=True)))
    pointing = compute([signal], known).vector("way")
    expected = size_m / (size_m + SHORT_WAY_M) * way * turn[:, 0]
    np.testing.assert_allclose(pointing, np.tile(expected, (len(strides), 1)), atol=0.15)
    assert not compute([signal], strides).vector("way").any()


@pytest.mark.parametrize("misread_mps2", [-45.0, 45.0])
def test_an_impact_that_is_read_wrong_changes_no_length(misread_mps2: float) -> None:
    signal = foot(1.3).signal()
    force = signal.acceleration_mps2.copy()
    landing = contacts(signal)[:, 0].astype(int) - 1
    force[landing - 1, 0] += 120.0
    force[landing, 0] += misread_mps2 - 120.0  # 0.9 m/s; shared out alike it would be 0.4 m
    signal = replace(signal, acceleration_mps2=force)
    lengths_m = np.linalg.norm(displacements_m(signal, contacts(signal)), axis=1)
    np.testing.assert_allclose(lengths_m[BETWEEN], 1.3, rtol=0.05)


def test_nothing_is_told_without_a_gyroscope_or_where_it_does_not_fit() -> None:
    walking = foot(1.3)
    signals = [walking.signal(gyroscope=False)]
    signals += [replace(walking, rate_radps=k * walking.rate_radps).signal() for k in (-1, 0, 5)]
    for signal in signals:
        assert np.isnan(displacements_m(signal, contacts(signal))).all()


@pytest.mark.parametrize("late_s", [-0.08, -0.04, 0.04, 0.08])
def test_a_real_foot_has_no_length_by_a_gyroscope_that_is_late(shared: Path, late_s: float) -> None:
    one = load(shared / "datasets", "ipol-healthy-gait", placements=["foot"])
    foot = next(iter(one)).recording
    assert foot.angular_rate_radps is not None
    rate = [
        np.interp(foot.time_s - late_s, foot.time_s, axis) for axis in foot.angular_rate_radps.T
    ]
    late = replace(foot, angular_rate_radps=np.stack(rate, axis=1))
    assert np.isfinite(gait.detect(prepare(foot)).length_m).all()
    assert np.isnan(gait.detect(prepare(late)).length_m).all()


def test_nothing_is_told_where_the_foot_never_stands() -> None:
    signal = foot(1.3).signal()
    shaken = signal.acceleration_mps2.copy()
    shaken[::2] += 8.0
    signal = replace(signal, acceleration_mps2=shaken)
    assert np.isnan(displacements_m(signal, contacts(signal))).all()


def test_only_a_sensor_on_one_foot_has_lengths() -> None:
    session = walk(parse_plan("stand 3s, walk forward 12s 1.3m/s, stand 3s"), seed=3)
    for placement in ("foot", "waist"):
        worn = wear(session, placement, rate_hz=100.0, errors=PERFECT, seed=3)
        has_length = np.isfinite(gait.detect(prepare(worn)).length_m)
        assert has_length.all() == (placement == "foot")
        assert has_length.any() == (placement == "foot")


def test_a_simulated_foot_goes_as_far_as_its_footprints_are_apart() -> None:
    session = walk(parse_plan("stand 3s, walk forward 20s, walk backward 15s, stand 3s"), seed=4)
    worn = wear(session, "foot", rate_hz=100.0, seed=4)
    walked = gait.detect(prepare(worn))
    track_m = session.motion.position_m("left_toe")[:, :2]
    step_m = np.linalg.norm(np.diff(track_m, axis=0), axis=1).sum()
    assert np.nansum(walked.length_m) == pytest.approx(step_m, rel=0.06)


def test_a_real_foot_goes_the_length_of_a_taped_course(shared: Path) -> None:
    one = load(shared / "datasets", "uci-sangenis-foot", subjects=["2023_08_23"])
    course = next(iter(one)).recording
    assert np.nansum(gait.detect(prepare(course)).length_m) == pytest.approx(87.6, rel=0.03)
