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
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import lru_cache
from importlib.metadata import version
from pathlib import Path
from typing import Any, Literal, NamedTuple

import joblib
import pandas as pd
from joblib.externals.loky import ProcessPoolExecutor

from retrodetect.atomic import replacing
from retrodetect.direction import Anchors, DirectionModel
from retrodetect.errors import InputError, RefusedRecording, RetrodetectError, UsageError
from retrodetect.formats import Input, ReadOptions, discover, read
from retrodetect.labelling import Session, label_session
from retrodetect.tables import STRIDE_COLUMNS, csv_text, sessions_table
from retrodetect.tally import tally
from retrodetect.training import store

__all__ = ["Outcome", "Settings", "run"]

_log = logging.getLogger(__name__)

TableFormat = Literal["csv", "parquet"]

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
    """

    model: str = "default"
    anchors: Anchors = field(default_factory=Anchors)
    read: ReadOptions = field(default_factory=ReadOptions)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a batch came to.

    Parameters
    ----------
    sessions : DataFrame
        The table written to ``sessions.csv``.
    resumed
        How many inputs had been done by an earlier run.
    """

    sessions: pd.DataFrame
    resumed: int

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
    restart: bool = False,
    table_format: TableFormat = "csv",
    arguments: Iterable[str] = (),
    on_progress: Callable[[Progress], None] = lambda _: None,
) -> Outcome:
    """Label every recording below some paths and write the tables.

    Parameters
    ----------
    paths
        Files, or folders that are searched.
    out
        Folder for ``strides.csv``, ``sessions.csv`` and ``run.json``; made if need be.
    settings
        Model, anchors and reading options.
    jobs
        Processes; None for as many as there are cores, or one where there is little to do.
    restart
        Whether to do all inputs anew rather than to go on from an earlier run.
    table_format
        ``csv`` or ``parquet``.
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
        Where there is nothing to do, or ``out`` cannot be written to.
    """
    began = time.time()
    settings = settings or Settings()
    write_tables = _writer(table_format)
    model = store.load(settings.model)
    inputs = discover(*paths)
    if not inputs:
        raise UsageError("no recordings found", remedy="name a file, or a folder that holds some")
    parts = _parts_folder(Path(out))
    code = _code_digest()
    tasks = [
        _Task(one, settings, parts / f"{_digest(one, settings, model, code)}.part")
        for one in inputs
    ]
    left = [task for task in tasks if restart or not _is_done(task.part)]
    resumed = len(tasks) - len(left)
    hours = 0.0
    on_progress(Progress(resumed, len(tasks), hours))
    for number, seconds in enumerate(_work(left, jobs, _do), start=1):
        hours += seconds / 3600
        on_progress(Progress(resumed + number, len(tasks), hours))
    sessions = sessions_table(row for task in tasks for row in _head(task.part)["sessions"])
    write_tables(Path(out), (task.part for task in tasks), sessions)
    _write_run(Path(out), model, sessions, arguments, began, resumed)
    return Outcome(sessions, resumed)


class _Task(NamedTuple):
    """One input, how to label it, and where its part goes."""

    input: Input
    settings: Settings
    part: Path


def _work(
    tasks: Sequence[_Task], jobs: int | None, do: Callable[[_Task], float]
) -> Iterator[float]:
    """Do the tasks, in any order; gives the seconds of recording of each as it is done."""
    if jobs is None:
        jobs = joblib.cpu_count() if _bytes(tasks) > SMALL_BATCH_BYTES else 1
    if jobs == 1 or len(tasks) == 1:
        yield from map(do, tasks)
        return
    left = {task.part: task for task in tasks}

    def done(part: Path, seconds: float) -> float:
        del left[part]
        return seconds

    while left:
        try:
            pool = joblib.Parallel(n_jobs=min(jobs, len(left)), return_as="generator_unordered")
            for part, seconds in pool(
                joblib.delayed(_named)(do, task) for task in [*left.values()]
            ):
                yield done(part, seconds)
        except BrokenProcessPool:
            # Which input brought its worker down? One by one until it is found, then on together.
            for task in list(left.values()):
                seconds = _do_alone(do, task)
                yield done(task.part, seconds or 0.0)
                if seconds is None:
                    break


def _named(do: Callable[[_Task], float], task: _Task) -> tuple[Path, float]:
    return task.part, do(task)


def _do_alone(do: Callable[[_Task], float], task: _Task) -> float | None:
    """Do a task in a process of its own; None if that dies, and the task has failed."""
    try:
        with ProcessPoolExecutor(max_workers=1) as alone:
            return float(alone.submit(do, task).result())
    except BrokenProcessPool:
        reason = f"{task.input.name}: its process was killed; try it alone, with more memory free."
        _write_part(task.part, [_failed_row(task.input.name, "failed", reason)], [])
        return None


def _bytes(tasks: Sequence[_Task]) -> int:
    return sum(task.input.path.stat().st_size for task in tasks if task.input.path.is_file())


def _do(task: _Task) -> float:
    """Label one input and write its part; returns the seconds of recording in it."""
    rows, strides = [], []
    try:
        for recording in read(task.input.path, name=task.input.name, options=task.settings.read):
            session = label_session(recording, _model(task.settings.model), task.settings.anchors)
            rows.append(_session_row(session))
            strides.append(session.strides)
    except InputError as error:
        status = "refused" if isinstance(error, RefusedRecording) else "failed"
        rows.append(_failed_row(task.input.name, status, str(error)))
    except RetrodetectError:
        raise
    except Exception as error:
        # One recording must not end the run for all others, whatever is wrong with it.
        _log.debug("while labelling %s", task.input.path, exc_info=True)
        reason = f"{task.input.name}: unexpected {type(error).__name__} ({error}); please report it"
        rows.append(_failed_row(task.input.name, "failed", reason))
    _write_part(task.part, rows, strides)
    return sum(row.get("duration_s") or 0.0 for row in rows)


@lru_cache(maxsize=1)
def _model(name: str) -> DirectionModel:
    """Load the model once in each process."""
    return store.load(name)


def _session_row(session: Session) -> dict[str, Any]:
    """Fields of ``sessions.csv`` for a labelled recording."""
    recording = session.recording
    return {
        "recording": recording.name,
        "status": "ok" if len(session.strides) else "no_gait",
        "message": _message(session),
        "format": recording.format,
        "placement": session.directions.placement,
        "front": session.directions.front,
        "rate_hz": recording.rate_hz,
        "duration_s": recording.duration_s,
        **{str(name): value for name, value in tally(session.strides).items()},
        "model": session.strides.attrs["model"],
        "version": version("retrodetect"),
    }


def _message(session: Session) -> str:
    """What was assumed when reading, and what the user should know."""
    assumed = [
        f"assumed {found.topic}: {found.value}"
        for found in session.recording.findings
        if found.ground == "assumed"
    ]
    return "; ".join([*assumed, *session.recording.warnings])


def _failed_row(name: str, status: str, message: str) -> dict[str, Any]:
    return {
        "recording": name,
        "status": status,
        "message": message,
        "version": version("retrodetect"),
    }


def _parts_folder(out: Path) -> Path:
    """Make the folder for the parts, and the output folder above it."""
    parts = out / ".retrodetect"
    try:
        parts.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UsageError(
            f"cannot be written to ({error.strerror})", file=str(out), remedy="name another folder"
        ) from error
    return parts


def _digest(one: Input, settings: Settings, model: DirectionModel, code: str) -> str:
    """Digest of all that the rows of an input depend on."""
    files = []
    for path in (one.path, *one.side_files):
        found = path.stat() if path.exists() else None
        stamp = (found.st_size, found.st_mtime_ns) if found else None
        files.append((str(path.resolve()), stamp))
    parts = [one.name, files, repr(settings.anchors), repr(settings.read), settings.model]
    parts += [model.card["card_sha256"], code]
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:32]


def _code_digest() -> str:
    """Digest of this package's code: another version may label otherwise."""
    digest = hashlib.sha256()
    for path in sorted(Path(__file__).parent.rglob("*.py")):
        digest.update(path.read_bytes())
    return digest.hexdigest()


def _write_part(path: Path, rows: list[dict[str, Any]], strides: list[pd.DataFrame]) -> None:
    """Write the rows of one input: a line of JSON, then lines of csv."""
    body = "".join(csv_text(table, header=False) for table in strides).encode()
    head = {"sessions": rows, "sha256": hashlib.sha256(body).hexdigest()}
    # No waiting for the disk: a part that a power cut has torn does not match its digest.
    with replacing(path, durable=False) as stream:
        stream.write(json.dumps(head).encode() + b"\n" + body)


def _is_done(part: Path) -> bool:
    """Whether a whole part is there from which to go on; what failed is tried again."""
    if not part.exists():
        return False
    try:
        head = _head(part)
        with part.open("rb") as stream:
            stream.readline()
            whole = hashlib.file_digest(stream, "sha256").hexdigest() == head["sha256"]
        return whole and all(row["status"] != "failed" for row in head["sessions"])
    except (ValueError, KeyError):
        return False


def _head(part: Path) -> dict[str, Any]:
    with part.open("rb") as stream:
        return dict(json.loads(stream.readline()))


def _writer(table_format: TableFormat) -> Callable[[Path, Iterable[Path], pd.DataFrame], None]:
    """Find what writes the tables, before any work is done for a format that cannot be written."""
    if table_format == "csv":
        return _write_csv
    from retrodetect.parquet import write_parquet

    return lambda out, parts, sessions: write_parquet(out, map(_body, parts), sessions)


def _write_csv(out: Path, parts: Iterable[Path], sessions: pd.DataFrame) -> None:
    """Lay the parts end to end."""
    with replacing(out / "strides.csv") as stream:
        stream.write(",".join(STRIDE_COLUMNS).encode() + b"\n")
        stream.writelines(map(_body, parts))
    with replacing(out / "sessions.csv") as stream:
        stream.write(csv_text(sessions, header=True).encode())


def _body(part: Path) -> bytes:
    """Csv lines of the strides of one input."""
    with part.open("rb") as stream:
        stream.readline()
        return stream.read()


def _write_run(
    out: Path,
    model: DirectionModel,
    sessions: pd.DataFrame,
    arguments: Iterable[str],
    began: float,
    resumed: int,
) -> None:
    """Write ``run.json``: what was done, with what, and how it went."""
    counts = sessions["status"].value_counts()
    record = {
        "version": version("retrodetect"),
        "arguments": list(arguments),
        "model": {"name": model.name, "sha256": model.card["sha256"]},
        "counts": {
            "inputs": len(sessions),
            **{name: int(counts.get(name, 0)) for name in ("ok", "no_gait", "refused", "failed")},
            "strides": int(sessions["strides"].sum()),
            "resumed": resumed,
        },
        "times": {
            "began": datetime.fromtimestamp(began, UTC).isoformat(timespec="seconds"),
            "took_s": round(time.time() - began, 3),
            "recorded_h": round(float(sessions["duration_s"].sum()) / 3600, 4),
        },
    }
    with replacing(out / "run.json") as stream:
        stream.write((json.dumps(record, indent=1) + "\n").encode())
