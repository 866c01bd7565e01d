"""What the terminal shows after labelling, and the weeks of a history."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd
from rich.console import Console
from rich.table import Table
from rich.text import Text

from retrodetect.runs.outputs import can_report
from retrodetect.tables import truncated_list, visible
from retrodetect.tally import words
from retrodetect.tally.folder import counted, outside_weeks, totals

if TYPE_CHECKING:
    from retrodetect.runs.batch import Outcome

__all__ = ["show", "show_problems", "show_weeks"]

MOST_ROWS = 40
"""Longer tables are read in a spreadsheet."""

MOST_COMMANDS = 5
"""Commands shown for recordings that are not settled; more would hide the table."""

WIDTH_IN_FILES = 120

Row = Mapping[Any, Any]


def show(outcome: Outcome, out: str, goal: float | None, *, has_page: bool) -> None:
    """Print a line for each recording, what settles the open ones, and where the page is."""
    console = _console()
    for manifest, count in outcome.manifests.items():
        text = f"Using {manifest}: {count} recording{'s' * (count != 1)}"
        console.print(Text(visible(text)), soft_wrap=True)
    sessions = outcome.sessions
    rows = sessions.to_dict("records")
    table = _table(
        ["recording", "forward", "backward", "unknown", "min:s", "backward share", "how sure"], goal
    )
    for row in rows[:MOST_ROWS]:
        table.add_row(*map(Text, _cells(row, goal)))
    added = sessions[counted(sessions)]
    if len(added) > 1:
        total: dict[str, Any] = {"recording": "all together", "status": "ok", **totals(sessions)}
        total |= words.added_up(added.to_dict("records"))
        total["sideways_strides"] = added["sideways_strides"].sum()
        table.add_row(*(Text(cell, style="bold") for cell in _cells(total, goal)))
    console.print(table)
    if len(rows) > MOST_ROWS:
        console.print(f"… and {len(rows) - MOST_ROWS} more in sessions.csv")
    _explain_star(console, rows[:MOST_ROWS])
    _show_commands(console, outcome, out)
    counts = Counter(sessions["status"]) + Counter(skipped=len(outcome.skipped))
    called = {"no_gait": f"with {words.NO_GAIT}"}
    total_text = ", ".join(f"{n} {called.get(status, status)}" for status, n in counts.items())
    console.print(Text(f"{total_text}. Results: {out}"), soft_wrap=True)
    if has_page:
        console.print(Text(f"Page: {out.rstrip('/')}/report.html"), soft_wrap=True)
    elif not can_report():
        console.print(Text("For a page with charts: pip install 'retrodetect[report]'"))


def show_problems(outcome: Outcome, *, quiet: bool) -> None:
    """Print a sentence on stderr for each problem."""
    console = _console(stderr=True)
    sessions = outcome.sessions
    bad = sessions["status"].isin(["failed", "refused"])
    lines = [f"{row['status']}: {row['message']}" for row in sessions[bad].to_dict("records")]
    if not quiet:
        warned = sessions[~bad & sessions["warnings"].map(_is_text)]
        lines += [f"{row['recording']}: {row['warnings']}" for row in warned.to_dict("records")]
    for line in lines[:MOST_ROWS]:
        console.print(Text(visible(str(line))), soft_wrap=True)
    if len(lines) > MOST_ROWS:
        console.print(f"… and {len(lines) - MOST_ROWS} more in sessions.csv")
    if not quiet:
        for reason in dict.fromkeys(outcome.skipped.values()):
            names = [name for name, why in outcome.skipped.items() if why == reason]
            text = f"Skipped ({reason}): {truncated_list(names)}"
            console.print(Text(visible(text)), soft_wrap=True)


def show_weeks(
    weeks: pd.DataFrame, sessions: pd.DataFrame, left_out: Sequence[str], goal: float | None
) -> None:
    """Print a line for each week, and what is in none.

    ``left_out`` names the recordings of a session that another one covers.
    """
    console = _console()
    names = ["week", "sessions", "backward min", "change", "forward min", "unknown min"]
    table = _table([*names, "backward share (95%)", "how sure"], goal)
    rows = weeks.to_dict("records")
    for row in rows:
        cells = [
            row["week"], f"{row['sessions']:.0f}", f"{row['backward_min']:.1f}", _change(row),
            f"{row['forward_min']:.1f}", f"{row['unknown_min']:.1f}", _share(row, with_ends=True),
            words.certainty(row),
        ]  # fmt: skip
        table.add_row(*(Text(cell) for cell in [*cells, *_progress(row, goal)]))
    console.print(table)
    failed = int(sessions["status"].isin(["failed", "refused"]).sum())
    notes = [
        (outside_weeks(sessions, weeks), "without a date, in no week"),
        (failed, "failed or refused, in no week"),
        (len(left_out), f"left out (same session as another): {truncated_list(left_out)}"),
    ]
    for count, note in notes:
        if count:
            text = f"{count} recording{'s' * (count > 1)} {note}"
            console.print(Text(visible(text)), soft_wrap=True)
    _explain_star(console, rows)
    if weeks["marked"].any():
        console.print(Text("! more than 10% above the backward minutes of the week before"))


_WAYS = ("forward", "backward", "unknown")


def _console(*, stderr: bool = False) -> Console:
    console = Console(stderr=stderr)
    return console if console.is_terminal else Console(stderr=stderr, width=WIDTH_IN_FILES)


def _is_text(cell: object) -> bool:
    return isinstance(cell, str) and cell != ""


def _table(names: list[str], goal: float | None) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column(names[0], overflow="fold")
    for name in [*names[1:], *([] if goal is None else [f"goal {100 * goal:.4g}%"])]:
        table.add_column(name, justify="right", no_wrap=True)
    return table


def _cells(row: Row, goal: float | None) -> list[str]:
    """One line of the table, whatever became of the recording."""
    name = visible(row["recording"])
    if row["status"] != "ok":
        ending = words.NO_GAIT if row["status"] == "no_gait" else str(row["status"])
        return [name, "–", "–", "–", "–", "–", ending, *([] if goal is None else ["–"])]
    counts = [str(row[f"{way}_strides"]) for way in _WAYS]
    if row["sideways_strides"]:
        counts[-1] += f" ({row['sideways_strides']} sideways)"
    minutes = words.clock(words.lasting_s(row)["all"])
    return [name, *counts, minutes, _share(row), words.certainty(row), *_progress(row, goal)]


def _share(row: Row, *, with_ends: bool = False) -> str:
    ends = f" ({words.interval(row)})" if with_ends and words.interval(row) else ""
    return words.share(row) + ends + "*" * (words.certainty(row) == "assumed")


def _change(row: Row) -> str:
    """Change from the week before, marked if it is a large rise."""
    text: str = f"{row['change']:+.1%}" if pd.notna(row["change"]) else ""
    return f"{text or 'from none'} !" if row["marked"] else text


def _progress(row: Row, goal: float | None) -> list[str]:
    return [] if goal is None else [words.progress(row, goal)]


def _explain_star(console: Console, rows: Sequence[Row]) -> None:
    if any(row.get("status", "ok") == "ok" and words.certainty(row) == "assumed" for row in rows):
        text = (
            "* assumed from how most people walk (mostly forward, forward first, with less bounce"
            " backward): the signal alone does not show which direction is which. If that is wrong,"
            " forward and backward swap."
        )
        console.print(Text(text), soft_wrap=True)


def _show_commands(console: Console, outcome: Outcome, out: str) -> None:
    """Print for each recording that is not settled the command that helps."""
    rows = zip(outcome.sessions.to_dict("records"), outcome.paths, strict=True)
    unsettled = [(row, str(path)) for row, path in rows if words.needs_word(row)]
    base = out.rstrip("/")
    begun = [
        words.command(row, path, f"{base}-{_stem(row)}")
        for row, path in unsettled
        if words.is_open(row)
    ]
    marked = [
        words.marking(path, f"{base}-{_stem(row)}.html")
        for row, path in unsettled
        if not words.is_open(row)
    ]
    begun_hint = "Did it begin with forward steps? Then settle it:"
    for hint, commands in ((begun_hint, begun), ("Not settled yet: mark what was done:", marked)):
        if commands:
            console.print(Text(hint), soft_wrap=True)
        for command in commands[:MOST_COMMANDS]:
            console.print(Text(f"  {command}"), soft_wrap=True)
        if len(commands) > MOST_COMMANDS:
            console.print(f"  … and the same for {len(commands) - MOST_COMMANDS} more")


def _stem(row: Row) -> str:
    return Path(str(row["recording"])).name.partition(".")[0]
