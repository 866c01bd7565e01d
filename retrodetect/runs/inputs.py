"""What a command is to work on: the recordings below the paths that it was given."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence, Set
from pathlib import Path
from typing import Any

from retrodetect.errors import UsageError
from retrodetect.formats import Input, discover
from retrodetect.locations import is_folder, is_there, location
from retrodetect.tables import MANIFEST, SmallTable, small_table, truncated_list

__all__ = ["by_reason", "find_inputs", "manifests_in"]


def find_inputs(
    paths: Sequence[str | Path],
    columns: Collection[str],
    *,
    tracks: Set[Path] = frozenset(),
    mapper: Callable[..., Iterable[Any]] = map,
) -> tuple[tuple[Input, ...], dict[str, str]]:
    """Find the inputs below some paths, and the skipped files, each with the reason.

    Manifests and ``tracks`` beside recordings are neither. ``columns`` and ``mapper`` are those of
    `discover`. Raises UsageError if there is no recording, or no path exists.
    """
    skipped: dict[Input, str] = {}
    beside = {*manifests_in(paths), *tracks}
    files = discover(*paths, columns=columns, on_skipped=skipped.__setitem__, mapper=mapper)
    inputs = tuple(file for file in files if file.path not in beside)
    reasons = {file.name: why for file, why in skipped.items() if file.path not in beside}
    if not inputs:
        listed = "; ".join(f"{names}: {why}" for why, names in by_reason(reasons).items())
        raise UsageError(
            f"no recordings found{listed and f' (skipped {listed})'}",
            file=", ".join(map(str, paths)),
            remedy="name a file, or a folder that contains recordings",
        )
    if not any(is_there(recording.path) for recording in inputs):
        raise UsageError(
            "no such file or folder",
            file=", ".join(str(recording.path) for recording in inputs),
            remedy="check the spelling, and which folder you are in",
        )
    return inputs, reasons


def manifests_in(folders: Iterable[str | Path]) -> dict[Path, SmallTable]:
    """Read the files ``manifest.csv`` with a column ``path``, directly in the folders to label."""
    files = [folder / MANIFEST for folder in map(location, folders) if is_folder(folder)]
    manifests = {file: small_table(file) for file in files if file.is_file()}
    return {file: table for file, table in manifests.items() if table and "path" in table.names}


def by_reason(skipped: Mapping[str, str]) -> dict[str, str]:
    """List the skipped files of each reason."""
    return {
        reason: truncated_list([name for name, why in skipped.items() if why == reason])
        for reason in dict.fromkeys(skipped.values())
    }
