"""Public data sets as examples, measured once and cached while nothing changes.

Clips of motion capture hold a few strides. People record longer sessions that go both ways, and
direction models are judged by those, so clips of one wearer are joined as if one device had
recorded them in sequence.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd

from retrodetect.features import StrideFeatures
from retrodetect.features.catalogue import NEEDS_GYRO
from retrodetect.lab import Labelled
from retrodetect.lab.datasets import load
from retrodetect.recording import DIRECTION_RATE_HZ, FloatArray
from retrodetect.runs import resume
from retrodetect.runs.pool import in_turn
from retrodetect.training.examples import STAGES, Example, measure

__all__ = [
    "example_of", "is_walked", "joined", "measured_sets", "mixed_sessions", "without_gyroscope",
]  # fmt: skip

SESSIONS_A_SITE = 3
CLIPS_A_WAY = 8
PAUSE_S = 5.0


def measured_sets(
    folder: str | Path, names: Sequence[str], *, cache_folder: str | Path | None = None
) -> dict[str, list[Example]]:
    """Load and measure the recordings that directions are learned from and judged on.

    Recordings sampled too slowly to show a direction are left out. Measurements are cached in
    ``cache_folder``, if set.
    """
    code = resume.code_digest(*STAGES, "training", "lab")
    recall = partial(_remembered, Path(folder), cache_folder, code)
    return dict(zip(names, in_turn(recall, names, None), strict=True))


def example_of(labelled: Labelled) -> Example:
    """Measure a labelled recording, as a session of its own."""
    recording = labelled.recording
    return Example(
        measure(recording), labelled.subject, recording.name, labelled.source, labelled.licence,
        labelled.placement, labelled.front, labelled.intervals, labelled.virtual,
    )  # fmt: skip


def _remembered(
    folder: Path, cache_folder: str | Path | None, code: str, name: str
) -> list[Example]:
    """Examples of a set, measured or read from the cache."""
    files = sorted(path for path in (folder / name).rglob("*") if path.is_file())

    def measured() -> list[Example]:
        loaded = load(folder, name)
        return [example_of(part) for part in loaded if part.recording.rate_hz >= DIRECTION_RATE_HZ]

    return resume.remembered(cache_folder, resume.digest(name, files, code), measured)


def mixed_sessions(
    clips: Sequence[Example], placements: Iterable[str] | None = None
) -> list[Example]:
    """Join walking clips of one wearer, site and side, forward and backward in turn.

    Makes up to three sessions per site and side, each of up to eight clips per direction. The third
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
    """Join measured clips in sequence, with a pause between neighbours."""
    begin_s = np.cumsum([0.0, *(clip.measured.duration_s + PAUSE_S for clip in clips[:-1])])
    parts = [clip.measured.strides for clip in clips]
    strides = _shifted(parts, begin_s)
    bouts = np.cumsum([0, *(part["bout"].nunique() for part in parts[:-1])])
    strides["bout"] += np.repeat(bouts, [len(part) for part in parts])
    features = StrideFeatures.joined(clip.measured.features for clip in clips)
    measured = replace(clips[0].measured, name=name, strides=strides, features=features)
    intervals = _shifted([clip.intervals for clip in clips], begin_s)
    return replace(clips[0], measured=measured, intervals=intervals)


def _shifted(tables: list[pd.DataFrame], begin_s: FloatArray) -> pd.DataFrame:
    """Concatenate tables, each with its times shifted to its beginning."""
    table = pd.concat(tables, ignore_index=True)
    shift_s = np.repeat(begin_s, [len(part) for part in tables])
    return table.assign(start_s=table["start_s"] + shift_s, end_s=table["end_s"] + shift_s)


def without_gyroscope(example: Example) -> Example:
    """Return the same strides as measured without the gyroscope."""
    features = example.measured.features
    vectors = features.vectors.copy()
    vectors[:, -len(NEEDS_GYRO) :] = 0.0
    seen = replace(features, vectors=vectors, gyro_scalars=np.zeros_like(features.gyro_scalars))
    return replace(example, measured=replace(example.measured, features=seen))


def _site(example: Example) -> str:
    """Body site and side, the end of a virtual recording's name."""
    return example.name.split("#")[-1]


def _has(example: Example, direction: str) -> bool:
    return direction in set(example.intervals["direction"])


def is_walked(example: Example) -> bool:
    """Return whether a clip holds walking forward or backward, and no running."""
    spans = zip(example.intervals["direction"], example.intervals["gait"], strict=True)
    gaits = {gait for direction, gait in spans if direction in ("forward", "backward")}
    return bool(len(example.measured.strides)) and gaits == {"walk"}
