"""Formats that need the ``devices`` extra, and what is said where it is missing."""

import subprocess
import sys
from pathlib import Path

import fastavro
import numpy as np
import pandas as pd
import pytest
import scipy.io

from retrodetect.errors import RefusedRecording, UnreadableFile
from retrodetect.formats import describe, read

from .reexport import G, walk

WALK = walk(rate_hz=50, duration_s=20)
INSTALL = r"pip install 'retrodetect\[devices\]'"
SENSOR = {"type": "record", "name": "Sensor", "fields": [
    {"name": "timestampStart", "type": "long"},
    {"name": "samplingFrequency", "type": "float"},
    {"name": "imuParams", "type": {"type": "map", "values": "double"}},
    *({"name": axis, "type": {"type": "array", "items": "int"}} for axis in "xyz"),
]}  # fmt: skip


def phyphox_sheets() -> dict[str, pd.DataFrame]:
    time_s = WALK.time_ns / 1e9
    units = {"Accelerometer": "m/s^2", "Gyroscope": "rad/s"}
    sheets = {
        name: pd.DataFrame(
            np.column_stack([time_s, WALK.acceleration_mps2 / (1 if "Acc" in name else 5)]),
            columns=["Time (s)", *(f"{axis} ({unit})" for axis in "XYZ")],
        )
        for name, unit in units.items()
    }
    device = {"property": ["deviceModel", "deviceBrand"], "value": ["Pixel 7", "google"]}
    return {**sheets, "Metadata Device": pd.DataFrame(device)}


@pytest.fixture
def workbook(tmp_path: Path) -> Path:
    path = tmp_path / "walk 2026-01-02.xlsx"
    with pd.ExcelWriter(path) as book:
        for name, sheet in phyphox_sheets().items():
            sheet.to_excel(book, sheet_name=name, index=False)
    return path


def avro(path: Path, counts: np.ndarray, codec: str = "null", rate_hz: float = 64.0) -> Path:
    schema = {
        "type": "record", "name": "empatica.format.avro.Session", "fields": [
            {"name": "timezone", "type": "int"},
            {"name": "rawData", "type": {"type": "record", "name": "Raw", "fields": [
                {"name": "accelerometer", "type": SENSOR},
                {"name": "gyroscope", "type": "Sensor"},
            ]}},
        ],
    }  # fmt: skip
    scale = {"physicalMin": -16, "physicalMax": 16, "digitalMin": -32768, "digitalMax": 32768}
    axes = dict(zip("xyz", counts.T.tolist(), strict=True))
    nothing = {"timestampStart": 0, "samplingFrequency": 0.0, "imuParams": {}}
    nothing |= {axis: [] for axis in "xyz"}
    sensor = {
        "timestampStart": 1_700_000_000_123_456, "samplingFrequency": rate_hz, "imuParams": scale
    }  # fmt: skip
    session = {"timezone": 3600, "rawData": {"accelerometer": sensor | axes, "gyroscope": nothing}}
    with path.open("wb") as file:
        fastavro.writer(file, fastavro.parse_schema(schema), [session], codec=codec)
    return path


def test_sheets_of_phyphox_are_one_recording(workbook: Path) -> None:
    (recording,) = read(workbook)
    assert recording.format == "phyphox"
    np.testing.assert_allclose(recording.acceleration_mps2, WALK.acceleration_mps2, atol=1e-9)
    assert recording.angular_rate_radps is not None
    np.testing.assert_allclose(recording.angular_rate_radps, WALK.acceleration_mps2 / 5, atol=1e-9)
    facts = describe(recording)
    assert facts["gravity"]["ground"] == facts["sign"]["ground"] == "stated"
    assert facts["device"]["value"] == "Pixel 7"


def test_the_sheet_says_that_gravity_is_left_out(tmp_path: Path) -> None:
    path = tmp_path / "walk.xlsx"
    sheet = phyphox_sheets()["Accelerometer"]
    sheet.iloc[:, 1:] -= sheet.iloc[:, 1:].mean()
    sheet.to_excel(path, sheet_name="Linear Accelerometer", index=False)
    (recording,) = read(path)
    assert recording.gravity == "linear"
    assert describe(recording)["gravity"]["ground"] == "stated"


def test_a_workbook_without_a_recording_says_so(tmp_path: Path) -> None:
    path = tmp_path / "notes.xlsx"
    pd.DataFrame({"who": ["A", "B"], "score": [1, 2]}).to_excel(path, index=False)
    with pytest.raises((UnreadableFile, RefusedRecording), match=r"recording|acceleration"):
        read(path)


def test_a_packed_session_is_bounded_before_it_is_unpacked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    counts = np.round(WALK.acceleration_mps2 / G * 2048).astype(int)
    path = avro(tmp_path / "1-1-01_1700000000.avro", counts, "deflate")
    (recording,) = read(path)
    np.testing.assert_allclose(recording.acceleration_mps2, WALK.acceleration_mps2, atol=0.003)
    monkeypatch.setattr("retrodetect.formats.source._FREE_BYTES", 1 << 14)
    monkeypatch.setattr("retrodetect.formats.source._MOST_EXPANSION", 20)
    (recording,) = read(path)
    with pytest.raises(RefusedRecording, match="expands to more"):
        read(avro(tmp_path / "1-1-01_1700000001.avro", np.zeros((50_000, 3), int), "deflate"))


def test_embraceplus_session_in_avro(tmp_path: Path, shared: Path) -> None:
    counts = np.round(WALK.acceleration_mps2 / G * 2048).astype(int)
    (recording,) = read(avro(tmp_path / "1-1-01_1700000000.avro", counts))
    np.testing.assert_allclose(recording.acceleration_mps2, WALK.acceleration_mps2, atol=0.003)
    assert recording.rate_hz == pytest.approx(64, abs=1e-3)
    assert recording.start_time is not None
    assert recording.start_time.isoformat() == "2023-11-14T23:13:20.123456+01:00"
    path = shared / "formats" / "empatica_embraceplus" / "1-1-01_1764754394.avro"
    (real,) = read(path)
    assert real.rate_hz == pytest.approx(64.08, abs=0.01)
    assert describe(real)["mean_g"] == pytest.approx(1.0, abs=0.02)


def test_embraceplus_without_readings_is_refused(tmp_path: Path) -> None:
    with pytest.raises(RefusedRecording, match="no acceleration"):
        read(avro(tmp_path / "empty.avro", np.empty((0, 3), dtype=int)))


def test_matlab_timetables(shared: Path) -> None:
    (recording,) = read(shared / "formats" / "matlab_mobile" / "ExampleData.mat")
    assert recording.format == "matlab-mobile"
    assert recording.rate_hz == pytest.approx(52.6, rel=0.002)
    assert describe(recording)["mean_g"] == pytest.approx(0.99, abs=0.02)
    assert "speed_mps" in recording.channels
    assert recording.start_time is not None
    assert recording.start_time.isoformat() == "2018-09-06T13:27:32.971000"


def test_reading_a_timetable_changes_nothing_for_others(shared: Path) -> None:
    code = """
import sys
import pandas as pd
import retrodetect as rd

before = pd.Series(["a"]).dtype
rd.read(sys.argv[1])
assert pd.Series(["a"]).dtype == before
"""
    path = shared / "formats" / "matlab_mobile" / "ExampleData.mat"
    subprocess.run([sys.executable, "-c", code, path], check=True)


@pytest.mark.parametrize("share", [0.3, 0.6, 0.99])
@pytest.mark.parametrize("kind", ["xlsx", "avro", "mat"])
def test_a_file_cut_short_is_damaged(
    kind: str, share: float, workbook: Path, shared: Path, tmp_path: Path
) -> None:
    whole = {
        "xlsx": workbook,
        "avro": avro(tmp_path / "s.avro", np.ones((500, 3), dtype=int)),
        "mat": shared / "formats" / "matlab_mobile" / "ExampleData.mat",
    }[kind]
    part = tmp_path / f"part.{kind}"
    content = whole.read_bytes()
    part.write_bytes(content[: int(share * len(content))])
    with pytest.raises(UnreadableFile, match=r"damaged|cannot be read"):
        read(part)


@pytest.mark.parametrize(
    ("kind", "module"),
    [("xlsx", "openpyxl"), ("avro", "fastavro"), ("mat", "matio"), ("xls", "xlrd")],
)
def test_a_missing_extra_gives_the_install_line(
    kind: str, module: str, workbook: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / f"walk.{kind}"
    match kind:
        case "xlsx":
            path = workbook
        case "avro":
            avro(path, np.ones((500, 3), dtype=int))
        case "mat":
            path.write_bytes(b"MATLAB 5.0 MAT-file, Platform: MACI64".ljust(128) + bytes(64))
        case "xls":
            path.write_bytes(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600))
    monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(UnreadableFile, match=INSTALL):
        read(path)


def test_matlab_variables_without_a_timetable_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "walk.mat"
    scipy.io.savemat(path, {"Acceleration": np.ones((9, 3)), "who": "me"})
    with pytest.raises(RefusedRecording, match="no timetable Acceleration with X, Y and Z"):
        read(path)


def test_every_packed_variable_of_matlab_is_bounded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("retrodetect.formats.source._FREE_BYTES", 1 << 14)
    monkeypatch.setattr("retrodetect.formats.source._MOST_EXPANSION", 20)
    path = tmp_path / "walk.mat"
    scipy.io.savemat(path, {"a": np.arange(9), "b": np.zeros(10**6)}, do_compression=True)
    with pytest.raises(RefusedRecording, match="expands to more"):
        read(path)
