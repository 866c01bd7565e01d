"""JSON: a whole file in memory, within bounds."""

from __future__ import annotations

import json
import re
from typing import Any

from retrodetect.errors import RefusedRecording, UnreadableFile
from retrodetect.formats.source import Source

__all__ = ["DAMAGE", "load_json"]

DAMAGE = (ValueError, KeyError, TypeError, AttributeError, IndexError, OverflowError)
"""What comes of JSON that has another shape than it should."""

_LINES = re.compile(rb"\s*\{[^\n]*\}\s*\n\s*\{")
_BETWEEN_LINES = re.compile(rb"\}\s*\n\s*\{")
_MOST_BYTES = 256 * 2**20
"""Some three hours at 104 Hz. JSON has to be in memory whole, at several times its size."""


def load_json(source: Source) -> Any:
    """Parse a file; objects on lines of their own make a list.

    Parameters
    ----------
    source
        The file.

    Returns
    -------
    object
        What the JSON holds.

    Raises
    ------
    UnreadableFile
        Where it is cut off or damaged.
    RefusedRecording
        Where it is too long to be read at once.
    """
    with source.open() as stream:
        text = stream.read(_MOST_BYTES + 1)
    if len(text) > _MOST_BYTES:
        raise RefusedRecording(
            f"is JSON larger than {_MOST_BYTES >> 20} MiB",
            file=source.label,
            remedy="split it, or export csv",
        )
    if _LINES.match(text):
        text = b"[" + _BETWEEN_LINES.sub(b"},{", text) + b"]"
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        raise UnreadableFile(
            "is JSON that is cut off or damaged", file=source.label, remedy="export it again"
        ) from error
