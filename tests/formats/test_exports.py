"""What is special to each export, on files written here after their documentation.

Real samples of most of them are read in `test_samples`.
"""

import json
import zipfile
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest

from retrodetect.errors import RefusedRecording
from retrodetect.formats import ReadOptions, describe, discover, read
from retrodetect.formats.draft import Stamps
from retrodetect.formats.exports import sensor_logger
from retrodetect.recording import Recording

from .reexport import START_NS, G, Walk, walk

WALK = walk(rate_hz=50, duration_s=20)
SECONDS = WALK.time_ns / 1e9
Put = Callable[..., Path]


@pytest.fixture
def put(tmp_path: Path) -> Put:
    def write(name: str, *parts: str | Iterable[str], encoding: str = "utf-8") -> Path:
        path = tmp_path / name
        lines = [part if isinstance(part, str) else "\n".join(part) for part in parts]
        path.write_text("\n".join([*lines, ""]), encoding=encoding, newline="")
        return path

    return write


def rows(values: np.ndarray, *before: Iterable[object], end: str = "", by: str = ",") -> list[str]:
    columns = [list(map(str, column)) for column in before]
    cells = [[f"{v:.6f}" for v in row] for row in values]
    return [
        by.join([*(column[i] for column in columns), *row]) + end for i, row in enumerate(cells)
    ]


def assert_is_the_walk(recording: Recording, original: Walk = WALK, sign: int = 1) -> None:
    assert len(recording.time_s) == len(original.time_ns)
    np.testing.assert_allclose(recording.time_s, original.time_ns / 1e9, atol=2e-3)
    expected = sign * original.acceleration_mps2
    np.testing.assert_allclose(recording.acceleration_mps2, expected, atol=2e-3)


def ground(recording: Recording, topic: str) -> str:
    return next(found.ground for found in recording.findings if found.topic == topic)


def test_physics_toolbox_in_a_locale_of_its_own(put: Put) -> None:
    cells = rows(WALK.acceleration_mps2 / G, [f"{s:.3f}" for s in SECONDS], by=";")
    text = [line.replace(".", ",").replace("-", "\N{MINUS SIGN}") for line in cells]
    text[400] = text[400].rsplit(";", 1)[0] + ";∞"
    (recording,) = read(put("toolbox.csv", "", "time;gFx;gFy;gFz", text))
    assert recording.format == "physics-toolbox"
    assert len(recording.time_s) == len(WALK.time_ns) - 1
    np.testing.assert_allclose(
        recording.acceleration_mps2[:400], WALK.acceleration_mps2[:400], atol=1e-4
    )
    assert any(
        "left out 1 row without a complete reading" in warning for warning in recording.warnings
    )


def test_physics_toolbox_rows_that_repeat_a_slow_sensor_collapse(put: Put) -> None:
    held = np.repeat(WALK.acceleration_mps2 / G, 4, axis=0)
    times = [f"{i / 200:.4f}" for i in range(len(held))]
    (recording,) = read(put("toolbox.csv", "", "time,gFx,gFy,gFz,", rows(held, times, end=",")))
    assert_is_the_walk(recording)
    assert recording.rate_hz == pytest.approx(50, rel=0.01)
    assert any("75% of the rows" in warning for warning in recording.warnings)


def test_words_in_quotes_may_hold_a_comma_also_behind_a_blank(put: Put) -> None:
    lines = [
        f'{s:.2f}, "walk, slowly", {x:.5f}, {y:.5f}, {z:.5f}'
        for s, (x, y, z) in zip(SECONDS, WALK.acceleration_mps2, strict=True)
    ]
    (recording,) = read(put("walk.csv", "time, label, ax, ay, az", lines))
    assert_is_the_walk(recording)


def test_physics_toolbox_linear_acceleration_is_linear(put: Put) -> None:
    moving = WALK.acceleration_mps2 - WALK.acceleration_mps2.mean(axis=0)
    lines = rows(np.column_stack([moving, np.linalg.norm(moving, axis=1)]), SECONDS)
    (recording,) = read(put("toolbox.csv", "time,ax,ay,az,aT", lines))
    assert recording.gravity == "linear"
    assert ground(recording, "gravity") == "stated"


def test_sensor_logger_standardised_ios_keeps_its_sign(put: Put, tmp_path: Path) -> None:
    ns = START_NS + WALK.time_ns
    for standardised, sign in (("false", -1), ("true", 1)):
        linear = WALK.acceleration_mps2 - [0, G, 0]
        still = np.tile([0, G, 0], (len(linear), 1))
        put("Accelerometer.csv", "time,seconds_elapsed,z,y,x", rows(linear[:, ::-1], ns, SECONDS))
        put("Gravity.csv", "time,seconds_elapsed,z,y,x", rows(still[:, ::-1], ns, SECONDS))
        put("Metadata.csv", "platform,sensors,standardisation", f"ios,A|G,{standardised}")
        (recording,) = read(tmp_path / "Accelerometer.csv")
        assert recording.gravity == "total"
        assert_is_the_walk(recording, sign=sign)
        assert ground(recording, "sign") == "stated"


def test_sensor_logger_on_ios_writes_uncalibrated_in_g(put: Put, tmp_path: Path) -> None:
    lines = rows(WALK.acceleration_mps2[:, ::-1] / G, START_NS + WALK.time_ns, SECONDS)
    put("Metadata.csv", "platform,sensors", "ios,A")
    put("AccelerometerUncalibrated.csv", "time,seconds_elapsed,z,y,x", lines)
    (recording,) = read(tmp_path / "AccelerometerUncalibrated.csv")
    assert_is_the_walk(recording, sign=-1)


def test_sensor_logger_watch_alone_is_g_with_apples_sign(put: Put) -> None:
    lines = rows(WALK.acceleration_mps2 / G, START_NS + WALK.time_ns, SECONDS)
    (recording,) = read(
        put("WatchAccelerometerUncalibrated.csv", "time,seconds_elapsed,x,y,z", lines)
    )
    assert_is_the_walk(recording, sign=-1)
    assert ground(recording, "sign") == "assumed"
    assert ground(recording, "unit") == "measured"


def test_sensor_logger_under_another_name_may_be_any_sensor(put: Put) -> None:
    header = "time,seconds_elapsed,z,y,x"
    turning = WALK.acceleration_mps2 - WALK.acceleration_mps2.mean(axis=0)
    with pytest.raises(RefusedRecording, match="name does not say"):
        read(put("walk.csv", header, rows(turning, START_NS + WALK.time_ns, SECONDS)))
    total = rows(WALK.acceleration_mps2[:, ::-1], START_NS + WALK.time_ns, SECONDS)
    (recording,) = read(put("walk.csv", header, total))
    assert_is_the_walk(recording)


def test_annotations_lie_on_the_clock_of_the_accelerometer(put: Put, tmp_path: Path) -> None:
    ns = START_NS + WALK.time_ns
    lines = rows(WALK.acceleration_mps2[:, ::-1], ns, SECONDS)
    put("TotalAcceleration.csv", "time,seconds_elapsed,z,y,x", lines)
    notes = [f'{START_NS + 5_000_000_000},5.0,"backward, now"', f"{START_NS},0,start"]
    put("Annotation.csv", "time,seconds_elapsed,text", notes)
    (recording,) = read(tmp_path / "TotalAcceleration.csv")
    assert [(note.start_s, note.text) for note in recording.annotations] == [
        (0.0, "start"),
        (pytest.approx(5.0), "backward, now"),
    ]


def test_coordinates_stay_behind_unless_asked_for(put: Put, tmp_path: Path) -> None:
    ns = START_NS + WALK.time_ns
    lines = rows(WALK.acceleration_mps2[:, ::-1], ns, SECONDS)
    put("TotalAcceleration.csv", "time,seconds_elapsed,z,y,x", lines)
    fixes = [f"{START_NS + s * 10**9},{s},1.4,120,47.1,8.5" for s in range(21)]
    put("Location.csv", "time,seconds_elapsed,speed,altitude,latitude,longitude", fixes)
    path = tmp_path / "TotalAcceleration.csv"
    (recording,) = read(path)
    assert sorted(recording.channels) == ["altitude_m", "speed_mps"]
    np.testing.assert_allclose(recording.channels["speed_mps"], 1.4)
    (recording,) = read(path, options=ReadOptions(coordinates=True))
    assert {"latitude_deg", "longitude_deg"} <= set(recording.channels)


@pytest.mark.parametrize(
    ("by", "decimal"), [(",", "."), ("\t", "."), (";", "."), ("\t", ","), (";", ",")]
)
def test_phyphox_in_its_five_flavours(put: Put, by: str, decimal: str) -> None:
    header = by.join(
        f'"{name}"' for name in ("Time (s)", *(f"Acceleration {a} (m/s^2)" for a in "xyz"))
    )
    numbers = [
        by.join(f"{v:.9E}".replace(".", decimal).replace("E+0", "E") for v in (s, *row))
        for s, row in zip(SECONDS, WALK.acceleration_mps2, strict=True)
    ]
    padding = [by.join([f"{21:.9E}".replace(".", decimal), "NaN", "NaN", "NaN"])] * 3
    (recording,) = read(put("Raw Data.csv", header, numbers, padding))
    assert recording.format == "phyphox"
    assert_is_the_walk(recording)


def test_phyphox_bare_axes_are_what_the_file_is_called(put: Put) -> None:
    header = '"Time (s)","X (m/s^2)","Y (m/s^2)","Z (m/s^2)"'
    moving = WALK.acceleration_mps2 - WALK.acceleration_mps2.mean(axis=0)
    (total,) = read(put("Accelerometer.csv", header, rows(WALK.acceleration_mps2, SECONDS)))
    (linear,) = read(put("Linear Accelerometer.csv", header, rows(moving, SECONDS)))
    assert (total.gravity, linear.gravity) == ("total", "linear")
    (liar,) = read(put("my Accelerometer.csv", header, rows(moving, SECONDS)))
    assert liar.gravity == "linear"
    assert ground(liar, "gravity") == "measured"
    assert any("shows linear" in warning for warning in liar.warnings)


@pytest.mark.parametrize(
    ("zone", "hours"), [("UTC+02:00", 2), ("UTC-05:00", -5), ("UTC", 0), ("", 0), ("UTC+99:00", 0)]
)
def test_phyphox_begins_by_the_clock_on_the_wearers_wall(put: Put, zone: str, hours: int) -> None:
    header = '"Time (s)","X (m/s^2)","Y (m/s^2)","Z (m/s^2)"'
    path = put("Accelerometer.csv", header, rows(WALK.acceleration_mps2, SECONDS))
    (path.parent / "meta").mkdir()
    (path.parent / "meta" / "time.csv").write_text(
        '"event","experiment time","system time","system time text"\n'
        f'"START",0.0E0,1.739381134E9,"2025-02-12 19:25:34.000 {zone}"\n'
    )
    (recording,) = read(path)
    start = recording.start_time
    assert start is not None
    assert start.utcoffset() == timedelta(hours=hours)
    assert start.astimezone(UTC) == datetime(2025, 2, 12, 17, 25, 34, tzinfo=UTC)


def test_sensorlog_prefers_the_sensors_clock(put: Put) -> None:
    header = ("loggingTime(txt)|accelerometerTimestamp_sinceReboot(s)|"
              "accelerometerAccelerationX(G)|accelerometerAccelerationY(G)|"
              "accelerometerAccelerationZ(G)")  # fmt: skip
    late = [f"2025-04-13T19:51:{12 + int(s // 1):02d}.000-06:00" for s in SECONDS]
    lines = rows(-WALK.acceleration_mps2 / G, late, 1670004.5 + SECONDS, by="|")
    (recording,) = read(put("log.csv", header, lines))
    assert_is_the_walk(recording)
    assert recording.format == "sensorlog"


def test_sensorlog_adds_gravity_to_user_acceleration(put: Put) -> None:
    names = (["loggingTime(txt)", "motionTimestamp_sinceReboot(s)"]
             + [f"motionUserAcceleration{a}(G)" for a in "XYZ"]
             + [f"motionGravity{a}(G)" for a in "XYZ"])  # fmt: skip
    user = -(WALK.acceleration_mps2 - [0, G, 0]) / G
    both = np.column_stack([user, np.tile([0, -1, 0], (len(user), 1))])
    times = ["2025-04-13T19:51:12.000-06:00"] * len(user)
    (recording,) = read(put("log.csv", ",".join(names), rows(both, times, SECONDS)))
    assert_is_the_walk(recording)
    assert recording.gravity == "total"


def test_androsensor_saved_again_by_a_spreadsheet(put: Put) -> None:
    names = [f"ACCELEROMETER {a} (m/s²)" for a in "XYZ"] + ["Time since start in ms "]
    lines = [
        ",".join([*(f"{v:.4f}" for v in row), str(ns // 10**6)])
        for ns, row in zip(WALK.time_ns, WALK.acceleration_mps2, strict=True)
    ]
    (recording,) = read(put("Sensor_record.csv", "sep=,,,", ",".join(names), lines))
    assert recording.format == "androsensor"
    assert_is_the_walk(recording)
    assert ground(recording, "sign") == "stated"


def test_linear_acceleration_under_androsensors_names_is_found_out(put: Put) -> None:
    names = ["time", "seconds_elapsed"] + [f"ACCELEROMETER {a} (m/s²)" for a in "ZYX"]
    moving = WALK.acceleration_mps2 - WALK.acceleration_mps2.mean(axis=0)
    lines = rows(moving, START_NS + WALK.time_ns, SECONDS)
    (recording,) = read(put("Accelerometer.csv", ",".join(names), lines))
    assert recording.gravity == "linear"
    assert ground(recording, "gravity") == "measured"


def test_hyperimu_without_a_clock_counts_by_its_stated_period(put: Put) -> None:
    head = ("@ HyperIMU - ianovir - 2017", "@ Date: X, Sampling Time: 20ms", "",
            "ACME_Accelerometer.x,ACME_Accelerometer.y,ACME_Accelerometer.z")  # fmt: skip
    (recording,) = read(put("HIMU.csv", *head, rows(WALK.acceleration_mps2)))
    assert_is_the_walk(recording)
    assert ground(recording, "clock") == "stated"


def test_actigraph_without_a_clock_counts_from_its_start(put: Put) -> None:
    head = ("------------ Data File Created By ActiGraph GT3X+ ActiLife v6.13.3 Firmware v2.5.0 "
            "date format M/d/yyyy at 50 Hz  Filter Normal -----------",
            "Serial Number: X", "Start Time 12:08:39", "Start Date 6/14/2018",
            "Epoch Period (hh:mm:ss) 00:00:00", "Download Time 15:16:42",
            "Download Date 6/14/2018", "Current Memory Address: 0",
            "Current Battery Voltage: 4.21     Mode = 12", "-" * 50,
            "Accelerometer X,Accelerometer Y,Accelerometer Z")  # fmt: skip
    (recording,) = read(put("raw.csv", *head, rows(WALK.acceleration_mps2 / G)))
    assert_is_the_walk(recording)
    assert str(recording.start_time) == "2018-06-14 12:08:39"


def test_actigraph_idle_sleep_becomes_a_gap(put: Put) -> None:
    values = WALK.acceleration_mps2 / G
    values[200:600] = 0
    head = ("- Data File Created By ActiGraph date format M/d/yyyy at 50 Hz -",
            "Start Time 1:00:00", "Start Date 1/1/2020", "Epoch Period (hh:mm:ss) 00:00:00",
            "Accelerometer X,Accelerometer Y,Accelerometer Z")  # fmt: skip
    (recording,) = read(put("raw.csv", *head, rows(values)))
    assert len(recording.time_s) == len(values) - 400
    assert describe(recording)["gaps"] == 1
    assert recording.duration_s == pytest.approx(SECONDS[-1])


@pytest.mark.parametrize(
    "text",
    [
        "acceleration (mg) - 2014-05-07 13:29:50 - 2014-05-13 09:49:50 - sampleRate = 5 seconds,i\n"
        "21.5,0\n30.1,0\n12.2,1\n",
        "Actical data\nEpoch#,Day#,Date,Time,Activity Counts\n1,1,3-May-10,00:00:15,12\n"
        "2,1,3-May-10,00:00:30,0\n3,1,3-May-10,00:00:45,7\n",
        "date,time,axis1,axis2,axis3,vm\n5/1/2019,10:00:00,10,20,30,37.4\n"
        "5/1/2019,10:00:10,11,21,31,38\n",
        "timestamp,vectormagnitude\n2018-06-14 11:27:00,0\n2018-06-14 11:27:05,3\n",
    ],
    ids=["UK Biobank summary", "Actical", "ActiGraph counts", "vector magnitude"],
)
def test_counts_and_summaries_are_refused(put: Put, text: str) -> None:
    with pytest.raises(RefusedRecording, match=r"counts|magnitude"):
        read(put("counts.csv", text))


def test_geneactiv_csv_is_read_by_position(put: Put) -> None:
    head = ["Device Type,GENEActiv", "Measurement Frequency,50 Hz", *["Notes,"] * 97]
    times = [f"2012-05-23 16:47:{int(s):02d}:{round(s % 1 * 1000):03d}" for s in SECONDS]
    values = np.column_stack([WALK.acceleration_mps2 / G, np.full((len(SECONDS), 3), 25.0)])
    (recording,) = read(put("left wrist.csv", head, rows(values, times)))
    assert recording.format == "geneactiv"
    assert_is_the_walk(recording)


def test_axivity_sensors_that_changed_places_are_put_right(put: Put) -> None:
    turning = np.column_stack([np.full(len(SECONDS), 3.0), np.zeros((len(SECONDS), 2))])
    first, second = WALK.acceleration_mps2 / G, turning
    swapped = slice(0, 300)
    left, right = first.copy(), second.copy()
    left[swapped], right[swapped] = second[swapped], first[swapped]
    times = [f"2019-02-26 10:55:{6 + int(s):02d}.{round(s % 1 * 1000):03d}" for s in SECONDS]
    lines = "\r\n".join(rows(np.column_stack([left, right]), times))
    (recording,) = read(put("ax6.csv", lines))
    assert_is_the_walk(recording)
    np.testing.assert_allclose(recording.angular_rate_radps, np.deg2rad(turning), atol=1e-6)
    assert any("swapped" in warning for warning in recording.warnings)


@pytest.mark.parametrize("above", ["sep=,\r", "\r"])
def test_a_line_that_says_nothing_hides_no_axivity_csv(put: Put, above: str) -> None:
    times = [f"2019-02-26 10:55:{6 + int(s):02d}.{round(s % 1 * 1000):03d}" for s in SECONDS]
    (recording,) = read(put("ax3.csv", above, rows(WALK.acceleration_mps2 / G, times, end="\r")))
    assert recording.format == "axivity"
    assert_is_the_walk(recording)


def test_empatica_e4_presses_become_annotations(put: Put, tmp_path: Path) -> None:
    lines = [
        ",".join(map(str, row)) for row in np.round(WALK.acceleration_mps2 / G * 64).astype(int)
    ]
    put("tags.csv", "1551453306.5", "1551453304.00")
    put("ACC.csv", ["1551453301.0, 1551453301.0, 1551453301.0", "50.0, 50.0, 50.0"], lines)
    (recording,) = read(tmp_path / "ACC.csv")
    assert recording.placement == "wrist"
    assert [note.start_s for note in recording.annotations] == [3.0, 5.5]
    np.testing.assert_allclose(recording.acceleration_mps2, WALK.acceleration_mps2, atol=0.08)


def test_embraceplus_counts_microseconds(put: Put) -> None:
    lines = rows(WALK.acceleration_mps2 / G, (START_NS + WALK.time_ns) // 1000)
    (recording,) = read(put("accelerometer.csv", "unix_timestamp,x,y,z", lines))
    assert recording.format == "empatica-embraceplus"
    assert_is_the_walk(recording)


def test_shimmer_takes_the_wide_range_where_the_other_is_cut_off(put: Put) -> None:
    names = ["S_Timestamp_Unix_CAL"] + [f"S_Accel_{k}_{a}_CAL" for k in ("LN", "WR") for a in "XYZ"]
    units = ";".join(["ms", *["m/(s^2)"] * 6]) + ";"
    wild = WALK.acceleration_mps2 * [1, 1, 12]
    cut_off = np.clip(wild, -19.6, 19.6)
    times = [f"{(START_NS + ns) / 1e18:.12f}E12" for ns in WALK.time_ns]
    lines = rows(np.column_stack([cut_off, wild]), times, by=";", end=";")
    path = put("shimmer.csv", '"sep=;"', ";".join(names) + ";", units, lines)
    (recording,) = read(path)
    np.testing.assert_allclose(recording.acceleration_mps2, wild, atol=1e-5)
    assert "WR" in next(f.value for f in recording.findings if f.topic == "columns")
    assert recording.channels == {}


def test_metamotion_finds_its_gyroscope(put: Put, tmp_path: Path) -> None:
    stem = "MetaWear_2019-01-11T16.10.08.270_C42_{}_50.000Hz_1.4.4.csv"
    ms = (START_NS + WALK.time_ns) // 10**6
    local = ["2019-01-11T16.10.08.431"] * len(ms)
    head = "epoch (ms),time (01:00),elapsed (s),x-axis ({0}),y-axis ({0}),z-axis ({0})"
    put(stem.format("Gyroscope"), head.format("deg/s"),
        rows(np.ones((len(ms), 3)) * 90, ms, local, SECONDS))  # fmt: skip
    put(stem.format("Accelerometer"), head.format("g"),
        rows(WALK.acceleration_mps2 / G, ms, local, SECONDS))  # fmt: skip
    (recording,) = read(tmp_path / stem.format("Accelerometer"))
    assert_is_the_walk(recording)
    np.testing.assert_allclose(recording.angular_rate_radps, np.pi / 2)


DOT_HEAD = ("sep=,", "DeviceTag:,left", "OutputRate:,50Hz", "", "")


def test_dot_clock_runs_on_past_32_bits(put: Put) -> None:
    ticks = (WALK.time_ns // 1000 + 2**32 - 7_000_000) % 2**32
    lines = rows(WALK.acceleration_mps2, range(len(ticks)), ticks)
    (recording,) = read(
        put("dot.csv", *DOT_HEAD, "PacketCounter,SampleTimeFine,Acc_X,Acc_Y,Acc_Z", lines)
    )
    assert_is_the_walk(recording)
    assert recording.format == "xsens-dot"


def test_dot_packets_that_only_the_counter_misses_stretch_the_clock(put: Put) -> None:
    kept = np.flatnonzero(np.arange(len(SECONDS)) % 5 < 3)
    ticks = np.arange(len(kept)) * 20_000
    lines = rows(WALK.acceleration_mps2[kept], kept + 1, ticks)
    (recording,) = read(
        put("dot.csv", *DOT_HEAD, "PacketCounter,SampleTimeFine,Acc_X,Acc_Y,Acc_Z", lines)
    )
    np.testing.assert_allclose(recording.time_s, SECONDS[kept], atol=1e-6)
    assert recording.rate_hz == pytest.approx(50)
    assert any("40% of the readings were lost" in warning for warning in recording.warnings)


def test_dot_software_counts_tenths_of_milliseconds(put: Put) -> None:
    ticks = WALK.time_ns // 100_000 + 1
    lines = rows(WALK.acceleration_mps2, range(len(ticks)), ticks)
    (recording,) = read(put("logfile.csv", "PacketCounter,SampleTimeFine,Acc_X,Acc_Y,Acc_Z", lines))
    assert_is_the_walk(recording)


def test_mtw_counter_runs_on_past_16_bits(put: Put) -> None:
    head = ["// Start Time: Unknown", "// Update Rate: 50.0Hz",
            "PacketCounter\tSampleTimeFine\tAcc_X\tAcc_Y\tAcc_Z"]  # fmt: skip
    counter = [f"{(65_200 + i) % 65_536:05d}" for i in range(len(SECONDS))]
    lines = rows(WALK.acceleration_mps2, counter, [""] * len(SECONDS), by="\t")
    (recording,) = read(put("MT_1.txt", head, lines))
    assert_is_the_walk(recording)
    assert recording.format == "xsens-mtw"


def test_mtw_packets_are_counted_from_the_first_that_has_a_number(put: Put) -> None:
    head = [
        "// Start Time: Unknown",
        "// Update Rate: 50.0Hz",
        "PacketCounter\tAcc_X\tAcc_Y\tAcc_Z",
    ]
    counter = ["", *(f"{i:05d}" for i in range(1, len(SECONDS)))]
    (recording,) = read(put("MT_1.txt", head, rows(WALK.acceleration_mps2, counter, by="\t")))
    assert_is_the_walk(recording)


def test_a_sensor_beside_whose_unit_nobody_states_is_kept_as_written(put: Put) -> None:
    head = ["DeviceTag:,a", "SampleTimeFine,Acc_X,Acc_Y,Acc_Z,Mag_X,Mag_Y,Mag_Z"]
    field = np.stack([0.2 + SECONDS / 100, -0.4 + 0 * SECONDS, 0.1 + 0 * SECONDS], axis=1)
    values = np.hstack([WALK.acceleration_mps2, field])
    (recording,) = read(put("dot.csv", head, rows(values, WALK.time_ns // 1000)))
    np.testing.assert_allclose(recording.channels["magnetic_field_ut"], field, atol=1e-6)


def test_mtw_header_over_linear_acceleration_is_found_out(put: Put) -> None:
    head = [
        "// Start Time: Unknown",
        "// Update Rate: 100.0Hz",
        "PacketCounter\tAcc_X\tAcc_Y\tAcc_Z",
    ]
    moving = WALK.acceleration_mps2 - WALK.acceleration_mps2.mean(axis=0)
    (recording,) = read(put("MT_2.txt", head, rows(moving, range(len(SECONDS)), by="\t")))
    assert recording.gravity == "linear"
    assert any("shows linear" in warning for warning in recording.warnings)


def test_xio_files_without_a_sensor_in_their_names_are_linear(put: Put) -> None:
    moving = (WALK.acceleration_mps2 - WALK.acceleration_mps2.mean(axis=0)) / G
    (recording,) = read(put("linear.csv", "Time (s),X (g),Y (g),Z (g)", rows(moving, SECONDS)))
    assert (recording.format, recording.gravity) == ("x-io", "linear")


def test_polar_uses_the_sensors_clock_for_steps_and_the_phones_for_the_day(put: Put) -> None:
    head = "Phone timestamp;sensor timestamp [ns];X [mg];Y [mg];Z [mg] "
    phone = ["2026-04-24T14:10:20.058"] * len(SECONDS)
    values = [
        ";".join(f"{v:.3f}".replace(".", ",") for v in row)
        for row in WALK.acceleration_mps2 / G * 1e3
    ]
    lines = [
        f"{p};{599616065136175104 + int(ns)};{v}"
        for p, ns, v in zip(phone, WALK.time_ns, values, strict=True)
    ]
    (recording,) = read(put("Polar_H10_ACC.txt", head, lines))
    assert_is_the_walk(recording)
    assert str(recording.start_time) == "2026-04-24 14:10:20.058000"


def test_witmotion_devices_are_recordings_of_their_own(put: Put) -> None:
    head = ("Time,Device name,Chip Time(),Acceleration X(g),Acceleration Y(g),Acceleration Z(g),"
            "Angular velocity X(°/s),Angular velocity Y(°/s),Angular velocity Z(°/s)")  # fmt: skip
    values = np.column_stack([WALK.acceleration_mps2 / G, np.full((len(SECONDS), 3), 180.0)])
    chip = [f"2023-5-3 12:13:{int(s):02d}.{round(s % 1 * 1000):03d}" for s in SECONDS]
    lines = [
        line
        for pair in zip(
            rows(values, [" 12:13:14.0"] * len(chip), ["left"] * len(chip), chip),
            rows(values, [" 12:13:14.0"] * len(chip), ["right"] * len(chip), chip),
            strict=True,
        )
        for line in pair
    ]
    left, right = read(put("data.txt", head, lines))
    assert (left.name, right.name) == ("data.txt#left", "data.txt#right")
    for recording in (left, right):
        assert_is_the_walk(recording)
        np.testing.assert_allclose(recording.angular_rate_radps, np.pi)


def test_six_columns_without_semicolons_are_not_of_wisdm(put: Put) -> None:
    labels = [["33"] * len(SECONDS), ["Walking"] * len(SECONDS), [f"{s:.2f}" for s in SECONDS]]
    (recording,) = read(put("walk.csv", rows(WALK.acceleration_mps2, *labels)))
    assert recording.format == "plain"
    assert_is_the_walk(recording)


def test_wisdm_survives_glued_rows_lost_axes_and_clocks_at_zero(put: Put) -> None:
    lines = [
        f"33,Jogging,{49105962326000 + int(ns)},{x:.6f},{y:.6f},{z:.6f};"
        for ns, (x, y, z) in zip(WALK.time_ns, WALK.acceleration_mps2, strict=True)
    ]
    lines[10] += lines.pop(11)
    lines[50] = "33,Jogging,0,1.0,2.0,3.0;"
    lines[60] = "33,Jogging,49107162326000,1.0,2.0,;"
    (recording,) = read(put("raw.txt", lines))
    assert recording.format == "wisdm"
    assert len(recording.time_s) == len(WALK.time_ns) - 2
    assert recording.rate_hz == pytest.approx(50, rel=0.01)


def test_hhar_people_and_devices_are_recordings_of_their_own(put: Put) -> None:
    head = "Index,Arrival_Time,Creation_Time,x,y,z,User,Model,Device,gt"
    lines = [
        f"{i},{(START_NS + int(ns)) // 10**6},{27920678471000 + int(ns)},{x:.6f},{y:.6f},{z:.6f},"
        f"{user},gear,gear_{k},walk"
        for user, k in (("a", 1), ("a", 2), ("b", 1))
        for i, (ns, (x, y, z)) in enumerate(zip(WALK.time_ns, WALK.acceleration_mps2, strict=True))
    ]
    recordings = read(put("Watch_accelerometer.csv", head, lines))
    assert [recording.name.split("#")[1] for recording in recordings] == [
        "a/gear_1", "a/gear_2", "b/gear_1",
    ]  # fmt: skip
    for recording in recordings:
        assert_is_the_walk(recording)


def test_a_gyroscope_of_hhar_is_no_recording_of_its_own(put: Put, tmp_path: Path) -> None:
    head = "Index,Arrival_Time,Creation_Time,x,y,z,User,Model,Device,gt"
    stamps = [
        f"0,{(START_NS + int(ns)) // 10**6},{27920678471000 + int(ns)}" for ns in WALK.time_ns
    ]
    for name in ("Phones_accelerometer.csv", "Phones_gyroscope.csv"):
        put(name, head, rows(WALK.acceleration_mps2, stamps, end=",a,nexus4,n,walk"))
    assert [found.name for found in discover(tmp_path)] == ["Phones_accelerometer.csv"]


@pytest.mark.parametrize(("arrival_ms", "name"), [(1_424_696_633_908, "hhar"), (17, "plain")])
def test_hhar_without_names_is_told_by_its_time_of_arrival(
    put: Put, arrival_ms: int, name: str
) -> None:
    lines = [
        f"{i},{arrival_ms + ns // 10**6},{27920678471000 + ns},{x:.6f},{y:.6f},{z:.6f},a,b,c,walk"
        for i, (ns, (x, y, z)) in enumerate(
            zip(WALK.time_ns.tolist(), WALK.acceleration_mps2, strict=True)
        )
    ]
    (recording,) = read(put("watch.csv", lines))
    assert recording.format == name
    assert_is_the_walk(recording)


def test_mhealth_names_may_carry_the_unit(put: Put) -> None:
    names = [f"{a}_ACCELERATION_METERS_PER_SECOND_SQUARED" for a in "XYZ"]
    times = [f"2017-03-16 12:25:{int(s):02d}.{round(s % 1 * 1000):03d}" for s in SECONDS]
    lines = rows(WALK.acceleration_mps2, times)
    (recording,) = read(put("sensor.csv", ",".join(["HEADER_TIME_STAMP", *names]), lines))
    assert_is_the_walk(recording)
    assert ground(recording, "unit") == "stated"


def test_rows_of_several_sensors_are_told_apart(put: Put) -> None:
    lines = [
        line
        for i, (x, y, z) in enumerate(WALK.acceleration_mps2)
        for line in (
            f"{(START_NS + int(WALK.time_ns[i])) // 10**6},accelerometer,{x:.6f},{y:.6f},{z:.6f}",
            f"{(START_NS + int(WALK.time_ns[i])) // 10**6},gyroscope,0.5,0.5,0.5",
        )
    ]
    (recording,) = read(put("log.csv", "timestamp,sensor_type,x,y,z", lines))
    assert_is_the_walk(recording)
    np.testing.assert_allclose(recording.angular_rate_radps, 0.5)


def test_a_wide_table_holds_one_recording_for_each_body_site(put: Put) -> None:
    names = ["time_s"] + [f"{site}_acc_{a}" for site in ("wrist", "ankle") for a in "xyz"]
    both = np.column_stack([WALK.acceleration_mps2, -WALK.acceleration_mps2])
    wrist, ankle = read(put("sites.csv", ",".join(names), rows(both, SECONDS)))
    assert (wrist.placement, ankle.placement) == ("wrist", "ankle")
    assert (wrist.name, ankle.name) == ("sites.csv#wrist", "sites.csv#ankle")
    assert_is_the_walk(wrist)
    assert_is_the_walk(ankle, sign=-1)


def test_a_date_beside_a_time_of_day_gives_the_wall_clock_past_midnight(put: Put) -> None:
    late = 23 * 3600 + 59 * 60 + 50
    at = [late + s for s in SECONDS]
    dates = ["2024-03-01" if s < 86_400 else "2024-03-02" for s in at]
    times = [f"{int(s) % 86400 // 3600:02d}:{int(s) % 3600 // 60:02d}:{s % 60:06.3f}" for s in at]
    lines = rows(WALK.acceleration_mps2, dates, times)
    (recording,) = read(put("log.csv", "Date,Time,acc_x,acc_y,acc_z", lines))
    assert_is_the_walk(recording)
    assert str(recording.start_time) == "2024-03-01 23:59:50"


def test_times_of_day_alone_run_on_past_midnight(put: Put) -> None:
    at = [86_390 + s for s in SECONDS]
    times = [f"{int(s) % 86400 // 3600:02d}:{int(s) % 3600 // 60:02d}:{s % 60:06.3f}" for s in at]
    lines = rows(WALK.acceleration_mps2, times)
    (recording,) = read(put("log.csv", "Time,acc_x,acc_y,acc_z", lines))
    assert_is_the_walk(recording)


def test_minutes_as_a_spreadsheet_shows_them(put: Put) -> None:
    at = [59 * 60 + 50 + s for s in SECONDS]
    times = [f"{int(s) % 3600 // 60:02d}:{s % 60:04.1f}" for s in at]
    lines = rows(WALK.acceleration_mps2, times)
    (recording,) = read(put("log.csv", "Time,acc_x,acc_y,acc_z", lines))
    np.testing.assert_allclose(recording.time_s, SECONDS, atol=0.06)
    assert recording.rate_hz == pytest.approx(50, rel=0.01)


def test_sensor_logger_saved_by_a_spreadsheet_keeps_the_other_clock(put: Put) -> None:
    mangled = ["1.72918E+18"] * len(SECONDS)
    lines = rows(WALK.acceleration_mps2[:, ::-1], mangled, SECONDS)
    (recording,) = read(put("TotalAcceleration.csv", "time,seconds_elapsed,z,y,x", lines))
    assert_is_the_walk(recording)


def test_a_gyroscope_on_another_clock_is_left_out_and_named(put: Put, tmp_path: Path) -> None:
    put("walk_acc.csv", "time,acc_x,acc_y,acc_z",
        rows(WALK.acceleration_mps2, START_NS + WALK.time_ns))  # fmt: skip
    put("walk_gyro.csv", "time,gyro_x,gyro_y,gyro_z", rows(WALK.acceleration_mps2, SECONDS))
    (recording,) = read(tmp_path / "walk_acc.csv")
    assert recording.angular_rate_radps is None
    (warning,) = recording.warnings
    assert warning.startswith("left out rotation: not on")
    assert warning.endswith("so more strides may be unknown")


def test_a_date_that_could_be_read_two_ways_is_told(put: Put) -> None:
    times = [f"3/4/2024 10:00:{s:06.3f}" for s in SECONDS]
    lines = rows(WALK.acceleration_mps2, times)
    (recording,) = read(put("log.csv", "Time,acc_x,acc_y,acc_z", lines))
    clock = next(found.value for found in recording.findings if found.topic == "clock")
    assert "day and month could be swapped" in clock


@pytest.mark.parametrize(
    ("zone", "minutes"),
    [("Africa/Nairobi", 180), ("Asia/Kathmandu", 345), ("", None), ("../../etc/passwd", None),
     ("Africa", None), ("Nowhere/Land", None)],
)  # fmt: skip
def test_sensor_logger_tells_the_zone_by_its_name(zone: str, minutes: int | None) -> None:
    stamps = Stamps(np.array([1_700_810_754_632_000_000]), 1e-9, "unix", "time")
    assert sensor_logger._zone_min({"recording timezone": zone}, stamps) == minutes


@pytest.mark.parametrize(("one_g", "sign", "because"), [(1.0, -1, "assumed"), (G, 1, "measured")])
def test_gravity_of_a_watch_tells_its_unit_and_whether_it_was_standardised(
    put: Put, one_g: float, sign: int, because: str
) -> None:
    gravity = np.tile([0, one_g, 0], (len(SECONDS), 1))
    moving = (WALK.acceleration_mps2 - [0, G, 0]) * one_g / G
    lines = rows(np.column_stack([moving, gravity]), START_NS + WALK.time_ns, SECONDS)
    axes = [f"{what}{axis}" for what in ("acceleration", "gravity") for axis in "XYZ"]
    (recording,) = read(put("WristMotion.csv", ",".join(["time,seconds_elapsed", *axes]), lines))
    assert_is_the_walk(recording, sign=sign)
    assert (ground(recording, "sign"), recording.gravity) == (because, "total")
    assert recording.placement == "wrist"


def test_words_of_a_note_keep_their_commas_without_quotes(put: Put, tmp_path: Path) -> None:
    lines = rows(WALK.acceleration_mps2[:, ::-1], START_NS + WALK.time_ns, SECONDS)
    put("TotalAcceleration.csv", "time,seconds_elapsed,z,y,x", lines)
    put("Annotation.csv", "time,text,seconds_elapsed", f"{START_NS + 2 * 10**9},slow, then back,2")
    (recording,) = read(tmp_path / "TotalAcceleration.csv")
    (note,) = recording.annotations
    assert (note.start_s, note.text) == (pytest.approx(2), "slow, then back")


def test_phyphox_under_another_name_is_measured(put: Put) -> None:
    header = '"Time (s)","X (m/s^2)","Y (m/s^2)","Z (m/s^2)"'
    (recording,) = read(put("Raw Data.csv", header, rows(WALK.acceleration_mps2, SECONDS)))
    assert recording.format == "phyphox"
    assert_is_the_walk(recording)
    assert ground(recording, "gravity") == "measured"


@pytest.mark.parametrize("event", ["START,zero,1.7E9", "START,0.0,soon", "PAUSE,0.0,1.7E9"])
def test_phyphox_without_a_readable_start_has_none(put: Put, event: str) -> None:
    header = '"Time (s)","X (m/s^2)","Y (m/s^2)","Z (m/s^2)"'
    path = put("Accelerometer.csv", header, rows(WALK.acceleration_mps2, SECONDS))
    (path.parent / "meta").mkdir()
    text = f"event,experiment time,system time\n{event}\n"
    (path.parent / "meta" / "time.csv").write_text(text)
    (recording,) = read(path)
    assert_is_the_walk(recording)
    assert recording.start_time is None


def test_a_gyroscope_of_metamotion_alone_is_refused(put: Put) -> None:
    head = "epoch (ms),x-axis (deg/s),y-axis (deg/s),z-axis (deg/s)"
    lines = rows(90 * WALK.acceleration_mps2, (START_NS + WALK.time_ns) // 10**6)
    with pytest.raises(RefusedRecording, match="no acceleration along x, y and z"):
        read(put("walk_Gyroscope.csv", head, lines))


def test_bare_axes_beside_an_accelerometer_are_the_sensor_of_their_file(put: Put) -> None:
    path = put("walk_acc.csv", "time (s),x,y,z", rows(WALK.acceleration_mps2, SECONDS))
    turning = WALK.acceleration_mps2[:, [1, 2, 0]] * 10
    put("walk_gyro.csv", "time (s),x,y,z", rows(turning, SECONDS))
    (recording,) = read(path)
    assert_is_the_walk(recording)
    np.testing.assert_allclose(recording.angular_rate_radps, np.radians(turning), atol=1e-6)
    assert ground(recording, "gyroscope unit") == "assumed"


def test_of_the_files_of_xio_the_sensors_own_are_read_and_the_earths_never(
    put: Put, tmp_path: Path
) -> None:
    moving = (WALK.acceleration_mps2 - WALK.acceleration_mps2.mean(axis=0)) / G
    own = ",".join(f"Accelerometer {axis} (g)" for axis in "XYZ")
    put("sensors.csv", f"Time (s),{own}", rows(WALK.acceleration_mps2 / G, SECONDS))
    for name in ("earth.csv", "linear.csv"):
        put(name, "Time (s),X (g),Y (g),Z (g)", rows(moving, SECONDS))

    def chosen(*names: str) -> Recording:
        with zipfile.ZipFile(tmp_path / "session.zip", "w") as archive:
            for name in names:
                archive.write(tmp_path / name, name)
        (recording,) = read(tmp_path / "session.zip")
        return recording

    assert_is_the_walk(chosen("earth.csv", "linear.csv", "sensors.csv"))
    linear = chosen("earth.csv", "linear.csv")
    assert (linear.gravity, linear.warnings) == ("linear", ())
    (recording,) = read(tmp_path / "earth.csv")
    assert any("in the earth's frame" in warning for warning in recording.warnings)


@pytest.mark.parametrize(("begun", "start"), [("2024-05-06T07:08:09", True), ("today", False)])
def test_faros_begins_as_its_notes_say(put: Put, begun: str, start: bool) -> None:
    path = put("ACC.csv", "X,Y,Z", rows(WALK.acceleration_mps2 / G * 1000))
    notes = {"start_time": begun, "units": {"ACC": "mg"}, "sample_freqs": {"ACC": 50}}
    put("meta.json", json.dumps(notes))
    put("info.json", "{")  # a damaged file beside it is no obstacle
    (recording,) = read(path)
    assert_is_the_walk(recording)
    assert recording.format == "faros"
    assert recording.start_time == (datetime(2024, 5, 6, 7, 8, 9) if start else None)  # noqa: DTZ001


def test_a_rate_that_no_sensor_has_is_refused_unless_given(put: Put) -> None:
    path = put("walk.csv", "# Sampling rate: 5000 Hz", "acc_x,acc_y,acc_z",
               rows(WALK.acceleration_mps2))  # fmt: skip
    with pytest.raises(RefusedRecording, match="5,000 readings a second by its clock, more than"):
        read(path)
    (recording,) = read(path, options=ReadOptions(rate_hz=50))
    assert_is_the_walk(recording)


def test_a_unit_behind_the_axis_is_stated(put: Put) -> None:
    lines = rows(WALK.acceleration_mps2 / G * 1000, SECONDS)
    (recording,) = read(put("walk.csv", "time,acc_x_mg,acc_y_mg,acc_z_mg", lines))
    assert_is_the_walk(recording)
    assert ground(recording, "unit") == "stated"


def test_stamps_that_no_float_holds_stay_whole_numbers(put: Put) -> None:
    ns = 9_100_000_000_000_001 + np.arange(len(SECONDS)) * 20_000_001
    (recording,) = read(put("walk.csv", "time (ns),ax,ay,az", rows(WALK.acceleration_mps2, ns)))
    np.testing.assert_allclose(np.diff(recording.time_s), 0.020_000_001, rtol=0, atol=1e-11)


def test_fractions_of_four_digits_are_no_milliseconds(put: Put) -> None:
    parts = [f"{place % 5 * 2000:04d}".rstrip("0") or "0" for place in range(len(SECONDS))]
    times = [f"12:{s // 300:02d}:{s // 5 % 60:02d}.{part}" for s, part in enumerate(parts)]
    times[::7] = [
        time.partition(".")[0] + f".{place % 5 * 2000:04d}"
        for place, time in zip(range(0, len(times), 7), times[::7], strict=True)
    ]
    lines = rows(WALK.acceleration_mps2, times)
    with pytest.raises(RefusedRecording, match="readings a second"):
        read(put("walk.csv", "time,ax,ay,az", lines))
    (recording,) = read(put("walk.csv", "time,ax,ay,az", lines), options=ReadOptions(rate_hz=50))
    assert_is_the_walk(recording)


def test_a_summary_beside_the_axes_of_a_recording_hides_them_not(put: Put) -> None:
    lines = rows(np.column_stack([WALK.acceleration_mps2, np.ones(len(SECONDS))]), SECONDS)
    (recording,) = read(put("walk.csv", "time,x,y,z,ENMO", lines))
    assert recording.format == "plain"
    assert_is_the_walk(recording)


@pytest.mark.parametrize("text", ["", "platform,sensors", "device,who\npixel,me"])
def test_notes_of_sensor_logger_that_say_nothing_are_no_obstacle(
    put: Put, tmp_path: Path, text: str
) -> None:
    lines = rows(WALK.acceleration_mps2[:, ::-1], START_NS + WALK.time_ns, SECONDS)
    put("TotalAcceleration.csv", "time,seconds_elapsed,z,y,x", lines)
    put("Metadata.csv", text)
    (recording,) = read(tmp_path / "TotalAcceleration.csv")
    assert_is_the_walk(recording)
    assert "platform" not in describe(recording)


def test_of_two_accelerations_of_phyphox_the_total_one_is_read(put: Put, tmp_path: Path) -> None:
    header = '"Time (s)","X (m/s^2)","Y (m/s^2)","Z (m/s^2)"'
    moving = WALK.acceleration_mps2 - WALK.acceleration_mps2.mean(axis=0)
    names = ("Linear Accelerometer.csv", "Accelerometer.csv")
    for name, values in zip(names, (moving, WALK.acceleration_mps2), strict=True):
        put(name, header, rows(values, SECONDS))
    for order in (names, names[::-1]):
        with zipfile.ZipFile(tmp_path / "walk.zip", "w") as archive:
            for name in order:
                archive.write(tmp_path / name, name)
        (recording,) = read(tmp_path / "walk.zip")
        assert (recording.format, recording.gravity) == ("phyphox", "total")
        assert_is_the_walk(recording)


@pytest.mark.parametrize("begin_s", [0.0, 20.0])
def test_a_sensor_beside_keeps_its_time_where_the_first_readings_are_missing(
    put: Put, begin_s: float
) -> None:
    lines = rows(WALK.acceleration_mps2, SECONDS + begin_s)
    lines[:100] = [f"{second + begin_s},,," for second in SECONDS[:100]]
    path = put("walk_acc.csv", "time (s),x,y,z", lines)
    turning = np.column_stack([np.sin(SECONDS), np.cos(SECONDS), SECONDS / 20])
    put("walk_gyro.csv", "time (s),x (rad/s),y (rad/s),z (rad/s)", rows(turning, SECONDS + begin_s))
    (recording,) = read(path)
    np.testing.assert_allclose(recording.time_s, SECONDS[100:] + begin_s, atol=1e-9)
    np.testing.assert_allclose(recording.angular_rate_radps, turning[100:], atol=1e-5)


@pytest.mark.parametrize(("unit", "per_s"), [("s", 1), ("ms", 1e3), ("us", 1e6)])
@pytest.mark.parametrize(("begin_s", "shown_s"), [(0.5, 0), (20, 20), (59, 59), (61, 0)])
def test_a_relative_clock_within_its_first_minute_keeps_its_zero(
    put: Put, unit: str, per_s: float, begin_s: float, shown_s: float
) -> None:
    ticks = [f"{(second + begin_s) * per_s:.4f}" for second in SECONDS]
    (recording,) = read(
        put("walk.csv", f"time ({unit}),ax,ay,az", rows(WALK.acceleration_mps2, ticks))
    )
    np.testing.assert_allclose(recording.time_s, SECONDS + shown_s, atol=1e-6)
