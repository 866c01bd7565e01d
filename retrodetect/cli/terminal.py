"""Terminal output: labelled recordings, the weeks of a history, scores of models."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from rich.console import Console
from rich.table import Table
from rich.text import Text

from retrodetect.runs.inputs import by_reason
from retrodetect.runs.outputs import can_report
from retrodetect.tables import quantity, truncated_list, visible
from retrodetect.tally import words
from retrodetect.tally.folder import counted, outside_weeks, totals

if TYPE_CHECKING:
    from retrodetect.direction.card import Card
    from retrodetect.runs.batch import Outcome
    from retrodetect.runs.outputs import Outputs
    from retrodetect.training.assess import Evaluation

__all__ = ["show", "show_card", "show_evaluation", "show_problems", "show_weeks"]

MOST_ROWS = 40
"""Longer tables are for a spreadsheet."""

MOST_COMMANDS = 5
"""Most commands shown for unsettled recordings; more would hide the table."""

MOST_MISTAKES = 5

WIDTH_IN_FILES = 120

Row = Mapping[Any, Any]


def show(outcome: Outcome, outputs: Outputs) -> None:
    """Print a line for each recording, commands that may settle open ones, and the page."""
    out, goal = str(outputs.folder), outputs.goal
    console = _console()
    for manifest, count in outcome.manifests.items():
        _say(console, f"Using {manifest}: {quantity(count, 'recording')}")
    sessions = outcome.sessions
    rows = sessions.to_dict("records")
    table = _table(
        "recording", "forward", "backward", "unknown", "min:s", "backward share", "how sure",
        goal=goal,
    )  # fmt: skip
    for row in rows[:MOST_ROWS]:
        table.add_row(*map(Text, _cells(row, goal)))
    added = sessions[counted(sessions)]
    if len(added) > 1:
        total: dict[str, Any] = {"recording": "all together", "status": "ok", **totals(sessions)}
        total |= words.added_up(added.to_dict("records"))
        total["sideways_strides"] = added["sideways_strides"].sum()
        table.add_row(*(Text(cell, style="bold") for cell in _cells(total, goal)))
    console.print(table)
    _say_rest(console, len(rows) - MOST_ROWS, "more in sessions.csv")
    if note := words.footnote(rows):
        _say(console, note)
    _show_commands(console, outcome, outputs)
    counts = Counter(sessions["status"]) + Counter(skipped=len(outcome.skipped))
    called = {"ok": "ok", "no_gait": f"with {words.NO_GAIT}"}
    ordered = dict.fromkeys([*called, *counts])
    total_text = ", ".join(
        f"{counts[status]} {called.get(status, status)}" for status in ordered if counts[status]
    )
    _say(console, f"{total_text}. Results: {out}")
    if outputs.report:
        _say(console, f"Page: {out.rstrip('/')}/report.html")
    elif not can_report():
        _say(console, "For a page with charts: pip install 'retrodetect[report]'")


def show_problems(outcome: Outcome, *, quiet: bool) -> None:
    """Print a sentence on stderr for each problem."""
    console = _console(stderr=True)
    sessions = outcome.sessions
    bad = sessions["status"].isin(["failed", "refused"])
    lines = [f"{row['status']}: {row['message']}" for row in sessions[bad].to_dict("records")]
    if not quiet:
        has_warning = sessions["warnings"].map(lambda cell: isinstance(cell, str) and cell != "")
        warned = sessions[~bad & has_warning].to_dict("records")
        lines += [f"{row['recording']}: {row['warnings']}" for row in warned]
    for line in lines[:MOST_ROWS]:
        _say(console, line)
    _say_rest(console, len(lines) - MOST_ROWS, "more in sessions.csv")
    if not quiet:
        for reason, names in by_reason(outcome.skipped).items():
            _say(console, f"Skipped ({reason}): {names}")


def show_weeks(
    weeks: pd.DataFrame, sessions: pd.DataFrame, left_out: Sequence[str], goal: float | None
) -> None:
    """Print a line for each week, and what is in none.

    ``left_out`` names recordings that another one of the same session covers.
    """
    console = _console()
    table = _table(
        "week", "sessions", "backward min", "change", "forward min", "unknown min",
        "backward share (95%)", "how sure", goal=goal,
    )  # fmt: skip
    rows = weeks.to_dict("records")
    for row in rows:
        cells = [
            row["week"], f"{row['sessions']:.0f}", f"{row['backward_min']:.1f}", _change(row),
            f"{row['forward_min']:.1f}", f"{row['unknown_min']:.1f}",
            words.starred(row, with_ends=True), words.certainty(row),
        ]  # fmt: skip
        table.add_row(*map(Text, [*cells, *_progress(row, goal)]))
    console.print(table)
    failed = int(sessions["status"].isin(["failed", "refused"]).sum())
    notes = [
        (outside_weeks(sessions, weeks), "without a date, in no week"),
        (failed, "failed or refused, in no week"),
        (len(left_out), f"left out (same session as another): {truncated_list(left_out)}"),
    ]
    for count, note in notes:
        if count:
            _say(console, f"{quantity(count, 'recording')} {note}")
    if note := words.footnote(rows):
        _say(console, note)
    if weeks["marked"].any():
        _say(console, "! a rise of more than 10% over the week before")


def show_card(card: Card, out: Path) -> None:
    """Print what a trained model is worth."""
    console = _console()
    _say(console, card.summary)
    _show_scores(console, card.scores)
    if card.learning_curve:
        table = _table("minutes each way", "backward F1", "wrong", "unknown")
        for row in card.learning_curve:
            scores = (_percent(row.get(name)) for name in ("f1_backward", "wrong", "unknown"))
            table.add_row(f"{row['minutes_each_way']:g}", *scores)
        console.print(table)
    _show_difference(console, card.against_base, "its base")
    _show_mistakes(console, card.mistakes)
    for sentence in (*card.remarks, *card.weaknesses):
        _say(console, f"- {sentence}")
    _say(console, f"Stored model {card.name} in {out}")


def show_evaluation(evaluation: Evaluation, out: Path | None) -> None:
    """Print the scores of a model on labelled recordings."""
    console = _console()
    _show_scores(console, evaluation.scores.to_dict("records"))
    if evaluation.comparison is not None:
        _show_difference(console, evaluation.comparison.to_dict("records"), "the other model")
    _show_mistakes(console, evaluation.mistakes.to_dict("records"))
    for sentence in evaluation.remarks:
        _say(console, f"- {sentence}")
    if out is not None:
        _say(console, f"Tables: {out}")


def _console(*, stderr: bool = False) -> Console:
    console = Console(stderr=stderr)
    return console if console.is_terminal else Console(stderr=stderr, width=WIDTH_IN_FILES)


def _say(console: Console, text: str) -> None:
    """Print a line, with control characters in names of files written out."""
    console.print(Text(visible(text)), soft_wrap=True)


def _say_rest(console: Console, count: int, what: str) -> None:
    if count > 0:
        _say(console, f"… and {count} {what}")


def _table(first: str, *columns: str, goal: float | None = None) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column(first, overflow="fold")
    for name in [*columns, *([] if goal is None else [f"goal {100 * goal:.4g}%"])]:
        table.add_column(name, justify="right", no_wrap=True)
    return table


def _cells(row: Row, goal: float | None) -> list[str]:
    """Return the cells of a recording, whatever its status."""
    name = visible(row["recording"])
    if row["status"] != "ok":
        ending = words.NO_GAIT if row["status"] == "no_gait" else str(row["status"])
        return [name, "–", "–", "–", "–", "–", ending, *([] if goal is None else ["–"])]
    counts = [str(row[f"{direction}_strides"]) for direction in ("forward", "backward", "unknown")]
    if row["sideways_strides"]:
        counts[-1] += f" ({row['sideways_strides']} sideways)"
    minutes = words.clock(words.lasting_s(row)["all"])
    return [name, *counts, minutes, words.starred(row), words.certainty(row), *_progress(row, goal)]


def _change(row: Row) -> str:
    """Return the change from the week before, marked if it is a large rise."""
    text: str = f"{row['change']:+.1%}" if pd.notna(row["change"]) else ""
    return f"{text or 'from none'} !" if row["marked"] else text


def _progress(row: Row, goal: float | None) -> list[str]:
    return [] if goal is None else [words.progress(row, goal)]


def _show_commands(console: Console, outcome: Outcome, outputs: Outputs) -> None:
    """Print the command that helps with each unsettled recording."""
    out, typed = str(outputs.folder).rstrip("/"), outputs.arguments
    begun, marked = [], []
    for row, path in zip(outcome.sessions.to_dict("records"), outcome.paths, strict=True):
        if words.needs_word(row):
            target = f"{out}-{Path(str(row['recording'])).name.partition('.')[0]}"
            if words.is_open(row):
                options = ("--starts", "forward", "--out", target)
                begun.append(words.labelling(str(path), row["placement"], typed, *options))
            else:
                marked.append(words.marking(str(path), typed, f"{target}.html"))
    begun_hint = "Did it begin with forward steps? This may settle it:"
    for hint, commands in ((begun_hint, begun), ("To settle it, mark what you did:", marked)):
        if commands:
            _say(console, hint)
        for command in commands[:MOST_COMMANDS]:
            _say(console, f"  {command}")
        if len(commands) > MOST_COMMANDS:
            _say(console, f"  … and the same for {len(commands) - MOST_COMMANDS} more")


def _show_scores(console: Console, rows: Iterable[Row]) -> None:
    table = _table("site", "gait", "strides", "right (95%)", "unknown", "backward F1 (95%)")
    for row in rows:
        table.add_row(
            row["placement"], row["true_gait"], str(row["strides"]),
            _with_interval(row, "right_of_labelled"), _percent(row.get("unknown")),
            _with_interval(row, "f1_backward"),
        )  # fmt: skip
    console.print(table)


def _show_difference(console: Console, rows: Sequence[Row], baseline: str) -> None:
    called = {"right_of_labelled": "right of those labelled", "f1_backward": "backward F1"}
    for row in rows:
        if row["score"] in called and "difference" in row:
            ends = (
                f"{row[end]:+.1%}" if row.get(end) is not None else "?" for end in ("low", "high")
            )
            text = (
                f"{called[row['score']]}: {_percent(row['model'])}, {baseline}"
                f" {_percent(row['against'])}; difference {row['difference']:+.1%}"
                f" ({' to '.join(ends)})"
            )
            _say(console, text)
    if rows and "better" in rows[0]:
        counts = f"{quantity(rows[0]['better'], 'stride')}; the other way round: {rows[0]['worse']}"
        _say(console, f"right where {baseline} was wrong or unknown: {counts}")


def _show_mistakes(console: Console, rows: Sequence[Row]) -> None:
    for row in rows[:MOST_MISTAKES]:
        _say(
            console,
            f"Wrong: {row['recording']} from {row['start_s']:.1f} to {row['end_s']:.1f} s, truly"
            f" {row['truth']}, labelled {row['direction']} ({row['strides']} of {row['of']}"
            " strides)",
        )
    _say_rest(console, len(rows) - MOST_MISTAKES, "more stretches")


def _percent(value: float | None) -> str:
    return "" if value is None or value != value else f"{value:.1%}"


def _with_interval(row: Row, score: str) -> str:
    """Return a score with its interval; without one if all resamples agree."""
    low, high = (row.get(f"{score}_{end}", np.nan) for end in ("low", "high"))
    if not low < high:
        return _percent(row.get(score))
    level, *ends = (words.percent(each, high - low) for each in (row[score], low, high))
    return f"{level} ({' to '.join(ends)})"
