"""Parts: what one finished input leaves behind for the final tables.

A part is one file: a line of JSON with the rows of ``sessions.csv`` (and what the report tells
of each), then the lines of ``strides.csv``. It is written whole or not at all, and holds a
digest of itself, so that one which a failing disk has changed is done anew.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import pandas as pd

from retrodetect.atomic import replacing
from retrodetect.tables import csv_text

__all__ = ["Entry", "clear", "entries", "is_finished", "stride_lines", "write"]


class Entry(NamedTuple):
    """One recording: its row of ``sessions.csv``, its lists, and what the report tells of it.

    Parameters
    ----------
    row
        Fields by name.
    view
        As from :func:`retrodetect.report.view.view_of`; None where no page is wanted.
    lists
        Rows of its ``bouts`` and ``repeats``, column by column.
    """

    row: dict[str, Any]
    view: dict[str, Any] | None = None
    lists: dict[str, dict[str, list[Any]]] = {}  # noqa: RUF012


def write(part: Path, found: Sequence[Entry], strides: Sequence[pd.DataFrame]) -> None:
    """Write a part.

    Parameters
    ----------
    part
        Its file.
    found
        Entries of the input: one, or several where the file held several recordings.
    strides
        Tables of the strides of those that have some.
    """
    body = "".join(csv_text(table, header=False) for table in strides).encode()
    head = json.dumps({"entries": found, "sha256": hashlib.sha256(body).hexdigest()})
    with replacing(part) as stream:
        stream.write(head.encode() + b"\n" + body)


def clear(folder: Path) -> None:
    """Remove all parts of a folder.

    Parameters
    ----------
    folder
        Of the parts.
    """
    for part in folder.glob("*.part"):
        part.unlink()


def is_finished(part: Path) -> bool:
    """Whether a whole part is there from which to go on; what failed is tried again.

    Parameters
    ----------
    part
        As for `write`.

    Returns
    -------
    bool
        False where anything of it is missing, damaged or failed.
    """
    if not part.exists():
        return False
    try:
        with part.open("rb") as stream:
            head = json.loads(stream.readline())
            whole = hashlib.file_digest(stream, "sha256").hexdigest() == head["sha256"]
        return whole and all(Entry(*found).row["status"] != "failed" for found in head["entries"])
    except (ValueError, KeyError, TypeError):
        return False


def entries(part: Path) -> list[Entry]:
    """Read the entries of a part.

    Parameters
    ----------
    part
        As for `write`.

    Returns
    -------
    list of Entry
        One for each recording of the input.
    """
    with part.open("rb") as stream:
        return [Entry(*found) for found in json.loads(stream.readline())["entries"]]


def stride_lines(part: Path) -> bytes:
    """Read the csv lines of the strides of a part, without a header.

    Parameters
    ----------
    part
        As for `write`.

    Returns
    -------
    bytes
        UTF-8, each line with its line feed.
    """
    with part.open("rb") as stream:
        stream.readline()
        return stream.read()
