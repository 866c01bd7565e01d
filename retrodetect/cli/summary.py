"""The short table after labelling: how many backward, what share, how sure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import pandas as pd
from rich.console import Console
from rich.table import Table
from rich.text import Text

from retrodetect.tables import some, visible
from retrodetect.tally.folder import is_known, outside_weeks, progress, totals

if TYPE_CHECKING:
    from retrodetect.batch import Outcome

__all__ = ["show", "show_weeks", "tell"]

MOST_ROWS = 40
"""Longer tables are read in a spreadsheet."""

WIDTH_IN_FILES = 120


def show(sessions: pd.DataFrame, out: str, goal: float | None = None) -> None:
    """Print one line per session, and where the rest is.

    Parameters
    ----------
    sessions : DataFrame
        Rows of ``sessions.csv``.
    out
        Folder of the results.
    goal
        Backward share to reach, if any.
    """
    console = _console()
    _show_table(console, sessions[~_is_bad(sessions)], goal)
    counts = sessions["status"].value_counts()
    total = ", ".join(f"{count} {status}" for status, count in counts.items())
    console.print(Text(f"{total}; results in {out}"), soft_wrap=True)


def tell(outcome: Outcome, *, quiet: bool) -> None:
    """Print on stderr a sentence per problem, and what else to know.

    Parameters
    ----------
    outcome
        Of the batch.
    quiet
        Whether to tell of failures only.
    """
    console = _console(stderr=True)
    sessions = outcome.sessions
    bad = _is_bad(sessions)
    said = [f"{row['status']}: {row['message']}" for row in sessions[bad].to_dict("records")]
    if not quiet:
        warned = sessions[~bad & sessions["warnings"].map(_is_text)]
        said += [f"{row['recording']}: {row['warnings']}" for row in warned.to_dict("records")]
    for sentence in said[:MOST_ROWS]:
        console.print(Text(visible(sentence)), soft_wrap=True)
    if len(said) > MOST_ROWS:
        console.print(f"… and {len(said) - MOST_ROWS} more, in the tables")
    if quiet:
        return
    if outcome.passed_over:
        words = f"passed over, for they hold no readings: {some(outcome.passed_over)}"
        console.print(Text(visible(words)), soft_wrap=True)
    unsure = int(sum(map(_needs_anchor, sessions.to_dict("records"))))
    if unsure:
        count = f"{unsure} recording{'s' * (unsure > 1)}"
        hint = (
            "the signal alone does not settle; --placement with --front, --forward or --starts may"
        )
        console.print(Text(f"{count} {hint}"), soft_wrap=True)


def _is_text(cell: object) -> bool:
    return isinstance(cell, str) and cell != ""


def _is_bad(sessions: pd.DataFrame) -> pd.Series[bool]:
    return sessions["status"].isin(["failed", "refused"])


def _needs_anchor(row: Mapping[Any, Any]) -> bool:
    """Whether nothing was told of the front of a session, and its share is not known."""
    untold = row["front"] in ("inferred", "unknown")
    return row["status"] == "ok" and untold and not is_known(*_share_and_ends(row))


def show_weeks(
    weeks: pd.DataFrame, sessions: pd.DataFrame, left_out: Sequence[str], goal: float | None
) -> None:
    """Print one line per week, and what is in none.

    Parameters
    ----------
    weeks, sessions : DataFrame
        From :mod:`retrodetect.tally.folder`.
    left_out
        Recordings that told of a session once more.
    goal
        Backward share to reach, if any.
    """
    console = _console()
    names = ["week", "sessions", "backward min", "change", "forward min", "unknown min"]
    names += ["backward share (95 %)"]
    table = _table(names, goal)
    for row in weeks.to_dict("records"):
        cells = [
            row["week"], f"{row['sessions']:.0f}", f"{row['backward_min']:.1f}", _change(row),
            f"{row['forward_min']:.1f}", f"{row['unknown_min']:.1f}", _share(row),
        ]  # fmt: skip
        table.add_row(*(Text(cell) for cell in [*cells, *_progress(row, goal)]))
    console.print(table)
    failed = int(sessions["status"].isin(["failed", "refused"]).sum())
    notes = [
        (outside_weeks(sessions, weeks), "without a date, in no week"),
        (failed, "failed or refused, in no week"),
        (len(left_out), f"left out, for another tells of the same session: {some(left_out)}"),
    ]
    for count, words in notes:
        if count:
            console.print(
                Text(visible(f"{count} recording{'s' * (count > 1)} {words}")), soft_wrap=True
            )
    _explain_star(console, weeks)
    if weeks["marked"].any():
        console.print(Text("! over 10 % more backward minutes than the week before"))


def _console(*, stderr: bool = False) -> Console:
    console = Console(stderr=stderr)
    return console if console.is_terminal else Console(stderr=stderr, width=WIDTH_IN_FILES)


def _table(names: list[str], goal: float | None) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column(names[0], overflow="fold")
    for name in [*names[1:], *([] if goal is None else [f"goal {100 * goal:.4g}%"])]:
        table.add_column(name, justify="right", no_wrap=True)
    return table


def _change(row: Mapping[Any, Any]) -> str:
    """Change from the week before, marked where it is a large rise."""
    words = f"{row['change']:+.1%}" if pd.notna(row["change"]) else ""
    return f"{words or 'from none'} !" if row["marked"] else words


def _progress(row: Mapping[Any, Any], goal: float | None) -> list[str]:
    if goal is None:
        return []
    return [progress(*_share_and_ends(row), goal)]


def _show_table(console: Console, sessions: pd.DataFrame, goal: float | None) -> None:
    if sessions.empty:
        return
    names = ["recording", "strides", "backward", "unknown", "backward share (95 %)"]
    table = _table(names, goal)
    for row in sessions.head(MOST_ROWS).to_dict("records"):
        table.add_row(*(Text(cell) for cell in [*_cells(row), *_progress(row, goal)]))
    if (sessions["status"] == "ok").sum() > 1:
        total: dict[str, Any] = {"recording": "together", "status": "ok", **totals(sessions)}
        cells = [*_cells(total), *_progress(total, goal)]
        table.add_row(*(Text(cell, style="bold") for cell in cells))
    console.print(table)
    if len(sessions) > MOST_ROWS:
        console.print(f"… and {len(sessions) - MOST_ROWS} more")
    _explain_star(console, sessions.head(MOST_ROWS))


def _explain_star(console: Console, rows: pd.DataFrame) -> None:
    """Say what the star behind a share means, where there is one."""
    if any(map(_is_habit, rows.to_dict("records"))):
        words = (
            "* nobody told which way was forward: that most people mostly go forward decided, and"
            " all of it may be the other way round; --front, --forward or --starts settles it"
        )
        console.print(Text(words), soft_wrap=True)


def _cells(row: Mapping[Any, Any]) -> list[str]:
    counts = [str(row[name]) for name in ("strides", "backward_strides", "unknown_strides")]
    return [visible(row["recording"]), *counts, _share(row)]


def _share(row: Mapping[Any, Any]) -> str:
    """Backward share with its interval, or why there is none."""
    if row.get("status") == "no_gait":
        return "no gait"
    share, low, high = _share_and_ends(row)
    if pd.isna(share):
        return "unknown"
    told = f"{share:.1%}" if is_known(share, low, high) else "unknown"
    return f"{told} ({low:.1%} to {high:.1%})" + "*" * _is_habit(row)


def _share_and_ends(row: Mapping[Any, Any]) -> tuple[float, float, float]:
    """Share, lower and upper end as they are written: none is rounded twice, and otherwise."""
    share, low, high = (round(row[f"backward_share{end}"], 4) for end in ("", "_low", "_high"))
    return share, low, high


def _is_habit(row: Mapping[Any, Any]) -> bool:
    """Whether only what is common told forward from backward."""
    return row.get("told_apart_by") == "habit"
