"""Motion capture in BVH files: joint positions and orientations in metres, z up.

BVH states neither its unit, nor its upright axis, nor what a joint is. So the unit is measured from
the length of the leg, the upright axis from ankle to trunk, and the joints are identified by their
names, whatever the dialect.
"""

from __future__ import annotations

import gzip
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
from scipy.spatial.transform import Rotation

from retrodetect.errors import InputError, UnreadableFile
from retrodetect.recording import FloatArray

__all__ = ["SIDES", "Motion", "Side", "leg_length", "read_bvh"]

Side = Literal["left", "right"]
SIDES: tuple[Side, Side] = ("left", "right")

UNITS_M = {"m": 1.0, "cm": 0.01, "mm": 0.001, "inch": 0.0254, "cmu": 0.0254 / 0.45}
"""Units met in BVH files; ``cmu`` is that of the Carnegie Mellon motion capture database,
whose positions are inches multiplied by 0.45 (its FAQ)."""

LEG_LENGTH_M = 0.83
"""Hip to ankle of an adult: 0.491 of a stature of 1.70 m (Winter, Biomechanics and Motor
Control of Human Movement, 4th ed., 2009, figure 4.1)."""

SIDED_ROLES = {
    "hip": ("upleg", "upperleg", "thigh", "femur", "hip"),
    "knee": ("leg", "lowerleg", "lowleg", "shin", "calf", "tibia", "knee"),
    "ankle": ("ankle", "foot"),
    "toe": ("toebase", "toes", "toe", "ball", "foot"),
    "shoulder": ("arm", "upperarm", "uparm", "humerus", "shldr", "shoulder"),
    "elbow": ("forearm", "lowerarm", "lowarm", "radius", "elbow"),
    "wrist": ("wrist", "hand"),
}
"""Names of a joint without side, name space and decoration, best first.
Joints are named for the end nearer to the trunk: ``LeftLeg`` turns at the knee."""

HEAD_NAMES = ("head", "neck")
SIDE_WORDS = {"l": "left", "left": "left", "r": "right", "right": "right"}
DECORATION = {"joint", "bip", "bip01", "def", "bind", "jnt", "skel", "j"}


@dataclass(frozen=True, slots=True)
class Motion:
    """A moving skeleton: F frames of J joints, in metres, z up, x and y level."""

    name: str  # name of the clip in messages
    # J joint names in the file's words. End sites are joints called ``<parent>_end``.
    names: tuple[str, ...]
    frame_time_s: float  # seconds from frame to frame
    positions_m: FloatArray  # (F, J, 3): joint positions in the world
    # (F, J, 3, 3): joint orientations: ``rotations[f, j] @ v`` turns a vector ``v`` from joint
    # j's frame to world axes. The joint's frame moves with the segment *beyond* the joint.
    rotations: FloatArray
    # indices of the identified joints with an anatomical meaning: ``pelvis``, ``chest``, ``head``
    # and ``left_`` / ``right_`` ``hip``, ``knee``, ``ankle``, ``toe``, ``shoulder``, ``elbow``,
    # ``wrist``
    roles: dict[str, int]
    unit: str = "m"  # unit of the file's lengths

    @property
    def frames(self) -> int:
        """Number of frames F."""
        return len(self.positions_m)

    @property
    def rate_hz(self) -> float:
        """Frames per second."""
        return 1.0 / self.frame_time_s

    @property
    def time_s(self) -> FloatArray:
        """(F,) seconds from the first frame."""
        return np.arange(self.frames, dtype=float) * self.frame_time_s

    def joint(self, role: str) -> int:
        """Index of the joint with a role; InputError if the skeleton has none."""
        if role not in self.roles:
            raise InputError(
                f"the skeleton has no {role.replace('_', ' ')}",
                file=self.name,
                remedy=f"rename one of its joints: {', '.join(self.names)}",
            )
        return self.roles[role]

    def position_m(self, role: str) -> FloatArray:
        """(F, 3) world position of the joint with a role."""
        return self.positions_m[:, self.joint(role)]


def read_bvh(path: str | Path) -> Motion:
    """Read a BVH file, plain or gzipped, and solve its forward kinematics.

    Raises UnreadableFile if the file is incomplete, and InputError if the skeleton has no legs by
    which to measure its unit and its upright axis.

    Position channels place a joint and override its OFFSET (files differ; ACCAD writes a frame of
    the walk into the root's OFFSET). Only a joint below the root whose position channels are all
    zero keeps its OFFSET, since its bone would vanish otherwise.
    """
    name = Path(path).name
    hierarchy, separator, motion = _text_of(Path(path)).partition("MOTION")
    if not separator or "HIERARCHY" not in hierarchy:
        raise UnreadableFile(
            "not a BVH file", file=name, remedy="it must contain HIERARCHY and MOTION"
        )
    joints = _parse_hierarchy(hierarchy, name)
    frame_time_s, values = _parse_motion(motion, sum(len(j.channels) for j in joints), name)
    positions, rotations = _forward_kinematics(joints, values)
    roles = _roles([j.name for j in joints], [j.parent for j in joints])
    missing = {f"{side}_{part}" for side in SIDES for part in ("hip", "knee", "ankle")}
    if missing := missing - set(roles):
        raise InputError(
            f"no joint found for {', '.join(sorted(missing)).replace('_', ' ')}",
            file=name,
            place="HIERARCHY",
            remedy="name them as Mixamo, CMU or SMPL do, for example LeftUpLeg, LeftLeg, LeftFoot",
        )
    unit = _unit_of(positions, roles)
    # Cyclic, so that hands stay hands.
    to_z = 2 - _upright_of(positions, roles, name)
    return Motion(
        name=name,
        names=tuple(j.name for j in joints),
        frame_time_s=frame_time_s,
        positions_m=np.roll(positions * UNITS_M[unit], to_z, axis=2),
        rotations=np.roll(rotations, to_z, axis=2),
        roles=roles,
        unit=unit,
    )


@dataclass(slots=True)
class _Joint:
    name: str
    parent: int
    offset: FloatArray
    channels: tuple[str, ...] = ()


def _text_of(path: Path) -> str:
    """Content of a file, plain or gzipped."""
    opened = gzip.open if path.suffix == ".gz" else open
    try:
        with opened(path, "rt", encoding="utf-8", errors="replace") as file:
            return file.read()
    except (OSError, EOFError) as error:
        raise UnreadableFile(
            f"the file cannot be read ({error})", file=str(path), remedy="check path and file"
        ) from error


def _parse_hierarchy(text: str, name: str) -> list[_Joint]:
    """Joints in file order, parents first; end sites included."""
    joints: list[_Joint] = []
    stack: list[int] = []
    lines = [line.split() for line in text.splitlines()]
    try:
        for words in filter(None, lines):
            keyword = words[0].upper()
            if keyword in {"ROOT", "JOINT", "END"}:
                parent = stack[-1] if stack else -1
                label = f"{joints[parent].name}_end" if keyword == "END" else " ".join(words[1:])
                joints.append(_Joint(label, parent, np.zeros(3)))
            elif keyword == "{":
                stack.append(len(joints) - 1)
            elif keyword == "}":
                stack.pop()
            elif keyword == "OFFSET":
                joints[stack[-1]].offset = np.array(words[1:4], dtype=float)
            elif keyword == "CHANNELS":
                joints[stack[-1]].channels = tuple(word.lower() for word in words[2:])
    except (IndexError, ValueError) as error:
        raise UnreadableFile(
            "the skeleton is damaged", file=name, place="HIERARCHY", remedy="export the clip again"
        ) from error
    if not joints or stack:
        raise UnreadableFile(
            "the skeleton is incomplete", file=name, place="HIERARCHY", remedy="export it again"
        )
    return joints


def _parse_motion(text: str, channel_count: int, name: str) -> tuple[float, FloatArray]:
    """Frame time and the (F, channels) values."""
    head = re.match(r"\s*Frames:\s*(\d+)\s+Frame\s+Time:\s*(\S+)", text, flags=re.IGNORECASE)
    try:
        frames, frame_time_s = (int(head[1]), float(head[2])) if head else (0, 0.0)
        values = np.array(text[head.end() :].split() if head else [], dtype=float)
    except ValueError as error:
        raise UnreadableFile(
            f"a number is damaged ({error})", file=name, place="MOTION", remedy="export it again"
        ) from error
    if frames < 1 or not 0 < frame_time_s < np.inf or values.size != frames * channel_count:
        raise UnreadableFile(
            f"{values.size} values do not make {frames} frames of {channel_count} channels",
            file=name,
            place="MOTION",
            remedy="export the clip again",
        )
    return frame_time_s, values.reshape(frames, channel_count)


def _forward_kinematics(
    joints: Sequence[_Joint], values: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """World positions (F, J, 3) and orientations (F, J, 3, 3) in the file's unit and axes."""
    frames = len(values)
    positions = np.zeros((frames, len(joints), 3))
    rotations = np.tile(np.eye(3), (frames, len(joints), 1, 1))
    column = 0
    for index, joint in enumerate(joints):
        channel_values = values[:, column : column + len(joint.channels)]
        column += len(joint.channels)
        translation = _translation(joint, channel_values)
        rotation = _rotation(joint, channel_values)
        if joint.parent < 0:
            positions[:, index], rotations[:, index] = translation, rotation
        else:
            base = rotations[:, joint.parent]
            shift = np.einsum("fij,fj->fi", base, translation)
            positions[:, index] = positions[:, joint.parent] + shift
            rotations[:, index] = base @ rotation
    return positions, rotations


def _translation(joint: _Joint, channel_values: FloatArray) -> FloatArray:
    """(F, 3) position of a joint in its parent's frame; see the notes of `read_bvh`."""
    translation = np.tile(joint.offset, (len(channel_values), 1))
    axes = [(k, "xyz".index(c[0])) for k, c in enumerate(joint.channels) if c.endswith("position")]
    if axes and (joint.parent < 0 or channel_values[:, [k for k, _ in axes]].any()):
        for k, axis in axes:
            translation[:, axis] = channel_values[:, k]
    return translation


def _rotation(joint: _Joint, channel_values: FloatArray) -> FloatArray:
    """(F, 3, 3) rotation of a joint relative to its parent, Euler angles in channel order."""
    turns = [k for k, c in enumerate(joint.channels) if c.endswith("rotation")]
    if not turns:
        return np.tile(np.eye(3), (len(channel_values), 1, 1))
    order = "".join(joint.channels[k][0].upper() for k in turns)
    return Rotation.from_euler(order, channel_values[:, turns], degrees=True).as_matrix()


def _roles(names: Sequence[str], parents: Sequence[int]) -> dict[str, int]:
    """Index of each joint whose name shows an anatomical meaning."""
    plain = [_plain_name(name) for name in names]
    roles: dict[str, int] = {}
    for side in SIDES:
        for role, candidates in SIDED_ROLES.items():
            free = [i for i in range(len(plain)) if i not in roles.values()]
            hits = [i for name in candidates for i in free if plain[i] == (side, name)]
            if hits:
                roles[f"{side}_{role}"] = hits[0]
    heads = [plain.index(("", name)) for name in HEAD_NAMES if ("", name) in plain]
    if heads:
        roles["head"] = heads[0]
    for role, part in (("pelvis", "hip"), ("chest", "shoulder")):
        left, right = roles.get(f"left_{part}"), roles.get(f"right_{part}")
        if left is not None and right is not None:
            roles[role] = _common_ancestor(left, right, parents)
    return roles


def _plain_name(name: str) -> tuple[str, str]:
    """Side (``left``, ``right`` or empty) and bare name of a joint, in lower case."""
    words = re.findall(r"[A-Z]+(?=[A-Z][a-z])|[A-Z]?[a-z]+|[A-Z]+|\d+", name.split(":")[-1])
    words = [word.lower() for word in words]
    side = next((SIDE_WORDS[word] for word in words if word in SIDE_WORDS), "")
    rest = [word for word in words if word not in SIDE_WORDS.keys() | DECORATION]
    return side, "".join(word for word in rest if not word.isdigit())


def _common_ancestor(left: int, right: int, parents: Sequence[int]) -> int:
    """Nearest joint above both: the segment that carries them."""
    above = []
    while left >= 0:
        above.append(left)
        left = parents[left]
    while right not in above:
        right = parents[right]
    return right


def leg_length(positions: FloatArray, roles: dict[str, int]) -> float:
    """Return the median length from hip over knee to ankle, as a mean of both legs."""
    legs = [[roles[f"{side}_{part}"] for part in ("hip", "knee", "ankle")] for side in SIDES]
    lengths = np.linalg.norm(np.diff(positions[:, legs], axis=2), axis=3).sum(axis=2)
    return float(np.median(lengths, axis=0).mean())


def _unit_of(positions: FloatArray, roles: dict[str, int]) -> str:
    """Return the unit in which the legs are as long as a person's."""
    leg = leg_length(positions[:1], roles)
    return min(UNITS_M, key=lambda unit: abs(np.log(max(leg, 1e-9) * UNITS_M[unit] / LEG_LENGTH_M)))


def _upright_of(positions: FloatArray, roles: dict[str, int], name: str) -> int:
    """Return the number of the axis that leads from the ankles to the trunk."""
    hips, ankles = (
        positions[:, [roles[f"left_{part}"], roles[f"right_{part}"]]].mean(axis=1)
        for part in ("hip", "ankle")
    )
    rise = np.median(hips - ankles, axis=0)
    axis = int(np.abs(rise).argmax())
    if rise[axis] < 0:
        raise InputError(
            f"the skeleton stands head down along {'xyz'[axis]}",
            file=name,
            remedy="export it with an upward axis",
        )
    return axis
