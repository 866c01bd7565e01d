"""Many recordings at once: one task per input, resumable, written whole or not at all.

Each finished input leaves a *part* in ``DIR/.retrodetect/``: its rows of ``sessions.csv`` and
``strides.csv``. A part's name is a digest of all that its content depends on (the files, the
options, the model, the code), so that a run which was stopped goes on where it was, and
what has changed is done anew. The final tables are the parts laid end to end in input order.
"""

from __future__ import annotations

import hashlib
import json
import logging
import platform
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import cache, lru_cache
from importlib.metadata import version
from pathlib import Path
from typing import Any, Literal, NamedTuple

import joblib
import numpy as np
import pandas as pd

from retrodetect import formats, lock, parts, results
from retrodetect.atomic import replacing, sweep
from retrodetect.direction import Anchors, DirectionModel
from retrodetect.errors import (
    InputError,
    RefusedRecording,
    RetrodetectError,
    UnreadableFile,
    UsageError,
)
from retrodetect.formats import Input, ReadOptions, discover
from retrodetect.labelling import Session, label_pieces, wall_clock
from retrodetect.limits import Limits
from retrodetect.locations import identity, is_there, location, total_bytes
from retrodetect.recording import FloatArray, Recording
from retrodetect.tables import (
    LIST_COLUMNS,
    STRIDE_COLUMNS,
    csv_text,
    lists_table,
    sessions_table,
    visible,
    without_nan,
)
from retrodetect.tally import tally
from retrodetect.tally.course import Course
from retrodetect.tally.details import details
from retrodetect.tally.energy import Pace
from retrodetect.tally.folder import sessions_apart, totals, weeks
from retrodetect.training import store
from retrodetect.workers import shared_out

__all__ = ["Outcome", "Settings", "run", "session_row"]

_log = logging.getLogger(__name__)

TableFormat = Literal["csv", "parquet"]

MOST_FIGURES = 12
"""Inputs up to which each gets a figure in the report: they take longer than labelling."""

MOST_DRAWN_S = 3 * 3600.0
"""Longest recording that gets one: its samples are held in memory for it."""

SMALL_BATCH_BYTES = 5_000_000
"""Inputs that one process has labelled by the time others have started (1.5 s)."""


@dataclass(frozen=True, slots=True)
class Settings:
    """What every recording of a batch is labelled with.

    Parameters
    ----------
    model
        Name of a shipped model or path of a stored one.
    anchors
        What the wearer tells; holds for every recording.
    read
        Overrides for reading.
    view
        What to keep of each session for the report: nothing, its facts, or a figure too.
    pace
        Speed or distance that the wearer knows; holds for every recording.
    """

    model: str = "default"
    anchors: Anchors = field(default_factory=Anchors)
    read: ReadOptions = field(default_factory=ReadOptions)
    view: Literal["none", "facts", "figure"] = "none"
    pace: Pace = field(default_factory=Pace)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a batch came to.

    Parameters
    ----------
    sessions : DataFrame
        The table written to ``sessions.csv``.
    resumed
        How many inputs had been done by an earlier run.
    passed_over
        Files in the folders searched that hold no readings.
    """

    sessions: pd.DataFrame
    resumed: int
    passed_over: tuple[str, ...] = ()

    @property
    def all_done(self) -> bool:
        """Whether no input failed or was refused."""
        return not self.sessions["status"].isin(["failed", "refused"]).any()


class Progress(NamedTuple):
    """How far a batch is: inputs done of all, and hours of recording labelled."""

    done: int
    total: int
    hours: float


def run(
    paths: Iterable[str | Path],
    out: str | Path,
    settings: Settings | None = None,
    *,
    jobs: int | None = None,
    cluster: str | None = None,
    limits: Limits | None = None,
    restart: bool = False,
    table_format: TableFormat = "csv",
    report: bool = False,
    goal: float | None = None,
    arguments: Iterable[str] = (),
    on_progress: Callable[[Progress], None] = lambda _: None,
) -> Outcome:
    """Label every recording below some paths and write the tables.

    Parameters
    ----------
    paths
        Files, or folders that are searched, or URLs of either.
    out
        Folder or URL for ``strides.csv``, ``sessions.csv`` and ``run.json``; made if need be.
    settings
        Model, anchors and reading options.
    jobs
        Processes; None for as many as there are cores, or one where there is little to do.
    cluster
        Address of a Dask scheduler whose workers label instead; they see the same files.
    limits
        What one input may take before it fails alone; a cluster's workers have their own.
    restart
        Whether to do all inputs anew rather than to go on from an earlier run.
    table_format
        ``csv`` or ``parquet``.
    report
        Whether to write ``report.html``; where there are few inputs, with a figure of each.
    goal
        Backward share to hold the sessions against in the report.
    arguments
        The command line, for ``run.json``.
    on_progress
        Called after each input.

    Returns
    -------
    Outcome

    Raises
    ------
    ModelError
        Where the model cannot be loaded; nothing is written then.
    UsageError
        Where there is nothing to do, ``out`` is no folder, or another run is at work there.
    OutputError
        Where the disk is full; what is done so far is kept.
    """
    if limits and cluster is not None:
        raise UsageError(
            "workers of a cluster keep their own limits",
            place="--timeout, --max-memory",
            remedy="set them where the workers are started",
        )
    began = time.time()
    settings = settings or Settings()
    limits = limits or Limits()
    write_tables = _writer(table_format)
    model = store.load(settings.model)
    passed_over: list[str] = []
    inputs = _found(paths, settings.read, passed_over.append)
    if report:
        _check_report()
        settings = replace(settings, view="figure" if len(inputs) <= MOST_FIGURES else "facts")
    out = location(out)
    results.check_ours(out, "label", [path for one in inputs for path in one.files])
    folder = results.state_folder(out)
    with lock.held(folder):
        sweep(folder)
        sweep(out)
        if restart:
            parts.clear(folder)
        else:
            results.check_others_kept(folder, [one.path for one in inputs])
        code = _code_digest()
        tasks = [
            _Task(
                one, settings, folder / f"{_digest(one, settings, model, code)}.part", code, limits
            )
            for one in inputs
        ]
        there = {path.name for path in folder.iterdir()}
        left = [
            task
            for task in tasks
            if task.part.name not in there or not parts.is_finished(task.part)
        ]
        resumed = len(tasks) - len(left)
        hours = 0.0
        on_progress(Progress(resumed, len(tasks), hours))
        jobs = _jobs(left, jobs)
        done = shared_out(_do, left, jobs=jobs, cluster=cluster)
        for number, (task, seconds) in enumerate(done, start=1):
            if seconds is None:
                parts.write(task.part, [_killed(task.input.name)], [])
            hours += (seconds or 0.0) / 3600
            on_progress(Progress(resumed + number, len(tasks), hours))
        # Workers killed on the way could not take away what they had half written.
        sweep(folder)
        files = [task.part for task in tasks]
        rows = [[entry.row for entry in parts.entries(file)] for file in files]
        sessions = sessions_table(row for of_input in rows for row in of_input)
        # Kept before the tables are: a run that is stopped in between must not forget them.
        results.keep_inputs(folder, _with_results(inputs, rows))
        write_tables(out, files, sessions)
        results.drop_other_format(out, table_format)
        record = _record(model, sessions, arguments, began, resumed)
        record |= {"goal": goal, "passed_over": passed_over}
        with replacing(out / "run.json") as stream:
            stream.write((json.dumps(record, indent=1) + "\n").encode())
        if report:
            _write_report(out, files, sessions, model, record)
    return Outcome(sessions, resumed, tuple(passed_over))


def _found(
    paths: Iterable[str | Path], read: ReadOptions, on_passed_over: Callable[[str], None]
) -> list[Input]:
    """Inputs below some paths, at least one of which is there."""
    paths = list(paths)
    inputs = discover(*paths, columns=read.columns.values(), on_passed_over=on_passed_over)
    if not inputs:
        raise UsageError(
            "no recordings found",
            file=", ".join(map(str, paths)),
            remedy="name a file, or a folder that holds some",
        )
    if not any(is_there(one.path) for one in inputs):
        raise UsageError(
            "no such file or folder",
            file=", ".join(str(one.path) for one in inputs),
            remedy="mind the spelling, and the folder you are in",
        )
    return inputs


def _with_results(inputs: Sequence[Input], rows: Sequence[Sequence[dict[str, Any]]]) -> list[Path]:
    """Files of the inputs which came to more than failures."""
    return [
        one.path
        for one, of_input in zip(inputs, rows, strict=True)
        if any(row["status"] != "failed" for row in of_input)
    ]


class _Task(NamedTuple):
    """One input, how to label it, and where its part goes."""

    input: Input
    settings: Settings
    part: Path
    code: str
    limits: Limits


def _jobs(tasks: Sequence[_Task], jobs: int | None) -> int:
    """As many processes as there are cores, or one that is done before others have started."""
    if jobs is not None:
        return jobs
    size = total_bytes(task.input.path for task in tasks)
    return int(joblib.cpu_count()) if size > SMALL_BATCH_BYTES else 1


def _do(task: _Task) -> float:
    """Label one input and write its part; returns the seconds of recording in it."""
    if task.code != _code_digest():
        raise UsageError(
            f"a worker on {platform.node()} has another version of retrodetect",
            place="--cluster",
            remedy="install the same one everywhere",
        )
    found: list[parts.Entry] = []
    strides: list[pd.DataFrame] = []
    try:
        with task.limits.kept(task.input.name):
            for entry, table in _labelled(task.input, task.settings):
                found.append(entry)
                strides.append(table)
    except InputError as error:
        status = "refused" if isinstance(error, RefusedRecording) else "failed"
        found.append(_failed(task.input.name, status, str(error)))
    except RetrodetectError:
        raise
    except OSError as error:
        damage = UnreadableFile(
            f"cannot be read to its end ({error.strerror or error})",
            file=task.input.name,
            remedy="copy or export it again",
        )
        found.append(_failed(task.input.name, "failed", str(damage)))
    except Exception as error:
        # One recording must not end the run for all others, whatever is wrong with it.
        _log.debug("while labelling %s", task.input.path, exc_info=True)
        reason = f"{task.input.name}: unexpected {type(error).__name__} ({error}); please report it"
        found.append(_failed(task.input.name, "failed", reason))
    parts.write(task.part, found, strides)
    return sum(entry.row.get("duration_s") or 0.0 for entry in found)


def _labelled(one: Input, settings: Settings) -> Iterator[tuple[parts.Entry, pd.DataFrame]]:
    """Label each recording of an input; gives its entry and its strides."""
    opened = formats.pieces(one.path, name=one.name, options=settings.read)
    for pieces in opened:
        kept = _Kept(pieces, settings.view)
        session = label_pieces(kept, _model(settings.model), settings.anchors)
        yield _entry(session, settings, kept), session.strides


class _Kept:
    """Pieces on their way to be labelled, kept for a figure as long as that is no burden.

    Their course and, for a page, their trace are small enough to be kept of any length.
    """

    def __init__(self, pieces: Iterable[Recording], view: str) -> None:
        self._pieces = pieces
        self._viewed = view != "none"
        self._most_s = MOST_DRAWN_S if view == "figure" else 0.0
        self.whole: list[Recording] = []
        self.traces: list[FloatArray] = []
        self._courses: list[Course] = []

    @property
    def course(self) -> Course:
        """Speed and height of all pieces."""
        return Course.joined(self._courses)

    def __iter__(self) -> Iterator[Recording]:
        for piece in self._pieces:
            if len(piece.time_s) and piece.time_s[-1] > self._most_s:
                self._most_s = 0.0
                self.whole.clear()
            if self._most_s:
                self.whole.append(piece)
            if self._viewed:
                from retrodetect.report import trace_of

                self.traces.append(trace_of(piece))
            self._courses.append(Course.of(piece))
            yield piece


def _entry(session: Session, settings: Settings, kept: _Kept) -> parts.Entry:
    """All that is told of a labelled recording."""
    contacts_s = session.gait.contacts["time_s"].to_numpy()
    placement = session.directions.placement
    found = details(session.strides, contacts_s, placement, kept.course, settings.pace)
    lists = {}
    for name, table in (("bouts", found.bouts), ("repeats", found.repeats)):
        start_time = wall_clock(session.recording, table["start_s"])
        table = table.assign(recording=session.recording.name, start_time=start_time)
        lists[name] = {str(column): table[column].tolist() for column in table}
    warnings = (*session.strides.attrs["warnings"], *found.warnings)
    row = session_row(session) | found.fields | {"warnings": visible("; ".join(warnings))}
    return parts.Entry(row, _view(session, settings, kept, found.bouts, warnings), lists)


def _view(
    session: Session,
    settings: Settings,
    kept: _Kept,
    bouts: pd.DataFrame,
    warnings: Sequence[str],
) -> dict[str, Any] | None:
    """What the report tells of a session."""
    if settings.view == "none":
        return None
    from retrodetect.report import view_of

    contacts_s = session.gait.contacts["time_s"].to_numpy()
    recording = formats.joined(kept.whole) if kept.whole else session.recording
    return view_of(
        recording, session.strides, contacts_s, np.concatenate(kept.traces), bouts,
        warnings=warnings, drawn=bool(kept.whole),
        fine=settings.view == "figure",
    )  # fmt: skip


@lru_cache(maxsize=1)
def _model(name: str) -> DirectionModel:
    """Load the model once in each process."""
    return store.load(name)


def session_row(session: Session) -> dict[str, Any]:
    """Tell a labelled recording in the fields of ``sessions.csv``.

    Parameters
    ----------
    session
        From :func:`retrodetect.labelling.label_pieces`.

    Returns
    -------
    dict
        Fields that follow from counts; :func:`retrodetect.tally.details.details` adds others.
    """
    recording = session.recording
    return {
        "recording": recording.name,
        "status": "ok" if len(session.strides) else "no_gait",
        "message": _assumed(session.recording),
        "format": recording.format,
        "placement": session.directions.placement,
        "front": session.directions.front,
        "rate_hz": recording.rate_hz,
        "duration_s": session.duration_s,
        **{str(name): value for name, value in tally(session.strides).items()},
        "model": session.strides.attrs["model"],
        "version": version("retrodetect"),
        "start_time": wall_clock(recording, pd.Series([0.0])).iloc[0],
        "told_apart_by": session.directions.told_apart_by,
    }


def _assumed(recording: Recording) -> str:
    """What was assumed when reading."""
    assumed = [
        f"assumed {found.topic}: {found.value}"
        for found in recording.findings
        if found.ground == "assumed"
    ]
    return visible("; ".join(assumed))


def _killed(name: str) -> parts.Entry:
    reason = f"{name}: its process was killed; try it alone, with more memory free."
    return _failed(name, "failed", reason)


def _failed(name: str, status: str, message: str) -> parts.Entry:
    row = {"recording": name, "status": status, "message": visible(message)}
    return parts.Entry({**row, "version": version("retrodetect")})


def _digest(one: Input, settings: Settings, model: DirectionModel, code: str) -> str:
    """Digest of all that the rows of an input depend on."""
    files = [(str(identity(path)), _stamp(path)) for path in one.files]
    content = [one.name, files, repr(settings), model.card["card_sha256"], code]
    return hashlib.sha256(json.dumps(content).encode()).hexdigest()[:32]


def _stamp(path: Path) -> object:
    """What changes when a file does; None where none can be seen."""
    try:
        if not isinstance(path, Path):
            return path.fs.ukey(path.path)
        found = path.stat()
    except Exception:  # a store's client has errors of its own
        return None
    return found.st_size, found.st_mtime_ns


@cache
def _code_digest() -> str:
    """Digest of this package's code: another version may label otherwise."""
    digest = hashlib.sha256()
    for path in sorted(Path(__file__).parent.rglob("*.py")):
        digest.update(path.read_bytes())
    return digest.hexdigest()


def _writer(table_format: TableFormat) -> Callable[[Path, Sequence[Path], pd.DataFrame], None]:
    """Find what writes the tables, before any work is done for a format that cannot be written."""
    if table_format == "csv":
        return _write_csv
    from retrodetect.parquet import write_parquet

    def write(out: Path, files: Sequence[Path], sessions: pd.DataFrame) -> None:
        write_parquet(out, map(parts.stride_lines, files), sessions)
        for name, table in _lists(files):
            with replacing(out / f"{name}.parquet") as stream:
                table.to_parquet(stream, index=False)

    return write


def _lists(files: Sequence[Path]) -> Iterator[tuple[str, pd.DataFrame]]:
    """Bouts and repeats of all parts, by the name of their file."""
    for name in LIST_COLUMNS:
        found = (entry.lists.get(name, {}) for file in files for entry in parts.entries(file))
        yield name, lists_table(name, found)


def _write_csv(out: Path, files: Sequence[Path], sessions: pd.DataFrame) -> None:
    """Lay the parts end to end."""
    with replacing(out / "strides.csv") as stream:
        stream.write(",".join(STRIDE_COLUMNS).encode() + b"\n")
        stream.writelines(map(parts.stride_lines, files))
    with replacing(out / "sessions.csv") as stream:
        stream.write(csv_text(sessions, header=True).encode())
    for name, table in _lists(files):
        with replacing(out / f"{name}.csv") as stream:
            stream.write(csv_text(table, header=True).encode())


def _record(
    model: DirectionModel,
    sessions: pd.DataFrame,
    arguments: Iterable[str],
    began: float,
    resumed: int,
) -> dict[str, Any]:
    """What was done, with what, and how it went."""
    counts = sessions["status"].value_counts()
    return {
        "version": version("retrodetect"),
        "arguments": list(arguments),
        "model": {"name": model.name, "sha256": model.card["sha256"]},
        "counts": {
            "inputs": len(sessions),
            **{name: int(counts.get(name, 0)) for name in ("ok", "no_gait", "refused", "failed")},
            "strides": int(sessions["strides"].sum()),
            "resumed": resumed,
        },
        "totals": without_nan(totals(sessions)),
        "times": {
            "began": datetime.fromtimestamp(began, UTC).isoformat(timespec="seconds"),
            "took_s": round(time.time() - began, 3),
            "recorded_h": round(float(sessions["duration_s"].sum()) / 3600, 4),
        },
    }


def _check_report() -> None:
    """Find out before the work, not after it, whether the report can be made."""
    try:
        import retrodetect.report  # noqa: F401
    except ImportError as error:
        raise UsageError(
            f"the report needs {error.name}", remedy="run pip install 'retrodetect[report]'"
        ) from error


def _write_report(
    out: Path,
    files: Iterable[Path],
    sessions: pd.DataFrame,
    model: DirectionModel,
    record: dict[str, Any],
) -> None:
    """Write ``report.html``, and ``report.json`` with what it tells that no table holds."""
    from retrodetect.report import page, told

    every = [entry for file in files for entry in parts.entries(file)]
    by_week = weeks(sessions_apart([sessions]))
    with replacing(out / "report.json") as stream:
        stream.write(
            (json.dumps(told(sessions, every, model.card, by_week), indent=1) + "\n").encode()
        )
    views = [entry.view and {**entry.view, "lists": entry.lists} for entry in every]
    with replacing(out / "report.html") as stream:
        stream.write(page(sessions, views, model.card, record, by_week).encode())
