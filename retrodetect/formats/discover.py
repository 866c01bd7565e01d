"""Inputs: which recordings a file, a folder or an archive holds."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

from retrodetect.errors import InputError
from retrodetect.formats.candidate import Candidate
from retrodetect.formats.columns import classify
from retrodetect.formats.contents import holds_files
from retrodetect.formats.grouping import Main, groups, mains
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
"""Whoever has such a file expects a row for it."""

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
    on_passed_over: Callable[[str], None] = lambda name: _log.info("%s is passed over", name),
) -> list[Input]:
    """Find the inputs below some paths.

    A file that is named is an input whatever it holds. A folder is searched recursively: files of
    one recording become one input, whatever they are called, and files that hold no readings
    (notes, labels) are skipped. Pictures, documents, programs and results of this tool are not
    looked into.

    Parameters
    ----------
    *paths
        Files, folders or URLs; they need not exist (reading such an input fails with the reason).
    columns
        Names of columns, as the user gives them: a table that has them all is a recording.
    on_passed_over
        Called with the path of each file that holds no readings, below its input root.

    Returns
    -------
    list of Input
        Sorted by folder and name, with distinct names; each file once.

    Raises
    ------
    UsageError
        Where a path is empty, as an unset variable of a shell is.
    """
    search = _Search(columns, on_passed_over)
    inputs: dict[Path, Input] = {}
    for one in (one for path in paths for one in search.below(location(path))):
        inputs.setdefault(identity(one.path), one)
    return _distinct(list(inputs.values()))


class _Search:
    """One search for inputs, with what the user told."""

    def __init__(self, columns: Collection[str], on_passed_over: Callable[[str], None]) -> None:
        self._columns, self._on_passed_over = columns, on_passed_over

    def below(self, root: Path) -> Iterator[Input]:
        """Inputs of a file or folder."""
        if not is_folder(root):
            yield Input(root, root.name or str(root))
            return
        folders: dict[Path, list[Path]] = {}
        closed: list[Path] = []
        for path in sorted(_files(root, closed.append)):
            folder = path.parent.parent if path.parent.name == "meta" else path.parent
            folders.setdefault(folder, []).append(path)
        for folder, files in sorted(folders.items()):
            yield from sorted(self._in_folder(root, folder, files), key=lambda one: one.name)
        # Reading one says why nobody may look at it.
        for path in sorted(closed):
            yield Input(path, _name_below(root, path))

    def _in_folder(self, root: Path, folder: Path, files: Sequence[Path]) -> Iterator[Input]:
        named = [
            replace(open_file(path, _MAX_BYTES), name=path.relative_to(folder).as_posix())
            for path in files
        ]
        found: list[Main] = []
        for group in groups(map(Candidate, named)):
            # Copies, which keep no content: that of ten thousand files would fill the memory.
            more, left = mains(file.forgotten() for file in group)
            found += [replace(main, file=main.file.forgotten()) for main in more]
            for file in left:
                path = folder / file.source.name
                name = path.relative_to(root).as_posix()
                if _deserves_a_row(file) or self._is_named(file):
                    yield Input(path, name)
                else:
                    self._on_passed_over(readable(name))
        for main in found:
            yield _input(root, folder, main, alone=len(found) == 1)

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


def _deserves_a_row(file: Candidate) -> bool:
    """Whether a user would miss this file in the results if it were passed over."""
    source = file.source
    ending = Path(source.name).suffix.lower()
    try:
        if holds_files(source) or source.head.startswith(b"version https://git-lfs"):
            return True
        table = file.table
    except InputError:
        return ending in _RECORDING_ENDINGS
    if not table.width:
        is_prose = ending in _PROSE_ENDINGS and is_text(source)
        return ending in _RECORDING_ENDINGS and not is_prose
    sensors = {"acceleration", "linear", "rotation", "magnetic", "gravity", "magnitude", "counts"}
    return any(column.quantity in sensors for column in classify(table))


def _distinct(inputs: Sequence[Input]) -> list[Input]:
    """Inputs whose names do not collide: those of several roots get their folder in front."""
    inputs = [replace(one, name=readable(one.name)) for one in inputs]
    names = [one.name for one in inputs]
    if len(set(names)) == len(names):
        return list(inputs)
    seen: dict[str, int] = {}
    distinct = []
    for one in inputs:
        name = one.name
        if names.count(name) > 1:
            name = f"{one.path.resolve().parent.name}/{name}"
        seen[name] = seen.get(name, 0) + 1
        if seen[name] > 1:
            name = f"{name}~{seen[name]}"
        distinct.append(Input(one.path, name, one.side_files))
    return distinct
