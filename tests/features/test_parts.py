"""The steps by which features are measured, one by one, with numbers worked out by hand."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from handmade import AHEAD, LEFT, UP
from scipy.spatial.transform import Rotation
from scipy.stats import skew

from retrodetect.features import swing
from retrodetect.features.catalogue import HARMONICS, POINTERS, SWING_BINS, Feature
from retrodetect.features.compute import (
    _dot_products,
    _force_looks,
    _mean,
    _moment,
    _rms,
    _series,
    _sizes,
    _way,
    _yaw_rad,
)
from retrodetect.features.pointers import (
    SAMPLES,
    _amplitudes,
    _at,
    _coupled,
    _harmonics,
    _highest,
    _lean,
    _levelled,
    _Levers,
    _levers,
    _log_power,
    _pooled,
    _quietest_fifth,
    _rotation,
    _skewness,
    _Strides,
    _Turning,
    _unit,
    _with_gyro,
)
from retrodetect.features.swing import _along_swing, _from_stance_to_stance, _restlessness
from retrodetect.recording import STANDARD_GRAVITY_MPS2, FloatArray
from retrodetect.signal import ANALYSIS_RATE_HZ, Signal


def rng() -> np.random.Generator:
    return np.random.default_rng(1)


# Means and moments ------------------------------------------------------------------------------


def test_a_mean_is_over_the_samples_of_a_half_open_range():
    values = np.array([1.0, 2.0, 4.0, 8.0, 16.0])
    bounds = np.array([[0, 2], [1, 2], [2, 5], [0, 5]])
    np.testing.assert_array_equal(_mean(values, bounds), [1.5, 2.0, 28 / 3, 31 / 5])
    vectors = values[:, None] * [1.0, -1.0, 0.5]
    np.testing.assert_allclose(
        _mean(vectors, bounds), np.outer([1.5, 2, 28 / 3, 6.2], [1, -1, 0.5])
    )
    np.testing.assert_allclose(
        _rms(values, bounds)[:2], [np.sqrt(2.5) + 1e-6, 2 + 1e-6], rtol=1e-12
    )


def test_the_size_of_a_product_is_that_of_its_vectors():
    squares = {"v": 4, "dv": 9, "h": 25, "dh": 49, "hh": 25, "jj": 49, "hj": 1}
    factors = {name: np.full(4, np.sqrt(square)) for name, square in squares.items()}
    factors |= {"hh": np.full(4, 25.0), "jj": np.full(4, 49.0)}
    sizes = {name: size[0] for name, size in _sizes(factors, np.array([[0, 4]])).items()}
    expected = {"v": 2, "dv": 3, "h": 5, "dh": 7, "hh": 25, "jj": 49, "hj": 35}
    assert sizes == pytest.approx(expected, rel=1e-5)


def test_a_moment_is_the_mean_product_of_its_factors_over_their_sizes():
    series = {
        "low": {
            "v": np.array([1.0, 3.0, 9.0]),
            "dv": np.array([2.0, -1.0, 9.0]),
            "h": np.array([[1.0, 0.0, 2.0], [0.0, 4.0, 2.0], [9.0, 9.0, 9.0]]),
        }
    }
    rms = {"low": {name: np.array([value]) for name, value in {"v": 2, "dv": 3, "h": 5}.items()}}
    bounds = np.array([[0, 2]])

    def moment(*factors: str) -> FloatArray:
        return _moment(Feature("x", factors, "low", "", ""), series, rms, bounds)

    assert moment("v", "dv") == pytest.approx([(1 * 2 - 3 * 1) / 2 / (2 * 3)])
    assert moment("v", "v", "dv") == pytest.approx([(1 * 2 - 9 * 1) / 2 / (2 * 2 * 3)])
    np.testing.assert_allclose(moment("h", "v"), [np.array([1, 12, 8]) / 2 / (5 * 2)])
    np.testing.assert_allclose(moment("h", "v", "dv"), [np.array([2, -12, -2]) / 2 / (5 * 2 * 3)])


def signal_of(force: FloatArray, up: FloatArray = UP, source_hz: float = 100.0) -> Signal:
    return Signal(0.0, force, np.tile(up, (len(force), 1)), None, source_hz)


def test_yaw_is_the_angle_about_the_vertical_from_the_start_of_a_stride_to_its_end():
    signal = signal_of(np.zeros((int(10 * ANALYSIS_RATE_HZ), 3)))
    rate = np.tile(-0.5 * UP + 5.0 * AHEAD, (len(signal.acceleration_mps2), 1))
    turning = replace(signal, start_s=20.0, angular_rate_radps=rate)
    start_s, end_s = np.array([22.0, 29.5]), np.array([23.0, 31.0])
    # A stride that reaches beyond the run has turned until there.
    np.testing.assert_allclose(_yaw_rad(turning, start_s, end_s), [0.5, 0.25], atol=1e-9)
    assert _yaw_rad(signal, start_s, end_s).tolist() == [0.0, 0.0]


TIME_S = np.arange(1000) / ANALYSIS_RATE_HZ


def test_factors_of_a_wave_are_its_vertical_and_level_part_and_their_growth():
    """2 Hz lies in the middle of the low band; a growth is taken between neighbours."""
    turn = 2 * np.pi * 2.0
    wave, rise = np.sin(turn * TIME_S), np.cos(turn * TIME_S)
    up = np.array([0.6, 0.0, 0.8])
    level = np.array([0.8, 0.0, -0.6])
    force = np.outer(2 * wave, up) + np.outer(3 * wave, level) + np.outer(4 * rise, LEFT)
    series = _series(signal_of(force + 9.8 * up, up), "low")
    inner = slice(200, -200)
    slope = ANALYSIS_RATE_HZ * np.sin(turn / ANALYSIS_RATE_HZ)
    h = np.outer(3 * wave, level) + np.outer(4 * rise, LEFT)
    dh = slope * (np.outer(3 * rise, level) - np.outer(4 * wave, LEFT))
    expected = {
        "v": 2 * wave, "dv": 2 * slope * rise, "h": h, "dh": dh, "hh": (h * h).sum(axis=1),
        "jj": (dh * dh).sum(axis=1), "hj": (h * dh).sum(axis=1),
    }  # fmt: skip
    assert set(series) == set(expected)
    for name, values in expected.items():
        size = np.abs(values).max()
        np.testing.assert_allclose(series[name][inner], values[inner], atol=0.03 * size)


@pytest.mark.parametrize(("source_hz", "kept"), [(100.0, True), (15.0, False)])
def test_what_a_slow_recording_cannot_show_is_no_factor(source_hz, kept):
    """Waves of 8 Hz are in the wide band, but not below 0.42 of 15 Hz."""
    force = np.outer(np.sin(2 * np.pi * 8.0 * TIME_S), UP)
    v = _series(signal_of(force, source_hz=source_hz), "wide")["v"][200:-200]
    assert (np.abs(v).max() > 0.7) == kept
    assert (np.abs(v).max() < 0.3) != kept
    assert np.abs(_series(signal_of(force), "low")["v"][200:-200]).max() < 0.1


def test_a_force_looks_as_it_is_in_size_peak_and_spread_of_bearing():
    """Half a second level along one axis, at 1 g and at 3 g; then as long a quarter turn away."""
    force = np.repeat([[9.80665, 0, 0], [0, 9.80665, 0], [0, 0, 3 * 9.80665]], 500, axis=0)
    bounds = np.array([[100, 400], [250, 750], [1100, 1400], [480, 490]])
    unrest, peak, spread = np.exp(_force_looks(signal_of(force), bounds)).T
    np.testing.assert_allclose(peak, np.array([1, 1, 3, 1]) * 9.80665)
    np.testing.assert_allclose(unrest[2], 2 * 9.80665)
    # No less than a millionth, and one more that keeps it from nought.
    np.testing.assert_allclose(unrest[0], 1e-6, rtol=1e-3)
    np.testing.assert_allclose(spread[[0, 2]], 1e-6)
    # Two bearings at right angles sum to 1/√2 of their length.
    assert spread[1] == pytest.approx(1 - 1 / np.sqrt(2), abs=0.01)
    # A peak counts up to the last sample of a stride, not beyond it.
    late = np.exp(_force_looks(signal_of(force), np.array([[900, 1000], [900, 1001]])))[:, 1]
    np.testing.assert_allclose(late, [9.80665, 3 * 9.80665])


def test_a_way_is_level_and_half_as_long_for_a_decimetre():
    table = pd.DataFrame({"way_x_m": [0.1, 0.9, np.nan, 0.6], "way_y_m": 0.0, "way_z_m": 0.0})
    up = np.array([UP, UP, UP, [0.6, 0.0, 0.8]])
    # Of 0.6 m along an axis that rises by 0.6, 0.48 m are level.
    level = 0.48 / 0.58 * np.array([0.8, 0.0, -0.6])
    np.testing.assert_allclose(_way(table, up), [0.5 * AHEAD, 0.9 * AHEAD, 0 * AHEAD, level])
    assert not _way(table[[]], up).any()


def test_dot_products_are_those_of_each_with_itself_and_those_after_it():
    vectors = rng().normal(size=(3, 4, 3))
    found = _dot_products(vectors)
    expected = [
        [stride[i] @ stride[j] for i in range(4) for j in range(i, 4)] for stride in vectors
    ]
    np.testing.assert_allclose(found, expected)


# Turning vectors --------------------------------------------------------------------------------


def test_forces_are_turned_by_the_least_rotation_that_levels_them():
    mean_up = np.array([[0.0, 0.0, 1.0]])
    tilt = Rotation.from_rotvec(np.deg2rad([[0, 30, 0], [-45, 20, 0], [0, 0, 0], [100, 0, 0]]))
    forces = rng().normal(size=(4, 3))
    # Vertical in the device frame: turned back, it is the third axis.
    up = tilt.inv().apply(UP)
    found = _levelled(forces[None], up[None], mean_up)[0]
    np.testing.assert_allclose(found, tilt.apply(forces), atol=1e-12)
    # A device upside down has no least rotation, and keeps what it reads.
    upside_down = np.array([[-UP]])
    np.testing.assert_allclose(_levelled(forces[None, :1], upside_down, mean_up)[0], forces[:1])
    # Beyond 154°, what turns is scaled by 1 / (1 - 0.9).
    askew = Rotation.from_rotvec([0.0, np.deg2rad(170), 0.0])
    axis = np.cross(askew.inv().apply(UP), UP)
    turned = np.cross(axis, forces[0])
    expected = forces[0] + turned + np.cross(axis, turned) / 0.1
    found = _levelled(forces[None, :1], askew.inv().apply(UP)[None, None], mean_up)
    np.testing.assert_allclose(found[0, 0], expected)


def test_values_between_samples_lie_on_a_line_and_end_at_the_ends():
    values = np.array([[0.0, 1.0], [10.0, 2.0], [40.0, 4.0]])
    moments = np.array([[-3.0, 0.0, 0.25], [1.0, 1.5, 2.0], [2.5, 99.0, 0.5]])
    found = _at(values, moments)
    np.testing.assert_allclose(found[:, :, 0], [[0, 0, 2.5], [10, 25, 40], [40, 40, 5]])
    np.testing.assert_allclose(found[:, :, 1], [[1, 1, 1.25], [2, 3, 4], [4, 4, 1.5]])
    np.testing.assert_array_equal(_at(values[:1], moments), np.broadcast_to([0.0, 1.0], (3, 3, 2)))


def test_skewness_is_that_of_the_values_and_nought_of_a_constant():
    values = rng().exponential(size=(4, 50))
    np.testing.assert_allclose(_skewness(values), skew(values, axis=1))
    np.testing.assert_array_equal(_skewness(np.full((1, 50), 3.0)), [0.0])


def test_a_unit_vector_keeps_its_way_and_nought_stays_nought():
    np.testing.assert_allclose(
        _unit(np.array([[0.0, 3.0, 4.0], [0.0, 0.0, 0.0]])), [[0, 0.6, 0.8], [0, 0, 0]]
    )


def test_the_highest_frequency_is_what_is_asked_for_or_what_the_recording_shows():
    force = np.zeros((10, 3))
    assert _highest(signal_of(force, source_hz=100.0), 15.0) == 15.0
    assert _highest(signal_of(force, source_hz=20.0), 15.0) == pytest.approx(8.4)
    assert _highest(signal_of(force, source_hz=50.0), np.inf) == pytest.approx(21.0)


# Strides ----------------------------------------------------------------------------------------


def test_strides_are_measured_around_their_middle_from_the_start_of_the_run():
    signal = Signal(2.0, np.zeros((201, 3)), np.zeros((201, 3)), None, 100.0)
    strides = _Strides.of(signal, np.array([2.5, 1.9, 5.8]), np.array([3.5, 2.3, 6.9]))
    np.testing.assert_allclose(strides.middle, [50.0, 5.0, 217.5])
    np.testing.assert_allclose(strides.length, [50.0, 20.0, 55.0])
    # From first to last sample of the stride, none beyond the run, and at least one.
    np.testing.assert_array_equal(strides.bounds(), [[25, 75], [0, 15], [190, 201]])
    outside = _Strides(np.array([-40.0, 400.0]), np.array([50.0, 50.0]), 200)
    np.testing.assert_array_equal(outside.bounds(), [[0, 1], [200, 201]])
    around = strides.around(2.0)
    assert around.shape == (3, SAMPLES)
    np.testing.assert_allclose(around[0, [0, -1]], [0.0, 100.0])
    np.testing.assert_allclose(np.diff(around[0]), 100 / (SAMPLES - 1))
    np.testing.assert_allclose(strides.rows(slice(1, 3)).around(1.0)[:, 0], [-5.0, 190.0])


def test_sums_are_pooled_over_neighbouring_strides():
    sums = np.array([1.0, 2.0, 4.0, 8.0])
    begin, end = np.array([0, 0, 1, 3]), np.array([2, 4, 3, 4])
    np.testing.assert_array_equal(_pooled(sums, begin, end), [3.0, 15.0, 6.0, 8.0])


# Harmonics --------------------------------------------------------------------------------------


def window(*waves: tuple[int, float, FloatArray]) -> FloatArray:
    """Two strides in which vectors swing so often in each, so many radians late."""
    phase = 2 * np.pi * 2 * np.linspace(-0.5, 0.5, SAMPLES)
    return sum(np.outer(np.cos(k * phase - lag), axis) for k, lag, axis in waves)[None]


@pytest.mark.parametrize("k", HARMONICS)
def test_an_amplitude_is_half_that_of_its_wave_with_its_phase(k):
    values = 5.0 + window((k, 0.0, 2 * UP), (k, np.pi / 2, 3 * AHEAD), (k, 0.4, LEFT))
    along, level = _amplitudes(values, UP[None])
    here = HARMONICS.index(k)
    assert along[0, here] == pytest.approx(1.0, abs=0.03)
    np.testing.assert_allclose(level[0, here], [-1.5j, 0.5 * np.exp(-0.4j), 0], atol=0.05)
    # Hann's weights leave a little to the neighbours, and nothing farther off.
    far = [i for i, other in enumerate(HARMONICS) if abs(other - k) > 0]
    assert np.abs(along[0, far]).max() < 0.05
    tilted_up = np.array([[0.6, 0.0, 0.8]])
    along, level = _amplitudes(values, tilted_up)
    np.testing.assert_allclose(np.einsum("nki,ni->nk", level, tilted_up), 0, atol=1e-12)


def test_coupled_amplitudes_are_conjugate_products_over_the_size_of_all():
    along = np.array([[1.0, 2j, 0, 0]])
    level = np.zeros((1, 4, 3), complex)
    level[0, 0] = [3j, 0, 0]
    level[0, 1] = [0, 4.0, 0]
    size = np.sqrt((1 + 4) * (9 + 16))
    found = _coupled(level, along)
    np.testing.assert_allclose(found[0, 0], np.array([3j, 0, 0]) / size, rtol=1e-6)
    np.testing.assert_allclose(found[0, 1], np.array([0, 4.0, 0]) * -2j / size, rtol=1e-6)
    in_phase, quadrature = _harmonics(along, level)
    np.testing.assert_allclose(in_phase + 1j * quadrature, found)
    assert not _coupled(0 * level, 0 * along).any()


def test_power_is_shared_among_harmonics():
    along = np.array([[1.0, 1j, np.sqrt(2), 0.0]])
    level = np.zeros((1, 4, 3), complex)
    level[0, 0], level[0, 3] = [3, 0, 0], [0, 4j, 0]
    shares = np.exp(_log_power(along, level)) - 1e-4
    expected = [[1 / 4, 1 / 4, 1 / 2, 0, 9 / 25, 0, 0, 16 / 25]]
    np.testing.assert_allclose(shares, expected, atol=1e-6)


def test_a_lean_is_that_of_the_upper_end_in_quadrature_to_the_vertical_force():
    """A turn about the axis to the left leans ahead; its angle is a quarter later than its rate."""
    force = window((1, 0.0, UP))
    v_k, _ = _amplitudes(force, UP[None])
    # The rate of an angle that is a quarter late is in phase.
    found = _lean(v_k, window((1, 0.0, LEFT)), UP[None])
    np.testing.assert_allclose(found[0, 0], -AHEAD, atol=0.05)
    early = _lean(v_k, window((1, np.pi, LEFT)), UP[None])
    np.testing.assert_allclose(early[0, 0], AHEAD, atol=0.05)
    in_phase = _lean(v_k, window((1, np.pi / 2, LEFT)), UP[None])
    np.testing.assert_allclose(in_phase[0, 0], 0 * AHEAD, atol=0.05)
    across = _lean(v_k, window((1, 0.0, AHEAD)), UP[None])
    np.testing.assert_allclose(across[0, 0], LEFT, atol=0.05)


# Rotation ---------------------------------------------------------------------------------------


def test_the_quietest_fifth_is_where_a_fifth_around_turns_least():
    """Thirteen samples around each are averaged, from one end of the stride to the other."""
    rate, angle = rng().normal(size=(2, 3, SAMPLES))
    expected = []
    for one, other in zip(rate, angle, strict=True):
        around = [np.abs(one[np.arange(i - 6, i + 7) % SAMPLES]).mean() for i in range(SAMPLES)]
        expected.append(other[around <= np.quantile(around, 0.2)].mean())
    np.testing.assert_allclose(_quietest_fifth(angle, rate), expected)


def turning(
    rate: FloatArray,
    *,
    up: FloatArray | None = None,
    linear: FloatArray | None = None,
    to_force: FloatArray | None = None,
    fits: FloatArray | None = None,
) -> _Turning:
    count = len(rate)
    return _Turning(
        rate,
        np.tile(UP, (count, 1)) if up is None else up,
        np.zeros((count, 3)) if linear is None else linear,
        np.zeros((count, 3, 3)) if to_force is None else to_force,
        np.ones(count, dtype=bool) if fits is None else fits,
        42.0,
    )


STRIDE = 64
ONE = _Strides(np.array([128.0]), np.array([float(STRIDE)]), 256)
"""From sample 96 to 160 of 257."""


def test_a_rotation_is_read_across_its_main_level_axis():
    """By sums over the 64 moments of the stride, as a plain loop would take them."""
    phase = 2 * np.pi * np.arange(257) / STRIDE
    fast = 1.0 * np.cos(phase) + 0.6 * np.cos(2 * phase + 0.4)
    rate = (
        np.outer(fast, LEFT) + np.outer(0.2 * np.sin(phase), AHEAD) + np.outer(0.3 + 0.5 * fast, UP)
    )
    push = rng().gamma(4.0, size=(1, SAMPLES, 1)) * AHEAD
    force = np.concatenate([np.zeros((1, 16, 3)), push[:, 16:48], np.zeros((1, 16, 3))], axis=1)
    found, looks = _rotation(turning(rate + 0.7 * LEFT), ONE, force, UP[None])
    moments = 128 + STRIDE * np.linspace(-0.5, 0.5, SAMPLES)
    read = np.stack([np.interp(moments, np.arange(257), rate[:, i]) for i in range(3)], axis=1)
    read -= read.mean(axis=0)
    about = np.linalg.eigh(read[:, :2].T @ read[:, :2])
    main = np.append(about.eigenvectors[:, 1], 0.0)
    main *= np.sign(main[1])
    across = np.cross(main, UP)
    level = read @ main
    angle = -np.cumsum(level)
    angle -= angle.mean()
    strengths = [
        skew(angle), _quietest_fifth(angle[None], level[None])[0] / angle.std(), skew(level),
        skew(force[0, 16:48] @ across),
    ]  # fmt: skip
    np.testing.assert_allclose(found[0], np.outer(strengths, across), atol=1e-5)
    # Along the axis that the lower end swings: a turn to the left takes it back.
    assert across[0] > 0.9
    power = (read**2).mean(axis=0)
    total = power[:2].sum()
    expected = [
        0.5 * np.log(total),
        about.eigenvalues[1] / SAMPLES / total,
        0.5 * np.log(power[2] / total),
    ]
    np.testing.assert_allclose(looks[0], expected, atol=1e-5)


def test_no_skewness_counts_for_more_than_two():
    rate = np.zeros((257, 3))
    rate[128] = 50 * LEFT
    found, _ = _rotation(turning(rate), ONE, np.zeros((1, SAMPLES, 3)), UP[None])
    assert np.abs(found[0, 2, 0]) == pytest.approx(2.0)
    assert np.abs(found).max() == pytest.approx(2.0)


# Levers -----------------------------------------------------------------------------------------


def levers_of(lever_m: FloatArray, *, bouts: list[int], noise: float = 0.0) -> _Levers:
    """Strides of 64 samples each with a lever of its own, whose segment turns slowly and fast."""
    count = STRIDE * (len(bouts) + 2)
    t = np.arange(count) / ANALYSIS_RATE_HZ
    late_rad = rng().uniform(0, 2 * np.pi, (3, 1, 9))
    waves = np.sin(2 * np.pi * np.array([0.8, 1.1, 4.0])[:, None, None] * t[:, None] + late_rad)
    to_force = waves.sum(axis=0).reshape(-1, 3, 3)
    number = np.clip(np.arange(count) // STRIDE - 1, 0, len(bouts) - 1)
    linear = np.einsum("tij,tj->ti", to_force, np.asarray(lever_m)[number])
    linear = linear + noise * rng().normal(size=linear.shape)
    middle = STRIDE * (np.arange(len(bouts)) + 1.5)
    strides = _Strides(middle, np.full(len(bouts), float(STRIDE)), count - 1)
    return _levers(turning(0 * linear, linear=linear, to_force=to_force), strides, np.array(bouts))


def test_a_lever_is_found_by_least_squares_in_every_band():
    lever_m = np.array([0.1, -0.05, 0.2])
    found = levers_of(np.tile(lever_m, (5, 1)), bouts=[0] * 5)
    np.testing.assert_allclose(found.lever_m[2], np.tile(lever_m, (3, 1)), rtol=0.02)
    np.testing.assert_allclose(found.share[2], 1.0, atol=0.01)
    np.testing.assert_allclose(found.arm_m[2], lever_m, rtol=0.02)
    first = found.rows(slice(1, 3))
    np.testing.assert_array_equal(first.lever_m, found.lever_m[1:3])
    np.testing.assert_array_equal(first.share, found.share[1:3])
    np.testing.assert_array_equal(first.arm_m, found.arm_m[1:3])


def test_the_share_of_a_lever_is_what_it_explains():
    lever_m = np.array([0.3, 0.0, 0.0])
    loud = levers_of(np.tile(lever_m, (9, 1)), bouts=[0] * 9, noise=0.6)
    share = loud.share[4]
    assert (share > 0.02).all()
    assert (share < 0.9).all()
    assert np.isfinite(loud.lever_m).all()


def test_three_strides_on_either_side_in_the_bout_share_a_lever():
    """The eighth of twelve strides alone has a lever of its own."""
    lever_m = np.zeros((12, 3))
    lever_m[7] = [0.7, 0.0, 0.0]
    alike = levers_of(lever_m, bouts=[0] * 12).lever_m[:, 1, 0]
    np.testing.assert_allclose(alike[4:9], 0.1, atol=0.03)
    np.testing.assert_allclose(alike[:3], 0.0, atol=0.02)
    assert alike[11] < 0.03
    cut = levers_of(lever_m, bouts=[0] * 7 + [1] * 5).lever_m[:, 1, 0]
    np.testing.assert_allclose(cut[:6], 0.0, atol=0.02)
    # Of the next bout, four strides, then five, share it.
    assert cut[7] == pytest.approx(0.7 / 4, abs=0.04)
    assert cut[8] == pytest.approx(0.7 / 5, abs=0.03)


def heard(
    lever_m: FloatArray, share: FloatArray, *, size: float = 1.0, fits: FloatArray | None = None
) -> tuple[dict[str, FloatArray], FloatArray]:
    """Pointers of one stride of a segment that nods by such a rate, with given levers."""
    rate = np.outer(size * np.cos(2 * np.pi * np.arange(257) / STRIDE), LEFT)
    levers = _Levers(lever_m[None], share[None], np.zeros((1, 3)))
    force = np.tile(9.8 * UP, (1, SAMPLES, 1))
    vectors, scalars = _with_gyro(turning(rate, fits=fits), ONE, force, levers)
    names = [feature.name for feature in POINTERS if not feature.name.endswith("_fixed")]
    return dict(zip(names, vectors[0], strict=True)), scalars[0]


def test_a_lever_points_level_outward_and_is_as_long_as_the_root_of_its_share():
    lever_m = np.array([[0.06, 0.08, 0.4], [0.0, 0.2, -1.0], [0.0, -0.1, 0.0]])
    found, scalars = heard(lever_m, np.array([0.25, 1.2, 0.81]))
    np.testing.assert_allclose(found["lever_low"], 0.5 * np.array([0.6, 0.8, 0.0]), atol=1e-6)
    np.testing.assert_allclose(found["lever_mid"], LEFT, atol=1e-6)
    np.testing.assert_allclose(found["lever_high"], -0.9 * LEFT, atol=1e-6)
    np.testing.assert_allclose(scalars[-6:], [0.1, 0.2, 0.1, 0.25, 1.2, 0.81], atol=1e-6)
    assert scalars[0] == pytest.approx(np.log(1 / np.sqrt(2)), abs=0.02)


@pytest.mark.parametrize(
    ("lengths_m", "audible"),
    [
        ((0.1, 0.1, 0.1), (True, True, True)),
        ((0.029, 0.031, 0.349), (False, True, True)),
        ((0.1, 0.351, 0.029), (False, False, False)),
        ((0.1, 0.1, 0.5), (True, True, False)),
        ((0.1, 0.5, 0.1), (True, False, True)),
    ],
)
def test_levers_are_heard_that_a_body_has_and_the_lowest_band_not_alone(lengths_m, audible):
    found, scalars = heard(np.outer(lengths_m, AHEAD), np.ones(3))
    levers = [found[f"lever_{band}"] for band in ("low", "mid", "high")]
    assert tuple(bool(lever.any()) for lever in levers) == audible
    np.testing.assert_allclose(scalars[-6:-3], lengths_m, atol=1e-6)


def test_a_lever_is_told_no_longer_than_a_metre():
    _, scalars = heard(np.outer([7.0, 0.9, 1.1], AHEAD), np.ones(3))
    np.testing.assert_allclose(scalars[-6:-3], [1.0, 0.9, 1.0], atol=1e-6)


def test_nothing_is_heard_of_a_segment_that_hardly_turns_or_whose_gyroscope_does_not_fit():
    levers = np.outer([0.1, 0.1, 0.1], AHEAD), np.ones(3)
    # A rate of 0.05 rad/s, root mean square.
    for size, audible in ((0.08, True), (0.065, False)):
        found, scalars = heard(*levers, size=size)
        assert any(vector.any() for vector in found.values()) == audible
        assert scalars.any() == audible
    elsewhere = np.arange(257) != 128
    assert not heard(*levers, fits=elsewhere)[1].any()
    assert heard(*levers, fits=~elsewhere)[1].any()


# Swing ------------------------------------------------------------------------------------------


def test_a_foot_is_restless_by_its_jerk_and_its_departure_from_one_g():
    """10 m/s³ count as much as 1 m/s²; it is judged over seven samples."""
    force = np.tile([0.0, 0.0, STANDARD_GRAVITY_MPS2], (60, 1))
    force[30:] += [0.0, 0.0, 2.0]
    expected = np.zeros(60)
    expected[30:] += 2.0
    # A step between neighbours is a slope of one metre per second squared over each of two.
    expected[29:31] += 1.0 * ANALYSIS_RATE_HZ / 10
    smooth = np.convolve(expected, np.ones(7) / 7, "same")
    np.testing.assert_allclose(_restlessness(force), smooth, atol=1e-9)


def test_a_swing_is_told_at_equal_times_between_the_shares_of_its_energy():
    """Of 48 moments the middle twenty hold all energy, each as much: 5 % lie before the second."""
    h = np.zeros((1, 48, 3))
    h[0, 14:34] = np.outer(np.arange(1, 21), AHEAD)
    power = np.zeros((1, 48))
    power[0, 14:34] = 1.0
    found = _along_swing(h, power)
    # From the first moment at which 5 % are there to the first at which 95 % are.
    at = np.linspace(14, 32, SWING_BINS)
    assert found.shape == (1, SWING_BINS, 3)
    np.testing.assert_allclose(found[0, :, 0], np.interp(at, np.arange(48), h[0, :, 0]))
    # A stride at rest, or whose energy lies in one moment, has no swing, and is finite.
    assert not _along_swing(0 * h, 0 * power).any()
    ramp = np.outer(np.arange(48.0) ** 2, AHEAD)[None]
    for moments, told in (([47], [47] * SWING_BINS), ([46, 47], np.linspace(46, 47, SWING_BINS))):
        late = np.zeros((1, 48))
        late[0, moments] = 1.0
        found = _along_swing(ramp, late)[0, :, 0]
        np.testing.assert_allclose(found, np.interp(told, np.arange(48), ramp[0, :, 0]))


@pytest.mark.parametrize(("first", "begin"), [(100, 110), (201, 211), (202, 164), (212, 174)])
def test_a_stride_is_cut_where_it_is_quietest_or_a_stride_earlier_at_the_end_of_the_run(
    monkeypatch, first, begin
):
    """Strides of 48 samples, quietest at the eleventh; the run ends with sample 259."""
    force = np.outer(np.arange(260.0) ** 2, AHEAD)
    monkeypatch.setattr(swing, "_smooth", lambda signal: force)
    monkeypatch.setattr(swing, "_restlessness", lambda _: np.abs(np.arange(260) - first - 10.0))
    stride, stance = _from_stance_to_stance(signal_of(force), np.array([[first, first + 48]]))
    expected = np.interp(begin + np.linspace(0, 48, 48), np.arange(260), force[:, 0])
    np.testing.assert_allclose(stride[0], np.outer(expected, AHEAD))
    np.testing.assert_allclose(stance[0], expected[[0, 1, -2, -1]].mean() * AHEAD)
