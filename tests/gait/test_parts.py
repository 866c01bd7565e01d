"""Parts of the gait stage against the plain way to work each of them out."""

from __future__ import annotations

import importlib
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.special import expit

from retrodetect.gait import contacts, pace, period
from retrodetect.gait.contacts import find_contacts
from retrodetect.gait.movement import Movement, movement_of
from retrodetect.gait.period import PERIODS_S, stretches
from retrodetect.recording import STANDARD_GRAVITY_MPS2, FloatArray
from retrodetect.signal import ANALYSIS_RATE_HZ, HOP_S, WINDOW_S, Signal

detect = importlib.import_module("retrodetect.gait.detect")  # its function has the same name
RATE = ANALYSIS_RATE_HZ
few = settings(max_examples=8, deadline=None)
seeds = st.integers(0, 2**16)
UP = np.array([0.0, 0.6, 0.8])


def pulses(
    step_s: float, seconds: float = 20.0, size: float = 5.0
) -> tuple[FloatArray, FloatArray]:
    """(n, 3) a trunk that is hit at each step and sways with each stride; and when it is hit."""
    time_s = np.arange(int(seconds * RATE)) / RATE
    at_s = np.arange(1.0, seconds - 1.0, step_s)
    hit = np.exp(-0.5 * ((time_s[:, None] - at_s) / (0.08 * step_s)) ** 2).sum(axis=1)
    swing = np.where((time_s > 0.7) & (time_s < seconds - 0.7), 1.0, 0.0)
    sway = swing * np.sin(np.pi * (time_s - 1.0) / step_s)
    across = np.array([1.0, 0.0, 0.0])
    return (STANDARD_GRAVITY_MPS2 + size * hit)[:, None] * UP + sway[:, None] * across, at_s


def signal_of(force: FloatArray, *, gravity: bool = True, rate_hz: float = 100.0) -> Signal:
    up = np.tile(UP, (len(force), 1)) if gravity else None
    return Signal(3.0, force, up, None, rate_hz)


# Movement -----------------------------------------------------------------------------------


def test_movement_is_free_of_gravity_and_of_drift() -> None:
    force, _ = pulses(0.55)
    found = movement_of(signal_of(force))
    assert abs(found.moving.mean()) < 0.02
    assert found.vertical is not None
    np.testing.assert_allclose(found.vertical, found.moving @ UP)
    np.testing.assert_allclose(found.force, np.linalg.norm(force, axis=1))
    np.testing.assert_allclose(found.activity, np.abs(found.force - STANDARD_GRAVITY_MPS2))
    np.testing.assert_allclose(
        found.jerk[1:], np.linalg.norm(np.diff(force, axis=0), axis=1) * RATE
    )
    assert found.jerk[0] == 0


def test_without_gravity_there_is_no_vertical_and_rest_is_zero() -> None:
    found = movement_of(signal_of(pulses(0.55)[0], gravity=False))
    assert found.vertical is None
    np.testing.assert_array_equal(found.activity, found.force)
    assert found[10:20].vertical is None


@pytest.mark.parametrize(("hz", "passes"), [(0.1, False), (1.0, True), (4.0, True), (20.0, False)])
def test_movement_is_in_the_band_of_gait(hz: float, passes: bool) -> None:
    time_s = np.arange(2000) / RATE
    found = movement_of(signal_of(np.sin(2 * np.pi * hz * time_s)[:, None] * UP))
    size = np.linalg.norm(found.moving[500:1500], axis=1).max()
    assert size > 0.9 if passes else size < 0.15


def test_a_slow_sensor_has_a_narrower_band() -> None:
    time_s = np.arange(2000) / RATE
    force = np.sin(2 * np.pi * 6.0 * time_s)[:, None] * UP
    slow, fast = (movement_of(signal_of(force, rate_hz=hz)).moving for hz in (10.0, 100.0))
    assert np.abs(slow[500:1500]).max() < 0.6 * np.abs(fast[500:1500]).max()


def test_part_of_a_movement_is_that_part_of_everything() -> None:
    whole = movement_of(signal_of(pulses(0.55)[0]))
    part = whole[100:200]
    assert part.vertical is not None
    assert whole.vertical is not None
    assert part.held is not None
    assert whole.held is not None
    for a, b in (
        (part.moving, whole.moving), (part.vertical, whole.vertical), (part.force, whole.force),
        (part.activity, whole.activity), (part.jerk, whole.jerk), (part.held, whole.held),
    ):  # fmt: skip
        np.testing.assert_array_equal(a, b[100:200])


# Period -------------------------------------------------------------------------------------


@pytest.mark.parametrize("step_s", [0.32, 0.4, 0.5, 0.6, 0.75])
def test_the_stride_is_two_steps_at_any_pace(step_s: float) -> None:
    force = pulses(step_s, size=25.0 if step_s < 0.42 else 5.0)[0]
    (found,) = stretches(movement_of(signal_of(force)))
    np.testing.assert_allclose(found.period_s[100:-100], 2 * step_s, rtol=0.03)
    assert found.begin < 1.5 * RATE
    assert found.end > len(force) - 1.5 * RATE
    assert len(found.period_s) == found.end - found.begin


def test_the_period_follows_a_wearer_who_speeds_up() -> None:
    slow, quick = pulses(0.6)[0], pulses(0.45)[0]
    force = np.concatenate([slow[:900], quick[60:]])
    (found,) = stretches(movement_of(signal_of(force)))
    at = found.begin
    np.testing.assert_allclose(found.period_s[400 - at : 700 - at], 1.2, rtol=0.03)
    np.testing.assert_allclose(found.period_s[1200 - at : 1600 - at], 0.9, rtol=0.03)


@pytest.mark.parametrize("hz", [0.9, 1.8, 2.7, 5.0])
def test_a_pure_tone_is_no_gait(hz: float) -> None:
    time_s = np.arange(1000) / RATE
    force = STANDARD_GRAVITY_MPS2 + 4 * np.sin(2 * np.pi * hz * time_s)
    assert not stretches(movement_of(signal_of(force[:, None] * UP)))


@pytest.mark.parametrize(("seconds", "count"), [(1.7, 0), (1.9, 1), (4.5, 1)])
def test_a_run_too_short_for_two_strides_is_not_looked_at(seconds: float, count: int) -> None:
    force = pulses(0.36, size=25.0)[0][200 : 200 + int(seconds * RATE)]
    assert len(stretches(movement_of(signal_of(force)))) == count


def test_gentle_movement_is_not_gait() -> None:
    assert stretches(movement_of(signal_of(pulses(0.55)[0])))
    quiet = STANDARD_GRAVITY_MPS2 * UP + 0.05 * (pulses(0.55)[0] - STANDARD_GRAVITY_MPS2 * UP)
    assert not stretches(movement_of(signal_of(quiet)))


def test_two_stretches_share_what_lies_between_them() -> None:
    # Windows of 4 s every half second; for 3 s none is like gait.
    begin = np.append(np.arange(0, 500, 25), np.arange(650, 900, 25))
    every, none = np.ones(len(begin), bool), np.zeros(len(begin), bool)
    joined = period._joined(begin, np.full(len(begin), 1.1), every, none, every, 200, 1090)
    assert [(one.begin, one.end) for one in joined] == [(0, 662), (662, 1075)]
    assert all(len(one.period_s) == one.end - one.begin for one in joined)
    # None of the second half is sure: it is no gait.
    sure = begin < 500
    (only,) = period._joined(begin, np.full(len(begin), 1.1), sure, none, every, 200, 1090)
    assert (only.begin, only.end) == (0, 675)
    # To be brisk is enough for the ten windows of the second half, not for the twenty before.
    (short,) = period._joined(begin, np.full(len(begin), 1.1), none, every, every, 200, 1090)
    assert (short.begin, short.end) == (650, 1075)
    # What a window would reach beyond the run is cut off.
    (cut,) = period._joined(begin[:3], np.full(3, 1.1), every[:3], none[:3], every[:3], 200, 240)
    assert (cut.begin, cut.end) == (0, 240)


def test_stretches_are_apart_and_in_order() -> None:
    walk = pulses(0.55)[0]
    rest = np.tile(STANDARD_GRAVITY_MPS2 * UP, (400, 1))
    found = stretches(movement_of(signal_of(np.concatenate([walk, rest, walk, rest, walk]))))
    assert len(found) == 3
    for i, part in enumerate(found):
        assert part.begin == pytest.approx(1400 * i, abs=150)
        assert part.end == pytest.approx(1400 * i + 1000, abs=150)
        assert not i or part.begin >= found[i - 1].end


@few
@given(seeds, st.integers(100, 200))
def test_the_autocorrelation_is_the_mean_product_of_what_lies_apart(seed: int, n: int) -> None:
    windows = np.random.default_rng(seed).normal(size=(2, 3, n))
    windows -= windows.mean(axis=-1, keepdims=True)
    found = period._autocorrelation(windows)
    lags = PERIODS_S * RATE
    for window, row in zip(windows, found, strict=True):
        product = np.array([(window[:, : n - k] * window[:, k:]).sum() for k in range(n)])
        for lag, value in zip(lags, row, strict=True):
            if lag > period.MAX_LAG_SHARE * n:
                assert value == 0
            else:
                here = np.interp(lag, np.arange(n), product)
                assert value == pytest.approx(here / product[0] * n / (n - lag), abs=1e-9)


@few
@given(seeds)
def test_the_path_is_the_best_of_all(seed: int) -> None:
    score = np.random.default_rng(seed).normal(0, 3, (5, len(PERIODS_S)))
    log = np.log(PERIODS_S)
    change = np.minimum(14.0 * np.abs(log[:, None] - log), 5.0)
    reached, came = [score[0]], []
    for row in score[1:]:
        every = reached[-1][None] - change
        came.append(every.argmax(axis=1))
        reached.append(row + every.max(axis=1))
    best = [int(reached[-1].argmax())]
    for before in came[::-1]:
        best.append(int(before[best[-1]]))
    assert period._path(score).tolist() == best[::-1]


@few
@given(seeds)
def test_the_spread_of_windows_is_their_standard_deviation(seed: int) -> None:
    values = np.random.default_rng(seed).normal(9.8, 2, 60)
    begin = np.array([0, 7, 40])
    expected = [values[b : b + 20] for b in begin]
    np.testing.assert_allclose(period._window_spread(values, begin, 20), np.std(expected, axis=1))
    np.testing.assert_allclose(period._window_mean(values, begin, 20), np.mean(expected, axis=1))


@pytest.mark.parametrize("hz", [0.9, 1.8, 4.5])
def test_the_strongest_line_is_found_with_its_share(hz: float) -> None:
    time_s = np.arange(200) / RATE
    tone, other = np.sin(2 * np.pi * hz * time_s), np.sin(2 * np.pi * (hz + 5) * time_s)
    windows = np.stack(
        [np.stack([tone, 0 * tone, 0 * tone]), np.stack([tone, 0.5 * other, 0 * tone])]
    )
    share, line_hz = period._strongest_line(windows)
    np.testing.assert_allclose(line_hz, hz, atol=0.06)
    assert share == pytest.approx([0.99, 0.79], abs=0.02)
    short = period._strongest_line(windows[..., :199])
    assert not np.any(short)


def test_a_line_may_be_the_stronger_the_more_it_is_like_steps() -> None:
    line_hz, period_s = np.array([1.0, 1.9, 2.5, 3.9, 3.6]), np.array([1.0, 1.0, 0.8, 0.5, 1.1])
    assert period._line_limit(line_hz, period_s).tolist() == [
        period.STRIDE_LINE_LIMIT, period.SLOW_LINE_LIMIT, period.STEP_LINE_LIMIT,
        period.QUICK_LINE_LIMIT, period.QUICK_LINE_LIMIT,
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("sure", "windows", "expected"),
    [
        ("11100", [0, 1, 2, 3, 4], "11100"),
        ("11011", [0, 1, 2, 3, 4], "00000"),
        ("01111", [0, 1, 2, 3, 4], "01111"),
        ("11111", [0, 1, 5, 6, 7], "11111"),
        ("10111", [0, 1, 5, 6, 7], "00111"),
        ("1", [4], "1"),
        ("110", [4, 5, 6], "000"),
    ],
)
def test_sure_is_what_neighbours_are_sure_of_too(
    sure: str, windows: list[int], expected: str
) -> None:
    found = period._runs_of(np.array([mark == "1" for mark in sure]), np.array(windows))
    assert "".join("01"[int(mark)] for mark in found) == expected


def test_larger_movement_is_expected_to_be_quicker() -> None:
    likeliest = PERIODS_S[period._log_prior(np.array([0.6, 2.0, 7.0, 14.0])).argmax(axis=1)]
    assert likeliest == pytest.approx([1.46, 1.08, 0.7, 0.7], rel=0.04)


@pytest.mark.parametrize(
    ("size_mps2", "usual_s", "spread"), [(0.5, 1.08 * 4**0.25, 0.2), (3.0, 1.08, 0.2)]
)
def test_walks_are_as_long_as_others_walks_by_a_log_normal(
    size_mps2: float, usual_s: float, spread: float
) -> None:
    prior = np.interp(
        usual_s * np.exp(spread * np.array([0.0, 1.0, 0.5])),
        PERIODS_S,
        np.exp(period._log_prior(np.array([size_mps2]))[0]),
    )
    assert prior[1:] / prior[0] == pytest.approx(np.exp([-0.5, -0.125]), rel=0.02)


def test_runs_are_as_long_as_others_runs_by_a_log_normal() -> None:
    at_s = 0.7 * np.exp(0.16 * np.array([0.0, 1.0, -1.0]))
    prior = np.interp(at_s, PERIODS_S, np.exp(period._log_prior(np.array([40.0]))[0]))
    assert prior[1:] / prior[0] == pytest.approx(np.exp(-0.5), rel=0.04)


def test_what_moves_little_hardly_runs() -> None:
    # At 7 m/s² one of two movements, at 1 m/s² one of a hundred; and anything may be.
    at_s = [0.55, 0.7]
    slow, even = (
        np.interp(at_s, PERIODS_S, np.exp(period._log_prior(np.array([size]))[0]))
        for size in (1.0, 7.0)
    )
    walking = np.exp(-0.5 * (np.log(1.08 / 0.7) / 0.2) ** 2) / 0.2
    assert even[1] == pytest.approx(0.5 * (1 / 0.16 + walking), rel=0.02)
    quick = np.exp(-0.5 * (np.log(0.7 / 0.55) / 0.16) ** 2) / 0.16
    assert slow[0] == pytest.approx(0.01 * quick + 0.001, rel=0.05)


def test_windows_of_gait_grow_together_over_a_stumble_but_not_over_a_pause() -> None:
    hop, length = int(HOP_S * RATE), int(WINDOW_S * RATE)
    apart = int((period.MAX_PAUSE_S + HOP_S) * RATE)
    begin, later = np.array([0, 1, 2, 2, 3, 4]) * hop, np.repeat([0, 1], 3)
    period_s, sure = np.array([1.0, 1.0, 1.1, 1.2, 1.2, 1.2]), np.ones(6, dtype=bool)
    stumble, pause = begin + apart * later, begin + (apart + 1) * later
    (one,) = period._joined(stumble, period_s, sure, ~sure, ~sure, length, 1000)
    np.testing.assert_allclose(one.period_s[stumble + length // 2], period_s)
    first, second = period._joined(pause, period_s, sure, ~sure, ~sure, length, 1000)
    assert (first.period_s[-1], second.period_s[0]) == (1.1, 1.2)


@pytest.mark.parametrize(
    ("windows", "sure", "hard", "brisk", "is_gait"),
    [
        (20, 4, 10, 0, False), (20, 5, 10, 0, True), (20, 3, 11, 0, True), (20, 0, 20, 0, False),
        (16, 0, 3, 3, True), (17, 0, 3, 3, False),
    ],
)  # fmt: skip
def test_gentle_movement_is_gait_where_it_repeats_in_a_quarter_of_the_time(
    windows: int, sure: int, hard: int, brisk: int, is_gait: bool
) -> None:
    at = np.arange(windows)
    begin = at * int(HOP_S * RATE)
    flags = (at < count for count in (sure, brisk, hard))
    found = period._joined(begin, np.ones(windows), *flags, int(WINDOW_S * RATE), 1000)
    assert len(found) == is_gait


# Contacts -----------------------------------------------------------------------------------


def stepped(at_s: FloatArray, size_mps2: FloatArray, wide_s: float = 0.045) -> FloatArray:
    """(n, 3) a trunk that is hit so strongly at such moments."""
    time_s = np.arange(int((at_s[-1] + 2) * RATE)) / RATE
    hit = np.exp(-0.5 * ((time_s[:, None] - at_s) / wide_s) ** 2) @ size_mps2
    return np.asarray((STANDARD_GRAVITY_MPS2 + hit)[:, None] * UP)


@pytest.mark.parametrize("seed", range(3))
def test_a_step_that_is_early_or_late_is_found_where_it_is(seed: int) -> None:
    late_s = np.random.default_rng(seed).uniform(-0.05, 0.05, 40)
    at_s = 1.0 + 0.55 * np.arange(40) + late_s
    force = stepped(at_s, np.full(40, 5.0))
    found = find_contacts(movement_of(signal_of(force)), np.full(len(force), 1.1))
    off_s = found.at[:, None] / RATE + contacts.IMPACT_LEAD_S - at_s
    off_s = off_s[np.abs(off_s).argmin(axis=0), np.arange(40)][2:-2]
    assert off_s.std() < 0.25 * late_s.std()


def test_a_lone_step_leads() -> None:
    jerk = np.array([0.0, 1.0, 0.0])
    for cycles in ([4], [3], [1, 3], [0, 2]):
        at = np.linspace(0, 2, len(cycles))
        assert contacts._leading(jerk, at, np.array(cycles)).all()


@pytest.mark.parametrize("gravity", [True, False])
@pytest.mark.parametrize("step_s", [0.45, 0.55, 0.7])
def test_contacts_are_just_before_the_impacts(step_s: float, gravity: bool) -> None:
    force, at_s = pulses(step_s)
    if not gravity:
        force = force - STANDARD_GRAVITY_MPS2 * UP
    found = find_contacts(
        movement_of(signal_of(force, gravity=gravity)), np.full(len(force), 2 * step_s)
    )
    assert not found.one_foot
    assert len(found.at) == pytest.approx(len(at_s), abs=1)
    off_s = np.abs(found.at[:, None] / RATE + contacts.IMPACT_LEAD_S - at_s).min(axis=1)
    # After the last one the feet may be put together.
    assert off_s[:-1].max() < 0.04
    assert found.joined.tolist() == [False] + [True] * (len(found.at) - 1)
    assert (np.diff(found.leading.astype(int)) != 0).all()


def test_the_leading_foot_is_the_one_felt_more() -> None:
    step_s = 0.55
    force, at_s = pulses(step_s)
    time_s = np.arange(len(force)) / RATE
    harder = np.exp(-0.5 * ((time_s[:, None] - at_s[1::2]) / 0.03) ** 2).sum(axis=1)
    found = find_contacts(
        movement_of(signal_of(force + 3 * harder[:, None] * UP)), np.full(len(force), 2 * step_s)
    )
    off_s = np.abs(found.at[found.leading][:, None] / RATE + contacts.IMPACT_LEAD_S - at_s)
    assert set(off_s[:-1].argmin(axis=1) % 2) == {1}


def test_nothing_moves_where_there_are_no_contacts() -> None:
    force = np.tile(STANDARD_GRAVITY_MPS2 * UP, (500, 1))
    found = find_contacts(movement_of(signal_of(force)), np.full(500, 1.1))
    assert len(found.at) == len(found.joined) == len(found.leading) == 0
    assert not found.one_foot


def test_a_pause_leaves_its_steps_out() -> None:
    force, _ = pulses(0.55, size=2.5)
    pause = slice(400, 550)
    force[pause] = STANDARD_GRAVITY_MPS2 * UP
    found = find_contacts(movement_of(signal_of(force)), np.full(len(force), 1.1))
    assert not ((found.at > 430) & (found.at < 520)).any()
    assert (~found.joined).sum() == 2
    assert found.at[np.flatnonzero(~found.joined)[1]] == pytest.approx(550, abs=40)


def test_the_average_cycle_is_a_mean_by_phase() -> None:
    turns = np.arange(3200) / 320 + 0.5 / 320
    series = np.cos(2 * np.pi * turns)
    active = np.ones(3200, dtype=bool)
    found = contacts._profile(series, turns, active)
    middles = (np.arange(contacts.PROFILE_BINS) + 0.5) / contacts.PROFILE_BINS
    np.testing.assert_allclose(found, np.cos(2 * np.pi * middles), atol=0.02)
    # What is not active, and how many cycles came before, is no matter.
    active[1000:1900] = False
    series[1000:1900] = 99.0
    later = contacts._profile(series, turns + 7, active)
    np.testing.assert_allclose(later, np.cos(2 * np.pi * middles), atol=0.02)


def cycles_of(profile: FloatArray, count: int = 12) -> tuple[FloatArray, FloatArray]:
    """Equal cycles of PROFILE_BINS samples, and the phase in turns at each."""
    turns = (np.arange(count * len(profile)) + 0.5) / len(profile)
    return np.tile(profile, count), turns


def test_contact_in_running_is_where_the_body_lands() -> None:
    bins = np.arange(contacts.PROFILE_BINS)
    # Free fall up to bin 8, then a straight rise to the crest at bin 16, and down again.
    vertical = np.interp(bins, [0, 8, 16, 24, 31], [-9.0, -9.0, 11.0, -3.0, -9.0])
    series, turns = cycles_of(vertical)
    always = np.ones(len(series), dtype=bool)
    force = np.interp(series, [-9.0, 11.0], [0.5, 20.0])
    flying, lead_s = contacts._impact(series, force, turns - 0.5, always)
    assert lead_s == 0.0
    # A tenth of the way from -9 to 11 is passed 0.8 bins after the rise began.
    assert flying * contacts.PROFILE_BINS == pytest.approx(-8 + 0.8, abs=1.5)
    walking, lead_s = contacts._impact(series, np.full(len(series), 9.8), turns - 0.5, always)
    assert lead_s == contacts.IMPACT_LEAD_S
    assert walking * contacts.PROFILE_BINS == pytest.approx(0.0, abs=1.0)


def test_a_foot_lands_at_its_largest_jerk_shortly_before_it_stands_still() -> None:
    bins = np.arange(contacts.PROFILE_BINS)
    jerk = np.where(bins == 16, 5.0, 0.0) + np.where(bins == 6, 9.0, 0.0)
    activity = np.where((bins > 19) & (bins < 26), 0.0, 4.0)
    series, turns = cycles_of(np.stack([jerk, activity], axis=1).T[0])
    still = cycles_of(activity)[0]
    always = np.ones(len(series), dtype=bool)
    # The larger one, at bin 6, belongs to the foot's leaving the ground.
    landing = contacts._end_of_swing(series, still, turns, always)
    assert landing * contacts.PROFILE_BINS == pytest.approx(16.5, abs=0.01)


def test_no_contact_is_put_where_its_shape_would_reach_beyond_the_ends() -> None:
    shape = np.sin(np.linspace(0, 2 * np.pi, 11))
    series = np.zeros(400)
    for at in range(20, 400, 40):
        series[at - 5 : at + 6] += shape
    cycles = (np.arange(400) - 20) / 40
    at, response = contacts._aligned(series, cycles, np.ones(400, dtype=bool), 5)
    np.testing.assert_allclose(at, np.arange(20, 400, 40), atol=0.1)
    np.testing.assert_allclose(response[20:400:40], np.linalg.norm(shape - shape.mean()), rtol=0.05)


def test_a_shape_is_found_where_it_was_put() -> None:
    shape = np.sin(np.linspace(0, 2 * np.pi, 11))
    shape /= np.linalg.norm(shape)
    series = np.zeros(200)
    for at, size in ((50, 3.0), (120, 1.0)):
        series[at - 5 : at + 6] += size * shape
    place, likeness, response = contacts._similar(series, shape)
    for at, size in ((50, 3.0), (120, 1.0)):
        nearest = np.abs(place - at).argmin()
        assert place[nearest] == pytest.approx(at, abs=0.1)
        assert likeness[nearest] == pytest.approx(1.0, abs=0.02)
        assert response[at] == pytest.approx(size, abs=0.01)


@pytest.mark.parametrize(
    ("quiet", "feels"),
    [
        (np.arange(600) % 50 < 15, True),  # a foot in stance
        ((np.arange(600) < 90) | (np.arange(600) > 510), False),  # between two chairs
        (np.zeros(600, bool), False),
        (np.arange(30) < 10, True),  # less than a stride
    ],
)
def test_a_limb_that_feels_one_foot_is_still_in_each_stride(
    quiet: NDArray[np.bool_], feels: bool
) -> None:
    activity = np.where(quiet, 0.1, 5.0)
    strong, weak = np.full(len(quiet), 2.0 + 0j), np.full(len(quiet), 1.0 + 0j)
    assert contacts._feels_one_foot(activity, strong, weak, 50.0) == feels
    assert not contacts._feels_one_foot(activity, weak, strong, 50.0)


def test_a_weak_step_among_strong_ones_is_none_but_one_that_follows() -> None:
    def steps(strength: FloatArray, *, one_foot: bool = False) -> list[int]:
        return np.flatnonzero(contacts._steps(strength, response, one_foot)).tolist()

    strength, response = np.full(10, 1.5), np.full(10, 1.0)
    assert steps(strength) == list(range(10))
    strength[[0, 8, 9]] = 0.5
    assert steps(strength) == list(range(1, 9))
    assert steps(strength, one_foot=True) == list(range(10))
    assert steps(np.where(strength < 1, 0.41, strength)) == list(range(1, 8))
    assert steps(np.where(strength < 1, 0.3, strength), one_foot=True) == list(range(1, 8))
    response[4:6] = 0.1
    assert steps(strength) == [1, 2, 3, 6, 7, 8]
    assert steps(np.full(10, 0.3), one_foot=True) == []
    response = np.empty(0)
    assert steps(np.empty(0), one_foot=True) == []


@pytest.mark.parametrize(
    ("share", "off", "closes"), [(0.15, 0, True), (0.05, 0, False), (1, 6, False)]
)
def test_a_step_too_weak_to_show_its_moment_puts_the_feet_together(
    share: float, off: int, closes: bool
) -> None:
    at = np.array([0.0, 10.0, 20.0, 30.0, 45.0])
    step, standing = np.array([True, True, True, False, False]), np.zeros(5, bool)
    shown = np.zeros(50)
    shown[[0, 10, 20]], shown[28 + off] = 2.0, 2.0 * share
    contacts._bring_together(at, step, standing, shown)
    assert step.tolist() == [True, True, True, closes, False]
    assert at.tolist() == [0.0, 10.0, 20.0, 20 + 10 * contacts.LAST_STEP if closes else 30.0, 45.0]


def test_who_sits_down_after_a_step_does_not_put_the_feet_together() -> None:
    at, step = np.array([0.0, 10.0, 20.0, 30.0]), np.array([True, True, False, False])
    contacts._bring_together(at, step, ~step, np.ones(40))
    assert step.tolist() == [True, True, False, False]


def turned_by(deg: FloatArray) -> FloatArray:
    """(n, 3) gravity in a device that is turned by such angles."""
    return STANDARD_GRAVITY_MPS2 * np.stack(
        [np.sin(np.deg2rad(deg)), np.zeros(len(deg)), np.cos(np.deg2rad(deg))], axis=1
    )


@pytest.mark.parametrize(("deg", "leans"), [(0, False), (12, False), (18, True), (90, True)])
def test_who_is_seated_takes_no_step(deg: float, leans: bool) -> None:
    held = turned_by(np.where(np.arange(1000) < 125, deg, 0))
    at = np.arange(50.0, 1000, 50)
    every = np.ones(len(at), bool)
    found = contacts._leaning(held, at, every, 50.0)
    assert found.tolist() == [leans and bool(place < 125) for place in at]
    assert not contacts._leaning(None, at, every, 50.0).any()
    assert not contacts._leaning(held, at[:1], every[:1], 50.0).any()


@pytest.mark.parametrize(("deg", "leans"), [(28, True), (20, False)])
def test_who_is_still_standing_up_takes_no_step(deg: float, leans: bool) -> None:
    """Half of the way is less than who is seated leans; a small way is no standing up."""
    held = turned_by(np.interp(np.arange(1000), [125, 175], [deg, 0]))
    at = np.arange(50.0, 1000, 50)
    found = contacts._leaning(held, at, np.ones(len(at), bool), 50.0)
    assert found[at == 150] == leans
    assert not found[at > 150].any()


def test_a_device_turned_between_steps_is_a_walkers() -> None:
    sample = np.arange(1000)
    held = turned_by(np.where((sample >= 425) & (sample < 525), 40, 0))
    at = np.arange(50.0, 1000, 50)
    turned = (at > 425) & (at < 525)
    assert not contacts._leaning(held, at, np.ones(len(at), bool), 50.0).any()
    # Without two steps on both sides it is the end of the walk.
    for last in (500, 550):
        found = contacts._leaning(held, at, at <= last, 50.0)
        assert (found & (at <= last)).tolist() == turned.tolist()


# Strides ------------------------------------------------------------------------------------


@pytest.mark.parametrize(("steps", "halts"), [(60, []), (62, [0, 57])])
def test_who_takes_the_device_in_hand_halts_with_a_step_after_a_long_walk(
    steps: int, halts: list[int]
) -> None:
    step, leaning, response = np.ones(steps, bool), np.zeros(steps, bool), np.ones(steps)
    leaning[0] = leaning[57:] = True
    response[[0, 57]] = 0.5
    assert np.flatnonzero(contacts._halting(step, leaning, response)).tolist() == halts
    response[[0, 57]] = 0.49
    assert not contacts._halting(step, leaning, response).any()
    step[57], response[:] = False, 1.0
    assert np.flatnonzero(contacts._halting(step, leaning, response)).tolist() == halts[:1]


def strides_from(
    monkeypatch: pytest.MonkeyPatch, at: list[float], starts: list[int], leading: list[bool], *,
    one_foot: bool,
) -> tuple[list[float], list[list[float]]]:  # fmt: skip
    """Contacts and strides that follow from contacts a second apart, 1000 samples into a run."""
    joined = np.array([place not in starts for place in range(len(at))])
    found = contacts.Contacts(np.array(at), joined, one_foot, np.array(leading))
    monkeypatch.setattr(detect, "find_contacts", lambda *_: found)
    movement = movement_of(signal_of(np.zeros((1500, 3))))
    times, edges, _ = detect._steps(movement, period.Stretch(1000, 1400, np.full(400, 1.0)))
    return times.tolist(), edges.tolist()


def test_a_stride_on_the_trunk_goes_from_contact_to_contact_of_the_foot_that_is_felt_more(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    at, starts = [100.0, 125, 150, 175, 300, 325, 350], [0, 4]
    leading = [True, False] * 3 + [True]
    times, edges = strides_from(monkeypatch, at, starts, leading, one_foot=False)
    assert times == [1000 + place for place in at]
    assert edges == [[1100, 1150], [1300, 1350]]
    # Where the other foot leads, its contact before each series counts too.
    other = [not way for way in leading]
    _, edges = strides_from(monkeypatch, at, starts, other, one_foot=False)
    assert edges == [[1075, 1125], [1125, 1175], [1275, 1325]]


def test_a_stride_at_a_foot_goes_from_contact_to_contact_the_other_foots_are_between(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    found = strides_from(monkeypatch, [100.0, 150, 200], [0], [True] * 3, one_foot=True)
    assert found == (
        [1075, 1100, 1125, 1150, 1175, 1200],
        [[1050, 1100], [1100, 1150], [1150, 1200]],
    )


# Bouts --------------------------------------------------------------------------------------


def test_bouts_are_parted_by_pauses_and_hold_two_strides() -> None:
    start = np.array([0.0, 1.0, 2.0, 4.9, 8.9, 13.0, 14.0]) * RATE
    edges = np.stack([start, start + RATE], axis=1)
    kept, bout = detect._bouts(edges, detect.MIN_STRIDES)
    assert kept.all()
    assert bout.tolist() == [0, 0, 0, 0, 0, 1, 1]
    alone = edges.copy()
    alone[4] += 0.5 * RATE
    alone[5:] += 3 * RATE
    kept, bout = detect._bouts(alone, detect.MIN_STRIDES)
    np.testing.assert_array_equal(np.flatnonzero(~kept), [4])
    assert bout.tolist() == [0, 0, 0, 0, 1, 1]
    assert [len(part) for part in detect._bouts(np.empty((0, 2)), detect.MIN_STRIDES)] == [0, 0]


@pytest.mark.parametrize(
    ("odd", "end", "one_foot", "closes"),
    [
        (25, 500, False, True), (35, 335, False, True), (40, 500, False, False),
        (10, 500, False, False), (35, 334, False, False), (25, 500, True, False),
    ],
)  # fmt: skip
def test_an_odd_last_step_ends_its_bout_with_a_stride_around_it(
    odd: float, end: float, one_foot: bool, closes: bool
) -> None:
    edges = np.array([[0.0, 50.0], [50.0, 100.0], [225.0, 275.0]])
    bout, felt = np.array([0, 0, 1]), np.array([False, False, one_foot])
    times = np.array([0.0, 25, 50, 75, 100, 225, 250, 275, 275 + odd])
    after, closing = detect._closing(edges, bout, felt, times, end)
    assert after.tolist() == ([3] if closes else [])
    assert closing.tolist() == ([[275, 275 + odd + 25]] if closes else [])


def walk_between_chairs(
    deg: float, strides: int = 3, spare: int = 100
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """How a device is held, edges of strides and contacts: odd steps begin and end the walk."""
    begin, end = spare, spare + 50 * strides
    held = np.tile([0.0, 0.0, 9.81], (end + spare, 1))
    aside = np.deg2rad(deg)
    held[:begin] = held[end:] = 9.81 * np.array([np.sin(aside), 0.0, np.cos(aside)])
    edges = np.stack([np.arange(begin, end, 50), np.arange(begin, end, 50) + 50], axis=1)
    return held, edges.astype(float), np.arange(begin + 25.0, end, 25)


@pytest.mark.parametrize(
    ("deg", "strides", "spare", "seated"),
    [(31, 3, 100, True), (29, 3, 100, False), (90, 30, 100, True), (90, 31, 100, False),
     (90, 2, 2, True), (90, 2, 0, False), (90, 1, 100, False)],
)  # fmt: skip
def test_a_stride_of_one_step_beside_another_posture_is_standing_up_or_sitting_down(
    deg: float, strides: int, spare: int, seated: bool
) -> None:
    held, edges, times = walk_between_chairs(deg, strides, spare)
    ends = [0, strides - 1] if seated else []
    assert (
        np.flatnonzero(detect._seated(held, edges, np.zeros(len(edges), np.intp), times)).tolist()
        == ends
    )
    assert not detect._seated(None, edges, np.zeros(len(edges), np.intp), times).any()


def test_a_stride_of_two_steps_is_walked_whatever_follows() -> None:
    held, edges, times = walk_between_chairs(90)
    for contact, other in ((edges[0, 0], 2), (edges[-1, 1], 0)):
        at = np.sort(np.append(times, contact))
        assert np.flatnonzero(
            detect._seated(held, edges, np.zeros(len(edges), np.intp), at)
        ).tolist() == [other]


def test_no_stride_ends_nothing() -> None:
    none = np.empty(0)
    after, closing = detect._closing(
        np.empty((0, 2)), none.astype(np.intp), none.astype(bool), none, 100
    )
    assert (after.shape, closing.shape) == ((0,), (0, 2))
    assert not len(detect._seated(np.zeros((9, 3)), np.empty((0, 2)), none.astype(np.intp), none))


def test_a_stretch_in_which_no_step_shows_has_none() -> None:
    still = movement_of(signal_of(np.tile(STANDARD_GRAVITY_MPS2 * UP, (500, 1))))
    at, edges, _ = detect._steps(still, period.Stretch(100, 400, np.full(300, 1.1)))
    assert at.shape == (0,)
    assert edges.shape == (0, 2)


# Pace ---------------------------------------------------------------------------------------


def movement_like(n: int, seed: int) -> Movement:
    rng = np.random.default_rng(seed)
    return movement_of(signal_of(rng.normal(0, 6, (n, 3)) + STANDARD_GRAVITY_MPS2 * UP))


@few
@given(seeds)
def test_what_tells_running_is_period_bounce_size_flight_and_rest(seed: int) -> None:
    movement = movement_like(500, seed)
    edges = np.array([[20.0, 70.0], [70.0, 125.4], [200.0, 240.0]])
    found = pace.pace_features(movement, edges)
    assert movement.vertical is not None
    for row, (first, last) in zip(found, edges, strict=True):
        rows = slice(round(first), round(last))
        falling = movement.force[rows] < 0.35 * STANDARD_GRAVITY_MPS2
        still = movement.activity[rows] < 0.15 * STANDARD_GRAVITY_MPS2
        assert row == pytest.approx(
            [
                np.log((last - first) / RATE),
                0.5 * np.log((movement.vertical[rows] ** 2).mean()),
                0.5 * np.log((movement.moving[rows] ** 2).sum(axis=1).mean()),
                falling.mean(),
                still.mean(),
            ],
            abs=1e-5,
        )
    found = pace.pace_features(replace(movement, vertical=None, held=None), edges)
    np.testing.assert_allclose(found[:, 1], found[:, 2] - 0.5 * np.log(3), atol=1e-5)
    assert not found[:, 3].any()


def test_strides_in_which_nothing_moves_are_measured_too() -> None:
    movement = movement_of(signal_of(np.tile(STANDARD_GRAVITY_MPS2 * UP, (200, 1))))
    edges, bout = np.array([[20.0, 70.0], [70.0, 120.0]]), np.array([0, 0])
    assert np.isfinite(pace.pace_features(movement, edges)).all()
    for one_foot in (False, True):
        p_run = pace.probability_run(movement, edges, bout, np.full(2, one_foot))
        assert (p_run < 1e-6).all()


def test_strides_at_the_ends_of_a_run_are_measured_within_it() -> None:
    movement = movement_like(100, 0)
    found = pace.pace_features(movement, np.array([[-20.0, 40.0], [60.0, 130.0]]))
    inside = pace.pace_features(movement, np.array([[0.0, 40.0], [60.0, 99.0]]))
    np.testing.assert_allclose(found[:, 0], np.log([1.2, 1.4]))
    np.testing.assert_allclose(found[:, 1:], inside[:, 1:])
    before = pace.pace_features(movement, np.array([[-60.0, -0.4], [-0.4, 40.0]]))
    assert np.isfinite(before).all()


@few
@given(seeds)
def test_pace_is_smoothed_over_five_strides_of_the_same_bout(seed: int) -> None:
    movement = movement_like(900, seed)
    start = np.cumsum(np.random.default_rng(seed).uniform(35, 60, 14))
    edges = np.stack([start, start + 40], axis=1)
    bout = np.repeat([0, 1, 2], [6, 1, 7])
    one_foot = np.repeat([False, True], [7, 7])
    features = pace.pace_features(movement, edges)
    odds = features @ pace.WEIGHTS + pace.INTERCEPT
    odds[7:] = features[7:] @ pace.ONE_FOOT_WEIGHTS + pace.ONE_FOOT_INTERCEPT
    expected = [
        np.mean([odds[j] for j in range(14) if bout[j] == bout[i] and abs(i - j) <= 2])
        for i in range(14)
    ]
    found = pace.probability_run(movement, edges, bout, one_foot)
    np.testing.assert_allclose(found, expit(expected), atol=1e-9)
