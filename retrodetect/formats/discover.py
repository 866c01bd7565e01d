"""Inputs: which recordings a file, a folder or an archive holds."""

from __future__ import annotations

import logging
import os
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

from retrodetect.errors import InputError
from retrodetect.formats.columns import classify
from retrodetect.formats.contents import holds_files
from retrodetect.formats.grouping import Main, Neighbours, groups, mains
from retrodetect.formats.registry import Candidate
from retrodetect.formats.source import open_file
from retrodetect.formats.text import is_text
from retrodetect.locations import identity, is_folder, location, readable
from retrodetect.results import RESULTS, written_in

__all__ = ["Input", "discover"]

_log = logging.getLogger(__name__)

_RECORDING_ENDINGS = {
    ".csv", ".tsv", ".txt", ".gz", ".xz", ".bz2", ".zip", ".cwa", ".bin", ".gt3x", ".mat", ".avro",
    ".xls", ".xlsx", ".json",
}  # fmt: skip
"""A user who has such a file expects it to be read, or to learn why not."""

_PROSE_ENDINGS = {".txt", ".json"}
_OTHER_ENDINGS = {
    ".png", ".jpg", ".jpeg", ".gif", ".bmp", ".svg", ".webp", ".heic", ".tif", ".tiff", ".ico",
    ".mp3", ".mp4", ".mov", ".avi", ".mkv", ".wav", ".m4a", ".pdf", ".doc", ".docx", ".odt", ".ods",
    ".rtf", ".ppt", ".pptx", ".md", ".rst", ".tex", ".html", ".htm", ".css", ".xml", ".yml",
    ".yaml", ".toml", ".ini", ".cfg", ".py", ".pyc", ".pyi", ".ipynb", ".m", ".r", ".c", ".h",
    ".cpp", ".java", ".js", ".ts", ".sh", ".bat", ".ps1", ".exe", ".dll", ".so", ".dylib", ".jar",
    ".apk", ".db", ".sqlite", ".lock", ".tmp", ".part", ".npy", ".npz", ".pkl", ".skops", ".bvh",
    ".c3d",
}  # fmt: skip
"""Files that are plainly something else, and are not even looked into."""

_MAX_BYTES = 4 * 2**30


@dataclass(frozen=True, slots=True)
class Input:
    """One recording to read.

    Parameters
    ----------
    path
        The file to give to ``read``.
    name
        How results call it: the path below the input root.
    side_files
        What belongs to the same recording.
    """

    path: Path
    name: str
    side_files: tuple[Path, ...] = ()

    @property
    def files(self) -> tuple[Path, ...]:
        """All its files."""
        return (self.path, *self.side_files)


def discover(
    *paths: str | Path,
    columns: Collection[str] = (),
    on_skipped: Callable[[Input, str], None] = lambda file, why: _log.info(
        "%s: %s", file.name, why
    ),
) -> list[Input]:
    """Find the inputs below some paths.

    A file that is named is an input, whatever it holds. A folder is searched recursively: the files
    of one recording become one input, whatever they are called. Files without sensor data (notes,
    labels) are skipped with a reason. Hidden files, pictures, documents, programs and the results
    of this tool are not looked into.

    Parameters
    ----------
    *paths
        Files, folders or URLs; they need not exist (reading such an input fails with the reason).
    columns
        Names of columns, as the user gives them: a table that has them all is a recording.
    on_skipped
        Called with each skipped file and the reason.

    Returns
    -------
    list of Input
        Sorted by folder and name, with distinct names; each file once.

    Raises
    ------
    UsageError
        Where a path is empty, as an unset variable of a shell is.
    """
    search = _Search(columns)
    inputs: dict[Path, Input] = {}
    for recording in (each for path in paths for each in search.below(location(path))):
        inputs.setdefault(identity(recording.path), recording)
    used = {identity(path) for recording in inputs.values() for path in recording.files}
    skipped = {
        identity(file.path): (file, reason)
        for file, reason in search.skipped
        if identity(file.path) not in used
    }
    distinct = _distinct([*inputs.values(), *(file for file, _ in skipped.values())])
    for file, (_, reason) in zip(distinct[len(inputs) :], skipped.values(), strict=True):
        on_skipped(file, reason)
    return distinct[: len(inputs)]


class _Search:
    """One search for inputs, and the files that it skips, each with the reason."""

    def __init__(self, columns: Collection[str]) -> None:
        self._columns = columns
        self._neighbours = Neighbours()
        self.skipped: list[tuple[Input, str]] = []

    def below(self, root: Path) -> Iterator[Input]:
        """Inputs of a file or folder."""
        if not is_folder(root):
            yield Input(root, root.name or str(root), self._neighbours.of(root))
            return
        folders: dict[Path, list[Path]] = {}
        closed: list[Path] = []
        for path in sorted(_files(root, closed.append)):
            folder = path.parent.parent if path.parent.name == "meta" else path.parent
            folders.setdefault(folder, []).append(path)
        for folder, files in sorted(folders.items()):
            inputs = self._in_folder(root, folder, files)
            yield from sorted(inputs, key=lambda recording: recording.name)
        # Reading such a file gives the reason.
        for path in sorted(closed):
            yield Input(path, _name_below(root, path))

    def _in_folder(self, root: Path, folder: Path, files: Sequence[Path]) -> Iterator[Input]:
        named = [
            replace(open_file(path, _MAX_BYTES), name=path.relative_to(folder).as_posix())
            for path in files
        ]
        recordings: list[Main] = []
        for group in groups(map(Candidate, named)):
            # Copies, which keep no content: that of ten thousand files would fill the memory.
            more, left = mains(file.forgotten() for file in group)
            recordings += [replace(main, file=main.file.forgotten()) for main in more]
            for file in left:
                path = folder / file.source.name
                name = path.relative_to(root).as_posix()
                other = Input(path, name, self._neighbours.of(path))
                reason = "" if self._is_named(file) else _reason_to_skip(file)
                if reason:
                    self.skipped.append((other, reason))
                else:
                    yield other
        for main in recordings:
            yield _input(root, folder, main, alone=len(recordings) == 1)

    def _is_named(self, file: Candidate) -> bool:
        """Whether a file is a table with the columns that the user named."""
        return bool(self._columns) and file.table.has(*self._columns)


def _name_below(root: Path, path: Path) -> str:
    """Name of what is below the folder searched, or of that itself."""
    return path.relative_to(root).as_posix() if path != root else root.resolve().name


def _everything(root: Path, on_closed: Callable[[Path], None]) -> Iterator[Path]:
    """Files and folders below one; hidden folders and links to folders are not entered."""
    if not isinstance(root, Path):
        yield from root.rglob("*")
        return
    walk = os.walk(root, onerror=lambda error: on_closed(Path(error.filename)))
    for folder, folders, files in walk:
        yield from (Path(folder, name) for name in (*folders, *files))
        folders[:] = [name for name in folders if not name.startswith(".")]


def _files(root: Path, on_closed: Callable[[Path], None]) -> Iterator[Path]:
    """Files that could be recordings; hidden ones and the results of a run left out."""
    results_in = cache(written_in)
    for path in _everything(root, on_closed):
        hidden = any(part.startswith(".") for part in path.relative_to(root).parts)
        if hidden or path.suffix.lower() in _OTHER_ENDINGS:
            continue
        try:
            is_result = path.name in RESULTS and path.name in results_in(path.parent)
            if not is_result and path.is_file():
                yield path
        except OSError:
            on_closed(path)


def _input(root: Path, folder: Path, main: Main, *, alone: bool) -> Input:
    """Input of a recording; a folder that is one multi-file export gives its name."""
    path = folder / main.file.source.name
    name = path.relative_to(root).as_posix()
    if alone and main.format.is_folder and main.file.companions:
        name = _name_below(root, folder)
    sides = tuple(folder / side.source.name for side in main.file.companions)
    return Input(path, name, sides)


def _reason_to_skip(file: Candidate) -> str:
    """Why a file is skipped; empty if its user would rather learn why it cannot be read."""
    source = file.source
    ending = Path(source.name).suffix.lower()
    is_expected = ending in _RECORDING_ENDINGS
    try:
        if holds_files(source) or source.head.startswith(b"version https://git-lfs"):
            return ""
        table = file.table
    except InputError as error:
        return "" if is_expected else error.reason
    if not table.width:
        is_prose = ending in _PROSE_ENDINGS and is_text(source)
        return "" if is_expected and not is_prose else "not a table of numbers"
    sensors = {"acceleration", "linear", "rotation", "magnetic", "gravity", "magnitude", "counts"}
    is_recorded = any(column.quantity in sensors for column in classify(table))
    return "" if is_recorded else "no column is named like one of a sensor"


def _distinct(inputs: Sequence[Input]) -> list[Input]:
    """Inputs whose names do not collide: those of several roots get their folder in front."""
    inputs = [replace(file, name=readable(file.name)) for file in inputs]
    times = Counter(file.name for file in inputs)
    if len(times) == len(inputs):
        return list(inputs)
    seen: dict[str, int] = {}
    distinct = []
    for file in inputs:
        name = file.name
        if times[name] > 1:
            name = f"{file.path.resolve().parent.name}/{name}"
        seen[name] = seen.get(name, 0) + 1
        if seen[name] > 1:
            name = f"{name}~{seen[name]}"
        distinct.append(replace(file, name=name))
    return distinct
