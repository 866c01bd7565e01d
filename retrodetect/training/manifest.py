"""Training input: the recordings, their wearers, and their directions.

It is read here, and written from a model's guess for a person to correct.

Three sources lead to the same entries: a manifest (a CSV with one line per recording), folders
called ``forward`` and ``backward``, and notes made in the recording app. Nothing is guessed:
anything missing, unknown or contradictory is noted with its line.
"""

from __future__ import annotations

import csv
import hashlib
import io
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from pathlib import Path

import pandas as pd

from retrodetect.direction.anchors import WORDS, Statement
from retrodetect.errors import UsageError
from retrodetect.formats import Input, discover
from retrodetect.formats.files import Neighbours
from retrodetect.locations import identity, make_folder, replacing
from retrodetect.runs.inputs import manifests_in
from retrodetect.sites import canonical_site
from retrodetect.tables import MANIFEST, SmallTable, small_table

__all__ = [
    "Entry", "Problems", "entries", "intervals_of", "read_labels", "write_labels",
]  # fmt: skip

COLUMNS = ("path", "subject", "direction", "labels", "placement", "front", "session", "licence")
"""Columns of a manifest; ``path`` and ``subject`` are required. Others are ignored."""

LABEL_COLUMNS = ("start_s", "end_s", "direction", "gait")

_WRITTEN = ["path", "subject", "labels", "placement"]
"""Columns of a manifest of labels that a model guessed."""

FRONTS = tuple(f"{sign}{axis}" for axis in "xyz" for sign in "+-")

ONLY_SUBJECT = "wearer"
"""Name of the wearer if folders and notes name nobody."""


OVERLAP_S = 0.002
"""Intervals written in milliseconds may overlap by one."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One recording to train on."""

    where: str  # manifest and line, for messages; the path without a manifest
    input: Input  # the recording and the files beside it
    # subject, session: who wore it, and when; recordings of one session share the place of
    # the device
    subject: str
    session: str
    direction: str | None = None  # of the whole recording, or None
    # intervals, or None. Without either, the app's notes count.
    labels: tuple[Statement, ...] | None = None
    # placement, front: body site and device axis to the wearer's front, or None
    placement: str | None = None
    front: str | None = None
    licence: str = "not stated"  # how the recording may be used


@dataclass(slots=True)
class Problems:
    """Problems that prevent training, in the order they were found."""

    sentences: list[str] = field(default_factory=list)  # each with its file and line

    def note(self, where: str, what: str) -> None:
        """Add a problem."""
        self.sentences.append(f"{where}: {what}")


def entries(path: str | Path, problems: Problems) -> list[Entry]:
    """List the recordings of a manifest, a folder or a recording with notes.

    Problems are added to ``problems``. Faulty entries are listed too, so that all their problems
    show in one run.
    """
    path = Path(path)
    if path.is_dir():
        return list(_from_folder(path, problems))
    if not path.exists():
        raise UsageError("does not exist", file=str(path), remedy="check the path")
    rows = small_table(path) if path.suffix.lower() in (".csv", ".tsv", ".txt") else None
    if rows is None or "path" not in rows.names:
        where = str(path)
        return [
            Entry(where, recording, ONLY_SUBJECT, recording.name) for recording in discover(path)
        ]
    return list(_from_manifest(path, rows, problems))


def read_labels(path: Path, where: str, problems: Problems) -> tuple[Statement, ...]:
    """Read a table of labelled intervals, and check them against each other.

    Its columns are ``start_s``, ``end_s``, ``direction`` and optionally ``gait``; ``where`` is the
    place that names the file.
    """
    if not path.is_file():
        problems.note(where, f"labels {path.name} do not exist")
        return ()
    table = small_table(path)
    if table is None:
        problems.note(where, f"labels {path.name} are not a text file")
        return ()
    if missing := [name for name in LABEL_COLUMNS[:3] if name not in table.names]:
        problems.note(f"{path.name}, line 1", f"column {missing[0]} is missing")
        return ()
    intervals = []
    for line, row in table.rows:
        place = f"{path.name}, line {line}"
        start_s, end_s = (_seconds(row[name]) for name in ("start_s", "end_s"))
        direction = _direction(row["direction"], place, problems)
        gait = row.get("gait", "")
        if gait not in ("", "walk", "run"):
            problems.note(place, f"{gait!r} is not a gait; use walk or run, or leave it empty")
        if start_s is None or end_s is None:
            problems.note(place, "start_s and end_s must both be numbers of seconds")
        elif start_s >= end_s:
            problems.note(place, f"ends at {end_s:g} s, before it starts")
        elif direction is not None:
            intervals.append(Statement(start_s, end_s, direction, place, gait))
    if not table.rows:
        problems.note(path.name, "contains no intervals")
    intervals.sort(key=lambda interval: interval.start_s)
    for i, interval in enumerate(intervals):
        for later in intervals[i + 1 :]:
            if later.start_s >= interval.end_s - OVERLAP_S:
                break
            problems.note(later.source, f"overlaps {interval.source}")
    return tuple(intervals)


def intervals_of(strides: pd.DataFrame) -> pd.DataFrame:
    """Join neighbouring strides in the same direction; strides are of one recording, in order."""
    state = strides[["bout", "direction"]]
    stretch = (state != state.shift()).any(axis=1).cumsum()
    intervals = strides.groupby(stretch.to_numpy()).agg(
        {"start_s": "first", "end_s": "last", "direction": "first"}
    )
    # Strides may overlap by a few samples: the later interval begins where the earlier one ends.
    intervals["start_s"] = intervals["start_s"].clip(lower=intervals["end_s"].shift())
    intervals = intervals[intervals["end_s"] > intervals["start_s"]]
    return intervals.round({"start_s": 2, "end_s": 2}).reset_index(drop=True)


def write_labels(
    strides: pd.DataFrame, sessions: pd.DataFrame, paths: Mapping[str, Path], out: Path
) -> Path:
    """Write a model's guess as intervals for each recording, and the manifest that lists them.

    ``labels/*.csv`` hold the intervals, for a person to correct; a stretch that the model could not
    name is called unknown, which teaches nothing until somebody writes a direction there.
    Recordings without a path of their own (several in one file) are left out. Existing labels and
    rows of the manifest stay, since somebody may have corrected them.
    """
    folder = make_folder(out / "labels")
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
            rows.append([str(identity(path)), ONLY_SUBJECT, f"labels/{file.name}", placement])
    buffer = io.StringIO()
    csv.writer(buffer, lineterminator="\n").writerows([_WRITTEN, *rows])
    with replacing(manifest) as stream:
        stream.write(buffer.getvalue().encode())
    return manifest


def _listed(manifest: Path) -> list[list[str]]:
    """Rows of an existing manifest."""
    if not manifest.exists():
        return []
    with manifest.open(encoding="utf-8-sig", newline="") as stream:
        header, *rows = [*csv.reader(stream)] or [[]]
    if header != _WRITTEN:
        raise UsageError(
            f"is not a manifest with the columns {', '.join(_WRITTEN)}, so it was not overwritten",
            file=str(manifest),
            remedy="choose another folder for the results",
        )
    return [row for row in rows if row]


def _file_name(name: str) -> str:
    """File name for a recording: its name, with a digest if it had to change."""
    plain = re.sub(r"[^\w.-]+", "_", name)
    if plain == name:
        return name
    return f"{plain}.{hashlib.sha256(name.encode()).hexdigest()[:6]}"


def _from_manifest(path: Path, table: SmallTable, problems: Problems) -> Iterator[Entry]:
    """Entries of a manifest, line by line."""
    for name in set(table.names) - set(COLUMNS):
        if close := get_close_matches(name, COLUMNS, n=1, cutoff=0.75):
            problems.note(
                f"{path.name}, line 1", f"unknown column {name}; did you mean {close[0]}?"
            )
    if "subject" not in table.names:
        problems.note(
            f"{path.name}, line 1", "column subject is missing; add who wore each recording"
        )
        return
    if not table.rows:
        problems.note(path.name, "lists no recording")
    neighbours = Neighbours()  # lists each folder once
    for line, row in table.rows:
        entry = _entry(path.parent, f"{path.name}, line {line}", row, neighbours, problems)
        if entry is not None:
            yield entry


def _entry(
    folder: Path, where: str, row: Mapping[str, str], neighbours: Neighbours, problems: Problems
) -> Entry | None:
    """Entry of one line, if its file exists; its problems are added to ``problems``."""
    cells = {name: row.get(name, "") for name in COLUMNS}
    if not cells["path"]:
        problems.note(where, "has no path")
        return None
    file = folder / cells["path"]
    if not file.exists():
        problems.note(where, f"{cells['path']} does not exist")
        return None
    if not cells["subject"]:
        problems.note(where, "has no subject; add who wore it")
    if cells["direction"] and cells["labels"]:
        problems.note(where, "has both a direction and labels; keep one")
    direction, labels = None, None
    if cells["labels"]:
        labels = read_labels(folder / cells["labels"], where, problems)
    elif cells["direction"]:
        direction = _direction(cells["direction"], where, problems)
        labels = () if direction is None else None
        if direction == "unknown":
            problems.note(where, "the direction is unknown, so there is nothing to learn from it")
    if cells["front"] and cells["front"] not in FRONTS:
        problems.note(
            where, f"{cells['front']!r} is not a device axis; use one of {', '.join(FRONTS)}"
        )
    return Entry(
        where,
        _input(file, cells["path"], neighbours),
        cells["subject"],
        cells["session"] or cells["path"],
        direction,
        labels,
        _placement(cells["placement"], where, problems),
        cells["front"] or None,
        cells["licence"] or "not stated",
    )


def _placement(words: str, where: str, problems: Problems) -> str | None:
    """Body site that a manifest names, or None."""
    if words in ("", "auto"):
        return None
    try:
        return canonical_site(words)
    except UsageError as error:
        problems.note(where, f"{error.reason}; {error.remedy}")
        return None


def _from_folder(root: Path, problems: Problems) -> Iterator[Entry]:
    """Entries of a folder: the nearest folder named after a direction sets it.

    The folder above that one names the wearer, if it lies below the root.
    """
    manifests = manifests_in([root])
    inputs = [each for each in discover(root) if each.path not in manifests]
    if not inputs:
        problems.note(str(root), "contains no recordings")
    for recording in inputs:
        above = Path(recording.name).parts
        names = [part.lower() for part in above]
        ways = [i for i, name in enumerate(names) if name in ("forward", "backward")]
        if not ways:
            yield Entry(recording.name, recording, ONLY_SUBJECT, recording.name)
            continue
        if len({names[i] for i in ways}) > 1:
            problems.note(recording.name, "is in a forward and in a backward folder")
            continue
        subject = above[ways[0] - 1] if ways[0] else ONLY_SUBJECT
        # Recordings with the same path below both folders are of one day.
        session = "/".join(part for i, part in enumerate(above) if i not in ways)
        yield Entry(recording.name, recording, subject, session, direction=names[ways[0]])


def _input(file: Path, name: str, neighbours: Neighbours) -> Input:
    """Input at a path, with its side files, named as in the manifest."""
    if file.is_dir():
        sides = tuple(path for recording in discover(file) for path in recording.files)
        return Input(file, name, sides)
    return Input(file, name, neighbours.of(file))


def _direction(text: str, where: str, problems: Problems) -> str | None:
    """Direction that a word means; None, and a problem, if unknown."""
    direction = WORDS.get(text.strip().lower())
    if direction is None:
        problems.note(where, f"{text!r} is not a direction; use forward or backward")
    return direction


def _seconds(text: str) -> float | None:
    try:
        seconds = float(text.replace(",", "."))
    except ValueError:
        return None
    return seconds if abs(seconds) < 1e9 else None
