"""Many sessions together: of results at hand, or of runs on disk."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from retrodetect.library.result import Result
from retrodetect.runs.history import left_out, read_runs, write_history
from retrodetect.tables import sessions_table
from retrodetect.tally.folder import sessions_apart, totals, weeks

__all__ = ["History", "history", "tally_many"]


@dataclass(frozen=True, eq=False)
class History:
    """Sessions of one wearer.

    Parameters
    ----------
    sessions : DataFrame
        One row for each recording, in order of time, as in ``sessions.csv``.
    totals : Series
        Of all sessions, with :data:`retrodetect.tally.folder.TOTAL_FIELDS`: strides, minutes, and
        the backward share with its 95 % interval.
    weeks : DataFrame
        Of each week, with :data:`retrodetect.tally.folder.WEEK_COLUMNS`; undated sessions are in
        none.
    errors : Series
        Why recordings failed or were refused, by name.
    left_out
        Recordings of a session that another one covers, such as a watch beside a phone.
    """

    sessions: pd.DataFrame
    totals: pd.Series[Any]
    weeks: pd.DataFrame
    errors: pd.Series[str]
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
        with more labelled strides. Undated recordings that are named and last alike are one.
    """
    return _history([sessions_table([dict(result.session) for result in results])])


def history(
    folders: str | Path | Iterable[str | Path],
    *,
    out: str | Path | None = None,
    goal: float | None = None,
) -> History:
    """Put together what several runs have written, as the command ``retrodetect history`` does.

    Parameters
    ----------
    folders
        Output folders of :func:`retrodetect.label_many` or ``retrodetect label``.
    out
        Folder for ``weeks.csv``, ``sessions.csv`` and the page; None writes nothing.
    goal
        Backward share to reach, which the page shows.

    Returns
    -------
    History
        As from :func:`tally_many`. Of a recording in several runs, the newest row that worked.

    Raises
    ------
    UsageError
        If a folder holds no run, or ``out`` cannot be used.
    UnreadableFile
        If a table cannot be read.
    """
    given = [folders] if isinstance(folders, str | Path) else folders
    runs = read_runs([str(folder) for folder in given])
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
