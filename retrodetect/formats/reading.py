"""Reading: from a path to recordings."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Generic, TypeVar

from retrodetect.errors import InputError, RefusedRecording, UnreadableFile, UsageError
from retrodetect.formats.assemble import assemble
from retrodetect.formats.candidate import Candidate
from retrodetect.formats.contents import contents
from retrodetect.formats.devices import numbered
from retrodetect.formats.discover import discover
from retrodetect.formats.draft import Draft
from retrodetect.formats.grouping import key, mains, with_companions
from retrodetect.formats.options import ReadOptions
from retrodetect.formats.recut import joined, recut
from retrodetect.formats.registry import Format, recognised
from retrodetect.formats.source import Source, open_file
from retrodetect.locations import location
from retrodetect.recording import Recording

__all__ = ["pieces", "read"]

_DEFAULT = ReadOptions()

T = TypeVar("T")
Parts = Iterator[Recording]


def read(
    path: str | Path, *, name: str | None = None, options: ReadOptions = _DEFAULT
) -> list[Recording]:
    """Read whatever an app or a device wrote.

    Parameters
    ----------
    path
        A file, an archive, or a folder. Files of the same recording beside it are found.
    name
        How the recording is called; by default the name of the file.
    options
        What overrides the reader's conclusions.

    Returns
    -------
    list of Recording
        One, or several where the file holds several devices or people (their names then end in
        ``#part``).

    Raises
    ------
    UnreadableFile
        Where the file is missing, empty, damaged or no recording.
    RefusedRecording
        Where it is understood but cannot honestly be used.
    """
    recordings: list[Recording] = []
    for found in _open(location(path), name, options):
        whole = _each([partial(joined, parts) for parts in found.recordings])
        whole.failures[:0] = found.failures
        if not whole.recordings:
            raise whole.failures[0]
        first, *others = whole.recordings
        recordings += [_noted(first, whole.failures), *others]
    return recordings


def pieces(
    path: str | Path,
    *,
    name: str | None = None,
    options: ReadOptions = _DEFAULT,
    grain_s: float = 60.0,
) -> list[Iterator[Recording]]:
    """Read as `read` does, but deliver each recording in consecutive pieces.

    What a stage makes of pieces it makes of a recording of any length in bounded memory::

        for parts in pieces("week.cwa"):
            for piece in parts:
                print(piece.time_s[0], len(piece.time_s))

    The pieces of a recording share name, rate, findings, annotations and start time, and their
    ``time_s`` goes on from one to the next; put together they are what `read` returns. Warnings
    grow from piece to piece: those of the last piece are the recording's.

    A piece is some 260,000 rows, and little more is in memory, for tables with one clock,
    GENEActiv, Axivity and ActiGraph. Formats and recordings that need all their rows at once
    (clocks that came in bursts, several wearers in one table, JSON, workbooks) are read whole, as
    one piece.

    Parameters
    ----------
    path, name, options
        As for `read`.
    grain_s
        Pieces are cut where a whole number of these seconds is over, so that a mean over a
        second, say, is never cut in two.

    Returns
    -------
    list of iterators
        One for each recording. The beginning of each is read before this returns, and with it
        everything about the recording is settled.

    Raises
    ------
    UnreadableFile
        As `read`; where a file turns out to be damaged further on, the iterator raises it.
    RefusedRecording
        As `read`.
    UsageError
        Where ``grain_s`` is no length.
    """
    if not grain_s > 0:
        raise UsageError(f"pieces cannot be cut every {grain_s!r} s")
    return [
        recut(_all_noted(parts, one.failures if number == 0 else []), grain_s)
        for one in _open(location(path), name, options)
        for number, parts in enumerate(one.recordings)
    ]


@dataclass
class _Found(Generic[T]):
    """Recordings of a file, and what went wrong with others in it."""

    recordings: list[T] = field(default_factory=list)
    failures: list[InputError] = field(default_factory=list)


def _open(path: Path, name: str | None, options: ReadOptions) -> list[_Found[Parts]]:
    """Begin to read each recording of a file or folder."""
    try:
        if path.is_dir():
            return _open_folder(path, name, options)
        if not path.is_file() and path.exists():
            # A pipe or a device may never come to an end, and cannot be read twice.
            raise UnreadableFile(
                "is neither a file nor a folder", file=str(path), remedy="save it to a file first"
            )
        file = with_companions(
            Candidate(open_file(path, options.max_bytes)), _siblings(path, options)
        )
    except FileNotFoundError as error:
        raise UnreadableFile("does not exist", file=str(path), remedy="check the path") from error
    except OSError as error:
        raise UnreadableFile(
            f"cannot be read ({error.strerror or error})",
            file=str(path),
            remedy="see who may read it",
        ) from error
    return [_open_file(file, name or path.name, options)]


def _open_folder(path: Path, name: str | None, options: ReadOptions) -> list[_Found[Parts]]:
    """Begin to read every recording of a folder."""
    next(path.iterdir(), None)  # raises where nobody may look into it
    inputs = discover(path, columns=options.columns.values())
    if not inputs:
        raise UnreadableFile("holds no recording", file=str(path), remedy="check the path")
    only = len(inputs) == 1 and name
    return [
        found for one in inputs for found in _open(one.path, name if only else one.name, options)
    ]


def _siblings(path: Path, options: ReadOptions) -> list[Candidate]:
    """Files in the folder of a file, and in a folder ``meta`` beside it."""
    folder, own = path.parent, key(path.name)
    named: dict[str, Path] = {}
    # Who may not list a folder may still read files in it; a store's client has its own errors.
    with suppress(OSError if isinstance(path, Path) else Exception):
        named |= {file.name: file for file in folder.iterdir()}
    if "meta" in named:
        named |= {f"meta/{file.name}": file for file in named.pop("meta").glob("*")}
    return [
        Candidate(replace(open_file(file, options.max_bytes), name=name))
        for name, file in sorted(named.items())
        # Looked at by name first, for there may be thousands.
        if key(name) == own and not file.name.startswith(".") and file.is_file()
    ]


def _open_file(file: Candidate, name: str, options: ReadOptions) -> _Found[Parts]:
    """Begin to read one file with its companions, or each recording of an archive."""
    source = file.source
    if not source.head:
        raise UnreadableFile("is empty", file=source.label, remedy="export it again")
    if source.head.startswith(b"version https://git-lfs"):
        raise RefusedRecording(
            "is a Git LFS pointer, not the file itself",
            file=source.label,
            remedy="fetch the file with `git lfs pull`",
        )
    one = recognised(file)
    if one is not None:
        drafts = one.read(file, options)
        parts = numbered([draft.part for draft in drafts])
        found = _each(
            [
                partial(_resolve, draft.with_(part=part), name, source, one, options)
                for draft, part in zip(drafts, parts, strict=True)
            ]
        )
        if not found.recordings:
            raise found.failures[0]
        return found
    members = contents(source)
    if members is not None:
        return _open_members(source, members, name, options)
    raise UnreadableFile(
        "is no table of numbers, and no recording of a known app or sensor",
        file=source.label,
        remedy="give what the app exports, as csv where it can be chosen",
    )


def _open_members(
    source: Source, members: Sequence[Source], name: str, options: ReadOptions
) -> _Found[Parts]:
    """Begin to read each recording of an archive, and name what in it is damaged."""
    mine, left = mains(map(Candidate, members))
    parts = [main.role.device or main.file.source.stem for main in mine]
    if len(set(parts)) < len(parts):
        parts = [main.file.source.name for main in mine]
    names = [f"{name}#{part}" if len(mine) > 1 else name for part in parts]
    opened = _each(
        [
            partial(_open_file, main.file, part, options)
            for main, part in zip(mine, names, strict=True)
        ]
    )
    found = _Found(
        [recording for one in opened.recordings for recording in one.recordings],
        [
            *opened.failures,
            *(failure for one in opened.recordings for failure in one.failures),
            *_each([partial(getattr, member.source, "head") for member in left]).failures,
        ],
    )
    if not found.recordings and not found.failures:
        raise UnreadableFile(
            f"holds {len(members)} files or sheets, none of them a recording",
            file=source.label,
            remedy="give the app's export itself",
        )
    if not found.recordings:
        raise found.failures[0]
    return found


def _resolve(draft: Draft, name: str, source: Source, one: Format, options: ReadOptions) -> Parts:
    """Make a recording of one part of a file."""
    part = f"#{draft.part}" if draft.part else ""
    return assemble(draft, f"{name}{part}", f"{source.label}{part}", one.name, options)


def _each(readers: Sequence[Callable[[], T]]) -> _Found[T]:
    """What those readers return that succeed, and the errors of the others."""
    found: _Found[T] = _Found()
    for reader in readers:
        try:
            found.recordings.append(reader())
        except InputError as error:
            found.failures.append(error)
    return found


def _all_noted(parts: Parts, failures: Sequence[InputError]) -> Parts:
    return (_noted(part, failures) for part in parts)


def _noted(recording: Recording, failures: Sequence[InputError]) -> Recording:
    """A recording with what failed beside it as warnings."""
    if not failures:
        return recording
    return recording.with_(warnings=(*recording.warnings, *map(str, failures)))
