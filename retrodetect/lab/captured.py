"""Loaders for motion capture: virtual sensors worn by people whose every frame is known."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from scipy.spatial.transform import Rotation

from retrodetect.lab.labelled import Labelled, Wanted
from retrodetect.sites import PLACEMENTS, SITES

if TYPE_CHECKING:
    from retrodetect.lab.simulate.bvh import Motion, Side

__all__ = ["VIRTUAL_PLACEMENTS", "bvh_clips", "lafan1"]

VIRTUAL_PLACEMENTS = tuple(
    name for name, site in SITES.items() if not site.may_be and name not in ("head", "bag")
)
"""Sites of virtual sensors unless others are named: those that say where around the body the
device is and that real recordings have."""

TRUSTED_IN_LAFAN1 = frozenset(
    name for name, site in SITES.items() if site.group in ("foot", "ankle", "thigh")
)
"""Legs. The robot that LAFAN1 was retargeted to has a stiff trunk, and a wrist shows the travel of
the trunk once the arm is taken out."""

_NO_GAIT = re.compile("hop|jump|leap|skip|crouch|random|urban", re.IGNORECASE)

MIN_CLIP_FRAMES = 20
"""Clips of less than 0.7 s at 30 Hz hold no stride."""


def bvh_clips(path: Path, wanted: Wanted) -> Iterator[Labelled]:
    """Load virtual sensors worn in BVH clips of one actor, or of actors not told apart.

    Parameters
    ----------
    path
        Its folder, with files ``*.bvh.gz``.
    wanted
        Which recordings, and how their sensors are mounted.

    Returns
    -------
    iterator of Labelled
        One for each site, body side and clip. Files do not tell actors apart, so each set
        counts as one person, ``actor``.
    """
    from retrodetect.lab.simulate.bvh import read_bvh

    clips = [(file, "actor") for file in sorted(path.glob("*.bvh.gz"))]
    return _worn(clips, read_bvh, path.name, wanted, PLACEMENTS)


def lafan1(path: Path, wanted: Wanted) -> Iterator[Labelled]:
    """Load virtual sensors on the legs and arms of the LAFAN1 actors.

    Parameters
    ----------
    path
        Its folder, with files ``<what>_subject<number>.npz``.
    wanted
        Which recordings, and how their sensors are mounted.

    Returns
    -------
    iterator of Labelled
        One for each site, body side and capture; captures last about four minutes.

    Notes
    -----
    Harvey et al. 2020, retargeted to a Unitree G1 robot; see
    :mod:`retrodetect.lab.simulate.segments` for how its joints and its size are restored.
    """
    from retrodetect.lab.simulate.segments import read_segments

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
    from retrodetect.lab.simulate.virtual import (
        contact_times_s,
        direction_intervals,
        direction_truth,
        front_axis,
        virtual_sensor,
    )

    both_sides: tuple[Side, Side] = ("left", "right")
    sites = VIRTUAL_PLACEMENTS if wanted.placements is None else sorted(wanted.placements)
    for file, subject in clips:
        worn = [site for site in sites if site in trusted and wanted.takes(site, subject)]
        if not worn or _NO_GAIT.search(file.name):
            continue
        motion = read(file)
        if motion.frames < MIN_CLIP_FRAMES:
            continue
        truth = direction_truth(motion)
        intervals = direction_intervals(truth)
        contacts = {side: contact_times_s(truth, side) for side in both_sides}
        of_both = np.sort(np.concatenate(list(contacts.values())))
        for placement in worn:
            for side in both_sides if SITES[placement].on_limb else both_sides[:1]:
                label = f"{name}/{file.name}#{placement}-{side}"
                mounting = Rotation.identity()
                if wanted.mounting == "random":
                    rng = np.random.default_rng([wanted.seed, *label.encode()])
                    mounting = Rotation.random(rng=rng)
                recording = virtual_sensor(
                    motion, placement, rate_hz=wanted.rate_hz, side=side, mounting=mounting
                )
                yield Labelled(
                    recording.with_(name=label),
                    subject=subject,
                    placement=placement,
                    front=front_axis(mounting),
                    intervals=intervals,
                    virtual=True,
                    contacts_s=contacts[side] if placement in ("foot", "ankle") else of_both,
                )
