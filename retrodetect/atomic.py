"""Files that are there whole or not at all."""

from __future__ import annotations

import os
import secrets
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from retrodetect.errors import OutputError

__all__ = ["replacing", "sweep"]

_HALF = ".half"


@contextmanager
def replacing(path: Path) -> Iterator[BinaryIO]:
    """Open a file that takes its name only when all of it is written, and is on the disk.

    Parameters
    ----------
    path
        The name; a file of that name stays as it is until then.

    Yields
    ------
    BinaryIO
        To write to.

    Raises
    ------
    OutputError
        Where the disk is full or the folder cannot be written to.
    """
    try:
        with _on_disk(path) if isinstance(path, Path) else _uploaded(path) as stream:
            yield stream
    except OSError as error:
        raise OutputError(
            f"cannot be written ({error.strerror or error})",
            file=str(path),
            remedy="make room there, then give the same command again",
        ) from error


def sweep(folder: Path) -> None:
    """Remove what killed processes left half written in a folder on a disk.

    Parameters
    ----------
    folder
        Which; one that is not on a disk has nothing half written.
    """
    if isinstance(folder, Path):
        for half in folder.glob(f".*{_HALF}"):
            half.unlink(missing_ok=True)


@contextmanager
def _on_disk(path: Path) -> Iterator[BinaryIO]:
    half = path.with_name(f".{path.name}.{secrets.token_hex(4)}{_HALF}")
    try:
        with half.open("wb") as stream:
            yield stream
            stream.flush()
            os.fsync(stream.fileno())
        half.replace(path)
    except BaseException:
        half.unlink(missing_ok=True)
        raise
    if os.name == "posix":
        # The name itself is in the folder, and that has to reach the disk as well.
        folder = os.open(path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)


@contextmanager
def _uploaded(path: Path) -> Iterator[BinaryIO]:
    """Collect the content here; a store shows an object when the last byte has arrived."""
    with tempfile.NamedTemporaryFile() as stream:
        yield stream  # type: ignore[misc]
        stream.flush()
        path.fs.put_file(stream.name, path.path)  # type: ignore[attr-defined]
