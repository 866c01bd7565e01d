"""Reading: from a path to recordings."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

from retrodetect.errors import InputError, RefusedRecording, UnreadableFile
from retrodetect.formats.assemble import assemble
from retrodetect.formats.contents import contents
from retrodetect.formats.discover import discover
from retrodetect.formats.draft import Draft
from retrodetect.formats.grouping import mains, with_companions
from retrodetect.formats.options import ReadOptions
from retrodetect.formats.registry import Format, recognised
from retrodetect.formats.source import Source, open_file
from retrodetect.recording import Recording

__all__ = ["read"]

_DEFAULT = ReadOptions()


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
    path = Path(path)
    if path.is_dir():
        return _read_folder(path, name, options)
    try:
        source = open_file(path, options.max_bytes)
    except OSError as error:
        raise UnreadableFile(
            "does not exist" if isinstance(error, FileNotFoundError) else str(error.strerror),
            file=str(path),
            remedy="check the path",
        ) from error
    source = with_companions(source, _siblings(path, options))
    return _read_source(source, name or path.name, options)


def _read_folder(path: Path, name: str | None, options: ReadOptions) -> list[Recording]:
    """Read every recording of a folder."""
    inputs = discover(path)
    if not inputs:
        raise UnreadableFile("holds no recording", file=str(path), remedy="check the path")
    only = len(inputs) == 1 and name
    return [
        recording
        for one in inputs
        for recording in read(one.path, name=name if only else one.name, options=options)
    ]


def _siblings(path: Path, options: ReadOptions) -> list[Source]:
    """Files in the folder of a file, and in a folder ``meta`` beside it."""
    folder = path.parent
    files = [*folder.iterdir(), *(folder / "meta").glob("*")]
    return [
        replace(open_file(file, options.max_bytes), name=file.relative_to(folder).as_posix())
        for file in sorted(files)
        if file.is_file() and not file.name.startswith(".")
    ]


def _read_source(source: Source, name: str, options: ReadOptions) -> list[Recording]:
    """Read one file with its companions, or each recording of an archive."""
    if not source.head:
        raise UnreadableFile("is empty", file=source.label, remedy="export it again")
    if source.head.startswith(b"version https://git-lfs"):
        raise RefusedRecording(
            "is a Git LFS pointer, not the file itself",
            file=source.label,
            remedy="fetch the file with `git lfs pull`",
        )
    one = recognised(source)
    if one is not None:
        drafts = one.read(source, options)
        return _noted(*_each([partial(_resolve, d, name, source, one, options) for d in drafts]))
    members = contents(source)
    if members is not None:
        return _read_archive(source, members, name, options)
    raise UnreadableFile(
        "is no recording that is known: no table of numbers and no known signature",
        file=source.label,
        remedy="export it as csv from the app",
    )


def _read_archive(
    source: Source, members: Sequence[Source], name: str, options: ReadOptions
) -> list[Recording]:
    """Read each recording of an archive, and name what in it is damaged."""
    found, left = mains(members)
    parts = [main.role.device or main.source.stem for main in found]
    if len(set(parts)) < len(parts):
        parts = [main.source.name for main in found]
    names = [f"{name}#{part}" if len(found) > 1 else name for part in parts]
    readers = [
        partial(_read_source, main.source, part, options)
        for main, part in zip(found, names, strict=True)
    ]
    recordings, failures = _each([*readers, *(partial(_only_check, member) for member in left)])
    if not recordings and not failures:
        raise UnreadableFile(
            f"holds {len(members)} files or sheets, none of them a recording",
            file=source.label,
            remedy="give the app's export itself",
        )
    return _noted(recordings, failures)


def _resolve(
    draft: Draft, name: str, source: Source, one: Format, options: ReadOptions
) -> list[Recording]:
    """Make a recording of one part of a file."""
    part = f"#{draft.part}" if draft.part else ""
    return [assemble(draft, f"{name}{part}", f"{source.label}{part}", one.name, options)]


def _only_check(member: Source) -> list[Recording]:
    """Open a file that is no recording, so that its damage is seen."""
    member.head  # noqa: B018 - reading it is the test
    return []


def _each(
    readers: Sequence[Callable[[], list[Recording]]],
) -> tuple[list[Recording], list[InputError]]:
    """Recordings of those readers that succeed, and the errors of the others."""
    recordings: list[Recording] = []
    failures: list[InputError] = []
    for reader in readers:
        try:
            recordings.extend(reader())
        except InputError as error:
            failures.append(error)
    return recordings, failures


def _noted(recordings: list[Recording], failures: list[InputError]) -> list[Recording]:
    """Recordings with the failures beside them as warnings of the first."""
    if not recordings:
        raise failures[0]
    notes = tuple(str(error) for error in failures)
    return [recordings[0].with_(warnings=(*recordings[0].warnings, *notes)), *recordings[1:]]
