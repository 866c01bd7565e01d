"""Labels from a model's guess, for a person to correct and to train on.

``DIR/labels/*.csv`` hold the intervals of each recording, ``DIR/manifest.csv`` lists them as
training takes them. A stretch that the model could not name is called unknown, which teaches
nothing until somebody writes a direction there.
"""

from __future__ import annotations

import csv
import hashlib
import io
import re
from collections.abc import Mapping
from pathlib import Path

import pandas as pd

from retrodetect.errors import UsageError
from retrodetect.locations import identity, make_folder, replacing
from retrodetect.training.manifest import ONLY_SUBJECT

__all__ = ["intervals_of", "write_labels"]

LABELS, MANIFEST = "labels", "manifest.csv"
COLUMNS = ["path", "subject", "labels", "placement"]


def intervals_of(strides: pd.DataFrame) -> pd.DataFrame:
    """Put neighbouring strides that go the same way together, of one recording in order of time."""
    state = strides[["bout", "direction"]]
    stretch = (state != state.shift()).any(axis=1).cumsum()
    intervals = strides.groupby(stretch.to_numpy()).agg(
        {"start_s": "first", "end_s": "last", "direction": "first"}
    )
    # Strides may share a few samples: the later one begins where the earlier one ends.
    intervals["start_s"] = intervals["start_s"].clip(lower=intervals["end_s"].shift())
    intervals = intervals[intervals["end_s"] > intervals["start_s"]]
    return intervals.round({"start_s": 2, "end_s": 2}).reset_index(drop=True)


def write_labels(
    strides: pd.DataFrame, sessions: pd.DataFrame, paths: Mapping[str, Path], out: Path
) -> Path:
    """Write intervals for each recording, and the manifest that lists them.

    Recordings without a path of their own (several in one file) are left out. Labels and rows of
    the manifest that are there already are kept, for somebody may have corrected them.
    """
    folder = make_folder(out / LABELS)
    manifest = out / MANIFEST
    rows = _listed(manifest)
    listed = {row[0] for row in rows}
    placements = dict(zip(sessions["recording"], sessions["placement"], strict=True))
    for name, part in strides.groupby("recording", sort=True):
        path = paths.get(str(name))
        if path is None:
            continue
        file = folder / f"{_file_name(str(name))}.csv"
        if not file.exists():
            with replacing(file) as stream:
                text = intervals_of(part).to_csv(index=False, lineterminator="\n")
                stream.write(text.encode())
        worn_at = str(placements.get(name, ""))
        placement = "" if worn_at.endswith("?") or worn_at == "unknown" else worn_at
        if str(identity(path)) not in listed:
            rows.append([str(identity(path)), ONLY_SUBJECT, f"{LABELS}/{file.name}", placement])
    buffer = io.StringIO()
    csv.writer(buffer, lineterminator="\n").writerows([COLUMNS, *rows])
    with replacing(manifest) as stream:
        stream.write(buffer.getvalue().encode())
    return manifest


def _listed(manifest: Path) -> list[list[str]]:
    """Rows of a manifest that was written before."""
    if not manifest.exists():
        return []
    with manifest.open(encoding="utf-8-sig", newline="") as stream:
        header, *rows = [*csv.reader(stream)] or [[]]
    if header != COLUMNS:
        raise UsageError(
            f"is not a manifest with the columns {', '.join(COLUMNS)}, so it was not overwritten",
            file=str(manifest),
            remedy="choose another folder for the results",
        )
    return [row for row in rows if row]


def _file_name(name: str) -> str:
    """Name for a file: that of the recording, and where it had to change, a digest too."""
    plain = re.sub(r"[^\w.-]+", "_", name)
    if plain == name:
        return name
    return f"{plain}.{hashlib.sha256(name.encode()).hexdigest()[:6]}"
