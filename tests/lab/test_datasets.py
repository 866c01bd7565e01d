"""Every public data set becomes labelled recordings in one unit, one frame and one vocabulary."""

import gzip
from collections.abc import Callable
from itertools import islice
from pathlib import Path

import numpy as np
import pytest
from scipy.ndimage import uniform_filter1d

from retrodetect.errors import UnreadableFile, UsageError
from retrodetect.lab import Labelled
from retrodetect.lab.captured import TRUSTED_IN_LAFAN1, VIRTUAL_PLACEMENTS
from retrodetect.lab.datasets import SETS, VIRTUAL, load, register
from retrodetect.signal import prepare
from retrodetect.sites import PLACEMENTS

DIRECTIONS = {"forward", "backward", "sideways", "turning", "still"}


@pytest.fixture(scope="session")
def first_of(shared: Path) -> Callable[..., list[Labelled]]:
    """The first recordings of a set that fit."""

    def load_first(name: str, count: int = 4, **options: object) -> list[Labelled]:
        if not (shared / "datasets" / name).is_dir():
            pytest.skip(f"{name} is not beside the repository")
        loaded = load(shared / "datasets", name, **options)  # type: ignore[arg-type]
        first = list(islice(loaded, count))
        assert first
        return first

    return load_first


@pytest.mark.parametrize("name", SETS)
def test_labels_speak_one_vocabulary(first_of: Callable[..., list[Labelled]], name: str) -> None:
    for one in first_of(name):
        assert one.source == name
        assert one.subject
        assert one.placement in PLACEMENTS
        assert one.licence == register()[name]["licence"]
        assert one.virtual == (name in VIRTUAL)
        assert set(one.intervals["direction"]) <= DIRECTIONS
        assert set(one.intervals["gait"]) <= {"walk", "run", "stairs", "none"}
        assert (one.intervals["end_s"] > one.intervals["start_s"]).all()
        assert one.intervals["end_s"].max() <= one.recording.duration_s + 0.1
        if one.contacts_s is not None:
            assert (np.diff(one.contacts_s) > 0).all()
        if one.front is not None:
            assert np.linalg.norm(one.front) == pytest.approx(1.0)


@pytest.mark.parametrize("name", SETS)
def test_units_are_si_and_gravity_is_in(first_of: Callable[..., list[Labelled]], name: str) -> None:
    """Over two seconds the specific force of a walker averages to gravity.

    A swinging limb adds its centripetal acceleration and loses gravity in turning; the
    uncalibrated belt of SisFall reads up to 1.1 m/s² too much.
    """
    for one in first_of(name, 40):
        if "run" in set(one.intervals["gait"]):
            continue
        width = int(2 * one.recording.rate_hz)
        mean = uniform_filter1d(one.recording.acceleration_mps2, width, axis=0)
        off = np.median(np.linalg.norm(mean, axis=1)) - 9.81
        assert abs(off) < (1.2 if one.placement in ("waist", "lower-back", "chest", "bag") else 4.0)
        if one.recording.angular_rate_radps is not None:
            assert 0.1 < np.nanmean(np.abs(one.recording.angular_rate_radps)) < 5.0


@pytest.mark.parametrize("name", SETS)
def test_gait_of_a_known_cadence_is_in_the_recording(
    first_of: Callable[..., list[Labelled]], name: str
) -> None:
    for one in first_of(name, count=2):
        span = one.intervals[one.intervals["gait"].isin(["walk", "run"])]
        seconds = (span["end_s"] - span["start_s"]).sum()
        for contacts in filter(lambda c: c is not None, [one.contacts_s]):
            one_foot = one.placement in ("foot", "ankle")
            assert 0.4 < len(contacts) * (1 + one_foot) / seconds < 4.0
        if one.steps is not None:
            assert 1.0 < one.steps / one.recording.duration_s < 3.0


def test_real_foot_goes_every_way_and_toes_point_along_x(
    first_of: Callable[..., list[Labelled]],
) -> None:
    one = first_of("uci-sangenis-foot", 1)[0]
    kinds = set(one.intervals.loc[one.intervals["confident"], "direction"])
    assert {"forward", "backward", "sideways"} <= kinds
    assert np.array_equal(one.front, [1, 0, 0])


def test_a_belt_and_a_back_know_their_front(first_of: Callable[..., list[Labelled]]) -> None:
    """In walking the horizontal acceleration leads the vertical: ⟨h·dv/dt⟩ points ahead."""
    for name, placement in (("sisfall-waist", "belly"), ("ipol-healthy-gait", "lower-back")):
        for one in first_of(name, 2, placements=[placement]):
            walk = one.intervals[one.intervals["gait"] == "walk"].iloc[0]
            signal = prepare(one.recording)[0]
            assert signal.up is not None
            inside = (signal.time_s > walk["start_s"]) & (signal.time_s < walk["end_s"])
            force, up = signal.acceleration_mps2[inside], signal.up[inside]
            upward = np.einsum("ij,ij->i", force, up)
            level = force - upward[:, None] * up
            cue = (level * np.gradient(upward)[:, None]).mean(axis=0)
            assert one.front is not None
            assert cue @ one.front > 0.7 * np.linalg.norm(cue)


def test_both_feet_of_the_back_and_one_of_a_foot_touch_the_ground(
    first_of: Callable[..., list[Labelled]],
) -> None:
    back = first_of("ipol-healthy-gait", 1, placements=["lower-back"])[0]
    foot = first_of("ipol-healthy-gait", 1, placements=["foot"])[0]
    assert back.contacts_s is not None
    assert foot.contacts_s is not None
    assert set(foot.contacts_s) < set(back.contacts_s)
    assert {"forward", "turning", "still"} == set(back.intervals["direction"])


def test_only_what_is_asked_for_is_loaded(
    first_of: Callable[..., list[Labelled]], shared: Path
) -> None:
    assert {one.placement for one in first_of("pdiot-body", 99, placements=["wrist"])} == {"wrist"}
    assert {one.subject for one in first_of("sisfall-waist", 99, subjects=["SA03"])} == {"SA03"}
    assert not list(load(shared / "datasets", "sisfall-waist", placements=["wrist"]))
    heads = first_of("mocap-accad-male1", 2, placements=["head", "bag"])
    assert [one.placement for one in heads] == ["bag", "head"]


@pytest.mark.parametrize("name", VIRTUAL)
def test_virtual_sensors_cover_the_usual_sites_both_ways(
    first_of: Callable[..., list[Labelled]], name: str
) -> None:
    sites = set(VIRTUAL_PLACEMENTS)
    if name == "mocap-lafan1":
        sites &= TRUSTED_IN_LAFAN1
    either = sorted(sites & {"wrist", "foot"})
    ways = {
        (one.placement, direction)
        for one in first_of(name, 10**6, placements=either)
        for direction in one.intervals.loc[one.intervals["confident"], "direction"]
    }
    assert ways >= {
        (placement, direction)
        for placement in either
        for direction in ("forward", "backward", "sideways")
    }
    assert {one.placement for one in first_of(name, len(VIRTUAL_PLACEMENTS) * 2)} == sites


def test_actors_of_lafan1_are_told_apart_and_its_trunk_is_not_used(
    first_of: Callable[..., list[Labelled]],
) -> None:
    feet = first_of("mocap-lafan1", 10**6, placements=["foot", "waist"])
    assert {one.subject for one in feet} == {"subject1", "subject2", "subject3", "subject5"}
    assert {one.placement for one in feet} == {"foot"}


def test_a_pocket_and_a_watch_know_their_front(first_of: Callable[..., list[Labelled]]) -> None:
    """The front is level while the wearer walks, and up in the pocket while the wearer sits."""
    for placement in ("front-pocket", "wrist"):
        worn = first_of("spsw-pocket-wrist", 10**6, placements=[placement])
        assert len({one.subject for one in worn}) == 15
        for one in worn:
            assert {"forward", "turning", "still"} == set(one.intervals["direction"])
            assert one.intervals["start_s"].iloc[0] == 0
            assert np.allclose(one.intervals["start_s"][1:], one.intervals["end_s"][:-1])
    for one in first_of("spsw-pocket-wrist", 10**6, placements=["front-pocket"]):
        seated = one.recording.time_s < one.intervals["end_s"].iloc[0]
        ahead = one.recording.acceleration_mps2 @ one.front
        assert ahead[seated].mean() > 0.4 * 9.81
        rows = one.intervals[one.intervals["direction"] == "forward"]
        walking = [
            (one.recording.time_s >= row.start_s) & (one.recording.time_s < row.end_s)
            for row in rows.itertuples()
        ]
        assert abs(ahead[np.any(walking, axis=0)].mean()) < 0.5


def test_a_pocketed_phone_is_sure_of_its_steady_gait_only(
    first_of: Callable[..., list[Labelled]],
) -> None:
    for one in first_of("phone-handling", 10**6):
        assert not one.intervals["confident"].iloc[[0, -1]].any()
        assert set(one.intervals["direction"]) == {"forward"}
        assert np.allclose(one.intervals["start_s"][1:], one.intervals["end_s"][:-1])
        assert one.intervals["end_s"].iloc[-1] == one.recording.duration_s
        for row in one.intervals[one.intervals["confident"]].itertuples():
            inside = (one.recording.time_s >= row.start_s) & (one.recording.time_s < row.end_s)
            force = one.recording.acceleration_mps2[inside]
            tilt = uniform_filter1d(force, int(2 * one.recording.rate_hz), axis=0)
            tilt /= np.linalg.norm(tilt, axis=1, keepdims=True)
            assert (tilt @ np.median(tilt, axis=0)).min() > 0.7


def test_a_counter_makes_an_even_clock_and_lost_samples_stay_lost(tmp_path: Path) -> None:
    folder = tmp_path / "pdiot-body"
    folder.mkdir()
    order = np.concatenate([np.arange(100), np.arange(150, 300)])
    arrived = 1000 * (5 * (order // 5 + 1)) // 25  # bursts of five
    rows = [f'"{t}","{n}","0","0","1","0","0","180"' for n, t in zip(order, arrived, strict=True)]
    head = '"# Sensor mounting: Body"\n\n"timestamp","seq",'
    head += ",".join(f'"{kind}_{axis}"' for kind in ("accel", "gyro") for axis in "xyz")
    path = folder / "Z01_walking-level-ground_wrist_left_10_1.csv.gz"
    path.write_bytes(gzip.compress("\n".join([head, *rows]).encode()))
    (one,) = load(tmp_path, "pdiot-body")
    gaps = np.diff(one.recording.time_s)
    assert one.recording.rate_hz == pytest.approx(25, rel=0.03)
    assert np.allclose(np.delete(gaps, 99), gaps[0])
    assert gaps[99] == pytest.approx(51 * gaps[0])
    assert np.allclose(one.recording.acceleration_mps2, [0, 0, 9.80665])
    assert np.allclose(one.recording.angular_rate_radps, [0, 0, np.pi])
    assert one.steps == 20


def test_what_is_not_there_is_said(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="unknown data set"):
        load(tmp_path, "nonesuch")
    with pytest.raises(UsageError, match="t a body site"):
        load(tmp_path, "pdiot-body", placements=["nose"])
    with pytest.raises(UnreadableFile, match="get it from its publisher"):
        load(tmp_path, "pdiot-body")
