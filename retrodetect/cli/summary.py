"""The short table after labelling: how many backward, what share, how sure."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd
from rich.console import Console
from rich.table import Table
from rich.text import Text

from retrodetect.tables import visible

__all__ = ["show"]

MOST_ROWS = 40
"""Longer tables are read in a spreadsheet."""


def show(sessions: pd.DataFrame, out: Path) -> None:
    """Print one line per session, and where the rest is.

    Parameters
    ----------
    sessions : DataFrame
        Rows of ``sessions.csv``.
    out
        Folder of the results.
    """
    console = Console()
    if not console.is_terminal:
        console = Console(width=140)
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("recording", overflow="fold")
    for name in ("strides", "backward", "unknown", "backward share", "95 % interval"):
        table.add_column(name, justify="right", no_wrap=True)
    table.add_column("note", overflow="fold")
    for row in sessions.head(MOST_ROWS).to_dict("records"):
        table.add_row(*(Text(visible(cell)) for cell in _cells(row)))
    console.print(table)
    if len(sessions) > MOST_ROWS:
        console.print(f"… and {len(sessions) - MOST_ROWS} more")
    counts = sessions["status"].value_counts()
    total = ", ".join(f"{count} {status}" for status, count in counts.items())
    console.print(Text(f"{total}; results in {out}"), soft_wrap=True)


def _cells(row: Mapping[Any, Any]) -> list[str]:
    if row["status"] in ("failed", "refused"):
        return [row["recording"], "", "", "", "", "", f"{row['status']}: {row['message']}"]
    if row["status"] == "no_gait":
        return [row["recording"], "0", "", "", "", "", "no gait found"]
    share, interval = "", ""
    if pd.notna(row["backward_share"]):
        share = f"{row['backward_share']:.1%}"
        interval = f"{row['backward_share_low']:.1%} to {row['backward_share_high']:.1%}"
    note = f"front {row['front']}, {row['placement']}"
    counts = [str(row[name]) for name in ("strides", "backward_strides", "unknown_strides")]
    return [row["recording"], *counts, share, interval, note]
