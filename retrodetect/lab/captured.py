"""Loaders for motion capture: virtual sensors on people whose every frame is known.

The LAFAN1 captures are body segments, retargeted to a Unitree G1 robot. Its thigh and upper-arm
segments begin below the hip and the shoulder, and its leg is longer than a person's, so this
module measures both joints and the unit.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Iterator
from pathlib import Path

import numpy as np
from scipy.spatial.transform import Rotation

from retrodetect.errors import UnreadableFile
from retrodetect.lab import Labelled, Wanted
from retrodetect.lab.simulate import virtual
from retrodetect.lab.simulate.bvh import LEG_LENGTH_M, SIDES, Motion, Side, leg_length, read_bvh
from retrodetect.recording import FloatArray
from retrodetect.sites import LOWER_LEG, PLACEMENTS, SITES

__all__ = ["VIRTUAL_PLACEMENTS", "bvh_clips", "lafan1", "read_segments"]

VIRTUAL_PLACEMENTS = tuple(
    name for name, site in SITES.items() if not site.may_be and name not in ("head", "bag")
)
"""Default sites of virtual sensors: those that real recordings have and that state where around
the body the device is."""

TRUSTED_IN_LAFAN1 = frozenset(
    name for name, site in SITES.items() if site.group in (*LOWER_LEG, "thigh")
)
"""Legs. The robot of LAFAN1 has a stiff trunk, and without the arm's motion a wrist shows only the
travel of the trunk."""

RATE_HZ = 50.0
"""Sampling rate of virtual sensors."""

STRAP_M = 0.05
"""Distance of a device from the bone, in front of a right lower leg; a left one sits outside.
Straps turn, so a model must not depend on the place around the leg."""

_NO_GAIT = re.compile("hop|jump|leap|skip|crouch|random|urban", re.IGNORECASE)

MIN_CLIP_FRAMES = 20
"""Clips of less than 0.7 s at 30 Hz hold no stride."""

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


def bvh_clips(path: Path, wanted: Wanted) -> Iterator[Labelled]:
    """Load virtual sensors worn in BVH clips, one per site, body side and clip.

    The files do not name the actors, so each set counts as one person, ``actor``.
    """
    clips = [(file, "actor") for file in sorted(path.glob("*.bvh.gz"))]
    return _worn(clips, read_bvh, path.name, wanted, PLACEMENTS)


def lafan1(path: Path, wanted: Wanted) -> Iterator[Labelled]:
    """Load virtual sensors on the legs of the LAFAN1 actors, about four minutes each.

    Harvey et al. 2020, retargeted to a Unitree G1 robot; `read_segments` restores its joints and
    its size.
    """
    clips = [(file, file.stem.split("_")[1]) for file in sorted(path.glob("*_subject*.npz"))]
    return _worn(clips, read_segments, path.name, wanted, TRUSTED_IN_LAFAN1)


def _worn(
    clips: Iterable[tuple[Path, str]],
    read: Callable[[Path], Motion],
    name: str,
    wanted: Wanted,
    trusted: Collection[str],
) -> Iterator[Labelled]:
    """Virtual sensors at the wanted sites; front is +x of the unmounted device."""
    sites = VIRTUAL_PLACEMENTS if wanted.placements is None else sorted(wanted.placements)
    for file, subject in clips:
        worn = [site for site in sites if site in trusted and wanted.takes(site, subject)]
        if not worn or _NO_GAIT.search(file.name):
            continue
        motion = read(file)
        if motion.frames < MIN_CLIP_FRAMES:
            continue
        truth = virtual.direction_truth(motion)
        intervals = virtual.direction_intervals(truth)
        contacts = {side: virtual.contact_times_s(truth, side) for side in SIDES}
        of_both = np.sort(np.concatenate(list(contacts.values())))
        for placement in worn:
            for side in SIDES if SITES[placement].on_limb else SIDES[:1]:
                label = f"{name}/{file.name}#{placement}-{side}"
                recording = virtual.virtual_sensor(
                    motion, placement, rate_hz=RATE_HZ, side=side,
                    offset_m=_strap_m(placement, side),
                )  # fmt: skip
                yield Labelled(
                    recording.with_(name=label), subject, placement, np.array([1.0, 0.0, 0.0]),
                    intervals, virtual=True,
                    contacts_s=contacts[side] if SITES[placement].group in LOWER_LEG else of_both,
                )  # fmt: skip


def _strap_m(placement: str, side: Side) -> tuple[float, float, float]:
    """Offset of a strapped device from the place of its site: ahead, left and up."""
    site = SITES[placement]
    if side == "left" or site.segment != "shank":
        return 0.0, 0.0, 0.0
    return STRAP_M, site.offset_m[1], 0.0


def read_segments(path: str | Path) -> Motion:
    """Read a capture of body segments as a skeleton whose leg is `LEG_LENGTH_M` long.

    The ``.npz`` archive has ``segments`` (S names: ``pelvis``, ``chest`` and, prefixed with ``l_``
    or ``r_``, ``thigh``, ``shank``, ``foot``, ``upperarm``, ``forearm``, ``hand``),
    ``position_m`` (F, S, 3; z up), ``quaternion_xyzw`` (F, S, 4; from the segment's frame to the
    world) and ``rate_hz``. It comes from a robot of another size.

    The centre of a hip or a shoulder is the point that stays fixed in both adjoining segments, by
    least squares (Gamage & Lasenby, J Biomech 35, 2002, section 2). In LAFAN1 the two paths of
    this point differ by 6 mm (hip) and 3 mm (shoulder), root mean square.
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
    for side in SIDES:
        for joint, above in BALL_JOINTS.items():
            limb = roles[f"{side}_{joint}"]
            centre = _joint_centre(positions, rotations, roles[above], limb)
            positions[:, limb] += rotations[:, limb] @ centre
    leg_m = leg_length(positions, roles)
    for side in SIDES:
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
    """(3,) point in the limb's frame that also stays fixed in the segment above."""
    both = np.concatenate([rotations[:, limb], -rotations[:, above]], axis=2).reshape(-1, 6)
    between = (positions[:, above] - positions[:, limb]).reshape(-1)
    return np.asarray(np.linalg.lstsq(both, between)[0][:3])
