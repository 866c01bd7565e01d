"""Reading: from a path to recordings, and what was understood of them."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from retrodetect.errors import InputError, RefusedRecording, UnreadableFile, UsageError, about
from retrodetect.formats.assemble import Resolved, assemble
from retrodetect.formats.clock import gaps_s
from retrodetect.formats.draft import Draft, ReadOptions
from retrodetect.formats.files import Candidate, Input, Neighbours, discover, mains, recognised
from retrodetect.formats.source import Source, contents, open_file
from retrodetect.formats.text import counted
from retrodetect.locations import location
from retrodetect.recording import STANDARD_GRAVITY_MPS2, Recording

__all__ = ["describe", "pieces", "read"]

_DEFAULT = ReadOptions()

_NO_GYROSCOPE = (
    "No gyroscope: without one, forward and backward often cannot be told apart above the ankle;"
    " switch it on in the recording app, or add --front, --forward or --starts."
)

_ADDRESS = r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}|(?:[0-9a-f]{2}[:_ -]){5}[0-9a-f]{2}"
"""UUID (RFC 9562), by which iOS calls a sensor, and MAC address (IEEE 802) as it is printed."""

_DATE = r"(?:19|20)\d\d[01]\d[0-3]\d(?:\d{4}|\d{6})?"
_HEX = r"(?=[a-f]*\d[a-f]*\d)[0-9a-f]{8,}"
_SERIAL = r"(?=\d*[a-z])(?=[0-9a-z]*\d{5})[0-9a-z]{8,}"
"""Eight hexadecimal digits (Polar, Xsens, MetaMotion without colons), or letters and five
digits in a row (ActiGraph ``MOS2E39180594``); ``subject0012`` and ``20260301`` are neither."""

_IDENTIFIER = re.compile(
    rf"(?<![0-9a-z])(?:{_ADDRESS}|(?!{_DATE}(?![0-9a-z]))(?:{_HEX}|{_SERIAL}))(?![0-9a-z])",
    re.IGNORECASE,
)


def read(
    path: str | Path | Input, *, name: str | None = None, options: ReadOptions = _DEFAULT
) -> list[Recording]:
    """Read whatever an app or a device wrote.

    Parameters
    ----------
    path
        A file, an archive, or a folder. Files of the same recording beside it are found. Or an
        input of :func:`discover`, which knows them.
    name
        How the recording is called; by default the name of the file or input.
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
    return [resolved.recording() for resolved in _open(path, name, options)]


def pieces(
    path: str | Path | Input,
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

    The pieces of a recording share all that is settled of it: name, rate, findings, annotations,
    start time and warnings. Their ``time_s`` goes on from one to the next; put together they are
    what `read` returns.

    A piece is some 260,000 rows. The whole columns lie in a temporary file where they are large;
    formats that are read at once (JSON, workbooks) and texts that tell wearers or sensors apart
    are in memory.

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
        One for each recording. Everything about it is settled before this returns.

    Raises
    ------
    UnreadableFile, RefusedRecording
        As `read`.
    UsageError
        Where ``grain_s`` is no length.
    """
    if not grain_s > 0:
        raise UsageError(f"pieces of {grain_s!r} s are not possible")
    return [resolved.pieces(grain_s) for resolved in _open(path, name, options)]


def describe(recording: Recording) -> dict[str, Any]:
    """Say what was understood of a recording, and every assumption.

    Parameters
    ----------
    recording
        As read.

    Returns
    -------
    dict
        Of strings, numbers, lists and dicts, ready for JSON. Each of ``unit``, ``gravity``,
        ``sign``, ``clock`` and ``columns`` (and ``device``, ``platform`` where known) holds
        ``value`` and ``ground``. ``advice`` lists what would make the recording more useful.
    """
    steps = np.diff(recording.time_s)
    gaps = gaps_s(recording.time_s, recording.rate_hz)
    middle = np.median(steps) if len(steps) else 0.0
    mean = np.linalg.norm(recording.acceleration_mps2.mean(axis=0)) if len(steps) else 0.0
    return {
        "name": recording.name,
        "format": recording.format,
        **{
            finding.topic: {"value": finding.value, "ground": finding.ground}
            for finding in recording.findings
        },
        "samples": len(recording.time_s),
        "rate_hz": round(recording.rate_hz, 3),
        "jitter_ms": round(1e3 * 1.4826 * float(np.median(np.abs(steps - middle))), 3)
        if len(steps)
        else 0.0,
        "duration_s": round(recording.duration_s, 3),
        "start_time": recording.start_time.isoformat() if recording.start_time else None,
        "gaps": len(gaps),
        "gaps_s": round(float(gaps.sum()), 3),
        "mean_g": round(float(mean) / STANDARD_GRAVITY_MPS2, 3),
        "gravity_included": recording.gravity == "total",
        "gyroscope": recording.angular_rate_radps is not None,
        "channels": sorted(recording.channels),
        "placement": recording.placement,
        "annotations": [
            {"start_s": note.start_s, "end_s": note.end_s, "text": note.text}
            for note in recording.annotations
        ],
        "warnings": list(recording.warnings),
        "advice": [_NO_GYROSCOPE] if recording.angular_rate_radps is None else [],
    }


def _open(given: str | Path | Input, name: str | None, options: ReadOptions) -> list[Resolved]:
    """Resolve each recording of a file or folder."""
    path = given.path if isinstance(given, Input) else location(given)
    name = given.name if isinstance(given, Input) and name is None else name
    failures: list[InputError] = []
    with about(str(path)):
        try:
            if path.is_dir():
                return _open_folder(path, name, options)
            if not path.is_file() and path.exists():
                # A pipe or a device may never come to an end, and cannot be read twice.
                raise UnreadableFile(
                    "is neither a file nor a folder", remedy="save it to a file first"
                )
            sides = given.side_files if isinstance(given, Input) else Neighbours().of(path)
            companions = tuple(_companion(side, path.parent, options) for side in sides)
            file = Candidate(open_file(path, options.max_bytes), companions)
        except FileNotFoundError as error:
            raise UnreadableFile("does not exist", remedy="check the path") from error
        except OSError as error:
            raise UnreadableFile(
                f"cannot be read ({error.strerror or error})", remedy="check its permissions"
            ) from error
        first, *others = _open_file(file, name or path.name, options, failures)
    # A semicolon stands between warnings.
    return [first.with_warnings(str(failure).replace("; ", ": ") for failure in failures), *others]


def _open_folder(path: Path, name: str | None, options: ReadOptions) -> list[Resolved]:
    """Resolve every recording of a folder."""
    next(path.iterdir(), None)  # raises where nobody may look into it
    inputs = discover(path, columns=options.columns.values())
    if not inputs:
        raise UnreadableFile("contains no recording", remedy="check the path")
    only = len(inputs) == 1 and name
    return [
        resolved
        for file in inputs
        for resolved in _open(file, name if only else file.name, options)
    ]


def _companion(path: Path, folder: Path, options: ReadOptions) -> Candidate:
    """Open a file of the same recording, called as from the folder of the main one."""
    name = path.relative_to(folder).as_posix() if folder in path.parents else path.name
    return Candidate(replace(open_file(path, options.max_bytes), name=name))


def _open_file(
    file: Candidate, name: str, options: ReadOptions, failures: list[InputError]
) -> list[Resolved]:
    """Resolve each recording of a file with its companions, or of an archive.

    Where only some can be read, the errors of the others are added to ``failures``.
    """
    source = file.source
    if not source.head:
        raise UnreadableFile("is empty", remedy="export it again")
    if source.head.startswith(b"version https://git-lfs"):
        raise RefusedRecording(
            "is a Git LFS pointer, not the file itself", remedy="fetch the file with `git lfs pull`"
        )
    form = recognised(file)
    if form is not None:
        drafts = form.read(file, options)
        missing = [
            f"{side.source.name} ends within a row, as if cut off: its sensor is missing at the end"
            for side in file.companions
            if side.was_cut_off
        ]
        drafts = [draft.with_(warnings=(*draft.warnings, *missing)) for draft in drafts]
        parts = [f"#{part}" if part else "" for part in _numbered([each.part for each in drafts])]
        return _readable(
            [
                (source.label + part, partial(_resolved, draft, name + part, form.name, options))
                for draft, part in zip(drafts, parts, strict=True)
            ],
            failures,
        )
    members = contents(source)
    if members is not None:
        return _open_members(members, name, options, failures)
    raise UnreadableFile(
        "isn't a recording of a supported app or sensor, nor a table of numbers",
        remedy="use the file that the app exports, as csv if you can choose",
    )


def _open_members(
    members: Sequence[Source], name: str, options: ReadOptions, failures: list[InputError]
) -> list[Resolved]:
    """Resolve each recording of an archive, and name what in it is damaged."""
    mine, left = mains(map(Candidate, members))
    parts = [main.role.device or main.file.source.stem for main in mine]
    if len(set(parts)) < len(parts):
        parts = [main.file.source.name for main in mine]
    names = [f"{name}#{part}" if len(mine) > 1 else name for part in parts]
    resolved = _readable(
        [
            (main.file.source.label, partial(_open_file, main.file, own, options, failures))
            for main, own in zip(mine, names, strict=True)
        ]
        + [(file.source.label, partial(_not_damaged, file.source)) for file in left],
        failures,
    )
    if not resolved:
        raise UnreadableFile(
            f"contains {counted(len(members), 'file')} or sheets, but no recording",
            remedy="use the app's own export",
        )
    return resolved


def _resolved(draft: Draft, name: str, format_name: str, options: ReadOptions) -> list[Resolved]:
    return [assemble(draft, name, format_name, options)]


def _not_damaged(source: Source) -> list[Resolved]:
    """No recording, or the error of a file that is damaged."""
    _ = source.head
    return []


def _readable(
    readers: Sequence[tuple[str, Callable[[], list[Resolved]]]], failures: list[InputError]
) -> list[Resolved]:
    """Recordings of the readers that succeed, by what messages call their file.

    The errors of the others are added to ``failures``; where all fail, the first is raised.
    """
    resolved: list[Resolved] = []
    own: list[InputError] = []
    for label, reader in readers:
        try:
            with about(label):
                resolved += reader()
        except InputError as error:
            own.append(error)
    if own and not resolved:
        raise own[0]
    failures += own
    return resolved


def _numbered(parts: Sequence[str]) -> list[str]:
    """Put a number in the place of each device's identifier; labels and placements stay.

    ``left D4:22:CD:00:A1:B2`` becomes ``left 1``. All names stay different from each other.
    """
    numbers: dict[str, str] = {}
    taken = {word for part in parts for word in re.split(r"[^0-9A-Za-z]+", part)}
    for part in parts:
        for match in _IDENTIFIER.finditer(part):
            if match[0] not in numbers:
                numbers[match[0]] = next(
                    number for number in map(str, range(1, len(taken) + 2)) if number not in taken
                )
                taken.add(numbers[match[0]])
    return [_IDENTIFIER.sub(lambda match: numbers[match[0]], part) for part in parts]
