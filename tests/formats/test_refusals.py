"""What cannot honestly be read is refused in one sentence, and damage never crashes."""

import time
import zipfile
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest

from retrodetect.errors import InputError, RefusedRecording, UnreadableFile
from retrodetect.formats import read
from retrodetect.formats.text import is_number

from .mutants import examine, mutants
from .reexport import Style, walk, write


def put(tmp_path: Path, text: str | bytes, name: str = "walk.csv") -> Path:
    path = tmp_path / name
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return path


def some(count: int) -> str:
    lines = write(walk(), Style()).decode().splitlines()
    return "\n".join(lines[: count + 1])


@pytest.mark.parametrize(
    ("text", "kind", "reason"),
    [
        ("", UnreadableFile, "is empty"),
        ("Dear diary,\ntoday I walked backward.\n", UnreadableFile, "isn't a recording"),
        (bytes(range(256)) * 50, UnreadableFile, "isn't a recording"),
        ("{}", UnreadableFile, "isn't a recording"),
        (some(0), RefusedRecording, "has no row with a reading of all three axes"),
        (some(1), RefusedRecording, "has only 1 sample"),
        ("time,acc_x,acc_y,acc_z\n" + "5,1,2,3\n" * 99, RefusedRecording, "stands still"),
        ("t,gyro_x,gyro_y,gyro_z\n0,1,2,3\n1,1,2,3\n", RefusedRecording, "only a gyroscope"),
        ("time,magnitude\n0.00,1.0\n0.02,1.1\n0.04,1.0\n", RefusedRecording, "magnitude"),
        ("acc_x,acc_y,acc_z\n" + "0,0,9.8\n0,0,9.7\n" * 50, RefusedRecording, "no time column"),
        ("time,acc_x,acc_y,acc_z\n" + "\n".join(f"{i / 50},0,0,9.81" for i in range(500)),
         RefusedRecording, "never changes"),
        ("time,acc_x,acc_y,acc_z\n" + "\n".join(f"{i / 8},0,{i % 7},9" for i in range(500)),
         RefusedRecording, "8 readings a second"),
        ("time,acc_x,acc_y,acc_z\n" + "\n".join(f"noon,0,{i % 7},9" for i in range(500)),
         RefusedRecording, "times cannot be read"),
    ],
)  # fmt: skip
def test_each_gets_its_reason_and_its_remedy(
    tmp_path: Path, text: str | bytes, kind: type[InputError], reason: str
) -> None:
    path = put(tmp_path, text)
    with pytest.raises(kind) as caught:
        read(path)
    assert reason in str(caught.value)
    assert str(path) in str(caught.value)
    assert caught.value.remedy


@pytest.mark.parametrize(
    ("name", "text", "reason"),
    [
        # The maker's name in the preamble, over columns with fewer names than cells.
        ("log.csv", "Device Type,GENEActiv\nSample Rate: 30\na;b;c\n"
         + "".join(f"0,{n};0,9254;0,0969;0,0{n}\n" for n in range(100, 180)), "has no accel"),
        # A column that is an axis is no label of a device, even if it is called a time of use.
        ("metamotion.csv", "x-axis (g),z-axis (g),y-axis (g),timemotionuser{}(01:00),z-axis (g)\n"
         + "".join(f"0.{n},0.9,1.{n},{n},0.9\n" for n in range(1, 60)), "no time column"),
        # Nor is the column of times, where one of the same name holds words.
        ("walk.csv", "time,acc_x,acc_y,acc_z,time\n"
         + "".join(f"0.0251,1.0,0.1,0.{n},acc\n" for n in range(10, 90)), "clock stands still"),
    ],
)  # fmt: skip
def test_found_by_fuzzing(tmp_path: Path, name: str, text: str, reason: str) -> None:
    with pytest.raises(InputError, match=reason):
        read(put(tmp_path, text, name))


def test_a_cell_of_a_million_digits_is_tried_once_and_not_once_for_each_digit() -> None:
    begin = time.process_time()
    assert not is_number("1" * 1_000_000 + "x")
    assert time.process_time() - begin < 1


@pytest.mark.parametrize(
    ("name", "head"),
    [
        ("walk.csv", f"# rate {'1' * 40_000}\ntime,acc_x,acc_y,acc_z"),
        ("walk.csv", f"time,acc_x{' ' * 40_000}x,acc_y,acc_z"),
        (f"{'1' * 40_000}.csv", "time,acc_x,acc_y,acc_z"),
        (f"{'.a' * 20_000}!.csv", "time,acc_x,acc_y,acc_z"),
    ],
    ids=["digits", "blanks", "digits in a name", "endings"],
)
def test_no_text_takes_time_by_the_square_of_its_length(
    tmp_path: Path, name: str, head: str
) -> None:
    rows = "".join(f"{n / 50:.2f},0.1,9.8,0.{n % 10}\n" for n in range(100))
    packed = tmp_path / "walk.zip"
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr(name, f"{head}\n{rows}")
    begin = time.process_time()
    with suppress(InputError):
        read(packed)
    assert time.process_time() - begin < 2


@pytest.mark.parametrize(
    "names",
    ["acc_x,acc_y,acc_z", "x,y,z,gravity_x,gravity_y,gravity_z", "", "x,y,z", "p,q,r"],
)
def test_columns_without_a_reading_are_refused_in_a_sentence_alone(
    tmp_path: Path, names: str, recwarn: pytest.WarningsRecorder
) -> None:
    cells = "," * max(3, 1 + names.count(","))
    rows = [f"{n / 50:.2f}{cells if n % 90 else cells.replace(',', ',1', 1)}" for n in range(300)]
    head = [f"time,{names}"] if names else []
    with pytest.raises(InputError):
        read(put(tmp_path, "\n".join([*head, *rows])))
    assert not recwarn.list


def test_a_path_where_nothing_is(tmp_path: Path) -> None:
    with pytest.raises(UnreadableFile, match="does not exist"):
        read(tmp_path / "nothing.csv")


def test_a_second_is_enough_to_be_read(tmp_path: Path) -> None:
    (recording,) = read(put(tmp_path, some(50)))
    assert len(recording.time_s) == 50


@pytest.mark.parametrize("length", [140_000, 900_000])
@pytest.mark.parametrize("is_one_cell", [True, False])
def test_a_line_longer_than_any_row_is_left_out_alone(
    tmp_path: Path, length: int, is_one_cell: bool
) -> None:
    lines = write(walk(duration_s=60), Style()).decode().splitlines()
    lines.insert(2500, "7" * length if is_one_cell else "7," * (length // 2))
    (recording,) = read(put(tmp_path, "\n".join(lines)))
    expected = walk(duration_s=60).acceleration_mps2
    np.testing.assert_allclose(recording.acceleration_mps2, expected, atol=1e-4)


def test_a_frozen_sensor_leaves_a_gap(tmp_path: Path) -> None:
    values = walk(duration_s=60).acceleration_mps2
    values[1000:2500] = values[1000]
    lines = [f"{i / 50:.2f},{x:.5f},{y:.5f},{z:.5f}" for i, (x, y, z) in enumerate(values)]
    (recording,) = read(put(tmp_path, "\n".join(["time,ax,ay,az", *lines])))
    assert np.diff(recording.time_s).max() == pytest.approx(30, abs=0.1)
    assert any("repeats one reading for 30 s" in warning for warning in recording.warnings)


def test_readings_that_no_sensor_gives_are_dropped(tmp_path: Path) -> None:
    lines = write(walk(), Style()).decode().splitlines()
    lines[300] = lines[300].split(",")[0] + ",1.0,98765432.1,2.0"
    lines[400] = lines[400].split(",")[0] + ",1.0,98765.4,2.0"
    lines[500] = lines[500].split(",")[0] + ",1.0,1e400,2.0"
    (recording,) = read(put(tmp_path, "\n".join(lines)))
    assert len(recording.time_s) == 997
    assert np.abs(recording.acceleration_mps2).max() < 50


def test_a_sensor_at_the_end_of_its_range_is_told(tmp_path: Path) -> None:
    recording = walk(duration_s=60)
    np.clip(recording.acceleration_mps2 * 2, -19.6, 19.6, out=recording.acceleration_mps2)
    (read_back,) = read(put(tmp_path, write(recording, Style())))
    assert any("cut off at 2 g" in warning for warning in read_back.warnings)


@pytest.mark.parametrize("seed", range(4))
def test_damaged_files_never_crash_and_never_lie(tmp_path: Path, seed: int) -> None:
    files = {}
    for number, style in enumerate(
        [Style(), Style(delimiter=";", decimal=","), Style(clock="ISO", unit="g"),
         Style(names=("time", "accX", "accY", "accZ"), clock="ms", encoding="utf-16")]
    ):  # fmt: skip
        path = put(tmp_path, write(walk(), style), f"sample{number}.csv")
        files[path] = read(path)[0]
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    faults = [
        f"{mutant.original.name} ({mutant.how}): {fault}"
        for mutant in mutants(sorted(files), 60, seed)
        if (fault := examine(mutant, scratch, dict(files)))
    ]
    assert not faults
