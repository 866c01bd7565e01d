"""Counts and epochs: what activity monitors make of acceleration, and nobody can turn back."""

from __future__ import annotations

import re

from retrodetect.errors import RefusedRecording
from retrodetect.formats.candidate import Candidate
from retrodetect.formats.draft import Draft
from retrodetect.formats.options import ReadOptions
from retrodetect.formats.registry import LIKELY, NO, Format, Role
from retrodetect.formats.text import is_text

__all__ = ["FORMAT"]

_SIGNS = re.compile(
    rb"Actical|Actiwatch|Actiware|Activity Counts|sampleRate = \d+ seconds|ENMO|"
    rb"\baxis1\b.*\baxis2\b",
    re.IGNORECASE,
)
_HEAD_BYTES = 4096


def recognise(file: Candidate) -> int:
    """Names of counting devices, or columns of counts."""
    if _SIGNS.search(file.source.head[:_HEAD_BYTES]) is None or not is_text(file.source):
        return NO
    has_axes = file.table.has("x", "y", "z")
    return NO if has_axes else LIKELY


def role(file: Candidate) -> Role:
    """Give the file a row of its own, so that its refusal is seen."""
    del file
    return Role()


def read(file: Candidate, options: ReadOptions) -> list[Draft]:
    """Refuse.

    Raises
    ------
    RefusedRecording
        Always.
    """
    del options
    raise RefusedRecording(
        "has activity counts or summaries per epoch, not acceleration",
        file=file.source.label,
        remedy="export the raw acceleration",
    )


FORMAT = Format("counts", recognise, read, role)
