"""Training input: which recordings there are, who wore them, and which way they went.

Three ways to say so lead to the same entries: a manifest (a CSV with one line per recording),
folders called ``forward`` and ``backward``, and notes made in the recording app. Nothing is
guessed: whatever is missing, unknown or contradictory is noted with its line.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from itertools import zip_longest
from pathlib import Path

from retrodetect.errors import InputError, UsageError
from retrodetect.formats import Input, discover
from retrodetect.recording import Annotation
from retrodetect.sites import canonical_site

__all__ = ["Entry", "Interval", "Problems", "entries", "from_notes"]

COLUMNS = ("path", "subject", "direction", "labels", "placement", "front", "session", "licence")
"""Columns of a manifest; ``path`` and ``subject`` must be there. Others are passed over."""

LABEL_COLUMNS = ("start_s", "end_s", "direction", "gait")

WORDS = {
    "forward": "forward", "forwards": "forward", "fwd": "forward", "ahead": "forward",
    "backward": "backward", "backwards": "backward", "back": "backward", "bwd": "backward",
    "retro": "backward",
    "sideways": "sideways", "sidestep": "sideways",
    "turning": "turning", "turn": "turning",
    "still": "still", "stop": "still", "stand": "still", "standing": "still", "end": "still",
    "unknown": "unknown", "": "unknown",
}  # fmt: skip
"""What people write, and the direction it means; the direction ``unknown`` teaches nothing."""

FRONTS = tuple(f"{sign}{axis}" for axis in "xyz" for sign in "+-")

ONLY_SUBJECT = "wearer"
"""How the wearer is called where folders or notes name nobody."""


@dataclass(frozen=True, slots=True)
class Interval:
    """A stretch of a recording in which the wearer went one way.

    Parameters
    ----------
    where
        File and line that say so.
    start_s, end_s
        Seconds from the first sample.
    direction
        One of the values of :data:`WORDS`.
    gait
        ``walk`` or ``run``; empty where it is left to be found.
    """

    where: str
    start_s: float
    end_s: float
    direction: str
    gait: str = ""


@dataclass(frozen=True, slots=True)
class Entry:
    """One recording to train on.

    Parameters
    ----------
    where
        Manifest and line, for messages; the path where there is no manifest.
    input
        Its files.
    subject, session
        Who wore it, and when; recordings of one session share the place of the device.
    direction
        Of the whole recording, or None.
    labels
        Intervals, or None. Where neither is given, the app's notes are meant.
    placement, front
        Body site and device axis to the wearer's front, or None.
    licence
        How the recording may be used.
    """

    where: str
    input: Input
    subject: str
    session: str
    direction: str | None = None
    labels: tuple[Interval, ...] | None = None
    placement: str | None = None
    front: str | None = None
    licence: str = "not stated"


@dataclass(slots=True)
class Problems:
    """What forbids training, in the order it was found.

    Parameters
    ----------
    found
        Each with its file and line.
    """

    found: list[str] = field(default_factory=list)

    def note(self, where: str, what: str) -> None:
        """Add one."""
        self.found.append(f"{where}: {what}")


def entries(path: str | Path, problems: Problems) -> list[Entry]:
    """List the recordings of a manifest, a folder or a recording with notes.

    Parameters
    ----------
    path
        Of the manifest, folder or recording.
    problems
        Takes what is wrong. Entries with a fault are listed too, so that whatever else is
        wrong with them comes to light at once.

    Returns
    -------
    list of Entry
    """
    path = Path(path)
    if path.is_dir():
        return list(_from_folder(path, problems))
    if not path.exists():
        problems.note(str(path), "does not exist")
        return []
    rows = _rows(path) if path.suffix.lower() in (".csv", ".tsv", ".txt") else None
    if rows is None or "path" not in rows.names:
        where = str(path)
        return [Entry(where, Input(path, path.name), ONLY_SUBJECT, path.name)]
    return list(_from_manifest(path, rows, problems))


def from_notes(
    notes: Sequence[Annotation], duration_s: float, where: str, problems: Problems
) -> tuple[Interval, ...]:
    """Turn an app's notes into intervals: what a note says holds until the next one.

    Parameters
    ----------
    notes
        In order of time. A note that was pressed for a while holds for that while.
    duration_s
        Of the recording.
    where
        The recording, for messages.
    problems
        Takes notes that name no direction.

    Returns
    -------
    tuple of Interval
        In order of time.
    """
    found = []
    for note, later in zip_longest(notes, notes[1:]):
        next_s = duration_s if later is None else later.start_s
        place = f"{where}, note at {note.start_s:.1f} s"
        direction = _direction(note.text, place, problems)
        end_s = note.end_s if note.end_s > note.start_s else next_s
        if direction is not None and end_s > note.start_s:
            found.append(Interval(place, max(note.start_s, 0.0), end_s, direction))
    return tuple(found)


@dataclass(frozen=True, slots=True)
class _Rows:
    """A table of text: its column names, and its rows with their line numbers."""

    names: tuple[str, ...]
    rows: tuple[tuple[int, Mapping[str, str]], ...]


def _from_manifest(path: Path, table: _Rows, problems: Problems) -> Iterator[Entry]:
    """Entries of a manifest, line by line."""
    for name in set(table.names) - set(COLUMNS):
        if close := get_close_matches(name, COLUMNS, n=1, cutoff=0.75):
            problems.note(f"{path.name}, line 1", f"no column is called {name}; write {close[0]}")
    if "subject" not in table.names:
        problems.note(f"{path.name}, line 1", "column subject is missing; say who wore each")
        return
    if not table.rows:
        problems.note(path.name, "lists no recording")
    found = _Inputs()
    for line, row in table.rows:
        entry = _entry(path.parent, f"{path.name}, line {line}", row, found, problems)
        if entry is not None:
            yield entry


def _entry(
    folder: Path, where: str, row: Mapping[str, str], found: _Inputs, problems: Problems
) -> Entry | None:
    """Entry of one line, if there is a file; what is wrong with it goes to ``problems``."""
    told = {name: row.get(name, "") for name in COLUMNS}
    if not told["path"]:
        problems.note(where, "has no path")
        return None
    file = folder / told["path"]
    if not file.exists():
        problems.note(where, f"{told['path']} does not exist")
        return None
    if not told["subject"]:
        problems.note(where, "has no subject; say who wore it")
    if told["direction"] and told["labels"]:
        problems.note(where, "gives a direction and labels; give one of them")
    direction, labels = None, None
    if told["labels"]:
        labels = _labels(folder / told["labels"], where, problems)
    elif told["direction"]:
        direction = _direction(told["direction"], where, problems)
        labels = () if direction is None else None
        if direction == "unknown":
            problems.note(where, "the direction is unknown, so there is nothing to learn from it")
    if told["front"] and told["front"] not in FRONTS:
        problems.note(where, f"{told['front']!r} is no front; choose from {', '.join(FRONTS)}")
    return Entry(
        where,
        found.of(file, told["path"]),
        told["subject"],
        told["session"] or told["path"],
        direction,
        labels,
        _placement(told["placement"], where, problems),
        told["front"] or None,
        told["licence"] or "not stated",
    )


def _placement(words: str, where: str, problems: Problems) -> str | None:
    """Body site that a manifest names; None for none."""
    if words in ("", "auto"):
        return None
    try:
        return canonical_site(words)
    except UsageError as error:
        problems.note(where, f"{error.reason}; {error.remedy}")
        return None


def _labels(path: Path, where: str, problems: Problems) -> tuple[Interval, ...]:
    """Intervals of a labels file, checked against each other."""
    if not path.is_file():
        problems.note(where, f"labels {path.name} do not exist")
        return ()
    table = _rows(path)
    if table is None:
        problems.note(where, f"labels {path.name} are no text")
        return ()
    if missing := [name for name in LABEL_COLUMNS[:3] if name not in table.names]:
        problems.note(f"{path.name}, line 1", f"column {missing[0]} is missing")
        return ()
    found = []
    for line, row in table.rows:
        place = f"{path.name}, line {line}"
        start_s, end_s = (_seconds(row[name]) for name in ("start_s", "end_s"))
        direction = _direction(row["direction"], place, problems)
        gait = row.get("gait", "")
        if gait not in ("", "walk", "run"):
            problems.note(place, f"{gait!r} is no gait; write walk, run or nothing")
        if start_s is None or end_s is None:
            problems.note(place, "start_s and end_s are not both numbers of seconds")
        elif start_s >= end_s:
            problems.note(place, f"ends at {end_s:g} s, before it starts")
        elif direction is not None:
            found.append(Interval(place, start_s, end_s, direction, gait))
    if not table.rows:
        problems.note(path.name, "holds no interval")
    found.sort(key=lambda one: one.start_s)
    for i, one in enumerate(found):
        for later in found[i + 1 :]:
            if later.start_s >= one.end_s - OVERLAP_S:
                break
            problems.note(later.where, f"overlaps {one.where}")
    return tuple(found)


OVERLAP_S = 0.002
"""Intervals written in milliseconds may share one."""


def _from_folder(root: Path, problems: Problems) -> Iterator[Entry]:
    """Entries of a folder: the nearest folder called after a direction says it.

    The folder above that one names the wearer, if it lies below the root.
    """
    inputs = discover(root)
    if not inputs:
        problems.note(str(root), "holds no recording")
    for one in inputs:
        above = Path(one.name).parts
        names = [part.lower() for part in above]
        told = [i for i, name in enumerate(names) if name in ("forward", "backward")]
        if not told:
            yield Entry(one.name, one, ONLY_SUBJECT, one.name)
            continue
        if len({names[i] for i in told}) > 1:
            problems.note(one.name, "lies below forward and below backward")
            continue
        subject = above[told[0] - 1] if told[0] else ONLY_SUBJECT
        # What is called alike below both folders was recorded on one day.
        session = "/".join(part for i, part in enumerate(above) if i not in told)
        yield Entry(one.name, one, subject, session, direction=names[told[0]])


class _Inputs:
    """Inputs by path, with the side files that discovery finds; each folder is searched once."""

    def __init__(self) -> None:
        self._folders: dict[Path, dict[Path, Input]] = {}

    def of(self, file: Path, name: str) -> Input:
        """Return the input a path stands for, called as in the manifest."""
        if file.is_dir():
            inside = discover(file)
            sides = tuple(path for one in inside for path in one.files)
            return Input(file, name, sides)
        folder = file.parent.resolve()
        if folder not in self._folders:
            self._folders[folder] = {one.path.resolve(): one for one in discover(folder)}
        known = self._folders[folder].get(file.resolve())
        return Input(file, name, known.side_files if known else ())


def _direction(text: str, where: str, problems: Problems) -> str | None:
    """Direction that a word means; None, and a problem, where it is unknown."""
    direction = WORDS.get(text.strip().lower())
    if direction is None:
        problems.note(where, f"{text!r} is no direction; write forward or backward")
    return direction


def _seconds(text: str) -> float | None:
    try:
        found = float(text.replace(",", "."))
    except ValueError:
        return None
    return found if abs(found) < 1e9 else None


def _rows(path: Path) -> _Rows | None:
    """Table of a small text file, its names in lower case; None where it is no text.

    Raises
    ------
    InputError
        Where the file cannot be opened.
    """
    try:
        text = _decoded(path.read_bytes())
    except OSError as error:
        raise InputError(str(error.strerror), file=str(path), remedy="check the path") from error
    if text is None:
        return None
    lines = text.splitlines()
    head = next((line for line in lines if line.strip()), "")
    reader = csv.reader(lines, delimiter=max(",;\t", key=head.count), skipinitialspace=True)
    names: tuple[str, ...] = ()
    rows = []
    for cells in reader:
        cells = [cell.strip() for cell in cells]
        if not any(cells):
            continue
        if not names:
            names = tuple(cell.lower() for cell in cells)
        else:
            padded = cells + [""] * (len(names) - len(cells))
            rows.append((reader.line_num, dict(zip(names, padded, strict=False))))
    return _Rows(names, tuple(rows))


def _decoded(content: bytes) -> str | None:
    """Text in the encodings that spreadsheets write."""
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        return content.decode("utf-16", errors="replace")
    if b"\0" in content:
        return None
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return content.decode("cp1252", errors="replace")
