"""A virtual sensor obeys physics, whatever the skeleton does."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.integrate import cumulative_simpson
from scipy.spatial.transform import Rotation

from retrodetect.errors import InputError, UsageError
from retrodetect.lab.simulate.bvh import Motion, read_bvh
from retrodetect.lab.simulate.virtual import (
    SensorErrors,
    contact_times_s,
    direction_intervals,
    direction_truth,
    virtual_sensor,
)
from retrodetect.recording import STANDARD_GRAVITY_MPS2, FloatArray
from retrodetect.sites import PLACEMENTS

STANDING_M = {
    "pelvis": (0.0, 0.0, 0.95), "left_hip": (0.0, 0.09, 0.90), "right_hip": (0.0, -0.09, 0.90),
    "left_knee": (0.0, 0.09, 0.50), "right_knee": (0.0, -0.09, 0.50),
    "left_ankle": (0.0, 0.09, 0.09), "right_ankle": (0.0, -0.09, 0.09),
    "left_toe": (0.15, 0.09, 0.03), "right_toe": (0.15, -0.09, 0.03),
    "chest": (0.0, 0.0, 1.25), "head": (0.0, 0.0, 1.55),
    "left_shoulder": (0.0, 0.18, 1.40), "right_shoulder": (0.0, -0.18, 1.40),
    "left_elbow": (0.0, 0.20, 1.12), "right_elbow": (0.0, -0.20, 1.12),
    "left_wrist": (0.0, 0.20, 0.86), "right_wrist": (0.0, -0.20, 0.86),
}  # fmt: skip

RATE_HZ = 60.0
seeds = st.integers(0, 2**32 - 1)


def statue(path_m: FloatArray, turn: Rotation, *, seed: int = 0) -> Motion:
    """A stiff person carried along a path (F, 3) and turned about the world's origin (F)."""
    points = np.array(list(STANDING_M.values()))
    own = Rotation.random(len(points), random_state=seed).as_matrix()
    world = turn.as_matrix()
    names = tuple(STANDING_M)
    return Motion(
        name="statue",
        names=names,
        frame_time_s=1 / RATE_HZ,
        positions_m=np.einsum("fij,kj->fki", world, points) + path_m[:, None],
        rotations=np.einsum("fij,kjl->fkil", world, own),
        roles={name: index for index, name in enumerate(names)},
    )


def at_rest(seconds: float = 2.0, *, seed: int = 0) -> Motion:
    frames = int(seconds * RATE_HZ)
    return statue(np.zeros((frames, 3)), Rotation.from_rotvec(np.zeros((frames, 3))), seed=seed)


def travelling(forward_mps: float, left_mps: float = 0.0, yaw_radps: float = 0.0) -> Motion:
    time_s = np.arange(0, 4, 1 / RATE_HZ)
    turn = Rotation.from_euler("Z", (yaw_radps * time_s)[:, None])
    speed = turn.apply([forward_mps, left_mps, 0.0])
    return statue(np.cumsum(speed, axis=0) / RATE_HZ, turn)


@pytest.mark.parametrize("placement", PLACEMENTS)
@pytest.mark.parametrize("side", ["left", "right"])
def test_at_rest_it_reads_gravity_upward_and_no_rotation(placement: str, side: str) -> None:
    recording = virtual_sensor(at_rest(), placement, side=side, rate_hz=100)
    upward = recording.acceleration_mps2[:, 2]
    assert np.allclose(np.linalg.norm(recording.acceleration_mps2, axis=1), 9.80665, atol=1e-6)
    assert (upward > 9.7).all()
    assert np.allclose(recording.angular_rate_radps, 0.0, atol=1e-9)


@settings(max_examples=10, deadline=None)
@given(seed=seeds)
def test_mounting_turns_the_readings_and_nothing_else(seed: int) -> None:
    mounting = Rotation.random(random_state=np.random.default_rng(seed))
    straight = virtual_sensor(at_rest(), "waist")
    turned = virtual_sensor(at_rest(), "waist", mounting=mounting)
    assert np.allclose(mounting.apply(turned.acceleration_mps2), straight.acceleration_mps2)


@settings(max_examples=10, deadline=None)
@given(seed=seeds)
def test_the_axes_of_a_site_do_not_depend_on_those_of_the_file(seed: int) -> None:
    plain, other = (virtual_sensor(at_rest(seed=s), "thigh") for s in (0, seed))
    assert np.allclose(plain.acceleration_mps2, other.acceleration_mps2)


@pytest.mark.parametrize("rate_hz", [10.0, 47.0, 1000.0])
def test_on_a_turntable_it_reads_omega_squared_r_inward(rate_hz: float) -> None:
    omega, motion = 2.5, travelling(0.0, yaw_radps=2.5)
    recording = virtual_sensor(motion, "waist", rate_hz=rate_hz, offset_m=(0.30, 0.0, 0.0))
    inner = slice(len(recording.time_s) // 5, -len(recording.time_s) // 5)
    radius_m = 0.30 + 0.11
    expected = [-(omega**2) * radius_m, 0.0, STANDARD_GRAVITY_MPS2]
    assert np.allclose(recording.acceleration_mps2[inner], expected, atol=0.01)
    assert np.allclose(recording.angular_rate_radps[inner], [0, 0, omega], atol=1e-3)


def test_tangential_acceleration_appears_when_the_turntable_speeds_up() -> None:
    time_s = np.arange(0, 4, 1 / RATE_HZ)
    motion = statue(np.zeros((len(time_s), 3)), Rotation.from_euler("Z", (time_s**2)[:, None]))
    recording = virtual_sensor(motion, "waist", rate_hz=100)
    inner = slice(50, -50)
    assert np.allclose(recording.acceleration_mps2[inner, 1], 2.0 * 0.11, atol=0.01)
    assert np.allclose(
        recording.angular_rate_radps[inner, 2], 2 * recording.time_s[inner], atol=5e-3
    )


@settings(max_examples=5, deadline=None)
@given(seed=seeds)
def test_integrating_what_it_reads_returns_the_path(seed: int) -> None:
    rng = np.random.default_rng(seed)
    time_s = np.arange(0, 4, 1 / RATE_HZ)
    waves = np.sin(2 * np.pi * rng.uniform(0.5, 2.0, 4) * time_s[:, None] + rng.uniform(0, 6, 4))
    turn = Rotation.from_euler("Z", waves[:, 3:])
    motion = statue(0.1 * waves[:, :3] + np.outer(time_s, [1.2, 0.3, 0.0]), turn)
    truth_m = 0.1 * waves[:, :3] + np.outer(time_s, [1.2, 0.3, 0.0]) + turn.apply([0.1, 0, 1.3])

    recording = virtual_sensor(motion, "chest", rate_hz=600)
    begin, end = 60, len(recording.time_s) - 60
    heading = cumulative_simpson(recording.angular_rate_radps[:, 2], dx=1 / 600, initial=0)
    heading += waves[6, 3] - heading[begin]
    acceleration = Rotation.from_euler("Z", heading[:, None]).apply(recording.acceleration_mps2)
    acceleration = acceleration[begin:end] - [0, 0, STANDARD_GRAVITY_MPS2]
    velocity = cumulative_simpson(acceleration, dx=1 / 600, axis=0, initial=0)
    path_m = cumulative_simpson(velocity, dx=1 / 600, axis=0, initial=0)[::10]

    off_m = path_m - truth_m[6 : 6 + len(path_m)]
    line = np.stack([np.ones(len(off_m)), np.arange(len(off_m))], axis=1)  # start and speed
    off_m -= line @ np.linalg.lstsq(line, off_m, rcond=None)[0]
    assert np.abs(heading[begin:end:10] - waves[6 : 6 + len(path_m), 3]).max() < 0.01
    assert np.abs(off_m).max() < 0.01


def test_the_gyroscope_reads_the_rate_of_a_nod() -> None:
    time_s = np.arange(0, 5, 1 / RATE_HZ)
    nod = 0.5 * np.sin(2 * np.pi * 1.2 * time_s)
    motion = statue(np.zeros((len(time_s), 3)), Rotation.from_euler("Y", nod[:, None]))
    recording = virtual_sensor(motion, "chest", rate_hz=100)
    rate = 0.5 * 2 * np.pi * 1.2 * np.cos(2 * np.pi * 1.2 * recording.time_s)
    inner = slice(30, -30)
    assert np.allclose(recording.angular_rate_radps[inner, 1], rate[inner], atol=0.02)
    assert np.allclose(recording.angular_rate_radps[inner][:, [0, 2]], 0, atol=1e-6)


def test_a_limb_keeps_its_own_axes() -> None:
    motion = at_rest()
    level = Rotation.from_euler("Y", -90, degrees=True).as_matrix()
    elbow, wrist = motion.joint("left_elbow"), motion.joint("left_wrist")
    motion.rotations[:, elbow] = level @ motion.rotations[:, elbow]
    bone = motion.positions_m[:, wrist] - motion.positions_m[:, elbow]
    motion.positions_m[:, wrist] = motion.positions_m[:, elbow] + bone @ level.T
    assert (virtual_sensor(motion, "wrist").acceleration_mps2[:, 0] > 9.7).all()


def test_sensor_errors_are_as_large_as_asked_and_repeatable() -> None:
    errors = SensorErrors(noise_mps2=0.1, bias_mps2=0.5, noise_radps=0.01, jitter_s=0.002)
    first, again, other = (
        virtual_sensor(at_rest(20.0), "waist", errors=errors, seed=seed) for seed in (1, 1, 2)
    )
    assert np.array_equal(first.acceleration_mps2, again.acceleration_mps2)
    assert not np.allclose(first.acceleration_mps2.mean(0), other.acceleration_mps2.mean(0))
    assert np.allclose(first.acceleration_mps2.std(0), 0.1, rtol=0.1)
    assert np.std(np.diff(first.time_s)) == pytest.approx(0.002 * np.sqrt(2), rel=0.1)
    assert first.time_s[0] == 0


def test_clipping_holds_readings_within_range() -> None:
    errors = SensorErrors(clip_mps2=5.0, clip_radps=1.0)
    recording = virtual_sensor(travelling(0, yaw_radps=3), "waist", errors=errors)
    assert np.abs(recording.acceleration_mps2).max() == 5.0
    assert np.abs(recording.angular_rate_radps).max() == 1.0


def test_what_makes_no_sense_is_refused_with_a_remedy() -> None:
    with pytest.raises(UsageError, match="choose"):
        virtual_sensor(at_rest(), "nose")
    with pytest.raises(UsageError, match="positive rate"):
        virtual_sensor(at_rest(), "waist", rate_hz=0)
    with pytest.raises(InputError, match="at least 12 frames"):
        virtual_sensor(at_rest(0.1), "waist")
    headless = at_rest()
    del headless.roles["head"]
    with pytest.raises(InputError, match="no head"):
        virtual_sensor(headless, "head")


@pytest.mark.parametrize(
    ("forward_mps", "left_mps", "yaw_radps", "direction"),
    [
        (1.2, 0.0, 0.0, "forward"), (-0.8, 0.0, 0.0, "backward"), (0.0, 0.7, 0.0, "sideways"),
        (0.0, 0.0, 0.0, "still"), (1.2, 0.0, 1.5, "turning"), (-1.0, 0.0, 0.4, "backward"),
        (1.0, 0.6, 0.0, "forward"),
    ],
)  # fmt: skip
def test_direction_is_travel_against_facing(
    forward_mps: float, left_mps: float, yaw_radps: float, direction: str
) -> None:
    truth = direction_truth(travelling(forward_mps, left_mps, yaw_radps))
    middle = truth.iloc[60:-60]
    assert (middle["direction"] == direction).all()
    assert middle["forward_mps"].to_numpy() == pytest.approx(forward_mps, abs=0.05)
    assert middle["lateral_mps"].to_numpy() == pytest.approx(left_mps, abs=0.05)
    assert middle["yaw_rate_radps"].to_numpy() == pytest.approx(yaw_radps, abs=0.05)


def test_intervals_cover_the_clip_without_overlap() -> None:
    truth = direction_truth(travelling(1.2))
    intervals = direction_intervals(truth)
    assert intervals["start_s"].iloc[0] == 0
    assert np.allclose(intervals["start_s"].to_numpy()[1:], intervals["end_s"].to_numpy()[:-1])
    assert intervals["end_s"].iloc[-1] == pytest.approx(len(truth) / RATE_HZ)


CAPTURES = {
    "mocap-accad-female1/Female1_B03_Walk1.bvh.gz": ("forward", "walk"),
    "mocap-accad-female1/Female1_B05_WalkBackwards.bvh.gz": ("backward", "walk"),
    "mocap-accad-female1/Female1_C03_Run.bvh.gz": ("forward", "run"),
    "mocap-accad-female1/Female1_C07_RunBackwards.bvh.gz": ("backward", "run"),
    "mocap-accad-male1/Male1_B6_WalkBackwards.bvh.gz": ("backward", "walk"),
    "mocap-accad-male1/Male1_C07_RunBack.bvh.gz": ("backward", "run"),
    "mocap-bandai-namco-1/dataset-1_walk_normal_001.bvh.gz": ("forward", "walk"),
    "mocap-bandai-namco-1/dataset-1_walk-back_sad_001.bvh.gz": ("backward", "walk"),
    "mocap-bandai-namco-1/dataset-1_run_active_001.bvh.gz": ("forward", "run"),
}


@pytest.mark.parametrize("clip", CAPTURES)
def test_captures_go_where_their_names_say(shared: Path, clip: str) -> None:
    truth = direction_truth(read_bvh(shared / "datasets" / clip))
    direction, gait = CAPTURES[clip]
    moving = truth[truth["direction"] != "still"]
    assert (moving["direction"] == direction).mean() > 0.9
    assert (moving["gait"] == gait).mean() > 0.85


def test_feet_of_a_captured_walk_touch_in_turn(shared: Path) -> None:
    clip = shared / "datasets/mocap-bandai-namco-1/dataset-1_walk_normal_001.bvh.gz"
    truth = direction_truth(read_bvh(clip))
    times = [(t, side) for side in ("left", "right") for t in contact_times_s(truth, side)]
    sides = [side for _, side in sorted(times)]
    assert len(sides) > 8
    assert all(a != b for a, b in zip(sides, sides[1:], strict=False))


def test_a_captured_walker_reads_one_g_upward_on_average(shared: Path) -> None:
    clip = shared / "datasets/mocap-accad-male1/Male1_B6_WalkBackwards.bvh.gz"
    motion = read_bvh(clip)
    for placement in ("waist", "lower-back", "chest", "head", "bag"):
        mean = virtual_sensor(motion, placement, rate_hz=50).acceleration_mps2.mean(axis=0)
        assert mean == pytest.approx([0, 0, STANDARD_GRAVITY_MPS2], abs=0.4)
