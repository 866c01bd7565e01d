"""``retrodetect history``: many runs, week by week."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from retrodetect.cli.options import Quiet

if TYPE_CHECKING:
    import pandas as pd

    from retrodetect.history import Run

__all__ = ["history"]


def history(
    folders: Annotated[
        list[str],
        typer.Argument(
            help="Folders that label has written.", show_default=False, metavar="DIR..."
        ),
    ],
    goal: Annotated[
        float | None, typer.Option(min=0, max=1, help="Backward share to reach, such as 0.4.")
    ] = None,
    out: Annotated[
        Path | None, typer.Option(help="Folder for weeks.csv, sessions.csv and report.html.")
    ] = None,
    quiet: Quiet = False,
) -> None:
    """Show backward minutes and share of each week of one wearer, and how they change."""
    from retrodetect.cli.summary import show_weeks
    from retrodetect.history import read_runs, write_history
    from retrodetect.tally.folder import sessions_apart, weeks

    runs = read_runs(folders)
    sessions = sessions_apart(run.sessions for run in runs)
    by_week = weeks(sessions)
    if out is not None:
        write_history(out, runs, sessions, by_week, goal)
    if not quiet:
        show_weeks(by_week, sessions, _left_out(runs, sessions), goal)


def _left_out(runs: list[Run], sessions: pd.DataFrame) -> list[str]:
    """Recordings that told of a session once more."""
    told = Counter(name for run in runs for name in run.sessions["recording"])
    return sorted((told - Counter(sessions["recording"])).elements())
