"""A capture of body segments becomes a skeleton of a person's size, with its joints in place."""

from pathlib import Path

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from retrodetect.errors import UnreadableFile
from retrodetect.lab.captured import ROLES, read_segments
from retrodetect.lab.simulate.bvh import LEG_LENGTH_M
from retrodetect.lab.simulate.virtual import virtual_sensor

RATE_HZ = 30.0
REST_M = {
    "pelvis": (0.0, 0.0, 1.0), "chest": (0.0, 0.0, 1.2),
    "hip": (0.0, 0.1, 0.9), "knee": (0.0, 0.1, 0.5), "ankle": (0.0, 0.1, 0.07),
    "shoulder": (0.0, 0.2, 1.4), "elbow": (0.0, 0.2, 1.12), "wrist": (0.0, 0.2, 0.86),
}  # fmt: skip
CHAINS = (("hip", "knee", "ankle"), ("shoulder", "elbow", "wrist"))


def swinging(scale: float, below: float) -> tuple[dict[str, np.ndarray], dict[str, Rotation]]:
    """Joints and attitudes of a person who walks along x; limbs swing about all axes."""
    time_s = np.arange(0, 4, 1 / RATE_HZ)
    path = np.stack([1.2 * time_s, 0.02 * np.sin(6 * time_s), 0.03 * np.cos(12 * time_s)], axis=1)
    still = Rotation.from_rotvec(np.zeros((len(time_s), 3)))
    joints = {role: np.array(REST_M[role]) + path for role in ("pelvis", "chest")}
    turns = {"pelvis": still, "chest": still}
    for side, outward in (("left", 1.0), ("right", -1.0)):
        for chain in CHAINS:
            at = np.array(REST_M[chain[0]]) * [1, outward, 1] + path
            for depth, (role, after) in enumerate(zip(chain, [*chain[1:], None], strict=True)):
                phase = 5.5 * time_s + depth + outward
                swing = np.stack(
                    [0.2 * np.sin(phase), 0.5 * np.cos(phase), 0.2 * np.sin(2 * phase)]
                )
                turn = Rotation.from_rotvec(swing.T)
                joints[f"{side}_{role}"], turns[f"{side}_{role}"] = at, turn
                if after:
                    at = at + turn.apply(np.subtract(REST_M[after], REST_M[role]) * [1, outward, 1])
    for role, turn in turns.items():
        if role.endswith(("hip", "shoulder")):
            joints[role] = joints[role] + turn.apply([0.0, 0.0, -below])
    return {role: at * scale for role, at in joints.items()}, turns


def stored(path: Path, *, scale: float = 1.0, below: float = 0.0) -> Path:
    """The same person as body segments, whose thighs and upper arms begin ``below`` the joint."""
    joints, turns = swinging(scale, below)
    np.savez(
        path,
        segments=list(ROLES),
        position_m=np.stack([joints[role] for role in ROLES.values()], axis=1),
        quaternion_xyzw=np.stack([turns[role].as_quat() for role in ROLES.values()], axis=1),
        rate_hz=RATE_HZ,
    )
    return path


def test_size_and_origin_of_segments_do_not_matter(tmp_path: Path) -> None:
    plain = read_segments(stored(tmp_path / "plain.npz"))
    robot = read_segments(stored(tmp_path / "robot.npz", scale=1.3, below=0.1))
    assert np.allclose(robot.positions_m, plain.positions_m, atol=1e-6)
    leg_m = np.linalg.norm(plain.position_m("left_hip") - plain.position_m("left_knee"), axis=1)
    leg_m += np.linalg.norm(plain.position_m("left_knee") - plain.position_m("left_ankle"), axis=1)
    assert np.allclose(leg_m, LEG_LENGTH_M)


@pytest.mark.parametrize("placement", ["ankle", "thigh", "upper-arm", "wrist", "hand"])
def test_sensors_on_limbs_feel_gravity_along_the_limb(tmp_path: Path, placement: str) -> None:
    motion = read_segments(stored(tmp_path / "person.npz"))
    force = virtual_sensor(motion, placement, rate_hz=50.0, side="right").acceleration_mps2
    assert np.linalg.norm(force.mean(axis=0) - [0.0, 0.0, 9.8]) < 2.0


def test_the_foot_points_ahead(tmp_path: Path) -> None:
    motion = read_segments(stored(tmp_path / "person.npz"))
    toe = motion.position_m("left_toe") - motion.position_m("left_ankle")
    assert np.allclose(toe.mean(axis=0)[1:], 0, atol=0.06)
    assert 0.1 < toe.mean(axis=0)[0] < 0.2


def test_what_is_no_capture_is_refused(tmp_path: Path) -> None:
    (tmp_path / "text.npz").write_text("nothing")
    np.savez(tmp_path / "other.npz", segments=["pelvis"], position_m=np.zeros((9, 1, 3)))
    for name in ("text.npz", "other.npz", "missing.npz"):
        with pytest.raises(UnreadableFile, match="not a capture of body segments"):
            read_segments(tmp_path / name)
