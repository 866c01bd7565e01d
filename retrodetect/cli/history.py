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
    from retrodetect.library.history import history as put_together

    share = amounts.goal(goal)
    done = put_together(folders, out=out, goal=share)
    if not quiet:
        show_weeks(done.weeks, done.sessions, done.left_out, share)
