"""Sessions of captured people: their clips behind each other, as if one device had recorded them.

Clips of motion capture hold a few strides. What people record is longer and goes both ways, and
that is what direction models are judged by.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

import numpy as np
import pandas as pd

from retrodetect.direction import StrideEvidence
from retrodetect.training.examples import Example

__all__ = ["is_walked", "joined", "mixed_sessions"]

SESSIONS_A_SITE = 3
CLIPS_A_WAY = 8
PAUSE_S = 5.0


def mixed_sessions(
    clips: Sequence[Example], placements: Iterable[str] | None = None
) -> list[Example]:
    """Put walking clips of one wearer, site and side in turn, forward and backward.

    Returns
    -------
    list of Example
        Up to three sessions for each site and side, of up to eight clips each way. The third
        begins backward.
    """
    wanted = {clip.placement for clip in clips} if placements is None else set(placements)
    walks = [clip for clip in clips if clip.placement in wanted and is_walked(clip)]
    rng = np.random.default_rng(0)
    sessions = []
    for site in sorted({_site(clip) for clip in walks}):
        here = [clip for clip in walks if _site(clip) == site]
        for number in range(SESSIONS_A_SITE):
            order = [here[i] for i in rng.permutation(len(here))]
            back = [clip for clip in order if _has(clip, "backward")][:CLIPS_A_WAY]
            ahead = [clip for clip in order if not _has(clip, "backward")][: len(back)]
            begun = (back, ahead) if number == SESSIONS_A_SITE - 1 else (ahead, back)
            mixed = [clip for pair in zip(*begun, strict=False) for clip in pair]
            if mixed:
                sessions.append(joined(mixed, f"{mixed[0].source} {site} {number}"))
    return sessions


def joined(clips: list[Example], name: str) -> Example:
    """Put measured clips behind each other, with a pause between two.

    Parameters
    ----------
    clips
        At least one; the session takes wearer and site from the first.
    """
    strides, intervals, shift_s, bouts = [], [], 0.0, 0
    for clip in clips:
        part = clip.measured.strides
        strides.append(
            part.assign(
                start_s=part["start_s"] + shift_s,
                end_s=part["end_s"] + shift_s,
                bout=part["bout"] + bouts,
            )
        )
        spans = clip.intervals
        intervals.append(
            spans.assign(start_s=spans["start_s"] + shift_s, end_s=spans["end_s"] + shift_s)
        )
        shift_s += clip.measured.duration_s + PAUSE_S
        bouts += part["bout"].nunique()
    measured = replace(
        clips[0].measured,
        name=name,
        strides=pd.concat(strides, ignore_index=True),
        cues=StrideEvidence.joined([clip.measured.cues for clip in clips]),
    )
    return replace(clips[0], measured=measured, intervals=pd.concat(intervals, ignore_index=True))


def _site(example: Example) -> str:
    """Body site and side, which end the name of a virtual recording."""
    return example.name.split("#")[-1]


def _has(example: Example, direction: str) -> bool:
    return bool((example.intervals["direction"] == direction).any())


def is_walked(example: Example) -> bool:
    """Tell whether a clip holds walking forward or backward, and no running."""
    going = example.intervals["direction"].isin(["forward", "backward"])
    return bool(
        len(example.measured.strides)
        and going.any()
        and (example.intervals.loc[going, "gait"] == "walk").all()
    )
