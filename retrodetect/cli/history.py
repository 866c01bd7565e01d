"""``retrodetect history``: many runs, week by week."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from retrodetect.cli.options import Goal, Quiet, out_option

__all__ = ["history"]


def history(
    folders: Annotated[
        list[str],
        typer.Argument(
            help="Output folders of retrodetect label.", show_default=False, metavar="DIR..."
        ),
    ],
    goal: Goal = None,
    out: Annotated[
        Path | None,
        out_option("Folder for weeks.csv, sessions.csv and report.html."),
    ] = None,
    quiet: Quiet = False,
) -> None:
    """Show one wearer's backward minutes and share, week by week."""
    from retrodetect.cli import amounts
    from retrodetect.cli.summary import show_weeks
    from retrodetect.runs.history import left_out, read_runs, write_history
    from retrodetect.tally.folder import sessions_apart, weeks

    share = amounts.goal(goal)
    runs = read_runs(folders)
    sessions = sessions_apart(run.sessions for run in runs)
    by_week = weeks(sessions)
    if out is not None:
        write_history(out, runs, sessions, by_week, share)
    if not quiet:
        show_weeks(by_week, sessions, left_out(runs, sessions), share)
