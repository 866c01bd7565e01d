"""Nothing is read silently wrong: the kinds of trap, each with relatives made here.

A recording is read right, or refused with a reason that is true, or read with a warning that says
what in the result may be wrong.

1. Another sensor looks like the accelerometer: told apart by names, units and values; else refused.
   Sensors that take turns in the same columns are told apart by their labels, or doubted.
2. Rows fall out: the seconds stay the file's own. Numbers that stand for no reading are none.
3. A fast recording slows down: what is too slow for steps is a gap, with its share.
4. Rows come twice or out of order: dropped or sorted, and the result that may be wrong is named.
5. Clocks written in odd ways: read right; rates and units that cannot be are refused or named.
6. Scales that are no acceleration: refused with the reason.
7. Remedies: each is tried on the file that caused the message, and ends in a recording.
8. A searched folder: each file that could be a recording is an input or skipped with a reason.
9. Saturation: each axis and limit is named, with what may be wrong.
10. A gyroscope whose axes or unit do not fit the accelerometer is left out, and this is told.
11. A file that is cut off is refused, or read with the warning that its end is missing.
12. Formats: `test_contract` holds each of them to one contract.
"""

import io
import re
import tarfile
import zipfile
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Literal

import numpy as np
import pytest
from rigid import motion
from sentences import PACKAGE, sentences

from retrodetect.errors import InputError, RefusedRecording, UnreadableFile
from retrodetect.formats import ReadOptions, discover, pieces, read, table
from retrodetect.formats.align import mixed_up
from retrodetect.recording import Recording

from .reexport import G, walk
from .test_pieces import blocks_of_few_rows

WALK = walk(rate_hz=50, duration_s=40)
TOTAL = WALK.acceleration_mps2
SECONDS = WALK.time_ns / 1e9
COUNT = len(SECONDS)
NOISE = np.random.default_rng(1).normal(0, 5, (COUNT, 3))
TURNING_DEGPS = NOISE + np.stack(
    [60 * np.sin(5.6 * SECONDS), 40 * np.cos(5.6 * SECONDS), 20 * np.sin(11.2 * SECONDS)], axis=1
)
GRAVITY = np.tile(TOTAL.mean(axis=0), (COUNT, 1))
CLOCK = [f"{second:.4f}" for second in SECONDS]
ROWS = np.arange(COUNT)
JITTERED = SECONDS + np.random.default_rng(2).uniform(-0.004, 0.004, COUNT)
Write = Callable[..., Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Write a csv of a clock and (n, k) readings."""

    def put(
        header: str,
        values: np.ndarray = TOTAL,
        clock: Sequence[str] = CLOCK,
        cell: str = "{:.5f}",
        by: str = ",",
    ) -> Path:
        rows = [
            by.join([stamp, *("" if np.isnan(v) else cell.format(v) for v in row)])
            for stamp, row in zip(clock, values, strict=True)
        ]
        path = tmp_path / "walk.csv"
        path.write_text("\n".join([*([header] if header else []), *rows, ""]))
        return path

    return put


def one(path: Path, **options: object) -> Recording:
    (recording,) = read(path, options=ReadOptions(**options))  # type: ignore[arg-type]
    return recording


def refusal(path: Path, **options: object) -> InputError:
    with pytest.raises((RefusedRecording, UnreadableFile)) as caught:
        one(path, **options)
    assert caught.value.remedy
    return caught.value


def assert_walk(recording: Recording, atol: float = 1e-3) -> None:
    """The walk as it was, on seconds from 0."""
    np.testing.assert_allclose(recording.acceleration_mps2, TOTAL, atol=atol)
    np.testing.assert_allclose(recording.time_s, SECONDS, atol=2e-3)


class TestAnotherSensorTakenForTheAccelerometer:
    @pytest.mark.parametrize(
        ("acceleration", "rotation"),
        [
            ("aX,aY,aZ", "gX,gY,gZ"),
            ("a_x,a_y,a_z", "g_x,g_y,g_z"),
            ("AX,AY,AZ", "GX,GY,GZ"),
            ("AcX,AcY,AcZ", "GyX,GyY,GyZ"),
            ("imu_ax,imu_ay,imu_az", "imu_gx,imu_gy,imu_gz"),
            ("Acc1,Acc2,Acc3", "Gyr1,Gyr2,Gyr3"),
            ("acc_0,acc_1,acc_2", "gyro_0,gyro_1,gyro_2"),
            ("acce_x,acce_y,acce_z", "gyro_x,gyro_y,gyro_z"),
            ("value.x,value.y,value.z", "gyro.x,gyro.y,gyro.z"),
            ("double_values_0,double_values_1,double_values_2", "w_x,w_y,w_z"),
            ("motion.x,motion.y,motion.z", "rot.x,rot.y,rot.z"),
            ("acelerometro x,acelerometro y,acelerometro z", "giroscopio_x,giroscopio_y,gyr_z"),
        ],
    )  # fmt: skip
    @pytest.mark.parametrize("is_first", [True, False])
    def test_each_pair_of_names_is_told_apart(
        self, write: Write, acceleration: str, rotation: str, is_first: bool
    ) -> None:
        if is_first:
            path = write(f"time,{acceleration},{rotation}", np.hstack([TOTAL, TURNING_DEGPS]))
        else:
            path = write(f"time,{rotation},{acceleration}", np.hstack([TURNING_DEGPS, TOTAL]))
        recording = one(path)
        assert_walk(recording)
        assert recording.angular_rate_radps is not None
        np.testing.assert_allclose(
            recording.angular_rate_radps, np.radians(TURNING_DEGPS), atol=1e-3
        )

    def test_names_of_another_app_with_gravity_are_not_of_that_app(self, write: Write) -> None:
        path = write("time,Ax,Ay,Az,Wx,Wy,Wz", np.hstack([TOTAL, TURNING_DEGPS]))
        recording = one(path)
        assert_walk(recording)
        assert recording.format == "plain"
        assert recording.angular_rate_radps is not None
        np.testing.assert_allclose(
            recording.angular_rate_radps, np.radians(TURNING_DEGPS), atol=1e-3
        )

    @pytest.mark.parametrize("names", ["gX,gY,gZ", "g_x,g_y,g_z", "w_x,w_y,w_z", "x,y,z",
                                       "gyr_1,gyr_2,gyr_3", "value_x,value_y,value_z"])  # fmt: skip
    def test_a_gyroscope_alone_is_refused(self, write: Write, names: str) -> None:
        refusal(write(f"time,{names}", TURNING_DEGPS))

    def test_axes_of_which_the_rows_lack_one_are_refused(self, write: Write) -> None:
        refusal(write("time,K330 3-axis.x,K330 3-axis.y,K330 3-axis.z", TOTAL[:, :2]))

    @pytest.mark.parametrize("unit", ["", " (m)"])
    def test_a_position_beside_acceleration_is_not_read(self, write: Write, unit: str) -> None:
        position = np.stack([SECONDS, 9.8 + np.sin(SECONDS), np.cos(SECONDS)], axis=1)
        names = ",".join(f"{axis}{unit}" for axis in "xyz")
        assert_walk(one(write(f"time,{names},acc_x,acc_y,acc_z", np.hstack([position, TOTAL]))))

    def test_bare_axes_beside_linear_acceleration_are_total(self, write: Write) -> None:
        values = np.hstack([TOTAL, TOTAL - GRAVITY])
        assert_walk(one(write("time,x,y,z,lin_x,lin_y,lin_z", values)))

    def test_the_letter_g_with_a_level_of_1_g_is_acceleration(self, write: Write) -> None:
        recording = one(write("time,gX,gY,gZ", TOTAL / G))
        assert_walk(recording)
        assert recording.angular_rate_radps is None

    @pytest.mark.parametrize(
        ("own", "gravity"),
        [
            ("Acceleration", "GravitationalAcceleration"),
            ("acceleration_", "gravity_"),
            ("acc", "grav"),
            ("accel.", "gravity."),
            ("Accelerometer ", "Gravity "),
        ],
    )
    @pytest.mark.parametrize("is_first", [True, False])
    def test_gravity_in_columns_of_its_own_is_added(
        self, write: Write, own: str, gravity: str, is_first: bool
    ) -> None:
        names = [f"{name}{axis}" for name in (own, gravity) for axis in "XYZ"]
        values = np.hstack([TOTAL - GRAVITY, GRAVITY])
        order = [*range(6)] if is_first else [3, 4, 5, 0, 1, 2]
        path = write(",".join(["time", *(names[place] for place in order)]), values[:, order])
        recording = one(path)
        assert recording.gravity == "total"
        assert_walk(recording)

    @pytest.mark.parametrize(
        ("own", "other"),
        [("body_acc_", "total_acc_"), ("acc_world_", "acc_"), ("accel_filtered_", "accel_"),
         ("linacc_", "acc_"), ("hp_acc_", "acc_"), ("acc_nograv_", "acc_"), ("la_", "a_")],
    )  # fmt: skip
    @pytest.mark.parametrize("is_first", [True, False])
    def test_a_processed_copy_beside_the_readings_is_no_second_recording(
        self, write: Write, own: str, other: str, is_first: bool
    ) -> None:
        names = [f"{name}{axis}" for name in (own, other) for axis in "xyz"]
        values = np.hstack([TOTAL - GRAVITY, TOTAL])
        order = [*range(6)] if is_first else [3, 4, 5, 0, 1, 2]
        header = ",".join(["time", *(names[place] for place in order)])
        assert_walk(one(write(header, values[:, order])))

    @pytest.mark.parametrize("names", ["acc_x,acc_y,acc_z", "ax,ay,az", "x,y,z"])
    @pytest.mark.parametrize("length", [1.0, G])
    def test_directions_and_gravity_under_its_name_are_refused(
        self, write: Write, names: str, length: float
    ) -> None:
        lengths = np.linalg.norm(TOTAL, axis=1, keepdims=True)
        assert "the same length" in str(refusal(write(f"time,{names}", length * TOTAL / lengths)))

    @pytest.mark.parametrize("names", ["vel_{}", "velocity {}", "speed.{}", "gps_{}", "pos_{}"])
    def test_what_is_named_as_something_else_is_refused(self, write: Write, names: str) -> None:
        refusal(write(",".join(["time", *map(names.format, "xyz")]), TOTAL))

    MOTION = ",".join(
        f"{sensor}{axis}"
        for sensor in ("rotationRate", "gravity", "acceleration", "quaternion")
        for axis in "XYZ"
    )

    @pytest.mark.parametrize("places", [(), (0, 3), (1, 6), (2, 8), (4, 7), (0, 1), (3, 5)])
    def test_columns_of_two_sensors_that_were_swapped_are_doubted(
        self, write: Write, places: tuple[int, ...]
    ) -> None:
        """A gyroscope says how gravity turns, seen from the device."""
        roll, pitch = 0.8 * np.sin(5.6 * SECONDS), 0.9 * np.cos(3.1 * SECONDS)
        down = np.stack(
            [np.sin(pitch), -np.sin(roll) * np.cos(pitch), -np.cos(roll) * np.cos(pitch)], axis=1
        )
        # The rate across gravity that turns it so, and a turn about it that does not show.
        rates = np.cross(np.gradient(down, SECONDS, axis=0), down)
        rates += 2 * np.sin(2.3 * SECONDS)[:, None] * down
        values = np.hstack([rates, down, (TOTAL - GRAVITY) / G, down])
        order = [*range(12)]
        for place, other in zip(places, places[::-1], strict=True):
            order[place] = other
        clock = [f"{1_700_000_000_000_000_000 + int(n)},{s:.3f}" for n, s in
                 zip(WALK.time_ns, SECONDS, strict=True)]  # fmt: skip
        path = write(f"time,seconds_elapsed,{self.MOTION}", values[:, order], clock)
        said = one(path.rename(path.with_name("WristMotion.csv"))).warnings
        assert any("gravity does not turn" in warning for warning in said) == bool(places)

    @pytest.mark.parametrize("unit", [0.1, 1.0, G])
    def test_an_axis_that_hardly_turns_says_nothing_of_swapped_columns(self, unit: float) -> None:
        """It shows noise alone, whatever the unit of gravity and of the rate."""
        roll = 0.8 * np.sin(5.6 * SECONDS)
        down = np.stack([0 * roll, -np.sin(roll), -np.cos(roll)], axis=1)
        rates = np.cross(np.gradient(down, SECONDS, axis=0), down)
        down[:, 0] += NOISE[:, 0] / 5000
        assert not mixed_up(unit * down, unit * rates, SECONDS)
        assert mixed_up(unit * down, unit * rates[:, [1, 0, 2]], SECONDS)

    def test_gravity_beside_total_acceleration_is_not_added(self, write: Write) -> None:
        names = "acc_x,acc_y,acc_z,gravity_x,gravity_y,gravity_z"
        assert_walk(one(write(f"time,{names}", np.hstack([TOTAL, GRAVITY]))))

    @pytest.mark.parametrize(
        ("name", "per_s"),
        [("micros", 1e6), ("Time (sec)", 1), ("/us", 1e6), ("tick", 1e3), ("uptime", 1e3),
         ("millis()", 1e3), ("timestamp_us", 1e6), ("nanoseconds", 1e9)],
    )  # fmt: skip
    def test_each_name_of_a_clock_is_one(self, write: Write, name: str, per_s: float) -> None:
        clock = [f"{round(s * per_s)}" if per_s > 1 else f"{s:.4f}" for s in SECONDS]
        assert_walk(one(write(f"{name},ax,ay,az", clock=clock)))


class TestSensorsThatTakeTurns:
    """Rows of several sensors or devices, one after the other in the same columns."""

    OTHER = np.roll(walk(rate_hz=50, duration_s=40, seed=5).acceleration_mps2, 14, axis=0)

    def write(self, put: Write, header: str, labels: Sequence[str], *sensors: np.ndarray) -> Path:
        """Rows of each sensor in turn, with its label."""
        values = np.stack(sensors, axis=1).reshape(-1, 3)
        clock = [f"{stamp},{label}" if label else stamp for stamp in CLOCK for label in labels]
        return put(header, values, clock)

    @pytest.mark.parametrize(
        ("name", "labels"),
        [("sensor_type", ["1", "4"]), ("type", ["1", "10"]), ("sensor", ["A", "G"]),
         ("source", ["watch", "turn"]), ("sensor id", ["0", "7"])],
    )  # fmt: skip
    def test_one_that_is_no_accelerometer_is_left_out_and_told(
        self, write: Write, name: str, labels: list[str]
    ) -> None:
        path = self.write(write, f"time,{name},x,y,z", labels, TOTAL, np.radians(TURNING_DEGPS))
        recording = one(path)
        assert recording.name == f"walk.csv#{labels[0]}"
        assert_walk(recording)
        assert any(f"walk.csv#{labels[1]}: nothing shows" in w for w in recording.warnings)

    @pytest.mark.parametrize(
        ("name", "labels"),
        [("side", ["L", "R"]), ("foot", ["left", "right"]), ("node", ["n1", "n2"]),
         ("sensor_id", ["0", "1"]), ("MAC", ["left", "right"]), ("imu", ["1", "2"])],
    )  # fmt: skip
    def test_each_device_is_a_recording(self, write: Write, name: str, labels: list[str]) -> None:
        recordings = read(self.write(write, f"time,{name},x,y,z", labels, TOTAL, self.OTHER))
        assert [recording.name.split("#")[1] for recording in recordings] == labels
        for recording, values in zip(recordings, (TOTAL, self.OTHER), strict=True):
            np.testing.assert_allclose(recording.acceleration_mps2, values, atol=1e-3)

    @pytest.mark.parametrize("count", [2, 3])
    @pytest.mark.parametrize("apart_s", [0.0, 0.006])
    def test_without_labels_they_are_doubted(
        self, write: Write, count: int, apart_s: float
    ) -> None:
        clock = [f"{s + apart_s * place:.3f}" for s in SECONDS for place in range(count)]
        sensors = np.stack([TOTAL, self.OTHER, TOTAL[::-1]][:count], axis=1)
        said = one(write("time,x,y,z", sensors.reshape(-1, 3), clock)).warnings
        assert any("several sensors in turn" in warning for warning in said)

    def test_steps_that_last_three_rows_are_no_sensors(self, write: Write) -> None:
        running = GRAVITY + 8 * np.sin(2 * np.pi * ROWS / 3)[:, None] * [0.3, 1, 0.2] + NOISE / 20
        said = one(write("time,ax,ay,az", running, [f"{row / 10:.1f}" for row in ROWS])).warnings
        assert not any("in turn" in warning for warning in said)

    def test_what_somebody_did_is_no_sensor(self, write: Write) -> None:
        often = np.where((ROWS % 400 < 200) & (ROWS % 3 == 0), "unknown", "walking")
        for kinds in (ROWS // 500, often):
            clock = [f"{stamp},{kind}" for stamp, kind in zip(CLOCK, kinds, strict=True)]
            assert_walk(one(write("time,type,x,y,z", TOTAL, clock)))

    def test_two_accelerometers_of_one_device_have_its_clock(self, write: Write) -> None:
        names = ",".join(f"Accel_{kind}_{axis}" for kind in ("LN", "WR") for axis in "XYZ")
        assert_walk(one(write(f"time,{names}", np.hstack([TOTAL, 1.01 * TOTAL]))))


class TestDroppedRowsMoveNoClock:
    @pytest.mark.parametrize("value", [0.0, np.nan], ids=["zeros", "blanks"])
    @pytest.mark.parametrize("origin_s", [0.0, 20.0, 1.7e9], ids=["zero", "20 s", "epoch"])
    def test_seconds_count_from_the_first_row(
        self, write: Write, value: float, origin_s: float
    ) -> None:
        late = TOTAL.copy()
        late[:500] = value
        recording = one(write("time,ax,ay,az", late, [f"{s + origin_s:.3f}" for s in SECONDS]))
        own_s = origin_s if origin_s < 60 else 0.0
        np.testing.assert_allclose(recording.time_s, SECONDS[500:] + own_s, atol=1e-3)
        assert any("10.0 s have no readings" in warning for warning in recording.warnings)
        if origin_s > 60:
            assert recording.start_time is not None
            assert recording.start_time.timestamp() == pytest.approx(origin_s, abs=1e-3)

    def test_a_given_rate_counts_rows_without_readings_too(self, write: Write) -> None:
        late = TOTAL.copy()
        late[:500] = np.nan
        recording = one(write("time,ax,ay,az", late), rate_hz=50)
        np.testing.assert_allclose(recording.time_s, SECONDS[500:], atol=1e-9)

    def test_a_clock_that_begins_at_20_s_keeps_its_seconds(self, write: Write) -> None:
        recording = one(write("time,ax,ay,az", clock=[f"{s + 20:.3f}" for s in SECONDS]))
        np.testing.assert_allclose(recording.time_s, SECONDS + 20, atol=1e-3)

    def test_a_clock_that_begins_before_its_zero_keeps_its_seconds(self, write: Write) -> None:
        recording = one(write("time,ax,ay,az", clock=[f"{s - 5:.3f}" for s in SECONDS]))
        np.testing.assert_allclose(recording.time_s, SECONDS - 5, atol=1e-3)

    def test_rows_without_readings_take_their_time_without_a_clock_too(self, write: Write) -> None:
        path = write("", np.vstack([np.full((500, 3), np.nan), TOTAL]), [""] * (COUNT + 500))
        rows = [row[1:] for row in path.read_text().splitlines()]
        path.write_text("\n".join(["# Sampling rate: 50 Hz", "ax,ay,az", *rows, ""]))
        recording = one(path)
        np.testing.assert_allclose(recording.time_s, SECONDS + 10, atol=1e-9)
        assert not any("lost" in w or "left out" in w for w in recording.warnings)

    @pytest.mark.parametrize("number", [0.0, -999.0, 9999.0, -1.0])
    @pytest.mark.parametrize(
        "rows", [slice(200), slice(900, 920), slice(25, None, 50), slice(1700, None)]
    )
    def test_a_number_that_stands_for_no_reading_is_none(
        self, write: Write, number: float, rows: slice
    ) -> None:
        values = TOTAL.copy()
        values[rows] = number
        is_read = np.ones(COUNT, dtype=bool)
        is_read[rows] = False
        recording = one(write("time,ax,ay,az", values))
        np.testing.assert_allclose(recording.time_s, SECONDS[is_read], atol=1e-3)
        np.testing.assert_allclose(recording.acceleration_mps2, TOTAL[is_read], atol=1e-3)
        assert any("readings" in w or "complete reading" in w for w in recording.warnings)

    def test_zeros_of_a_device_that_rests_without_gravity_are_readings(self, write: Write) -> None:
        values = np.round(TOTAL - GRAVITY, 1)
        values[400:440] = np.round(0.05 * NOISE[400:440], 1) * [1, 0, 0]
        values[400:440:4] = 0.0
        recording = one(write("time,linacc_x,linacc_y,linacc_z", values))
        np.testing.assert_allclose(recording.acceleration_mps2, values, atol=1e-3)

    def test_readings_that_are_equal_by_rounding_are_readings(self, write: Write) -> None:
        values = 50 * np.round((TOTAL - GRAVITY) / 2)
        assert np.count_nonzero((values == values[:, :1]).all(axis=1))
        recording = one(write("time,linacc_x (mg),linacc_y (mg),linacc_z (mg)", values))
        assert len(recording.time_s) == COUNT

    def test_rows_whose_time_cannot_be_read_are_told(self, write: Write) -> None:
        clock = [stamp.replace("T12:", "T25:") for stamp in _dated("%Y-%m-%dT%H:%M:%S.%3")]
        said = one(write("time,ax,ay,az", clock=clock)).warnings
        assert any("left out 1250 rows without a complete reading or time" in w for w in said)

    def test_an_uptime_is_counted_from_its_first_row_and_told(self, write: Write) -> None:
        recording = one(write("time,ax,ay,az", clock=[f"{s + 5000:.3f}" for s in SECONDS]))
        np.testing.assert_allclose(recording.time_s, SECONDS, atol=1e-3)
        assert any("first row at 5000.0 s" in found.value for found in recording.findings)

    @pytest.mark.parametrize("missing", ["--", "-", "NaN", "null", "n/a", ""])
    def test_cells_for_no_reading_in_the_first_row(self, write: Write, missing: str) -> None:
        path = write("time,ax,ay,az")
        header, _, *rows = path.read_text().splitlines()
        path.write_text("\n".join([header, ",".join([CLOCK[0], *[missing] * 3]), *rows, ""]))
        np.testing.assert_allclose(one(path).time_s, SECONDS[1:], atol=1e-3)

    def test_held_rows_at_the_beginning_move_nothing(self, write: Write) -> None:
        idle = TOTAL.copy()
        idle[:500] = TOTAL[0]
        recording = one(write("time,ax,ay,az", idle))
        np.testing.assert_allclose(recording.time_s[1:], SECONDS[500:], atol=1e-3)

    def test_other_sensors_move_with_it(self, write: Write) -> None:
        late = np.hstack([TOTAL, TURNING_DEGPS])
        late[:500, :3] = 0.0
        names = "acc_x,acc_y,acc_z,gyro_x,gyro_y,gyro_z"
        recording = one(write(f"time,{names}", late))
        assert recording.angular_rate_radps is not None
        np.testing.assert_allclose(
            recording.angular_rate_radps, np.radians(TURNING_DEGPS[500:]), atol=1e-3
        )

    def test_pieces_have_the_same_seconds(
        self, write: Write, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(table, "BLOCK_BYTES", 4000)
        late = TOTAL.copy()
        late[:100] = 0.0
        path = write("time,ax,ay,az", late, [f"{s + 20:.3f}" for s in SECONDS])
        (parts,) = pieces(path, grain_s=7)
        together = np.concatenate([part.time_s for part in parts])
        np.testing.assert_allclose(together, SECONDS[100:] + 20, atol=1e-3)


class TestAFastRecordingThatSlowsDown:
    @pytest.mark.parametrize("every", [4, 5, 8, 9, 10])
    def test_stretches_under_15_hz_are_gaps_and_told(self, write: Write, every: int) -> None:
        kept = (np.arange(COUNT) < 800) | (np.arange(COUNT) > 1600)
        kept |= np.arange(COUNT) % every == 0
        clock = [CLOCK[row] for row in np.flatnonzero(kept)]
        recording = one(write("time,ax,ay,az", TOTAL[kept], clock))
        assert recording.rate_hz == pytest.approx(50, rel=0.01)
        inside = (recording.time_s > 16.3) & (recording.time_s < 31.7)
        assert not inside.any()
        assert any("40% of the recording (16 s)" in w for w in recording.warnings)
        assert any("the share may be wrong" in w for w in recording.warnings)

    def test_a_stretch_of_25_hz_stays(self, write: Write) -> None:
        kept = (np.arange(COUNT) < 800) | (np.arange(COUNT) % 2 == 0)
        clock = [CLOCK[row] for row in np.flatnonzero(kept)]
        assert len(one(write("time,ax,ay,az", TOTAL[kept], clock)).time_s) == kept.sum()

    def test_lost_samples_are_a_gap_and_nothing_more(self, write: Write) -> None:
        kept = (np.arange(COUNT) < 800) | (np.arange(COUNT) > 1000)
        clock = [CLOCK[row] for row in np.flatnonzero(kept)]
        recording = one(write("time,ax,ay,az", TOTAL[kept], clock))
        assert len(recording.time_s) == kept.sum()
        assert not any("readings a second" in warning for warning in recording.warnings)

    @pytest.mark.parametrize("begin", [0, 800, 1400])
    def test_a_slow_stretch_that_was_filled_up_is_doubted(self, write: Write, begin: int) -> None:
        rows = np.arange(COUNT)
        kept = rows[(rows < begin) | (rows >= begin + 600) | (rows % 10 == 0)]
        filled = np.stack([np.interp(rows, kept, TOTAL[kept, axis]) for axis in range(3)], axis=1)
        said = one(write("time,ax,ay,az", filled)).warnings
        assert any("straight lines between 4.8" in warning for warning in said)

    def test_a_slow_recording_was_not_filled_up(self, write: Write) -> None:
        rows = np.arange(0, COUNT, 4)
        said = one(write("time,ax,ay,az", TOTAL[rows], [CLOCK[row] for row in rows])).warnings
        assert not any("straight lines" in warning for warning in said)

    def test_a_fast_one_may_be_filled_up(self, write: Write) -> None:
        rows = np.arange(COUNT)
        filled = np.stack(
            [np.interp(rows, rows[::2], TOTAL[::2, axis]) for axis in range(3)], axis=1
        )
        assert not one(write("time,ax,ay,az", filled)).warnings

    def test_one_that_is_mostly_slow_is_refused(self, write: Write) -> None:
        kept = (np.arange(COUNT) < 200) | (np.arange(COUNT) % 9 == 0)
        clock = [CLOCK[row] for row in np.flatnonzero(kept)]
        assert "readings a second" in str(refusal(write("time,ax,ay,az", TOTAL[kept], clock)))


def _line_over(begin: int, count: int, clock: np.ndarray = SECONDS) -> np.ndarray:
    """The walk with a straight line over so many rows from one on."""
    kept = np.r_[: begin + 1, begin + count : COUNT]
    return np.stack([np.interp(clock, clock[kept], axis[kept]) for axis in TOTAL.T], axis=1)


class TestGapsThatWereFilled:
    @pytest.mark.parametrize(
        ("values", "clock", "worth", "cell", "gap_s"),
        [
            (_line_over(500, 15), SECONDS, 1.0, "{:.5f}", 0.3),
            (_line_over(500, 50), SECONDS, 1.0, "{:.2f}", 1.0),
            (_line_over(500, 250), SECONDS, G, "{:.6f}", 5.0),
            (_line_over(500, 50), SECONDS, G / 1000, "{:.0f}", 1.0),
            (_line_over(500, 50, JITTERED), JITTERED, 1.0, "{:.5f}", 1.0),
            (_line_over(500, 50), JITTERED, 1.0, "{:.3f}", 1.0),
        ],
    )
    def test_a_straight_line_on_all_axes_is_a_gap(
        self, write: Write, values: np.ndarray, clock: np.ndarray, worth: float, cell: str,
        gap_s: float,
    ) -> None:  # fmt: skip
        stamps = [f"{second:.4f}" for second in clock]
        recording = one(write("time,ax,ay,az", values / worth, stamps, cell))
        assert np.diff(recording.time_s).max() == pytest.approx(gap_s, abs=0.03)
        assert len(recording.time_s) == COUNT - round(50 * gap_s) + 1
        filled, gaps = recording.warnings
        assert filled == (
            f"1 gap of {gap_s:.1f} s in all had been filled with straight lines, which are left "
            "out: strides and minutes are missing there, and the share may be wrong"
        )
        assert gaps.startswith("1 gap")

    def test_each_of_several_is_told(self, write: Write) -> None:
        values = np.vstack([_line_over(500, 50)[:1000], _line_over(1500, 100)[1000:]])
        filled, gaps = one(write("time,ax,ay,az", values)).warnings
        assert filled.startswith("2 gaps of 3.0 s in all")
        assert gaps.startswith("2 gaps, 3.0 s in all")

    @pytest.mark.parametrize("count", [2, 6, 12])
    def test_what_no_gap_would_be_stays(self, write: Write, count: int) -> None:
        recording = one(write("time,ax,ay,az", _line_over(500, count)))
        assert len(recording.time_s) == COUNT
        assert not recording.warnings

    def test_one_axis_that_moves_evenly_is_none(self, write: Write) -> None:
        values = np.where([True, False, False], _line_over(500, 100), TOTAL)
        assert not one(write("time,ax,ay,az", values)).warnings

    def test_rows_beside_a_true_gap_are_none(self, write: Write) -> None:
        kept = np.r_[:500, 520, 540:COUNT]
        clock = [CLOCK[row] for row in kept]
        recording = one(write("time,ax,ay,az", _line_over(499, 41)[kept], clock))
        assert len(recording.time_s) == len(kept)

    def test_a_coarse_sensor_at_rest_lies_on_no_line(self, write: Write) -> None:
        resting = ROWS[:, None] < 1000
        flicker = (np.random.default_rng(4).random((COUNT, 3)) < 0.02) * 0.2
        values = np.round(np.where(resting, GRAVITY + flicker, TOTAL) / 0.2) * 0.2
        recording = one(write("time,ax (m/s2),ay (m/s2),az (m/s2)", values, cell="{:.1f}"))
        assert len(recording.time_s) == COUNT
        assert not recording.warnings

    def test_a_recording_of_long_lines_is_refused_as_slow(self, write: Write) -> None:
        knots = np.arange(0, COUNT, 20)
        filled = np.stack(
            [np.interp(np.arange(COUNT), knots, TOTAL[knots, axis]) for axis in range(3)], axis=1
        )
        assert "only 2.5 readings a second" in str(refusal(write("time,ax,ay,az", filled)))


class TestDoubledUploads:
    @pytest.mark.parametrize(
        "rows",
        [
            [*range(COUNT), *range(COUNT)],
            [*range(COUNT), *range(1000, COUNT)],
            [*range(1200), *range(800, COUNT)],
            [*range(COUNT), *range(300, 700)],
            [*np.repeat(np.arange(COUNT), 2)],
            [*range(1000, COUNT), *range(1100)],
            [*range(700), *range(300, 1500), *range(1000, COUNT)],
        ],
        ids=["twice", "20 s at the end", "overlap", "a part again", "each row", "order", "parts"],
    )
    def test_copies_are_dropped_and_told(self, write: Write, rows: list[int]) -> None:
        path = write("time,ax,ay,az", TOTAL[rows], [CLOCK[row] for row in rows])
        recording = one(path)
        assert_walk(recording)
        text = f"{len(rows) - COUNT} rows written twice are counted once: counts and minutes are"
        assert any(text in warning for warning in recording.warnings)

    @pytest.mark.parametrize(
        "rows",
        [
            [*range(1000, COUNT), *range(1000)],
            [*range(500), *range(1000, 1500), *range(500, 1000), *range(1500, COUNT)],
        ],
    )
    def test_blocks_out_of_order_are_sorted(self, write: Write, rows: list[int]) -> None:
        recording = one(write("time,ax,ay,az", TOTAL[rows], [CLOCK[row] for row in rows]))
        assert_walk(recording)
        assert any("sorted" in warning for warning in recording.warnings)

    @pytest.mark.parametrize("spread", [2, 30, 1e6], ids=["near", "far", "all"])
    @pytest.mark.parametrize("per_s", [1, 1000])
    @pytest.mark.parametrize("origin_s", [0.0, 1.7e9])
    def test_shuffled_rows_are_sorted_before_their_clock_is_judged(
        self, write: Write, spread: float, per_s: float, origin_s: float
    ) -> None:
        order = np.argsort(np.arange(COUNT) + np.random.default_rng(0).normal(0, spread, COUNT))
        clock = [f"{(SECONDS[row] + origin_s) * per_s:.3f}" for row in order]
        recording = one(write("time,ax,ay,az", TOTAL[order], clock))
        assert_walk(recording)
        assert any("sorted" in warning for warning in recording.warnings)

    @pytest.mark.parametrize("apart_s", [0.0, 0.003, 5.0])
    def test_shuffled_rows_whose_order_no_clock_tells_are_refused(
        self, write: Write, apart_s: float
    ) -> None:
        order = np.random.default_rng(0).permutation(2 * COUNT)
        values = np.vstack([TOTAL, 1.1 * TOTAL[::-1]])[order]
        clock = np.concatenate([SECONDS, SECONDS + apart_s])[order]
        said = str(refusal(write("time,ax,ay,az", values, [f"{s:.3f}" for s in clock])))
        assert "shuffled, or are from several recordings" in said

    @pytest.mark.parametrize("at", [300, 700, 1000, 1400, 1900])
    def test_a_counter_that_falls_back_is_doubted(self, tmp_path: Path, at: int) -> None:
        rows = [f"{n:05}\t{x:.6f}\t{y:.6f}\t{z:.6f}" for n, (x, y, z) in enumerate(TOTAL)]
        head = ["// Update Rate: 50.0Hz", "PacketCounter\tAcc_X\tAcc_Y\tAcc_Z"]
        path = tmp_path / "walk.txt"
        path.write_text("\n".join([*head, *rows[at:], *rows[:at], ""]))
        assert any("counts and minutes are wrong" in warning for warning in one(path).warnings)

    @pytest.mark.parametrize("begin", [0, 500, 1500])
    def test_the_same_readings_at_a_later_time_are_told(self, write: Write, begin: int) -> None:
        values = np.vstack([TOTAL, TOTAL[begin:]])
        clock = [f"{row / 50:.2f}" for row in range(len(values))]
        recording = one(write("time,ax,ay,az", values, clock))
        (said,) = (w for w in recording.warnings if "again" in w)
        assert f"{(COUNT - begin) / 50 - 0.08:.0f} s of readings" in said
        assert "counts and minutes are too high" in said

    def test_two_recordings_on_one_clock_say_what_may_be_wrong(self, write: Write) -> None:
        values = np.vstack([TOTAL, 0.98 * TOTAL[::-1]])
        recording = one(write("time,ax,ay,az", values, [*CLOCK, *CLOCK]))
        assert any("counts and minutes are too high" in w for w in recording.warnings)


def _dated(pattern: str) -> list[str]:
    begin = datetime(2026, 3, 1, 11, 59, 45)  # noqa: DTZ001 - a local time, as apps write it
    moments = [begin + timedelta(seconds=float(s)) for s in SECONDS]
    return [
        moment.strftime(pattern.replace("%3", f"{moment.microsecond // 1000:03}")
                               .replace("%1", str(moment.microsecond // 1000)))
        for moment in moments
    ]  # fmt: skip


class TestSeveralInOneTable:
    def test_each_wearer_has_the_rows_that_are_theirs(self, tmp_path: Path) -> None:
        both = {"anna": TOTAL, "ben": TOTAL[:, [2, 1, 0]]}
        rows = [
            f"{name},{stamp},{x:.5f},{y:.5f},{z:.5f}"
            for name, values in both.items()
            for stamp, (x, y, z) in zip(CLOCK, values, strict=True)
        ]
        path = tmp_path / "both.csv"
        path.write_text("\n".join(["subject,time,ax,ay,az", *rows, ""]))
        recordings = read(path)
        assert [recording.name for recording in recordings] == ["both.csv#anna", "both.csv#ben"]
        for recording, values in zip(recordings, both.values(), strict=True):
            np.testing.assert_allclose(recording.acceleration_mps2, values, atol=1e-3)


class TestClocks:
    @pytest.mark.parametrize(
        "pattern",
        ["%H:%M:%S.%1", "%H:%M:%S:%1", "%Y-%m-%d %H:%M:%S.%1", "%d.%m.%Y %H:%M:%S.%1",
         "%m/%d/%Y %I:%M:%S.%1 %p"],
    )  # fmt: skip
    def test_fractions_without_leading_zeros(self, write: Write, pattern: str) -> None:
        recording = one(write("time,ax,ay,az", clock=_dated(pattern)))
        assert_walk(recording)
        assert not recording.warnings

    @pytest.mark.parametrize(
        "pattern",
        ["%H:%M:%S.%3", "%I:%M:%S.%3", "%Y-%m-%d %I:%M:%S.%3", "%Y-%m-%dT%H:%M:%S.%3+0100",
         "%Y-%m-%dT%H:%M:%S.%3+0100 [Europe/London]", "%Y-%m-%dT%H:%M:%S.%3+01:00[Europe/Paris]",
         "%d/%m/%y %H:%M:%S.%3", "%d-%b-%Y %H:%M:%S.%3", "%d %b %Y %H:%M:%S.%3",
         "%b %d %Y %I:%M:%S.%3 %p"],
    )  # fmt: skip
    def test_each_way_to_write_a_time(self, write: Write, pattern: str) -> None:
        recording = one(write("time,ax,ay,az", clock=_dated(pattern)))
        assert_walk(recording)
        assert not recording.warnings

    def test_twelve_hours_without_am_and_pm_go_on_past_one(self, write: Write) -> None:
        begin_s = 12 * 3600 + 59 * 60 + 45
        hours = [(begin_s + s - 3600) % 43_200 + 3600 for s in SECONDS]
        clock = [f"{int(h // 3600)}:{int(h // 60 % 60):02}:{h % 60:06.3f}" for h in hours]
        assert_walk(one(write("time,ax,ay,az", clock=clock)))

    @pytest.mark.parametrize(("stated", "per_s"), [("ms", 1), ("ns", 1), ("us", 1), ("ns", 1e3),
                                                   ("us", 1e3)])  # fmt: skip
    def test_a_unit_that_cannot_be_is_measured_and_told(
        self, write: Write, stated: str, per_s: float
    ) -> None:
        clock = [f"{s * per_s:.4f}" for s in SECONDS]
        recording = one(write(f"time ({stated}),ax,ay,az", clock=clock))
        assert_walk(recording)
        assert any("cadence and minutes" in warning for warning in recording.warnings)

    @pytest.mark.parametrize("per_s", [32_768, 1e-3, 1 / 800, 1 / 10])
    def test_impossible_rates_never_pass(self, write: Write, per_s: float) -> None:
        unit = "" if per_s > 1 else " (s)"
        factor = per_s if per_s >= 1e-3 and per_s != 1 / 800 and per_s != 1 / 10 else 1 / per_s
        clock = [f"{s * factor:.8f}" if factor < 1 else f"{s * factor:.0f}" for s in SECONDS]
        path = write(f"time{unit},ax,ay,az", clock=clock)
        error = refusal(path)
        assert "rate" in str(error) or "readings a second" in str(error)

    @pytest.mark.parametrize("begin", [133_800_000_000_000_000, 638_000_000_000_000_000])
    @pytest.mark.parametrize("every", [1, 2])
    def test_ticks_of_windows(self, write: Write, begin: int, every: int) -> None:
        clock = [str(begin + every * 100_000 * row) for row in range(COUNT)]
        recording = one(write("time,ax,ay,az", clock=clock))
        np.testing.assert_allclose(recording.time_s, SECONDS / 2 * every, atol=1e-6)

    def test_a_unit_that_only_a_slow_clock_shows_is_doubted(self, write: Write) -> None:
        clock = [str(100_000 * row) for row in range(COUNT)]
        recording = one(write("time,ax,ay,az", clock=clock))
        assert any("was read as µs, 10 readings a second" in w for w in recording.warnings)
        assert_walk(one(write("time,ax,ay,az", clock=clock), rate_hz=50))

    @pytest.mark.parametrize("pattern", ["%Y%m%d%H%M%S%3", "%Y%m%d%H%M%S.%3", "%H%M%S.%3"])
    def test_times_without_separators_are_refused(self, write: Write, pattern: str) -> None:
        path = write("time,ax,ay,az", clock=_dated(pattern))
        assert "without separators" in str(refusal(path))
        assert_walk(one(path, rate_hz=50))

    @pytest.mark.parametrize(("stated", "per_s"), [("ms", 100), ("ms", 50), ("us", 32_768),
                                                   ("us", 90_000), ("", 100)])  # fmt: skip
    def test_a_clock_that_makes_steps_impossibly_fast_is_doubted(
        self, write: Write, stated: str, per_s: float
    ) -> None:
        name = f"time ({stated})" if stated else "time"
        recording = one(write(f"{name},ax,ay,az", clock=[f"{s * per_s:.0f}" for s in SECONDS]))
        assert any("as slowly as steps" in warning for warning in recording.warnings)

    @pytest.mark.parametrize(
        ("per_s", "top", "cell"),
        [(1e3, 2**16, "{:.0f}"), (1e6, 2**32, "{:.0f}"), (1e3, 2**32 / 1000, "{:.3f}")],
    )
    @pytest.mark.parametrize("before_s", [1.003, 20.004, 35.507])
    def test_a_counter_of_time_that_overflows_goes_on(
        self, write: Write, per_s: float, top: float, cell: str, before_s: float
    ) -> None:
        clock = [cell.format((s * per_s + top - before_s * per_s) % top) for s in SECONDS]
        recording = one(write("time,ax,ay,az", clock=clock))
        assert_walk(recording)
        assert not recording.warnings

    @pytest.mark.parametrize("back_s", [5.003, 20.005, 39.993])
    def test_a_clock_that_was_set_back_between_two_samples_interleaves_nothing(
        self, write: Write, back_s: float
    ) -> None:
        clock = [f"{s - back_s * (s >= 40):.3f}" for s in np.arange(2 * COUNT) / 50]
        recording = one(write("time,ax,ay,az", np.vstack([TOTAL, 0.9 * TOTAL]), clock))
        np.testing.assert_allclose(recording.acceleration_mps2[:COUNT], TOTAL, atol=1e-3)
        assert any("counts and minutes are too high" in w for w in recording.warnings)

    @pytest.mark.parametrize("name", ["time (h)", "time [hours]", "elapsed (h)"])
    def test_hours(self, write: Write, name: str) -> None:
        assert_walk(one(write(f"{name},ax,ay,az", clock=[f"{s / 3600:.9f}" for s in SECONDS])))

    def test_minutes(self, write: Write) -> None:
        assert_walk(one(write("time (min),ax,ay,az", clock=[f"{s / 60:.7f}" for s in SECONDS])))


class TestScalesThatAreNoAcceleration:
    @pytest.mark.parametrize(
        ("per_mps2", "offset"),
        [(3, 128), (10, 100), (10, 512), (10, 330), (25, 330), (40, 500), (100, 2048), (400, 8192),
         (1000, 32_768)],
    )  # fmt: skip
    def test_counts_around_an_offset(self, write: Write, per_mps2: float, offset: float) -> None:
        path = write("time,ax,ay,az", np.round(TOTAL * per_mps2 + offset), cell="{:.0f}")
        assert "offset" in str(refusal(path)) or "unit" in str(refusal(path))

    @pytest.mark.parametrize("factor", [1.0, -1.0, 2.0])
    @pytest.mark.parametrize("axes", [[0, 0, 0], [0, 1, 1], [1, 1, 0], [2, 1, 2]])
    def test_axes_that_are_copies(self, write: Write, axes: list[int], factor: float) -> None:
        values = TOTAL[:, axes] * [1.0, factor, 1.0]
        assert "same readings" in str(refusal(write("time,ax,ay,az", values)))

    @pytest.mark.parametrize("axes", [[0, 0, 2], [0, 1, 1], [2, 1, 2]])
    def test_axes_that_are_copies_before_gravity_is_added(
        self, write: Write, axes: list[int]
    ) -> None:
        tilt = GRAVITY + np.stack([np.sin(SECONDS), np.cos(SECONDS), np.sin(2 * SECONDS)], axis=1)
        values = np.hstack([(TOTAL - GRAVITY)[:, axes], tilt])
        names = "user_acc_x,user_acc_y,user_acc_z,gravity_x,gravity_y,gravity_z"
        assert "same readings" in str(refusal(write(f"time,{names}", values)))

    @pytest.mark.parametrize(
        ("made", "reason"),
        [
            (lambda v: (v - v.min(axis=0)) / np.ptp(v, axis=0), "were scaled"),
            (lambda v: 2 * (v - v.min(axis=0)) / np.ptp(v, axis=0) - 1, "were scaled"),
            (lambda v: (v - v.mean(axis=0)) / v.std(axis=0), "mean 0 and spread 1"),
            (lambda v: np.abs(v - [2, 0, 2.4]), "lost their sign"),
            (lambda v: np.abs(v[:, [1, 2, 0]] - [0, 2.4, 2]), "lost their sign"),
        ],
    )
    def test_values_that_were_scaled_or_lost_their_sign(
        self, write: Write, made: Callable[[np.ndarray], np.ndarray], reason: str
    ) -> None:
        assert reason in str(refusal(write("time,ax,ay,az", made(TOTAL))))
        if reason != "mean 0 and spread 1":  # which is a linear acceleration too
            names = ",".join(f"acc {axis} (m/s2)" for axis in "xyz")
            assert reason in str(refusal(write(f"time,{names}", made(TOTAL))))

    @pytest.mark.parametrize("axis", [0, 2])
    @pytest.mark.parametrize("side", [1, -1])
    @pytest.mark.parametrize(
        ("names", "worth"),
        [("ax,ay,az", 1.0), ("acc x (m/s2),acc y (m/s2),acc z (m/s2)", 1.0), ("x,y,z", G)],
    )
    def test_one_axis_that_lost_its_sign_is_doubted(
        self, write: Write, axis: int, side: int, names: str, worth: float
    ) -> None:
        values = TOTAL - np.where(np.eye(3)[axis], GRAVITY, 0)
        values[:, axis] = side * np.abs(values[:, axis])
        (said,) = one(write(f"time,{names}", values / worth)).warnings
        assert said == (
            f"{'xyz'[axis]} is often near 0 but never crosses it: if it lost its sign, "
            "direction, counts and share are wrong"
        )

    def test_one_axis_that_lost_its_sign_is_doubted_without_gravity(self, write: Write) -> None:
        values = np.abs(TOTAL - GRAVITY, out=TOTAL - GRAVITY, where=np.array([True, False, False]))
        said = one(write("time,linacc_x,linacc_y,linacc_z", values)).warnings
        assert any(warning.startswith("x is often near 0") for warning in said)

    @pytest.mark.parametrize("offset", [-2.0, 0.0, 2.5])
    def test_an_axis_on_either_side_of_zero_keeps_its_sign(
        self, write: Write, offset: float
    ) -> None:
        assert not one(write("time,ax,ay,az", TOTAL + np.array([offset, 0, 0]))).warnings

    @pytest.mark.parametrize(
        ("stated", "values"),
        [
            ("g", 3 * (TOTAL - GRAVITY)),
            ("mg", (TOTAL - GRAVITY) / G),
            ("m/s2", (TOTAL - GRAVITY) / G),
            ("mg", TOTAL - GRAVITY),
            ("m/s2", np.where(SECONDS[:, None] == 20, 5, (TOTAL - GRAVITY) / G)),
            ("m/s2", 30 * (TOTAL - GRAVITY)),
        ],
    )
    def test_a_wrong_unit_without_gravity_is_doubted(
        self, write: Write, stated: str, values: np.ndarray
    ) -> None:
        names = ",".join(f"linacc_{axis} ({stated})" for axis in "xyz")
        path = write(f"time,{names}", values, cell="{:.7f}")
        said = one(path).warnings
        assert any("but steps measure 0.2 to 4 g: if the unit" in w for w in said)

    @pytest.mark.parametrize("times", [0.6, 1.0, 3.0, 10.0])
    @pytest.mark.parametrize("count", [300, 500, COUNT])
    def test_movement_of_the_size_of_steps_is_none(
        self, write: Write, times: float, count: int
    ) -> None:
        names = ",".join(f"linacc_{axis} (m/s2)" for axis in "xyz")
        values = times * (TOTAL - GRAVITY)[:count]
        assert not one(write(f"time,{names}", values, CLOCK[:count])).warnings

    @pytest.mark.parametrize("reading", [0.0, 2.0])
    @pytest.mark.parametrize(
        "rows", [slice(None), slice(500), slice(1000, 1200), slice(1500, None)]
    )
    def test_an_axis_that_stands_still_is_doubted(
        self, write: Write, rows: slice, reading: float
    ) -> None:
        values = TOTAL.copy()
        values[rows, 2] = reading
        (warning,) = one(write("time,ax,ay,az", values)).warnings
        assert warning.startswith(f"z does not change for {len(values[rows]) / 50 - 0.02:.0f} s")
        assert "share may be wrong" in warning

    @pytest.mark.parametrize(
        ("rows", "made"),
        [
            (slice(1500, None), lambda v: v / G),
            (slice(400), lambda v: v / G),
            (slice(1600, None), lambda v: 3 * v),
            (slice(1600, None), lambda v: v - v.mean(axis=0)),
            (slice(400, 800), lambda v: np.radians(NOISE[: len(v)])),
        ],
    )
    def test_a_change_of_unit_or_sensor_is_doubted(
        self, write: Write, rows: slice, made: Callable[[np.ndarray], np.ndarray]
    ) -> None:
        values = TOTAL.copy()
        values[rows] = made(values[rows])
        said = one(write("time,ax,ay,az", values)).warnings
        assert any("far from 1 g" in warning and "share" in warning for warning in said)

    @pytest.mark.parametrize("begin", [0.3, 0.5, 0.7])
    @pytest.mark.parametrize("factor", [1 / G, G])
    def test_a_change_of_unit_without_gravity_is_doubted(
        self, write: Write, begin: float, factor: float
    ) -> None:
        values = TOTAL - GRAVITY
        values[int(begin * COUNT) :] *= factor
        names = "linacc_x (m/s2),linacc_y (m/s2),linacc_z (m/s2)"
        said = one(write(f"time,{names}", values)).warnings
        assert any("come in two sizes" in warning and "counts" in warning for warning in said)

    @pytest.mark.parametrize("rows", [slice(250, None), slice(1000), slice(1850, None)])
    @pytest.mark.parametrize("factor", [1 / G, G, 1000 / G / G])
    def test_a_change_of_unit_without_rhythm_shows_beside_a_gyroscope(
        self, write: Write, rows: slice, factor: float
    ) -> None:
        shaken = NOISE[:, [1, 2, 0]] / 3
        shaken[rows] *= factor
        names = ",".join([*(f"linacc_{axis} (m/s2)" for axis in "xyz"), "gyro_x,gyro_y,gyro_z"])
        said = one(write(f"time,{names}", np.hstack([shaken, TURNING_DEGPS]))).warnings
        assert any("against the gyroscope" in w and "share are wrong" in w for w in said)

    @pytest.mark.parametrize("times", [1.0, 4.0])
    def test_a_wearer_who_goes_on_faster_changes_no_unit(self, write: Write, times: float) -> None:
        shaken, turning = NOISE[:, [1, 2, 0]] / 3, TURNING_DEGPS.copy()
        shaken[1000:] *= 2 * times
        turning[1000:] *= times
        names = "linacc_x,linacc_y,linacc_z,gyro_x,gyro_y,gyro_z"
        assert not one(write(f"time,{names}", np.hstack([shaken, turning]))).warnings

    def test_a_change_of_pace_without_gravity_is_none(self, write: Write) -> None:
        values = TOTAL - GRAVITY
        values[COUNT // 2 :] *= 3
        assert not one(write("time,linacc_x,linacc_y,linacc_z", values)).warnings

    @pytest.mark.parametrize("rows", [slice(250), slice(60), slice(180, 250)])
    def test_a_change_of_unit_shows_in_five_seconds_too(self, write: Write, rows: slice) -> None:
        values = TOTAL[:250].copy()
        values[rows] /= G if rows != slice(250) else 1
        said = one(write("time,ax,ay,az", values, CLOCK[:250])).warnings
        assert any("far from 1 g" in warning for warning in said) == (rows != slice(250))

    @pytest.mark.parametrize(
        ("made", "is_odd"),
        [
            (lambda v: v, False),
            (lambda v: 1.05 * v, False),
            (lambda v: 1.3 * v, True),
            (lambda v: 0.7 * v, True),
            (lambda v: v + np.array([0, 3, 0]), True),
            (lambda v: v * [1, 1.3, 1], True),
            (lambda v: v * [1, 0.75, 1], True),
        ],
    )
    def test_a_wrong_scale_or_offset_shows_at_rest(
        self, write: Write, made: Callable[[np.ndarray], np.ndarray], is_odd: bool
    ) -> None:
        values = TOTAL.copy()
        values[:600] = GRAVITY[:600] + NOISE[:600] / 500
        said = one(write("time,ax (m/s2),ay (m/s2),az (m/s2)", made(values))).warnings
        assert any(warning.startswith("at rest it reads") for warning in said) == is_odd

    def test_a_running_foot_is_no_change_of_unit(self, write: Write) -> None:
        values = TOTAL.copy()
        is_running = (SECONDS > 10) & (SECONDS < 30)
        values[is_running, 0] += (6 * G * (np.sin(9 * SECONDS) > 0.3))[is_running]
        assert np.linalg.norm(values[is_running].mean(axis=0)) > 2 * G
        said = one(write("time,ax (m/s2),ay (m/s2),az (m/s2)", values)).warnings
        assert not any("far from 1 g" in warning for warning in said)

    def test_a_magnitude_in_one_axis(self, write: Write) -> None:
        length = np.linalg.norm(TOTAL, axis=1)
        path = write("time,ax,ay,az", np.stack([length, 0 * length, 0 * length], axis=1))
        assert "magnitude" in str(refusal(path))

    @pytest.mark.parametrize("name", ["magnitude", "svm", "vm", "acc", "total"])
    def test_a_magnitude_alone(self, write: Write, name: str) -> None:
        refusal(write(f"time,{name}", np.linalg.norm(TOTAL, axis=1)[:, None]))

    @pytest.mark.parametrize("header", ["time,ax,ay,az", "t,x,y,z", ""])
    @pytest.mark.parametrize("places", [3, 4])
    def test_decimal_commas_between_commas(self, tmp_path: Path, header: str, places: int) -> None:
        rows = [
            ",".join(f"{v:.{places}f}".replace(".", ",") for v in (second + 1, *reading))
            for second, reading in zip(SECONDS, TOTAL, strict=True)
        ]
        path = tmp_path / "walk.csv"
        path.write_text("\n".join([*([header] if header else []), *rows, ""]))
        assert "decimal comma" in str(refusal(path))


COUNTS = np.round(40 * TOTAL + 500)
TURNED = np.hstack([TURNING_DEGPS, TOTAL])
TICKS = [f"{round(s * 32_768)}" for s in SECONDS]
COLUMNS = {"time": "1", "x": "2", "y": "3", "z": "4"}
BEHIND = {"time": "1", "x": "5", "y": "6", "z": "7"}
LENGTHS = np.linalg.norm(TOTAL, axis=1, keepdims=True)


class TestRemedies:
    HEADER = "time (s),acc x (g),acc y (g),acc z (g)"

    REFUSED: Sequence[tuple[str, np.ndarray, Sequence[str], str, dict[str, object]]] = [
        # Header, readings and clock that are refused; words of the remedy; what it asks for.
        ("time,ax,ay,az", TOTAL, TICKS, "with --rate", {"rate_hz": 50.0}),
        ("time,ax,ay,az", TOTAL, ["7"] * COUNT, "with --rate", {"rate_hz": 50.0}),
        ("time,ax,ay,az", TOTAL, ["noon"] * COUNT, "with --rate", {"rate_hz": 50.0}),
        ("time,ax,ay,az", TOTAL, [f"2026-03-01 11:{i}" for i in range(COUNT)], "with --rate",
         {"rate_hz": 50.0}),
        ("time (s),ax,ay,az", TOTAL, [f"{s / 100:.6f}" for s in SECONDS], "with --rate",
         {"rate_hz": 50.0}),
        ("time,ax,ay,az", TOTAL, [f"20260301{115900 + i // 50}" for i in range(COUNT)],
         "with --rate", {"rate_hz": 50.0}),
        ("n,ax,ay,az", TOTAL, CLOCK, "with --rate, or name", {"rate_hz": 50.0}),
        ("n,ax,ay,az", TOTAL, CLOCK, "name the column with --columns",
         {"columns": {"time": "n", "x": "ax", "y": "ay", "z": "az"}}),
        ("time,ax,ay,az", TOTAL / G * 50, CLOCK, "with --unit", {"unit": "g/50"}),
        ("time,ax (g),ay (g),az (g)", 60 * TOTAL / G, CLOCK, "its unit with --unit",
         {"unit": "g/60"}),
        ("time,ax,ay,az", (TOTAL + 30) / G, CLOCK, "the unit with --unit", {"unit": "g"}),
        ("time,ax,ay,az", np.abs(TOTAL - [2, 0, 2.4]), CLOCK, "the unit with --unit",
         {"unit": "m/s2"}),
        ("time,a,b,c", TOTAL - GRAVITY, CLOCK, "--columns", {"columns": COLUMNS}),
        ("time,x,y,z", TOTAL - GRAVITY, CLOCK, "--gravity linear", {"gravity": "linear"}),
        ("time,acc_x,acc_y,acc_z,p,q,r", np.hstack([TOTAL[:, [0, 0, 2]], TOTAL]), CLOCK,
         "their columns with --columns", {"columns": BEHIND}),
        ("time,acc_x,acc_y,acc_z,p,q,r", np.hstack([TOTAL / LENGTHS, TOTAL]), CLOCK,
         "its columns with --columns", {"columns": BEHIND}),
        ("time,gyro_x,gyro_y,gyro_z,p,q,r", np.hstack([TURNING_DEGPS, TOTAL - GRAVITY]), CLOCK,
         "its columns with --columns", {"columns": BEHIND}),
        ("", TURNED[:, [3, 0, 4, 1, 5]], CLOCK, "by number with --columns",
         {"columns": {"time": "1", "x": "2", "y": "4", "z": "6"}}),
        ("time,seconds_elapsed,z,y,x",
         np.column_stack([SECONDS, (TOTAL - GRAVITY)[:, ::-1]]), CLOCK, "add --gravity",
         {"gravity": "linear"}),
    ]  # fmt: skip

    @pytest.mark.parametrize(
        ("header", "values", "clock", "words", "options"),
        REFUSED,
    )
    def test_the_option_of_a_remedy_works(
        self,
        write: Write,
        header: str,
        values: np.ndarray,
        clock: Sequence[str],
        words: str,
        options: dict[str, object],
    ) -> None:
        path = write(header, values, clock)
        assert words in refusal(path).remedy
        recording = one(path, **options)
        np.testing.assert_allclose(recording.time_s, SECONDS, atol=0.02)
        assert recording.acceleration_mps2.shape == (COUNT, 3)

    def test_no_option_in_a_remedy_is_untried(self) -> None:
        tried = "\n".join(case[3] for case in self.REFUSED)
        written = [
            text.text
            for text in sentences(PACKAGE / "formats")
            if re.search(r"(with|add|by) --|with its password", text.text)
        ]
        assert written
        for option in re.findall(r"--[a-z]+", "\n".join(written)):
            assert option in tried

    def test_decimal_commas_are_read_between_semicolons(self, tmp_path: Path) -> None:
        table = [[f"{v:.3f}".replace(".", ",") for v in row] for row in np.c_[SECONDS + 1, TOTAL]]
        path = tmp_path / "walk.csv"
        path.write_text("\n".join(["time,ax,ay,az", *map(",".join, table), ""]))
        assert "with semicolons between the columns" in refusal(path).remedy
        path.write_text("\n".join(["time;ax;ay;az", *map(";".join, table), ""]))
        np.testing.assert_allclose(one(path).acceleration_mps2, TOTAL, atol=1e-3)

    @pytest.mark.parametrize("date", ["%Y-%m-%d %H:%M:%S.%3"])
    def test_times_are_read_when_written_as_the_remedy_writes_them(
        self, write: Write, date: str
    ) -> None:
        error = refusal(write("time,ax,ay,az", clock=_dated("%Y%m%d%H%M%S.%3")))
        assert "2026-03-01 11:59:45.020" in error.remedy
        assert_walk(one(write("time,ax,ay,az", clock=_dated(date))))

    def test_an_encrypted_archive_is_read_when_unpacked(self, write: Write, tmp_path: Path) -> None:
        path = write("time,ax,ay,az")
        packed = tmp_path / "walk.zip"
        with zipfile.ZipFile(packed, "w") as archive:
            archive.write(path, "walk.csv")
        locked = bytearray(packed.read_bytes())
        for mark, place in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
            locked[locked.index(mark) + place] |= 1
        packed.write_bytes(locked)
        assert "unpack it with its password" in refusal(packed).remedy
        assert_walk(one(path))

    def test_a_slow_recording_is_read_at_the_rate_that_the_remedy_names(self, write: Write) -> None:
        rows = np.arange(0, COUNT, 10)
        error = refusal(write("time,ax,ay,az", TOTAL[rows], [CLOCK[row] for row in rows]))
        assert "at least 15 Hz, better 50 Hz" in error.remedy
        rows = np.arange(0, COUNT, 3)
        assert one(write("time,ax,ay,az", TOTAL[rows], [CLOCK[row] for row in rows])).rate_hz > 15
        assert_walk(one(write("time,ax,ay,az")))

    @pytest.mark.parametrize(
        "given",
        [
            "time=time (s),x=acc x (g),y=acc y (g),z=acc z (g)",
            'time="time (s)",x="acc x (g)",y="acc y (g)",z="acc z (g)"',
            "time=time,x=acc x,y=acc y,z=acc z",
            "time=1,x=2,y=3,z=4",
            "time=column 1,x=column 2,y=column 3,z=column 4",
            "time='TIME (S)', x=Acc X, y=ACC Y, z=acc z",
        ],
    )
    def test_columns_are_named_as_the_file_or_the_message_names_them(
        self, write: Write, given: str
    ) -> None:
        assert_walk(one(write(self.HEADER, TOTAL / G), columns=ReadOptions.parse_columns(given)))

    def test_a_name_may_hold_a_comma(self, write: Write) -> None:
        path = write("time;acc, x;acc, y;acc, z", by=";")
        for quote in ('"', "'", ""):
            given = ",".join(f"{axis}={quote}acc, {axis}{quote}" for axis in "xyz")
            assert_walk(one(path, columns=ReadOptions.parse_columns(given)))

    def test_the_names_that_a_message_lists_work(self, write: Write) -> None:
        path = write("when,p (m/s2),q (m/s2),r (m/s2)")
        error = refusal(path, columns={"x": "nothing", "y": "q", "z": "r"})
        assert error.remedy is not None
        listed = error.remedy.split('"')[1::2]
        assert len(listed) == 4
        given = ",".join(f'{role}="{name}"' for role, name in
                         zip(("time", "x", "y", "z"), listed, strict=True))  # fmt: skip
        assert_walk(one(path, columns=ReadOptions.parse_columns(given)))

    def test_equal_names_are_told_apart_by_position(self, write: Write) -> None:
        path = write("time,acc,acc,acc")
        assert_walk(one(path, columns={"time": "1", "x": "2", "y": "3", "z": "4"}))
        assert "twice" in str(refusal(path, columns={"x": "acc", "y": "acc", "z": "acc"}))

    @pytest.mark.parametrize("wrong", ["0", "5", "99", "-1", "", '"', "column 9", "column x"])
    def test_a_wrong_column_ends_in_a_sentence(self, write: Write, wrong: str) -> None:
        refusal(write(self.HEADER, TOTAL / G), columns={"x": wrong, "y": "3", "z": "4"})

    def test_a_given_rate_is_the_remedy_of_an_untold_clock(self, write: Write) -> None:
        path = write("time,ax,ay,az", clock=[f"{s * 32_768:.0f}" for s in SECONDS])
        assert "--rate" in str(refusal(path))
        assert_walk(one(path, rate_hz=50))

    def test_a_given_unit_is_the_remedy_of_an_untold_unit(self, write: Write) -> None:
        path = write("time,ax,ay,az", TOTAL / G * 50)
        assert "--unit" in str(refusal(path))
        assert_walk(one(path, unit="g/50"))


def _tar(path: Path, mode: Literal["w", "w:gz"]) -> None:
    with tarfile.open(path, mode) as archive:
        archive.add(__file__, "walk.csv")


def _zip_in_zip(path: Path) -> None:
    inner = io.BytesIO()
    for target, name, content in ((inner, "a.csv", b"1"), (path, "b.zip", inner)):
        with zipfile.ZipFile(target, "w") as archive:
            archive.writestr(name, content if isinstance(content, bytes) else content.getvalue())


class TestASearchedFolder:
    """Whatever a file is called: it is an input, or it is skipped with a reason."""

    @pytest.mark.parametrize("name", ["walk.dat", "walk.log", "walk.TSV", "walk", "walk.csv.bak"])
    def test_a_recording_is_an_input(self, write: Write, name: str) -> None:
        path = write("time,ax,ay,az")
        path.rename(path.with_name(name))
        assert self.found(path.parent) == ([name], {})

    @pytest.mark.parametrize(
        "name", ["a.dat", "sub/b.log", "c.tsv", "d", "e.txt", "f.json", "g.csv"]
    )
    @pytest.mark.parametrize(
        "text", ["left the house\n", "lap,minutes\n1,2\n2,3\n3,4\n", "", '{"rate": 50}\n']
    )
    def test_no_other_file_disappears(self, tmp_path: Path, name: str, text: str) -> None:
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
        inputs, skipped = self.found(tmp_path)
        assert [*inputs, *skipped] == [name]
        assert all(skipped.values())

    @pytest.mark.parametrize("name", ["photo.JPG", "a.pdf", "run.sh", "model.skops", ".DS_Store"])
    def test_what_is_plainly_something_else_is_neither(self, tmp_path: Path, name: str) -> None:
        (tmp_path / name).write_text("time,lap\n1,2\n2,3\n")
        assert self.found(tmp_path) == ([], {})

    @pytest.mark.parametrize(
        "made",
        [
            lambda path: _tar(path, "w"),
            lambda path: _tar(path, "w:gz"),
            lambda path: path.write_bytes(b"7z\xbc\xaf\x27\x1c" + bytes(100)),
            lambda path: path.write_bytes(b"Rar!\x1a\x07\x01\x00" + bytes(100)),
            lambda path: path.write_bytes(b"\x28\xb5\x2f\xfd" + bytes(100)),
            lambda path: _zip_in_zip(path),
        ],
    )
    def test_an_archive_that_is_not_read_is_to_be_unpacked(
        self, tmp_path: Path, made: Callable[[Path], object]
    ) -> None:
        path = tmp_path / "walk.zip"
        made(path)
        assert self.found(tmp_path) == (["walk.zip"], {})
        assert refusal(path).remedy == "unpack it"

    def test_a_link_to_nowhere_is_an_input_that_cannot_be_read(self, tmp_path: Path) -> None:
        (tmp_path / "away.csv").symlink_to(tmp_path / "gone.csv")
        (tmp_path / "itself.csv").symlink_to(tmp_path / "itself.csv")
        assert self.found(tmp_path) == (["away.csv", "itself.csv"], {})
        for name in ("away.csv", "itself.csv"):
            refusal(tmp_path / name)

    @staticmethod
    def found(folder: Path) -> tuple[list[str], dict[str, str]]:
        """Names of the inputs, and of the skipped files with the reasons."""
        skipped: dict[str, str] = {}
        inputs = discover(folder, on_skipped=lambda file, why: skipped.update({file.name: why}))
        return [file.name for file in inputs], skipped


class TestSaturation:
    @pytest.mark.parametrize("axis", range(3))
    @pytest.mark.parametrize("side", [-1, 1])
    def test_each_axis_and_limit_is_told(self, write: Write, axis: int, side: int) -> None:
        strong = TOTAL + 12 * np.sin(11.2 * SECONDS)[:, None] * np.eye(3)[axis]
        limit = side * 2 * G if side * TOTAL[:, axis].mean() > -5 else side * 1.6 * G
        strong[:, axis] += 0.9 * limit - np.mean(TOTAL[:, axis])
        strong[:, axis] = (np.minimum if side > 0 else np.maximum)(strong[:, axis], limit)
        recording = one(write("time,acc x (m/s2),acc y (m/s2),acc z (m/s2)", strong))
        said = [w for w in recording.warnings if w.startswith(f"{'xyz'[axis]} is cut off")]
        assert len(said) == 1
        assert "share may be wrong" in said[0]

    @pytest.mark.parametrize("axis", range(3))
    @pytest.mark.parametrize("side", [-1, 1])
    @pytest.mark.parametrize(
        ("noise", "unit", "worth"), [(0.02, "g", G), (0.05, "m/s2", 1.0), (0.1, "mg", G / 1000)]
    )
    def test_a_limit_with_noise_on_it_is_told(
        self, write: Write, axis: int, side: int, noise: float, unit: str, worth: float
    ) -> None:
        strong = 6 * (TOTAL - GRAVITY) + np.where(np.eye(3)[axis], side * 1.5 * G, 0)
        strong[:, axis] = side * np.minimum(side * strong[:, axis], 2 * G)
        names = ",".join(f"acc {axis} ({unit})" for axis in "xyz")
        blurred = (strong + noise * NOISE / 5) / worth
        said = one(write(f"time,{names}", blurred, cell="{:.6f}")).warnings
        own = [w for w in said if w.startswith(f"{'xyz'[axis]} piles up at about {side * 2}")]
        assert len(own) == 1
        assert "share may be wrong there" in own[0]

    def test_a_strong_movement_without_a_limit_piles_up_nowhere(self, write: Write) -> None:
        strong = 6 * (TOTAL - GRAVITY) + GRAVITY
        said = one(write("time,ax (m/s2),ay (m/s2),az (m/s2)", strong)).warnings
        assert not any("piles up" in warning for warning in said)

    @pytest.mark.parametrize("limit_g", [1.0, 1.2, 1.4])
    def test_a_narrow_range_shows_in_its_pile_of_readings(
        self, write: Write, limit_g: float
    ) -> None:
        strong = np.clip(4 * (TOTAL - GRAVITY) + GRAVITY, -limit_g * G, limit_g * G)
        said = one(write("time,ax,ay,az", strong)).warnings
        assert any(f"y is cut off at {limit_g:.3g} g" in w and "share" in w for w in said)

    @pytest.mark.parametrize("limit", [1.2, 1.5, 2.0])
    def test_a_narrow_range_shows_without_gravity_too(self, write: Write, limit: float) -> None:
        linear = np.clip(TOTAL - GRAVITY, -limit, limit)
        said = one(write("time,linacc_x,linacc_y,linacc_z", linear)).warnings
        assert any(w.startswith("y is cut off") and "share" in w for w in said)

    def test_a_limit_shows_before_gravity_is_added(self, write: Write) -> None:
        tilt = GRAVITY + np.stack([np.sin(SECONDS), np.cos(SECONDS), np.sin(2 * SECONDS)], axis=1)
        values = np.hstack([np.clip(TOTAL - GRAVITY, -2, 2), tilt])
        names = "user_acc_x,user_acc_y,user_acc_z,gravity_x,gravity_y,gravity_z"
        said = one(write(f"time,{names}", values)).warnings
        assert any(w.startswith("y is cut off at 0.204 g") for w in said)

    @pytest.mark.parametrize("range_g", [1.7, 2.0])
    def test_a_range_that_wraps_around_is_doubted(self, write: Write, range_g: float) -> None:
        strong = 4 * (TOTAL - GRAVITY) + GRAVITY
        wrapped = (strong + range_g * G) % (2 * range_g * G) - range_g * G
        said = one(write("time,acc x (m/s2),acc y (m/s2),acc z (m/s2)", wrapped)).warnings
        assert any(w.startswith("y jumps from one end") and "share" in w for w in said)

    def test_all_limits_are_told_in_turn(self, write: Write) -> None:
        strong = np.clip(3 * (TOTAL - GRAVITY) * [4, 2, 4] + GRAVITY, -2 * G, 2 * G)
        recording = one(write("time,acc x (m/s2),acc y (m/s2),acc z (m/s2)", strong))
        assert {w[0] for w in recording.warnings if "cut off" in w} >= {"x", "z"}

    @pytest.mark.parametrize("axis", range(3))
    @pytest.mark.parametrize("side", [-1, 1])
    @pytest.mark.parametrize(("unit", "worth"), [("m/s2", 1.0), ("g", G), ("mg", G / 1000)])
    def test_a_range_that_narrows_is_told(
        self, write: Write, axis: int, side: int, unit: str, worth: float
    ) -> None:
        strong = 6 * (TOTAL - GRAVITY) + np.where(np.eye(3)[axis], side * 1.7 * G, GRAVITY)
        limit = side * 2 * G
        late = SECONDS > 24
        strong[late, axis] = (np.minimum if side > 0 else np.maximum)(strong[late, axis], limit)
        names = ",".join(f"acc {axis} ({unit})" for axis in "xyz")
        said = one(write(f"time,{names}", strong / worth, cell="{:.8f}")).warnings
        (own,) = (w for w in said if w.startswith(f"{'xyz'[axis]} is cut off at {side * 2} g"))
        assert "elsewhere" in own
        assert "share may be wrong there" in own

    @pytest.mark.parametrize(("unit", "worth"), [("m/s2", 1.0), ("g", G), ("mg", G / 1000)])
    def test_a_range_that_narrows_for_a_few_strides_is_told(
        self, write: Write, unit: str, worth: float
    ) -> None:
        late = SECONDS > 35.9
        narrow = np.where(late[:, None], np.clip(TOTAL, -1.1 * G, 1.1 * G), TOTAL)
        names = ",".join(f"acc {axis} ({unit})" for axis in "xyz")
        said = one(write(f"time,{names}", narrow / worth, cell="{:.8f}")).warnings
        assert any(w.startswith("y is cut off at 1.1 g") and "elsewhere" in w for w in said)

    def test_a_few_peaks_of_one_height_are_no_limit(self, write: Write) -> None:
        strong = STRONG.copy()
        stretch = strong[501:667, 1]
        stretch[np.argsort(stretch)[-6:]] = np.sort(stretch)[-6]
        said = one(write("time,ax (m/s2),ay (m/s2),az (m/s2)", strong)).warnings
        assert not any("cut off" in warning for warning in said)

    @pytest.mark.parametrize("begin_s", [3.9, 4.05, 5.0])
    def test_a_range_that_narrows_shows_in_eight_seconds_too(
        self, write: Write, begin_s: float
    ) -> None:
        narrow = np.where(SECONDS[:, None] > begin_s, np.minimum(TOTAL, 1.1 * G), TOTAL)[:400]
        said = one(write("time,ax,ay,az", narrow, CLOCK[:400])).warnings
        assert any(w.startswith("y is cut off at 1.1 g") and "elsewhere" in w for w in said)

    def test_a_walk_within_its_range_says_nothing(self, write: Write) -> None:
        assert not one(write("time,ax,ay,az")).warnings


UNITS = "time,ax (m/s2),ay (m/s2),az (m/s2)"


def _where(rows: slice | np.ndarray, made: Callable[[np.ndarray], np.ndarray]) -> np.ndarray:
    """The walk with other readings in some rows."""
    values = TOTAL.copy()
    values[rows] = made(values[rows])
    return values


def _filled(rows: np.ndarray) -> np.ndarray:
    """The walk with straight lines between some rows."""
    return np.stack([np.interp(ROWS, rows, TOTAL[rows, axis]) for axis in range(3)], axis=1)


STRONG = 6 * (TOTAL - GRAVITY) + [0, 1.7 * G, 0]
RESTING = GRAVITY + NOISE / 500
NARROWING = np.where((ROWS[:, None] >= 1200) & [False, True, False], np.minimum(STRONG, 2 * G),
                     STRONG)  # fmt: skip
WALKS_ON = np.vstack([TOTAL, TOTAL[500:]])
SLOWER = ROWS[(ROWS < 800) | (ROWS > 1600) | (ROWS % 9 == 0)]
HALF_AS_FAST = ROWS[(ROWS < 800) | (ROWS % 2 == 0)]
GAPPED = ROWS[(ROWS < 800) | ((ROWS > 1000) & (ROWS < 1200)) | (ROWS > 1300)]
AVERAGE = "unit, offset or a column may be wrong, and with them direction and share"
LESS_PRECISE = "strides may be less precisely timed there"
WRONG_THERE = "direction, counts and share may be wrong there"

SAID: dict[str, tuple[str, np.ndarray, Sequence[str], Sequence[str]]] = {
    # Header, readings and clock; all that is said.
    "nothing": (UNITS, TOTAL, CLOCK, []),
    "an axis stands still": (
        UNITS, _where(slice(500, 1000), lambda v: v * [1, 1, 0]), CLOCK,
        [f"z does not change for 10 s (25% of the recording) while the other axes do: "
         f"{WRONG_THERE}"]),
    "an axis stands still twice": (
        UNITS, _where(np.r_[100:350, 1500:1700], lambda v: v * [0, 1, 1]), CLOCK,
        [f"x does not change for 9 s (22% of the recording) while the other axes do: "
         f"{WRONG_THERE}"]),
    "all of them do": (
        UNITS, _where(slice(500, 1000), lambda v: np.repeat(v[:1], 500, axis=0)), CLOCK,
        ["the sensor repeats one reading for 10 s, which are left out: strides and minutes are "
         "missing there",
         "1 gap of 10.0 s: no stride is counted there"]),
    "cut off": (
        UNITS, np.minimum(STRONG, [99, 2 * G, 99]) - [0, 0.7 * G, 0], CLOCK,
        ["y is cut off at 1.3 g in 876 readings (44%): pace, direction and share may be wrong "
         "there"]),
    "cut off now and then": (
        UNITS, np.minimum(STRONG, [99, np.sort(STRONG[:, 1])[-8], 99]) - [0, 0.7 * G, 0], CLOCK,
        ["y is cut off at 2.83 g in 8 readings: single strides may be wrong there"]),
    "cut off later": (
        UNITS, NARROWING, CLOCK,
        [f"its readings average 1.66 g instead of 1 g: {AVERAGE}",
         "y is cut off at 2 g in 350 readings but reaches 3.64 g elsewhere: pace, direction and "
         "share may be wrong there"]),
    "around the end": (
        UNITS, (4 * (TOTAL - GRAVITY) + GRAVITY + 1.7 * G) % (3.4 * G) - 1.7 * G, CLOCK,
        [f"its readings average 0.36 g instead of 1 g: {AVERAGE}",
         "y jumps from one end of its range to the other 176 times: if it wraps around, pace, "
         "direction and share are wrong"]),
    "another unit later": (
        UNITS, _where(slice(1500, None), lambda v: v / G), CLOCK,
        ["25% of its readings average far from 1 g (such as 0.13 g): if the unit or the sensor "
         "changes within it, direction and share are wrong there"]),
    "another unit without gravity": (
        UNITS.replace("a", "linacc_"), (TOTAL - GRAVITY) * np.where(ROWS < 800, 1, G)[:, None],
        CLOCK, ["movements with the same rhythm come in two sizes, one 10 times the other (40% of "
                "them): if the unit changes within it, direction, counts and share are wrong "
                "there"]),
    "another scale": (
        UNITS, 1.3 * np.where(ROWS[:, None] < 600, RESTING, TOTAL), CLOCK,
        ["at rest it reads 1.30 g instead of 1 g: if the scale or the offset of an axis is wrong, "
         "direction and share may be wrong"]),
    "another level": (UNITS, 1.6 * TOTAL, CLOCK,
                      [f"its readings average 1.60 g instead of 1 g: {AVERAGE}"]),
    "another stated unit": (
        UNITS.replace("m/s2", "g"), TOTAL, CLOCK,
        ["the file states g, but its readings average 9.83, 1 g in m/s2: if that is wrong, so "
         "are strides and direction"]),
    "names that gravity belies": (
        UNITS.replace("a", "linacc_"), TOTAL, CLOCK,
        ["the column names say linear acceleration, but the mean vector 1.00 g shows total: if "
         "that is wrong, so are direction and share"]),
    "filled up": (
        UNITS, _filled(ROWS[(ROWS < 800) | (ROWS >= 1400) | (ROWS % 10 == 0)]), CLOCK,
        ["30% of its movement lies on straight lines between 4.8 readings a second, as if a slow "
         "recording had been interpolated: strides may be missing there, and direction and share "
         "wrong"]),
    "gaps that were filled": (
        UNITS, np.vstack([_line_over(500, 50)[:800], _line_over(900, 400)[800:]]), CLOCK,
        ["2 gaps of 9.0 s in all had been filled with straight lines, which are left out: strides "
         "and minutes are missing there, and the share may be wrong",
         "2 gaps, 9.0 s in all, the longest 8.0 s: no stride is counted there"]),
    "a sign that was lost": (
        UNITS, np.where([True, False, False], -np.abs(TOTAL - GRAVITY), TOTAL), CLOCK,
        ["x is often near 0 but never crosses it: if it lost its sign, direction, counts and "
         "share are wrong"]),
    "a blurred limit": (
        UNITS, np.minimum(STRONG, [99, 2 * G, 99]) + NOISE / 100 - [0, 0.4 * G, 0], CLOCK,
        ["y piles up at about 1.62 g (42.9% of its readings), as if cut off there: pace, direction "
         "and share may be wrong there"]),
    "no size that steps have": (
        UNITS.replace("a", "linacc_"), (TOTAL - GRAVITY) / 10, CLOCK,
        ["its rhythmic movement measures 0.021 g, but steps measure 0.2 to 4 g: if the unit is "
         "wrong, so are strides, minutes and direction"]),
    "another unit beside a gyroscope": (
        "time,linacc_x (m/s2),linacc_y (m/s2),linacc_z (m/s2),gyro_x,gyro_y,gyro_z",
        np.hstack([NOISE[:, [1, 2, 0]] / np.where(ROWS < 1500, 3, 3 * G)[:, None], TURNING_DEGPS]),
        CLOCK, ["against the gyroscope, acceleration is 10 times as large in one part (25%) as "
                "elsewhere: if its unit changes there, direction, counts and share are wrong"]),
    "slow": (
        UNITS, TOTAL[SLOWER], [CLOCK[row] for row in SLOWER],
        ["40% of the recording (16 s) has fewer than 15 readings a second and is left out: "
         "strides and minutes are missing there, and the share may be wrong",
         "1 gap of 16.0 s: no stride is counted there"]),
    "half as fast": (
        UNITS, TOTAL[HALF_AS_FAST], [CLOCK[row] for row in HALF_AS_FAST],
        ["its readings are unevenly spaced (43% of the intervals between them are far from the "
         "usual one): strides may be less precisely timed",
         "58% of the recording has a different rate (about 25 instead of 50 readings a second): "
         "strides there may be missed or less precisely timed"]),
    "gaps": (UNITS, TOTAL[GAPPED], [CLOCK[row] for row in GAPPED],
             ["2 gaps, 6.1 s in all, the longest 4.0 s: no stride is counted there"]),
    "again": (
        UNITS, WALKS_ON, [f"{row / 50:.2f}" for row in range(len(WALKS_ON))],
        ["30 s of readings occur again 30 s later: if they are a copy, counts and minutes are too "
         "high"]),
    "back": (
        UNITS, np.vstack([TOTAL, 0.98 * TOTAL[::-1]]), [*CLOCK, *CLOCK],
        ["the clock jumps back 1 time (first after 40.0 s, by 40 s): if the same time was recorded "
         "twice, counts and minutes are too high", "1 gap of 1.0 s: no stride is counted there"]),
    "a stray": (UNITS, TOTAL, [*CLOCK[:700], "9e9", *CLOCK[701:]],
                [f"left out 1 row with a time far from all others: {LESS_PRECISE}"]),
    "impossible": (UNITS, _where(slice(400, 402), lambda v: v + np.array([0, 7000, 0])), CLOCK,
                   [f"left out 2 impossible readings: {LESS_PRECISE}"]),
    "bursts": (
        UNITS, TOTAL, [f"{row // 10 / 5 + row % 10 / 1000:.3f}" for row in ROWS],
        ["time stamps came in bursts and were spread evenly: if samples were lost, cadence is too "
         "high"]),
    "too fast": (
        UNITS.replace("time", "time (ms)"), TOTAL, [str(row) for row in ROWS],
        ["nothing moves as slowly as steps at 1000 readings a second: if the unit of its clock is "
         "wrong, cadence, counts and minutes are too"]),
}  # fmt: skip


class TestTheWordsOfWarnings:
    """Each says what was seen, with its numbers, and what in the result may be wrong."""

    @pytest.mark.parametrize("name", SAID)
    def test_they_are_these_and_no_others(self, write: Write, name: str) -> None:
        header, values, clock, said = SAID[name]
        assert list(one(write(header, values, clock)).warnings) == said

    # An axis that stands still is looked for within each block.
    @pytest.mark.parametrize("name", [name for name in SAID if "stands still" not in name])
    def test_they_are_the_same_of_a_recording_in_many_blocks(self, write: Write, name: str) -> None:
        header, values, clock, said = SAID[name]
        path = write(header, values, clock)
        with blocks_of_few_rows():
            assert list(one(path).warnings) == said


class TestAGyroscopeThatDisagrees:
    """A phone is taken in the hand and tilted to and fro; the walk goes on."""

    HAND = motion(
        lambda t: (0.4 * t, 0.8 * np.sin(0.9 * t), 0.7 * np.cos(0.6 * t)), rate_hz=50, seconds=40
    )
    FORCE = HAND.force_mps2 + 0.3 * (TOTAL - GRAVITY)
    NAMES = (
        "time,acc x (m/s2),acc y (m/s2),acc z (m/s2),gyro x (rad/s),gyro y (rad/s),gyro z (rad/s)"
    )

    def read(self, write: Write, force: np.ndarray, rate: np.ndarray) -> Recording:
        return one(write(self.NAMES, np.hstack([force, rate])))

    @pytest.mark.parametrize("sign", [1, -1])
    def test_one_that_agrees_is_kept_whatever_the_sign_of_gravity(
        self, write: Write, sign: int
    ) -> None:
        recording = self.read(write, sign * self.FORCE, self.HAND.rate_radps)
        assert recording.angular_rate_radps is not None
        assert not recording.warnings

    @pytest.mark.parametrize(
        ("force", "rate"),
        [
            ([1, 1, 1], [-1, -1, -1]),
            ([1, 1, 1], [-1, 1, 1]),
            ([1, 1, 1], [1, -1, 1]),
            ([1, 1, 1], [1, 1, -1]),
            ([-1, 1, 1], [1, 1, 1]),
            ([1, -1, 1], [1, 1, 1]),
            ([1, 1, -1], [1, 1, 1]),
            ([1, 1, 1], [57.3, 57.3, 57.3]),
        ],
    )
    def test_an_axis_turned_round_or_another_unit_leaves_it_out(
        self, write: Write, force: list[float], rate: list[float]
    ) -> None:
        recording = self.read(write, self.FORCE * force, self.HAND.rate_radps * rate)
        assert recording.angular_rate_radps is None
        assert any("more strides may be unknown" in warning for warning in recording.warnings)

    def test_a_gap_is_no_tilt(self, write: Write) -> None:
        kept = (SECONDS < 12) | (SECONDS > 15)
        values = np.hstack([self.FORCE, self.HAND.rate_radps])[kept]
        clock = [CLOCK[row] for row in np.flatnonzero(kept)]
        assert one(write(self.NAMES, values, clock)).angular_rate_radps is not None

    def test_steady_strides_say_nothing_of_it(self, write: Write) -> None:
        turning = np.radians(TURNING_DEGPS)
        assert self.read(write, TOTAL, -turning).angular_rate_radps is not None
