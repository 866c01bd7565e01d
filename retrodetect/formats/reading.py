"""Reading: from a path to recordings."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from retrodetect.errors import InputError, RefusedRecording, UnreadableFile
from retrodetect.formats.assemble import assemble
from retrodetect.formats.discover import discover
from retrodetect.formats.grouping import mains, with_companions
from retrodetect.formats.options import ReadOptions
from retrodetect.formats.registry import recognised
from retrodetect.formats.source import Source, archive_members, open_file
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
        parts = one.read(source, options)
        return [
            assemble(part, f"{name}#{part.part}" if part.part else name, source.label, one.name,
                     options)
            for part in parts
        ]  # fmt: skip
    members = archive_members(source)
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
    """Read each recording of an archive; failures beside successes become warnings."""
    found, left = mains(members)
    recordings: list[Recording] = []
    failures = [error for member in left if (error := _damage(member)) is not None]
    for main in found:
        part = main.role.device or main.source.stem
        part_name = name if len(found) == 1 else f"{name}#{part}"
        try:
            recordings.extend(_read_source(main.source, part_name, options))
        except InputError as error:
            failures.append(error)
    if not recordings:
        if failures:
            raise failures[0]
        raise UnreadableFile(
            f"is an archive of {len(members)} files without a recording",
            file=source.label,
            remedy="give the app's export itself",
        )
    notes = tuple(str(error) for error in failures)
    return [recordings[0].with_(warnings=(*recordings[0].warnings, *notes)), *recordings[1:]]


def _damage(member: Source) -> InputError | None:
    """What keeps a file of an archive from being opened at all."""
    try:
        member.head  # noqa: B018 - reading it is the test
    except InputError as error:
        return error
    return None
