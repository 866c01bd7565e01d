"""Other versions, locales and apps than those of the samples, written after their documentation."""

import json
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from retrodetect.errors import RefusedRecording, UnreadableFile
from retrodetect.formats import ReadOptions, describe, discover, read
from retrodetect.recording import Recording

from .reexport import START_NS, G, walk

WALK = walk(rate_hz=50, duration_s=20)
SECONDS = WALK.time_ns / 1e9
TOTAL = WALK.acceleration_mps2
GRAVITY = np.tile([0.0, G, 0.0], (len(SECONDS), 1))
MILLIS = [str((START_NS + int(ns)) // 10**6) for ns in WALK.time_ns]
Put = Callable[..., Path]


@pytest.fixture
def put(tmp_path: Path) -> Put:
    def write(name: str, head: str, *columns: Iterable[str], by: str = ",") -> Path:
        path = tmp_path / name
        rows = [by.join(row) for row in zip(*columns, strict=True)]
        path.write_text("\n".join([*([head] if head else []), *rows, ""]), newline="")
        return path

    return write


def cells(values: np.ndarray) -> list[list[str]]:
    return [[f"{v:.5f}" for v in column] for column in np.atleast_2d(values.T)]


def clock(pattern: str) -> list[str]:
    return [
        datetime.fromtimestamp((START_NS + int(ns)) / 1e9, UTC).strftime(pattern)
        for ns in WALK.time_ns
    ]


def one(path: Path, sign: int = 1, ground: str = "assumed", **options: object) -> Recording:
    (recording,) = read(path, options=ReadOptions(**options))  # type: ignore[arg-type]
    assert recording.rate_hz == pytest.approx(50, rel=0.01)
    np.testing.assert_allclose(recording.acceleration_mps2, sign * TOTAL, atol=0.02)
    assert describe(recording)["sign"]["ground"] == ground
    return recording


def test_physics_toolbox_on_ios_has_a_date_and_the_other_sign(put: Put) -> None:
    head = "time,gFx,gFy,gFz,gFTotal"
    length = [f"{v:.3f}" for v in np.linalg.norm(TOTAL, axis=1) / G]
    path = put("s.csv", head, clock("%Y-%m-%d %H:%M:%S.%f"), *cells(TOTAL / G), length)
    assert one(path, sign=-1).format == "physics-toolbox"


def test_physics_toolbox_with_its_clock_in_another_language(put: Put) -> None:
    columns = [[cell.replace(".", ",") for cell in column] for column in cells(TOTAL / G)]
    path = put("s.csv", "Zeit;gFx;gFy;gFz", [f"{t:.3f}".replace(".", ",") for t in SECONDS],
               *columns, by=";")  # fmt: skip
    assert one(path).format == "physics-toolbox"


def test_names_of_core_motion_tell_its_sign(put: Put) -> None:
    names = [f"{sensor}.{axis}" for sensor in ("gravity", "userAcceleration") for axis in "xyz"]
    path = put("sub_1.csv", ",".join(["", *names]), map(str, range(len(SECONDS))),
               *cells(GRAVITY / G), *cells((TOTAL - GRAVITY) / G))  # fmt: skip
    with pytest.raises(RefusedRecording, match="states no rate"):
        read(path)
    recording = one(path, sign=-1, rate_hz=50, unit="g")
    assert recording.gravity == "total"


def test_realworld_calls_its_axes_attributes(put: Put) -> None:
    count = [str(i) for i in range(1, len(SECONDS) + 1)]
    path = put("acc_walking_shin.csv", "id,attr_time,attr_x,attr_y,attr_z", count, MILLIS,
               *cells(TOTAL))  # fmt: skip
    assert describe(one(path))["clock"]["value"].startswith("attr_time: ms since 1970")


def test_hyperimu_with_a_vendor_of_several_words(put: Put) -> None:
    names = [f"lsm6dso LSM6DSO Accelerometer Non-wakeup.{axis}" for axis in "xyz"]
    names += [f"bmi Accelerometer Uncalibrated.{axis}" for axis in "xyz"]
    head = "@ HyperIMU - ianovir\n@ Sampling Time: 20ms\n" + ",".join(["Timestamp", *names])
    path = put("h.csv", head, MILLIS, *cells(TOTAL), *cells(TOTAL + 1))
    assert one(path, ground="stated").format == "hyperimu"


def test_movella_dot_states_when_it_began(put: Put) -> None:
    preamble = (
        "sep=,\nDeviceTag:,Left\nFirmwareVersion:,2.6.0\nAppVersion:,2023.6\nSyncStatus:,Synced\n"
        "OutputRate:,50Hz\nFilterProfile:,General\nMeasurement Mode:,Rate quantities\n"
        "StartTime:,2024-10-17 14:56:40\n(c) Movella 2005-2023\n\n"
    )
    ticks = [str((4_294_900_000 + int(ns) // 1000) % 2**32) for ns in WALK.time_ns]
    count = [str(i) for i in range(len(ticks))]
    path = put("d.csv", preamble + "PacketCounter,SampleTimeFine,Acc_X,Acc_Y,Acc_Z", count, ticks,
               *cells(TOTAL))  # fmt: skip
    recording = one(path, ground="stated")
    assert recording.start_time == datetime(2024, 10, 17, 14, 56, 40)  # noqa: DTZ001 - local
    assert recording.duration_s == pytest.approx(SECONDS[-1], abs=0.01)


def test_increments_of_velocity_are_no_acceleration(put: Put) -> None:
    head = "DeviceTag:,Left\nOutputRate:,50Hz\nPacketCounter,SampleTimeFine,dv[1],dv[2],dv[3]"
    count = [str(i) for i in range(len(SECONDS))]
    ticks = [str(int(ns) // 1000) for ns in WALK.time_ns]
    with pytest.raises(RefusedRecording, match="no acceleration"):
        read(put("d.csv", head, count, ticks, *cells(TOTAL / 50)))


def test_actigraph_in_europe_and_with_a_gyroscope(put: Put) -> None:
    head = (
        "------------ Data File Created By ActiGraph Link ActiLife v6.13.3 Firmware v1.6.1 "
        "date format dd.MM.yyyy at 50 Hz  Filter Normal -----------\nSerial Number: TAS1\n"
        "Start Time 14:56:40\nStart Date 17.10.2024\nEpoch Period (hh:mm:ss) 00:00:00\n"
        "Download Time 16:54:15\nDownload Date 20.10.2024\nCurrent Memory Address: 0\n"
        "Current Battery Voltage: 4,21     Mode = 12\n"
        "--------------------------------------------------\n"
        "Timestamp;Accelerometer X;Accelerometer Y;Accelerometer Z;"
        "Gyroscope X;Gyroscope Y;Gyroscope Z"
    )
    columns = [
        [cell.replace(".", ",") for cell in column]
        for column in (*cells(TOTAL / G), *cells(TOTAL * 9))
    ]
    recording = one(put("a.csv", head, clock("%d.%m.%Y %H:%M:%S.%f"), *columns, by=";"))
    assert recording.format == "actigraph"
    assert recording.angular_rate_radps is not None
    np.testing.assert_allclose(recording.angular_rate_radps, np.radians(TOTAL * 9), atol=1e-3)


@pytest.mark.parametrize("name", ["epoc (ms)", "epoch (ms)"])
def test_metamotion_in_either_spelling(name: str, put: Put) -> None:
    head = f"{name},time (-08:00),elapsed (s),x-axis (g),y-axis (g),z-axis (g)"
    seconds = [f"{t:.3f}" for t in SECONDS]
    path = put("left_Accelerometer.csv", head, MILLIS, clock("%Y-%m-%dT%H.%M.%S.%f"), seconds,
               *cells(TOTAL / G))  # fmt: skip
    assert one(path).format == "metamotion"


def test_sensor_logger_as_json_is_read_sensor_by_sensor(tmp_path: Path) -> None:
    entries: list[dict[str, str]] = [
        {"sensor": "Metadata", "platform": "ios", "sensors": "A", "standardisation": "false"}
    ]
    for ns, row, gravity in zip(WALK.time_ns, TOTAL, GRAVITY, strict=True):
        stamps = {"time": str(START_NS + int(ns)), "seconds_elapsed": str(ns / 1e9)}
        for sensor, values in (
            ("Accelerometer", row - gravity),
            ("Gravity", gravity),
            ("Gyroscope", row / 9),
        ):
            axes = dict(zip("xyz", map(str, values), strict=True))
            entries.append({"sensor": sensor, **stamps, **axes})
    path = tmp_path / "walk.json"
    path.write_text(json.dumps(entries))
    recording = one(path, sign=-1, ground="stated")
    assert [found.path for found in discover(tmp_path)] == [path]
    assert recording.gravity == "total"
    assert recording.angular_rate_radps is not None
    path.write_text(json.dumps(entries)[:-500])
    with pytest.raises(UnreadableFile, match="cut off or damaged"):
        read(path)


def readings(values: np.ndarray) -> list[dict[str, float]]:
    return [dict(zip("xyz", row, strict=True)) for row in values.round(6).tolist()]


MS = [int(text) for text in MILLIS]
RECORDS: dict[str, object] = {
    "LAMP": {"data": [{"timestamp": t, "sensor": "lamp.accelerometer", "data": row}
                      for t, row in zip(MS, readings(TOTAL / G), strict=True)]},
    "LAMP, list": [{"timestamp": t, "sensor": "lamp.accelerometer", "data": row}
                   for t, row in zip(MS, readings(TOTAL / G), strict=True)],
    "ResearchKit": {"items": [{"timestamp": s + 9000, **row}
                              for s, row in zip(SECONDS, readings(TOTAL / G), strict=True)]},
    "SensorStreamer": [{"accelerometer": {"timestamp": t * 10**6, "value": row}}
                       for t, row in zip(MS, TOTAL.round(5).tolist(), strict=True)],
}  # fmt: skip


@pytest.mark.parametrize("app", RECORDS)
def test_lists_of_readings_in_json(app: str, tmp_path: Path) -> None:
    path = tmp_path / "walk.json"
    path.write_text(json.dumps(RECORDS[app]))
    if app == "ResearchKit":  # of iOS alone
        one(path, sign=-1, ground="stated")
    else:
        one(path)
    assert [found.path for found in discover(tmp_path)] == [path]
    path.write_text(json.dumps(RECORDS[app])[:-500])
    with pytest.raises(UnreadableFile, match="cut off or damaged"):
        read(path)


def test_objects_on_lines_of_their_own(tmp_path: Path) -> None:
    path = tmp_path / "stream.json"
    records = RECORDS["SensorStreamer"]
    assert isinstance(records, list)
    path.write_text("\n".join(map(json.dumps, records)))
    one(path)


def test_device_motion_of_researchkit_has_the_sign_of_core_motion(tmp_path: Path) -> None:
    path = tmp_path / "deviceMotion_walking.json"
    own, gravity = readings((GRAVITY - TOTAL) / G), readings(-GRAVITY / G)
    items = [
        {"timestamp": s + 9000, "gravity": down, "userAcceleration": row, "rotationRate": row}
        for s, row, down in zip(SECONDS, own, gravity, strict=True)
    ]
    path.write_text(json.dumps({"items": items}))
    recording = one(path, sign=1, ground="stated")
    assert recording.gravity == "total"
    assert recording.angular_rate_radps is not None


def test_json_of_something_else_is_skipped(tmp_path: Path) -> None:
    (tmp_path / "laps.json").write_text(json.dumps([{"lap": n, "x": n} for n in range(50)]))
    assert discover(tmp_path) == []


def test_several_sites_in_one_table_are_one_recording_each(put: Put) -> None:
    names = [f"{site}_{axis}" for site in ("lw", "lh", "la", "ra") for axis in "xyz"]
    values = [column for factor in (1, -1, 1, -1) for column in cells(factor * TOTAL / G)]
    path = put("id1.csv", ",".join(["activity", "time_s", *names]), ["1"] * len(SECONDS),
               [f"{t:.2f}" for t in SECONDS], *values)  # fmt: skip
    recordings = read(path)
    sites = {recording.name: recording.placement for recording in recordings}
    assert sites == {"id1.csv#lw": "wrist", "id1.csv#lh": "waist", "id1.csv#la": "ankle",
                     "id1.csv#ra": "ankle"}  # fmt: skip
    for recording, sign in zip(recordings, (1, -1, 1, -1), strict=True):
        np.testing.assert_allclose(recording.acceleration_mps2, sign * TOTAL, atol=0.02)


def test_linear_acceleration_of_aware_is_named_by_its_file(put: Put) -> None:
    names = ",".join(f"double_values_{axis}" for axis in range(3))
    linear = TOTAL - TOTAL.mean(axis=0)
    path = put("linear_accelerometer.csv", f"timestamp,{names}", MILLIS, *cells(linear))
    (recording,) = read(path)
    assert recording.gravity == "linear"
    np.testing.assert_allclose(recording.acceleration_mps2, linear, atol=0.02)


@pytest.mark.extra("parquet")
@pytest.mark.parametrize("kind", ["parquet", "feather"])
@pytest.mark.parametrize("is_dated", [True, False])
def test_data_frames_in_files(kind: str, is_dated: bool, tmp_path: Path) -> None:
    ticks = pd.to_datetime(START_NS + WALK.time_ns) if is_dated else SECONDS
    frame = pd.DataFrame({"time": ticks, **dict(zip(["ax", "ay", "az"], TOTAL.T, strict=True))})
    path = tmp_path / f"walk.{kind}"
    getattr(frame, f"to_{kind}")(path)
    one(path)
    assert [found.path for found in discover(tmp_path)] == [path]
    path.write_bytes(path.read_bytes()[:-500])
    with pytest.raises(UnreadableFile, match="cut off or damaged"):
        read(path)


def edge_impulse(names: str = "accX accY accZ", units: str = "m/s2") -> dict[str, object]:
    sensors = [{"name": name, "units": units} for name in names.split()]
    values = TOTAL[:, : len(sensors)].tolist()
    payload = {"device_type": "NANO", "interval_ms": 20, "sensors": sensors, "values": values}
    return {"protected": {"ver": "v1"}, "signature": "0" * 8, "payload": payload}


def test_edge_impulse_counts_by_its_interval(tmp_path: Path) -> None:
    path = tmp_path / "walk.json"
    path.write_text(json.dumps(edge_impulse()))
    recording = one(path)
    assert recording.format == "edge-impulse"
    assert describe(recording)["unit"] == {"value": "m/s2", "ground": "stated"}


@pytest.mark.parametrize(
    ("document", "error"),
    [
        (edge_impulse("audio left right"), RefusedRecording),
        (edge_impulse("gyrX gyrY gyrZ", "dps"), RefusedRecording),
        ({"protected": {}, "payload": {"interval_ms": 20, "sensors": 3}}, UnreadableFile),
    ],
)
def test_edge_impulse_of_something_else(
    document: object, error: type[Exception], tmp_path: Path
) -> None:
    path = tmp_path / "walk.json"
    path.write_text(json.dumps(document))
    with pytest.raises(error):
        read(path)


@pytest.mark.parametrize(
    "head",
    [
        "Data Set 1:Time(s),Data Set 1:X-axis acceleration(m/s²),"
        "Data Set 1:Y-axis acceleration(m/s²),Data Set 1:Z-axis acceleration(m/s²)",
        "Time (s),Latest: Acceleration X (m/s²),Latest: Acceleration Y (m/s²),"
        "Latest: Acceleration Z (m/s²)",
        "#walk\ntime[s], x-axis[m/s^2], y-axis[m/s^2], z-axis[m/s^2]",
        "Tijd (s),X (m/s^2),Y (m/s^2),Z (m/s^2)",
        "Durée (s),acc_x,acc_y,acc_z",
        "seconds,AccelerometerX,AccelerometerY,AccelerometerZ",
        "time,acceleration_x,acceleration_y,acceleration_z,extra",
    ],
)
def test_names_of_other_apps(head: str, put: Put) -> None:
    extra = [["walking"] * len(SECONDS)] if "extra" in head else []
    path = put("w.csv", head, [f"{t:.3f}" for t in SECONDS], *cells(TOTAL), *extra)
    assert one(path).format == "plain"
