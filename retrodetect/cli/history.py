"""``retrodetect history``: many runs, week by week."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from retrodetect.cli.options import Quiet, out_option

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
        Path | None,
        out_option("Folder for weeks.csv, sessions.csv and report.html."),
    ] = None,
    quiet: Quiet = False,
) -> None:
    """Show backward minutes and share of each week of one wearer, and how they change."""
    from retrodetect.cli.summary import show_weeks
    from retrodetect.history import left_out, read_runs, write_history
    from retrodetect.tally.folder import sessions_apart, weeks

    runs = read_runs(folders)
    sessions = sessions_apart(run.sessions for run in runs)
    by_week = weeks(sessions)
    if out is not None:
        write_history(out, runs, sessions, by_week, goal)
    if not quiet:
        show_weeks(by_week, sessions, left_out(runs, sessions), goal)
