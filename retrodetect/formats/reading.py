"""Reading: from a path to recordings in SI units, with every assumption stated.

A format reads drafts from a path. `assemble` resolves the clock, repeated readings, unit, gravity,
sign and the other sensors of each draft once, over whole columns.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from retrodetect.errors import InputError, RefusedRecording, UnreadableFile, UsageError, about
from retrodetect.formats import clock, plausible
from retrodetect.formats.align import Sensors, mixed_up, place_notes, rows_of
from retrodetect.formats.draft import Draft, ReadOptions
from retrodetect.formats.files import (
    Candidate,
    Format,
    Input,
    Neighbours,
    discover,
    mains,
    recognised,
)
from retrodetect.formats.source import Source, contents, holds_files, open_file
from retrodetect.formats.spool import BLOCK_ROWS, blocks, empty, release, scaled, take
from retrodetect.formats.text import counted, unit_in
from retrodetect.locations import location
from retrodetect.recording import (
    DIRECTION_RATE_HZ,
    STANDARD_GRAVITY_MPS2,
    TOO_SLOW,
    WITHOUT_GRAVITY,
    Finding,
    FloatArray,
    Ground,
    Recording,
)

__all__ = ["LOWEST_RATE_HZ", "assemble", "describe", "pieces", "read"]

_DEFAULT = ReadOptions()

_NO_GYROSCOPE = (
    "it has no gyroscope, so forward and backward often cannot be told apart above the ankle:"
    " switch it on in the recording app, or add --front, --forward or --starts"
)

_LESS_PRECISE = "strides may be less precisely timed there"

_ADDRESS = r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}|(?:[0-9a-f]{2}[:_ -]){5}[0-9a-f]{2}"
"""UUID (RFC 9562), which iOS uses to identify a sensor, or printed MAC address (IEEE 802)."""

_DATE = r"(?:19|20)\d\d[01]\d[0-3]\d(?:\d{4}|\d{6})?"
_HEX = r"(?=[a-f]*\d[a-f]*\d)[0-9a-f]{8,}"
_SERIAL = r"(?=\d*[a-z])(?=[0-9a-z]*\d{5})[0-9a-z]{8,}"
"""Eight hexadecimal digits (Polar, Xsens, MetaMotion without colons), or letters and five
consecutive digits (ActiGraph ``MOS2E39180594``). ``subject0012`` and ``20260301`` are neither."""

_IDENTIFIER = re.compile(
    rf"(?<![0-9a-z])(?:{_ADDRESS}|(?!{_DATE}(?![0-9a-z]))(?:{_HEX}|{_SERIAL}))(?![0-9a-z])",
    re.IGNORECASE,
)

PIECE_ROWS = BLOCK_ROWS
"""Rows per piece, as far as the grain allows."""

LOWEST_RATE_HZ = 9.5
"""Four readings per step. Steps are detected at a nominal 10 Hz, but not at 5 Hz."""

_FASTEST_HZ = 2500.0
"""No body-worn accelerometer samples faster; a stated rate may be higher."""

_LARGEST = 1e6
"""No reading is larger in any unit, including 16-bit counts and mg."""

_IMPOSSIBLE_MPS2 = 500 * STANDARD_GRAVITY_MPS2
"""Beyond the range of any body-worn accelerometer (±400 g)."""

_CHECKED_ROWS = 500_000


def read(
    path: str | Path | Input, *, name: str | None = None, options: ReadOptions = _DEFAULT
) -> list[Recording]:
    """Read a file that an app or a device wrote.

    Parameters
    ----------
    path
        A file, an archive or a folder; files of the same recording in that folder are read too. Or
        an input from :func:`discover`.
    name
        Name of the recording; by default that of the file or input.
    options
        Overrides of the reader's conclusions.

    Returns
    -------
    list of Recording
        One recording, or several if the file holds several devices or people. Their names then end
        in ``#part``.

    Raises
    ------
    UnreadableFile
        If the file is missing, empty, damaged or not a recording.
    RefusedRecording
        If it can be read but not used honestly.
    """
    return [resolved.recording() for resolved in _open(path, name, options)]


def pieces(
    path: str | Path | Input,
    *,
    name: str | None = None,
    options: ReadOptions = _DEFAULT,
    grain_s: float = 60.0,
) -> list[Iterator[Recording]]:
    """Read like `read`, but yield each recording in consecutive pieces.

    Recordings of any length can be processed in bounded memory::

        for parts in pieces("week.cwa"):
            for piece in parts:
                print(piece.time_s[0], len(piece.time_s))

    Pieces share the name, rate, findings, annotations, start time and warnings of their recording.
    ``time_s`` continues from one piece to the next. Joined, the pieces equal the result of `read`.

    A piece has about 260,000 rows. Large columns are kept in a temporary file. JSON, workbooks and
    columns of text that separate wearers or sensors are kept in memory.

    Parameters
    ----------
    path, name, options
        As for `read`.
    grain_s
        Pieces end at whole multiples of this many seconds, so that, for example, a mean over one
        second is never split.

    Returns
    -------
    list of iterators
        One per recording. Files are read and resolved before this returns.

    Raises
    ------
    UnreadableFile, RefusedRecording
        As for `read`.
    UsageError
        If ``grain_s`` is not positive.
    """
    if not grain_s > 0:
        raise UsageError(f"pieces of {grain_s!r} s are not possible")
    return [resolved.pieces(grain_s) for resolved in _open(path, name, options)]


def describe(recording: Recording) -> dict[str, Any]:
    """Report how a recording was understood, with every assumption.

    Parameters
    ----------
    recording
        A recording, as `read` returns it.

    Returns
    -------
    dict
        Strings, numbers, lists and dicts, ready for JSON. ``unit``, ``gravity``, ``sign``,
        ``clock`` and ``columns`` (also ``device`` and ``platform`` if known) each hold ``value``
        and ``ground``. ``advice`` lists what would make the recording more useful.
    """
    steps = np.diff(recording.time_s)
    gaps = clock.gaps_s(recording.time_s, recording.rate_hz)
    middle = np.median(steps) if len(steps) else 0.0
    level_mps2 = (
        plausible.Level.of(recording.acceleration_mps2, recording.rate_hz).typical
        if len(recording.time_s)
        else 0.0
    )
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
        "mean_g": round(level_mps2 / STANDARD_GRAVITY_MPS2, 3),
        "gravity_included": recording.gravity == "total",
        "gyroscope": recording.angular_rate_radps is not None,
        "channels": sorted(recording.channels),
        "placement": recording.placement,
        "annotations": [
            {"start_s": note.start_s, "end_s": note.end_s, "text": note.text}
            for note in recording.annotations
        ],
        "warnings": list(recording.warnings),
        "advice": list(_advice(recording)),
    }


def _advice(recording: Recording) -> Iterator[str]:
    """Yield why directions cannot be seen, or may not be, and what to do about it."""
    if recording.rate_hz < DIRECTION_RATE_HZ:
        yield TOO_SLOW
    elif recording.gravity == "linear":
        yield WITHOUT_GRAVITY
    elif recording.angular_rate_radps is None:
        yield _NO_GYROSCOPE


def _open(target: str | Path | Input, name: str | None, options: ReadOptions) -> list[Resolved]:
    """Resolve each recording of a file or folder."""
    path = target.path if isinstance(target, Input) else location(target)
    name = target.name if isinstance(target, Input) and name is None else name
    with about(str(path)):
        try:
            if path.is_dir():
                return _open_folder(path, name, options)
            if not path.is_file() and path.exists():
                # A pipe or a device may never end, and cannot be read twice.
                raise UnreadableFile(
                    "is neither a file nor a folder", remedy="save it to a file first"
                )
            sides = target.side_files if isinstance(target, Input) else Neighbours().of(path)
            companions = tuple(_companion(side, path.parent, options) for side in sides)
            file = Candidate(open_file(path, options.max_bytes), companions)
        except FileNotFoundError as error:
            raise UnreadableFile("does not exist", remedy="check the path") from error
        except OSError as error:
            raise UnreadableFile(
                f"cannot be read ({error.strerror or error})", remedy="check its permissions"
            ) from error
        failures: list[InputError] = []
        resolved = _open_file(file, name or path.name, options, failures)
        if not resolved:
            raise failures[0]
    # A semicolon stands between warnings.
    warnings = (str(failure).replace("; ", ": ") for failure in failures)
    return [resolved[0].with_warnings(warnings), *resolved[1:]]


def _open_folder(path: Path, name: str | None, options: ReadOptions) -> list[Resolved]:
    """Resolve every recording of a folder."""
    next(path.iterdir(), None)  # raises if the folder cannot be listed
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
    """Open a file of the same recording; its name is relative to the folder of the main file."""
    name = path.relative_to(folder).as_posix() if folder in path.parents else path.name
    return Candidate(replace(open_file(path, options.max_bytes), name=name))


@contextmanager
def _part(label: str, failures: list[InputError]) -> Iterator[None]:
    """Read one part of a file; collect its error, which names the part."""
    try:
        with about(label):
            yield
    except InputError as error:
        failures.append(error)


def _open_file(
    file: Candidate, name: str, options: ReadOptions, failures: list[InputError]
) -> list[Resolved]:
    """Resolve each recording of a file with its companions, or of an archive.

    Errors of parts that cannot be read are added to ``failures``.
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
        return _open_drafts(file, form, name, options, failures)
    members = contents(source)
    if members is not None:
        return _open_members(members, name, options, failures)
    raise UnreadableFile(
        "isn't a recording of a supported app or sensor, nor a table of numbers",
        remedy="use the file that the app exports, as csv if you can choose",
    )


def _open_drafts(
    file: Candidate, form: Format, name: str, options: ReadOptions, failures: list[InputError]
) -> list[Resolved]:
    """Resolve each recording that a format reads from a file."""
    drafts = form.read(file, options)
    missing = [
        f"{side.source.name} ends within a row, as if cut off: its sensor is missing at the end, "
        "and more strides may be unknown there"
        for side in file.companions
        if side.was_cut_off
    ]
    resolved: list[Resolved] = []
    for draft, number in zip(drafts, _numbered([draft.part for draft in drafts]), strict=True):
        part = f"#{number}" if number else ""
        whole = draft.with_(warnings=(*draft.warnings, *missing))
        with _part(file.source.label + part, failures):
            resolved.append(assemble(whole, name + part, form.name, options))
    return resolved


def _open_members(
    members: Sequence[Source], name: str, options: ReadOptions, failures: list[InputError]
) -> list[Resolved]:
    """Resolve each recording of an archive, and collect errors of damaged members."""
    recordings, leftovers = mains(map(Candidate, members))
    parts = [main.role.device or main.file.source.stem for main in recordings]
    if len(set(parts)) < len(parts):
        parts = [main.file.source.name for main in recordings]
    resolved: list[Resolved] = []
    for main, part in zip(recordings, parts, strict=True):
        full_name = f"{name}#{part}" if len(recordings) > 1 else name
        with _part(main.file.source.label, failures):
            resolved += _open_drafts(main.file, main.format, full_name, options, failures)
    for file in leftovers:
        with _part(file.source.label, failures):
            _ = file.source.head  # raises if damaged
    if not resolved and not failures:
        raise UnreadableFile(
            f"contains {counted(len(members), 'file')} or sheets, but no recording",
            remedy="unpack it" if any(map(holds_files, members)) else "use the app's own export",
        )
    return resolved


def _numbered(parts: Sequence[str]) -> list[str]:
    """Replace identifiers of devices by numbers; keep labels and placements.

    ``left D4:22:CD:00:A1:B2`` becomes ``left 1``. All names stay distinct.
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


@dataclass(frozen=True)
class Resolved:
    """A resolved recording; its rows are converted to SI units on demand."""

    facts: dict[str, Any]  # fields of `Recording` that are not arrays
    time_s: FloatArray  # (n,) seconds, increasing
    acceleration: FloatArray  # (n, 3) readings in the file's unit and sign
    factor: float  # converts these to specific force in m/s²
    sensors: Sensors  # all other sensors

    def with_warnings(self, warnings: Iterable[str]) -> Resolved:
        """Return a copy with more warnings."""
        facts = {**self.facts, "warnings": (*self.facts["warnings"], *warnings)}
        return replace(self, facts=facts)

    def recording(self, rows: slice = slice(None)) -> Recording:
        """Return rows as a recording in memory."""
        time_s = scaled(self.time_s, rows)
        rotation, channels = self.sensors.beside(rows, time_s)
        return Recording(
            time_s=time_s,
            acceleration_mps2=scaled(self.acceleration, rows, self.factor),
            angular_rate_radps=rotation,
            channels=channels,
            **self.facts,
        )

    def pieces(self, grain_s: float) -> Iterator[Recording]:
        """Yield consecutive pieces that end at multiples of ``grain_s``."""

        # Compare numbers of grains: an edge in seconds, once rounded, may hit another sample.
        def grain(row: int) -> int:
            return int(np.floor(self.time_s[row] / grain_s))

        begin, count = 0, len(self.time_s)
        while begin < count:
            end = min(begin + PIECE_ROWS, count)
            if end < count:
                end = bisect_left(range(end), grain(end), key=grain)
            if end <= begin:
                end = bisect_right(range(count), grain(begin), key=grain)
            yield self.recording(slice(begin, end))
            begin = end


def assemble(draft: Draft, name: str, format_name: str, options: ReadOptions) -> Resolved:
    """Resolve clock, unit, gravity and sign of a draft, and align its other sensors.

    Parameters
    ----------
    draft
        As a format returns it.
    name, format_name
        Names of the recording and of its format.
    options
        Overrides of the conclusions.

    Returns
    -------
    Resolved
        The recording, ready to be read whole or in pieces.

    Raises
    ------
    RefusedRecording
        If too few readings are left, the rate is too low, or the unit cannot be inferred.
    """
    readings = _Readings.timed(_with_rate(draft, options), options)
    readings.drop_held()
    line = readings.line
    readings.drop(plausible.find_filled(readings.values, line.time_s, line.rate_hz))
    plausible.check_axes(readings.values)
    if options.gravity != "linear":
        readings.add_gravity()
    _check_rate(readings.line, options)
    scale = _scale(readings, options)
    readings.drop_impossible(scale.mps2)
    readings.drop(plausible.find_slow(readings.line.time_s, readings.line.rate_hz))
    _require(readings.draft, 2)
    sign, sign_finding = _sign(draft, options)
    line, values = readings.line, readings.values
    time_s, rate_hz = line.time_s, line.rate_hz
    sensors = Sensors.of(readings.draft, line, keeps_coordinates=options.coordinates)
    if scale.gravity == "total":
        sensors = sensors.checked(values, scale.mps2, rate_hz)
    warnings = [
        *draft.warnings, *scale.warnings, *readings.doubts(scale, sensors),
        *plausible.repeated_later(values, time_s, rate_hz), *readings.notes, *line.warnings,
        *sensors.notes, *clock.note_pace(time_s, rate_hz),
    ]  # fmt: skip
    start_time = line.start_time
    if start_time is None and draft.start_time is not None:  # formats give that of row 0
        start_time = draft.start_time - timedelta(seconds=line.zero_s)
    annotations = place_notes(draft.notes, line)
    if draft.notes and not annotations:
        warnings.append("left out the app's notes: not on the accelerometer's clock")
    facts = {
        "name": name,
        "rate_hz": rate_hz,
        "format": format_name,
        "gravity": scale.gravity,
        "start_time": start_time,
        "placement": draft.placement,
        "annotations": annotations,
        "findings": (
            *_origins(draft, options), *scale.findings, sign_finding,
            *line.findings, *sensors.findings,
        ),
        "warnings": tuple(dict.fromkeys(warnings)),
    }  # fmt: skip
    release(time_s, values)
    return Resolved(facts, time_s, values, scale.mps2 * sign, sensors)


@dataclass
class _Readings:
    """Rows of a draft with their times; invalid rows are dropped, kind by kind."""

    draft: Draft
    line: clock.Timeline
    repeated: NDArray[np.bool_]
    notes: list[str] = field(default_factory=list)
    _ends: plausible.Ends | None = None
    _without_gravity: FloatArray | None = None

    @property
    def values(self) -> FloatArray:
        """(n, 3) remaining readings, in the file's unit."""
        return self.draft.acceleration.values

    @classmethod
    def timed(cls, draft: Draft, options: ReadOptions) -> _Readings:
        """Keep rows with a complete reading and a time, in order of time."""
        _require(draft, 1)
        stamps = draft.stamps
        draft, notes = _complete(draft)
        _require(draft, 2)
        draft = draft.with_(stamps=clock.wrapped(draft.stamps))
        if draft.stamps.wrap_ticks != stamps.wrap_ticks:
            stamps = replace(stamps, wrap_ticks=draft.stamps.wrap_ticks)
        order = clock.order_of(draft.stamps)
        if order is not None:
            draft, notes = draft.take(order), [*notes, clock.SORTED]
            stamps = draft.stamps
        repeated = plausible.repeats(draft.acceleration.values)
        line = clock.timeline(draft.stamps, draft.acceleration.values, repeated).in_file(stamps)
        if options.rate_hz is not None:
            findings = tuple(replace(finding, ground="given") for finding in line.findings)
            line = replace(line, findings=findings)
        if line.rows is not None:
            draft = draft.take(line.rows)
            repeated = plausible.repeats(draft.acceleration.values)
        return cls(draft, line, repeated, notes)

    def drop_held(self) -> None:
        """Drop rows that only repeat a reading."""
        holds = plausible.find_holds(self.values, self.line.time_s, self.repeated)
        if holds is None:
            return
        if np.count_nonzero(~holds.drop) < 2:
            raise RefusedRecording(
                "its acceleration never changes", remedy="check that the sensor was on"
            )
        self.drop(holds)
        self.line = replace(self.line, rate_hz=self.line.effective_hz)

    def drop(self, holds: plausible.Holds | None) -> None:
        """Drop rows that are not true readings."""
        if holds is not None:
            self.keep(~holds.drop, *holds.notes)

    def add_gravity(self) -> None:
        """Add back the gravity that the app removed, if the file has it.

        Rows without it are dropped.
        """
        vector, line = self.draft.gravity_vector, self.line
        gravity, rotation = rows_of(vector, line), rows_of(self.draft.rotation, line)
        if gravity is None or vector is None:
            return
        if rotation is not None:
            head, time_s = slice(_CHECKED_ROWS), line.time_s[:_CHECKED_ROWS]
            self.notes += mixed_up(gravity(head, time_s), rotation(head, time_s), time_s)
        unit_mps2 = unit_in("acceleration", self.draft.acceleration.unit) or 1.0
        gravity_unit_mps2 = unit_in("acceleration", vector.unit) or 1.0
        total, is_whole = empty(self.values.shape), np.empty(len(self.values), dtype=bool)
        for rows in blocks(len(total), total, self.values, line.time_s, vector.values):
            added = gravity(rows, line.time_s[rows])
            total[rows] = self.values[rows] + added * gravity_unit_mps2 / unit_mps2
            is_whole[rows] = np.isfinite(added.sum(axis=1))
        if np.count_nonzero(is_whole) < 2:
            return
        claim = self.draft.gravity
        if claim is not None:
            because = "gravity column added to linear acceleration"
            claim = replace(claim, value="total", because=because)
        acceleration = replace(self.draft.acceleration, values=total)
        self._without_gravity, self._ends = self.values, None
        self.draft = self.draft.with_(acceleration=acceleration, gravity=claim)
        self.keep(is_whole)

    def drop_impossible(self, mps2: float) -> None:
        """Drop readings beyond the range of any sensor; a unit is ``mps2`` m/s²."""
        limit = _IMPOSSIBLE_MPS2 / mps2
        if np.abs(self.ends().limits).max() < limit:
            return
        kept = np.empty(len(self.values), dtype=bool)
        for rows in blocks(len(kept), self.values):
            kept[rows] = np.abs(self.values[rows]).max(axis=1) < limit
        count = int(np.count_nonzero(~kept))
        self.keep(kept, f"left out {counted(count, 'impossible reading')}: {_LESS_PRECISE}")

    def ends(self) -> plausible.Ends:
        """Smallest and largest readings, cached until rows change."""
        if self._ends is None:
            self._ends = plausible.Ends.of(self.values, self.line.rate_hz)
        return self._ends

    def doubts(self, scale: plausible.Scale, sensors: Sensors) -> list[str]:
        """Doubts about the readings before gravity was added, and about their mean of 1 g."""
        line, sensed = self.line, self._without_gravity
        if sensed is None:
            values, ends, gravity = self.values, self.ends(), scale.gravity
        else:
            values, gravity = sensed, "linear"
            ends = plausible.Ends.of(sensed, line.rate_hz)
        doubts = plausible.sensor_doubts(
            values, ends, line.time_s, line.rate_hz, scale.mps2, gravity
        )
        if gravity == "linear":
            doubts += sensors.resized(values, line.rate_hz)
        if scale.gravity == "total":
            doubts += plausible.far_from_1_g(self.values, line.rate_hz, scale.mps2)
        return doubts

    def keep(self, rows: NDArray[np.bool_], *notes: str) -> None:
        """Keep the selected rows, and note why the others were dropped."""
        self.notes += notes
        if rows.all():
            return
        if self._without_gravity is not None:
            self._without_gravity = take(self._without_gravity, rows)
        self.draft, self._ends = self.draft.take(rows), None
        line = self.line.take(rows)
        self.line = replace(line, effective_hz=clock.robust_rate_hz(line.time_s))


def _check_rate(line: clock.Timeline, options: ReadOptions) -> None:
    """Refuse a rate that is too low for steps, or too high for any sensor."""
    if line.effective_hz < LOWEST_RATE_HZ:
        raise RefusedRecording(
            f"has only {line.effective_hz:.3g} readings a second by its clock",
            remedy=f"record with at least {DIRECTION_RATE_HZ:g} Hz, better 50 Hz; if its clock has "
            "another unit, give the rate with --rate",
        )
    if line.effective_hz > _FASTEST_HZ and options.rate_hz is None:
        raise RefusedRecording(
            f"has {line.effective_hz:,.0f} readings a second by its clock, more than any sensor",
            remedy="give the rate with --rate",
        )


def _scale(readings: _Readings, options: ReadOptions) -> plausible.Scale:
    """Resolve unit and gravity, and refuse readings that are not acceleration."""
    values, draft = readings.values, readings.draft
    level = plausible.Level.of(values, readings.line.rate_hz)
    if options.unit is None:
        plausible.check_scale(values, level, draft.acceleration.unit)
    scale = plausible.resolve(level, draft.acceleration.unit, draft.gravity, options)
    if scale.gravity == "linear" and not draft.is_named and options.gravity is None:
        raise RefusedRecording(
            "nothing shows that its columns are acceleration: neither names nor a mean of 1 g",
            remedy="if they are, add --gravity linear",
        )
    release(values)
    return scale


def _with_rate(draft: Draft, options: ReadOptions) -> Draft:
    """Replace the clock by a given rate, and number the rows if nothing else times them.

    Rows are numbered before any is dropped, so that later rows keep their time.
    """
    stamps = draft.stamps
    if options.rate_hz is not None:
        stamps = replace(stamps, ticks=None, rate_hz=options.rate_hz)
    if stamps.ticks is None and stamps.counter is None:
        numbers = empty((len(draft.acceleration.values),))
        for rows in blocks(len(numbers), numbers):
            numbers[rows] = np.arange(rows.start, rows.stop)
        stamps = replace(stamps, counter=numbers, label=clock.ROWS)
    return draft.with_(stamps=stamps)


def _complete(draft: Draft) -> tuple[Draft, list[str]]:
    """Keep rows with a complete reading and time; drop zeros before the first event."""
    values, timed = draft.acceleration.values, clock.valid(draft.stamps)
    kept = np.ones(len(values), dtype=bool)
    begin: int | None = None
    with np.errstate(invalid="ignore", over="ignore"):  # infinities, and what adds up to them
        for rows in blocks(len(values), values):
            block = values[rows]
            if begin is None and block.any():
                begin = rows.start + int(np.argmax(block.any(axis=1)))
            if not abs(block.sum()) < _LARGEST * len(block):
                kept[rows] = np.abs(block).sum(axis=1) < _LARGEST
    kept[: begin or 0] = False
    kept[plausible.blanks(values)] = False
    lost = np.count_nonzero(~kept[int(np.argmax(kept)) :])  # rows before it are reported in seconds
    if timed is not None:
        lost += np.count_nonzero(kept & ~timed)
        kept &= timed
    if kept.all():
        return _near(draft, [])
    text = (
        f"left out {counted(int(lost), 'row')} without a complete reading or time: {_LESS_PRECISE}"
    )
    return _near(draft.take(kept), [text] if lost and kept.any() else [])


def _near(draft: Draft, notes: list[str]) -> tuple[Draft, list[str]]:
    """Keep rows whose time fits that of their neighbours."""
    stray = clock.strays(draft.stamps)
    if stray is None:
        return draft, notes
    count = int(np.count_nonzero(stray))
    note = f"left out {counted(count, 'row')} with a time far from all others: {_LESS_PRECISE}"
    return draft.take(~stray), [*notes, note]


def _require(draft: Draft, count: int) -> None:
    rows = len(draft.acceleration.values)
    if rows < count:
        raise RefusedRecording(
            "has only 1 sample of acceleration"
            if rows
            else "has no row with a reading of all three axes",
            remedy="export it again; if it stays so, record again with all axes",
        )


def _sign(draft: Draft, options: ReadOptions) -> tuple[int, Finding]:
    """Factor 1 or -1 that turns readings into specific force."""
    if options.sign is not None:
        reads = "+1 g, unchanged" if options.sign == "+" else "-1 g, turned"
        text = f"an axis that points up reads {reads}"
        return (1 if options.sign == "+" else -1), Finding("sign", text, "given")
    if draft.sign is None:
        text = "unchanged: an axis that points up is assumed to read +1 g"
        return 1, Finding("sign", text, "assumed")
    text = f"{'unchanged' if draft.sign.value == 1 else 'turned'} ({draft.sign.because})"
    return draft.sign.value, Finding("sign", text, draft.sign.ground)


def _origins(draft: Draft, options: ReadOptions) -> list[Finding]:
    facts = [("device", draft.device), ("platform", draft.platform)]
    origins = [Finding(topic, value, "stated") for topic, value in facts if value]
    ground: Ground = "given" if options.columns else "stated"
    return [*origins, Finding("columns", draft.columns, ground)] if draft.columns else origins
