"""Locations: paths on a disk, and URLs of stores that fsspec knows, under one interface."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import cast

from retrodetect.errors import UsageError
from retrodetect.stores import store_of

__all__ = [
    "identity",
    "is_folder",
    "is_there",
    "location",
    "make_folder",
    "reaching",
    "readable",
    "total_bytes",
]


def location(text: str | Path) -> Path:
    """Turn what a user names into something that opens, lists and joins like a path.

    A ``pathlib.Path``, or for a URL such as ``s3://bucket/folder`` a ``upath.UPath``, which behaves
    like one. Keys and endpoints come from where the store's own tools look for them, such as
    ``AWS_ENDPOINT_URL`` and ``~/.aws``. UsageError where it is empty, as an unset variable of a
    shell is, or packages for the URL are missing.
    """
    if not str(text):
        raise UsageError("a path is empty", remedy="name a file or folder, or . for this folder")
    if "://" not in str(text):
        return Path(text)
    try:
        from upath import UPath

        # Other processes write there too: what a listing once said is not to be remembered.
        return cast(Path, UPath(text, use_listings_cache=False))
    except (ImportError, ValueError) as error:
        raise UsageError(
            f"this kind of URL is not supported here ({error})",
            file=str(text),
            remedy="run pip install 'retrodetect[cluster]'",
        ) from error


def make_folder(folder: Path) -> Path:
    """Make a folder for results, and those around it, if need be."""
    with reaching(folder):
        folder.mkdir(parents=True, exist_ok=True)
    return folder


@contextmanager
def reaching(place: Path) -> Iterator[None]:
    """Say in one sentence where the system lets nobody look, make or write within a place."""
    try:
        yield
    except OSError as error:
        raise UsageError(
            f"cannot be used ({error.strerror or error})",
            file=str(error.filename or place),
            remedy="choose another place, or fix its permissions",
        ) from error


def is_there(path: Path) -> bool:
    """Tell whether there is a file or folder, or may be where nobody may look."""
    try:
        return path.exists()
    except Exception:  # a store's client has errors of its own
        return True


def is_folder(path: Path) -> bool:
    """Tell whether a path is known to be a folder.

    False where nobody may look: that is left to whoever reads it.
    """
    try:
        return path.is_dir()
    except Exception:  # a store's client has errors of its own
        return False


def identity(path: Path) -> Path:
    """Return the same path for one file, however its path is written.

    A URL comes back as written: only the store could compare it.
    """
    return store_of(path).identity(path)


def total_bytes(paths: Iterable[Path]) -> int:
    """Add up the sizes of files, as far as they can be seen."""
    total = 0
    for path in paths:
        with suppress(OSError):
            total += path.stat().st_size if path.is_file() else 0
    return total


def readable(name: str) -> str:
    """Name of a file as text that can be written, the same in any locale.

    What is no text in the locale's encoding Python decodes to lone surrogates (PEP 383); the bytes
    on the disk are read as UTF-8, and those that are none written out.
    """
    try:
        return name.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")
    except UnicodeEncodeError:  # half a pair, as Windows and JSON allow
        return name.encode("utf-8", "backslashreplace").decode()
