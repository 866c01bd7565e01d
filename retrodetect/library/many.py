"""Many recordings from Python, by the same engine as the command ``retrodetect label``."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Literal

from retrodetect import formats
from retrodetect.direction import Anchors
from retrodetect.formats import ReadOptions
from retrodetect.labelling import error_rates
from retrodetect.library.result import Result
from retrodetect.library.words import in_python_words
from retrodetect.recording import Recording
from retrodetect.runs.batch import Plan, finished, plan, started, write
from retrodetect.runs.outputs import Outputs, strides_in
from retrodetect.runs.pool import Workers
from retrodetect.runs.task import Settings, Task, entries
from retrodetect.tables import harmless, sessions_table

__all__ = ["label_many"]


def label_many(
    paths: str | Path | Iterable[str | Path],
    *,
    model: str | Path = "default",
    placement: str | None = None,
    front: str | None = None,
    starts: Literal["forward", "backward"] | None = None,
    jobs: int | None = None,
    out: str | Path | None = None,
    **options: Any,
) -> Iterator[Result]:
    """Label many recordings.

    Parameters
    ----------
    paths
        Files, folders that are searched, or URLs of either.
    model
        Name of a shipped model or path of a stored one.
    placement, front, starts
        As for :func:`retrodetect.label`; they hold for every recording.
    jobs
        Processes; by default one for each core, or a single one for a small batch.
    out
        Folder for tables, as the command ``retrodetect label`` writes them. The same call again
        resumes: recordings that are done are not labelled again. None writes nothing.
    **options
        As for :func:`retrodetect.read`.

    Yields
    ------
    Result
        One for each recording, in the order of the paths, as soon as it and those before it are
        done. A recording that failed or was refused gives a result too: its ``error`` says why.
        Times and probabilities are rounded as in ``strides.csv``.

    Raises
    ------
    ModelError
        If the model cannot be loaded.
    UsageError
        If there is nothing to do, or the folder cannot be used.
    """
    with in_python_words(), ExitStack() as stack:
        settings = Settings(
            model=str(model),
            anchors=Anchors(placement=placement, front=front, starts=starts),
            read=ReadOptions(**options),
        )
        folder = out or stack.enter_context(TemporaryDirectory(prefix="retrodetect-"))
        given = [paths] if isinstance(paths, str | Path) else list(paths)
        planned = plan(given, Outputs(folder), settings, Workers(jobs))
        tasks = stack.enter_context(started(planned))
        left = iter(tasks)
        task = next(left, None)
        for progress in finished(tasks, planned.workers):
            while task is not None and task.part not in progress.waiting:
                yield from _results(task, planned)
                task = next(left, None)
        if out is not None:
            write(planned, tasks, progress.resumed)


def _results(task: Task, planned: Plan) -> Iterator[Result]:
    """What one input came to."""
    strides, every = strides_in(task.part), entries(task.part)
    for entry in every:
        name = entry.row["recording"]
        own = strides[strides["recording"] == harmless(name, is_path=True)]
        own = own.reset_index(drop=True)
        session = sessions_table([entry.row]).iloc[0]
        row = entry.row
        own.attrs = {
            "model": row.get("model"),
            "placement": row.get("placement"),
            "front": row.get("front"),
            "told_apart_by": row.get("told_apart_by"),
            "naming": row.get("naming"),
            "error_rates": error_rates(planned.model, row.get("placement", "")),
            "warnings": tuple(filter(None, row.get("warnings", "").split("; "))),
        }
        yield Result(own, session, partial(_read, task, name))


def _read(task: Task, name: str) -> Recording:
    read = formats.read(task.input.path, name=task.input.name, options=task.settings.read)
    return next(recording for recording in read if recording.name == name)
