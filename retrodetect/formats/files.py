"""Files: which format reads each, and which belong to the same recording.

Many apps write one file per sensor. Such files share a folder, and their names differ only in the
word for the sensor (``walk_Accelerometer.csv``, ``walk_Gyroscope.csv``). The name without that word
is their `key`. Other files in the folder have different keys.
"""

from __future__ import annotations

import importlib
import logging
import os
import pkgutil
import re
from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import cache, cached_property, lru_cache, partial
from pathlib import Path, PurePosixPath
from typing import Any, NamedTuple

from retrodetect.errors import InputError
from retrodetect.formats.draft import Draft, ReadOptions
from retrodetect.formats.source import Source, holds_files, open_file
from retrodetect.formats.table import Table, sniff
from retrodetect.formats.text import is_text
from retrodetect.locations import identity, is_folder, location, readable
from retrodetect.tables import RESULTS, written_in

__all__ = [
    "CERTAIN", "LIKELY", "NO", "POSSIBLE", "Candidate", "Format", "Input", "Neighbours", "Role",
    "discover", "formats", "has", "mains", "recognised",
]  # fmt: skip

NO, POSSIBLE, LIKELY, CERTAIN = 0, 1, 2, 3
"""Confidence in a format: no match, a common structure, a rare structure, a signature."""


@dataclass(frozen=True)
class Candidate:
    """A file that may be a recording.

    Parameters
    ----------
    source
        The bytes of the file.
    companions
        Other files of the same recording.
    """

    source: Source
    companions: tuple[Candidate, ...] = ()

    @cached_property
    def table(self) -> Table:
        """The file as a text table; its width is 0 if it isn't one."""
        return sniff(self.source)

    @property
    def was_cut_off(self) -> bool:
        """Whether its table was read and ends within a row."""
        return "table" in self.__dict__ and self.table.is_cut_off

    def among(self, files: Iterable[Candidate]) -> Candidate:
        """Return the file with the others as companions, without reading its table again."""
        companions = tuple(file for file in files if file.source.name != self.source.name)
        changed = replace(self, companions=companions)
        changed.__dict__.update({"table": self.table} if "table" in self.__dict__ else {})
        return changed


@dataclass(frozen=True, slots=True)
class Role:
    """The part that a file plays in a recording.

    Parameters
    ----------
    has_acceleration
        Whether a recording can be read from it; if not, it is a side file.
    device
        Distinguishes devices that share an export, such as a phone and a watch.
    rank
        If several files hold the same device's acceleration, the highest rank is read.
    """

    has_acceleration: bool = True
    device: str = ""
    rank: int = 0


@dataclass(frozen=True, slots=True)
class Format:
    """One export format.

    Parameters
    ----------
    name
        Name of the format in results.
    recognise
        Returns how well a file matches (`NO` to `CERTAIN`), judged by its head.
    read
        Returns the recordings of a file.
    role
        Returns the part that a file plays among its companions.
    is_folder
        Whether an export of this format is a folder of files with fixed names.
    """

    name: str
    recognise: Callable[[Candidate], int]
    read: Callable[[Candidate, ReadOptions], list[Draft]]
    role: Callable[[Candidate], Role] = lambda _: Role()
    is_folder: bool = False


def has(
    sure: int, *columns: str | tuple[str, ...], head: bytes = b""
) -> Callable[[Candidate], int]:
    """Recognise a file by its first bytes, or a table by its columns.

    Parameters
    ----------
    sure
        Confidence if the file matches.
    *columns
        Names of columns that the table must all have; of a tuple of names, one is enough.
    head
        Pattern that the first bytes must match; a dot matches any byte.

    Returns
    -------
    callable
        Function for `Format.recognise`: returns the confidence in a file.
    """
    begin = re.compile(head, re.DOTALL)
    alternatives = [(names,) if isinstance(names, str) else names for names in columns]

    def recognise(file: Candidate) -> int:
        if not begin.match(file.source.head):
            return NO
        return sure if all(any(map(file.table.has, names)) for names in alternatives) else NO

    return recognise


@cache
def formats() -> tuple[Format, ...]:
    """All formats, sorted by name."""
    from retrodetect.formats import exports

    collected: list[Format] = []
    for module in pkgutil.iter_modules(exports.__path__):
        collected += importlib.import_module(f"{exports.__name__}.{module.name}").FORMATS
    return tuple(sorted(collected, key=lambda form: form.name))


def recognised(file: Candidate) -> Format | None:
    """Return the format that matches a file best; None if none does.

    Parameters
    ----------
    file
        The file with its companions.

    Returns
    -------
    Format or None
        The format with the highest confidence; on a tie, the first by name.
    """
    scores = [(form.recognise(file), form) for form in formats()]
    score, best = max(scores, key=lambda pair: pair[0])
    return best if score > NO else None


_SENSOR_WORDS = (
    r"(?:watch|linear|total|free|raw|user|wrist|headphone|metadata|meta|lin)?[ _]?"
    r"(?:acceleration|accelerometer|accel|acc|gyroscope|gyro|gyr|magnetometer|magnetic ?field|mag|"
    r"motion|gravity|data|device|time|pressure|barometer|location|gps)"
    r"(?:[ _]?uncalibrated)?|metadata|annotation|orientation|pedometer|stepcounter|heart ?rate|"
    r"microphone|light|camera|network|activity|battery|brightness|compass|headphone|linear|earth|"
    r"sensors|euler|quaternion|temperature|humidity|altimeter|altitude|matrix|bvp|eda|hr|ibi|temp|"
    r"tags|info|meta"
)
_LEFT_OUT = re.compile(
    r"(?:[_ ]?(?<!\d)\d++(?:\.\d++)?Hz)|(?:\.[a-z][a-z0-9]{0,4}){1,9}$", re.IGNORECASE
)
"""File endings, and the rate that some apps add to the names of sensor files."""

_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_WORD = re.compile(rf"(?<![a-z])(?:{_SENSOR_WORDS})(?![a-z])", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Main:
    """A file from which a recording is read, with its companions."""

    file: Candidate
    format: Format
    role: Role


@lru_cache(maxsize=1 << 16)
def key(name: str) -> str:
    """File name without the word for its sensor; equal for all files of a recording.

    Files in the folder ``meta`` of phyphox count as files of the parent folder.
    """
    path = PurePosixPath(name)
    folder = path.parent.parent if path.parent.name == "meta" else path.parent
    stem = _LEFT_OUT.sub("", path.name)
    words = list(_WORD.finditer(stem)) or list(_WORD.finditer(_CAMEL.sub(" ", stem)))
    if not words or path.suffix.lower() == ".zip":
        return f"{folder}/{path.name}"
    last = words[-1]
    text = last.string
    return (
        f"{folder}/\0{text[: last.start()].strip(' _-')}\0{text[last.end() :].strip(' _-')}".lower()
    )


class Neighbours:
    """Files of the same recording, by their `key`; lists each folder once."""

    def __init__(self) -> None:
        self._listed = cache(_listed)

    def of(self, path: Path) -> tuple[Path, ...]:
        """Return the files that belong to one, in its folder or in ``meta`` below it."""
        alike = self._listed(path.parent).get(key(path.name), [])
        return tuple(other for other in alike if other.name != path.name and other.is_file())


def _listed(folder: Path) -> dict[str, list[Path]]:
    """Visible files of a folder, grouped by key."""
    named: dict[str, Path] = {}
    # A folder that cannot be listed may still hold readable files; stores raise their own errors.
    with suppress(OSError if isinstance(folder, Path) else Exception):
        named |= {file.name: file for file in folder.iterdir()}
    if "meta" in named:
        named |= {f"meta/{file.name}": file for file in named.pop("meta").glob("*")}
    visible = [name for name in sorted(named) if not named[name].name.startswith(".")]
    return {stem: [named[name] for name in names] for stem, names in by_key(visible).items()}


def by_key(names: Iterable[str]) -> dict[str, list[str]]:
    """Group names by `key`, in order of appearance."""
    grouped: dict[str, list[str]] = defaultdict(list)
    for name in names:
        grouped[key(name)].append(name)
    return grouped


def mains(files: Iterable[Candidate]) -> tuple[list[Main], list[Candidate]]:
    """Find the recordings among files, one per device, and the files that belong to none.

    Parameters
    ----------
    files
        Files of one folder or archive.

    Returns
    -------
    list of Main
        One file per recording, with its companions.
    list of Candidate
        Files that belong to no recording, or are damaged.
    """
    chosen: list[Main] = []
    leftovers: list[Candidate] = []
    named = {file.source.name: file for file in files}
    for names in by_key(named).values():
        group = [named[name] for name in names]
        rivals: dict[tuple[str, str], list[Main]] = defaultdict(list)
        side_files: list[Candidate] = []
        for file in group:
            try:
                file = file.among(group)
                form = recognised(file)
                role = form.role(file) if form else Role(has_acceleration=False)
            except InputError:
                leftovers.append(file)
                continue
            if form and role.has_acceleration:
                rivals[form.name, role.device].append(Main(file, form, role))
            else:
                side_files.append(file)
        for candidates in rivals.values():
            top = max(main.role.rank for main in candidates)
            chosen += [main for main in candidates if main.role.rank == top]
        leftovers += [] if rivals else side_files
    return chosen, leftovers


_log = logging.getLogger(__name__)

_RECORDING_ENDINGS = {
    ".csv", ".tsv", ".txt", ".gz", ".xz", ".bz2", ".zip", ".cwa", ".bin", ".gt3x", ".mat", ".avro",
    ".xls", ".xlsx", ".json",
}  # fmt: skip
"""Users expect these files to be read, or to learn why they are not."""

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
"""Endings of other kinds of file, which are not opened."""

_TOGETHER = 256
"""Groups of files per task: about 1 s of work, enough to be worth a process."""


@dataclass(frozen=True, slots=True)
class Input:
    """One recording to read.

    Parameters
    ----------
    path
        The file to pass to ``read``.
    name
        Name in results: the path below the input root.
    side_files
        Other files of the same recording.
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
    mapper: Callable[..., Iterable[Any]] = map,
) -> list[Input]:
    """Find the inputs below some paths.

    A file passed by name is always an input. A folder is searched recursively; the files of one
    recording become one input. Files without sensor data (notes, labels) are skipped with a reason.
    Hidden files, pictures, documents, programs and results of retrodetect are not opened.

    Parameters
    ----------
    *paths
        Files, folders or URLs. They need not exist: reading a missing file reports it.
    columns
        Names of columns chosen by the user. A table that has them all is a recording.
    on_skipped
        Called with each skipped file and the reason.
    mapper
        Applies a function to each part of a folder and keeps the order, as `map` does; it may use
        other processes.

    Returns
    -------
    list of Input
        Sorted by folder and name, without duplicates; names are unique.

    Raises
    ------
    UsageError
        If a path is empty, as from an unset shell variable.
    """
    search = _Search(columns, mapper)
    inputs: dict[Path, Input] = {}
    for path in paths:
        for recording in search.below(location(path)):
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


class _Seen(NamedTuple):
    """A file that was opened and judged."""

    file: Input
    is_recording: bool
    is_folder: bool = False  # whether an export of its format is a folder
    reason: str = ""  # why it is skipped; empty if it should be read


class _Search:
    """A search for inputs; also collects skipped files with the reason."""

    def __init__(self, columns: Collection[str], mapper: Callable[..., Iterable[Any]]) -> None:
        self._columns, self._mapper = columns, mapper
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
        # Reading such a file reports the reason.
        for path in sorted(closed):
            yield Input(path, _name_below(root, path))

    def _in_folder(self, root: Path, folder: Path, files: Sequence[Path]) -> list[Input]:
        together = [*by_key(path.relative_to(folder).as_posix() for path in files).values()]
        parts = [together[at : at + _TOGETHER] for at in range(0, len(together), _TOGETHER)]
        look = partial(_judged, root, folder, self._columns)
        seen = [item for part in self._mapper(look, parts) for item in part]
        self.skipped += [(item.file, item.reason) for item in seen if item.reason]
        inputs = [item.file for item in seen if not item.reason]
        recordings = [item for item in seen if item.is_recording]
        if len(recordings) == 1 and recordings[0].is_folder and recordings[0].file.side_files:
            # A folder that is a single export gives the recording its name.
            whole = recordings[0].file
            inputs[inputs.index(whole)] = replace(whole, name=_name_below(root, folder))
        return inputs


def _judged(
    root: Path, folder: Path, columns: Collection[str], groups: Iterable[Sequence[str]]
) -> list[_Seen]:
    """Judge groups of files: recordings, and other files with the reason to skip them, if any.

    Content is dropped: that of ten thousand files would fill the memory.
    """
    seen: list[_Seen] = []
    for group in groups:
        sources = (
            replace(open_file(folder / name, ReadOptions().max_bytes), name=name) for name in group
        )

        def entry(file: Candidate, sides: Iterable[str]) -> Input:
            path = folder / file.source.name
            return Input(path, _name_below(root, path), tuple(folder / side for side in sides))

        recordings, leftovers = mains(map(Candidate, sources))
        for main in recordings:
            sides = (side.source.name for side in main.file.companions)
            seen.append(_Seen(entry(main.file, sides), True, main.format.is_folder))
        for file in leftovers:
            sides = (name for name in group if name != file.source.name)
            is_named = bool(columns) and file.table.has(*columns)
            reason = "" if is_named else _reason_to_skip(file)
            seen.append(_Seen(entry(file, sides), False, reason=reason))
    return seen


def _name_below(root: Path, path: Path) -> str:
    """Name of a file or folder relative to the search root, or of the root itself."""
    return path.relative_to(root).as_posix() if path != root else root.resolve().name


def _everything(root: Path, on_closed: Callable[[Path], None]) -> Iterator[Path]:
    """Everything below a folder; hidden folders and links to folders are not entered."""
    if not isinstance(root, Path):
        yield from root.rglob("*")
        return
    walk = os.walk(root, onerror=lambda error: on_closed(Path(error.filename)))
    for folder, folders, files in walk:
        yield from (Path(folder, name) for name in (*folders, *files))
        folders[:] = [name for name in folders if not name.startswith(".")]


def _files(root: Path, on_closed: Callable[[Path], None]) -> Iterator[Path]:
    """Files that could be recordings; hidden files and results of a run are skipped."""
    results_in = cache(written_in)
    for path in _everything(root, on_closed):
        hidden = any(part.startswith(".") for part in path.relative_to(root).parts)
        if hidden or path.suffix.lower() in _OTHER_ENDINGS:
            continue
        try:
            is_result = path.name in RESULTS and path.name in results_in(path.parent)
            if not is_result and path.is_file():
                yield path
            elif not is_result and not path.is_dir():  # a pipe, or a link to nowhere
                on_closed(path)
        except OSError:
            on_closed(path)


def _reason_to_skip(file: Candidate) -> str:
    """Why a file is skipped; empty if the user expects it to be read."""
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
    is_recorded = any(column.quantity in sensors for column in table.columns)
    return "" if is_recorded else "no column is named after a sensor"


def _distinct(inputs: Sequence[Input]) -> list[Input]:
    """Make the names of inputs unique; colliding names get their folder in front."""
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
