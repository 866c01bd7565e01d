"""Stride features: what they ignore, and what they must not ignore."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from handmade import features, random_features
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial.transform import Rotation

from retrodetect.features import StrideFeatures, compute
from retrodetect.features.catalogue import (
    FREE_FEATURES,
    GYRO_SCALARS,
    MOMENTS,
    NEEDS_GYRO,
    POINTERS,
    RATIOS,
    SCALARS,
    SITE_SCALARS,
    VECTORS,
    Feature,
)
from retrodetect.gait import WAY_COLUMNS
from retrodetect.recording import DIRECTION_RATE_HZ, STANDARD_GRAVITY_MPS2, FloatArray
from retrodetect.signal import ANALYSIS_RATE_HZ, Signal

STRIDE_S = 1.1


def gait_like(travel: FloatArray, seconds: float = 20.0, seed: int = 0) -> FloatArray:
    """Acceleration of a trunk in walking: bounce at twice the stride rate, sway a quarter ahead."""
    rng = np.random.default_rng(seed)
    t = np.arange(int(seconds * ANALYSIS_RATE_HZ)) / ANALYSIS_RATE_HZ
    phase = 4 * np.pi * t / STRIDE_S
    vertical = 2 * np.cos(phase) + 0.8 * np.cos(2 * phase + 0.7)
    # h in phase with dv/dt = -sin
    along = -1.2 * np.sin(phase) + 0.4 * np.cos(2 * phase)
    across = 0.8 * np.sin(phase / 2)
    side = np.cross([0, 0, 1], travel)
    out = along[:, None] * travel + across[:, None] * side
    out[:, 2] += vertical + STANDARD_GRAVITY_MPS2
    return np.asarray(out + rng.normal(0, 0.05, out.shape))


def signal_of(acceleration: FloatArray) -> Signal:
    mean = acceleration.mean(axis=0)
    up = np.tile(mean / np.linalg.norm(mean), (len(acceleration), 1))
    return Signal(0.0, acceleration, up, None, 100.0)


def strides(run: int = 0, count: int = 15) -> pd.DataFrame:
    start = 1.0 + STRIDE_S * np.arange(count)
    return pd.DataFrame({"run": run, "bout": 0, "start_s": start, "end_s": start + STRIDE_S})


FRONT = np.array([1.0, 0.0, 0.0])


def test_travel_moment_points_the_way_the_wearer_walks() -> None:
    for bearing in np.linspace(0, 2 * np.pi, 8, endpoint=False):
        travel = np.array([np.cos(bearing), np.sin(bearing), 0.0])
        found = compute([signal_of(gait_like(travel))], strides()).vector("h_dv_low")
        cosine = found @ travel / np.linalg.norm(found, axis=1)
        assert cosine.min() > np.cos(np.deg2rad(15))


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 10_000))
def test_free_features_ignore_the_mounting(seed: int) -> None:
    acceleration = gait_like(FRONT)
    turned = acceleration @ Rotation.random(rng=np.random.default_rng(seed)).as_matrix().T
    expected = compute([signal_of(acceleration)], strides()).free()
    np.testing.assert_allclose(compute([signal_of(turned)], strides()).free(), expected, atol=1e-6)


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 10_000))
def test_vectors_turn_with_the_mounting(seed: int) -> None:
    rotation = Rotation.random(rng=np.random.default_rng(seed)).as_matrix()
    acceleration = gait_like(FRONT)
    expected = compute([signal_of(acceleration)], strides()).vectors @ rotation.T
    found = compute([signal_of(acceleration @ rotation.T)], strides()).vectors
    np.testing.assert_allclose(found, expected, atol=1e-6)


def test_a_total_sign_flip_leaves_free_features_and_reverses_vectors() -> None:
    plain = compute([signal_of(gait_like(FRONT))], strides())
    flipped = compute([signal_of(-gait_like(FRONT))], strides())
    np.testing.assert_allclose(flipped.free(), plain.free(), atol=1e-6)
    np.testing.assert_allclose(flipped.vectors, -plain.vectors, atol=1e-6)


def test_reversing_time_reverses_the_travel_moment() -> None:
    # What backward walking nearly is; an amplitude spectrum would not change at all.
    acceleration = gait_like(FRONT)[::-1].copy()
    table = strides()
    end_s = len(acceleration) / ANALYSIS_RATE_HZ
    table = pd.DataFrame(
        {
            "run": 0, "bout": 0,
            "start_s": end_s - table["end_s"], "end_s": end_s - table["start_s"],
        }
    )[::-1]  # fmt: skip
    forward = compute([signal_of(gait_like(FRONT))], strides()).vector("h_dv_low")
    backward = compute([signal_of(acceleration)], table).vector("h_dv_low")
    assert (forward[:, 0] > 0.3).all()
    assert (backward[:, 0] < -0.3).all()


@settings(max_examples=10, deadline=None)
@given(st.floats(0.2, 5.0))
def test_features_ignore_the_size_of_the_movement(size: float) -> None:
    acceleration = gait_like(FRONT)
    mean = acceleration.mean(axis=0)
    scaled = mean + size * (acceleration - mean)
    expected = compute([signal_of(acceleration)], strides()).free()
    np.testing.assert_allclose(compute([signal_of(scaled)], strides()).free(), expected, atol=1e-3)


def test_no_strides_give_empty_tables_of_the_right_width() -> None:
    empty = compute([signal_of(gait_like(FRONT))], strides(count=0))
    assert len(empty) == 0
    assert list(empty.free().columns) == list(FREE_FEATURES)
    assert empty.vectors.shape == (0, len(VECTORS), 3)


def test_strides_are_looked_up_from_where_their_run_starts() -> None:
    early, late = signal_of(gait_like(FRONT)), replace(signal_of(gait_like(FRONT)), start_s=7.0)
    table = strides()
    shifted = table.assign(start_s=table["start_s"] + 7.0, end_s=table["end_s"] + 7.0)
    expected, found = compute([early], table), compute([late], shifted)
    for name in ("scalars", "site_scalars", "vectors", "up"):
        np.testing.assert_allclose(getattr(found, name), getattr(expected, name), atol=1e-9)


@pytest.mark.parametrize(
    ("start_s", "end_s", "peaks"),
    [
        # Of a thousand samples, the first, the last and the hundredth peak.
        (0.0, 1.0, True), (-3.0, 1.0, True), (0.02, 1.0, False),
        (19.0, 20.0, True), (19.0, 25.0, True), (19.0, 19.98, False),
        (1.0, 2.0, False), (1.0, 2.02, True), (2.0, 3.0, True), (2.02, 3.0, False),
        # A stride that is too short has one sample.
        (2.0, 2.001, True), (1.98, 1.981, False), (25.0, 26.0, True),
    ],
)  # fmt: skip
def test_a_stride_holds_the_samples_from_its_start_to_before_its_end(
    start_s: float, end_s: float, peaks: bool
) -> None:
    force = np.tile([0.0, 0.0, STANDARD_GRAVITY_MPS2], (1000, 1))
    force[[0, 100, 999]] *= 3
    table = pd.DataFrame({"run": [0], "bout": [0], "start_s": [start_s], "end_s": [end_s]})
    peak = [feature.name for feature in SITE_SCALARS].index("log_peak")
    found = compute([signal_of(force)], table).site_scalars[0, peak]
    assert np.exp(found) == pytest.approx((3 if peaks else 1) * STANDARD_GRAVITY_MPS2)


def test_what_a_gyroscope_says_is_found_by_its_name() -> None:
    made = features(3, {"S": np.outer([1, 1, 0], FRONT)}, gyro_scalars={"log_turn": [1.0, 2.0, 0]})
    assert made.log_angular_rate.tolist() == [1.0, 2.0, 0.0]
    assert made.mostly_with_gyro
    assert not made.where([0, 2]).mostly_with_gyro
    assert not made.where([]).mostly_with_gyro


def test_a_recording_that_is_too_slow_gives_nan_not_guesses() -> None:
    for rate_hz, usable in ((DIRECTION_RATE_HZ, True), (DIRECTION_RATE_HZ - 0.1, False)):
        found = compute([replace(signal_of(gait_like(FRONT)), source_rate_hz=rate_hz)], strides())
        for name in ("scalars", "site_scalars", "gyro_scalars", "vectors", "up"):
            assert np.isfinite(getattr(found, name)).all() == usable
            assert np.isnan(getattr(found, name)).all() != usable


def test_a_recording_without_gravity_gives_nan_not_guesses() -> None:
    signal = Signal(0.0, gait_like(FRONT), None, None, 100.0)
    found = compute([signal], strides())
    assert found.free().isna().all().all()
    assert np.isnan(found.up).all()


def test_a_stride_that_reaches_past_the_end_is_cut_there() -> None:
    late = pd.DataFrame({"run": [0], "bout": [0], "start_s": [19.5], "end_s": [25.0]})
    assert np.isfinite(compute([signal_of(gait_like(FRONT))], late).free()).all().all()


def test_a_device_at_rest_gives_finite_features() -> None:
    rest = np.tile([0.0, 0.0, STANDARD_GRAVITY_MPS2], (1000, 1))
    found = compute([signal_of(rest)], strides())
    assert np.isfinite(found.free()).all().all()


def test_strides_of_several_runs_keep_their_order() -> None:
    one, other = signal_of(gait_like(FRONT)), signal_of(gait_like(-FRONT, seed=1))
    both = compute([one, other], pd.concat([strides(0), strides(1)], ignore_index=True))
    for rows, signal in ((slice(0, 15), one), (slice(15, 30), other)):
        alone = compute([signal], strides())
        np.testing.assert_allclose(both.vectors[rows], alone.vectors)
        np.testing.assert_allclose(both.scalars[rows], alone.scalars)


def test_rows_are_taken_and_put_together_again() -> None:
    whole = random_features(0, 7)
    parts = [whole.where(slice(0, 3)), whole.where([3]), whole.where(np.arange(7) > 3)]
    again = StrideFeatures.joined(parts)
    for name in ("scalars", "site_scalars", "gyro_scalars", "vectors", "up"):
        np.testing.assert_array_equal(getattr(again, name), getattr(whole, name))
    assert len(again) == 7
    assert len(StrideFeatures.joined([])) == 0


def test_a_vector_is_found_by_its_name() -> None:
    whole = random_features(0, 7)
    for column, feature in enumerate(VECTORS):
        np.testing.assert_array_equal(whole.vector(feature.name), whole.vectors[:, column])


def test_a_stride_has_a_gyroscope_where_one_of_its_vectors_shows_it() -> None:
    for feature in VECTORS:
        with_it = features(2, {feature.name: np.outer([0.0, 0.1], FRONT)})
        assert with_it.has_gyro.tolist() == [False, feature in NEEDS_GYRO]


def test_a_site_is_inferred_from_all_that_is_free_of_the_mounting() -> None:
    whole = random_features(0, 7)
    names = [*FREE_FEATURES, *(feature.name for feature in (*SITE_SCALARS, *GYRO_SCALARS))]
    parts = [whole.free(), whole.site_scalars, whole.gyro_scalars]
    for with_gyro, count in ((False, 2), (True, 3)):
        inputs = whole.site_inputs(with_gyro=with_gyro)
        np.testing.assert_array_equal(inputs, np.hstack(parts[:count]))
        assert list(inputs) == names[: inputs.shape[1]]


def site_scalars(acceleration: FloatArray) -> dict[str, FloatArray]:
    """Site scalars by name, of strides away from the ends."""
    table = compute([signal_of(acceleration)], strides()).site_scalars[3:-3]
    return dict(zip((feature.name for feature in SITE_SCALARS), table.T, strict=True))


def test_site_scalars_of_known_waves() -> None:
    t = np.arange(int(20 * ANALYSIS_RATE_HZ)) / ANALYSIS_RATE_HZ
    once, twice = (np.sin(2 * np.pi * k * t / STRIDE_S) for k in (1, 2))
    force = np.stack([3 * once, np.zeros_like(t), 2 * twice + STANDARD_GRAVITY_MPS2], axis=1)
    shown = site_scalars(force)
    size = np.linalg.norm(force, axis=1)
    expected = {
        "log_period": np.log(STRIDE_S),
        "log_v_low": np.log(2 / np.sqrt(2)),
        "log_h_low": np.log(3 / np.sqrt(2)),
        "log_v_wide": np.log(2 / np.sqrt(2)),
        "log_h_wide": np.log(3 / np.sqrt(2)),
        "log_peak": np.log(size.max()),
        "log_v_2": 0.0,
        "log_h_1": 0.0,
    }
    for name, value in expected.items():
        # The edge of the bands at 0.5 Hz takes 6 % off a wave of 0.9 Hz.
        np.testing.assert_allclose(shown[name], value, atol=0.07, err_msg=name)
    assert max(shown["log_v_1"].max(), shown["log_h_2"].max()) < np.log(0.01)


def test_a_device_that_swings_tilts_more_and_one_at_rest_is_calm() -> None:
    t = np.arange(int(20 * ANALYSIS_RATE_HZ)) / ANALYSIS_RATE_HZ

    def swinging(swing_rad: float) -> dict[str, FloatArray]:
        angle = swing_rad * np.sin(2 * np.pi * t / STRIDE_S)
        level = np.zeros_like(t)
        force = np.stack([np.sin(angle), level, np.cos(angle)], axis=1)
        return site_scalars(STANDARD_GRAVITY_MPS2 * force)

    calm, wild = swinging(0.1), swinging(0.4)
    # The mean of a sine's square is a half, and the spread of a small angle half its square.
    np.testing.assert_allclose(calm["log_tilt"], np.log(0.1**2 / 4), atol=0.15)
    assert (wild["log_tilt"] > calm["log_tilt"] + 2).all()
    assert (calm["log_unrest"] < np.log(1e-3)).all()


def test_site_scalars_ignore_the_mounting() -> None:
    turn = Rotation.random(rng=np.random.default_rng(3)).as_matrix()
    plain, turned = (site_scalars(gait_like(FRONT) @ way.T) for way in (np.eye(3), turn))
    for name, values in plain.items():
        np.testing.assert_allclose(turned[name], values, atol=1e-6, err_msg=name)


def test_a_device_that_comes_to_rest_in_every_stride_has_a_way_and_others_have_none() -> None:
    way_m = pd.DataFrame(0.0, index=range(15), columns=list(WAY_COLUMNS))
    way_m["way_x_m"] = [0.1, 0.9, np.nan] * 5
    measured = compute([signal_of(gait_like(FRONT))], strides().join(way_m))
    length = measured.gyro_scalars[
        :, [feature.name for feature in GYRO_SCALARS].index("way_length")
    ]
    np.testing.assert_allclose(length, [0.5, 0.9, 0.0] * 5, atol=0.01)
    np.testing.assert_allclose(np.linalg.norm(measured.vector("way"), axis=1), length, atol=1e-6)
    assert not compute([signal_of(gait_like(FRONT))], strides()).gyro_scalars[:, -1].any()


def test_dot_products_of_moments_are_free_and_those_of_pointers_are_not_taken() -> None:
    whole = random_features(0, 7)
    free = whole.free()
    a, b = MOMENTS[0].name, MOMENTS[-1].name
    expected = np.einsum("ni,ni->n", whole.vector(a), whole.vector(b))
    np.testing.assert_allclose(free[f"{a}·{b}"], expected)
    assert not any(feature.name in column for feature in POINTERS for column in map(str, free))


@pytest.mark.parametrize("kind", [SCALARS, RATIOS, VECTORS, SITE_SCALARS, GYRO_SCALARS])
def test_every_feature_is_documented(kind: tuple[Feature, ...]) -> None:
    for feature in kind:
        assert feature.meaning
        assert feature.source
    assert len({feature.name for feature in kind}) == len(kind)
    assert len(set(FREE_FEATURES)) == len(FREE_FEATURES)
