"""Checks of readings, each by itself, on arrays worked out by hand."""

import numpy as np
import pytest

from retrodetect.errors import RefusedRecording
from retrodetect.formats import plausible
from retrodetect.formats.draft import ReadOptions, linear, total
from retrodetect.formats.plausible import Ends, Level, resolve
from retrodetect.recording import STANDARD_GRAVITY_MPS2 as G

RATE_HZ = 50.0
RNG = np.random.default_rng(0)
NOISE = RNG.normal(0, 0.3, (3000, 3))
RESTING = NOISE / 30 + [0, G, 0]
MOVING = NOISE * 10 + [0, G, 0]
TIME_S = np.arange(3000) / RATE_HZ


def level(values: np.ndarray) -> Level:
    return Level.of(values, RATE_HZ)


class TestBlocks:
    @pytest.mark.parametrize("count", [1000, 1099])
    def test_they_follow_each_other_and_the_rest_is_left(self, count: int) -> None:
        values = np.arange(3 * count, dtype=float).reshape(count, 3)
        blocks = plausible.blocks_of(values, RATE_HZ, 2.0)
        assert blocks.shape == (10, 100, 3)
        np.testing.assert_array_equal(blocks.reshape(-1, 3), values[:1000])

    def test_of_many_some_are_taken_from_the_first_to_the_last(self) -> None:
        values = np.repeat(np.arange(1000.0), 3).reshape(-1, 3)
        blocks = plausible.blocks_of(values, RATE_HZ, 0.2, limit=5)
        assert blocks[:, 0, 0].tolist() == [0, 240, 490, 740, 990]
        assert (np.diff(blocks[..., 0], axis=1) == 1).all()

    def test_a_short_recording_is_one(self) -> None:
        assert plausible.blocks_of(RESTING[:7], RATE_HZ).shape == (1, 7, 3)


class TestLevel:
    def test_it_is_the_length_of_gravity_and_its_spread(self) -> None:
        own = level(MOVING)
        assert own.typical == pytest.approx(G, rel=0.02)
        assert own.low < own.typical < own.high
        assert own.spread == pytest.approx(3 * np.sqrt(3), rel=0.02)
        assert own.blocks == 15

    @pytest.mark.parametrize(
        ("unit", "factor"), [("m/s2", 1), ("g", 1 / G), ("mg", 1000 / G), ("counts, 256", 256 / G)]
    )
    def test_a_unit_that_nobody_states_is_told_by_it(self, unit: str, factor: float) -> None:
        scale = resolve(level(RESTING * factor), "", None, ReadOptions())
        assert scale.mps2 == pytest.approx(1 / factor, rel=1e-6)
        assert scale.gravity == "total"
        assert scale.findings[0].value.startswith(unit)

    @pytest.mark.parametrize("length", [0.02, 3.4, 200, 5000])
    def test_a_level_of_no_unit_is_refused(self, length: float) -> None:
        with pytest.raises(RefusedRecording, match=r"unit .* is unclear \(its readings average"):
            resolve(level(RESTING / G * length), "", None, ReadOptions())

    def test_movement_without_gravity_is_in_mps2(self) -> None:
        scale = resolve(level(NOISE * 10), "", None, ReadOptions())
        assert (scale.mps2, scale.gravity) == (1.0, "linear")

    def test_what_the_file_says_of_gravity_counts_unless_the_readings_forbid_it(self) -> None:
        told = resolve(level(RESTING), "m/s2", total("an app"), ReadOptions())
        assert (told.gravity, told.findings[1].ground, told.warnings) == ("total", "stated", ())
        belied = resolve(level(RESTING), "m/s2", linear("an app"), ReadOptions())
        assert (belied.gravity, belied.findings[1].ground) == ("total", "measured")
        assert belied.warnings[0].startswith("an app, but the mean vector 1.00 g shows total")
        unclear = resolve(level(RESTING * 0.5), "m/s2", linear("an app"), ReadOptions())
        assert (unclear.gravity, unclear.warnings) == ("linear", ())

    @pytest.mark.parametrize(("share", "doubted"), [(0.55, 1), (0.65, 0), (1.4, 0), (1.5, 1)])
    def test_a_level_far_from_1_g_is_doubted(self, share: float, doubted: int) -> None:
        scale = resolve(level(RESTING * share), "m/s2", total("an app"), ReadOptions())
        assert len(scale.warnings) == doubted

    def test_one_that_no_body_feels_is_refused_unless_the_unit_is_given(self) -> None:
        with pytest.raises(RefusedRecording, match=r"averages 5\.00 g, but a body feels 1 g"):
            resolve(level(RESTING * 5), "m/s2", None, ReadOptions())
        given = resolve(level(RESTING * 5), "m/s2", None, ReadOptions(unit="m/s2"))
        assert given.warnings[0].startswith("its readings average 5.00 g instead of 1 g")


class TestEnds:
    def test_they_are_those_of_each_stretch_with_how_often_they_occur(self) -> None:
        values = np.tile(np.arange(100.0) % 50, (3, 1)).T * [1, -1, 2]
        ends = Ends.of(np.vstack([values, [[7, 7, 7]] * 10]), RATE_HZ)
        assert ends.size == 100
        assert ends.readings.tolist() == [
            [[0, -49, 0], [49, 0, 98]],
            [[7, 7, 7], [7, 7, 7]],
        ]
        assert ends.counts.tolist() == [[[2, 2, 2], [2, 2, 2]], [[10] * 3, [10] * 3]]
        assert ends.limits.tolist() == [[0, -49, 0], [49, 7, 98]]


class TestRepeats:
    def test_rows_as_before_are_repeated_and_a_frozen_stretch_is_left_out(self) -> None:
        values = MOVING.copy()
        values[1000:1200] = values[1000]
        repeated = plausible.repeats(values)
        assert np.flatnonzero(repeated).tolist() == list(range(1001, 1200))
        holds = plausible.find_holds(values, TIME_S, repeated)
        assert holds is not None
        assert np.flatnonzero(holds.drop).tolist() == list(range(1001, 1200))
        assert len(holds.notes) == 1
        assert holds.notes[0].startswith("the sensor repeats one reading for 4 s")

    def test_a_short_stop_stays(self) -> None:
        values = MOVING.copy()
        values[1000:1050] = values[1000]
        assert plausible.find_holds(values, TIME_S, plausible.repeats(values)) is None

    def test_a_coarse_sensor_at_rest_repeats_itself_by_nature(self) -> None:
        coarse = np.round(RESTING * 40) / 40
        repeated = plausible.repeats(coarse)
        assert repeated.mean() > 0.05
        assert plausible.find_holds(coarse, TIME_S, repeated) is None

    def test_held_readings_shrink_to_the_first(self) -> None:
        held = np.repeat(MOVING[:1000], 3, axis=0)
        holds = plausible.find_holds(held, TIME_S, plausible.repeats(held))
        assert holds is not None
        np.testing.assert_array_equal(held[~holds.drop], MOVING[:1000])
        assert holds.notes[0].startswith("67% of the rows only repeat")

    def test_equal_numbers_on_all_axes_are_blanks_only_far_from_their_neighbours(self) -> None:
        values = RESTING.copy()
        values[[5, 700, 701]] = [[0, 0, 0], [-999, -999, -999], [-999, -999, -999]]
        assert plausible.blanks(values).tolist() == [5, 700, 701]
        assert plausible.blanks(NOISE).tolist() == []
        near = NOISE / 100
        near[700] = 0
        assert plausible.blanks(near).tolist() == []


class TestStretches:
    @pytest.mark.parametrize(("every", "left"), [(2, False), (5, True)])
    def test_one_of_fewer_than_15_readings_a_second_is_left_out(
        self, every: int, left: bool
    ) -> None:
        rows = np.r_[0:1000, 1000:1500:every, 1500:3000]
        slow = plausible.find_slow(TIME_S[rows], RATE_HZ)
        assert (slow is not None) == left
        if slow is not None:
            assert np.flatnonzero(slow.drop).tolist() == list(range(1001, 1100))
            assert slow.notes[0].startswith("17% of the recording (10 s) has fewer than 15")

    def test_a_slow_recording_has_no_slow_stretch(self) -> None:
        assert plausible.find_slow(TIME_S[::3], RATE_HZ / 3) is None

    @pytest.mark.parametrize(("rows", "said"), [(400, True), (200, False)])
    def test_readings_that_occur_again_are_doubted(self, rows: int, said: bool) -> None:
        again = MOVING.copy()
        again[2000 : 2000 + rows] = again[1000 : 1000 + rows]
        doubts = plausible.repeated_later(again, TIME_S, RATE_HZ)
        assert len(doubts) == said
        assert all(doubt.startswith("8 s of readings occur again 20 s later") for doubt in doubts)

    @pytest.mark.parametrize(("far", "share"), [(0, ""), (1, ""), (2, "13%"), (14, "93%")])
    def test_a_part_whose_level_is_far_from_1_g_is_doubted(self, far: int, share: str) -> None:
        values = MOVING.copy()
        values[: far * 200] *= 0.3
        doubts = [*plausible.far_from_1_g(values, RATE_HZ, 1.0)]
        assert len(doubts) == bool(share)
        assert all(doubt.startswith(f"{share} of its readings average far") for doubt in doubts)

    def test_another_level_at_rest_is_doubted(self) -> None:
        (doubt,) = plausible.far_from_1_g(1.3 * RESTING, RATE_HZ, 1.0)
        assert doubt.startswith("at rest it reads 1.30 g instead of 1 g")


class TestAxes:
    def test_readings_of_three_axes_pass(self) -> None:
        plausible.check_axes(MOVING)
        plausible.check_scale(MOVING, level(MOVING), "")

    @pytest.mark.parametrize("count", [3000, 60_000])
    @pytest.mark.parametrize("factor", [1.0, -2.0])
    def test_an_axis_that_is_another_is_refused(self, count: int, factor: float) -> None:
        values = RNG.normal((0, G, 0), size=(count, 3))
        values[:, 2] = factor * values[:, 0]
        with pytest.raises(RefusedRecording, match="axes x and z hold the same readings"):
            plausible.check_axes(values)

    def test_readings_of_one_length_are_a_direction(self) -> None:
        with pytest.raises(RefusedRecording, match="all its readings have the same length"):
            plausible.check_axes(MOVING / np.linalg.norm(MOVING, axis=1, keepdims=True))

    @pytest.mark.parametrize(
        ("values", "reason"),
        [
            ((MOVING - MOVING.min(axis=0)) / np.ptp(MOVING, axis=0), "run exactly from 0 to 1"),
            (2 * (MOVING - MOVING.min(axis=0)) / np.ptp(MOVING, axis=0) - 1, "exactly from -1"),
            ((MOVING - MOVING.mean(axis=0)) / MOVING.std(axis=0), "scaled to mean 0 and spread 1"),
            (np.abs(MOVING - [0, G, 0]), "they lost their sign"),
        ],
    )
    def test_what_was_scaled_or_lost_its_sign_is_refused(
        self, values: np.ndarray, reason: str
    ) -> None:
        with pytest.raises(RefusedRecording, match=reason):
            plausible.check_scale(values, level(values), "m/s2")

    def test_counts_around_an_offset_are_refused_where_no_unit_is_stated(self) -> None:
        counts = 512 + 10 * NOISE + [0, 100, 0]
        with pytest.raises(RefusedRecording, match="counts around an offset"):
            plausible.check_scale(counts, level(counts), "")
        plausible.check_scale(counts, level(counts), "mg")


def doubts(values: np.ndarray, rate_hz: float = RATE_HZ) -> list[str]:
    time_s = np.arange(len(values)) / rate_hz
    return plausible.sensor_doubts(values, Ends.of(values, rate_hz), time_s, rate_hz, 1.0, "total")


class TestSensors:
    WALK = np.stack([
        4 * np.sin(5.6 * TIME_S), G + 5 * np.sin(11.3 * TIME_S), 4 * np.cos(5.6 * TIME_S)
    ], axis=1) + NOISE  # fmt: skip

    def test_a_walk_gives_no_doubt(self) -> None:
        assert doubts(self.WALK) == []

    @pytest.mark.parametrize("axis", [0, 1, 2])
    @pytest.mark.parametrize("side", [-1, 1])
    def test_each_end_of_a_range_is_told_with_its_readings(self, axis: int, side: int) -> None:
        wide = 4 * (self.WALK - [0, G, 0])
        own = np.clip(wide[:, axis], -1.6 * G, 99) if side < 0 else np.minimum(wide[:, axis], 15.7)
        count = int(np.count_nonzero(own == (own.min() if side < 0 else own.max())))
        wide[:, axis] = own
        (doubt,) = doubts(wide)
        start = f"{'xyz'[axis]} is cut off at {side * 1.6:g} g in {count} readings"
        assert doubt.startswith(start)

    def test_a_limit_where_a_device_rests_is_none(self) -> None:
        resting = np.minimum(self.WALK, [99, G + 0.01, 99])
        resting[:, 1] -= np.abs(NOISE[:, 0]) / 30
        assert not any("cut off" in doubt for doubt in doubts(resting))

    @pytest.mark.parametrize(("every", "said"), [(100, 0), (20, 1)])
    def test_a_low_limit_counts_only_where_much_lies_there(self, every: int, said: int) -> None:
        gentle = (self.WALK - [0, G, 0]) * [1, 0.3, 1] + [0, G, 0]
        gentle[::every, 1] = 1.3 * G
        told = [doubt for doubt in doubts(gentle) if "cut off" in doubt]
        assert len(told) == said
        assert all(doubt.startswith("y is cut off at 1.3 g in 150 readings (5%)") for doubt in told)

    @pytest.mark.parametrize("range_g", [2.0, 1.6])
    def test_a_range_that_wraps_around_jumps_from_end_to_end(self, range_g: float) -> None:
        span = 2 * range_g * G
        wide = 2.5 * (self.WALK - [0, G, 0]) + [0, G, 0]
        wide[:, 1] = (wide[:, 1] + span / 2) % span - span / 2
        steps = np.abs(np.diff(wide[:, 1]))
        count = int(np.count_nonzero(steps > 0.8 * np.ptp(wide[:, 1])))
        assert count > 10
        (doubt,) = doubts(wide)
        assert doubt.startswith(f"y jumps from one end of its range to the other {count} times")

    @pytest.mark.parametrize(("rows", "said"), [(99, False), (150, True)])
    def test_an_axis_that_stands_still_for_two_seconds_is_doubted(
        self, rows: int, said: bool
    ) -> None:
        stuck = self.WALK.copy()
        stuck[777 : 777 + rows, 2] = 1.25
        told = doubts(stuck)
        assert len(told) == said
        assert all(doubt.startswith("z does not change for 3 s (5% of the") for doubt in told)

    def test_an_axis_of_another_size_or_without_its_sign_is_doubted(self) -> None:
        (large,) = doubts(self.WALK * [1, 1, 40])[:1]
        assert large.startswith("z varies 3")
        folded = self.WALK.copy()
        folded[:, 0] = np.abs(folded[:, 0])
        assert any(doubt.startswith("x is often near 0 but never") for doubt in doubts(folded))

    def test_rows_of_two_sensors_in_turn_are_doubted(self) -> None:
        turns = self.WALK.copy()
        turns[1::2] = -self.WALK[::2]
        assert any("several sensors in turn" in doubt for doubt in doubts(turns))

    def test_a_slow_recording_that_was_filled_up_is_doubted(self) -> None:
        slow = np.stack([np.interp(TIME_S, TIME_S[::6], own[::6]) for own in self.WALK.T], axis=1)
        (doubt,) = (own for own in doubts(slow) if "straight lines" in own)
        assert doubt.startswith("100% of its movement lies on straight lines between 8.")

    def test_a_clock_ten_times_too_fast_is_doubted(self) -> None:
        assert any("nothing moves as slowly as steps" in own for own in doubts(self.WALK, 500.0))
