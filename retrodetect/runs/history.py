"""Runs of ``label`` read again, and the history they make written."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

import pandas as pd

from retrodetect.errors import UnreadableFile, UsageError
from retrodetect.locations import identity, location, make_folder, replacing
from retrodetect.runs import own_version
from retrodetect.runs.outputs import can_report, check_ours, write_json
from retrodetect.tables import (
    COUNTS,
    DECIMALS,
    SESSION_COLUMNS,
    csv_text,
    sessions_table,
    without_nan,
)
from retrodetect.tally.folder import outside_weeks, totals

__all__ = ["Run", "left_out", "read_runs", "write_history"]


class Run(NamedTuple):
    """What one run left."""

    folder: str  # output folder of the run
    # its ``sessions.csv``; columns that its version did not write are empty
    sessions: pd.DataFrame
    record: dict[str, Any]  # content of its ``run.json``


def read_runs(folders: Sequence[str]) -> list[Run]:
    """Read what runs have written."""
    # Twice the same folder is one run, however its name is written.
    runs = [
        _read(folder) for folder in {identity(location(name)): name for name in folders}.values()
    ]
    return sorted(runs, key=lambda run: str(run.record["times"].get("began", "")))


def left_out(tables: Iterable[pd.DataFrame], sessions: pd.DataFrame) -> list[str]:
    """Name the recordings of a session that another recording covers."""
    every = Counter(name for table in tables for name in table["recording"])
    return sorted((every - Counter(sessions["recording"])).elements())


def write_history(
    out: Path, runs: Sequence[Run], sessions: pd.DataFrame, weeks: pd.DataFrame, goal: float | None
) -> None:
    """Write ``weeks.csv``, ``sessions.csv``, ``run.json`` and, where it can be made, the page.

    No file that has such a name and that no earlier history wrote is replaced.
    """
    check_ours(out, "history")
    make_folder(out)
    record = _record(runs, sessions, goal)
    record["counts"]["outside_weeks"] = outside_weeks(sessions, weeks)
    # First: it says whose the other files are.
    write_json(out / "run.json", record)
    for name, table in (("weeks.csv", weeks), ("sessions.csv", sessions)):
        with replacing(out / name) as stream:
            stream.write(csv_text(table, header=True).encode())
    if can_report():
        from retrodetect.report import page

        with replacing(out / "report.html") as stream:
            stream.write(page(sessions, [None] * len(sessions), None, record, weeks).encode())


def _read(folder: str) -> Run:
    where = location(folder)
    try:
        if (where / "sessions.csv").is_file():
            with (where / "sessions.csv").open("rb") as stream:
                table = pd.read_csv(stream, dtype=_TEXT, keep_default_na=False, na_values=_EMPTY)
        else:
            with (where / "sessions.parquet").open("rb") as stream:
                table = pd.read_parquet(stream)
        record = json.loads((where / "run.json").read_text("utf-8"))
    except FileNotFoundError as error:
        raise UsageError(
            "contains no results of retrodetect label" if where.exists() else "no such folder",
            file=folder,
            remedy="name a folder that you gave to label --out",
        ) from error
    except (OSError, ValueError, ImportError) as error:
        reason = getattr(error, "strerror", None) or error
        raise UnreadableFile(f"cannot be read ({reason})", file=folder) from error
    if not {"recording", "status"} <= set(table.columns):
        raise UnreadableFile("its sessions table has no columns recording and status", file=folder)
    if not isinstance(record, dict):
        raise UnreadableFile("retrodetect did not write its run.json", file=folder)
    table = table[table["status"] != "skipped"]
    rows = [{str(name): value for name, value in row.items()} for row in table.to_dict("records")]
    try:
        table = sessions_table(rows)
    except (ValueError, TypeError, OverflowError) as error:
        raise UnreadableFile(f"its sessions table cannot be read ({error})", file=folder) from error
    start_time = table["start_time"].astype(object).fillna("").astype(str)
    parts = {name: _dict(record.get(name)) for name in ("times", "model")}
    return Run(folder, table.assign(start_time=start_time), record | parts)


def _dict(value: object) -> dict[str, Any]:
    """The value, if it is a dict; an empty one for others."""
    return value if isinstance(value, dict) else {}


_TEXT = {name: str for name in SESSION_COLUMNS if name not in {*COUNTS, *DECIMALS}}
_EMPTY = {name: [""] for name in SESSION_COLUMNS if name not in _TEXT}


def _record(runs: Sequence[Run], sessions: pd.DataFrame, goal: float | None) -> dict[str, Any]:
    """What the history is made of."""
    counts = sessions["status"].value_counts()
    models = {str(run.record["model"].get("name", "?")) for run in runs}
    return {
        "version": own_version(),
        "runs": [run.folder for run in runs],
        "model": {"name": " and ".join(sorted(models)), "sha256": ""},
        "goal": goal,
        "left_out": left_out((run.sessions for run in runs), sessions),
        "counts": {"inputs": len(sessions), "ok": int(counts.get("ok", 0))},
        "totals": without_nan(totals(sessions)),
        "times": {"began": datetime.now(UTC).isoformat(timespec="seconds")},
    }
