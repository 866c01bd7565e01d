"""Simulated exports read back as what was simulated."""

import errno
import gzip
import os
import subprocess
import sys
import zipfile
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy.spatial.transform import Rotation
from skeleton import bvh

from retrodetect.errors import OutputError, UsageError
from retrodetect.formats import read
from retrodetect.lab.simulate import (
    APPS,
    EXAMPLES,
    Section,
    SensorErrors,
    Session,
    record,
    walk,
    wear,
    write_session,
)
from retrodetect.lab.simulate.exports import (
    export_bytes,
    export_path,
    truth_bytes,
    truth_path,
    write_new,
)
from retrodetect.recording import STANDARD_GRAVITY_MPS2, Annotation, Recording

DATA = Path(__file__).parents[3] / "data"
KEEPS_ROTATION = [app for app in APPS if app != "plain"]


def write_export(recording: Recording, app: str, folder: Path) -> Path:
    path = export_path(recording.name, app, folder)
    write_new({path: export_bytes(recording, app)})
    return path


@pytest.fixture(scope="module")
def recording() -> Recording:
    session = walk([Section("walk", 5.0), Section("walk", 5.0, "backward")], seed=1)
    mounting = Rotation.from_euler("ZYX", [80, 10, 60], degrees=True)
    return wear(session, "waist", rate_hz=50.0, mounting=mounting, seed=1, name="a_walk")


@pytest.mark.parametrize("app", APPS)
def test_every_layout_reads_back(app: str, recording: Recording, tmp_path: Path) -> None:
    (found,) = read(write_export(recording, app, tmp_path))
    assert found.gravity == "total"
    assert found.rate_hz == pytest.approx(50.0, rel=0.01)
    assert len(found.time_s) == len(recording.time_s)
    assert np.allclose(found.time_s, recording.time_s, atol=1e-3)
    assert np.allclose(found.acceleration_mps2, recording.acceleration_mps2, atol=2e-3)


@pytest.mark.parametrize("app", KEEPS_ROTATION)
def test_the_gyroscope_reads_back(app: str, recording: Recording, tmp_path: Path) -> None:
    (found,) = read(write_export(recording, app, tmp_path))
    assert found.angular_rate_radps is not None
    assert recording.angular_rate_radps is not None
    kept = np.isfinite(found.angular_rate_radps).all(axis=1)
    assert kept.mean() > 0.95
    assert np.allclose(
        found.angular_rate_radps[kept], recording.angular_rate_radps[kept], atol=2e-2
    )


def test_notes_of_sensor_logger_read_back(recording: Recording, tmp_path: Path) -> None:
    noted = replace(recording, annotations=(Annotation(3.0, 3.0, "backward now"),))
    (found,) = read(write_export(noted, "sensor_logger", tmp_path))
    (note,) = found.annotations
    assert note.text == "backward now"
    assert note.start_s == pytest.approx(3.0, abs=0.1)


def test_nothing_else_is_written_over(tmp_path: Path) -> None:
    session = Session("walk forward 5s")
    for _ in range(2):
        path = write_session("walk", session, tmp_path / "in")
    truth = tmp_path / "in_truth" / "walk.truth.csv"
    before = path.read_bytes(), truth.read_bytes()
    # Another session of that name, and another layout, of which this would be the truth as well.
    for other in (replace(session, seed=1), replace(session, plan="walk backward 5s", app="plain")):
        with pytest.raises(UsageError, match="already exists with other content"):
            write_session("walk", other, tmp_path / "in")
    assert (path.read_bytes(), truth.read_bytes()) == before
    assert [one.name for one in path.parent.iterdir()] == [path.name]


def test_ios_layout_has_the_opposite_sign(recording: Recording, tmp_path: Path) -> None:
    table = pd.read_csv(write_export(recording, "sensorlog_ios", tmp_path))
    column = table["accelerometerAccelerationX(G)"].to_numpy() * 9.80665
    assert np.allclose(column, -recording.acceleration_mps2[:, 0], atol=1e-3)


@pytest.mark.parametrize("app", APPS)
def test_the_same_recording_gives_the_same_bytes(
    app: str, recording: Recording, tmp_path: Path
) -> None:
    first, second = (write_export(recording, app, tmp_path / part) for part in "ab")
    assert first.read_bytes() == second.read_bytes()


@pytest.mark.parametrize("app", APPS)
def test_a_recording_without_samples_can_be_written(app: str, tmp_path: Path) -> None:
    nothing = Recording("none", np.zeros(0), np.zeros((0, 3)), 50.0, "virtual")
    assert write_export(nothing, app, tmp_path).stat().st_size > 0


def test_unknown_apps_names_with_folders_and_removed_gravity_are_refused(
    recording: Recording, tmp_path: Path
) -> None:
    with pytest.raises(UsageError, match="sensor_logger"):
        write_export(recording, "pedometer", tmp_path)
    with pytest.raises(UsageError, match="name"):
        write_export(replace(recording, name="../elsewhere"), "plain", tmp_path)
    with pytest.raises(UsageError, match="gravity"):
        write_export(replace(recording, gravity="linear"), "plain", tmp_path)


def test_truth_goes_beside_the_recordings_not_among_them(tmp_path: Path) -> None:
    folder = tmp_path / "out"
    path = write_session("mine", Session("walk forward 5s, walk backward 5s"), folder)
    assert list(folder.iterdir()) == [path]
    truth = pd.read_csv(tmp_path / "out_truth" / "mine.truth.csv")
    assert list(truth) == ["start_s", "end_s", "foot", "direction", "gait"]
    assert {"forward", "backward"} <= set(truth["direction"])


@pytest.fixture
def clip(tmp_path: Path) -> Path:
    """A capture of somebody who glides forward for 4 s at 1.2 m/s, arms stretched sideways."""
    frames = np.tile([0.0, 95.0, 0.0, 0.0, 0.0, 0.0], (120, 1))
    frames[:, 2] = 4.0 * np.arange(120)
    path = tmp_path / "clip.bvh"
    path.write_text(bvh(frames))
    return path


def test_one_person_can_have_many_sessions() -> None:
    def walked(seed: int, person: int | None) -> pd.DataFrame:
        return record(Session("walk forward 20s", seed=seed, person=person))[1]

    def pace_s(strides: pd.DataFrame) -> float:
        return float((strides["end_s"] - strides["start_s"]).median())

    mine = [pace_s(walked(seed, 1)) for seed in range(4)]
    others = [pace_s(walked(seed, None)) for seed in range(4)]
    assert len(set(mine)) == 4
    assert np.std(mine) < 0.5 * np.std(others)


def test_a_device_in_a_capture_is_as_bad_as_asked(clip: Path, tmp_path: Path) -> None:
    errors = SensorErrors(noise_mps2=0.5, clip_mps2=9.0)
    session = Session("", capture=clip, app="plain", placement="wrist", errors=errors)
    (found,) = read(write_session("clip", session, tmp_path / "out"))
    assert np.abs(found.acceleration_mps2).max() <= 9.0 + 1e-3
    assert 0.3 < found.acceleration_mps2[:, 0].std() < 0.7


def test_the_command_wears_a_capture_and_says_what_it_cannot_show(
    clip: Path, tmp_path: Path
) -> None:
    command = [
        sys.executable, "-m", "retrodetect", "simulate", "--bvh", clip, "--placement", "wrist",
        "--offset", "0.01", "0", "0.02", "--noise", "0", "--bias", "0", "--jitter", "0",
        "--app", "plain", "--name", "worn", "--out", tmp_path / "out",
    ]  # fmt: skip
    ran = subprocess.run([*map(str, command)], capture_output=True, text=True, check=True)
    assert "a capture at 30 Hz shows nothing above 9 Hz" in ran.stderr
    (found,) = read(tmp_path / "out")
    middle = found.acceleration_mps2[50:150]
    assert np.allclose(np.linalg.norm(middle, axis=1), STANDARD_GRAVITY_MPS2, atol=0.05)


@pytest.mark.parametrize("write", ["export", "truth"])
def test_a_full_disk_leaves_what_was_there(
    write: str, recording: Recording, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    strides = pd.DataFrame({"start_s": [0.0], "end_s": [1.0], "direction": ["backward"]})

    def written() -> Path:
        if write == "export":
            return write_export(recording, "plain", tmp_path)
        path = truth_path("walk", tmp_path)
        write_new({path: truth_bytes(strides)})
        return path

    path = written()
    before = path.read_bytes()

    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OutputError, match="No space left"):
        written()
    (kept,) = path.parent.iterdir()
    assert kept.read_bytes() == before


@pytest.mark.parametrize(
    "told", ["--seed -1", "--rate 1e9", "--offset inf 0 0", "--noise -1", "--bias inf", "--clip 0"]
)
def test_what_is_no_number_of_such_a_thing_is_told_in_one_line(told: str, tmp_path: Path) -> None:
    line = [sys.executable, "-m", "retrodetect", "simulate", *told.split(), "--out", str(tmp_path)]
    ran = subprocess.run(line, capture_output=True, text=True)
    assert (ran.returncode, ran.stderr.count("\n")) == (2, 1)


def test_a_motion_capture_can_be_worn(shared: Path, tmp_path: Path) -> None:
    clip = min((shared / "datasets" / "mocap-accad-male1").rglob("*.bvh*"))
    session = Session("", capture=clip, placement="wrist", app="plain")
    (found,) = read(write_session("clip", session, tmp_path / "out"))
    assert found.duration_s > 0.5


@pytest.mark.parametrize("name", ["simulated_chest_run_both_ways", "simulated_table_and_shaking"])
def test_shipped_examples_are_what_the_command_writes(name: str, tmp_path: Path) -> None:
    path = write_session(name, EXAMPLES[name], tmp_path / "examples")
    (new,), (shipped,) = read(path), read(DATA / "examples" / path.name)
    assert np.allclose(new.acceleration_mps2, shipped.acceleration_mps2, atol=1e-3)
    truths = [folder / "examples_truth" / f"{name}.truth.csv" for folder in (tmp_path, DATA)]
    new_truth, shipped_truth = (pd.read_csv(truth) for truth in truths)
    pd.testing.assert_frame_equal(new_truth, shipped_truth, atol=1e-3)


def test_examples_are_small_simulated_and_complete() -> None:
    manifest = pd.read_csv(DATA / "examples/manifest.csv")
    files = sorted(set((DATA / "examples").iterdir()) - {DATA / "examples/manifest.csv"})
    assert set(manifest["path"]) < {file.name for file in files}
    assert {file.name.split(".")[0] for file in files} == set(EXAMPLES)
    assert all(file.name.startswith("simulated_") for file in files)
    assert sum(file.stat().st_size for file in DATA.rglob("*") if file.is_file()) < 6e6
    for file in files:
        assert (DATA / "examples_truth" / f"{file.name.split('.')[0]}.truth.csv").is_file()
        if file.suffix == ".zip":
            assert zipfile.ZipFile(file).testzip() is None
        if file.suffix == ".gz":
            assert gzip.decompress(file.read_bytes())
