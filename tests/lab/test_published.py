"""Loaders of sets that were not at hand, on files made after their publishers' descriptions."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy.io import savemat

from retrodetect import gait
from retrodetect.errors import UnreadableFile
from retrodetect.lab import Labelled
from retrodetect.lab.datasets import load, present
from retrodetect.lab.measured import example_of
from retrodetect.lab.simulate import parse_plan, walk, wear
from retrodetect.recording import STANDARD_GRAVITY_MPS2, Recording
from retrodetect.signal import prepare

Wear = Callable[[str, str, float], Recording]


@pytest.fixture(scope="module")
def worn() -> Wear:
    """Somebody walking for 15 s, worn at a site."""
    sessions = {way: walk(parse_plan(f"walk {way} 15s"), seed=5) for way in ("forward", "backward")}
    return lambda way, site, rate_hz: wear(sessions[way], site, rate_hz=rate_hz, seed=5)


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory, worn: Wear) -> Path:
    """A folder with all three sets, small."""
    folder = tmp_path_factory.mktemp("published")
    _write_ku_har(folder / "ku-har" / "2.Trimmed_interpolated_data", worn)
    _write_kiel(folder / "kiel-full-body" / "data" / "pp001" / "imu", worn)
    _write_erciyes(folder / "erciyes-falls" / "Tests", worn)
    return folder


def _write_ku_har(folder: Path, worn: Wear) -> None:
    for label, way in (("11.Walk", "forward"), ("12.Walk-backwards", "backward")):
        one = worn(way, "waist", 100.0)
        linear = one.acceleration_mps2 - one.acceleration_mps2.mean(axis=0)
        ms = 1000 * one.time_s[:, None]
        (folder / label).mkdir(parents=True)
        rows = np.hstack([ms, linear, ms, one.angular_rate_radps])
        np.savetxt(folder / label / "1001_L_1.csv", rows, delimiter=",", fmt="%.5f")
    (folder / "0.Stand").mkdir()
    (folder / "0.Stand" / "1001_A_1.csv").write_text("0,0,0,0,0,0,0,0\n")


def _write_kiel(folder: Path, worn: Wear) -> None:
    folder.mkdir(parents=True)
    for task, way in (("walk_fast", "forward"), ("backwards", "backward"), ("tug", "forward")):
        sites = {"pelvis": "lower-back", "left_ankle": "ankle", "mystery": "head"}
        parts = [worn(way, site, 200.0) for site in sites.values()]
        force = np.stack([one.acceleration_mps2 for one in parts], axis=2)
        turn = np.stack([one.angular_rate_radps for one in parts], axis=2)
        data = {
            "acc": force / STANDARD_GRAVITY_MPS2,
            "gyro": np.rad2deg(turn),
            "fs": 200.0,
            "imu_location": np.array([*sites], dtype=object),
        }
        savemat(folder / f"imu_{task}.mat", {"data": data})


def _write_erciyes(folder: Path, worn: Wear) -> None:
    names = "Counter\tAcc_X\tAcc_Y\tAcc_Z\tGyr_X\tGyr_Y\tGyr_Z\tMag_X\n"
    facts = "// Start Time: Unknown\n// Update Rate: 25.0Hz\n// Filter Profile: human (46.1)\n"
    for activity, way in (("801-Yurume Ileri", "forward"), ("802-YurumeGeri", "backward")):
        for sensor, site in (("340535", "waist"), ("340540", "ankle")):
            one = worn(way, site, 25.0)
            counter = (np.arange(len(one.time_s)) + 65500) % 65536
            rows = np.hstack([counter[:, None], one.acceleration_mps2, one.angular_rate_radps])
            lines = ["\t".join(f"{cell:.6f}" for cell in row) + "\t0.1" for row in rows]
            del lines[40:45]
            lines[60] = lines[60].split("\t")[0] + "\t" * 7
            for trial in ("Test_1", "Test_2_Fail"):
                path = folder / "101" / "Testler Export" / activity / trial / f"{sensor}.txt"
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(f"{facts}{names}" + "\n".join(lines) + "\n")


def both_ways(published: Path, name: str, **wanted: object) -> dict[str, list[Labelled]]:
    found = list(load(published, name, **wanted))  # type: ignore[arg-type]
    ways = {str(one.intervals["direction"][0]) for one in found}
    return {
        way: [one for one in found if (one.intervals["direction"] == way).all()] for way in ways
    }


def test_those_that_are_there_are_known(published: Path) -> None:
    assert present(published) == ("ku-har", "kiel-full-body", "erciyes-falls")


def test_ku_har_has_walks_both_ways_without_gravity(published: Path) -> None:
    found = both_ways(published, "ku-har")
    assert {way: len(some) for way, some in found.items()} == {"forward": 1, "backward": 1}
    for (one,) in found.values():
        assert (one.subject, one.placement) == ("1001", "waist")
        assert one.recording.gravity == "linear"
        assert one.recording.rate_hz == 100.0
        assert len(gait.detect(prepare(one.recording)).strides) > 5


def test_kiel_has_one_recording_for_each_sensor_it_knows(
    published: Path, caplog: pytest.LogCaptureFixture
) -> None:
    found = both_ways(published, "kiel-full-body")
    assert {way: len(some) for way, some in found.items()} == {"forward": 2, "backward": 2}
    assert "no body site is known for the sensor 'mystery'" in caplog.text
    for one in found["backward"]:
        assert one.subject == "pp001"
        force = one.recording.acceleration_mps2
        assert np.linalg.norm(force.mean(axis=0)) == pytest.approx(9.8, abs=1.5)
        rotation = one.recording.angular_rate_radps
        assert rotation is not None
        assert 0.1 < np.abs(rotation).max() < 20
    assert [one.placement for one in load(published, "kiel-full-body", placements=["ankle"])] == [
        "ankle",
        "ankle",
    ]


def test_a_file_that_is_no_struct_is_named(tmp_path: Path) -> None:
    path = tmp_path / "kiel-full-body" / "pp001" / "imu" / "imu_backwards.mat"
    path.parent.mkdir(parents=True)
    savemat(path, {"something": 1.0})
    with pytest.raises(UnreadableFile, match=r"imu_backwards\.mat.*-v7"):
        list(load(tmp_path, "kiel-full-body"))


def test_erciyes_leaves_gaps_and_failed_trials_out(published: Path) -> None:
    found = both_ways(published, "erciyes-falls")
    assert {way: len(some) for way, some in found.items()} == {"forward": 2, "backward": 2}
    for one in found["backward"]:
        assert one.subject == "101"
        steps = np.diff(one.recording.time_s)
        assert (steps > 0).all()
        assert steps.max() == pytest.approx(6 / 25.0)
        assert np.isclose(steps, 2 / 25.0).sum() == 1
        assert one.recording.duration_s == pytest.approx(15.0, abs=4.0)


def test_strides_of_each_can_be_learned_from(published: Path) -> None:
    for name in ("ku-har", "kiel-full-body", "erciyes-falls"):
        strides = pd.concat([example_of(labelled).strides() for labelled in load(published, name)])
        assert strides["truth"].isin(["forward", "backward"]).sum() > 5
