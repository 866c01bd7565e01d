"""Copies: recordings of a batch that hold the readings of another one."""

from __future__ import annotations

import hashlib
from typing import Any

import numpy as np

from retrodetect.recording import Caution, FloatArray, Topic
from retrodetect.tables import warning_columns

__all__ = ["Copies", "Readings"]


class Readings:
    """A digest of all readings of a recording, the same however they were packed or cut."""

    def __init__(self) -> None:
        self._digest = hashlib.blake2b(digest_size=16)

    def add(self, acceleration_mps2: FloatArray) -> None:
        """Take in the next piece."""
        self._digest.update(np.ascontiguousarray(acceleration_mps2).data)

    def digest(self) -> str:
        """Return the digest of what was taken in."""
        return self._digest.hexdigest()


class Copies:
    """Tells which recordings came before, under another name."""

    def __init__(self) -> None:
        self._names: dict[str, str] = {}

    def marked(self, row: dict[str, Any], readings: str) -> dict[str, Any]:
        """Return the row of a recording, which says whose copy it is by its readings' digest."""
        if row["status"] != "ok":
            return row
        first = self._names.setdefault(readings, row["recording"])
        if first == row["recording"]:
            return row
        said = f"holds the same readings as {first}: totals count them once"
        more = warning_columns([Caution(Topic.COPY, said)])
        return {
            **row,
            "copy_of": first,
            **{name: "; ".join(filter(None, (row[name], text))) for name, text in more.items()},
        }
