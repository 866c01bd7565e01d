"""What `read` promises of the common exports."""

from pathlib import Path

import numpy as np

from retrodetect.formats import describe, discover, read


def test_a_zip_of_sensor_logger_is_one_recording(shared: Path) -> None:
    (recording,) = read(shared / "formats/sensor_logger/android_SM-N986B_2023-11-24_07-25-54.zip")
    assert recording.format == "sensor-logger"
    assert recording.gravity == "total"
    assert abs(recording.rate_hz - 100) < 0.5
    assert recording.start_time is not None
    facts = describe(recording)
    assert facts["sign"]["ground"] == "stated"


def test_ios_gravity_is_added_and_the_sign_turned(shared: Path) -> None:
    (recording,) = read(shared / "formats/sensor_logger/ios_iPhone13_Accelerometer.csv")
    assert recording.gravity == "total"
    assert recording.acceleration_mps2[:, 2].mean() > 5  # CoreMotion's gravity reads z = -9.5
    assert recording.angular_rate_radps is not None
    assert np.isfinite(recording.angular_rate_radps).all()


def test_files_of_one_recording_are_one_input(shared: Path) -> None:
    inputs = discover(shared / "formats/sensor_logger")
    assert len(inputs) == 3
    assert len({one.name for one in inputs}) == 3


def test_blanks_after_the_last_row_are_no_row(tmp_path: Path) -> None:
    path = tmp_path / "walk.txt"
    rows = [f"{number / 50:.2f} 0.1 9.8 {number % 7 / 10}" for number in range(200)]
    path.write_text("\n".join(["time_s x y z", *rows, "   "]))
    (found,) = read(path)
    assert len(found.time_s) == 200
    assert not any("ends within" in warning for warning in found.warnings)


def test_a_file_beside_that_ends_within_a_row_is_told_by_its_name(tmp_path: Path) -> None:
    header = "time,seconds_elapsed,z,y,x"
    rows = [f"{1700000000000000000 + 20_000_000 * n},{n / 50},0.1,9.8,{n % 7 / 10}\n"
            for n in range(200)]  # fmt: skip
    whole = f"{header}\n{''.join(rows)}"
    (tmp_path / "TotalAcceleration.csv").write_text(whole)
    (tmp_path / "Gyroscope.csv").write_text(whole)
    (recording,) = read(tmp_path / "TotalAcceleration.csv")
    assert not any("ends within" in warning for warning in recording.warnings)
    (tmp_path / "Gyroscope.csv").write_text(whole[:-12])
    (recording,) = read(tmp_path / "TotalAcceleration.csv")
    (told,) = (warning for warning in recording.warnings if "ends within" in warning)
    assert told.startswith("Gyroscope.csv")
