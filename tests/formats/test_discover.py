"""Which recordings a path holds."""

import gzip
import json
import zipfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from retrodetect.errors import InputError, UsageError
from retrodetect.formats import Input, discover, read

from .reexport import START_NS, Style, walk, write

WALK = walk()


def put(folder: Path, name: str, style: Style | None = None, data: bytes | None = None) -> Path:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(write(WALK, style or Style()) if data is None else data)
    return path


def sensor_logger(scale: float = 1.0, shift: float = 0.0) -> bytes:
    rows = [
        f"{START_NS + int(ns)},{ns / 1e9},{z * scale + shift},{y * scale},{x * scale}"
        for ns, (x, y, z) in zip(WALK.time_ns, WALK.acceleration_mps2, strict=True)
    ]
    return "\n".join(["time,seconds_elapsed,z,y,x", *rows, ""]).encode()


def names(*paths: Path) -> list[str]:
    return [one.name for one in discover(*paths)]


def skipped(folder: Path, **options: Sequence[str]) -> dict[str, str]:
    """Names of the skipped files and the reasons."""
    reasons: dict[Input, str] = {}
    discover(folder, on_skipped=reasons.__setitem__, **options)
    return {file.name: reason for file, reason in reasons.items()}


@pytest.mark.parametrize("command", ["history", "evaluate"])
def test_results_of_any_command_are_no_recordings(tmp_path: Path, command: str) -> None:
    facts = {"history": ("run.json", {"version": "1", "model": {}, "counts": {}, "runs": []}),
             "evaluate": ("evaluation.json", {"intervals_over": "wearers"})}  # fmt: skip
    name, content = facts[command]
    (tmp_path / name).write_text(json.dumps(content))
    table = "time_s,x,y,z,steps\n" + "".join(f"{i / 50},0,0,9.81,1\n" for i in range(500))
    for name in ("walk.csv", "strides.csv" if command == "evaluate" else "sessions.csv"):
        (tmp_path / name).write_text(table)
    assert [one.name for one in discover(tmp_path)] == ["walk.csv"]


def test_a_file_is_one_input_whatever_it_holds(tmp_path: Path) -> None:
    nonsense = put(tmp_path, "notes.md", data=b"hello")
    assert names(nonsense) == ["notes.md"]
    assert names(tmp_path / "missing.csv") == ["missing.csv"]
    with pytest.raises(InputError):
        read(tmp_path / "missing.csv")


def test_files_that_merely_share_a_folder_stay_apart(tmp_path: Path) -> None:
    for name in ("monday.csv", "tuesday.csv", "sub/walk 1.csv", "sub/walk 2.csv", "run.1.csv",
                 "run.2.csv"):  # fmt: skip
        put(tmp_path, name)
    assert sorted(names(tmp_path)) == sorted(
        ["monday.csv", "tuesday.csv", "sub/walk 1.csv", "sub/walk 2.csv", "run.1.csv", "run.2.csv"]
    )


def test_an_unzipped_export_is_one_recording_called_like_its_folder(tmp_path: Path) -> None:
    put(tmp_path, "2024-05-01/TotalAcceleration.csv", data=sensor_logger())
    put(tmp_path, "2024-05-01/Accelerometer.csv", data=sensor_logger(0.2, -1.5))
    put(tmp_path, "2024-05-01/Gyroscope.csv", data=sensor_logger(0.1))
    put(tmp_path, "2024-05-01/Annotation.csv", data=b"")
    put(tmp_path, "2024-05-01/Metadata.csv", data=b"platform,sensors\nandroid,Accelerometer\n")
    (one,) = discover(tmp_path)
    assert one.name == "2024-05-01"
    assert one.path.name == "TotalAcceleration.csv"
    assert {side.name for side in one.side_files} == {
        "Accelerometer.csv", "Gyroscope.csv", "Annotation.csv", "Metadata.csv",
    }  # fmt: skip
    (recording,) = read(one)
    assert recording.name == "2024-05-01"
    assert recording.angular_rate_radps is not None
    assert np.isfinite(recording.angular_rate_radps).all()


def test_a_file_that_is_named_knows_the_files_of_its_recording(tmp_path: Path) -> None:
    named = put(tmp_path, "TotalAcceleration.csv", data=sensor_logger())
    put(tmp_path, "Gyroscope.csv", data=sensor_logger(0.1))
    put(tmp_path, "another walk.csv")
    (one,) = discover(named)
    assert one == Input(named, named.name, (tmp_path / "Gyroscope.csv",))
    (recording,) = read(one)
    assert recording.angular_rate_radps is not None


def test_a_recording_in_a_folder_called_meta_has_its_gyroscope_beside_that(tmp_path: Path) -> None:
    put(tmp_path, "meta/TotalAcceleration.csv", data=sensor_logger())
    put(tmp_path, "Gyroscope.csv", data=sensor_logger(0.1))
    (recording,) = (recording for one in discover(tmp_path) for recording in read(one))
    assert recording.angular_rate_radps is not None


def test_a_folder_is_listed_as_often_for_many_files_as_for_two(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    listed: list[Path] = []
    iterdir = Path.iterdir
    monkeypatch.setattr(Path, "iterdir", lambda own: listed.append(own) or iterdir(own))
    counts = []
    for count in (2, 12):
        files = [put(tmp_path / str(count), f"{number}.csv") for number in range(count)]
        listed.clear()
        for one in [*discover(tmp_path / str(count)), *discover(*files)]:
            read(one)
        counts.append(len(listed))
    assert counts[0] == counts[1]


def test_two_recordings_told_apart_by_a_prefix_stay_two(tmp_path: Path) -> None:
    for prefix in ("first_", "second_"):
        put(tmp_path, f"{prefix}TotalAcceleration.csv", data=sensor_logger())
        put(tmp_path, f"{prefix}Gyroscope.csv", data=sensor_logger(0.1))
    assert names(tmp_path) == ["first_TotalAcceleration.csv", "second_TotalAcceleration.csv"]


def test_a_numbered_second_recording_keeps_its_own_gyroscope(tmp_path: Path) -> None:
    for suffix in ("", "_2"):
        put(tmp_path, f"Accelerometer{suffix}.csv")
        put(tmp_path, f"Gyroscope{suffix}.csv", Style(unit="g", is_unit_stated=False))
    assert sorted(names(tmp_path)) == ["Accelerometer.csv", "Accelerometer_2.csv"]


def test_the_same_name_with_another_ending_is_another_file(tmp_path: Path) -> None:
    put(tmp_path, "walk.csv")
    put(tmp_path, "walk.txt")
    put(tmp_path, "walk.csv.gz", Style(packing="gz"))
    put(tmp_path, "walk.zip", Style(packing="zip"))
    put(tmp_path, "acc.csv")
    put(tmp_path, "accel.csv")
    assert len(names(tmp_path)) == 6


def test_notes_and_labels_beside_recordings_are_skipped(tmp_path: Path) -> None:
    put(tmp_path, "walk.csv")
    put(tmp_path, "README.md", data=b"# walks\n")
    put(tmp_path, "licence.txt", data=b"Do what you like.\nReally.\n")
    put(tmp_path, "meta.json", data=b'{"rate": 50}')
    put(tmp_path, "truth.csv", data=b"start_s,end_s,direction\n1.0,2.0,forward\n3.0,4.0,backward\n")
    put(tmp_path, ".hidden.csv")
    assert names(tmp_path) == ["walk.csv"]
    assert skipped(tmp_path) == {
        "licence.txt": "not a table of numbers",
        "meta.json": "not a table of numbers",
        "truth.csv": "no column is named after a sensor",
    }


def test_what_a_user_would_miss_gets_its_row(tmp_path: Path) -> None:
    put(tmp_path, "empty.csv", data=b"")
    put(
        tmp_path,
        "gyro.csv",
        data=b"time,gyro_x,gyro_y,gyro_z\n0.00,1,2,3\n0.02,1,2,4\n0.04,2,2,4\n",
    )
    put(tmp_path, "pointer.txt", data=b"version https://git-lfs.github.com/spec/v1\noid sha256:0\n")
    put(tmp_path, "broken.csv.gz", data=gzip.compress(write(WALK, Style()))[:2000])
    put(tmp_path, "unknown.bin", data=bytes(range(256)) * 40)
    assert sorted(names(tmp_path)) == [
        "broken.csv.gz", "empty.csv", "gyro.csv", "pointer.txt", "unknown.bin",
    ]  # fmt: skip
    for one in discover(tmp_path):
        with pytest.raises(InputError):
            read(one.path)


@pytest.mark.parametrize("name", ["walk.dat", "walk.log", "walk.TSV", "walk", "walk.2026-03-01",
                                  "walk.csv.1", "DATA"])  # fmt: skip
def test_a_recording_is_found_by_its_content_whatever_it_is_called(
    tmp_path: Path, name: str
) -> None:
    put(tmp_path, name, Style(delimiter="\t"))
    put(tmp_path, "photo.jpg", data=b"\xff\xd8\xff" + bytes(5000))
    put(tmp_path, "LICENSE", data=b"Do what you like.\n")
    (recording,) = discover(tmp_path)
    assert recording.name == name
    assert skipped(tmp_path) == {"LICENSE": "not a table of numbers"}
    assert len(read(recording.path)[0].time_s) == len(WALK.time_ns)


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("notes", b"left the house\n"),
        ("app.log", b"12:00 started\n12:01 stopped\n"),
        ("laps.dat", b"lap,minutes\n1,2\n2,3\n3,4\n"),
        ("laps.TSV", b"lap\tminutes\n1\t2\n2\t3\n3\t4\n"),
        ("empty", b""),
        ("blob.dat", bytes(range(256)) * 40),
        ("walk.bvh.gz", gzip.compress(b"HIERARCHY\nROOT Hips\n" + b"1.0 2.0 9.8 1.5\n" * 300)),
    ],
)
def test_a_file_that_could_be_a_recording_never_disappears(
    tmp_path: Path, name: str, data: bytes
) -> None:
    put(tmp_path, name, data=data)
    assert [*names(tmp_path), *skipped(tmp_path)] == [name]
    assert all(skipped(tmp_path).values())
    assert skipped(tmp_path / name) == {}


def test_several_roots_never_share_a_name(tmp_path: Path) -> None:
    for file in ("a/walk.csv", "b/walk.csv", "c/a/walk.csv"):
        put(tmp_path, file)
    found = names(tmp_path / "a", tmp_path / "b", tmp_path / "c" / "a")
    assert found == ["a/walk.csv", "b/walk.csv", "a/walk.csv~2"]


def test_a_file_that_is_named_twice_counts_once(tmp_path: Path) -> None:
    put(tmp_path, "a/walk.csv")
    (tmp_path / "link.csv").symlink_to(tmp_path / "a" / "walk.csv")
    assert names(tmp_path / "a", tmp_path / "a/walk.csv", tmp_path / "link.csv") == ["walk.csv"]


def test_a_table_with_the_columns_the_user_named_is_a_recording(tmp_path: Path) -> None:
    put(tmp_path, "odd.csv", data=b"when,a,b,c\n" + b"0,0,0,9.8\n" * 50)
    put(tmp_path, "laps.csv", data=b"when,lap\n" + b"0,1\n" * 50)
    assert names(tmp_path) == []
    assert sorted(skipped(tmp_path)) == ["laps.csv", "odd.csv"]
    (recording,) = discover(tmp_path, columns=["a", "b", "c"])
    assert recording.name == "odd.csv"
    assert [*skipped(tmp_path, columns=["a", "b", "c"])] == ["laps.csv"]


def test_a_skipped_file_shares_no_name_and_is_no_part_of_an_input(tmp_path: Path) -> None:
    put(tmp_path, "a/walk")
    put(tmp_path, "b/walk", data=b"left the house\n")
    reasons: dict[Input, str] = {}
    inputs = discover(tmp_path / "a", tmp_path / "b", on_skipped=reasons.__setitem__)
    assert [file.name for file in (*inputs, *reasons)] == ["a/walk", "b/walk"]
    assert len(discover(tmp_path, tmp_path / "b/walk", on_skipped=reasons.__setitem__)) == 2
    assert len(reasons) == 1


def test_an_empty_path_is_not_this_folder() -> None:
    with pytest.raises(UsageError, match="a path is empty"):
        discover("")


def test_an_archive_of_several_recordings_gives_them_all(tmp_path: Path) -> None:
    path = tmp_path / "walks.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("one.csv", write(WALK, Style()))
        archive.writestr("two.csv", write(WALK, Style(delimiter=";", decimal=",")))
        archive.writestr("notes.txt", "nothing here")
    assert names(path) == ["walks.zip"]
    assert [one.name for one in read(path)] == ["walks.zip#one", "walks.zip#two"]


def test_results_of_a_run_into_the_same_folder_are_no_input_of_the_next(tmp_path: Path) -> None:
    for folder in (tmp_path, tmp_path / "out"):
        (folder / ".retrodetect").mkdir(parents=True)
        (folder / "sessions.csv").write_text("recording,steps,backward_share\nwalk.csv,76,0.1\n")
    (tmp_path / "walk.csv").write_bytes(write(WALK, Style()))
    assert names(tmp_path) == ["walk.csv"]


def test_the_folder_of_samples_has_one_row_for_each_recording(shared: Path) -> None:
    found = names(shared / "formats/sensor_logger", shared / "formats/phyphox")
    assert found == [
        "android_SM-N986B_2023-11-24_07-25-54.zip",
        "android_TotalAcceleration.csv",
        "ios_iPhone13_Accelerometer.csv",
        "excerpt_semicolon_decimal_comma_gyro.csv",
        "gait50Hz_Accelerometer.csv",
        "ios_walk_Linear Accelerometer.csv",
        "tab_Raw Data.csv",
    ]
