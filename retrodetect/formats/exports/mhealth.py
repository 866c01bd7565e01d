"""mHealth specification: ``HEADER_TIME_STAMP`` and three axes, in g unless the names say m/s²."""

from __future__ import annotations

from dataclasses import replace

from retrodetect.formats.candidate import Candidate
from retrodetect.formats.draft import Claim, Draft, Sign
from retrodetect.formats.guess import layouts
from retrodetect.formats.layout import drafts
from retrodetect.formats.options import ReadOptions
from retrodetect.formats.registry import LIKELY, NO, Format

__all__ = ["FORMAT"]

_SIGN = Claim[Sign](1, "assumed", "mHealth, taken to read +1 g upward")


def recognise(file: Candidate) -> int:
    """The name of its clock, and axes of acceleration."""
    table = file.table
    if not table.has("header_time_stamp"):
        return NO
    return LIKELY if layouts(table) else NO


def read(file: Candidate, options: ReadOptions) -> list[Draft]:
    """Read whatever axes are named."""
    table = file.table
    return [
        draft.with_(part=part)
        for part, layout in layouts(table).items()
        for draft in drafts(table, replace(layout, sign=_SIGN), options)
    ]


FORMAT = Format("mhealth", recognise, read)
