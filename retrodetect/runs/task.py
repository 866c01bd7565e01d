"""One task of a batch: label one input and keep the result."""

from __future__ import annotations

import hashlib
import logging
import platform
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import lru_cache, partial
from itertools import chain
from pathlib import Path
from typing import Any, Literal, NamedTuple

import numpy as np
import pandas as pd

from retrodetect import formats
from retrodetect.direction import Anchors, DirectionModel, store
from retrodetect.direction.anchors import Statement, check_spans
from retrodetect.errors import (
    InputError,
    RefusedRecording,
    RetrodetectError,
    UnreadableFile,
    UsageError,
)
from retrodetect.formats import Input, ReadOptions
from retrodetect.labelling import LabelledSession, label_pieces
from retrodetect.locations import location, store_of
from retrodetect.recording import Caution, FloatArray, Recording, Topic
from retrodetect.runs import Lost, own_version, resume
from retrodetect.runs.pool import in_turn, memory_limited
from retrodetect.runs.track import Track, read_track, with_track
from retrodetect.tables import csv_text, visible, warning_columns
from retrodetect.tally import tally
from retrodetect.tally.details import Details, details
from retrodetect.tally.energy import Course, Pace

__all__ = [
    "Entry", "MarkedTime", "Settings", "Task", "View", "do", "entries", "give_up", "session_row",
    "unlabelled",
]  # fmt: skip

_log = logging.getLogger(__name__)

View = Literal["none", "coarse", "fine"]
"""What to keep of each session for the report: nothing, or its signal in coarse or fine detail."""


class MarkedTime(NamedTuple):
    """A stretch of time in which the wearer walked one way."""

    direction: Literal["forward", "backward"]
    start_s: float
    end_s: float
    by_clock: bool = False  # whether they count from midnight, if the recording has a date
    typed: str = ""  # as the wearer wrote it, for messages

    def span_s(self, start_time: datetime | None) -> tuple[float, float]:
        """Start and end in seconds from the first sample."""
        if not self.by_clock or start_time is None:
            return self.start_s, self.end_s
        midnight = start_time.replace(hour=0, minute=0, second=0, microsecond=0)
        begin_s = (self.start_s - (start_time - midnight).total_seconds()) % 86400
        return begin_s, begin_s + self.end_s - self.start_s


@dataclass(frozen=True, slots=True)
class Settings:
    """How to label the recordings of a batch."""

    model: str = "default"  # name of a shipped model or path of a stored one
    anchors: Anchors = field(default_factory=Anchors)  # what the wearer states
    read: ReadOptions = field(default_factory=ReadOptions)  # units, sign, rate, columns
    pace: Pace = field(default_factory=Pace)  # speed or distance that the wearer knows
    marks: tuple[MarkedTime, ...] = ()  # marked stretches, besides those of ``anchors``
    tracks: tuple[str, ...] = ()  # files of a watch; each recording uses the first that overlaps
    # seconds from a recording's first sample to its track's first point; None to find them
    track_offset_s: float | None = None

    def anchors_on(self, start_time: datetime | None) -> Anchors:
        """Return the anchors of a recording, with marks in seconds from its first sample."""
        spans = [
            Statement(*mark.span_s(start_time), mark.direction, f"--{mark.direction} {mark.typed}")
            for mark in self.marks
        ]
        check_spans(spans)
        return replace(self.anchors, statements=(*self.anchors.statements, *spans))


class Entry(NamedTuple):
    """Result of one recording."""

    row: dict[str, Any]  # its row of ``sessions.csv``, by field
    view: dict[str, Any] | None = None  # for the report, see `view_of`
    # rows of its ``bouts`` and ``repeats``, column by column
    lists: dict[str, dict[str, list[Any]]] = {}  # noqa: RUF012
    readings: str = ""  # digest of its readings; copies share it


class Task(NamedTuple):
    """One input, how to label it, and where to keep the result."""

    input: Input  # a recording, or several in one file
    settings: Settings
    view: View  # what to keep for the report
    part: Path  # file for its entries and the lines of ``strides.csv``
    code: str  # digest of the code that must do it
    model: str  # digest of the model
    max_memory_mib: float | None  # memory limit
    jobs: int | None = 1  # processes that measure its signals; None for one per core


def do(task: Task) -> float:
    """Label an input, keep the result, and return the seconds recorded."""
    code = resume.code_digest()
    if task.code != code:
        raise UsageError(
            f"has another version of retrodetect ({own_version()}, code {code[:8]}; the batch"
            f" started with {task.code[:8]})",
            place=f"the worker on {platform.node()}",
            remedy="run the same command again, with the same version on all machines",
        )
    name = task.input.name
    done: list[Entry] = []
    strides: list[pd.DataFrame] = []
    try:
        # In small tables, Python's strings take a tenth less time than Arrow's.
        text = pd.option_context("mode.string_storage", "python")
        with memory_limited(task.max_memory_mib, name), text:
            for entry, table in _labelled(task):
                done.append(entry)
                strides.append(table)
    except InputError as error:
        status = "refused" if isinstance(error, RefusedRecording) else "failed"
        done.append(unlabelled(name, status, str(error)))
    except RetrodetectError:
        raise
    except Exception as error:
        # Whatever is wrong with one recording, label the others.
        _log.debug("while labelling %s", task.input.path, exc_info=True)
        done.append(unlabelled(name, "failed", _failure(error, task.input)))
    _keep(task.part, done, strides)
    return sum(entry.row.get("duration_s") or 0.0 for entry in done)


def _failure(error: Exception, recording: Input) -> str:
    """Explain an unexpected error of a recording."""
    name = recording.name
    if isinstance(error, MemoryError):
        failure = UnreadableFile(
            "needs more memory than its process may have",
            file=name, remedy="label it on a machine with more memory, or split the file",
        )  # fmt: skip
    elif isinstance(error, OSError) or not isinstance(recording.path, Path):
        failure = UnreadableFile(
            f"cannot be read to its end ({getattr(error, 'strerror', None) or error})",
            file=name, remedy="copy or export it again",
        )  # fmt: skip
    else:
        return f"{name}: unexpected {type(error).__name__} ({error}); please report it"
    return str(failure)


def give_up(task: Task, lost: Lost, timeout_s: float | None) -> None:
    """Record that an input has no result, because its process was killed or timed out."""
    if lost == "timed out":
        reason, remedy = f"takes longer than {timeout_s:g} s", "raise --timeout, or leave it out"
    else:
        reason, remedy = "its process was killed", "label it alone, with more memory free"
    error = UnreadableFile(reason, file=task.input.name, remedy=remedy)
    _keep(task.part, [unlabelled(task.input.name, "failed", str(error))], [])


def entries(part: Path) -> list[Entry]:
    """Read the entries of an input."""
    return [Entry(*fields) for fields in resume.head(part)]


def unlabelled(name: str, status: str, message: str) -> Entry:
    """Return the entry of an input without a result."""
    row = {"recording": name, "status": status, "message": visible(message)}
    return Entry({**row, "version": own_version()})


def session_row(
    session: LabelledSession, course: Course, pace: Pace
) -> tuple[dict[str, Any], Details, tuple[Caution, ...]]:
    """Return a recording's row of ``sessions.csv``, its details and its warnings."""
    recording, directions = session.recording, session.directions
    more = details(session.strides, session.gait.contacts_s, directions.placement, course, pace)
    cautions = (*session.cautions, *(Caution(Topic.RESULT, text) for text in more.warnings))
    assumed = [
        f"assumed {finding.topic}: {finding.value}"
        for finding in recording.findings
        if finding.ground == "assumed"
    ]
    row = {
        "recording": recording.name,
        "status": "ok" if len(session.strides) else "no_gait",
        "message": visible("; ".join(assumed)),
        "format": recording.format,
        "placement": directions.placement,
        "front": directions.front,
        "rate_hz": recording.rate_hz,
        "duration_s": session.duration_s,
        **{str(name): value for name, value in tally(session.strides).items()},
        "model": session.strides.attrs["model"],
        "version": own_version(),
        "start_time": recording.wall_clock(pd.Series([0.0])).iloc[0],
        "told_apart_by": directions.told_apart_by,
        "naming": directions.naming,
        "backward_share_if_swapped": directions.share_if_swapped,
        **more.fields,
        **warning_columns(cautions),
    }
    return row, more, cautions


def _keep(part: Path, done: Sequence[Entry], strides: Sequence[pd.DataFrame]) -> None:
    lines = "".join(csv_text(table, header=False) for table in strides)
    resume.keep(part, done, lines.encode())


def _labelled(task: Task) -> Iterator[tuple[Entry, pd.DataFrame]]:
    """Label each recording of an input; yield its entry and its strides."""
    settings = task.settings
    opened = formats.pieces(task.input, options=settings.read)
    for pieces in opened:
        following = iter(pieces)
        first = next(following)
        witness = _Witness(chain([first], following), task.view)
        anchors = settings.anchors_on(first.start_time)
        model = _model(settings.model, task.model)
        session = label_pieces(witness, model, anchors, mapper=partial(in_turn, jobs=task.jobs))
        if settings.tracks:
            session = witness.follow(settings, session)
        yield _entry(session, task, witness), session.strides


@lru_cache(maxsize=1)
def _model(name: str, digest: str) -> DirectionModel:
    """Load the model once per process, and again if another one takes its name."""
    model = store.load(name)
    if model.card.sha256 != digest:
        raise UsageError(
            f"the model {name} has changed since the batch started",
            place=f"the worker on {platform.node()}",
            remedy="run the same command again",
        )
    return model


def _track(path: str) -> Track:
    """Read a track once per process, and again if its file changes."""
    file = location(path)
    return _track_of(path, store_of(file).version(file))


@lru_cache(maxsize=8)
def _track_of(path: str, version: object) -> Track:  # noqa: ARG001, part of the key
    return read_track(path)


class _Witness:
    """Pieces to label; keeps what the tables and the page need of them.

    Course and trace are small at any length.
    """

    def __init__(self, pieces: Iterable[Recording], view: View) -> None:
        self._pieces = pieces
        self._view = view
        self.traces: list[FloatArray] = []
        self._courses: list[Course] = []
        # The same however the readings were packed or cut.
        self.readings = hashlib.blake2b(digest_size=16)

    @property
    def course(self) -> Course:
        """Speed and height over all pieces."""
        return Course.joined(self._courses)

    def follow(self, settings: Settings, session: LabelledSession) -> LabelledSession:
        """Take speed and height from the track of a watch, and add a warning that says so."""
        course, sentence = with_track(
            self.course,
            [_track(path) for path in settings.tracks],
            session.strides,
            session.recording.start_time,
            session.duration_s,
            settings.track_offset_s,
        )
        self._courses = [course]
        return replace(session, cautions=(*session.cautions, Caution(Topic.TRACK, sentence)))

    def __iter__(self) -> Iterator[Recording]:
        for piece in self._pieces:
            if self._view != "none":
                from retrodetect.report import trace_of

                self.traces.append(trace_of(piece))
            self._courses.append(Course.of(piece))
            self.readings.update(np.ascontiguousarray(piece.acceleration_mps2).data)
            yield piece


def _entry(session: LabelledSession, task: Task, witness: _Witness) -> Entry:
    """Collect everything written about a labelled recording."""
    row, more, cautions = session_row(session, witness.course, task.settings.pace)
    lists = {}
    for name, table in (("bouts", more.bouts), ("repeats", more.repeats)):
        start_time = session.recording.wall_clock(table["start_s"])
        table = table.assign(recording=session.recording.name, start_time=start_time)
        lists[name] = {str(column): table[column].tolist() for column in table}
    view = None
    if task.view != "none":
        from retrodetect.report import view_of

        view = view_of(
            session.recording, session.strides, session.gait.contacts_s,
            np.concatenate(witness.traces), more.bouts,
            path=str(task.input.path), cautions=cautions, fine=task.view == "fine",
        )  # fmt: skip
    return Entry(row, view, lists, witness.readings.hexdigest())
