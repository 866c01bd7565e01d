"""Motion capture stored as body segments: positions and orientations in an ``.npz`` archive.

The LAFAN1 captures come this way, retargeted to a Unitree G1 robot. Its thigh and upper-arm
segments begin below the hip and the shoulder, and its leg is longer than a person's, so both
joints and the unit are measured here.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from scipy.spatial.transform import Rotation

from retrodetect.errors import UnreadableFile
from retrodetect.lab.simulate.bvh import LEG_LENGTH_M, Motion
from retrodetect.recording import FloatArray

__all__ = ["read_segments"]

LIMB_ROLES = {
    "thigh": "hip", "shank": "knee", "foot": "ankle",
    "upperarm": "shoulder", "forearm": "elbow", "hand": "wrist",
}  # fmt: skip
"""Joint at the near end of each limb segment."""

ROLES = {"pelvis": "pelvis", "chest": "chest"} | {
    f"{side}_{segment}": f"{name}_{joint}"
    for side, name in (("l", "left"), ("r", "right"))
    for segment, joint in LIMB_ROLES.items()
}

BALL_JOINTS = {"hip": "pelvis", "shoulder": "chest"}
"""Joints whose centre is measured, and the segment above each."""

TOE_OF_LEG = np.array([0.195, 0.0, -0.048])
"""Ball of the foot from the ankle, ahead and up, over the length of the leg: the point about
which the foot turns while the heel lifts in LAFAN1 (own measurement; 0.21 m ahead on a leg of
1.08 m)."""


def read_segments(path: str | Path) -> Motion:
    """Read a capture of body segments as a skeleton.

    Parameters
    ----------
    path
        An ``.npz`` archive with ``segments`` (S names: ``pelvis``, ``chest`` and, with ``l_`` or
        ``r_`` before them, ``thigh``, ``shank``, ``foot``, ``upperarm``, ``forearm``, ``hand``),
        ``position_m`` (F, S, 3; z up), ``quaternion_xyzw`` (F, S, 4; from the segment's frame to
        the world) and ``rate_hz``.

    Returns
    -------
    Motion
        Scaled to a leg of `LEG_LENGTH_M`, as the files come from a robot of another size.

    Raises
    ------
    UnreadableFile
        Where the file is not such an archive, or lacks a segment.

    Notes
    -----
    The centre of a hip or a shoulder is the point that stays put in both segments that meet
    there, by least squares (Gamage & Lasenby, J Biomech 35, 2002, section 2). In LAFAN1 the two
    paths of this point differ by 6 mm (hip) and 3 mm (shoulder), root mean square.
    """
    file = Path(path)
    try:
        with np.load(file) as archive:
            segments = [str(name) for name in archive["segments"]]
            positions = archive["position_m"].astype(float)
            rotations = Rotation.from_quat(archive["quaternion_xyzw"].astype(float)).as_matrix()
            rate_hz = float(archive["rate_hz"])
        order = [segments.index(name) for name in ROLES]
        positions, rotations = positions[:, order], rotations[:, order]
    except (OSError, KeyError, ValueError, IndexError) as error:
        raise UnreadableFile(
            f"is not a capture of body segments ({error})",
            file=file.name,
            remedy=f"store {', '.join(ROLES)} with position_m, quaternion_xyzw and rate_hz",
        ) from error
    roles = {role: index for index, role in enumerate(ROLES.values())}
    for side in ("left", "right"):
        for joint, above in BALL_JOINTS.items():
            limb = roles[f"{side}_{joint}"]
            centre = _joint_centre(positions, rotations, roles[above], limb)
            positions[:, limb] += rotations[:, limb] @ centre
    legs_m = [_leg_length_m(positions, roles, side) for side in ("left", "right")]
    leg_m = float(np.mean(legs_m))
    for side in ("left", "right"):
        ankle, toe = roles[f"{side}_ankle"], len(roles)
        point = positions[:, ankle] + rotations[:, ankle] @ (TOE_OF_LEG * leg_m)
        positions = np.concatenate([positions, point[:, None]], axis=1)
        rotations = np.concatenate([rotations, rotations[:, [ankle]]], axis=1)
        roles[f"{side}_toe"] = toe
    return Motion(
        name=file.name,
        names=tuple(roles),
        frame_time_s=1.0 / rate_hz,
        positions_m=positions * (LEG_LENGTH_M / leg_m),
        rotations=rotations,
        roles=roles,
    )


def _joint_centre(
    positions: FloatArray, rotations: FloatArray, above: int, limb: int
) -> FloatArray:
    """(3,) point in the limb's frame that stays put in the segment above too."""
    both = np.concatenate([rotations[:, limb], -rotations[:, above]], axis=2).reshape(-1, 6)
    between = (positions[:, above] - positions[:, limb]).reshape(-1)
    return np.asarray(np.linalg.lstsq(both, between)[0][:3])


def _leg_length_m(positions: FloatArray, roles: dict[str, int], side: str) -> float:
    """Median length of hip to knee to ankle."""
    joints = positions[:, [roles[f"{side}_{joint}"] for joint in ("hip", "knee", "ankle")]]
    return float(np.median(np.linalg.norm(np.diff(joints, axis=1), axis=2).sum(axis=1)))
