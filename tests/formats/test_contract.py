"""One contract for every format: what each must do with one walk written as its app writes it.

Binary formats, whose files cannot be written in a few lines, stand for themselves with a real one.
"""

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import starmap
from pathlib import Path

import numpy as np
import pytest

from retrodetect.errors import InputError
from retrodetect.formats import ReadOptions, describe, pieces, read
from retrodetect.formats.files import formats
from retrodetect.recording import Recording

from .reexport import START_NS, G, walk
from .samples import SAMPLES

WALK = walk(rate_hz=50, duration_s=30)
GAP_BEGIN, GAP_END = 700, 900
KEPT = np.r_[0:GAP_BEGIN, GAP_END : len(WALK.time_ns)]
TOTAL, NS = WALK.acceleration_mps2[KEPT], WALK.time_ns[KEPT]
BEGIN = datetime.fromtimestamp(START_NS / 1e9, UTC)
GAP_S = (GAP_END - GAP_BEGIN + 1) / 50


@dataclass(frozen=True)
class Export:
    """How an app writes the walk: name of the file, text above, and a row of one moment."""

    name: str
    top: str
    row: Callable[[int, float, float, float], str]
    unit: str = "m/s2"
    sign: int = 1
    has_start: bool = True
    beside: tuple[tuple[str, str], ...] = ()

    def write(self, folder: Path) -> Path:
        """Write it with the files that lie beside it."""
        scale = self.sign * {"m/s2": 1.0, "g": 1 / G, "mg": 1000 / G, "1/64 g": 64 / G}[self.unit]
        rows = starmap(self.row, zip(NS.tolist(), *(scale * TOTAL.T).tolist(), strict=True))
        path = folder / self.name
        path.write_text(self.top + "\n".join(rows) + "\n", encoding="utf-8")
        for name, text in self.beside:
            (folder / name).write_text(text)
        return path


def ms(ns: int) -> int:
    return (START_NS + ns) // 10**6


def wall(ns: int, pattern: str) -> str:
    return (BEGIN + timedelta(microseconds=ns // 1000)).strftime(pattern)


EXPORTS = {
    "sensor-logger": Export(
        "TotalAcceleration.csv", "time,seconds_elapsed,z,y,x\n",
        lambda t, x, y, z: f"{START_NS + t},{t / 1e9:.4f},{z:.6f},{y:.6f},{x:.6f}"),
    "phyphox": Export(
        "Accelerometer.csv", '"Time (s)","X (m/s^2)","Y (m/s^2)","Z (m/s^2)"\n',
        lambda t, x, y, z: f"{t / 1e9:.6E},{x:.6E},{y:.6E},{z:.6E}", has_start=False),
    "sensorlog": Export(
        "log.csv",
        "loggingTime(txt),accelerometerTimestamp_sinceReboot(s),accelerometerAccelerationX(G),"
        "accelerometerAccelerationY(G),accelerometerAccelerationZ(G)\n",
        lambda t, x, y, z: f"{wall(t, '%Y-%m-%d %H:%M:%S.%f')},{t / 1e9 + 9e4:.4f},{x:.6f},{y:.6f},"
        f"{z:.6f}", "g", -1, has_start=False),
    "sensor-app": Export(
        "log.csv",
        "Date;Timestamp;DeviceOrientation;AccelerationX;AccelerationY;AccelerationZ\n",
        lambda t, x, y, z: f"today;{(START_NS + t) / 1e9:.3f};1;{x:.6f};{y:.6f};{z:.6f}", "g", -1),
    "physics-toolbox": Export(
        "log.csv", "time,gFx,gFy,gFz\n",
        lambda t, x, y, z: f"{t / 1e9:.4f},{x:.6f},{y:.6f},{z:.6f}", "g", has_start=False),
    "androsensor": Export(
        "log.csv", "ACCELEROMETER X (m/s²);ACCELEROMETER Y (m/s²);ACCELEROMETER Z (m/s²);"
        "Time since start in ms ;YYYY-MO-DD HH-MI-SS_SSS\n",
        lambda t, x, y, z: f"{x:.6f};{y:.6f};{z:.6f};{t // 10**6};"
        f"{wall(t, '%Y-%m-%d %H:%M:%S:%f')[:-3]}"),
    "hyperimu": Export(
        "log.csv", "@ HyperIMU - ianovir - 2017\n@ Date: Sat Nov 11, Sampling Time: 20ms\n\n"
        "timestamp,MPL_Accelerometer.x,MPL_Accelerometer.y,MPL_Accelerometer.z\n",
        lambda t, x, y, z: f"{ms(t)},{x:.6f},{y:.6f},{z:.6f}"),
    "science-journal": Export(
        "log.csv", "relative_time,AccX,AccY,AccZ\n",
        lambda t, x, y, z: f"{t // 10**6},{x:.6f},{y:.6f},{z:.6f}", has_start=False),
    "axivity": Export(
        "log.csv", "",
        lambda t, x, y, z: f"{wall(t, '%Y-%m-%d %H:%M:%S.%f')[:-3]},{x:.6f},{y:.6f},{z:.6f}\r",
        "g"),
    "actigraph": Export(
        "log.csv", "------------ Data File Created By ActiGraph GT3X+ ActiLife v6.13.3 date format "
        "M/d/yyyy at 50 Hz -----------\nEpoch Period (hh:mm:ss) 00:00:00\n"
        "Timestamp,Accelerometer X,Accelerometer Y,Accelerometer Z\n",
        lambda t, x, y, z: f"{wall(t, '%m/%d/%Y %H:%M:%S.%f')[:-3]},{x:.6f},{y:.6f},{z:.6f}", "g"),
    "geneactiv": Export(
        "log.csv", "Device Type,GENEActiv\nMeasurement Frequency,50 Hz\n\n",
        lambda t, x, y, z: f"{wall(t, '%Y-%m-%d %H:%M:%S:%f')[:-3]},{x:.6f},{y:.6f},{z:.6f},1,0",
        "g"),
    "empatica-embraceplus": Export(
        "log.csv", "unix_timestamp,x,y,z\n",
        lambda t, x, y, z: f"{(START_NS + t) // 1000},{x:.6f},{y:.6f},{z:.6f}", "g"),
    "shimmer": Export(
        "log.csv", '"sep=;"\nS_Timestamp_Unix_CAL;S_Accel_LN_X_CAL;S_Accel_LN_Y_CAL;'
        "S_Accel_LN_Z_CAL;\nms;m/(s^2);m/(s^2);m/(s^2);\n",
        lambda t, x, y, z: f"{ms(t)};{x:.6f};{y:.6f};{z:.6f};"),
    "metamotion": Export(
        "log.csv", "epoc (ms),timestamp (-0500),elapsed (s),x-axis (g),y-axis (g),z-axis (g)\n",
        lambda t, x, y, z: f"{ms(t)},x,{t / 1e9:.3f},{x:.6f},{y:.6f},{z:.6f}", "g"),
    "xsens-dot": Export(
        "log.csv", "sep=,\nDeviceTag:,a\nOutputRate:,50Hz\n\nSampleTimeFine,Acc_X,Acc_Y,Acc_Z\n",
        lambda t, x, y, z: f"{t // 1000 + 2_974_023_062},{x:.6f},{y:.6f},{z:.6f}",
        has_start=False),
    "xsens-mtw": Export(
        "log.txt", "// Start Time: Unknown\n// Update Rate: 50.0Hz\nPacketCounter\tAcc_X\tAcc_Y\t"
        "Acc_Z\n", lambda t, x, y, z: f"{t // 20_000_000:05}\t{x:.6f}\t{y:.6f}\t{z:.6f}",
        has_start=False),
    "x-io": Export(
        "sensors.csv", "Time (s),Accelerometer X (g),Accelerometer Y (g),Accelerometer Z (g)\n",
        lambda t, x, y, z: f"{t / 1e9:.4f},{x:.6f},{y:.6f},{z:.6f}", "g", has_start=False),
    "polar": Export(
        "log.txt", "Phone timestamp;sensor timestamp [ns];X [mg];Y [mg];Z [mg]\n",
        lambda t, x, y, z: f"{wall(t, '%Y-%m-%dT%H:%M:%S.%f')[:-3]};{599616065136175104 + t};"
        f"{x:.3f};{y:.3f};{z:.3f}", "mg"),
    "witmotion": Export(
        "log.txt", "Time,Device name,Chip Time(),Acceleration X(g),Acceleration Y(g),"
        "Acceleration Z(g)\n",
        lambda t, x, y, z: f"{wall(t, '%H:%M:%S.%f')[:-3]},WT901,"
        f"{wall(t, '%Y-%m-%d %H:%M:%S:%f')[:-3]},{x:.6f},{y:.6f},{z:.6f}", "g"),
    "faros": Export(
        "ACC.csv", "X,Y,Z\n", lambda t, x, y, z: f"{x:.3f},{y:.3f},{z:.3f}", "mg",
        beside=(("meta.json", json.dumps({"start_time": "2024-10-17 14:56:40",
                                          "sample_freqs": {"ACC": 50.0},
                                          "units": {"ACC": "mg"}})),)),
    "empatica-e4": Export(
        "ACC.csv", f"{START_NS / 1e9:.6f}, {START_NS / 1e9:.6f}, {START_NS / 1e9:.6f}\n"
        "50.000000, 50.000000, 50.000000\n",
        lambda t, x, y, z: f"{x:.0f},{y:.0f},{z:.0f}", "1/64 g"),
    "wisdm": Export(
        "raw.txt", "", lambda t, x, y, z: f"33,Walk,{49105962326000 + t},{x:.5f},{y:.5f},{z:.5f};",
        has_start=False),
    "hhar": Export(
        "Phones_accelerometer.csv",
        "Index,Arrival_Time,Creation_Time,x,y,z,User,Model,Device,gt\n",
        lambda t, x, y, z: f"0,{ms(t)},{27920678471000 + t},{x:.5f},{y:.5f},{z:.5f},a,nexus4,n,gt",
        has_start=False),
    "mhealth": Export(
        "log.csv", "HEADER_TIME_STAMP,X,Y,Z\n",
        lambda t, x, y, z: f"{wall(t, '%Y-%m-%d %H:%M:%S.%f')[:-3]},{x:.6f},{y:.6f},{z:.6f}", "g"),
    "gulf-coast": Export(
        "DATA-001.CSV", ";Title, http://www.gcdataconcepts.com, X16-1D, Analog Dev ADXL345\n"
        ";Start_time, 2024-10-17, 14:56:40.000\n;SampleRate, 50,Hz\n;Headers, time,Ax,Ay,Az\n",
        lambda t, x, y, z: f"{t / 1e9:.4f},{2048 * x:.2f},{2048 * y:.2f},{2048 * z:.2f}", "g"),
    "plain": Export(
        "log.csv", "time,ax,ay,az\n",
        lambda t, x, y, z: f"{START_NS + t},{x:.6f},{y:.6f},{z:.6f}"),
    "plain, AWARE": Export(
        "accelerometer.csv", "_id,timestamp,device_id,double_values_0,double_values_1,"
        "double_values_2,accuracy,label\n",
        lambda t, x, y, z: f"{t // 10**6},{ms(t)},550e8400-e29b,{x:.6f},{y:.6f},{z:.6f},3,"),
    "plain, Beiwe": Export(
        "2024-10-17 14_00_00+00_00.csv", "timestamp,UTC time,accuracy,x,y,z\n",
        lambda t, x, y, z: f"{ms(t)},{wall(t, '%Y-%m-%dT%H:%M:%S.%f')[:-3]},3,{x:.6f},{y:.6f},"
        f"{z:.6f}"),
    "plain, Beiwe on iOS": Export(
        "2024-10-17 14_00_00+00_00.csv", "timestamp,UTC time,accuracy,x,y,z\n",
        lambda t, x, y, z: f"{ms(t)},{wall(t, '%Y-%m-%dT%H:%M:%S.%f')[:-3]},unknown,{x:.6f},"
        f"{y:.6f},{z:.6f}", "g", sign=-1),
    "plain, RADAR-base": Export(
        "20241017_1400.csv", "key.projectId,key.userId,key.sourceId,value.time,value.timeReceived,"
        "value.x,value.y,value.z\n",
        lambda t, x, y, z: f"p,u,s,{ms(t) / 1e3:.3f},{ms(t) / 1e3 + 0.1:.3f},{x:.6f},{y:.6f},"
        f"{z:.6f}", "g"),
    "plain, LAMP": Export(
        "lamp.csv", "timestamp,sensor,x,y,z\n",
        lambda t, x, y, z: f"{ms(t)},lamp.accelerometer,{x:.6f},{y:.6f},{z:.6f}", "g"),
    "plain, OpenLog Artemis": Export(
        "dataLog00001.TXT", "rtcDate,rtcTime,aX,aY,aZ,gX,gY,gZ,imu_degC,output_Hz,\n",
        lambda t, x, y, z: f"{wall(t, '%m/%d/%Y,%H:%M:%S.%f')[:-4]},{x:.2f},{y:.2f},{z:.2f},"
        f"{20 * x % 7:.2f},{30 * y % 9:.2f},{40 * z % 5:.2f},25.1,50.000,", "mg"),
    "plain, Garmin": Export(
        "garmin.csv", "timestamp,sample_time_offset,calibrated_accel_x,calibrated_accel_y,"
        "calibrated_accel_z\n",
        lambda t, x, y, z: f"{ms(t) / 1e3:.3f},0,{x:.3f},{y:.3f},{z:.3f}", "mg"),
    "plain, Garmin by Fitrockr": Export(
        "fitrockr.csv", "Timestamp;X;Y;Z\n",
        lambda t, x, y, z: f"{wall(t, '%Y-%m-%d %H:%M:%S.%f')[:-3]};{x:.3f};{y:.3f};{z:.3f}",
        "mg"),
    "plain, Garmin by Labfront": Export(
        "labfront.csv", "isoDate,unixTimestampInMs,x,y,z\n",
        lambda t, x, y, z: f"{wall(t, '%Y-%m-%dT%H:%M:%S.%f')[:-3]}Z,{ms(t)},{x:.4f},{y:.4f},"
        f"{z:.4f}"),
}  # fmt: skip
ROWS_ALONE = {"faros", "empatica-e4"}
"""Formats whose rows have no clock, so that they cannot show a gap."""

WITHOUT_TEXT = {
    "actigraph-gt3x", "axivity-cwa", "geneactiv-bin", "genea-bin", "empatica-embraceplus-avro",
    "matlab-mobile", "movesense",
}  # fmt: skip
"""Binary formats and JSON, with a real file each."""

OTHERWISE = {"counts": "always refused", "edge-impulse": "test_devices_extra",
             "multi-site": "test_unseen: several recordings",
             "witmotion-sd": "test_devices"}  # fmt: skip


def read_or_refused(path: Path) -> Recording | InputError:
    """The one recording of a damaged file, or the sentence that it ends in."""
    try:
        (recording,) = read(path)
    except InputError as error:
        refusal = error
    else:
        return recording
    assert refusal.remedy
    assert str(refusal).endswith(".")
    return refusal


def test_no_format_is_left_out() -> None:
    names = {one.name for one in formats()}
    own = {name.partition(",")[0] for name in EXPORTS}
    assert names == own | WITHOUT_TEXT | OTHERWISE.keys()
    assert {s.format for s in SAMPLES.values() if s.verdict == "ok"} >= WITHOUT_TEXT


@pytest.mark.parametrize("name", sorted(EXPORTS))
class TestEveryFormatOfText:
    """Rate, unit, gravity, sign, start, gap, pieces, damage and remedies."""

    def read(self, name: str, folder: Path, **options: object) -> Recording:
        path = EXPORTS[name].write(folder)
        (recording,) = read(path, options=ReadOptions(**options))  # type: ignore[arg-type]
        assert recording.format == name.partition(",")[0]
        return recording

    def test_it_reads_the_walk_as_it_was(self, name: str, tmp_path: Path) -> None:
        recording = self.read(name, tmp_path)
        coarse = EXPORTS[name].unit == "1/64 g"
        assert recording.rate_hz == pytest.approx(50, rel=0.005)
        assert recording.gravity == "total"
        np.testing.assert_allclose(
            recording.acceleration_mps2, TOTAL, atol=0.08 if coarse else 1e-2
        )
        expected_s = NS / 1e9 if name not in ROWS_ALONE else np.arange(len(NS)) / 50
        np.testing.assert_allclose(recording.time_s, expected_s, atol=3e-3)

    def test_it_tells_every_conclusion_and_its_ground(self, name: str, tmp_path: Path) -> None:
        facts = describe(self.read(name, tmp_path))
        for topic in ("unit", "gravity", "sign", "clock", "columns"):
            assert facts[topic]["value"]
            assert facts[topic]["ground"] in ("stated", "measured", "assumed")
        is_turned = facts["sign"]["value"].startswith("turned")
        assert is_turned == (EXPORTS[name].sign < 0)

    def test_it_knows_when_it_began(self, name: str, tmp_path: Path) -> None:
        start = self.read(name, tmp_path).start_time
        assert (start is not None) == EXPORTS[name].has_start
        if start is not None:
            known = start if start.tzinfo else start.replace(tzinfo=UTC)
            assert abs((known - BEGIN).total_seconds()) < 0.01

    def test_its_gap_is_a_gap_and_told(self, name: str, tmp_path: Path) -> None:
        recording = self.read(name, tmp_path)
        facts = describe(recording)
        if name in ROWS_ALONE:
            assert facts["gaps"] == 0
            return
        assert facts["gaps"] == 1
        assert facts["gaps_s"] == pytest.approx(GAP_S, abs=0.01)
        assert any("1 gap of 4.0 s" in warning for warning in recording.warnings)

    def test_pieces_are_the_whole(self, name: str, tmp_path: Path) -> None:
        recording = self.read(name, tmp_path)
        (parts,) = pieces(tmp_path / EXPORTS[name].name, grain_s=4.0)
        together = list(parts)
        np.testing.assert_array_equal(
            np.concatenate([part.acceleration_mps2 for part in together]),
            recording.acceleration_mps2,
        )
        np.testing.assert_array_equal(
            np.concatenate([part.time_s for part in together]), recording.time_s
        )
        assert together[-1].warnings == recording.warnings

    @pytest.mark.parametrize("share", [0.02, 0.3, 0.7, 0.97])
    def test_a_part_of_it_is_read_as_that_part_or_refused(
        self, name: str, tmp_path: Path, share: float
    ) -> None:
        whole = self.read(name, tmp_path)
        path = tmp_path / EXPORTS[name].name
        data = path.read_bytes()
        path.write_bytes(data[: int(share * len(data))])
        part = read_or_refused(path)
        if isinstance(part, InputError):
            assert share < 0.1
            return
        count = len(part.time_s)
        assert 0 < count <= len(whole.time_s)
        # The last row may be cut in the middle of a number.
        np.testing.assert_allclose(
            part.acceleration_mps2[: count - 1], whole.acceleration_mps2[: count - 1], atol=1e-9
        )

    def test_one_that_ends_within_a_row_says_so(self, name: str, tmp_path: Path) -> None:
        self.read(name, tmp_path)
        path = tmp_path / EXPORTS[name].name
        rows = path.read_text(encoding="utf-8").rstrip().splitlines(keepends=True)
        *whole, last = rows[: len(rows) // 2]
        cells = re.split(r"([,;\t])", last.rstrip(";\r\n"))
        path.write_text("".join([*whole, *cells[:-2]]), encoding="utf-8")
        part = read_or_refused(path)
        assert isinstance(part, Recording)
        assert any("minutes may be too low" in warning for warning in part.warnings)

    def test_what_a_user_gives_is_obeyed(self, name: str, tmp_path: Path) -> None:
        counted = self.read(name, tmp_path, rate_hz=25.0)
        # A counter of packets tells of the gap whatever the rate.
        counts = NS / 2e7 if name == "xsens-mtw" else np.arange(len(NS))
        np.testing.assert_allclose(counted.time_s, counts / 25, atol=1e-6)
        turned = self.read(name, tmp_path, sign="-" if EXPORTS[name].sign > 0 else "+")
        np.testing.assert_allclose(turned.acceleration_mps2, -TOTAL, atol=0.08)


@pytest.mark.parametrize("name", [name for name, s in SAMPLES.items()
                                  if s.format in WITHOUT_TEXT])  # fmt: skip
class TestEveryBinaryFormat:
    """The same, as far as a real file tells it (`test_samples` has rate, unit, gravity, sign)."""

    def test_it_tells_every_conclusion_and_its_ground(self, name: str, shared: Path) -> None:
        (recording,) = read(shared / "formats" / name)
        facts = describe(recording)
        assert all(facts[topic]["value"] for topic in ("unit", "gravity", "sign", "clock"))
        told = any("gap" in warning for warning in recording.warnings)
        assert told == (facts["gaps"] > 0)

    @pytest.mark.parametrize("share", [0.02, 0.5, 0.97])
    def test_a_part_of_it_is_read_as_that_part_or_refused(
        self, name: str, shared: Path, tmp_path: Path, share: float
    ) -> None:
        (whole,) = read(shared / "formats" / name)
        data = (shared / "formats" / name).read_bytes()
        path = tmp_path / Path(name).name
        path.write_bytes(data[: int(share * len(data))])
        part = read_or_refused(path)
        if isinstance(part, InputError):
            return
        assert any("minutes may be too low" in warning for warning in part.warnings)
        count = len(part.time_s)
        np.testing.assert_allclose(
            part.acceleration_mps2, whole.acceleration_mps2[:count], atol=1e-9
        )

    def test_what_a_user_gives_is_obeyed(self, name: str, shared: Path) -> None:
        (recording,) = read(shared / "formats" / name)
        (counted,) = read(shared / "formats" / name, options=ReadOptions(rate_hz=25.0))
        assert counted.rate_hz == 25.0
        (turned,) = read(shared / "formats" / name, options=ReadOptions(sign="-"))
        np.testing.assert_array_equal(turned.acceleration_mps2, -recording.acceleration_mps2)
