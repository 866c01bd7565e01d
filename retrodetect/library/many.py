"""Many recordings: label them as ``retrodetect label`` does, add them up, describe the method."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Literal

import pandas as pd

from retrodetect import formats
from retrodetect.direction import Anchors
from retrodetect.errors import UsageError
from retrodetect.formats import ReadOptions
from retrodetect.library import in_python_words
from retrodetect.library.result import Result
from retrodetect.recording import Recording
from retrodetect.runs import batch, own_version
from retrodetect.runs.outputs import Outputs, left_out, read_runs, strides_in, write_history
from retrodetect.runs.pool import Workers
from retrodetect.runs.task import Settings, Task, entries
from retrodetect.tables import harmless, quantity, sessions_table
from retrodetect.tally import words
from retrodetect.tally.folder import sessions_apart, totals, weeks

__all__ = ["History", "history", "label_many", "methods", "tally_many"]

_DECIDED = {
    "wearer": "stated by the wearer",
    "signal": "inferred from the signal",
    "habit": "assumed from how most people walk",
    "": "left open",
}
"""What separated forward from backward, in words."""


def label_many(
    paths: str | Path | Iterable[str | Path],
    *,
    model: str | Path = "default",
    placement: str | None = None,
    front: str | None = None,
    starts: Literal["forward", "backward"] | None = None,
    same_mounting: bool = False,
    jobs: int | None = None,
    out: str | Path | None = None,
    **options: Any,
) -> Iterator[Result]:
    """Label many recordings.

    Parameters
    ----------
    paths
        Files, folders to search, or URLs of either.
    model
        Name of a shipped model or path of a stored one.
    placement, front, starts, same_mounting
        As for :func:`retrodetect.label`, for every recording.
    jobs
        Processes; by default one for each core, or a single one for a small batch.
    out
        Folder for tables, as the command ``retrodetect label`` writes them. The same call again
        resumes: finished recordings are not labelled again. None writes nothing.
    **options
        As for :func:`retrodetect.read`.

    Yields
    ------
    Result
        One for each recording, in the order of the paths, as soon as it and those before it are
        done. Files that a manifest in a folder names are included. A recording that failed or was
        refused gives a result too: its ``error`` says why. Times and probabilities are rounded as
        in ``strides.csv``.

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
            anchors=Anchors(
                placement=placement, front=front, starts=starts, same_mounting=same_mounting
            ),
            read=ReadOptions(**options),
        )
        folder = out or stack.enter_context(TemporaryDirectory(prefix="retrodetect-"))
        locations = [paths] if isinstance(paths, str | Path) else list(paths)
        planned = batch.plan(locations, Outputs(folder), settings, Workers(jobs))
        tasks = stack.enter_context(batch.started(planned))
        waiting = iter(tasks)
        task = next(waiting, None)
        by_hand = {task.part for task in tasks if task.input.path in planned.beside}
        names: dict[str, str] = {}
        are_named = False
        for progress in batch.finished(tasks, planned.workers):
            if not are_named and not by_hand & progress.waiting:
                names, are_named = batch.named_by_hand(planned, tasks), True
            # Until then, only recordings that a manifest names are certain to count before copies.
            while (
                task is not None
                and task.part not in progress.waiting
                and (are_named or task.part in by_hand)
            ):
                yield from _results(task, planned, names)
                task = next(waiting, None)
        if out is not None:
            batch.write(planned, tasks, progress.resumed)


def _results(task: Task, planned: batch.Plan, names: dict[str, str]) -> Iterator[Result]:
    """Yield the results of one input."""
    strides, kept = strides_in(task.part), entries(task.part)
    for entry in kept:
        name = entry.row["recording"]
        its_strides = strides[strides["recording"] == harmless(name, is_path=True)]
        its_strides = its_strides.reset_index(drop=True)
        row = batch.with_copy_of(entry, names)
        session = sessions_table([row]).iloc[0]
        copied = ("model", "placement", "front", "told_apart_by", "naming")
        state = (row.get(name, "") for name in ("placement", "front", "told_apart_by"))
        its_strides.attrs = {attribute: row.get(attribute) for attribute in copied} | {
            "error_rates": planned.model.card.error_rates_at(*state),
            "warnings": tuple(filter(None, row.get("warnings", "").split("; "))),
        }
        yield Result(its_strides, session, partial(_read, task, name))


def _read(task: Task, name: str) -> Recording:
    read = formats.read(task.input, options=task.settings.read)
    return next(recording for recording in read if recording.name == name)


@dataclass(frozen=True, eq=False)
class History:
    """Sessions of one wearer."""

    sessions: pd.DataFrame  # a row for each, in time order, as in ``sessions.csv``
    totals: pd.Series[Any]  # of all, with :data:`retrodetect.tally.folder.TOTAL_FIELDS`
    # of each week, with :data:`retrodetect.tally.folder.WEEK_COLUMNS`; undated sessions are in none
    weeks: pd.DataFrame
    errors: pd.Series[str]  # why recordings failed or were refused, by name
    # recordings of a session that another one covers, such as a watch beside a phone
    left_out: tuple[str, ...]

    def _repr_html_(self) -> str:
        weeks = "" if self.weeks.empty else self.weeks.to_html(index=False)
        return self.totals.to_frame("total").to_html() + weeks


def tally_many(results: Iterable[Result]) -> History:
    """Add up the sessions of one wearer.

    Parameters
    ----------
    results
        From :func:`retrodetect.label` or :func:`retrodetect.label_many`, also one by one as they
        are done. Those with an ``error`` add nothing.

    Returns
    -------
    History
        Each session counts once: of recordings that overlap in time by more than half, the one
        with more labelled strides. Recordings without a date count as one if both their names and
        their durations are the same.
    """
    return _history([sessions_table([dict(result.session) for result in results])])


def history(
    folders: str | Path | Iterable[str | Path],
    *,
    out: str | Path | None = None,
    goal: float | None = None,
) -> History:
    """Merge the results of several runs, as the command ``retrodetect history`` does.

    Parameters
    ----------
    folders
        Output folders of :func:`retrodetect.label_many` or ``retrodetect label``.
    out
        Folder for ``weeks.csv``, ``sessions.csv`` and the page; None writes nothing.
    goal
        Backward share to reach, shown on the page.

    Returns
    -------
    History
        As from :func:`tally_many`. A recording in several runs counts with the newest that worked.

    Raises
    ------
    UsageError
        If a folder contains no run, or ``out`` cannot be used.
    UnreadableFile
        If a table cannot be read.
    """
    locations = [folders] if isinstance(folders, str | Path) else folders
    runs = read_runs([str(folder) for folder in locations])
    put_together = _history([run.sessions for run in runs])
    if out is not None:
        write_history(Path(out), runs, put_together.sessions, put_together.weeks, goal)
    return put_together


def _history(tables: list[pd.DataFrame]) -> History:
    sessions = sessions_apart(tables)
    failed = sessions[sessions["status"].isin(["failed", "refused"])]
    return History(
        sessions,
        pd.Series(totals(sessions), dtype=object),
        weeks(sessions),
        failed.set_index("recording")["message"],
        tuple(left_out(tables, sessions)),
    )


def methods(results: Result | Iterable[Result]) -> str:
    """Write the methods paragraph of a paper: versions, settings and figures.

    Parameters
    ----------
    results
        Result of one recording, or those of many.

    Returns
    -------
    str
        English text; all its figures and settings come from the results.

    Raises
    ------
    UsageError
        If no recording was labelled.
    """
    all_results = [results] if isinstance(results, Result) else list(results)
    table = pd.DataFrame([result.session for result in all_results if result.error is None])
    if table.empty:
        raise UsageError("no recording was labelled", remedy="see the error of each result")
    recordings = partial(quantity, noun="recording")
    low_hz, high_hz = table["rate_hz"].min(), table["rate_hz"].max()
    rates = f"{low_hz:.0f}" if round(low_hz) == round(high_hz) else f"{low_hz:.0f} to {high_hz:.0f}"
    forward, backward, unknown = (
        int(table[f"{direction}_strides"].sum()) for direction in ("forward", "backward", "unknown")
    )
    strides = forward + backward + unknown
    excluded = len(all_results) - len(table)
    minutes = table["duration_s"].sum() / 60
    lasting = f"{minutes:.1f} min" if minutes < 60 else f"{minutes / 60:.1f} h"
    sites = [
        f"{site[:-1]} (inferred from the signal)" if site.endswith("?") else site
        for site in sorted(set(table["placement"]))
    ]
    by = table["told_apart_by"].fillna("").value_counts()
    decided = [
        _DECIDED[str(how)] + (f" in {recordings(count)}" if len(by) > 1 else "")
        for how, count in by.items()
    ]
    sentences = [
        f"We detected strides and labelled each as forward or backward with retrodetect"
        f" {own_version()} (model {', '.join(sorted(set(table['model'])))}).",
        f"We analysed {recordings(len(table))} ({lasting} in total, sampled at {rates}"
        f" Hz). The sensor was worn at: {', '.join(sites)}.",
        f"We excluded {recordings(excluded)} that could not be used." if excluded else "",
        f"Which direction was forward was {', '.join(decided)}.",
        f"Of {strides} strides, {forward} were labelled forward and {backward} backward; {unknown}"
        " remained unlabelled.",
    ]
    if len(table) == 1 and forward + backward:
        row = dict(table.iloc[0])
        share = words.percent(row["backward_share"], words.shown_width(row))
        sentences.append(
            f"The backward share of labelled strides was {share} (95%"
            f" interval {words.interval(row)}; the interval allows for the error rates of the"
            " model and for unlabelled strides)."
        )
    return " ".join(filter(None, sentences))
