"""Clocks: whatever the stamps were, the seconds increase and the rate is the sensor's."""

import tracemalloc

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from retrodetect.errors import RefusedRecording
from retrodetect.formats.clock import (
    Timeline,
    counted_on,
    counted_rate_hz,
    robust_rate_hz,
    strays,
    timeline,
    valid,
)
from retrodetect.formats.draft import Stamps

quickly = settings(max_examples=60, deadline=None, derandomize=True)


def line(ticks: np.ndarray, repeated: np.ndarray | None = None, **facts: object) -> Timeline:
    stamps = Stamps(ticks, **facts)  # type: ignore[arg-type]
    same = np.zeros(len(ticks), dtype=bool) if repeated is None else repeated
    readings = np.cumsum(~same, dtype=np.float64)
    return timeline(stamps, np.stack([readings] * 3, axis=1), same)


@pytest.mark.parametrize("rate_hz", [20, 25, 31.25, 50, 80, 100, 104, 128, 400])
def test_stamps_rounded_to_milliseconds_give_the_true_rate(rate_hz: float) -> None:
    ms = np.round(np.arange(int(60 * rate_hz)) * 1000 / rate_hz)
    assert line(ms, tick_s=1e-3).rate_hz == pytest.approx(rate_hz, rel=0.004)


@quickly
@given(
    rate_hz=st.floats(16, 1000),
    jitter=st.floats(0, 0.3),
    lost=st.floats(0, 0.3),
    gaps=st.lists(st.floats(0.5, 1000), max_size=3),
    seed=st.integers(0, 100),
)
def test_the_rate_survives_jitter_losses_and_gaps(
    rate_hz: float, jitter: float, lost: float, gaps: list[float], seed: int
) -> None:
    rng = np.random.default_rng(seed)
    steps = np.full(3000, 1 / rate_hz)
    for place, gap in zip((500, 1500, 2500), gaps, strict=False):
        steps[place] += gap
    time_s = np.cumsum(steps) + rng.uniform(-jitter, jitter, 3000) / rate_hz / 2
    time_s = time_s[rng.random(3000) >= lost]
    assert robust_rate_hz(time_s - time_s[0]) == pytest.approx(rate_hz, rel=0.03)


@pytest.mark.parametrize(
    ("tick_s", "start"),
    [(1.0, 0), (1e-3, 0), (1e-6, 3343427885), (1e-9, 263239144953734), (1e-9, 1016752819830886),
     (1.0, 1.7e9), (1e-3, 1.7e12), (1e-6, 1.7e15), (86_400.0, 45218.5)],
)  # fmt: skip
def test_the_length_of_a_tick_is_told_by_size_and_step(tick_s: float, start: float) -> None:
    ticks = start + np.arange(2000) * 0.01 / tick_s
    found = line(ticks)
    np.testing.assert_allclose(found.time_s, np.arange(2000) * 0.01, atol=2e-5)
    assert found.findings[0].ground == "measured"


@pytest.mark.parametrize(
    ("tick_s", "name"),
    [(1.0, "s"), (1e-3, "ms"), (1e-6, "µs"), (1e-9, "ns"), (1 / 1024, "ticks of 0.000976562 s")],
)
def test_the_unit_of_a_clock_is_named(tick_s: float, name: str) -> None:
    found = line(np.arange(2000) * 0.01 / tick_s, tick_s=tick_s)
    assert found.findings[0].value == f"time: {name}, relative"


@pytest.mark.parametrize(("start", "step"), [(1.7e9, 10_000), (1.7e9, 2500), (1.7e12, 10_000_000)])
def test_an_uptime_of_half_an_hour_in_fine_ticks_is_no_epoch(start: float, step: int) -> None:
    ticks = int(start) + np.arange(2000) * step
    found = line(ticks)
    assert found.rate_hz == pytest.approx(100 if step != 2500 else 400)
    assert found.start_time is None


@pytest.mark.parametrize(("tick_s", "start"), [(1.0, 1_700_000_000), (1e-3, 1_700_000_000_000)])
@pytest.mark.parametrize("step_s", [1, 5])
def test_an_epoch_of_a_reading_a_second_or_less_is_one(
    tick_s: float, start: int, step_s: int
) -> None:
    found = line(start + np.arange(2000) * round(step_s / tick_s))
    assert found.rate_hz == pytest.approx(1 / step_s)
    assert found.start_time is not None


@pytest.mark.parametrize(("start", "is_missing"), [(60_000_000, False), (120_000_000, True)])
def test_a_stamp_of_zero_is_missing_where_a_clock_has_run_for_long(
    start: int, is_missing: bool
) -> None:
    ticks = start + np.arange(1000) * 10_000
    ticks[500] = 0
    timed = valid(Stamps(ticks))
    assert (timed is not None) == is_missing
    assert timed is None or np.flatnonzero(~timed).tolist() == [500]


@quickly
@given(st.integers(3, 500), st.integers(0, 100))
def test_rows_that_stand_newest_first_are_turned_round(count: int, seed: int) -> None:
    ticks = np.cumsum(np.random.default_rng(seed).uniform(0.008, 0.012, count))
    found, turned = line(ticks, tick_s=1.0), line(ticks[::-1], tick_s=1.0)
    np.testing.assert_allclose(turned.time_s, found.time_s)
    assert turned.rows is not None
    assert turned.rows.tolist() == list(range(count))[::-1]
    assert "newest row first, reversed" in turned.findings[0].value


def test_copies_are_found_in_rows_that_are_turned_round() -> None:
    ticks, same = np.array([4, 3, 3, 2, 1, 0]) * 0.01, np.array([0, 0, 1, 0, 0, 0], dtype=bool)
    found = line(ticks, same, tick_s=1.0)
    np.testing.assert_allclose(found.time_s, np.arange(5) * 0.01)


@pytest.mark.parametrize("count", [6, 60, 200, 1000])
@pytest.mark.parametrize("place", [0, 1, -3, -1])
@pytest.mark.parametrize("wild", [1e18, 1e5, -1e9])
@pytest.mark.parametrize("start", [0.0, 1.7e9])
def test_a_wild_stamp_is_a_stray(count: int, place: int, wild: float, start: float) -> None:
    ticks = start + np.arange(count) * 0.01
    ticks[place] = start + wild
    found = strays(Stamps(ticks))
    assert found is not None
    assert np.flatnonzero(found).tolist() == [place % count]


def test_a_clock_that_leaps_by_years_takes_no_memory_for_them() -> None:
    """As one that begins in 1970 and is set in mid-recording."""
    ticks = np.append(np.arange(500) * 0.04, 1.77e9 + np.arange(500) * 0.04)
    tracemalloc.start()
    found = line(ticks, tick_s=1.0)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert found.rate_hz == pytest.approx(25)
    assert peak < 1e7


def test_rows_that_are_years_apart_have_no_rate() -> None:
    assert line(np.array([0.0, 1e9, 5.0]), tick_s=1.0).rate_hz == 0.0


def test_pauses_and_clocks_set_anew_are_no_strays() -> None:
    paused = np.append(np.arange(500) * 0.01, 1e6 + np.arange(500) * 0.01)
    assert strays(Stamps(paused)) is None
    assert strays(Stamps(paused[::-1])) is None
    assert strays(Stamps(np.tile(np.arange(500), 4), wrap_ticks=500)) is None
    assert strays(Stamps(np.zeros(100))) is None
    assert strays(Stamps(np.array([0.0, 1e9, 2.0]))) is None


def test_a_column_that_counts_rows_is_no_clock() -> None:
    with pytest.raises(RefusedRecording, match="unit of its times"):
        line(np.arange(1000.0))


def test_nanoseconds_since_1970_are_exact() -> None:
    ticks = 1_729_260_574_556_450_301 + np.arange(1000, dtype=np.int64) * 9_583_001
    found = line(ticks, tick_s=1e-9)
    np.testing.assert_allclose(np.diff(found.time_s), 9_583_001e-9, rtol=1e-9)


def test_whole_seconds_that_many_rows_share_are_spread() -> None:
    stamps = np.floor(0.4 + np.arange(1000) / 50) + 1.7e9
    found = line(stamps, tick_s=1.0)
    np.testing.assert_allclose(np.diff(found.time_s), 0.02, atol=1e-3)
    assert "spread" in found.findings[0].value


def test_rows_that_share_a_stamp_before_a_pause_stay_close_together() -> None:
    stamps = np.repeat(np.r_[0.0:20.0, 80.0:100.0], 50)
    found = line(stamps, tick_s=1.0)
    np.testing.assert_allclose(np.diff(found.time_s[950:1000]), 0.04)
    np.testing.assert_allclose(np.diff(found.time_s[1000:]), 0.02)


def test_three_significant_digits_are_spread() -> None:
    true_s = np.arange(1000) * 0.0193
    stamps = np.array([float(f"{t:.2e}") for t in true_s])
    found = line(stamps, tick_s=1.0)
    assert found.rate_hz == pytest.approx(1 / 0.0193, rel=0.02)
    np.testing.assert_allclose(found.time_s, true_s, atol=0.1)


@pytest.mark.parametrize(("top", "begin"), [(256, 200), (65_536, 65_000), (65_536, 0)])
def test_a_counter_goes_on_where_it_overflows(top: int, begin: int) -> None:
    counts = 3.0 * np.arange(1000)  # two of three samples are lost
    np.testing.assert_array_equal(counted_on((counts + begin) % top), counts)


def test_rows_that_arrived_late_are_sorted() -> None:
    true_s = np.arange(1000) * 0.01
    order = np.arange(1000)
    order[100:110] = order[100:110][::-1]
    order[[500, 501]] = order[[501, 500]]
    found = line(true_s[order], tick_s=1.0)
    assert found.rows is not None
    np.testing.assert_array_equal(order[found.rows], np.arange(1000))
    assert "sorted" in str(found.warnings[0])


def test_a_clock_set_back_goes_on() -> None:
    steps = np.full(1000, 0.01)
    steps[500] = -0.3
    found = line(np.cumsum(steps), tick_s=1.0)
    np.testing.assert_allclose(found.time_s, np.arange(1000) * 0.01, atol=1e-9)
    assert "jumps back" in str(found.warnings[0])


def test_two_recordings_in_one_file_stay_apart() -> None:
    twice = np.concatenate([np.arange(500) * 0.01, np.arange(500) * 0.01])
    found = line(twice, tick_s=1.0)
    assert len(found.time_s) == 1000
    assert np.diff(found.time_s).max() > 0.5
    assert "jumps back" in str(found.warnings[0])


def test_rows_written_twice_are_dropped_but_resting_ones_are_kept() -> None:
    time_s = np.repeat(np.arange(500) * 0.01, np.where(np.arange(500) % 50 == 3, 2, 1))
    copies = np.concatenate([[False], np.diff(time_s) == 0])
    assert len(line(time_s, copies, tick_s=1.0).time_s) == 500
    resting = np.ones(500, dtype=bool)
    assert len(line(np.arange(500) * 0.01, resting, tick_s=1.0).time_s) == 500


def test_arrivals_in_bursts_are_rebuilt_from_the_counter() -> None:
    rng = np.random.default_rng(0)
    kept = np.flatnonzero(rng.random(2000) > 0.05)
    true_s = kept * 0.04
    arrival_s = np.ceil(true_s / 0.4) * 0.4 + np.tile(np.arange(10), 200)[: len(kept)] * 1e-3
    found = line(np.sort(arrival_s), tick_s=1.0, counter=(kept % 256).astype(float))
    error = found.time_s - (true_s - true_s[0])
    assert np.ptp(error) < 0.02
    assert found.rate_hz == pytest.approx(25, rel=0.001)
    assert "counter" in found.findings[0].value


def test_bursts_with_a_pause_are_anchored_anew() -> None:
    true_s = np.concatenate([np.arange(500), 2000 + np.arange(500)]) * 0.04
    arrival_s = np.ceil(true_s / 0.4) * 0.4 + np.tile(np.arange(10), 100) * 1e-3
    found = line(arrival_s, tick_s=1.0, counter=np.arange(1000.0))
    assert np.diff(found.time_s)[499] == pytest.approx(60.04, abs=0.5)


def test_a_counter_that_counts_beyond_all_measure_tells_no_rate() -> None:
    seconds = np.arange(4) / 50
    assert counted_rate_hz(seconds, np.array([0.0, 1, 2, 3])) == pytest.approx(50)
    assert counted_rate_hz(seconds, np.array([0.0, 1e300, 2e300, 1e308])) == 0.0


def test_bursts_without_a_counter_say_what_was_assumed() -> None:
    arrival_s = np.repeat(np.arange(100) * 0.2, 10) + np.tile(np.arange(10), 100) * 1e-3
    found = line(arrival_s, tick_s=1.0)
    assert found.rate_hz == pytest.approx(50, rel=0.01)
    assert any("if samples were lost" in str(warning) for warning in found.warnings)


@quickly
@given(st.lists(st.floats(-1e6, 1e6), min_size=2, max_size=200))
def test_any_stamps_at_all_give_increasing_seconds_or_a_refusal(stamps: list[float]) -> None:
    try:
        found = line(np.array(stamps), tick_s=1.0)
    except RefusedRecording:
        return
    assert found.time_s[0] == 0
    assert (np.diff(found.time_s) > 0).all()
    if found.rows is not None:
        assert len(np.arange(len(stamps))[found.rows]) == len(found.time_s)


def test_a_wild_count_hides_none_of_those_that_follow() -> None:
    counted = counted_on(np.array([0.0, 1.0, 1e30, 1e30, 1e30, 5.0, 6.0]))
    assert (np.diff(counted) >= 1).all()
    assert counted[-1] == len(counted) - 1


def test_the_rate_of_a_long_recording_is_told_from_a_sample_of_its_rows() -> None:
    rng = np.random.default_rng(0)
    time_s = np.arange(400_000) / 102.4 + rng.uniform(-1e-3, 1e-3, 400_000)
    assert robust_rate_hz(time_s) == pytest.approx(102.4, rel=1e-3)
    coarse = np.floor(np.arange(400_000) / 102.4)
    assert line(coarse, tick_s=1.0).rate_hz == pytest.approx(102.4, rel=0.01)


def test_stamps_blind_to_single_losses_are_rebuilt_from_the_counter() -> None:
    counter = np.cumsum(np.where(np.arange(1000) % 10 == 9, 2.0, 1.0))
    own = line(np.arange(1000) * 20.0, tick_s=1e-3, counter=counter)
    np.testing.assert_allclose(own.time_s, 0.02 * (counter - counter[0]), atol=1e-9)
    assert own.rate_hz == pytest.approx(50)
    assert own.warnings[0].startswith("9% of the readings were lost")
    steady = line(np.arange(1000) * 20.0, tick_s=1e-3, counter=np.arange(1000.0))
    np.testing.assert_allclose(steady.time_s, 0.02 * np.arange(1000))
    assert steady.warnings == ()


@pytest.mark.parametrize("begin_s", [10 * 3600 + 58 * 60 + 50, 11 * 3600 + 59 * 60 + 50])
def test_times_of_day_in_digits_are_no_ticks(begin_s: int) -> None:
    seconds = begin_s + np.arange(1000) * 0.02
    digits = seconds // 3600 * 10_000 + seconds // 60 % 60 * 100 + seconds % 60
    with pytest.raises(RefusedRecording, match="times of day without separators"):
        line(digits)


def test_a_gap_as_long_as_the_leap_of_such_digits_is_a_gap() -> None:
    ticks = 100_003 + np.arange(1000) * 0.02
    ticks[500:] += 41
    assert line(ticks).time_s[-1] == pytest.approx(999 * 0.02 + 41)


@pytest.mark.parametrize(("tick_s", "said"), [(1e-3, []), (1e-6, ["its clock states µs, which"])])
def test_a_stated_unit_that_no_sensor_keeps_up_with_is_measured(
    tick_s: float, said: list[str]
) -> None:
    own = line(np.arange(2000) * 20.0, tick_s=tick_s)
    assert own.rate_hz == pytest.approx(50)
    assert [warning[:26] for warning in own.warnings] == said
