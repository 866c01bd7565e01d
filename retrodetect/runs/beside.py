"""What a wearer wrote beside the recordings of a folder: a file ``manifest.csv``.

One line per recording says where the device sat and, if need be, which way was forward, so that a
folder of recordings from different body sites needs no option at all.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Literal, NamedTuple, cast

from retrodetect.direction import Anchors
from retrodetect.errors import UsageError
from retrodetect.locations import is_folder, location
from retrodetect.tables import SmallTable, small_table

__all__ = ["Beside", "manifests_in", "read_manifests"]

MANIFEST = "manifest.csv"
"""Name of the file."""

COLUMNS = ("path", "placement", "front", "starts", "track")
"""Its columns that are used here; only ``path`` must be there. A manifest for training has more."""


class Beside(NamedTuple):
    """What a manifest says of one recording."""

    anchors: Anchors  # where the device sat, and which way was forward
    manifest: Path  # file that says so
    tracks: tuple[str, ...] = ()  # the file with the track of a watch, if there is one


def manifests_in(folders: Iterable[str | Path]) -> list[Path]:
    """Find files ``manifest.csv`` with a column ``path``, right in the folders to be labelled."""
    files = [folder / MANIFEST for folder in map(location, folders) if is_folder(folder)]
    return [file for file in files if file.is_file() and "path" in _table(file).names]


def read_manifests(manifests: Iterable[Path]) -> dict[Path, Beside]:
    """Read what manifests say; UsageError if a line names a missing file, or makes no sense."""
    beside: dict[Path, Beside] = {}
    for file in manifests:
        for line, row in _table(file).rows:
            fields = {name: row.get(name, "") for name in COLUMNS}
            path = file.parent / fields["path"]
            where = f"line {line}"
            tracks = [file.parent / fields["track"]] if fields["track"] else []
            for column, needed in (("path", path), *(("track", track) for track in tracks)):
                if not fields[column] or not needed.is_file():
                    raise UsageError(
                        f"no file {fields[column]!r} in that folder",
                        file=str(file),
                        place=where,
                        remedy=f"write the path relative to the manifest, in the column {column}",
                    )
            try:
                anchors = Anchors(
                    placement=fields["placement"].replace("auto", "") or None,
                    front=fields["front"] or None,
                    starts=cast(Literal["forward", "backward"], fields["starts"] or None),
                )
            except UsageError as error:
                raise UsageError(
                    error.reason, file=str(file), place=where, remedy=error.remedy
                ) from None
            beside[path] = Beside(anchors, file, tuple(map(str, tracks)))
    return beside


def _table(file: Path) -> SmallTable:
    """A manifest; without columns if the file is not text."""
    return small_table(file) or SmallTable((), ())
