"""Speed and height, second by second."""

import numpy as np
import pytest

from retrodetect.recording import Recording
from retrodetect.tally.energy import Course


def course(seconds=10, rate_hz=10.0, **channels):
    time_s = np.arange(round(seconds * rate_hz)) / rate_hz
    still = np.tile([0, 0, 9.81], (len(time_s), 1))
    values = {name: np.resize(value, len(time_s)) for name, value in channels.items()}
    return Course.of(Recording("made", time_s, still, rate_hz, "made", channels=values))


@pytest.mark.parametrize(
    ("pressure_hpa", "height_m"),
    [(1013.25, 0.0), (954.61, 500.0), (898.75, 1000.0), (794.95, 2000.0), (1037.51, -200.0)],
)
def test_heights_are_those_of_the_standard_atmosphere(pressure_hpa, height_m):
    assert course(pressure_hpa=pressure_hpa).height_m == pytest.approx(height_m, abs=0.3)


def test_each_second_has_the_mean_of_what_is_known_in_it():
    speed = np.concatenate([np.arange(10.0), [np.nan] * 5, np.full(5, 3.0), np.full(10, np.nan)])
    found = course(3, speed_mps=speed)
    assert found.time_s.tolist() == [0.5, 1.5, 2.5]
    assert found.speed_mps[:2].tolist() == [4.5, 3.0]
    assert np.isnan(found.speed_mps[2])
    assert np.isfinite(found.speed_mps).any()


def test_seconds_without_samples_are_left_out():
    time_s = np.array([0.2, 0.4, 7.0, 7.5])
    made = Recording(
        "made", time_s, np.ones((4, 3)), 2.0, "made",
        channels={"altitude_m": np.array([1.0, 3.0, 5.0, 5.0])},
    )  # fmt: skip
    found = Course.of(made)
    assert found.time_s.tolist() == [0.5, 7.5]
    assert found.height_m.tolist() == [2.0, 5.0]


def test_standing_has_a_speed_and_a_receiver_without_a_fix_has_none():
    assert course(2, speed_mps=0.0).speed_mps.tolist() == [0.0, 0.0]
    assert course(2, speed_mps=0.4).speed_mps == pytest.approx([0.4, 0.4])
    none = course(2, speed_mps=-1.0)
    assert np.isnan(none.speed_mps).all()
    assert np.isnan(none.speed_mps).all()


def test_a_barometer_goes_before_the_receiver_and_is_surer():
    both = course(2, pressure_hpa=1013.25, altitude_m=300.0)
    assert both.height_m == pytest.approx(0.0, abs=0.1)
    assert both.sure_m == 1.0
    receiver = course(2, pressure_hpa=np.nan, altitude_m=300.0)
    assert receiver.height_m == pytest.approx(300.0)
    assert receiver.sure_m == 5.0


@pytest.mark.parametrize("channels", [{}, {"heart_rate": 90.0}])
def test_where_no_channel_tells_there_is_no_course(channels):
    found = course(5, **channels)
    assert len(found.time_s) == len(found.speed_mps) == len(found.height_m) == 0
    assert np.isnan(found.sure_m)
    assert np.isnan(found.mean_speed_mps(0, 5))
    assert np.isnan(found.climb_m(0, 5))


def test_a_recording_without_samples_has_no_course():
    empty = Recording(
        "made", np.empty(0), np.empty((0, 3)), 10.0, "made", channels={"speed_mps": np.empty(0)}
    )
    assert len(Course.of(empty).time_s) == 0


TEN = Course(np.arange(10) + 0.5, np.arange(10.0), np.arange(10.0) * 3, 1.0)


def test_a_mean_speed_is_of_the_seconds_that_touch():
    assert TEN.mean_speed_mps(2.0, 4.0) == np.mean([1, 2, 3, 4])
    assert TEN.mean_speed_mps(2.2, 3.8) == np.mean([2, 3])
    assert np.isnan(TEN.mean_speed_mps(30.0, 40.0))


@pytest.mark.parametrize(("known", "expected"), [(4, np.nan), (5, 1.5), (10, 1.5)])
def test_a_speed_known_for_less_than_half_of_the_time_is_not_known(known, expected):
    speed = np.where(np.arange(10) < known, 1.5, np.nan)
    found = Course(TEN.time_s, speed, TEN.height_m).mean_speed_mps(0.0, 10.0)
    assert found == pytest.approx(expected, nan_ok=True)


def test_a_climb_is_the_difference_of_the_heights_at_both_ends():
    # The median of what was read within two and a half seconds.
    assert TEN.climb_m(3.0, 7.0) == 12.0
    assert TEN.climb_m(7.0, 3.0) == -12.0
    odd = TEN.height_m.copy()
    odd[3] = 500.0
    assert Course(TEN.time_s, TEN.speed_mps, odd, 1.0).climb_m(3.5, 7.5) == 21 - 12


def test_a_climb_needs_a_height_near_both_ends():
    assert np.isfinite(TEN.climb_m(2.0, 12.0))
    assert np.isnan(TEN.climb_m(2.0, 12.1))
    assert np.isnan(TEN.climb_m(-2.1, 8.0))
    gap = np.where(np.abs(TEN.time_s - 5) < 3, np.nan, TEN.height_m)
    assert np.isnan(Course(TEN.time_s, TEN.speed_mps, gap, 1.0).climb_m(0.0, 5.0))


def test_courses_join_in_order_with_the_heights_of_the_surest_source():
    receiver, nothing = course(2, altitude_m=7.0), course(2)
    joined = Course.joined([course(1, pressure_hpa=1013.25), nothing, receiver])
    assert len(joined.time_s) == len(joined.speed_mps) == 3
    # Heights of two sources have two zeros: the barometer's alone are kept.
    assert joined.height_m == pytest.approx([0, np.nan, np.nan], abs=0.1, nan_ok=True)
    assert joined.sure_m == 1.0
    assert Course.joined([nothing, receiver]).sure_m == 5.0
    assert np.isnan(Course.joined([nothing]).sure_m)
    assert np.isnan(Course.joined([]).sure_m)
