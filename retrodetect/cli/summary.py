"""The short table after labelling: how many backward, what share, how sure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd
from rich.console import Console
from rich.table import Table
from rich.text import Text

from retrodetect.tables import visible

__all__ = ["show"]

MOST_ROWS = 40
"""Longer tables are read in a spreadsheet."""

WIDTH_IN_FILES = 120


def show(sessions: pd.DataFrame, out: str) -> None:
    """Print one line per session, a sentence per problem, and where the rest is.

    Parameters
    ----------
    sessions : DataFrame
        Rows of ``sessions.csv``.
    out
        Folder of the results.
    """
    console = Console()
    if not console.is_terminal:
        console = Console(width=WIDTH_IN_FILES)
    bad = sessions["status"].isin(["failed", "refused"])
    _show_table(console, sessions[~bad])
    for row in sessions[bad].head(MOST_ROWS).to_dict("records"):
        console.print(Text(f"{row['status']}: {visible(row['message'])}"), soft_wrap=True)
    guessed = int(sessions["front"].isin(["inferred", "unknown"])[sessions["status"] == "ok"].sum())
    if guessed:
        hint = "labelled without an anchor; --front, --forward or --starts make it surer"
        console.print(Text(f"{guessed} recording{'s' * (guessed > 1)} {hint}"), soft_wrap=True)
    counts = sessions["status"].value_counts()
    total = ", ".join(f"{count} {status}" for status, count in counts.items())
    console.print(Text(f"{total}; results in {out}"), soft_wrap=True)


def _show_table(console: Console, sessions: pd.DataFrame) -> None:
    if sessions.empty:
        return
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("recording", overflow="fold")
    for name in ("strides", "backward", "unknown", "backward share (95 %)"):
        table.add_column(name, justify="right", no_wrap=True)
    for row in sessions.head(MOST_ROWS).to_dict("records"):
        table.add_row(*(Text(cell) for cell in _cells(row)))
    console.print(table)
    if len(sessions) > MOST_ROWS:
        console.print(f"… and {len(sessions) - MOST_ROWS} more")


def _cells(row: Mapping[Any, Any]) -> list[str]:
    counts = [str(row[name]) for name in ("strides", "backward_strides", "unknown_strides")]
    return [visible(row["recording"]), *counts, _share(row)]


def _share(row: Mapping[Any, Any]) -> str:
    """Backward share with its interval, or why there is none."""
    if row["status"] == "no_gait":
        return "no gait"
    if pd.isna(row["backward_share"]):
        return "unknown"
    low, high = (row[f"backward_share_{end}"] for end in ("low", "high"))
    return f"{row['backward_share']:.1%} ({low:.1%} to {high:.1%})"
