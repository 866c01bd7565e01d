"""The folder of results: what a command writes there, and whose what is there already is.

Nothing is written over that the same command has not written itself.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Literal

from retrodetect.atomic import replacing
from retrodetect.errors import UsageError
from retrodetect.locations import identity, make_folder, reaching
from retrodetect.tables import some

__all__ = [
    "FACTS",
    "RESULTS",
    "STATE",
    "check_others_kept",
    "check_ours",
    "drop_other_format",
    "keep_inputs",
    "made_by",
    "state_folder",
    "written_in",
]

Command = Literal["label", "history", "evaluate"]

STATE = ".retrodetect"
"""Folder within that of the results for what is finished of each input."""

FACTS = "evaluation.json"
"""What an evaluation rests on; beside it are its tables."""

_TABLES = ("strides", "sessions", "bouts", "repeats")
_FORMATS = frozenset({"csv", "parquet"})
_WRITTEN: dict[Command, frozenset[str]] = {
    "label": frozenset(
        {
            *(f"{table}.{ending}" for table in _TABLES for ending in _FORMATS),
            "run.json", "report.html", "report.json",
        }
    ),
    "history": frozenset({"weeks.csv", "sessions.csv", "run.json", "report.html"}),
    "evaluate": frozenset(
        {"strides.csv", "scores.csv", "confusion.csv", "mistakes.csv", "comparison.csv", FACTS}
    ),
}  # fmt: skip

RESULTS = frozenset().union(*_WRITTEN.values())
"""Names of all files that results are in."""

_INPUTS = "inputs.json"


def check_ours(out: Path, command: Command, inputs: Iterable[Path] = ()) -> None:
    """Check that a command would write over nothing but what it wrote itself.

    Parameters
    ----------
    out
        Folder of the results; need not exist.
    command
        Which one is to write there.
    inputs
        Files that it is to read.

    Raises
    ------
    UsageError
        Where an input, or a file of somebody else's, has the name of a result, or nobody may look.
    """
    with reaching(out):
        _check_ours(out, command, inputs)


def _check_ours(out: Path, command: Command, inputs: Iterable[Path]) -> None:
    names = _WRITTEN[command]
    # A file found by its name is the same whichever way its path was written.
    read = {identity(path) for path in inputs}
    there = [name for name in sorted(names) if (out / name).exists()]
    over = [name for name in there if identity(out / name) in read]
    if over:
        raise UsageError(
            f"{some(over)} is to be read, and would be written over by a result",
            file=str(out),
            remedy="name another folder for the results",
        )
    maker = made_by(out) or (None if there else command)
    if maker is None:
        raise UsageError(
            f"holds files which are no results of retrodetect and have their names ({some(there)})",
            file=str(out),
            remedy="name another folder for the results",
        )
    if maker != command:
        raise UsageError(
            f"holds the results of retrodetect {maker}",
            file=str(out),
            remedy="name another folder for the results",
        )


def made_by(folder: Path) -> Command | None:
    """Tell which command wrote the results of a folder, if one did.

    Parameters
    ----------
    folder
        Any.

    Returns
    -------
    str or None
        ``label``, ``history`` or ``evaluate``.
    """
    if (folder / STATE).is_dir():
        return "label"
    if "intervals_over" in _told(folder / FACTS):
        return "evaluate"
    record = _told(folder / "run.json")
    if not {"version", "model", "counts"} <= record.keys():
        return None
    return "history" if "runs" in record else "label"


def written_in(folder: Path) -> frozenset[str]:
    """Names of the results that the command which wrote a folder writes.

    Parameters
    ----------
    folder
        Any.

    Returns
    -------
    frozenset of str
        Empty where none did.
    """
    maker = made_by(folder)
    return _WRITTEN[maker] if maker else frozenset()


def drop_other_format(out: Path, table_format: str) -> None:
    """Remove tables that an earlier run wrote in another format.

    Parameters
    ----------
    out
        Folder of the results.
    table_format
        Of the tables that are there to stay.
    """
    for table in _TABLES:
        for ending in _FORMATS - {table_format}:
            (out / f"{table}.{ending}").unlink(missing_ok=True)


def state_folder(out: Path) -> Path:
    """Make the folder for what is finished, and the folder of results around it.

    Parameters
    ----------
    out
        Folder of the results.

    Returns
    -------
    Path
        Within it.

    Raises
    ------
    UsageError
        Where it cannot be made.
    """
    return make_folder(make_folder(out) / STATE)


def check_others_kept(state: Path, inputs: Iterable[Path]) -> None:
    """Check that no other recordings would go from the tables.

    Parameters
    ----------
    state
        From `state_folder`.
    inputs
        Files whose recordings are to be in the tables.

    Raises
    ------
    UsageError
        Where the tables hold recordings that are none of these.
    """
    try:
        before = set(json.loads((state / _INPUTS).read_bytes()))
    except (OSError, ValueError, TypeError):
        return
    others = sorted(before - {str(identity(path)) for path in inputs})
    if others:
        raise UsageError(
            f"holds results of {len(others)} recording{'s' * (len(others) > 1)} not named now"
            f" ({some([Path(path).name for path in others])})",
            file=str(state.parent),
            remedy="name them too, or another folder, or give --restart to begin it anew",
        )


def keep_inputs(state: Path, inputs: Iterable[Path]) -> None:
    """Keep which recordings the tables hold.

    Parameters
    ----------
    state
        From `state_folder`.
    inputs
        Files that came to a result.
    """
    with replacing(state / _INPUTS) as stream:
        stream.write(json.dumps([str(identity(path)) for path in inputs]).encode())


def _told(file: Path) -> dict[str, Any]:
    """Content of a JSON file of ours; empty where it is none."""
    try:
        content = json.loads(file.read_bytes())
    except (OSError, ValueError):
        return {}
    return content if isinstance(content, dict) else {}
