"""BVH files of any dialect give the same walker: metres, z up, roles by anatomy."""

import gzip
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pytest
from scipy.spatial.transform import Rotation
from skeleton import bvh

from retrodetect.errors import InputError, UnreadableFile
from retrodetect.lab.simulate.bvh import Motion, read_bvh

MIXAMO = {
    f"{side}{part}": f"mixamorig:{side}{part}"
    for side in ("Left", "Right")
    for part in ("UpLeg", "Leg", "Foot", "ToeBase", "Arm", "ForeArm", "Hand")
}
SUFFIXED = {
    f"{side}{part}": f"{other}_{side[0]}"
    for side in ("Left", "Right")
    for part, other in {
        "UpLeg": "UpperLeg", "Leg": "LowerLeg", "Foot": "Foot", "ToeBase": "Toes",
        "Arm": "UpperArm", "ForeArm": "LowerArm", "Hand": "Hand",
    }.items()
}  # fmt: skip
JOINTS = {
    f"{side}{part}": f"{side.lower()}_{other}"
    for side in ("Left", "Right")
    for part, other in {
        "UpLeg": "hip", "Leg": "knee", "Foot": "ankle", "ToeBase": "foot",
        "Arm": "shoulder", "ForeArm": "elbow", "Hand": "wrist",
    }.items()
}  # fmt: skip
BIPED = {
    f"{side}{part}": f"Bip01 {side[0]} {other}"
    for side in ("Left", "Right")
    for part, other in {
        "UpLeg": "Thigh", "Leg": "Calf", "Foot": "Foot", "ToeBase": "Toe0",
        "Arm": "UpperArm", "ForeArm": "Forearm", "Hand": "Hand",
    }.items()
}  # fmt: skip


def read(text: str) -> Motion:
    with TemporaryDirectory() as folder:
        clip = Path(folder) / "clip.bvh"
        clip.write_text(text)
        return read_bvh(clip)


STEADY = np.tile([10.0, 95.0, 20.0, 0.0, 0.0, 0.0], (4, 1))
WALK = STEADY + np.outer(np.arange(4), [0, 0, 4.0, 0, 0, 0])


def test_positions_are_metres_with_z_up_and_left_to_the_left() -> None:
    motion = read(bvh(WALK))
    assert motion.frames == 4
    assert motion.rate_hz == pytest.approx(30)
    assert np.allclose(motion.position_m("pelvis")[0], [0.20, 0.10, 0.95])
    assert np.allclose(motion.position_m("left_ankle")[0], [0.20, 0.19, 0.07])
    assert np.allclose(np.diff(motion.position_m("head"), axis=0), [0.04, 0, 0])
    ahead = motion.position_m("left_toe") - motion.position_m("left_ankle")
    assert np.allclose(ahead, [0.14, 0, -0.05])


@pytest.mark.parametrize(
    ("unit", "scale"),
    [("m", 0.01), ("cm", 1), ("mm", 10), ("inch", 1 / 2.54), ("cmu", 0.45 / 2.54)],
)
def test_the_unit_is_measured_on_the_leg(unit: str, scale: float) -> None:
    motion = read(bvh(WALK, scale=scale))
    assert motion.unit == unit
    assert np.allclose(motion.positions_m, read(bvh(WALK)).positions_m, atol=1e-9)


def test_an_upright_axis_along_z_is_seen() -> None:
    motion = read(bvh(WALK, turned=True))
    assert np.allclose(motion.position_m("pelvis")[:, 2], 0.95)
    left = motion.position_m("left_hip") - motion.position_m("right_hip")
    ahead = motion.position_m("left_toe") - motion.position_m("left_ankle")
    assert np.cross(left[0], [0, 0, 1]) @ ahead[0] > 0


@pytest.mark.parametrize("names", [{}, MIXAMO, SUFFIXED, JOINTS, BIPED])
def test_joints_are_found_under_any_usual_name(names: dict[str, str]) -> None:
    roles = read(bvh(STEADY, names=names)).roles
    assert roles == read(bvh(STEADY)).roles
    assert {"pelvis", "chest", "head", "left_toe", "right_wrist", "left_shoulder"} <= set(roles)


def test_rotations_carry_the_limbs_in_channel_order() -> None:
    frames = STEADY.copy()
    frames[:, 3:] = [10.0, 20.0, 30.0]
    motion = read(bvh(frames))
    turn = Rotation.from_euler("ZXY", [10, 20, 30], degrees=True).as_matrix()
    expected = (turn @ [9.0, -5.0, 0.0] + [10, 95, 20]) / 100
    assert np.allclose(motion.position_m("left_hip")[0], expected[[2, 0, 1]])
    hip = motion.rotations[0, motion.joint("left_hip")]
    assert np.allclose(hip @ [0, -0.42, 0], motion.position_m("left_knee")[0] - expected[[2, 0, 1]])


def test_an_odd_offset_of_the_root_is_ignored() -> None:
    odd = read(bvh(WALK, root_offset=(-315.0, 90.0, 301.0)))
    assert np.allclose(odd.positions_m, read(bvh(WALK)).positions_m)


def test_gzipped_and_plain_paths_read_alike(tmp_path: Path) -> None:
    plain, packed = tmp_path / "a.bvh", tmp_path / "a.bvh.gz"
    plain.write_text(bvh(WALK))
    packed.write_bytes(gzip.compress(bvh(WALK).encode()))
    assert np.array_equal(read_bvh(plain).positions_m, read_bvh(packed).positions_m)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "not a BVH file"),
        ("time,x,y,z\n1,2,3,4", "not a BVH file"),
        (bvh(WALK).replace("JOINT Head\n{", "JOINT Head\n"), "skeleton"),
        (bvh(WALK)[:-200], "do not make 4 frames"),
        (bvh(WALK).replace("Frame Time: 0.0", "Frame Time: -0.0"), "do not make"),
        (bvh(WALK).replace("MOTION\nFrames: 4", "MOTION\nFrames: four"), "do not make"),
        (bvh(WALK)[:-4] + " abc", "damaged"),
    ],
)
def test_a_damaged_file_is_unreadable(text: str, reason: str) -> None:
    with pytest.raises(UnreadableFile, match=reason):
        read(text)


def test_a_missing_file_is_unreadable(tmp_path: Path) -> None:
    with pytest.raises(UnreadableFile, match="cannot be read"):
        read_bvh(tmp_path / "none.bvh")


def test_a_skeleton_without_legs_is_named() -> None:
    nameless = {f"{side}Leg": "thing" for side in ("Left", "Right")}
    with pytest.raises(InputError, match="left knee"):
        read(bvh(WALK, names=nameless))


@pytest.mark.parametrize("folder", ["accad-female1", "accad-male1", "bandai-namco-1"])
def test_captured_people_have_human_proportions(shared: Path, folder: str) -> None:
    clip = sorted((shared / "datasets" / f"mocap-{folder}").glob("*.bvh.gz"))[0]
    motion = read_bvh(clip)
    assert motion.unit == "cm"
    assert motion.rate_hz == pytest.approx(30, rel=1e-3)
    thigh = np.linalg.norm(motion.position_m("left_hip") - motion.position_m("left_knee"), axis=1)
    assert thigh == pytest.approx(0.43, abs=0.07)
    assert np.ptp(thigh) < 1e-3
    assert 1.2 < np.median(motion.position_m("head")[:, 2]) < 1.8
