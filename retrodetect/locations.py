"""Locations: paths on a disk, and URLs of stores that fsspec knows, under one interface."""

from __future__ import annotations

from pathlib import Path
from typing import cast

from retrodetect.errors import UsageError

__all__ = ["location", "make_folder", "readable"]


def location(text: str | Path) -> Path:
    """Turn what a user names into something that opens, lists and joins like a path.

    Parameters
    ----------
    text
        A path, or a URL such as ``s3://bucket/folder``. Keys and endpoints come from where the
        store's own tools look for them, such as ``AWS_ENDPOINT_URL`` and ``~/.aws``.

    Returns
    -------
    Path
        A ``pathlib.Path``, or for a URL a ``upath.UPath``, which behaves like one.

    Raises
    ------
    UsageError
        Where packages for the URL are missing.
    """
    if "://" not in str(text):
        return Path(text)
    try:
        from upath import UPath

        # Other processes write there too: what a listing once said is not to be remembered.
        return cast(Path, UPath(text, use_listings_cache=False))
    except (ImportError, ValueError) as error:
        raise UsageError(
            f"no such store is known here ({error})",
            file=str(text),
            remedy="run pip install 'retrodetect[cluster]'",
        ) from error


def make_folder(folder: Path) -> Path:
    """Make a folder for results, and those around it, if need be.

    Parameters
    ----------
    folder
        Which.

    Returns
    -------
    Path
        The same.

    Raises
    ------
    UsageError
        Where it cannot be made.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UsageError(
            f"cannot be a folder for results ({error.strerror})",
            file=str(folder),
            remedy="name another one",
        ) from error
    return folder


def readable(name: str) -> str:
    """Name of a file as text that can be written, the same in any locale.

    Parameters
    ----------
    name
        As Python decoded it: what is no text in the locale's encoding are lone surrogates (PEP
        383).

    Returns
    -------
    str
        The bytes on the disk read as UTF-8, those that are none written out.
    """
    try:
        return name.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")
    except UnicodeEncodeError:  # half a pair, as Windows and JSON allow
        return name.encode("utf-8", "backslashreplace").decode()
