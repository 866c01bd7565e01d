"""Folders of results: the files that each command writes, and how to tell whose a folder is."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Literal

__all__ = [
    "FACTS", "FILES", "RESULTS", "STATE", "TABLES", "TABLE_FORMATS", "Command", "made_by",
    "written_in",
]  # fmt: skip

Command = Literal["label", "history", "evaluate"]

STATE = ".retrodetect"
"""Folder within that of the results for the finished work on each input."""

FACTS = "evaluation.json"
"""What an evaluation rests on. Its tables are beside it."""

TABLES = ("strides", "sessions", "bouts", "repeats")
TABLE_FORMATS = frozenset({"csv", "parquet"})

FILES: dict[Command, frozenset[str]] = {
    "label": frozenset(
        {
            *(f"{table}.{ending}" for table in TABLES for ending in TABLE_FORMATS),
            "run.json", "report.html", "report.json",
        }
    ),
    "history": frozenset({"weeks.csv", "sessions.csv", "run.json", "report.html"}),
    "evaluate": frozenset(
        {"strides.csv", "scores.csv", "confusion.csv", "mistakes.csv", "comparison.csv", FACTS}
    ),
}  # fmt: skip
"""Names of the files that each command writes."""

RESULTS = frozenset().union(*FILES.values())
"""Names of all files that any command writes."""


def made_by(folder: Path) -> Command | None:
    """Return the command that wrote the results in a folder; None if none did."""
    if (folder / STATE).is_dir():
        return "label"
    if "intervals_over" in _content(folder / FACTS):
        return "evaluate"
    record = _content(folder / "run.json")
    if not {"version", "model", "counts"} <= record.keys():
        return None
    return "history" if "runs" in record else "label"


def written_in(folder: Path) -> frozenset[str]:
    """Return the names that the command which wrote a folder writes to."""
    maker = made_by(folder)
    return FILES[maker] if maker else frozenset()


def _content(file: Path) -> dict[str, Any]:
    """Content of a JSON file of ours; empty for anything else."""
    try:
        content = json.loads(file.read_bytes())
    except (OSError, ValueError):
        return {}
    return content if isinstance(content, dict) else {}
